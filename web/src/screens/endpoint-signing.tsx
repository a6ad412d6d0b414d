import { useState } from "preact/hooks";
import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import { get, post } from "../data/api.ts";
import type { ProblemJson } from "../data/problem.ts";
import { ActButton } from "../parts/act.tsx";
import { Ask } from "../parts/ask.tsx";
import { CopyButton } from "../parts/copy.tsx";
import { SelectField, TextField } from "../parts/field.tsx";
import { Problem } from "../parts/problem.tsx";
import { Time } from "../parts/time.tsx";
import { say } from "../parts/toast.tsx";
import { withFresh } from "../shell/fresh.tsx";
import { t } from "../words/words.ts";
import { VerifySnippet } from "./endpoint-verify.tsx";

interface RevealedJson {
  readonly secret: string;
  readonly public_key: string | null;
  readonly secrets: readonly {
    readonly id: string;
    readonly secret: string;
    readonly public_key: string | null;
    readonly created_at: string;
    readonly expires_at: string | null;
  }[];
}

/** What receivers verify with: hidden until it is asked for, and after a fresh password. */
export function EndpointSigning({ endpoint }: { readonly endpoint: EndpointJson }) {
  const [revealed, setRevealed] = useState<RevealedJson | null>(null);
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  const [isRotating, setRotating] = useState(false);

  async function reveal(): Promise<void> {
    const outcome = await withFresh(() => get<RevealedJson>(`endpoints/${endpoint.id}/secret`));
    setRevealed(outcome.kind === "good" ? outcome.value : null);
    setProblem(outcome.kind === "good" ? null : outcome.problem);
  }

  return (
    <div class="stack">
      <section class="panel form-panel" aria-label={t("endpoint.secret")}>
        <div class="panel-head">
          <h2>{t("endpoint.secret")}</h2>
          <div class="buttons">
            {revealed === null ? (
              <ActButton label={t("secret.reveal")} icon="lock" onDo={() => void reveal()} />
            ) : (
              <button type="button" class="button" onClick={() => setRevealed(null)}>
                {t("secret.hide")}
              </button>
            )}
            <ActButton label={t("secret.rotate")} icon="recover" onDo={() => setRotating(true)} />
          </div>
        </div>
        {problem !== null && <Problem problem={problem} />}
        {endpoint.public_key !== null && (
          <Value name={t("secret.public-key")} text={endpoint.public_key} />
        )}
        {revealed === null ? <p class="mono soft">••••••••••••••••</p> : <Secrets of={revealed} />}
        <p class="soft small">{t("secret.why")}</p>
      </section>
      <section class="panel form-panel" aria-label={t("endpoint.verify")}>
        <h2>{t("endpoint.verify")}</h2>
        <VerifySnippet endpoint={endpoint} />
      </section>
      {isRotating && (
        <Rotate
          endpoint={endpoint}
          onClose={() => setRotating(false)}
          onDone={() => {
            setRotating(false);
            say(t("secret.rotated"));
            void reveal();
          }}
        />
      )}
    </div>
  );
}

function Secrets({ of: { secrets } }: { readonly of: RevealedJson }) {
  return (
    <>
      {secrets.map((each) => (
        <div key={each.id} class="stack">
          <Value
            name={t(each.expires_at === null ? "secret.newest" : "secret.older")}
            text={each.secret}
          />
          <p class="soft small">
            {t("secret.made")} <Time at={each.created_at} />
            {each.expires_at !== null && (
              <>
                {" · "}
                {t("secret.ends")} <Time at={each.expires_at} isDistance />
              </>
            )}
          </p>
        </div>
      ))}
    </>
  );
}

function Value({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <div class="stack">
      <h3>{name}</h3>
      <div class="code-box">
        <code>{text}</code>
        <CopyButton text={text} />
      </div>
    </div>
  );
}

const OVERLAPS_S = ["0", "3600", "86400", "604800"] as const;
type Overlap = (typeof OVERLAPS_S)[number];

function Rotate({
  endpoint,
  onDone,
  onClose,
}: {
  readonly endpoint: EndpointJson;
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const [overlap, setOverlap] = useState<Overlap>("86400");
  const [secret, setSecret] = useState("");
  const body = { overlap_s: Number(overlap), ...(secret === "" ? {} : { secret }) };
  return (
    <Ask<unknown>
      title={t("secret.rotate.title")}
      action={t("secret.rotate")}
      onDo={() => withFresh(() => post(`endpoints/${endpoint.id}/rotate-secret`, body))}
      onDone={onDone}
      onClose={onClose}
    >
      <p>{t("secret.rotate.why")}</p>
      <SelectField
        label={t("secret.overlap")}
        hint={t(overlap === "0" ? "secret.overlap.none" : "secret.overlap.hint")}
        value={overlap}
        onValue={setOverlap}
        options={OVERLAPS_S.map((each) => [each, t(`secret.overlap.${each}`)])}
      />
      <TextField
        label={t("secret.own")}
        hint={t("secret.own.hint")}
        type="password"
        fill="new-password"
        value={secret}
        onValue={setSecret}
      />
    </Ask>
  );
}
