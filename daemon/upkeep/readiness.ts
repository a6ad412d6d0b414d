import type { StoreTrouble, UpkeepStore } from "../domain/stores.ts";

/** One thing that has to be well for the daemon to take events. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface ReadinessNeeds {
  readonly store: Pick<UpkeepStore, "probe">;
  readonly diskFreeBytes: () => Promise<number>;
  readonly diskFreeBytesMin: number;
  readonly isBlocked: () => boolean;
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

/** Says whether events can be taken and, if not, why. Every check looks anew, so the daemon is ready again by itself. */
export function createReadiness(needs: ReadinessNeeds): Readiness {
  let freeBytes = Infinity;

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
    const detail = `${freeBytes} bytes free, ${needs.diskFreeBytesMin} needed`;
    return { name: "disk", ok, detail };
  }

  function engine(): Check {
    const ok = !needs.isBlocked();
    return { name: "engine", ok, detail: ok ? "runs" : "can't record attempts" };
  }

  return {
    async checks() {
      await look();
      return [await database(), disk(), engine()];
    },
    get hasDiskSpace() {
      return freeBytes >= needs.diskFreeBytesMin;
    },
    look,
  };
}
