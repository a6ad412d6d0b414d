import { useState } from "preact/hooks";
import type { SettingJson } from "../../../daemon/api/system-json.ts";
import { problemAt } from "../data/problem.ts";
import { TextField } from "../parts/field.tsx";
import type { PlainColumns } from "../parts/list-table.tsx";
import { PlainTable } from "../parts/list-table.tsx";
import type { OfficeProps } from "../parts/settings-form.tsx";
import { Marked } from "../parts/marked.tsx";
import { SettingsForm } from "../parts/settings-form.tsx";
import { t } from "../words/words.ts";

/** How long things are kept, and everything that the daemon was started with. */
export function GeneralSettings({ settings, onSaved }: OfficeProps) {
  const [days, setDays] = useState(`${settings.office.retention_days}`);
  const isPinned = settings.pinned.includes("retention_days");
  return (
    <>
      <SettingsForm
        title={t("settings.retention")}
        why={t("settings.retention.why")}
        body={() => ({ retention_days: Number(days) })}
        isDisabled={isPinned}
        onSaved={onSaved}
      >
        {(problem, isFixed) => (
          <TextField
            label={t("settings.retention.days")}
            hint={isPinned ? t("settings.pinned") : undefined}
            type="number"
            min={1}
            value={days}
            onValue={setDays}
            disabled={isFixed || isPinned}
            error={problemAt(problem, "/retention_days")}
            required
          />
        )}
      </SettingsForm>
      <section class="stack">
        <h2>{t("settings.configuration")}</h2>
        <p class="soft">{t("settings.configuration.why")}</p>
        <PlainTable
          label={t("settings.configuration")}
          columns={columns()}
          rows={settings.configuration}
          keyOf={({ name }) => name}
        />
      </section>
    </>
  );
}

function columns(): PlainColumns<SettingJson> {
  return [
    {
      key: "name",
      title: t("settings.name"),
      cell: ({ name, help }) => (
        <div class="setting">
          <code>{name}</code>
          <div class="soft small">
            <Marked text={help} />
          </div>
        </div>
      ),
    },
    {
      key: "value",
      title: t("settings.value"),
      cell: ({ value }) =>
        value === null || value === "" ? (
          <span class="soft">{t("settings.unset")}</span>
        ) : (
          <code class="value">{value}</code>
        ),
    },
    {
      key: "origin",
      title: t("settings.origin"),
      cell: ({ origin }) =>
        origin === "default" ? <span class="soft">{t("settings.default")}</span> : origin,
    },
  ];
}
