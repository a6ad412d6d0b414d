import { signal } from "@preact/signals";
import type { Key, Words } from "./en.ts";
import { en } from "./en.ts";

/** The part of a counted key before `.one` and `.other`. */
export type CountedKey = Key extends infer K
  ? K extends `${infer Stem}.other`
    ? Stem
    : never
  : never;

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

const STORED = "posthorn.language";
const words = signal<Words>(en);

/** The language that is shown; numbers and dates follow it. */
export const language = signal<Language>("en");

/** A sentence in the present language. Values are put in as text, never as markup. */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  return words.value[key].replaceAll(
    /\{(\w+)\}/g,
    (whole, name: string) => `${values[name] ?? whole}`,
  );
}

/** A sentence about `n` things, in the form that the language has for so many. */
export function tn(
  stem: CountedKey,
  n: number,
  values: Readonly<Record<string, string | number>> = {},
): string {
  const form = new Intl.PluralRules(language.value).select(n);
  const key = `${stem}.${form}`;
  const chosen = key in words.value ? key : `${stem}.other`;
  return t(chosen as Key, { n: new Intl.NumberFormat(language.value).format(n), ...values });
}

/** Shows another language, and remembers it for this browser. */
export async function speak(next: Language): Promise<void> {
  words.value = next === "de" ? (await import("./de.ts")).de : en;
  language.value = next;
  remember(next);
}

/** The reader's own choice, else the first of the browser's languages that we have. */
export function preferredLanguage(): Language {
  const wanted = [remembered(), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find((tag): tag is Language => tag !== null && tag in LANGUAGES) ?? "en";
}

function remembered(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null; // storage may be forbidden; then the browser's language it is
  }
}

function remember(next: Language): void {
  try {
    localStorage.setItem(STORED, next);
  } catch {
    // as above
  }
}
