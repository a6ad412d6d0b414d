/** What the api room asks of the others. app.ts gives it; tests give fakes of its parts. */
import type { ShownRequest } from "../domain/attempt.ts";
import type { Config } from "../domain/config.ts";
import type { Directory } from "../domain/directory.ts";
import type { PageFiles } from "../domain/page.ts";
import type { Insight } from "../upkeep/insight.ts";
import type { SettingsDesk } from "../manage/office-settings.ts";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Office } from "../manage/office.ts";
import type { People } from "../manage/people.ts";
import type { Report } from "../upkeep/report.ts";
import type { PeerNeeds } from "./peer.ts";
import type { Chance, Clock, Dispatcher, Feed, Ingest, Log, Timers } from "../domain/ports.ts";
import type { DeliveryRow, ReadStore } from "../domain/stores.ts";

/** One thing that has to be well for the daemon to take events. `detail` is a sentence for the operator. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface ApiNeeds extends Office {
  readonly config: Pick<Config, "basePath" | "limits" | "authHeaderRole" | "settings">;
  readonly version: string;
  readonly directory: Directory;
  readonly people: People;
  readonly settings: SettingsDesk;
  readonly proxies: PeerNeeds;
  /** Whether an address is of this machine or of a private network. */
  isOwnNetwork(address: string): boolean;
  /** Null where the page was not built. */
  readonly page: PageFiles | null;
  readonly read: ReadStore;
  readonly insight: Insight;
  /** Takes over connections of watchers who were let in; `isGood` says whether they still may stay. */
  readonly live: {
    connect(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      access: { readonly applicationSeq: number | null; isGood(): boolean },
    ): void;
  };
  readonly ingest: Ingest;
  /** The engine; `isBlocked` is true while outcomes can't be recorded. */
  readonly dispatcher: Dispatcher & { readonly isBlocked: boolean };
  readonly feed: Feed;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly log: Log;
  /** What was sent last for a delivery, or would be next; null where its endpoint is gone. */
  shownRequest(row: DeliveryRow): Promise<ShownRequest | null>;
  /** Each thing that has to be well for events to be taken; ready when all are. */
  readiness(): Promise<readonly Check[]>;
  /** A look at the machine room. */
  report(): Promise<Report>;
  readonly metrics: {
    /** A request was refused; `code` is an `ErrorCode`. */
    rejected(code: string): void;
    page(): Promise<{ readonly contentType: string; readonly text: string }>;
  };
}
