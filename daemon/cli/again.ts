import { usageFailure } from "./exit.ts";
import { countText } from "./text.ts";
import type { Session, Verb } from "./verb.ts";
import { isSet, pathArg, show, textOption, TIME_WORDS, timeOption } from "./verb.ts";

const ENDPOINT = [["<endpoint>", "the endpoint's id"]] as const;
const EXAMPLE_ID = "ep_01hq3v0m3x8r9k6w2n4t5b7c1d";

/** Verbs that send what was sent before. */
export const AGAIN: readonly Verb[] = [
  {
    name: "recover",
    summary: "Send everything again that failed at an endpoint since a time",
    example: `recover ${EXAMPLE_ID} --since 6h`,
    args: ENDPOINT,
    options: [
      ["--since <time>", "a time, or how long ago, such as 6h (required)"],
      ["--error <code>", "only what last failed so, such as http_500"],
      ["--dry-run", "only count it"],
    ],
    run: recover,
  },
  {
    name: "replay",
    summary: "Send past events to an endpoint, those that it would get if they came now",
    example: `replay ${EXAMPLE_ID} --from 2026-01-30 --to 2026-01-31 --type invoice.paid`,
    args: ENDPOINT,
    options: [
      ["--from <time>", "accepted then or later: a time, or how long ago (required)"],
      ["--to <time>", "accepted before then (default: now)"],
      ["--type <type>", "only events of this type"],
      ["--dry-run", "only count them"],
    ],
    run: replay,
  },
];

async function recover(session: Session): Promise<void> {
  const since = timeOption(session, "since");
  if (since === undefined) throw usageFailure(`expected --since to be ${TIME_WORDS}, got nothing`);
  const path = `/v1/endpoints/${pathArg(session, 0)}/recover`;
  const body = { since, error: textOption(session, "error"), ...dryRun(session) };
  const answer = await session.client.ask({ method: "POST", path, body });
  show(session, answer, ({ recovered }: { readonly recovered: number }) => {
    if (recovered === 0) return `Nothing failed since ${since}.`;
    const will = isSet(session, "dryRun") ? "would" : "will";
    const count = countText(recovered, "delivery", "deliveries");
    return `${count} that failed since ${since} ${will} be sent again.`;
  });
}

/** Absent where it was not asked for. */
function dryRun(session: Session): { readonly dry_run?: true } {
  return isSet(session, "dryRun") ? { dry_run: true } : {};
}

interface Replayed {
  readonly created: number;
  readonly resent: number;
  readonly waiting: number;
}

async function replay(session: Session): Promise<void> {
  const from = timeOption(session, "from");
  if (from === undefined) throw usageFailure(`expected --from to be ${TIME_WORDS}, got nothing`);
  const path = `/v1/endpoints/${pathArg(session, 0)}/replay`;
  const body = {
    from,
    to: timeOption(session, "to"),
    type: textOption(session, "type"),
    ...dryRun(session),
  };
  const answer = await session.client.ask({ method: "POST", path, body });
  show(session, answer, ({ created, resent, waiting }: Replayed) => {
    const sent = countText(created + resent, "event");
    const left = waiting === 0 ? "" : `; ${waiting} were on their way anyway`;
    const will = isSet(session, "dryRun") ? "would" : "will";
    return `${sent} ${will} be sent (${created} for the first time, ${resent} again)${left}.`;
  });
}
