import type { Key } from "../words/en.ts";
import { t } from "../words/words.ts";
import type { IconName } from "./icon.tsx";
import { Icon } from "./icon.tsx";

type Look = readonly [icon: IconName, tone: "good" | "warn" | "bad" | "calm" | "mute"];

/** The looks of all states: never a colour alone. */
const LOOKS = {
  pending: ["clock", "calm"],
  in_flight: ["plane", "calm"],
  held: ["pause", "warn"],
  delivered: ["check", "good"],
  exhausted: ["cross", "bad"],
  cancelled: ["ban", "mute"],
  active: ["check", "good"],
  paused: ["pause", "warn"],
  disabled: ["ban", "bad"],
} as const satisfies Readonly<Record<string, Look>>;

export type StateName = keyof typeof LOOKS;

/** A state as icon, word and colour. */
export function StateBadge({ state }: { readonly state: StateName }) {
  const [icon, tone] = LOOKS[state];
  return (
    <span class={`badge ${tone}`}>
      <Icon name={icon} />
      {t(`state.${state}` satisfies Key)}
    </span>
  );
}
