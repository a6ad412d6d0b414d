import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Outcome, Query } from "./api.ts";
import { get } from "./api.ts";
import { polls, resets } from "./live.ts";
import type { ProblemJson } from "./problem.ts";

/** What a screen has of one thing: nothing yet, the thing (maybe with why it could not be asked for again), or only why not. */
export interface Resource<T> {
  readonly value: T | null;
  readonly problem: ProblemJson | null;
  readonly isLoading: boolean;
  /** Asks again; what is shown stays until the answer is there. */
  reload(): void;
}

/** One thing of the API, asked for again after each reset of the live feed. A null path asks for nothing. */
export function useResource<T>(path: string | null, query: Query = {}): Resource<T> {
  const [state, setState] = useState<Pick<Resource<T>, "value" | "problem">>({
    value: null,
    problem: null,
  });
  const [isLoading, setLoading] = useState(path !== null);
  const asked = useRef(0);
  const key = path === null ? null : `${path}?${JSON.stringify(query)}`;

  const reload = useCallback(() => {
    if (path === null) return;
    asked.current += 1;
    const turn = asked.current;
    setLoading(true);
    void get<T>(path, query).then((outcome: Outcome<T>) => {
      // An answer that was overtaken by a later question is nobody's any more.
      if (turn !== asked.current) return;
      setLoading(false);
      setState((before) =>
        outcome.kind === "good"
          ? { value: outcome.value, problem: null }
          : { value: before.value, problem: outcome.problem },
      );
    });
  }, [key]);

  useEffect(() => {
    setState({ value: null, problem: null });
    reload();
    return () => {
      asked.current += 1;
    };
  }, [reload]);
  useEffect(() => (resets.value > 0 ? reload() : undefined), [resets.value]);
  useEffect(() => (polls.value > 0 ? reload() : undefined), [polls.value]);

  return { ...state, isLoading, reload };
}
