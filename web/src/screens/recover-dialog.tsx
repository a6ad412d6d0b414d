import { useEffect, useState } from "preact/hooks";
import type { Outcome } from "../data/api.ts";
import { post } from "../data/api.ts";
import { serverNowMs } from "../data/clock.ts";
import { endpointName, useEndpoints } from "../data/endpoints.ts";
import type { ProblemJson } from "../data/problem.ts";
import { Ask } from "../parts/ask.tsx";
import { Problem } from "../parts/problem.tsx";
import { Time } from "../parts/time.tsx";
import { t, tn } from "../words/words.ts";

/** What to send again: all that failed at an endpoint, or what failed with one error. */
export interface Target {
  readonly endpointId: string;
  readonly error: string | null;
}

/** What was put in motion, and since when. */
export interface Progress {
  readonly startedAtMs: number;
  readonly endpointIds: readonly string[];
  readonly count: number;
}

interface RecoverDialogProps {
  readonly targets: readonly Target[];
  readonly since: string;
  readonly onDone: (progress: Progress) => void;
  readonly onClose: () => void;
}

/** Says first how many it would be. */
export function RecoverDialog({ targets, since, onDone, onClose }: RecoverDialogProps) {
  const [count, setCount] = useState<number | null>(null);
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  const endpoints = useEndpoints();
  useEffect(() => {
    let isWanted = true;
    void recovered(targets, since, true).then((outcome) => {
      if (!isWanted) return;
      if (outcome.kind === "good") setCount(outcome.value);
      else setProblem(outcome.problem);
    });
    return () => {
      isWanted = false;
    };
  }, [targets, since]);
  const [first] = targets;
  const endpoint = first === undefined ? undefined : endpoints.get(first.endpointId);
  const name = endpoint === undefined ? (first?.endpointId ?? "") : endpointName(endpoint);
  return (
    <Ask<Progress>
      title={targets.length === 1 ? t("recover.title", { name }) : t("recover.title.all")}
      action={count === null ? t("recover.group") : tn("recover.do", count)}
      disabled={count === null || count === 0}
      onDo={() => started(targets, since)}
      onDone={onDone}
      onClose={onClose}
    >
      {problem !== null && <Problem problem={problem} />}
      <p role="status">
        {count === null
          ? problem === null && t("recover.counting")
          : count === 0
            ? t("recover.count.none")
            : tn("recover.count", count)}
      </p>
      {first !== undefined && first.error !== null && (
        <p>
          {t("recover.error")} <code>{first.error}</code>
        </p>
      )}
      <p class="soft">
        {t("recover.since")} <Time at={since} />. {t("recover.how")}
      </p>
    </Ask>
  );
}

async function started(targets: readonly Target[], since: string): Promise<Outcome<Progress>> {
  const startedAtMs = serverNowMs();
  const outcome = await recovered(targets, since, false);
  if (outcome.kind === "bad") return outcome;
  const endpointIds = targets.map(({ endpointId }) => endpointId);
  return { kind: "good", value: { startedAtMs, endpointIds, count: outcome.value } };
}

/** One endpoint after the other; where one can't be, those before it are under way and the rest is not. */
async function recovered(
  targets: readonly Target[],
  since: string,
  isPreview: boolean,
): Promise<Outcome<number>> {
  let count = 0;
  for (const { endpointId, error } of targets) {
    const outcome = await post<{ readonly recovered: number }>(`endpoints/${endpointId}/recover`, {
      since,
      ...(error === null ? {} : { error }),
      ...(isPreview ? { dry_run: true } : {}),
    });
    if (outcome.kind === "bad") return outcome;
    count += outcome.value.recovered;
  }
  return { kind: "good", value: count };
}
