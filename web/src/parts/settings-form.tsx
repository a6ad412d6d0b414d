import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { SettingsJson } from "../../../daemon/api/system-json.ts";
import { patch } from "../data/api.ts";
import type { ProblemJson } from "../data/problem.ts";
import { isAdmin } from "../data/session.ts";
import { withFresh } from "../shell/fresh.tsx";
import { t } from "../words/words.ts";
import { isCutOff } from "./act.tsx";
import { Form } from "./form.tsx";
import { say } from "./toast.tsx";

/** What a section of the office's settings is given. */
export interface OfficeProps {
  readonly settings: SettingsJson;
  readonly onSaved: () => void;
}

/** A form that changes the office's settings; viewers see its values, and no button. */
export function SettingsForm({
  title,
  why,
  body,
  isDisabled = false,
  onSaved,
  children,
}: {
  readonly title: string;
  readonly why: string;
  /** What is sent. */
  readonly body: () => unknown;
  readonly isDisabled?: boolean;
  readonly onSaved: () => void;
  readonly children: (problem: ProblemJson | null, isFixed: boolean) => ComponentChildren;
}) {
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  const [isBusy, setBusy] = useState(false);
  async function save(): Promise<void> {
    setBusy(true);
    const outcome = await withFresh(() => patch("settings", body()));
    setBusy(false);
    setProblem(outcome.kind === "bad" ? outcome.problem : null);
    if (outcome.kind === "bad") return;
    say(t("settings.saved"));
    onSaved();
  }
  return (
    <section class="panel narrow">
      <h2>{title}</h2>
      <p class="soft">{why}</p>
      <Form problem={problem} onSubmit={save}>
        {children(problem, !isAdmin())}
        {isAdmin() && (
          <div class="buttons">
            <button
              type="submit"
              class="button primary"
              disabled={isBusy || isDisabled || isCutOff()}
            >
              {t("do.save")}
            </button>
          </div>
        )}
      </Form>
    </section>
  );
}
