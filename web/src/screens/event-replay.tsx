import { useEffect, useState } from "preact/hooks";
import type { DeliveryJson } from "../../../daemon/api/delivery-json.ts";
import type { EventJson } from "../../../daemon/api/event-json.ts";
import type { Outcome } from "../data/api.ts";
import { get, post } from "../data/api.ts";
import { endpointName, useEndpoints } from "../data/endpoints.ts";
import { Ask } from "../parts/ask.tsx";
import { SelectField } from "../parts/field.tsx";
import { Problem } from "../parts/problem.tsx";
import { say } from "../parts/toast.tsx";
import { t, tn } from "../words/words.ts";

interface Replayed {
  readonly created: number;
  readonly resent: number;
  readonly waiting: number;
}

type ReplayedEvent = Pick<EventJson, "id" | "type" | "accepted_at">;

/** Sends one event to one endpoint: what it has there once more, else by a replay of the millisecond in which it came. */
export function ReplayDialog({
  event,
  onClose,
  onDone,
}: {
  readonly event: ReplayedEvent;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const endpoints = useEndpoints();
  const [wanted, setWanted] = useState("");
  const endpointId = wanted === "" ? ([...endpoints.keys()][0] ?? "") : wanted;
  const plan = usePlan(event, endpointId);
  const isPossible = plan?.kind === "good" && plan.value.count > 0;
  return (
    <Ask<unknown>
      title={t("event.replay")}
      action={t("event.replay.do")}
      disabled={!isPossible}
      onDo={async () => (plan?.kind === "good" ? plan.value.run() : { kind: "good", value: null })}
      onDone={() => {
        say(tn("event.replay.done", plan?.kind === "good" ? plan.value.count : 0));
        onDone();
      }}
      onClose={onClose}
    >
      <p class="soft">{t("event.replay.why")}</p>
      <SelectField
        label={t("event.replay.endpoint")}
        value={endpointId}
        onValue={setWanted}
        options={[...endpoints.values()].map((each) => [each.id, endpointName(each)] as const)}
      />
      <div aria-live="polite">
        {endpoints.size === 0 && <p>{t("event.replay.few")}</p>}
        {plan?.kind === "bad" && <Problem problem={plan.problem} />}
        {plan?.kind === "good" && plan.value.words !== "" && <p>{plan.value.words}</p>}
      </div>
    </Ask>
  );
}

interface Plan {
  readonly count: number;
  readonly words: string;
  readonly run: () => Promise<Outcome<unknown>>;
}

/** What would happen, before it does. */
function usePlan(event: ReplayedEvent, endpointId: string): Outcome<Plan> | null {
  const [plan, setPlan] = useState<Outcome<Plan> | null>(null);
  useEffect(() => {
    let isWanted = true;
    setPlan(null);
    if (endpointId !== "") {
      void planFor(event, endpointId).then((made) => {
        if (isWanted) setPlan(made);
      });
    }
    return () => {
      isWanted = false;
    };
  }, [event.id, endpointId]);
  return plan;
}

async function planFor(event: ReplayedEvent, endpointId: string): Promise<Outcome<Plan>> {
  const query = { event_id: event.id, endpoint_id: endpointId, limit: 1 };
  const there = await get<{ readonly data: readonly DeliveryJson[] }>("deliveries", query);
  if (there.kind === "bad") return there;
  const [delivery] = there.value.data;
  if (delivery !== undefined) {
    const run = (): Promise<Outcome<unknown>> => post(`deliveries/${delivery.id}/resend`);
    return { kind: "good", value: { count: 1, words: t("event.replay.again"), run } };
  }
  const path = `endpoints/${endpointId}/replay`;
  const span = { type: event.type, from: event.accepted_at, to: after(event.accepted_at) };
  const outcome = await post<Replayed>(path, { ...span, dry_run: true });
  if (outcome.kind === "bad") return outcome;
  const count = outcome.value.created + outcome.value.resent;
  return { kind: "good", value: { count, words: wordsFor(count), run: () => post(path, span) } };
}

function wordsFor(count: number): string {
  if (count === 0) return t("event.replay.none");
  return count === 1 ? "" : tn("event.replay.many", count);
}

/** The next millisecond: the API's ranges leave their end out. */
function after(at: string): string {
  return new Date(Date.parse(at) + 1).toISOString();
}
