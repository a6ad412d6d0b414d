import { useEffect } from "preact/hooks";
import type { LiveObject } from "../../../daemon/domain/live.ts";
import { onDelta } from "./live.ts";

/** Calls when the feed says that one of that kind was made, changed or deleted, by whoever; with an id, only for that one. */
export function useObjectNews(kind: LiveObject["kind"], id: string | null, call: () => void): void {
  useEffect(
    () =>
      onDelta(({ objects = [] }) => {
        if (objects.some((each) => each.kind === kind && (id ?? each.id) === each.id)) call();
      }),
    [kind, id, call],
  );
}
