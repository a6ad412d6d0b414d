import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import type { FreshJson } from "../../../daemon/api/account-json.ts";
import type { Outcome } from "../data/api.ts";
import { post } from "../data/api.ts";
import type { ProblemJson } from "../data/problem.ts";
import { Dialog } from "../parts/dialog.tsx";
import { TextField } from "../parts/field.tsx";
import { Form } from "../parts/form.tsx";
import { t } from "../words/words.ts";

type Answer = (isFresh: boolean) => void;
const asked = signal<Answer | null>(null);

/**
 * A call for something that is only shown, or done, after a fresh password. Where the daemon asks for one, the reader is asked,
 * and the call is made again.
 */
export async function withFresh<T>(call: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  const first = await call();
  if (first.kind === "good" || first.problem.code !== "fresh_password_needed") return first;
  const isFresh = await new Promise<boolean>((answer) => {
    asked.value = answer;
  });
  return isFresh ? call() : first;
}

/** The question itself; there is one place for it, in the frame. */
export function FreshPassword({ hasTotp }: { readonly hasTotp: boolean }) {
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  const answer = asked.value;
  if (answer === null) return null;

  function end(isFresh: boolean): void {
    asked.value = null;
    setPassword("");
    setProblem(null);
    answer?.(isFresh);
  }

  async function submit(): Promise<void> {
    const outcome = await post<FreshJson>("session/fresh", { password });
    if (outcome.kind === "good") end(true);
    else setProblem(outcome.problem);
  }

  return (
    <Dialog title={t("fresh.title")} onClose={() => end(false)}>
      <Form problem={problem} onSubmit={submit}>
        <p class="soft">{t("fresh.why")}</p>
        <TextField
          label={hasTotp ? t("fresh.password-or-code") : t("sign-in.password")}
          type="password"
          value={password}
          onValue={setPassword}
          fill="current-password"
          required
        />
        <div class="buttons">
          <button type="submit" class="button primary">
            {t("fresh.do")}
          </button>
          <button type="button" class="button" onClick={() => end(false)}>
            {t("do.cancel")}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}
