import type { TargetedKeyboardEvent } from "preact";
import { useEffect, useId, useMemo, useState } from "preact/hooks";
import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import { get } from "../data/api.ts";
import { isAdmin } from "../data/session.ts";
import { Dialog } from "../parts/dialog.tsx";
import type { IconName } from "../parts/icon.tsx";
import { Icon } from "../parts/icon.tsx";
import { t } from "../words/words.ts";
import { goTo, linkTo } from "./address.ts";
import { SCREENS } from "./screens.ts";

interface Place {
  readonly key: string;
  readonly label: string;
  readonly icon: IconName;
  readonly link: string;
}

const SHOWN_MAX = 12;
const ID_SCREENS = { ep: "endpoints", evt: "events", dlv: "deliveries" } as const;

/** Goes anywhere by a few letters: screens, endpoints by address or description, and whatever has an id. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const endpoints = useEndpoints();
  const id = useId();
  const places = useMemo(() => placesFor(text.trim(), endpoints), [text, endpoints]);
  const chosen = places[Math.min(at, places.length - 1)];

  function go(place: Place): void {
    onClose();
    goTo(place.link);
  }

  function onKeyDown(event: TargetedKeyboardEvent<HTMLInputElement>): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setAt((places.length + Math.min(at, places.length - 1) + step) % Math.max(1, places.length));
    }
    if (event.key !== "Enter") return;
    // What is typed may be newer than what is drawn: quick fingers mean the former.
    const typed = event.currentTarget.value;
    const meant = typed === text ? chosen : placesFor(typed.trim(), endpoints)[0];
    if (meant === undefined) return;
    event.preventDefault();
    go(meant);
  }

  return (
    <Dialog title={t("palette.label")} onClose={onClose}>
      <input
        class="palette-input"
        role="combobox"
        aria-label={t("palette.label")}
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen === undefined ? undefined : `${id}-${chosen.key}`}
        placeholder={t("palette.placeholder")}
        autocomplete="off"
        spellcheck={false}
        // The dialog gives the focus to the first that asks for it.
        autofocus
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={`${id}-list`} role="listbox" aria-label={t("palette.label")} class="palette-list">
        {places.map((place) => (
          <li
            key={place.key}
            id={`${id}-${place.key}`}
            role="option"
            aria-selected={place === chosen}
            onClick={() => go(place)}
          >
            <Icon name={place.icon} />
            {place.label}
          </li>
        ))}
      </ul>
      {places.length === 0 && <p class="soft">{t("palette.none")}</p>}
    </Dialog>
  );
}

function placesFor(text: string, endpoints: readonly EndpointJson[]): readonly Place[] {
  const byId = placeOfId(text);
  const wanted = text.toLowerCase();
  const screens = SCREENS.filter(({ isForAdmin }) => isAdmin() || isForAdmin !== true).map(
    ({ path, title, icon }): Place => ({ key: path, label: t(title), icon, link: linkTo([path]) }),
  );
  const known = endpoints.map(({ id, url, description }): Place => ({
    key: id,
    label: description === "" ? url : `${description} · ${url}`,
    icon: "endpoints",
    link: linkTo(["endpoints", id]),
  }));
  const matching = [...screens, ...known].filter(({ label }) =>
    label.toLowerCase().includes(wanted),
  );
  return [...byId, ...matching].slice(0, SHOWN_MAX);
}

function placeOfId(text: string): readonly Place[] {
  const prefix = /^(ep|evt|dlv)_[0-9a-z]{26}$/.exec(text)?.[1] as
    | keyof typeof ID_SCREENS
    | undefined;
  if (prefix === undefined) return [];
  const screen = ID_SCREENS[prefix];
  const icon: IconName = screen;
  return [{ key: text, label: text, icon, link: linkTo([screen, text]) }];
}

function useEndpoints(): readonly EndpointJson[] {
  const [endpoints, setEndpoints] = useState<readonly EndpointJson[]>([]);
  useEffect(() => {
    void get<{ data: readonly EndpointJson[] }>("endpoints", { limit: 250 }).then((outcome) => {
      if (outcome.kind === "good") setEndpoints(outcome.value.data);
    });
  }, []);
  return endpoints;
}
