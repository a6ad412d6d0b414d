import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Option<V extends string> {
  readonly value: V;
  readonly label: ComponentChildren;
  readonly hint?: ComponentChildren;
}

/** One among few that each need a sentence: radio buttons in a frame of their own. */
export function ChoiceField<V extends string>({
  label,
  value,
  options,
  onValue,
}: {
  readonly label: string;
  readonly value: V;
  readonly options: readonly Option<V>[];
  readonly onValue: (value: V) => void;
}) {
  const id = useId();
  return (
    <fieldset class="choices">
      <legend>{label}</legend>
      {options.map((option) => (
        <div key={option.value} class="field check">
          <input
            type="radio"
            id={`${id}-${option.value}`}
            name={id}
            checked={option.value === value}
            aria-describedby={option.hint === undefined ? undefined : `${id}-${option.value}-hint`}
            onChange={() => onValue(option.value)}
          />
          <label for={`${id}-${option.value}`}>{option.label}</label>
          {option.hint !== undefined && (
            <p class="hint" id={`${id}-${option.value}-hint`}>
              {option.hint}
            </p>
          )}
        </div>
      ))}
    </fieldset>
  );
}
