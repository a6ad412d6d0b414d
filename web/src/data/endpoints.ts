import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import { get } from "./api.ts";
import { onDelta, resets } from "./live.ts";
import { application } from "./session.ts";

const PAGES_MAX = 4;
const PAGE_ROWS = 250;

interface Known {
  readonly application: string | null;
  readonly byId: ReadonlyMap<string, EndpointJson>;
}

const known = signal<Known>({ application: null, byId: new Map() });

/** The application's endpoints by id, the first thousand: for names in lists and choices in forms. */
export function useEndpoints(): ReadonlyMap<string, EndpointJson> {
  useEffect(() => void load(application.value), [application.value, resets.value]);
  return known.value.application === application.value ? known.value.byId : new Map();
}

onDelta(({ objects = [] }) => {
  const isWanted = known.value.byId.size > 0 && known.value.application === application.value;
  if (isWanted && objects.some(({ kind }) => kind === "endpoint")) void load(application.value);
});

async function load(wanted: string | null): Promise<void> {
  const byId = new Map<string, EndpointJson>();
  let cursor: string | null = null;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page: Awaited<ReturnType<typeof endpointPage>> = await endpointPage(cursor);
    if (page.kind === "bad") return;
    for (const endpoint of page.value.data) byId.set(endpoint.id, endpoint);
    cursor = page.value.next_cursor;
    if (cursor === null) break;
  }
  if (wanted === application.value) known.value = { application: wanted, byId };
}

function endpointPage(cursor: string | null) {
  type Page = { readonly data: readonly EndpointJson[]; readonly next_cursor: string | null };
  return get<Page>("endpoints", { limit: PAGE_ROWS, cursor });
}

/** What people call an endpoint: its description, else its address without the scheme. */
export function endpointName({ description, url }: Pick<EndpointJson, "description" | "url">) {
  return description === "" ? url.replace(/^https?:\/\//, "") : description;
}
