import { signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

const STORED = "posthorn.theme";

/** `auto` follows the system, also while the page is open. */
export const theme = signal<Theme>(stored());

export function chooseTheme(next: Theme): void {
  theme.value = next;
  try {
    localStorage.setItem(STORED, next);
  } catch {
    // Storage may be forbidden: then the choice lasts as long as the page.
  }
  applyTheme();
}

/** Puts the choice on the document, where the style sheet looks. */
export function applyTheme(): void {
  document.documentElement.dataset["theme"] = theme.value;
}

function stored(): Theme {
  try {
    const text = localStorage.getItem(STORED);
    return text === "light" || text === "dark" ? text : "auto";
  } catch {
    return "auto";
  }
}
