/** The operator's page as files, by their path below its root. */
export interface PageFiles {
  /** Another one for each page that differs. */
  readonly build: string;
  readonly files: ReadonlyMap<string, PageFile>;
}

export interface PageFile {
  readonly type: string;
  readonly plain: Uint8Array;
  /** Null where the file is too small to be worth it. */
  readonly gzip: Uint8Array | null;
  readonly brotli: Uint8Array | null;
}
