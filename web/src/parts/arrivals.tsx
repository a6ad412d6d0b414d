import { useEffect, useRef, useState } from "preact/hooks";
import type { Arrivals } from "../data/arrivals.ts";
import { nowMs } from "../data/clock.ts";
import { t, tn } from "../words/words.ts";
import { Icon } from "./icon.tsx";

const SAID_EVERY_MS = 5_000;

/** "12 new": they wait until they are asked for, so that nothing moves under the reader. Said aloud every five seconds at most. */
export function NewRows({
  arrivals: { count, isVague, clear },
  onShow,
}: {
  readonly arrivals: Arrivals;
  readonly onShow: () => void;
}) {
  const words =
    count > 0 && !isVague ? tn("list.new", count) : count > 0 || isVague ? t("list.maybe-new") : "";
  const said = useSlowly(words);
  return (
    <>
      <span class="only-read" role="status">
        {said}
      </span>
      {words !== "" && (
        <button
          type="button"
          class="button small new-rows"
          onClick={() => {
            clear();
            onShow();
          }}
        >
          <Icon name="up" />
          {words}
        </button>
      )}
    </>
  );
}

function useSlowly(words: string): string {
  const [said, setSaid] = useState(words);
  const saidAtMs = useRef(0);
  const second = nowMs.value;
  useEffect(() => {
    if (words === said || second - saidAtMs.current < SAID_EVERY_MS) return;
    saidAtMs.current = second;
    setSaid(words);
  }, [words, second]);
  return said;
}
