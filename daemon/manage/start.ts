import type { Directory } from "../domain/directory.ts";
import type { OfficeStore } from "../domain/stores.ts";

/**
 * Puts everything that the store knows into the directory; the first thing at start. Endpoints
 * whose deletion was begun are left out: `finishDeletions` ends it, any time later.
 */
export async function fillDirectory(
  store: Pick<OfficeStore, "applications" | "eventTypes" | "endpoints">,
  directory: Pick<Directory, "putApplication" | "putEventType" | "putEndpoint">,
): Promise<void> {
  for (const application of await store.applications()) directory.putApplication(application);
  for (const type of await store.eventTypes("all")) directory.putEventType(type);
  for (const endpoint of await store.endpoints()) {
    if (endpoint.transition !== "delete") directory.putEndpoint(endpoint);
  }
}
