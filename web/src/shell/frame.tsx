import { useEffect, useState } from "preact/hooks";
import type { SignedInJson } from "../../../daemon/api/account-json.ts";
import { Icon } from "../parts/icon.tsx";
import { t } from "../words/words.ts";
import { address, backTo, goTo } from "./address.ts";
import { Banner } from "./banner.tsx";
import { Brand } from "./brand.tsx";
import { FreshPassword } from "./fresh.tsx";
import { Help } from "./help.tsx";
import { Navigation } from "./navigation.tsx";
import { Outlet } from "./outlet.tsx";
import { Palette } from "./palette.tsx";

type Over = "nothing" | "palette" | "help";

/** What stands around every screen of somebody who is signed in. */
export function Frame({ who }: { readonly who: SignedInJson }) {
  const [over, setOver] = useState<Over>("nothing");
  const [isMenuOpen, setMenuOpen] = useState(false);
  useKeys(setOver);
  useEffect(() => setMenuOpen(false), [address.value]);
  return (
    <div class="frame">
      <a class="skip" href="#content" onClick={focusContent}>
        {t("app.skip")}
      </a>
      <header class="top">
        <button
          type="button"
          class="button quiet square menu-button"
          aria-label={t("nav.more")}
          aria-expanded={isMenuOpen}
          onClick={() => setMenuOpen(!isMenuOpen)}
        >
          <Icon name="menu" />
        </button>
        <a class="home" href="#/overview">
          <Brand />
        </a>
        <button type="button" class="button find" onClick={() => setOver("palette")}>
          <Icon name="search" />
          {t("nav.palette")}
          <kbd>Ctrl K</kbd>
        </button>
      </header>
      <Navigation who={who} isOpen={isMenuOpen} />
      <main id="content" tabIndex={-1}>
        <Banner />
        <Outlet />
      </main>
      {over === "palette" && <Palette onClose={() => setOver("nothing")} />}
      {over === "help" && <Help onClose={() => setOver("nothing")} />}
      <FreshPassword hasTotp={who.account.has_totp} />
    </div>
  );
}

/** The hash is the address of a screen, so a link to a place in the page has to move the focus itself. */
function focusContent(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

/** Keys that work everywhere but where somebody writes. */
function useKeys(setOver: (over: Over) => void): void {
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        return setOver("palette");
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      if (document.querySelector("dialog[open]") !== null) return;
      if (event.key === "?") setOver("help");
      else if (event.key === "/") focusFirst("[data-filter]", event);
      else if (event.key === "j" || event.key === "k") focusFirst("[data-list]", event);
      else if (event.key === "Escape" && address.value.path.length > 1)
        goTo(backTo(address.value.path[0] ?? ""));
    }
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("input, textarea, select, [contenteditable]") !== null
  );
}

function focusFirst(selector: string, event: KeyboardEvent): void {
  const element = document.querySelector<HTMLElement>(selector);
  if (element === null || element === document.activeElement) return;
  event.preventDefault();
  element.focus();
}
