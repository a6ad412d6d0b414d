export interface TableSize {
  readonly name: string;
  /** With its indexes. */
  readonly bytes: number;
}

export interface DatabaseSize {
  readonly bytes: number;
  readonly walBytes: number;
  /** Of the file, and used by nothing. */
  readonly freeBytes: number;
  /** The largest first. */
  readonly tables: readonly TableSize[];
  /** Why there are none; null where they are there. */
  readonly note: string | null;
}

/** What the file is, for whoever looks after it. */
export interface StoreReport {
  sqliteVersion(): string;
  /** Reads the whole file, in a thread of its own: not to be asked often. */
  size(): Promise<DatabaseSize>;
}
