import { connection } from "../data/live.ts";
import { isAdmin } from "../data/session.ts";
import { t } from "../words/words.ts";
import type { IconName } from "./icon.tsx";
import { Icon } from "./icon.tsx";

interface ActProps {
  readonly label: string;
  readonly onDo: () => void;
  readonly icon?: IconName;
  readonly tone?: "primary" | "danger" | "quiet";
  readonly isSmall?: boolean;
  readonly disabled?: boolean;
  /** Also for viewers: what concerns only their own account. */
  readonly isForAll?: boolean;
}

/** Whether changes can't be made now: the daemon does not answer. Without live updates alone it does. */
export function isCutOff(): boolean {
  return connection.value.kind === "lost";
}

/** A button that changes something: viewers don't see it, and it rests while the daemon does not answer. */
export function ActButton(props: ActProps) {
  const { label, onDo, icon, tone, isSmall = false, disabled = false, isForAll = false } = props;
  if (!isForAll && !isAdmin()) return null;
  const names = ["button", tone ?? "", isSmall ? "small" : ""].filter(Boolean);
  return (
    <button
      type="button"
      class={names.join(" ")}
      disabled={disabled || isCutOff()}
      title={isCutOff() ? t("act.cut-off") : undefined}
      onClick={onDo}
    >
      {icon !== undefined && <Icon name={icon} />}
      {label}
    </button>
  );
}
