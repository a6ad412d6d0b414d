import { apiUrl } from "../data/api.ts";
import { isAdmin } from "../data/session.ts";
import { CodeView } from "../parts/json.tsx";
import { Icon } from "../parts/icon.tsx";
import { linkTo } from "../shell/address.ts";
import { t } from "../words/words.ts";

/** The first steps: somewhere to deliver to, and an event. They stay until there is an endpoint. */
export function NoEndpoints({ hasEvents }: { readonly hasEvents: boolean }) {
  return (
    <section class="panel first-steps" aria-label={t("overview.first.title")}>
      <h2>{t("overview.first.title")}</h2>
      <p class="soft">{t(hasEvents ? "overview.first.events" : "overview.first.why")}</p>
      <ol>
        <li>
          <h3>{t("overview.first.endpoint")}</h3>
          <p class="soft">{t("overview.first.endpoint.why")}</p>
          {isAdmin() ? (
            <a class="button primary" href={linkTo(["endpoints", "new"])}>
              <Icon name="plus" />
              {t("endpoint.new")}
            </a>
          ) : (
            <p class="soft">{t("overview.first.viewer")}</p>
          )}
        </li>
        <li>
          <h3>{t("overview.first.send")}</h3>
          <p class="soft">{t("overview.first.send.why")}</p>
          <CodeView text={curl()} label="curl" />
        </li>
      </ol>
    </section>
  );
}

function curl(): string {
  return [
    `curl '${apiUrl("events").href}' \\`,
    "  -H 'Authorization: Bearer <API key>' \\",
    "  -H 'Content-Type: application/json' \\",
    `  -d '{"type":"hello.world","data":{"from":"me"}}'`,
  ].join("\n");
}
