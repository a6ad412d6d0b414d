/** A problem document of the API (RFC 9457), and the two that the page makes itself: `unreachable` and `aborted`. */
export interface ProblemJson {
  readonly code: string;
  /** 0 where no answer came. */
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly problems?: readonly { readonly pointer: string; readonly detail: string }[];
  readonly retryAfterS: number | null;
}

/** What is wrong with one field of a form, by its JSON pointer. */
export function problemAt(problem: ProblemJson | null, path: string): string | null {
  return problem?.problems?.find((each) => each.pointer === path)?.detail ?? null;
}

/** The first fault of a field or of anything in it, for a field that holds a list. */
export function problemUnder(problem: ProblemJson | null, path: string): string | null {
  return (
    problem?.problems?.find(({ pointer }) => pointer === path || pointer.startsWith(`${path}/`))
      ?.detail ?? null
  );
}
