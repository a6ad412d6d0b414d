import { useEffect, useState } from "preact/hooks";
import { connect, onDelta, totals } from "../data/live.ts";
import { CopyButton } from "../parts/copy.tsx";
import { Icon } from "../parts/icon.tsx";
import { t } from "../words/words.ts";

interface FirstEventProps {
  readonly apiKey: string;
  readonly eventsUrl: string;
  readonly onDone: () => void;
}

/** The first key, the first `curl`, and a light that goes on when the event has come. */
export function FirstEvent({ apiKey, eventsUrl, onDone }: FirstEventProps) {
  const [hasCome, setCome] = useState(false);
  useEffect(() => {
    connect(null);
    return onDelta(({ flow }) => {
      if ((flow?.accepted ?? 0) > 0) setCome(true);
    });
  }, []);
  const command = curl(eventsUrl, apiKey);
  return (
    <>
      <h1>{t("first.title")}</h1>
      <p>{t("first.key")}</p>
      <div class="code-box">
        <code>{apiKey}</code>
        <CopyButton text={apiKey} />
      </div>
      <p>{t("first.send")}</p>
      <div class="code-box">
        <pre>{command}</pre>
        <CopyButton text={command} />
      </div>
      <p class={hasCome ? "notice good" : "notice"} role="status">
        <Icon name={hasCome ? "check" : "clock"} />
        {hasCome
          ? t("first.come")
          : totals.value === null
            ? t("live.connecting")
            : t("first.waiting")}
      </p>
      <button type="button" class="button primary" onClick={onDone}>
        {t("first.done")}
      </button>
    </>
  );
}

/** For a POSIX shell, on as many lines as it takes to read it. */
function curl(url: string, key: string): string {
  return [
    `curl '${url}' \\`,
    `  -H 'Authorization: Bearer ${key}' \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '{"type":"hello.world","data":{"from":"me"}}'`,
  ].join("\n");
}
