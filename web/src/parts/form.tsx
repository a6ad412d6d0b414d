import type { ComponentChildren } from "preact";
import type { ProblemJson } from "../data/problem.ts";
import { Problem } from "./problem.tsx";

interface FormProps {
  /** Why the last try did not work; null for nothing. */
  readonly problem: ProblemJson | null;
  readonly onSubmit: () => Promise<void>;
  readonly children: ComponentChildren;
}

/** Fields and buttons that are sent by the page itself, with what went wrong above them. */
export function Form({ problem, onSubmit, children }: FormProps) {
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void onSubmit();
      }}
    >
      {problem !== null && <Problem problem={problem} />}
      {children}
    </form>
  );
}
