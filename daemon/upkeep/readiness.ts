import { bytesText } from "../domain/quantity.ts";
import type { StoreTrouble, UpkeepStore } from "../domain/stores.ts";
import { remembered } from "./remembered.ts";

/** Anybody may ask whether the daemon is ready, so that asking often must not write often. */
const REMEMBERED_MS = 1_000;

/** One thing that has to be well for the daemon to take events. */
interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface ReadinessNeeds {
  readonly store: Pick<UpkeepStore, "probe">;
  readonly diskFreeBytes: () => Promise<number>;
  readonly diskFreeBytesMin: number;
  readonly isBlocked: () => boolean;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
}

export interface Readiness {
  checks(): Promise<readonly Check[]>;
  /** Whether the disk was above its floor when it was last looked at; ingest asks for each request, so it must cost nothing. */
  readonly hasDiskSpace: boolean;
  /** Looks at the disk. Once a second. */
  look(): Promise<void>;
}

const WORDS: Record<StoreTrouble, string> = {
  disk_full: "the disk is full",
  read_only: "the database is read-only",
  io_error: "the disk gives errors",
};

/**
 * Says whether events can be taken and, if not, why. What is told is a second old at most, so the daemon is ready again by itself;
 * whoever asks meanwhile is told the same, and whoever asks during a look waits for that one.
 */
export function createReadiness(needs: ReadinessNeeds): Readiness {
  let freeBytes = Infinity;
  const examine = remembered(needs.nowMs, REMEMBERED_MS, async () => {
    await look();
    return database();
  });

  async function look(): Promise<void> {
    freeBytes = await needs.diskFreeBytes();
  }

  async function database(): Promise<Check> {
    const trouble = await needs.store.probe();
    const detail = trouble === null ? "takes writes" : `takes no writes: ${WORDS[trouble]}`;
    return { name: "database", ok: trouble === null, detail };
  }

  function disk(): Check {
    const ok = freeBytes >= needs.diskFreeBytesMin;
    const detail = `${bytesText(freeBytes)} free, ${bytesText(needs.diskFreeBytesMin)} needed`;
    return { name: "disk", ok, detail };
  }

  function engine(): Check {
    const ok = !needs.isBlocked();
    return { name: "engine", ok, detail: ok ? "runs" : "can't record attempts" };
  }

  return {
    async checks() {
      return [await examine(), disk(), engine()];
    },
    get hasDiskSpace() {
      return freeBytes >= needs.diskFreeBytesMin;
    },
    look,
  };
}
