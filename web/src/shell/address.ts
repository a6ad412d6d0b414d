import { signal } from "@preact/signals";

/** Where the reader is: `#/deliveries/dlv_…?tab=response` is the path `deliveries`, `dlv_…` and one parameter. */
export interface Address {
  readonly path: readonly string[];
  readonly params: URLSearchParams;
}

/** Follows the address bar. Screens read their filters from it and nowhere else, so that every view can be sent as a link. */
export const address = signal<Address>(parse(location.hash));

addEventListener("hashchange", () => {
  address.value = parse(location.hash);
  remember();
});

/** How each list was left, by its first part: the way back from a detail leads there. */
const lists = new Map<string, string>();

function remember(): void {
  const [first, second] = address.value.path;
  if (first !== undefined && second === undefined) lists.set(first, location.hash);
}

/** The link to a list as it was left, with its filters; to all of it where it was not seen yet. */
export function backTo(path: string): string {
  return lists.get(path) ?? linkTo([path]);
}

remember();

function parse(hash: string): Address {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return {
    path: path.split("/").filter(Boolean).map(decoded),
    params: new URLSearchParams(query),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export type Params = Readonly<Record<string, string | null | undefined>>;

/** The link to a screen. Parameters that are null or empty are left out. */
export function linkTo(path: readonly string[], params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

/** Goes to a screen; `isQuiet` replaces the present entry of the history, for filters that change with each key. */
export function goTo(link: string, { isQuiet = false } = {}): void {
  if (!isQuiet) {
    location.hash = link;
    return;
  }
  history.replaceState(null, "", link);
  address.value = parse(link);
  remember();
}

/** The same screen with some parameters changed. */
export function withParams(changes: Params): string {
  const { path, params } = address.value;
  return linkTo(path, { ...Object.fromEntries(params), ...changes });
}
