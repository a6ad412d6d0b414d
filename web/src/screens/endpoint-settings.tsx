import { useState } from "preact/hooks";
import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import { patch } from "../data/api.ts";
import type { ProblemJson } from "../data/problem.ts";
import { isCutOff } from "../parts/act.tsx";
import { Form } from "../parts/form.tsx";
import { say } from "../parts/toast.tsx";
import { withFresh } from "../shell/fresh.tsx";
import { t, tn } from "../words/words.ts";
import type { Draft } from "./endpoint-draft.ts";
import { changesOf, draftOf } from "./endpoint-draft.ts";
import { AdvancedFields, MainFields } from "./endpoint-fields.tsx";

interface SettingsProps {
  readonly endpoint: EndpointJson;
  readonly onChange: (endpoint: EndpointJson) => void;
}

/** All that can be set, of which only what was changed is sent: what somebody else changed meanwhile stays. */
export function EndpointSettings({ endpoint, onChange }: SettingsProps) {
  // As it was when the form was begun. What is read anew meanwhile must not take the writer's words away.
  const [before, setBefore] = useState(() => draftOf(endpoint));
  const [draft, setDraft] = useState(before);
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  const [isBusy, setBusy] = useState(false);
  const isUntouched = draft === before;
  const fresh = draftOf(endpoint);
  if (isUntouched && JSON.stringify(fresh) !== JSON.stringify(before)) {
    setBefore(fresh);
    setDraft(fresh);
  }
  const read = changesOf(draft, before);
  const changes = read.kind === "good" ? Object.keys(read.members) : null;

  async function save(): Promise<void> {
    if (read.kind === "bad") return setProblem(read.problem);
    setBusy(true);
    const outcome = await withFresh(() =>
      patch<EndpointJson>(`endpoints/${endpoint.id}`, read.members),
    );
    setBusy(false);
    if (outcome.kind === "bad") return setProblem(outcome.problem);
    const now = draftOf(outcome.value);
    setProblem(null);
    setBefore(now);
    setDraft(now);
    say(t("endpoint.saved"));
    onChange(outcome.value);
  }

  const set = (some: Partial<Draft>): void => setDraft((old) => ({ ...old, ...some }));
  const form = { draft, set, problem, isNew: false };
  return (
    <div class="panel form-panel">
      <Form problem={problem} onSubmit={save}>
        <MainFields form={form} />
        <AdvancedFields form={form} />
        <div class="buttons form-foot">
          <button
            type="submit"
            class="button primary"
            disabled={isBusy || changes?.length === 0 || isCutOff()}
          >
            {t("do.save")}
          </button>
          <button
            type="button"
            class="button"
            disabled={isUntouched}
            onClick={() => {
              setDraft(before);
              setProblem(null);
            }}
          >
            {t("endpoint.revert")}
          </button>
          <span class="soft small" role="status">
            {changes === null || changes.length === 0
              ? ""
              : `${tn("endpoint.changed", changes.length)} ${changes.join(", ")}`}
          </span>
        </div>
      </Form>
    </div>
  );
}
