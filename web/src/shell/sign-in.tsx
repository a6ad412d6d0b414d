import { useState } from "preact/hooks";
import type { SignedInJson } from "../../../daemon/api/account-json.ts";
import type { Outcome } from "../data/api.ts";
import { get, post } from "../data/api.ts";
import type { ProblemJson } from "../data/problem.ts";
import { enter } from "../data/session.ts";
import { TextField } from "../parts/field.tsx";
import { Form } from "../parts/form.tsx";
import { t } from "../words/words.ts";
import { Brand } from "./brand.tsx";

/** Name and password; the second step appears when the account has one. */
export function SignIn() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [needsCode, setNeedsCode] = useState(false);
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function submit(): Promise<void> {
    setBusy(true);
    const who = await signedIn({ name, password, ...(code === "" ? {} : { code }) });
    setBusy(false);
    if (who.kind === "good") return enter(who.value);
    setNeedsCode(needsCode || who.problem.code === "code_needed");
    setProblem(who.problem.code === "code_needed" ? null : who.problem);
  }

  return (
    <main class="alone">
      <Brand />
      <h1>{t("sign-in.title")}</h1>
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
          type="password"
          value={password}
          onValue={setPassword}
          fill="current-password"
          required
        />
        {needsCode && (
          <TextField
            label={t("sign-in.code")}
            hint={t("sign-in.code.hint")}
            value={code}
            onValue={setCode}
            fill="one-time-code"
            required
          />
        )}
        <button type="submit" class="button primary" disabled={isBusy}>
          {t("sign-in.do")}
        </button>
      </Form>
      <p class="soft small">{t("sign-in.forgotten")}</p>
    </main>
  );
}

async function signedIn(credentials: object): Promise<Outcome<SignedInJson>> {
  const made = await post<unknown>("session", credentials);
  return made.kind === "good" ? get<SignedInJson>("session") : made;
}
