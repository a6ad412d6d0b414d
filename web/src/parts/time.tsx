import { dateTime, distance, shortTime } from "../words/format.ts";

interface TimeProps {
  /** RFC 3339, as the API writes it; null is shown as a dash. */
  readonly at: string | null;
  /** "5 minutes ago" instead of the time of day. */
  readonly isDistance?: boolean;
}

/** A moment in the reader's zone. The whole of it, to copy, is in its title and in `datetime`. */
export function Time({ at, isDistance = false }: TimeProps) {
  if (at === null) return <span class="soft">–</span>;
  const atMs = Date.parse(at);
  return (
    <time class="number" dateTime={at} title={`${dateTime(atMs)} · ${at}`}>
      {isDistance ? distance(atMs) : shortTime(atMs)}
    </time>
  );
}
