/** Line drawings on a grid of 16, made for this page. Always beside a word, or with one for those who can't see it. */
const PATHS = {
  overview: "M2 13h12M4 10.500v-3M8 10.500v-7M12 10.500v-5",
  endpoints: "M2 8h5m2 0h5M7 5.500v5a2.500 2.500 0 0 0 0-5M11.500 4.500 15 8l-3.500 3.500",
  events: "M2.500 4.500h11v7h-11zM2.500 5l5.500 4 5.500-4",
  deliveries: "M1.500 8h9M7 4.500 10.500 8 7 11.500M13.500 3v10",
  recover: "M3 8a5 5 0 1 0 1.600-3.700M3 2.500v3h3",
  "event-types": "M2.500 2.500h5l6 6-5 5-6-6zM5.500 5.500h.01",
  keys: "M9.500 6.500 14 2M12 4l1.500 1.500M10 6l1 1M2.500 10.500a3 3 0 1 0 6 0 3 3 0 1 0-6 0",
  settings:
    "M2 4.500h7m4 0h1M2 11.500h1m4 0h7M9 4.500a2 2 0 1 0 4 0 2 2 0 1 0-4 0M3 11.500a2 2 0 1 0 4 0 2 2 0 1 0-4 0",
  audit: "M4 2h8v12H4zM6 5h4M6 8h4M6 11h2",
  api: "M5 4 1.500 8 5 12M11 4l3.500 4-3.500 4M9 3 7 13",
  system: "M2.500 3h11v4.500h-11zM2.500 8.500h11V13h-11zM5 5.200h.01M5 10.700h.01",
  menu: "M2 4h12M2 8h12M2 12h12",
  search: "M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9M10.500 10.500 14 14",
  close: "M3.500 3.500l9 9M12.500 3.500l-9 9",
  copy: "M5.500 5.500h8v8h-8zM3 10.500h-.5v-8h8V3",
  check: "M3 8.500 6.500 12 13 4.500",
  cross: "M4 4l8 8M12 4l-8 8",
  clock: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M8 5v3.200L10.200 10",
  pause: "M5.500 3.500v9M10.500 3.500v9",
  plane: "M14 2 2 7l5 2 2 5zM7 9l7-7",
  ban: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M4 4l8 8",
  warn: "M8 2.500 14.500 13.500h-13zM8 6.500v3.500M8 11.800h.01",
  out: "M6 3H3v10h3M10 5l3 3-3 3M13 8H6",
  sun: "M8 5.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5M8 1.500V3M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1 1M11.600 11.600l1 1M12.600 3.400l-1 1M4.400 11.600l-1 1",
  plus: "M8 3v10M3 8h10",
  back: "M9.500 3.500 5 8l4.500 4.500",
  down: "M3.500 6 8 10.500 12.500 6",
  up: "M3.500 10 8 5.500 12.500 10",
  plug: "M5 2v3M11 2v3M3.500 5h9v2a4.500 4.500 0 0 1-9 0zM8 11.500V14",
  lock: "M4 7h8v6.500H4zM5.500 7V5a2.500 2.500 0 0 1 5 0v2",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
