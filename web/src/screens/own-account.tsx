import { useState } from "preact/hooks";
import type { AccountJson } from "../../../daemon/api/account-json.ts";
import { post } from "../data/api.ts";
import type { ProblemJson } from "../data/problem.ts";
import { problemAt } from "../data/problem.ts";
import { session } from "../data/session.ts";
import { isCutOff } from "../parts/act.tsx";
import { TextField } from "../parts/field.tsx";
import { Form } from "../parts/form.tsx";
import { say } from "../parts/toast.tsx";
import { t } from "../words/words.ts";
import { SecondFactor } from "./second-factor.tsx";

/** What everybody sets for themselves: the password and the second factor. */
export function OwnAccount() {
  if (session.value.kind !== "signed-in") return null;
  const { account } = session.value.who;
  return (
    <div class="split">
      <Password account={account} />
      <SecondFactor account={account} />
    </div>
  );
}

function Password({ account }: { readonly account: AccountJson }) {
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  async function change(): Promise<void> {
    const outcome = await post("session/password", { password: old, new_password: next });
    setProblem(outcome.kind === "bad" ? outcome.problem : null);
    if (outcome.kind === "bad") return;
    setOld("");
    setNext("");
    say(t("me.password.changed"));
  }
  return (
    <section class="panel">
      <h2>{t("sign-in.password")}</h2>
      {account.has_password ? (
        <Form problem={problem} onSubmit={change}>
          <p class="soft">{t("me.password.why")}</p>
          <TextField
            label={t("me.password.old")}
            type="password"
            fill="current-password"
            value={old}
            onValue={setOld}
            error={problemAt(problem, "/password")}
            required
          />
          <TextField
            label={t("me.password.new")}
            hint={t("set-up.password.hint")}
            type="password"
            fill="new-password"
            value={next}
            onValue={setNext}
            error={problemAt(problem, "/new_password")}
            required
          />
          <div class="buttons">
            <button type="submit" class="button primary" disabled={isCutOff()}>
              {t("me.password.do")}
            </button>
          </div>
        </Form>
      ) : (
        <p class="soft">{t("me.password.none")}</p>
      )}
    </section>
  );
}
