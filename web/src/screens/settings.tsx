import type { ComponentType } from "preact";
import type { SettingsJson } from "../../../daemon/api/system-json.ts";
import { useResource } from "../data/resource.ts";
import { isAdmin } from "../data/session.ts";
import { ScreenHead } from "../parts/head.tsx";
import { Empty, Problem } from "../parts/problem.tsx";
import type { OfficeProps } from "../parts/settings-form.tsx";
import { linkTo } from "../shell/address.ts";
import type { Key } from "../words/en.ts";
import { t } from "../words/words.ts";
import { Accounts } from "./accounts.tsx";
import { OwnAccount } from "./own-account.tsx";
import { Sessions } from "./sessions.tsx";
import { DefaultSettings } from "./settings-defaults.tsx";
import { EgressSettings } from "./settings-egress.tsx";
import { GeneralSettings } from "./settings-general.tsx";

type Section = {
  readonly key: string;
  readonly title: Key;
  readonly isForAdmin?: boolean;
} & ({ readonly office: ComponentType<OfficeProps> } | { readonly people: ComponentType });

const SECTIONS: readonly Section[] = [
  { key: "general", title: "settings.general", office: GeneralSettings },
  { key: "egress", title: "settings.egress", office: EgressSettings },
  { key: "defaults", title: "settings.defaults", office: DefaultSettings },
  { key: "accounts", title: "settings.accounts", isForAdmin: true, people: Accounts },
  { key: "sessions", title: "settings.sessions", people: Sessions },
  { key: "me", title: "settings.me", people: OwnAccount },
];

/** What can be set, a section each with an address of its own. */
export function Settings({ id }: { readonly id: string | null }) {
  const shown = SECTIONS.filter(({ isForAdmin }) => isForAdmin !== true || isAdmin());
  const wanted = id ?? "general";
  const here = shown.find(({ key }) => key === wanted);
  return (
    <>
      <ScreenHead title={t("nav.settings")} />
      <nav class="tab-list" aria-label={t("settings.sections")}>
        {shown.map(({ key, title }) => (
          <a
            key={key}
            class="tab"
            href={linkTo(["settings", key])}
            aria-current={key === wanted ? "page" : undefined}
          >
            {t(title)}
          </a>
        ))}
      </nav>
      {here === undefined && <Nothing id={wanted} />}
      {here !== undefined && "office" in here && <Office Section={here.office} />}
      {here !== undefined && "people" in here && <here.people />}
    </>
  );
}

/** A section that there is not, or not for this account. */
function Nothing({ id }: { readonly id: string }) {
  const exists = SECTIONS.some(({ key }) => key === id);
  return <Empty title={t(exists ? "empty.permission" : "empty.no-such")} />;
}

function Office({ Section }: { readonly Section: ComponentType<OfficeProps> }) {
  const { value, problem, reload } = useResource<SettingsJson>("settings");
  if (value === null) {
    return problem === null ? (
      <p class="soft">{t("list.loading")}</p>
    ) : (
      <Problem problem={problem} retry={reload} />
    );
  }
  return <Section settings={value} onSaved={reload} />;
}
