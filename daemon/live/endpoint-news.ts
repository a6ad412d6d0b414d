import type { Directory } from "../domain/directory.ts";
import { objectsOf } from "../domain/directory.ts";
import type { Endpoint } from "../domain/endpoint.ts";
import type { LiveEndpoint, LiveObject } from "../domain/live.ts";
import type { Change } from "../domain/ports.ts";
import type { News } from "./delta.ts";
import { attemptsByEndpoint, newestCells } from "./gather.ts";
import type { LiveNeeds } from "./needs.ts";

/** Told of in one delta; the others are in the next. */
const ENDPOINTS_MAX = 200;
const OBJECTS_MAX = 500;
/** Cells that wait to be told, of one endpoint. */
const ATTEMPTS_MAX = 200;

/** Endpoints that something happened to or whose state changed, and what was made, changed or deleted. */
export function createEndpointNews(
  { directory, waitingAt }: Pick<LiveNeeds, "directory" | "waitingAt">,
  applicationSeq: number,
) {
  let states = statesOf(directory.endpoints(applicationSeq));
  let statesRevision = directory.revision;
  let waiting = new Map<number, Change[]>();

  function changedStates(): number[] {
    // Four times a second ten thousand endpoints would be looked at to find that nobody changed one.
    if (statesRevision === directory.revision) return [];
    statesRevision = directory.revision;
    const before = states;
    states = statesOf(directory.endpoints(applicationSeq));
    return [...states].flatMap(([seq, state]) => (before.get(seq) === state ? [] : [seq]));
  }

  function gather(changes: readonly Change[]): void {
    for (const [seq, attempts] of attemptsByEndpoint(changes)) {
      const before = waiting.get(seq);
      waiting.set(
        seq,
        before === undefined ? attempts : [...before, ...attempts].slice(-ATTEMPTS_MAX),
      );
    }
    for (const seq of changedStates()) if (!waiting.has(seq)) waiting.set(seq, []);
  }

  const changedObjects = createObjectNews(directory, applicationSeq);

  async function endpointNews(cellsMax: number): Promise<readonly LiveEndpoint[]> {
    if (waiting.size === 0) return [];
    const all = [...waiting];
    const told = all.slice(0, ENDPOINTS_MAX);
    waiting = new Map(all.slice(ENDPOINTS_MAX));
    const cells = Math.max(1, Math.floor(cellsMax / told.length));
    const counts = await waitingAt(told.map(([seq]) => seq));
    return told.flatMap(([seq, attempts]): LiveEndpoint[] => {
      const endpoint = directory.endpoint(seq);
      if (endpoint === undefined) return [];
      const { pending, held } = counts.get(seq) ?? { pending: 0, held: 0 };
      const strip = newestCells(attempts, cells);
      return [{ id: endpoint.id, state: endpoint.state, waiting: pending, held, strip }];
    });
  }

  return {
    async of(changes: readonly Change[], cellsMax: number): Promise<News> {
      gather(changes);
      const objects = changedObjects();
      const endpoints = await endpointNews(cellsMax);
      if (endpoints.length === 0 && objects.length === 0) return {};
      return {
        endpoints: {
          ...(endpoints.length > 0 && { endpoints }),
          ...(objects.length > 0 && { objects }),
        },
      };
    },
  };
}

/** What became another one since it was last asked, was made, or is gone. */
function createObjectNews(
  directory: Directory,
  applicationSeq: number,
): () => readonly LiveObject[] {
  let marks = objectsOf(directory, applicationSeq);
  let { revision } = directory;
  let waiting: string[] = [];

  function told(all: readonly string[]): readonly LiveObject[] {
    waiting = all.slice(OBJECTS_MAX);
    return all.slice(0, OBJECTS_MAX).map(objectOf);
  }

  return () => {
    if (revision === directory.revision) return told(waiting);
    ({ revision } = directory);
    const before = marks;
    marks = objectsOf(directory, applicationSeq);
    const changed = [...marks.keys()].filter((key) => before.get(key) !== marks.get(key));
    const gone = [...before.keys()].filter((key) => !marks.has(key));
    return told([...new Set([...waiting, ...changed, ...gone])]);
  };
}

function objectOf(key: string): LiveObject {
  const space = key.indexOf(" ");
  const kind = key.slice(0, space) === "endpoint" ? "endpoint" : "event_type";
  return { kind, id: key.slice(space + 1) };
}

function statesOf(endpoints: readonly Endpoint[]): Map<number, Endpoint["state"]> {
  return new Map(endpoints.map(({ seq, state }) => [seq, state]));
}
