import type { ClientFrame, LiveTopic } from "../domain/live.ts";
import { LIVE_TOPICS } from "../domain/live.ts";

/** In characters; what a page has to say takes two hundred. */
const LENGTH_MAX = 4_096;

/** Null for whatever no client of ours would say. */
export function parseClientFrame(text: string): ClientFrame | null {
  if (text.length > LENGTH_MAX) return null;
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof frame !== "object" || frame === null || !("t" in frame)) return null;
  if (frame.t === "ping") return { t: "ping" };
  return frame.t === "subscribe" ? subscription(frame) : null;
}

function subscription(frame: object): ClientFrame | null {
  const { topics, app, epoch, since } = frame as Record<string, unknown>;
  if (!Array.isArray(topics) || topics.length === 0 || !topics.every(isTopic)) return null;
  if (app !== undefined && typeof app !== "string") return null;
  if (epoch !== undefined && typeof epoch !== "string") return null;
  if (since !== undefined && !Number.isSafeInteger(since)) return null;
  return {
    t: "subscribe",
    topics,
    ...(app !== undefined && { app }),
    ...(epoch !== undefined && { epoch }),
    ...(typeof since === "number" && { since }),
  };
}

function isTopic(value: unknown): value is LiveTopic {
  return LIVE_TOPICS.some((topic) => topic === value);
}
