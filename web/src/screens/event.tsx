import { useEffect, useState } from "preact/hooks";
import type { EventWithBodyJson } from "../../../daemon/api/event-json.ts";
import type { Outcome } from "../data/api.ts";
import { getExact } from "../data/api.ts";
import { jsonText, textOfBase64 } from "../data/json.ts";
import { isAdmin } from "../data/session.ts";
import { ActButton } from "../parts/act.tsx";
import { CopyText } from "../parts/copy.tsx";
import { Missing } from "../parts/empty.tsx";
import { Fact } from "../parts/fact.tsx";
import { filterValue, setFilters } from "../parts/filters.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { BodyView, CodeView, JsonView } from "../parts/json.tsx";
import type { Tab } from "../parts/tabs.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { Time } from "../parts/time.tsx";
import { linkTo } from "../shell/address.ts";
import { bytes } from "../words/format.ts";
import { t } from "../words/words.ts";
import { EventDeliveries } from "./event-deliveries.tsx";
import { ReplayDialog } from "./event-replay.tsx";

/** One event: what is in it, where it went, and sending it somewhere once more. */
export function EventScreen({ id }: { readonly id: string }) {
  const [outcome, setOutcome] = useState<Outcome<EventWithBodyJson> | null>(null);
  const [isReplaying, setReplaying] = useState(false);
  const [replays, setReplays] = useState(0);
  function load(): void {
    void getExact<EventWithBodyJson>(`events/${encodeURIComponent(id)}`).then(setOutcome);
  }
  useEffect(load, [id]);
  if (outcome === null) return <p class="soft">{t("list.loading")}</p>;
  if (outcome.kind === "bad") {
    return <Missing problem={outcome.problem} id={id} path="events" retry={load} />;
  }
  const event = outcome.value;
  return (
    <>
      <ScreenHead
        back={{ path: "events", label: t("nav.events") }}
        title={event.type}
        note={<CopyText text={event.id} />}
      >
        {isAdmin() && event.data !== undefined && (
          <a class="button" href={linkTo(["events", "new"], { like: event.id })}>
            {t("event.example")}
          </a>
        )}
        <ActButton label={t("event.replay")} icon="recover" onDo={() => setReplaying(true)} />
      </ScreenHead>
      <Facts event={event} />
      <EventDeliveries key={replays} eventId={event.id} />
      <section class="panel">
        <h2>{t("event.body")}</h2>
        <Body event={event} />
      </section>
      {isReplaying && (
        <ReplayDialog
          event={event}
          onClose={() => setReplaying(false)}
          onDone={() => {
            setReplaying(false);
            setReplays(replays + 1);
          }}
        />
      )}
    </>
  );
}

function Facts({ event }: { readonly event: EventWithBodyJson }) {
  return (
    <dl class="facts-line">
      {event.tenant !== null && <Fact name={t("events.tenant")}>{event.tenant}</Fact>}
      {event.ordering_key !== null && (
        <Fact name={t("event.ordering-key")}>{event.ordering_key}</Fact>
      )}
      <Fact name={t("events.accepted")}>
        <Time at={event.accepted_at} />
      </Fact>
      {event.occurred_at !== event.accepted_at && (
        <Fact name={t("events.occurred")}>
          <Time at={event.occurred_at} />
        </Fact>
      )}
      {event.content_type !== null && (
        <Fact name={t("events.content-type")}>{event.content_type}</Fact>
      )}
      <Fact name={t("events.size")}>{bytes(event.body_bytes)}</Fact>
    </dl>
  );
}

type View = "pretty" | "raw" | "base64";

/** JSON folds; a raw body is text where it is UTF-8, and base64 in any case. */
function Body({ event }: { readonly event: EventWithBodyJson }) {
  const tabs = event.body_base64 === undefined ? jsonTabs(event.data) : rawTabs(event.body_base64);
  const wanted = filterValue("view");
  return (
    <Tabs
      label={t("event.body")}
      tabs={tabs}
      chosen={tabs.find(({ key }) => key === wanted)?.key ?? tabs[0]?.key ?? "raw"}
      onChoose={(view) => setFilters({ view })}
    />
  );
}

function jsonTabs(data: unknown): readonly Tab<View>[] {
  return [
    { key: "pretty", label: t("event.pretty"), content: () => <JsonView value={data} /> },
    { key: "raw", label: t("event.raw"), content: () => <CodeView text={jsonText(data)} /> },
  ];
}

function rawTabs(base64: string): readonly Tab<View>[] {
  const text = textOfBase64(base64);
  const asIs = {
    key: "base64",
    label: t("event.base64"),
    content: () => <CodeView text={base64} />,
  } as const;
  if (text === null) return [asIs];
  return [
    { key: "pretty", label: t("event.pretty"), content: () => <BodyView text={text} /> },
    { key: "raw", label: t("event.raw"), content: () => <CodeView text={text} /> },
    asIs,
  ];
}
