import type { Connection } from "./open.ts";

/**
 * Whether the endpoint sends, as it is stored. What a delivery is to be held for was decided some milliseconds before its commit; if
 * the endpoint was resumed in between and all that it held released, nobody would come back for this one.
 */
export function createActiveCheck({ file }: Connection): (endpointSeq: number) => boolean {
  const state = file.prepare<[number], string>("select state from endpoint where seq = ?").pluck();
  return (endpointSeq) => state.get(endpointSeq) === "active";
}
