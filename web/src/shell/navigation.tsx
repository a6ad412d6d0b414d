import type { SignedInJson } from "../../../daemon/api/account-json.ts";
import { connection, totals } from "../data/live.ts";
import { application, show, signOut } from "../data/session.ts";
import { SelectField } from "../parts/field.tsx";
import { Icon } from "../parts/icon.tsx";
import { compact } from "../words/format.ts";
import type { Language } from "../words/words.ts";
import { LANGUAGES, language, speak, t } from "../words/words.ts";
import { address, linkTo } from "./address.ts";
import { SCREENS } from "./screens.ts";
import type { Theme } from "./theme.ts";
import { chooseTheme, theme } from "./theme.ts";

/** The screens, the application, and what concerns the reader. On narrow screens it opens from the top. */
export function Navigation({
  who,
  isOpen,
}: {
  readonly who: SignedInJson;
  readonly isOpen: boolean;
}) {
  return (
    <nav class={isOpen ? "side open" : "side"} aria-label={t("nav.label")}>
      {who.applications.length > 1 && (
        <SelectField
          label={t("nav.application")}
          value={application.value ?? ""}
          onValue={(id) => show(id)}
          options={who.applications.map(({ id, name }) => [id, name] as const)}
        />
      )}
      <Links isInstance={false} isAdmin={who.account.role === "admin"} />
      <hr />
      <Links isInstance isAdmin={who.account.role === "admin"} />
      <div class="side-foot">
        <LiveMark />
        <Choices />
        <p class="me">
          <span>{who.account.name}</span>
          <button type="button" class="button quiet small" onClick={() => void signOut()}>
            <Icon name="out" />
            {t("nav.sign-out")}
          </button>
        </p>
      </div>
    </nav>
  );
}

function Links({
  isInstance,
  isAdmin,
}: {
  readonly isInstance: boolean;
  readonly isAdmin: boolean;
}) {
  const here = address.value.path[0] ?? "overview";
  const shown = SCREENS.filter(
    (screen) => screen.isInstance === isInstance && (isAdmin || screen.isForAdmin !== true),
  );
  return (
    <ul>
      {shown.map(({ path, title, icon }) => (
        <li key={path}>
          <a href={linkTo([path])} aria-current={here === path ? "page" : undefined}>
            <Icon name={icon} />
            <span>{t(title)}</span>
            {path === "deliveries" && <Waiting />}
          </a>
        </li>
      ))}
    </ul>
  );
}

function Waiting() {
  const count = (totals.value?.pending ?? 0) + (totals.value?.held ?? 0);
  return count === 0 ? null : <span class="count number">{compact(count)}</span>;
}

const LIVE_WORDS = {
  live: "live.on",
  unfed: "live.off",
  connecting: "live.connecting",
  lost: "live.connecting",
} as const;

function LiveMark() {
  const { kind } = connection.value;
  return (
    <p class={`live ${kind}`}>
      <span class="dot" aria-hidden="true" />
      {t(LIVE_WORDS[kind])}
    </p>
  );
}

function Choices() {
  const themes: readonly (readonly [Theme, string])[] = [
    ["auto", t("theme.auto")],
    ["light", t("theme.light")],
    ["dark", t("theme.dark")],
  ];
  return (
    <>
      <SelectField
        label={t("theme.label")}
        value={theme.value}
        onValue={chooseTheme}
        options={themes}
      />
      <SelectField
        label={t("language.label")}
        value={language.value}
        onValue={(next) => void speak(next)}
        options={Object.entries(LANGUAGES) as readonly (readonly [Language, string])[]}
      />
    </>
  );
}
