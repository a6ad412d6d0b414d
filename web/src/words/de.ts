import { audit } from "./de/audit.ts";
import { deliveries } from "./de/deliveries.ts";
import { endpoints } from "./de/endpoints.ts";
import { eventTypes } from "./de/event-types.ts";
import { events } from "./de/events.ts";
import { keys } from "./de/keys.ts";
import { overview } from "./de/overview.ts";
import { problems } from "./de/problems.ts";
import { reasons } from "./de/reasons.ts";
import { recover } from "./de/recover.ts";
import { reference } from "./de/reference.ts";
import { settings } from "./de/settings.ts";
import { shell } from "./de/shell.ts";
import { signature } from "./de/signature.ts";
import { system } from "./de/system.ts";
import type { Words } from "./en.ts";

export const de: Words = {
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
};
