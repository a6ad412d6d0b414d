import type { ComponentType } from "preact";
import type { IconName } from "../parts/icon.tsx";
import type { Key } from "../words/en.ts";

/** A screen as its file exports it. `id` is the second part of the address, if there is one. */
export type Screen = ComponentType<{ readonly id: string | null }>;

interface ScreenEntry {
  /** The first part of the address. */
  readonly path: string;
  readonly title: Key;
  readonly icon: IconName;
  /** Screens of the instance, below the line in the navigation. */
  readonly isInstance: boolean;
  /** Only for admins. */
  readonly isForAdmin?: boolean;
  /** Read when first gone to: a screen that nobody opens costs nothing. */
  readonly load: () => Promise<Screen>;
}

/** Every screen, in the order of the navigation: the addresses, the menu and the palette are made from this table. */
export const SCREENS: readonly ScreenEntry[] = [
  {
    path: "overview",
    title: "nav.overview",
    icon: "overview",
    isInstance: false,
    load: async () => (await import("../screens/overview.tsx")).Overview,
  },
  {
    path: "endpoints",
    title: "nav.endpoints",
    icon: "endpoints",
    isInstance: false,
    load: async () => (await import("../screens/endpoints.tsx")).Endpoints,
  },
  {
    path: "events",
    title: "nav.events",
    icon: "events",
    isInstance: false,
    load: async () => (await import("../screens/events.tsx")).Events,
  },
  {
    path: "deliveries",
    title: "nav.deliveries",
    icon: "deliveries",
    isInstance: false,
    load: async () => (await import("../screens/deliveries.tsx")).Deliveries,
  },
  {
    path: "recover",
    title: "nav.recover",
    icon: "recover",
    isInstance: false,
    load: async () => (await import("../screens/recover.tsx")).Recover,
  },
  {
    path: "event-types",
    title: "nav.event-types",
    icon: "event-types",
    isInstance: false,
    load: async () => (await import("../screens/event-types.tsx")).EventTypes,
  },
  {
    path: "keys",
    title: "nav.keys",
    icon: "keys",
    isInstance: false,
    isForAdmin: true,
    load: async () => (await import("../screens/keys.tsx")).Keys,
  },
  {
    path: "settings",
    title: "nav.settings",
    icon: "settings",
    isInstance: true,
    load: async () => (await import("../screens/settings.tsx")).Settings,
  },
  {
    path: "audit",
    title: "nav.audit",
    icon: "audit",
    isInstance: true,
    load: async () => (await import("../screens/audit.tsx")).Audit,
  },
  {
    path: "reference",
    title: "nav.reference",
    icon: "api",
    isInstance: true,
    load: async () => (await import("../screens/reference.tsx")).Reference,
  },
  {
    path: "system",
    title: "nav.system",
    icon: "system",
    isInstance: true,
    load: async () => (await import("../screens/system.tsx")).System,
  },
];

/** The screen that an address leads to; the overview for the empty one, undefined where there is none. */
export function screenAt(path: readonly string[]): ScreenEntry | undefined {
  const [first = "overview"] = path;
  return SCREENS.find((screen) => screen.path === first);
}
