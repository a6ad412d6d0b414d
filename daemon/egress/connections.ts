import { Client, type Dispatcher } from "undici";

/** One HTTP/1.1 connection, which carries one request at a time. It opens by itself, also again where the receiver closed it. */
export interface Connection {
  readonly dispatch: Client["dispatch"];
  /** The last request ended well: the next may have it. */
  giveBack(): void;
  /** The last request did not end well: what is left of the connection is closed. */
  drop(): void;
}

/**
 * The connections of one class of endpoints, by origin. undici's Agent and Pool do the same in three calls, a search among all
 * connections of the origin and an event for each that becomes free: a fifth of what a request costs.
 */
export interface Connections {
  /** The one that was used last, since it is the least likely to be closed under the request, or else a new one. */
  take(origin: string): Connection;
  /** Closes what is idle now, and what is not when its request ends. */
  close(): Promise<unknown>;
  destroy(reason: Error): Promise<unknown>;
}

interface Place {
  readonly client: Client;
  readonly connection: Connection;
}

export function createConnections(options: Client.Options): Connections {
  const idleByOrigin = new Map<string, Place[]>();
  const clients = new Set<Client>();

  function idleOf(origin: string): Place[] {
    const known = idleByOrigin.get(origin);
    if (known !== undefined) return known;
    const idle: Place[] = [];
    idleByOrigin.set(origin, idle);
    return idle;
  }

  function open(origin: string): Connection {
    const client = new Client(origin, options);
    const connection: Connection = {
      dispatch: (request: Dispatcher.DispatchOptions, handler) => client.dispatch(request, handler),
      giveBack: () => void idleOf(origin).push(place),
      drop() {
        clients.delete(client);
        // Or each origin that ever failed would leave its empty list behind.
        if (idleByOrigin.get(origin)?.length === 0) idleByOrigin.delete(origin);
        if (!client.destroyed) void client.close();
      },
    };
    const place: Place = { client, connection };
    clients.add(client);
    // One with a request waiting on it opens anew by itself.
    client.on("disconnect", () => forgetIdle(origin, place));
    return connection;
  }

  function forgetIdle(origin: string, place: Place): void {
    const idle = idleByOrigin.get(origin) ?? [];
    const at = idle.indexOf(place);
    if (at === -1) return;
    idle.splice(at, 1);
    place.connection.drop();
    if (idle.length === 0) idleByOrigin.delete(origin);
  }

  return {
    take: (origin) => idleByOrigin.get(origin)?.pop()?.connection ?? open(origin),
    close: () => Promise.all([...clients].map((client) => client.close())),
    destroy: (reason) => Promise.all([...clients].map((client) => client.destroy(reason))),
  };
}
