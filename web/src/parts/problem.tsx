import type { ComponentChildren } from "preact";
import type { ProblemJson } from "../data/problem.ts";
import { problemText } from "../words/problem.ts";
import { t } from "../words/words.ts";
import { Icon } from "./icon.tsx";

/** Why something did not work, in a sentence, and what can be done. */
export function Problem({
  problem,
  retry,
}: {
  readonly problem: ProblemJson;
  readonly retry?: () => void;
}) {
  const text = problemText(problem);
  // The sentence often holds the first of them, or the only one.
  const others = problem.problems?.filter(({ detail }) => !text.includes(detail)) ?? [];
  return (
    <div class="notice bad" role="alert">
      <Icon name="warn" />
      <div>
        <p>{text}</p>
        {others.map(({ pointer, detail }) => (
          <p key={pointer} class="small">
            {detail}
          </p>
        ))}
        {problem.retryAfterS !== null && (
          <p class="small">{t("problem.retry", { seconds: problem.retryAfterS })}</p>
        )}
      </div>
      {retry !== undefined && problem.code !== "forbidden" && (
        <button type="button" class="button" onClick={retry}>
          {t("do.retry")}
        </button>
      )}
    </div>
  );
}

/** What stands where a list would: what is missing, why, and what to do next. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
