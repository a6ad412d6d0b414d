import { t } from "../words/words.ts";

/** The horn and the name. */
export function Brand() {
  return (
    <span class="brand">
      <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="7" />
        <circle cx="16.5" cy="16" r="5.6" />
        <path d="M5 10.500h11.500M16.500 21.600H13M22.100 16c0-4 1.400-6.600 4.900-8.500v17c-3.500-1.900-4.900-4.500-4.900-8.500" />
      </svg>
      {t("app.name")}
    </span>
  );
}
