import { useState } from "preact/hooks";
import { problemUnder } from "../data/problem.ts";
import { AreaField } from "../parts/field.tsx";
import type { OfficeProps } from "../parts/settings-form.tsx";
import { SettingsForm } from "../parts/settings-form.tsx";
import { t } from "../words/words.ts";

/** Which private targets every endpoint may reach. */
export function EgressSettings({ settings, onSaved }: OfficeProps) {
  const [text, setText] = useState(settings.office.egress_allow.join("\n"));
  const grants = text.split(/[\s,]+/).filter(Boolean);
  const started = settings.configuration.find(({ name }) => name === "POSTHORN_EGRESS_ALLOW");
  return (
    <SettingsForm
      title={t("settings.egress.title")}
      why={t("settings.egress.why")}
      body={() => ({ egress_allow: grants })}
      onSaved={onSaved}
    >
      {(problem, isFixed) => (
        <>
          <AreaField
            label={t("settings.egress.allow")}
            hint={t("settings.egress.hint")}
            value={text}
            onValue={setText}
            rows={6}
            isMono
            disabled={isFixed}
            error={problemUnder(problem, "/egress_allow")}
          />
          {started?.value !== undefined && started.value !== null && started.value !== "" && (
            <p class="soft">
              {t("settings.egress.started")} <code>{started.value}</code>
            </p>
          )}
        </>
      )}
    </SettingsForm>
  );
}
