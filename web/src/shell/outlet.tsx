import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { application } from "../data/session.ts";
import { ScreenHead } from "../parts/head.tsx";
import { t } from "../words/words.ts";
import { address } from "./address.ts";
import type { Screen } from "./screens.ts";
import { screenAt } from "./screens.ts";

/** The screen that the address names. Its title is the document's, and it has the focus when one goes there. */
export function Outlet() {
  const { path } = address.value;
  const entry = screenAt(path);
  const [loaded, setLoaded] = useState<{ readonly path: string; readonly screen: Screen } | null>(
    null,
  );
  const id = path[1] ?? null;

  useEffect(() => {
    document.title = `${t(entry?.title ?? "not-found.title")} · ${t("app.name")}`;
    if (entry === undefined) return undefined;
    let isWanted = true;
    void entry.load().then((screen) => {
      if (isWanted) setLoaded({ path: entry.path, screen });
    });
    return () => {
      isWanted = false;
    };
  }, [entry]);

  const place = path.slice(0, 2).join("/");
  const before = useRef(place);
  // Before the reader sees it: later, it would take the focus from whoever has begun to type.
  useLayoutEffect(() => {
    if (before.current === place) return;
    before.current = place;
    // Another screen begins at its beginning, also for who can't see it.
    scrollTo(0, 0);
    document.getElementById("content")?.focus({ preventScroll: true });
  }, [place]);

  if (entry === undefined) {
    return (
      <>
        <ScreenHead title={t("not-found.title")} />
        <p>
          <a href="#/overview">{t("not-found.back")}</a>
        </p>
      </>
    );
  }
  if (loaded === null || loaded.path !== entry.path)
    return <p class="waiting soft">{t("list.loading")}</p>;
  const Shown = loaded.screen;
  // Another application's list is another list.
  return <Shown key={`${application.value ?? ""}/${entry.path}/${id ?? ""}`} id={id} />;
}
