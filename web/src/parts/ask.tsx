import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Outcome } from "../data/api.ts";
import type { ProblemJson } from "../data/problem.ts";
import { t } from "../words/words.ts";
import { isCutOff } from "./act.tsx";
import { Dialog } from "./dialog.tsx";
import { Form } from "./form.tsx";

interface AskProps<T> {
  readonly title: string;
  /** What the button says: what will be done, not "OK". */
  readonly action: string;
  readonly tone?: "primary" | "danger";
  readonly isWide?: boolean;
  readonly disabled?: boolean;
  readonly onDo: () => Promise<Outcome<T>>;
  readonly onDone: (value: T) => void;
  readonly onClose: () => void;
  /** The question or the fields; given why the last try did not work, for what is wrong with which. */
  readonly children: ComponentChildren | ((problem: ProblemJson | null) => ComponentChildren);
}

/** A question before something is done, or a form that makes something: it stays open, and says why, where that did not work. */
export function Ask<T>(props: AskProps<T>) {
  const { title, action, tone = "primary", onDo, onDone, onClose, children } = props;
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  const [isBusy, setBusy] = useState(false);
  async function submit(): Promise<void> {
    setBusy(true);
    const outcome = await onDo();
    setBusy(false);
    if (outcome.kind === "good") onDone(outcome.value);
    else setProblem(outcome.problem);
  }
  return (
    <Dialog title={title} onClose={onClose} isWide={props.isWide ?? false}>
      <Form problem={problem} onSubmit={submit}>
        {typeof children === "function" ? children(problem) : children}
        <div class="buttons">
          <button
            type="submit"
            class={`button ${tone}`}
            disabled={isBusy || props.disabled === true || isCutOff()}
          >
            {action}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {t("do.cancel")}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}
