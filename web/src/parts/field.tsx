import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Common {
  readonly label: string;
  readonly hint?: ComponentChildren;
  /** What is wrong with it, as a sentence; null or absent for nothing. */
  readonly error?: string | null;
}

type InputType = "text" | "password" | "number" | "url" | "search" | "datetime-local";

type TextProps = Common & {
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly type?: InputType;
  /** What the browser may fill in, such as `current-password`. */
  readonly fill?: "off" | "username" | "current-password" | "new-password" | "one-time-code";
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly disabled?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number | "any";
};

/** A labelled text, number or password input. */
export function TextField(props: TextProps) {
  const { label, hint, error, value, onValue, type = "text", fill = "off", ...rest } = props;
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} error={error}>
      <input
        {...rest}
        {...({ type } as { type: "text" })}
        autocomplete={fill}
        spellcheck={false}
        id={id}
        value={value}
        aria-invalid={hasText(error)}
        aria-describedby={describedBy(id, hint, error)}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
    </Labelled>
  );
}

type AreaProps = Common & {
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly rows?: number;
  readonly isMono?: boolean;
  readonly disabled?: boolean;
};

/** A labelled text of several lines. */
export function AreaField({
  label,
  hint,
  error,
  value,
  onValue,
  rows = 6,
  isMono,
  disabled,
}: AreaProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} error={error}>
      <textarea
        id={id}
        rows={rows}
        value={value}
        disabled={disabled}
        class={isMono === true ? "mono" : undefined}
        spellcheck={isMono !== true}
        aria-invalid={hasText(error)}
        aria-describedby={describedBy(id, hint, error)}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
    </Labelled>
  );
}

type SelectProps<V extends string> = Common & {
  readonly value: V;
  readonly onValue: (value: V) => void;
  readonly options: readonly (readonly [value: V, label: string])[];
  readonly disabled?: boolean;
};

/** A labelled choice of one among few. */
export function SelectField<V extends string>(props: SelectProps<V>) {
  const { label, hint, error, value, onValue, options, disabled } = props;
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} error={error}>
      <select
        id={id}
        value={value}
        disabled={disabled}
        aria-invalid={hasText(error)}
        aria-describedby={describedBy(id, hint, error)}
        onChange={({ currentTarget }) => onValue(currentTarget.value as V)}
      >
        {options.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

/** A labelled yes or no. */
export function CheckField({
  label,
  hint,
  value,
  onValue,
  disabled,
}: Common & {
  readonly value: boolean;
  readonly onValue: (value: boolean) => void;
  readonly disabled?: boolean;
}) {
  const id = useId();
  return (
    <div class="field check">
      <input
        id={id}
        type="checkbox"
        checked={value}
        disabled={disabled}
        aria-describedby={describedBy(id, hint, null)}
        onChange={({ currentTarget }) => onValue(currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hasText(hint) && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

function Labelled({
  id,
  label,
  hint,
  error,
  children,
}: Common & { readonly id: string; readonly children: ComponentChildren }) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hasText(hint) && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {hasText(error) && (
        <p class="error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

function hasText(words: ComponentChildren): boolean {
  return words !== null && words !== undefined && words !== "";
}

function describedBy(
  id: string,
  hint: ComponentChildren,
  error: ComponentChildren,
): string | undefined {
  const ids = [hasText(hint) ? `${id}-hint` : "", hasText(error) ? `${id}-error` : ""];
  return ids.filter(Boolean).join(" ") || undefined;
}
