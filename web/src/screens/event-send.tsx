import { useEffect, useState } from "preact/hooks";
import type { EventWithBodyJson } from "../../../daemon/api/event-json.ts";
import { getExact, postText } from "../data/api.ts";
import { jsonText, parseExact, whyNoJson } from "../data/json.ts";
import type { ProblemJson } from "../data/problem.ts";
import { problemAt } from "../data/problem.ts";
import { isAdmin } from "../data/session.ts";
import { isCutOff } from "../parts/act.tsx";
import { CopyText } from "../parts/copy.tsx";
import { AreaField, TextField } from "../parts/field.tsx";
import { filterValue } from "../parts/filters.tsx";
import { Form } from "../parts/form.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { Icon } from "../parts/icon.tsx";
import { Empty } from "../parts/problem.tsx";
import { linkTo } from "../shell/address.ts";
import { t } from "../words/words.ts";
import { EventDeliveries } from "./event-deliveries.tsx";

interface Draft {
  readonly type: string;
  readonly data: string;
  readonly tenant: string;
  readonly orderingKey: string;
  readonly idempotencyKey: string;
}

interface Accepted {
  readonly id: string;
  readonly deliveries: number;
}

const BLANK: Draft = {
  type: "",
  data: '{\n  "hello": "world"\n}',
  tenant: "",
  orderingKey: "",
  idempotencyKey: "",
};

/** The form that sends an event, and then where that event goes. */
export function SendEvent() {
  const [draft, setDraft] = useDraft();
  const [accepted, setAccepted] = useState<Accepted | null>(null);
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  const [isBusy, setBusy] = useState(false);
  const why = whyNoJson(draft.data);

  async function submit(): Promise<void> {
    if (why !== null) return;
    setBusy(true);
    const headers: Record<string, string> = {};
    if (draft.idempotencyKey !== "") headers["Idempotency-Key"] = draft.idempotencyKey;
    const outcome = await postText<Accepted>("events", bodyOf(draft), headers);
    setBusy(false);
    setProblem(outcome.kind === "bad" ? outcome.problem : null);
    if (outcome.kind === "good") setAccepted(outcome.value);
  }

  return (
    <>
      <ScreenHead back={{ path: "events", label: t("nav.events") }} title={t("events.send")} />
      {isAdmin() ? (
        <div class="split">
          <section class="panel narrow">
            <Form problem={problem} onSubmit={submit}>
              <Fields draft={draft} onDraft={setDraft} problem={problem} why={why} />
              <div class="buttons">
                <button
                  type="submit"
                  class="button primary"
                  disabled={isBusy || isCutOff() || why !== null}
                >
                  <Icon name="plane" />
                  {t("send.do")}
                </button>
              </div>
            </Form>
          </section>
          {accepted !== null && <Sent key={accepted.id} accepted={accepted} />}
        </div>
      ) : (
        <Empty title={t("send.viewer")} />
      )}
    </>
  );
}

/** Empty, of the type in the address, or like the event that the address names. */
function useDraft(): readonly [Draft, (draft: Draft) => void] {
  const [draft, setDraft] = useState<Draft>({ ...BLANK, type: filterValue("type") });
  const like = filterValue("like");
  useEffect(() => {
    if (like === "") return;
    void getExact<EventWithBodyJson>(`events/${encodeURIComponent(like)}`).then((outcome) => {
      if (outcome.kind === "bad") return;
      const { type, data, tenant, ordering_key: orderingKey } = outcome.value;
      setDraft({
        ...BLANK,
        type,
        data: jsonText(data ?? null),
        tenant: tenant ?? "",
        orderingKey: orderingKey ?? "",
      });
    });
  }, [like]);
  return [draft, setDraft];
}

interface FieldsProps {
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  readonly problem: ProblemJson | null;
  readonly why: string | null;
}

function Fields({ draft, onDraft, problem, why }: FieldsProps) {
  const change = (part: Partial<Draft>): void => onDraft({ ...draft, ...part });
  return (
    <>
      <TextField
        label={t("send.type")}
        hint={t("send.type.hint")}
        value={draft.type}
        onValue={(type) => change({ type })}
        error={problemAt(problem, "/type")}
        placeholder="invoice.paid"
        required
      />
      <AreaField
        label={t("send.data")}
        hint={t("send.data.hint")}
        value={draft.data}
        onValue={(data) => change({ data })}
        rows={12}
        isMono
        error={why === null ? problemAt(problem, "/data") : t("send.data.wrong", { why })}
      />
      <div>
        <button
          type="button"
          class="button small"
          disabled={why !== null}
          onClick={() => change({ data: jsonText(parseExact(draft.data)) })}
        >
          {t("send.data.tidy")}
        </button>
      </div>
      <details open={draft.tenant !== "" || draft.orderingKey !== ""}>
        <summary>{t("send.more")}</summary>
        <MoreFields draft={draft} change={change} problem={problem} />
      </details>
    </>
  );
}

function MoreFields({
  draft,
  change,
  problem,
}: {
  readonly draft: Draft;
  readonly change: (part: Partial<Draft>) => void;
  readonly problem: ProblemJson | null;
}) {
  return (
    <div class="form inner">
      <TextField
        label={t("send.tenant")}
        hint={t("send.tenant.hint")}
        value={draft.tenant}
        onValue={(tenant) => change({ tenant })}
        error={problemAt(problem, "/tenant")}
      />
      <TextField
        label={t("send.ordering-key")}
        hint={t("send.ordering-key.hint")}
        value={draft.orderingKey}
        onValue={(orderingKey) => change({ orderingKey })}
        error={problemAt(problem, "/ordering_key")}
      />
      <TextField
        label={t("send.idempotency-key")}
        hint={t("send.idempotency-key.hint")}
        value={draft.idempotencyKey}
        onValue={(idempotencyKey) => change({ idempotencyKey })}
        error={problemAt(problem, "Idempotency-Key")}
      />
    </div>
  );
}

/** The data as it was written, not as JavaScript would write it. */
function bodyOf({ type, data, tenant, orderingKey }: Draft): string {
  const members = [
    `"type":${JSON.stringify(type.trim())}`,
    ...(tenant === "" ? [] : [`"tenant":${JSON.stringify(tenant)}`]),
    ...(orderingKey === "" ? [] : [`"ordering_key":${JSON.stringify(orderingKey)}`]),
    `"data":${data}`,
  ];
  return `{${members.join(",")}}`;
}

function Sent({ accepted: { id, deliveries } }: { readonly accepted: Accepted }) {
  return (
    <div class="stack" role="status">
      <p class="notice good">
        <Icon name="check" />
        {deliveries === 0 ? t("send.sent.nobody") : t("send.sent")}
      </p>
      <p>
        <a href={linkTo(["events", id])}>{t("event.id")}</a> <CopyText text={id} />
      </p>
      {deliveries > 0 && <EventDeliveries eventId={id} />}
    </div>
  );
}
