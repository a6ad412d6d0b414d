import type { LiveDelta, LiveTopic } from "../domain/live.ts";

/** A choice of topics as bits. */
export type TopicMask = number;

const BITS: Readonly<Record<LiveTopic, TopicMask>> = { totals: 1, deliveries: 2, endpoints: 4 };

export function maskOf(topics: readonly LiveTopic[]): TopicMask {
  return topics.reduce((mask, topic) => mask | BITS[topic], 0);
}

/** What a delta tells, by topic; a topic that has no news is absent. */
export interface News {
  readonly totals?: Pick<LiveDelta, "totals" | "last_minute" | "flow">;
  readonly deliveries?: Pick<LiveDelta, "deliveries" | "omitted">;
  readonly endpoints?: Pick<LiveDelta, "endpoints" | "objects">;
}

/** One delta for all watchers of an application. */
export interface Delta {
  readonly seq: number;
  /** Of all of it: what keeping it costs. */
  readonly bytes: number;
  /** The frame for a choice of topics, the same bytes for each who made it; null where there is no news for it. */
  frameFor(mask: TopicMask): Buffer | null;
}

/** Each part is written as JSON once, however many choices it is a part of. */
export function createDelta(seq: number, at: string, news: News): Delta {
  const parts = (Object.keys(BITS) as LiveTopic[]).flatMap((topic) => {
    const members = news[topic];
    return members === undefined
      ? []
      : [{ bit: BITS[topic], text: JSON.stringify(members).slice(1, -1) }];
  });
  const head = `{"t":"delta","seq":${seq},"at":"${at}"`;
  const frames = new Map<TopicMask, Buffer | null>();
  return {
    seq,
    bytes: parts.reduce((sum, { text }) => sum + text.length, 0),
    frameFor(mask) {
      const known = frames.get(mask);
      if (known !== undefined) return known;
      const wanted = parts.filter(({ bit }) => (mask & bit) !== 0).map(({ text }) => text);
      const frame = wanted.length === 0 ? null : Buffer.from(`${head},${wanted.join(",")}}`);
      frames.set(mask, frame);
      return frame;
    },
  };
}
