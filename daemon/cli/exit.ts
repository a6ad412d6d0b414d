/**
 * Exit codes. They are part of the interface: scripts and service managers decide by them, so none
 * changes its meaning.
 */
export const EXIT = {
  done: 0,
  /** The daemon refused, or what was asked for did not succeed. */
  failed: 1,
  /** The command line or the configuration is wrong; the same again will fail again. */
  usage: 2,
  /** No daemon answered. */
  unreachable: 3,
  notFound: 4,
  notAllowed: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a verb: its message goes to the standard error, its code is how the process exits. */
export class CliFailure extends Error {
  readonly exitCode: ExitCode;
  /** The daemon's own problem document, as it was sent; null where there is none. */
  readonly document: string | null;

  constructor(exitCode: ExitCode, message: string, document: string | null = null) {
    super(message);
    this.exitCode = exitCode;
    this.document = document;
  }
}

export function usageFailure(message: string): CliFailure {
  return new CliFailure(EXIT.usage, message);
}
