import { useState } from "preact/hooks";
import { t } from "../words/words.ts";
import { Icon } from "./icon.tsx";

const SHOWN_MS = 1_500;

/** Copies a text. On plain http there is no clipboard API, so the old way stands in for it. */
export function CopyButton({ text, label }: { readonly text: string; readonly label?: string }) {
  const [isDone, setDone] = useState(false);
  async function copy(): Promise<void> {
    if (!(await copied(text))) return;
    setDone(true);
    setTimeout(() => setDone(false), SHOWN_MS);
  }
  const words = isDone ? t("do.copied") : (label ?? t("do.copy"));
  return (
    <button type="button" class="button quiet small" onClick={() => void copy()}>
      <Icon name={isDone ? "check" : "copy"} />
      <span aria-live="polite">{words}</span>
    </button>
  );
}

async function copied(text: string): Promise<boolean> {
  try {
    if (window.isSecureContext) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused by the browser's settings; the other way may still work.
  }
  return copiedByHand(text);
}

function copiedByHand(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "only-read";
  // A dialog makes everything outside it inert, and what is inert can't be selected.
  const place = document.querySelector("dialog[open]") ?? document.body;
  const before = document.activeElement;
  place.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return isDone;
}

/** An id, whole and selectable, with a button that copies it. */
export function CopyText({ text }: { readonly text: string }) {
  return (
    <span class="copy-text">
      <code>{text}</code>
      <CopyButton text={text} />
    </span>
  );
}
