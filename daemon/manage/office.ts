import type { Directory } from "../domain/directory.ts";
import type { IdMaker } from "../domain/id.ts";
import type { EndpointDefaults } from "../domain/office-settings.ts";
import type {
  Chance,
  Clock,
  Dispatcher,
  Feed,
  SchemaChecker,
  Timers,
  Vault,
} from "../domain/ports.ts";
import type { OfficeStore, ReadStore } from "../domain/stores.ts";
import type { Applications } from "./applications.ts";
import { createApplications } from "./applications.ts";
import type { Deletion } from "./deletion.ts";
import { createDeletion } from "./deletion.ts";
import type { Endpoints } from "./endpoints.ts";
import { createEndpoints } from "./endpoints.ts";
import type { EventTypes } from "./event-types.ts";
import { createEventTypes } from "./event-types.ts";
import type { Keys } from "./keys.ts";
import { openKeys } from "./keys.ts";
import type { Motion } from "./motion.ts";
import { createMotion } from "./motion.ts";
import type { Replay } from "./replay.ts";
import { createReplay } from "./replay.ts";
import type { Keyring } from "./secrets.ts";
import type { EgressRules } from "./settings.ts";
import { createTurns } from "./turns.ts";

/** Everything that people may change, a member for each noun. */
export interface Office {
  readonly applications: Applications;
  readonly keys: Keys;
  readonly endpoints: Endpoints;
  readonly deletion: Deletion;
  readonly eventTypes: EventTypes;
  readonly motion: Motion;
  readonly replay: Replay;
}

export interface OfficeNeeds {
  readonly store: OfficeStore & Pick<ReadStore, "delivery" | "deliveries" | "counts">;
  readonly directory: Directory;
  readonly dispatcher: Dispatcher;
  readonly vault: Vault;
  readonly keyring: Keyring;
  readonly ids: IdMaker;
  readonly chance: Chance;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly feed: Feed;
  readonly rules: EgressRules;
  readonly defaults?: () => EndpointDefaults;
  readonly schemas: Pick<SchemaChecker, "problemOf">;
}

/** One office for one store: changes of one endpoint take turns, whoever asks for them. */
export async function openOffice(needs: OfficeNeeds): Promise<Office> {
  const shared = { ...needs, takeTurns: createTurns() };
  return {
    applications: createApplications(shared),
    keys: await openKeys(shared),
    endpoints: createEndpoints(shared),
    deletion: createDeletion(shared),
    eventTypes: createEventTypes(shared),
    motion: createMotion(shared),
    replay: createReplay(shared),
  };
}
