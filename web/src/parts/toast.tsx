import { signal } from "@preact/signals";
import { Icon } from "./icon.tsx";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isBad: boolean;
}

const SHOWN_MS = 6_000;
const SHOWN_MAX = 3;
const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** Says for some seconds what has just been done. What went wrong belongs where it went wrong, and only then here. */
export function say(text: string, { isBad = false } = {}): void {
  last += 1;
  const id = last;
  toasts.value = [...toasts.value, { id, text, isBad }].slice(-SHOWN_MAX);
  setTimeout(() => {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
  }, SHOWN_MS);
}

/** The corner where they stand; there is one, in the shell. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, isBad }) => (
        <p key={id} class={isBad ? "toast bad" : "toast"}>
          <Icon name={isBad ? "warn" : "check"} />
          {text}
        </p>
      ))}
    </div>
  );
}
