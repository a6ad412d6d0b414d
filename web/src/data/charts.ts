import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { ChartsJson } from "../../../daemon/api/overview-json.ts";
import { get } from "./api.ts";
import { serverNowMs } from "./clock.ts";
import { connection, resets } from "./live.ts";
import type { ProblemJson } from "./problem.ts";

const HOUR_MS = 3_600_000;

/** How far back a chart looks. */
export const SPANS_MS = {
  "1h": HOUR_MS,
  "6h": 6 * HOUR_MS,
  "24h": 24 * HOUR_MS,
  "7d": 168 * HOUR_MS,
  "30d": 720 * HOUR_MS,
} as const;
export type Span = keyof typeof SPANS_MS;

const AGAIN_MS = 30_000;

interface Charts {
  readonly value: ChartsJson | null;
  readonly problem: ProblemJson | null;
  reload(): void;
}

/** What went through lately, of all endpoints or of one; asked for again twice a minute while somebody looks. */
export function useCharts(span: Span, endpointId: string | null): Charts {
  const [state, setState] = useState<Pick<Charts, "value" | "problem">>({
    value: null,
    problem: null,
  });
  const turn = useRef(0);
  const reload = useCallback(() => {
    turn.current += 1;
    const mine = turn.current;
    const from = new Date(serverNowMs() - SPANS_MS[span]).toISOString();
    void get<ChartsJson>("charts", { from, endpoint_id: endpointId }).then((outcome) => {
      if (mine !== turn.current) return;
      setState((before) =>
        outcome.kind === "good"
          ? { value: outcome.value, problem: null }
          : { value: before.value, problem: outcome.problem },
      );
    });
  }, [span, endpointId]);

  useEffect(() => {
    reload();
    return () => {
      turn.current += 1;
    };
  }, [reload, resets.value]);
  useAgain(reload, AGAIN_MS);
  return { ...state, reload };
}

/** Calls now and then, but not where nobody looks or nobody could answer. */
export function useAgain(call: () => void, everyMs: number): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible" && connection.value.kind !== "lost") call();
    }, everyMs);
    return () => clearInterval(timer);
  }, [call, everyMs]);
}
