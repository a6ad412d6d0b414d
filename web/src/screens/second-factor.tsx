import { useState } from "preact/hooks";
import type { AccountJson } from "../../../daemon/api/account-json.ts";
import { post, remove } from "../data/api.ts";
import type { ProblemJson } from "../data/problem.ts";
import { problemAt } from "../data/problem.ts";
import { refreshWho } from "../data/session.ts";
import { ActButton, isCutOff } from "../parts/act.tsx";
import { Ask } from "../parts/ask.tsx";
import { CopyButton } from "../parts/copy.tsx";
import { TextField } from "../parts/field.tsx";
import { Form } from "../parts/form.tsx";
import { Icon } from "../parts/icon.tsx";
import { Problem } from "../parts/problem.tsx";
import { QrCode } from "../parts/qr-code.tsx";
import { say } from "../parts/toast.tsx";
import { withFresh } from "../shell/fresh.tsx";
import { t } from "../words/words.ts";

interface Totp {
  readonly secret: string;
  readonly uri: string;
}

type Step =
  | { readonly kind: "start" }
  | { readonly kind: "confirm"; readonly totp: Totp }
  | { readonly kind: "codes"; readonly codes: readonly string[] };

/** The second factor: turned on in three steps, the last of which shows the recovery codes once. */
export function SecondFactor({ account }: { readonly account: AccountJson }) {
  const [step, setStep] = useState<Step>({ kind: "start" });
  return (
    <section class="panel">
      <h2>
        {t("totp.title")}{" "}
        <span class={account.has_totp ? "badge good" : "badge mute"}>
          <Icon name={account.has_totp ? "check" : "ban"} />
          {account.has_totp ? t("totp.on") : t("totp.off")}
        </span>
      </h2>
      {step.kind === "start" && (
        <Start
          hasTotp={account.has_totp}
          onStarted={(totp) => setStep({ kind: "confirm", totp })}
        />
      )}
      {step.kind === "confirm" && (
        <Confirm totp={step.totp} onConfirmed={(codes) => setStep({ kind: "codes", codes })} />
      )}
      {step.kind === "codes" && (
        <Codes codes={step.codes} onDone={() => setStep({ kind: "start" })} />
      )}
    </section>
  );
}

function Start({
  hasTotp,
  onStarted,
}: {
  readonly hasTotp: boolean;
  readonly onStarted: (totp: Totp) => void;
}) {
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  const [isRemoving, setRemoving] = useState(false);
  async function start(): Promise<void> {
    const outcome = await withFresh(() => post<Totp>("session/totp"));
    setProblem(outcome.kind === "bad" ? outcome.problem : null);
    if (outcome.kind === "good") onStarted(outcome.value);
  }
  return (
    <>
      <p class="soft">{t("totp.why")}</p>
      {problem !== null && <Problem problem={problem} />}
      <div class="buttons">
        <ActButton
          label={hasTotp ? t("totp.renew") : t("totp.start")}
          tone={hasTotp ? "quiet" : "primary"}
          isForAll
          onDo={() => void start()}
        />
        {hasTotp && (
          <ActButton
            label={t("totp.remove")}
            tone="danger"
            isForAll
            onDo={() => setRemoving(true)}
          />
        )}
      </div>
      {isRemoving && (
        <Ask
          title={t("totp.remove.title")}
          action={t("totp.remove")}
          tone="danger"
          onDo={() => withFresh(() => remove("session/totp"))}
          onDone={() => {
            setRemoving(false);
            say(t("totp.removed"));
            void refreshWho();
          }}
          onClose={() => setRemoving(false)}
        >
          <p>{t("totp.remove.why")}</p>
        </Ask>
      )}
    </>
  );
}

function Confirm({
  totp: { secret, uri },
  onConfirmed,
}: {
  readonly totp: Totp;
  readonly onConfirmed: (codes: readonly string[]) => void;
}) {
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  async function confirm(): Promise<void> {
    const outcome = await withFresh(() =>
      post<{ recovery_codes: readonly string[] }>("session/totp/confirm", { code: code.trim() }),
    );
    setProblem(outcome.kind === "bad" ? outcome.problem : null);
    if (outcome.kind === "bad") return;
    onConfirmed(outcome.value.recovery_codes);
    void refreshWho();
  }
  return (
    <Form problem={problem} onSubmit={confirm}>
      <p>{t("totp.scan")}</p>
      <QrCode text={uri} label={t("totp.qr")} />
      <p>{t("totp.secret")}</p>
      <div class="code-box">
        <code>{secret}</code>
        <CopyButton text={secret} />
      </div>
      <p>
        <a href={uri}>{t("totp.link")}</a>
      </p>
      <TextField
        label={t("sign-in.code")}
        hint={t("totp.code.hint")}
        fill="one-time-code"
        value={code}
        onValue={setCode}
        error={problemAt(problem, "/code")}
        required
      />
      <div class="buttons">
        <button type="submit" class="button primary" disabled={isCutOff()}>
          {t("totp.confirm")}
        </button>
      </div>
    </Form>
  );
}

function Codes({
  codes,
  onDone,
}: {
  readonly codes: readonly string[];
  readonly onDone: () => void;
}) {
  const text = codes.join("\n");
  return (
    <div class="stack" role="status">
      <p class="notice good">
        <Icon name="check" />
        {t("totp.is-on")}
      </p>
      <p>{t("totp.codes")}</p>
      <div class="code-box">
        <pre>{text}</pre>
        <CopyButton text={text} />
      </div>
      <div class="buttons">
        <button type="button" class="button primary" onClick={onDone}>
          {t("totp.codes.done")}
        </button>
      </div>
    </div>
  );
}
