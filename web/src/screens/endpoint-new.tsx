import { useEffect, useState } from "preact/hooks";
import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import { post } from "../data/api.ts";
import type { ProblemJson } from "../data/problem.ts";
import { isAdmin } from "../data/session.ts";
import { isCutOff } from "../parts/act.tsx";
import { CopyButton } from "../parts/copy.tsx";
import { Form } from "../parts/form.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { Icon } from "../parts/icon.tsx";
import { Empty } from "../parts/problem.tsx";
import { backTo, linkTo } from "../shell/address.ts";
import { withFresh } from "../shell/fresh.tsx";
import { t } from "../words/words.ts";
import { changesOf, NEW_DRAFT } from "./endpoint-draft.ts";
import { AdvancedFields, MainFields } from "./endpoint-fields.tsx";
import { Warnings } from "./endpoint-grant.tsx";
import { TestButton } from "./endpoint-test.tsx";
import { VerifySnippet } from "./endpoint-verify.tsx";

type Made = EndpointJson & { readonly secret: string };

const BACK = { path: "endpoints", label: "nav.endpoints" } as const;

/** The form for a new endpoint, and then what its receiver has to know. */
export function NewEndpoint() {
  const [made, setMade] = useState<Made | null>(null);
  if (!isAdmin()) {
    return (
      <Empty title={t("empty.permission")}>
        <p>{t("overview.first.viewer")}</p>
      </Empty>
    );
  }
  return made === null ? <NewForm onMade={setMade} /> : <MadeOne made={made} onChange={setMade} />;
}

function NewForm({ onMade }: { readonly onMade: (made: Made) => void }) {
  const [draft, setDraft] = useState(NEW_DRAFT);
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  const [isBusy, setBusy] = useState(false);
  const form = {
    draft,
    problem,
    isNew: true,
    set: (changes: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...changes })),
  };

  async function submit(): Promise<void> {
    const read = changesOf(draft, NEW_DRAFT);
    if (read.kind === "bad") return setProblem(read.problem);
    const body = {
      ...read.members,
      url: draft.url.trim(),
      ...(draft.secret === "" ? {} : { secret: draft.secret }),
      ...(draft.signature === "v1a" && draft.profileKind === "standard"
        ? { signature: "v1a" }
        : {}),
    };
    setBusy(true);
    const outcome = await withFresh(() => post<Made>("endpoints", body));
    setBusy(false);
    if (outcome.kind === "good") onMade(outcome.value);
    else setProblem(outcome.problem);
  }

  return (
    <>
      <ScreenHead title={t("endpoint.new")} back={{ path: BACK.path, label: t(BACK.label) }} />
      <div class="panel form-panel">
        <Form problem={problem} onSubmit={submit}>
          <MainFields form={form} />
          <AdvancedFields form={form} />
          <div class="buttons">
            <button type="submit" class="button primary" disabled={isBusy || isCutOff()}>
              {t("endpoint.make")}
            </button>
            <a class="button" href={backTo(BACK.path)}>
              {t("do.cancel")}
            </a>
          </div>
        </Form>
      </div>
    </>
  );
}

/** The secret is shown here, and later only after a password. */
function MadeOne({
  made,
  onChange,
}: {
  readonly made: Made;
  readonly onChange: (made: Made) => void;
}) {
  const secret = made.public_key ?? made.secret;
  useEffect(() => {
    scrollTo(0, 0);
    document.getElementById("content")?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      <ScreenHead
        title={t("endpoint.made")}
        back={{ path: BACK.path, label: t(BACK.label) }}
        note={made.url}
      >
        <TestButton
          endpoint={made}
          tone="primary"
          onChange={(now) => onChange({ ...made, ...now })}
        />
        <a class="button" href={linkTo(["endpoints", made.id])}>
          {t("endpoint.open")}
        </a>
      </ScreenHead>
      <Warnings endpoint={made} onChange={(now) => onChange({ ...made, ...now })} />
      <section class="panel form-panel">
        <h2>{t("endpoint.secret")}</h2>
        <div class="notice warn">
          <Icon name="lock" />
          <div>{t("endpoint.secret.once")}</div>
        </div>
        <p>{t(made.public_key === null ? "endpoint.secret.what" : "endpoint.public-key.what")}</p>
        <div class="code-box">
          <code>{secret}</code>
          <CopyButton text={secret} />
        </div>
        <h3>{t("endpoint.verify")}</h3>
        <VerifySnippet endpoint={made} />
      </section>
    </>
  );
}
