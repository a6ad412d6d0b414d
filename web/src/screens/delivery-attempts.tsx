import { useEffect } from "preact/hooks";
import type { AttemptJson, DeliveryWithAttemptsJson } from "../../../daemon/api/delivery-json.ts";
import type { DeliveryRequestJson } from "../../../daemon/api/overview-json.ts";
import { nowMs } from "../data/clock.ts";
import { curlOf } from "../data/curl.ts";
import type { Resource } from "../data/resource.ts";
import { useResource } from "../data/resource.ts";
import { filterValue, setFilters } from "../parts/filters.tsx";
import { HeaderList } from "../parts/headers.tsx";
import { Icon } from "../parts/icon.tsx";
import { BodyView, CodeView } from "../parts/json.tsx";
import { Problem } from "../parts/problem.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { Time } from "../parts/time.tsx";
import { duration } from "../words/format.ts";
import { errorText } from "../words/reason.ts";
import { stepWords } from "../words/signature.ts";
import { t } from "../words/words.ts";
import { Compare } from "./delivery-compare.tsx";

type Request = Resource<DeliveryRequestJson>;

/** The attempts as a timeline, and beside it what was sent and answered in the one that is chosen. */
export function Attempts({ delivery }: { readonly delivery: DeliveryWithAttemptsJson }) {
  const { attempts } = delivery;
  const request = useResource<DeliveryRequestJson>(
    `deliveries/${encodeURIComponent(delivery.id)}/request`,
  );
  const { reload } = request;
  useEffect(() => {
    if (attempts.length > 0) reload();
  }, [attempts.length]);
  const wanted = Number(filterValue("attempt"));
  const chosen = attempts.find(({ number }) => number === wanted) ?? attempts.at(-1) ?? null;
  return (
    <div class="attempts">
      <section class="panel" aria-label={t("delivery.attempts")}>
        <h2>{t("delivery.attempts")}</h2>
        <Timeline delivery={delivery} chosen={chosen} />
      </section>
      <section class="panel" aria-label={t("delivery.tabs")}>
        {chosen !== null && (
          <h2>
            {t("delivery.attempt", { n: chosen.number })} <Answer attempt={chosen} />
          </h2>
        )}
        <Details attempts={attempts} chosen={chosen} request={request} />
      </section>
    </div>
  );
}

function Timeline({
  delivery: { attempts, reason, state },
  chosen,
}: {
  readonly delivery: DeliveryWithAttemptsJson;
  readonly chosen: AttemptJson | null;
}) {
  const isOpen = state === "pending" || state === "in_flight";
  return (
    <ol class="timeline">
      {attempts.length === 0 && !isOpen && <li class="soft">{t("delivery.attempts.none")}</li>}
      {attempts.map((attempt) => (
        <li key={attempt.id} class={attempt.error === null ? "good" : "bad"}>
          <button
            type="button"
            aria-current={attempt === chosen}
            onClick={() => setFilters({ attempt: `${attempt.number}` })}
          >
            <span class="timeline-head">
              <b>{t("delivery.attempt", { n: attempt.number })}</b>
              <Answer attempt={attempt} />
            </span>
            <span class="soft small">
              <Time at={attempt.started_at} /> · {duration(attempt.duration_ms)}
            </span>
          </button>
        </li>
      ))}
      {isOpen && (
        <li class="next">
          <span class="timeline-head">
            <b>{t("delivery.attempt", { n: attempts.length + 1 })}</b>
            <span class="small">
              <Next state={state} at={reason.next_at} />
            </span>
          </span>
        </li>
      )}
    </ol>
  );
}

/** When the next one is, as far as that can be foretold. */
function Next({
  state,
  at,
}: {
  readonly state: DeliveryWithAttemptsJson["state"];
  readonly at: string | null;
}) {
  if (state === "in_flight") return t("state.in_flight");
  const isDue = at === null || Date.parse(at) <= nowMs.value;
  return isDue ? t("deliveries.due.now") : <Time at={at} isDistance />;
}

/** What an attempt came to, as icon, word and colour. */
export function Answer({ attempt: { error, status } }: { readonly attempt: AttemptJson }) {
  return (
    <span class={error === null ? "badge good" : "badge bad"}>
      <Icon name={error === null ? "check" : "cross"} />
      {status ?? error?.code ?? ""}
      <span class="only-read">
        {error === null ? t("delivery.attempt.good") : t("delivery.attempt.failed")}
      </span>
    </span>
  );
}

interface DetailsProps {
  readonly attempts: readonly AttemptJson[];
  readonly chosen: AttemptJson | null;
  readonly request: Request;
}

const TABS = ["request", "response", "signature", "curl", "compare"] as const;

function Details({ attempts, chosen, request }: DetailsProps) {
  const content = {
    request: () => <RequestTab chosen={chosen} request={request} />,
    response: () => <ResponseTab attempt={chosen} />,
    signature: () => <SignatureTab request={request} />,
    curl: () => <CurlTab chosen={chosen} request={request} />,
    compare: () => <Compare attempts={attempts} chosen={chosen} />,
  };
  const wanted = filterValue("tab");
  const first = chosen === null ? "request" : "response";
  return (
    <Tabs
      label={t("delivery.tabs")}
      tabs={TABS.map((key) => ({ key, label: t(`delivery.tab.${key}`), content: content[key] }))}
      chosen={TABS.find((key) => key === wanted) ?? first}
      onChoose={(tab) => setFilters({ tab })}
    />
  );
}

/** What is asked for apart from the delivery itself, or why it is not there. */
function Unready({ request }: { readonly request: Request }) {
  return request.problem === null ? (
    <p class="soft">{t("list.loading")}</p>
  ) : (
    <Problem problem={request.problem} retry={request.reload} />
  );
}

function RequestTab({
  chosen,
  request,
}: {
  readonly chosen: AttemptJson | null;
  readonly request: Request;
}) {
  const sent = request.value;
  return (
    <div class="stack">
      {sent !== null && (
        <p class="mono">
          <b>{sent.method}</b> {sent.url}
        </p>
      )}
      {sent?.is_sent === false && <p class="soft">{t("delivery.unsent")}</p>}
      <HeaderList headers={chosen?.request_headers ?? sent?.headers ?? {}} />
      <h3>{t("delivery.body")}</h3>
      {sent === null ? (
        <Unready request={request} />
      ) : (
        <Body text={sent.body} isBinary={sent.body_encoding === "base64"} />
      )}
    </div>
  );
}

function Body({ text, isBinary }: { readonly text: string; readonly isBinary: boolean }) {
  if (text === "") return <p class="soft">{t("delivery.body.empty")}</p>;
  return (
    <>
      {isBinary && <p class="soft">{t("delivery.body.binary")}</p>}
      <BodyView text={text} isRaw={isBinary} />
    </>
  );
}

/** What came back in an attempt. */
export function ResponseTab({ attempt }: { readonly attempt: AttemptJson | null }) {
  if (attempt === null) return <p class="soft">{t("delivery.attempts.none")}</p>;
  const { response, error } = attempt;
  return (
    <div class="stack">
      {error !== null && (
        <p class="failed-text">
          <code>{error.code}</code> {errorText(error)}
        </p>
      )}
      {response === null ? (
        <p class="soft">{t("delivery.no-answer")}</p>
      ) : (
        <>
          <HeaderList headers={response.headers} />
          <h3>{t("delivery.body")}</h3>
          <Body text={response.excerpt} isBinary={response.excerpt_encoding === "base64"} />
          {response.truncated && <p class="soft">{t("delivery.body.cut")}</p>}
        </>
      )}
    </div>
  );
}

function SignatureTab({ request }: { readonly request: Request }) {
  if (request.value === null) return <Unready request={request} />;
  const { signature } = request.value;
  if (signature.length === 0) return <p class="soft">{t("delivery.no-signature")}</p>;
  return (
    <div class="stack">
      <p class="soft">{t("delivery.signature.why")}</p>
      <ol class="steps">
        {signature.map(stepWords).map(({ title, value }) => (
          <li key={title}>
            <p>{title}</p>
            <CodeView text={value} label={title} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function CurlTab({
  chosen,
  request,
}: {
  readonly chosen: AttemptJson | null;
  readonly request: Request;
}) {
  if (request.value === null) return <Unready request={request} />;
  const { method, url, body, body_encoding: bodyEncoding } = request.value;
  const headers = chosen?.request_headers ?? request.value.headers;
  return (
    <div class="stack">
      <p class="soft">{t("delivery.curl.why")}</p>
      <CodeView
        label={t("delivery.tab.curl")}
        text={curlOf({ method, url, headers, body, bodyEncoding })}
      />
    </div>
  );
}
