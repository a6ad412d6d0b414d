import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { DeliveryWithAttemptsJson } from "../../../daemon/api/delivery-json.ts";
import type { Outcome } from "../data/api.ts";
import { post } from "../data/api.ts";
import { nowMs, serverNowMs } from "../data/clock.ts";
import { endpointName, useEndpoints } from "../data/endpoints.ts";
import { onDelta } from "../data/live.ts";
import { useResource } from "../data/resource.ts";
import { ActButton } from "../parts/act.tsx";
import { Ask } from "../parts/ask.tsx";
import { CopyText } from "../parts/copy.tsx";
import { Missing } from "../parts/empty.tsx";
import { Fact } from "../parts/fact.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { Icon } from "../parts/icon.tsx";
import { Problem } from "../parts/problem.tsx";
import { StateBadge } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { say } from "../parts/toast.tsx";
import { linkTo } from "../shell/address.ts";
import { countdown } from "../words/format.ts";
import { problemText } from "../words/problem.ts";
import { reasonWords } from "../words/reason.ts";
import { t } from "../words/words.ts";
import { Attempts } from "./delivery-attempts.tsx";

const AFTER_DUE_MS = 800;
const DOUBT_MS = 2_000;
const TIMER_MS_MAX = 2 ** 31 - 1;

/** One delivery: why it is as it is, what was tried, what was said, and what can be done. */
export function DeliveryScreen({ id }: { readonly id: string }) {
  const {
    value: delivery,
    problem,
    reload,
  } = useResource<DeliveryWithAttemptsJson>(`deliveries/${encodeURIComponent(id)}`);
  useFollowing(id, delivery, reload);
  if (delivery === null) {
    return problem === null ? (
      <p class="soft">{t("list.loading")}</p>
    ) : (
      <Missing problem={problem} id={id} path="deliveries" retry={reload} />
    );
  }
  return (
    <>
      <ScreenHead
        back={{ path: "deliveries", label: t("nav.deliveries") }}
        title={
          <>
            {delivery.event_type} <StateBadge state={delivery.state} />
            {delivery.is_test && <span class="badge mute">{t("deliveries.test")}</span>}
          </>
        }
        note={<CopyText text={delivery.id} />}
      >
        <Actions delivery={delivery} onChange={reload} />
      </ScreenHead>
      {problem !== null && <Problem problem={problem} retry={reload} />}
      <Why delivery={delivery} />
      <Facts delivery={delivery} />
      <Attempts delivery={delivery} />
    </>
  );
}

/** Asks again as soon as the feed says that it changed, and when its time has come. */
function useFollowing(
  id: string,
  delivery: DeliveryWithAttemptsJson | null,
  reload: () => void,
): void {
  const askedAtMs = useRef(0);
  useEffect(
    () =>
      onDelta(({ deliveries = [], omitted = 0 }) => {
        const isNamed = deliveries.some((each) => each.id === id);
        // It may be among those that a busy feed leaves out, and must not be asked for with each of its frames.
        const isDoubtful = omitted > 0 && Date.now() - askedAtMs.current > DOUBT_MS;
        if (!isNamed && !isDoubtful) return;
        askedAtMs.current = Date.now();
        reload();
      }),
    [reload],
  );
  const dueAt = delivery?.reason.next_at ?? null;
  useEffect(() => {
    if (dueAt === null) return undefined;
    const waitMs = Date.parse(dueAt) - serverNowMs() + AFTER_DUE_MS;
    if (waitMs < 0 || waitMs > TIMER_MS_MAX) return undefined;
    const timer = setTimeout(reload, waitMs);
    return () => clearTimeout(timer);
  }, [dueAt, reload]);
}

function Actions({
  delivery: { id, state },
  onChange,
}: {
  readonly delivery: DeliveryWithAttemptsJson;
  readonly onChange: () => void;
}) {
  const [isAsking, setAsking] = useState(false);
  const isWaiting = state === "pending" || state === "held" || state === "in_flight";
  const act = (verb: "resend" | "cancel"): Promise<Outcome<unknown>> =>
    post(`deliveries/${encodeURIComponent(id)}/${verb}`);
  async function resend(): Promise<void> {
    const outcome = await act("resend");
    if (outcome.kind === "good") say(t("delivery.resent"));
    else say(problemText(outcome.problem), { isBad: true });
    onChange();
  }
  return (
    <>
      <ActButton
        label={t("deliveries.resend")}
        icon="recover"
        disabled={state === "in_flight"}
        onDo={() => void resend()}
      />
      {isWaiting && (
        <ActButton
          label={t("deliveries.cancel")}
          icon="ban"
          tone="danger"
          onDo={() => setAsking(true)}
        />
      )}
      {isAsking && (
        <Ask
          title={t("delivery.cancel.title")}
          action={t("deliveries.cancel")}
          tone="danger"
          onDo={() => act("cancel")}
          onDone={() => {
            say(t("delivery.cancelled"));
            setAsking(false);
            onChange();
          }}
          onClose={() => setAsking(false)}
        >
          <p>{t("deliveries.cancel.why")}</p>
        </Ask>
      )}
    </>
  );
}

const TONES = {
  pending: "calm",
  in_flight: "calm",
  held: "warn",
  delivered: "good",
  exhausted: "bad",
  cancelled: "mute",
} as const;

/** The reason in words, and the time until something happens. */
function Why({ delivery }: { readonly delivery: DeliveryWithAttemptsJson }) {
  const { reason, state, endpoint_id: endpointId } = delivery;
  const isBlocked = reason.code === "egress_blocked" || delivery.last_error === "egress_blocked";
  const grant = reason.facts.grant ?? null;
  return (
    <section class={`why ${isBlocked ? "bad" : TONES[state]}`}>
      <p class="why-words">{withTimes(reasonWords(reason))}</p>
      {reason.next_at !== null && <Countdown at={reason.next_at} />}
      {isBlocked && endpointId !== null && (
        <a class="button" href={linkTo(["endpoints", endpointId], { tab: "settings", grant })}>
          <Icon name="lock" />
          {t("delivery.grant")}
          {grant !== null && <code>{grant}</code>}
        </a>
      )}
    </section>
  );
}

/**
 * The daemon's sentences hold moments in UTC; the reader has a zone of their own. How far away a moment is was true when the
 * sentence was made, and is told by the countdown since.
 */
function withTimes(sentence: string): ComponentChildren {
  return sentence
    .replaceAll(/(T[\d:.]+Z), in \d+ (?:h|min|s)(?: \d+ (?:min|s))?/g, "$1")
    .split(/(\d{4}-\d\d-\d\dT[\d:.]+Z)/)
    .map((part, index) => (index % 2 === 1 ? <Time key={index} at={part} /> : part));
}

function Countdown({ at }: { readonly at: string }) {
  const leftMs = Date.parse(at) - nowMs.value;
  return (
    <p class="countdown">
      <span class="small">{t("delivery.next")}</span>
      <b class="number" role="timer">
        {leftMs <= 0 ? t("delivery.next.now") : countdown(leftMs)}
      </b>
    </p>
  );
}

function Facts({ delivery }: { readonly delivery: DeliveryWithAttemptsJson }) {
  const endpoints = useEndpoints();
  const { endpoint_id: endpointId, event_id: eventId, tenant } = delivery;
  const endpoint = endpointId === null ? undefined : endpoints.get(endpointId);
  return (
    <dl class="facts-line">
      <Fact name={t("delivery.event")}>
        <a href={linkTo(["events", eventId])}>{eventId}</a>
      </Fact>
      <Fact name={t("deliveries.endpoint")}>
        {endpointId === null ? (
          t("deliveries.endpoint.gone")
        ) : (
          <a href={linkTo(["endpoints", endpointId])}>
            {endpoint === undefined ? endpointId : endpointName(endpoint)}
          </a>
        )}
      </Fact>
      {tenant !== null && <Fact name={t("deliveries.tenant")}>{tenant}</Fact>}
      {delivery.ordering_key !== null && (
        <Fact name={t("delivery.ordering-key")}>{delivery.ordering_key}</Fact>
      )}
      <Fact name={t("delivery.created")}>
        <Time at={delivery.created_at} />
      </Fact>
      {delivery.settled_at !== null && (
        <Fact name={t("delivery.settled")}>
          <Time at={delivery.settled_at} />
        </Fact>
      )}
    </dl>
  );
}
