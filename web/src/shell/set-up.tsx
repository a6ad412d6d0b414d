import { useState } from "preact/hooks";
import type { SetUpJson, SetupJson, SignedInJson } from "../../../daemon/api/account-json.ts";
import { apiUrl, get, post } from "../data/api.ts";
import type { ProblemJson } from "../data/problem.ts";
import { enter } from "../data/session.ts";
import { TextField } from "../parts/field.tsx";
import { Form } from "../parts/form.tsx";
import { t } from "../words/words.ts";
import { Brand } from "./brand.tsx";
import { FirstEvent } from "./first-event.tsx";

/** An instance that nobody has set up yet: one form, then the first event. */
export function SetUp({ setup }: { readonly setup: SetupJson }) {
  const [made, setMade] = useState<SetUpJson | null>(null);
  async function finish(): Promise<void> {
    const who = await get<SignedInJson>("session");
    if (who.kind === "good") enter(who.value);
  }
  return (
    <main class="alone wide">
      <Brand />
      {made === null ? (
        <FirstAccount needsCode={setup.needs_claim_code} onMade={setMade} />
      ) : (
        <FirstEvent
          apiKey={made.key.key}
          eventsUrl={apiUrl("events").href}
          onDone={() => void finish()}
        />
      )}
    </main>
  );
}

function FirstAccount({
  needsCode,
  onMade,
}: {
  readonly needsCode: boolean;
  readonly onMade: (made: SetUpJson) => void;
}) {
  const [name, setName] = useState("admin");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function submit(): Promise<void> {
    setBusy(true);
    const outcome = await post<SetUpJson>("setup", {
      name,
      password,
      ...(needsCode ? { claim_code: code.trim() } : {}),
    });
    setBusy(false);
    if (outcome.kind === "good") onMade(outcome.value);
    else setProblem(outcome.problem);
  }

  return (
    <>
      <h1>{t("set-up.title")}</h1>
      <p class="soft">{t("set-up.why")}</p>
      <Form problem={problem} onSubmit={submit}>
        <TextField
          label={t("sign-in.name")}
          value={name}
          onValue={setName}
          fill="username"
          required
        />
        <TextField
          label={t("sign-in.password")}
          hint={t("set-up.password.hint")}
          type="password"
          value={password}
          onValue={setPassword}
          fill="new-password"
          required
        />
        {needsCode && (
          <TextField
            label={t("set-up.code")}
            hint={t("set-up.code.hint")}
            value={code}
            onValue={setCode}
            required
          />
        )}
        <button type="submit" class="button primary" disabled={isBusy}>
          {t("set-up.do")}
        </button>
      </Form>
    </>
  );
}
