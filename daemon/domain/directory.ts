import type { Application, EventType } from "./application.ts";
import type { Endpoint } from "./endpoint.ts";
import { parseFilter } from "./filter.ts";
import { parsePattern } from "./pattern.ts";
import type { Route, Routes } from "./routes.ts";
import { createRoutes } from "./routes.ts";

/**
 * Everything small that each event and each attempt needs, kept in memory: applications, endpoints, event types. The store is
 * the truth; whoever commits a change puts it here right after the commit.
 */
export interface Directory {
  /** Grows with each change that `objectsOf` tells apart: whoever shows what is here need not look at all of it to know. */
  readonly revision: number;
  application(idOrName: string): Application | undefined;
  applicationBySeq(seq: number): Application | undefined;
  applications(): Application[];
  putApplication(application: Application): void;

  endpoint(seq: number): Endpoint | undefined;
  /** Only within its application: another application's id is unknown. */
  endpointById(applicationSeq: number, id: string): Endpoint | undefined;
  /** Oldest first. */
  endpoints(applicationSeq: number): Endpoint[];
  allEndpoints(): IterableIterator<Endpoint>;
  putEndpoint(endpoint: Endpoint): void;
  removeEndpoint(seq: number): void;

  eventType(applicationSeq: number, name: string): EventType | undefined;
  eventTypes(applicationSeq: number): EventType[];
  putEventType(type: EventType): void;
  removeEventType(applicationSeq: number, name: string): void;

  /** The endpoints that an event goes to. `data` is asked for only where a filter has to see it. */
  match(
    applicationSeq: number,
    type: string,
    tenant: string | null,
    data: () => unknown,
  ): readonly Endpoint[];
}

interface Namespace {
  readonly application: Application;
  readonly endpoints: Map<string, number>;
  readonly types: Map<string, EventType>;
  readonly routes: Routes<number>;
}

export function createDirectory(): Directory {
  const namespaces = new Map<number, Namespace>();
  const byName = new Map<string, Application>();
  const endpoints = new Map<number, Endpoint>();
  let revision = 0;

  function putEndpoint(endpoint: Endpoint): void {
    const before = endpoints.get(endpoint.seq);
    endpoints.set(endpoint.seq, endpoint);
    if (before === undefined || markOf(before) !== markOf(endpoint)) revision += 1;
    const namespace = namespaces.get(endpoint.applicationSeq);
    if (namespace === undefined) return;
    namespace.endpoints.set(endpoint.id, endpoint.seq);
    // Health changes with every attempt; only a change of settings moves the routes.
    if (before?.settings !== endpoint.settings) {
      namespace.routes.put(endpoint.seq, routeOf(endpoint), endpoint.seq);
    }
  }

  function removeEndpoint(seq: number): void {
    const endpoint = endpoints.get(seq);
    if (endpoint === undefined) return;
    endpoints.delete(seq);
    revision += 1;
    const namespace = namespaces.get(endpoint.applicationSeq);
    namespace?.endpoints.delete(endpoint.id);
    namespace?.routes.remove(seq);
  }

  function present(seqs: Iterable<number>): Endpoint[] {
    const found: Endpoint[] = [];
    for (const seq of seqs) {
      const endpoint = endpoints.get(seq);
      if (endpoint !== undefined) found.push(endpoint);
    }
    return found;
  }

  return {
    get revision() {
      return revision;
    },
    application: (idOrName) => byName.get(idOrName),
    applicationBySeq: (seq) => namespaces.get(seq)?.application,
    applications: () => [...namespaces.values()].map((namespace) => namespace.application),
    putApplication(application) {
      byName.set(application.id, application);
      byName.set(application.name, application);
      if (namespaces.has(application.seq)) return;
      const fresh = { endpoints: new Map(), types: new Map(), routes: createRoutes<number>() };
      namespaces.set(application.seq, { application, ...fresh });
    },
    endpoint: (seq) => endpoints.get(seq),
    endpointById(applicationSeq, id) {
      const seq = namespaces.get(applicationSeq)?.endpoints.get(id);
      return seq === undefined ? undefined : endpoints.get(seq);
    },
    endpoints: (applicationSeq) =>
      present(namespaces.get(applicationSeq)?.endpoints.values() ?? []),
    allEndpoints: () => endpoints.values(),
    putEndpoint,
    removeEndpoint,
    eventType: (applicationSeq, name) => namespaces.get(applicationSeq)?.types.get(name),
    eventTypes: (applicationSeq) => [...(namespaces.get(applicationSeq)?.types.values() ?? [])],
    putEventType(type) {
      namespaces.get(type.applicationSeq)?.types.set(type.name, type);
      revision += 1;
    },
    removeEventType(applicationSeq, name) {
      namespaces.get(applicationSeq)?.types.delete(name);
      revision += 1;
    },
    match: (applicationSeq, type, tenant, data) =>
      present(namespaces.get(applicationSeq)?.routes.match(type, tenant, data) ?? []),
  };
}

/** Another one after each change that a person made or that holds an endpoint's deliveries; its health is no part of it. */
function markOf({ state, stateChangedAtMs, updatedAtMs, transition }: Endpoint): string {
  return `${state} ${stateChangedAtMs} ${updatedAtMs} ${transition ?? ""}`;
}

/** What people see of an application here, by kind and id, with a mark that is another one after each change. */
export function objectsOf(directory: Directory, applicationSeq: number): Map<string, string> {
  const endpoints = directory
    .endpoints(applicationSeq)
    .map((each): [string, string] => [`endpoint ${each.id}`, markOf(each)]);
  const types = directory
    .eventTypes(applicationSeq)
    .map(({ name, updatedAtMs }): [string, string] => [`event_type ${name}`, `${updatedAtMs}`]);
  return new Map([...endpoints, ...types]);
}

/**
 * What the endpoint asks for. Stored settings were valid when they were made; one that is not any more matches nothing rather
 * than everything.
 */
export function routeOf(endpoint: Endpoint): Route {
  const { eventTypes, tenant, filter } = endpoint.settings;
  const patterns = eventTypes.flatMap((text) => {
    const pattern = parsePattern(text);
    return pattern.ok ? [pattern.value] : [];
  });
  if (filter === null) return { patterns, tenant, filter: null };
  const parsed = parseFilter(filter);
  return { patterns: parsed.ok ? patterns : [], tenant, filter: parsed.ok ? parsed.value : null };
}
