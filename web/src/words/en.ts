import { audit } from "./en/audit.ts";
import { deliveries } from "./en/deliveries.ts";
import { endpoints } from "./en/endpoints.ts";
import { eventTypes } from "./en/event-types.ts";
import { events } from "./en/events.ts";
import { keys } from "./en/keys.ts";
import { overview } from "./en/overview.ts";
import { problems } from "./en/problems.ts";
import { reasons } from "./en/reasons.ts";
import { recover } from "./en/recover.ts";
import { reference } from "./en/reference.ts";
import { settings } from "./en/settings.ts";
import { shell } from "./en/shell.ts";
import { signature } from "./en/signature.ts";
import { system } from "./en/system.ts";

/** Every sentence of the page, a file for each screen. `{name}` is filled in; keys that end in `.one` and `.other` go by a count. */
export const en = {
  ...shell,
  ...overview,
  ...endpoints,
  ...events,
  ...deliveries,
  ...reasons,
  ...problems,
  ...signature,
  ...recover,
  ...eventTypes,
  ...keys,
  ...settings,
  ...audit,
  ...reference,
  ...system,
} as const;

export type Key = keyof typeof en;
/** A language: a sentence for each key, none missing. */
export type Words = Readonly<Record<Key, string>>;
