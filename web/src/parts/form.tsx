import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
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
  const form = useRef<HTMLFormElement>(null);
  // What is wrong may be out of sight, above a long form or in a part of it that is folded.
  useEffect(() => {
    if (problem === null) return;
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    if (wrong === null || wrong === undefined) form.current?.scrollIntoView({ block: "nearest" });
    else wrong.focus();
  }, [problem]);
  return (
    <form
      ref={form}
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
