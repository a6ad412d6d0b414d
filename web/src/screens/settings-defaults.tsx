import { useState } from "preact/hooks";
import type { OfficeSettingsJson } from "../../../daemon/api/system-json.ts";
import type { ProblemJson } from "../data/problem.ts";
import { problemAt, problemUnder } from "../data/problem.ts";
import { SelectField, TextField } from "../parts/field.tsx";
import type { OfficeProps } from "../parts/settings-form.tsx";
import { SettingsForm } from "../parts/settings-form.tsx";
import { t } from "../words/words.ts";

type Defaults = OfficeSettingsJson["endpoint_defaults"];
type Table = "appliance" | "standard-webhooks" | "own";

interface Draft {
  readonly table: Table;
  readonly steps: string;
  readonly retry: Defaults["retry"];
  readonly timeoutS: string;
  readonly concurrency: string;
  readonly disableDays: string;
}

/** What a new endpoint has where its maker says nothing. */
export function DefaultSettings({ settings, onSaved }: OfficeProps) {
  const [draft, setDraft] = useState<Draft>(draftOf(settings.office.endpoint_defaults));
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });
  return (
    <SettingsForm
      title={t("settings.defaults")}
      why={t("settings.defaults.why")}
      body={() => ({ endpoint_defaults: defaultsOf(draft) })}
      onSaved={onSaved}
    >
      {(problem, isFixed) => (
        <>
          <Retries draft={draft} change={change} problem={problem} isFixed={isFixed} />
          <Limits draft={draft} change={change} problem={problem} isFixed={isFixed} />
        </>
      )}
    </SettingsForm>
  );
}

interface PartProps {
  readonly draft: Draft;
  readonly change: (part: Partial<Draft>) => void;
  readonly problem: ProblemJson | null;
  readonly isFixed: boolean;
}

function Retries({ draft, change, problem, isFixed }: PartProps) {
  return (
    <>
      <SelectField<Table>
        label={t("settings.backoff")}
        hint={t("settings.backoff.hint")}
        value={draft.table}
        onValue={(table) => change({ table })}
        disabled={isFixed}
        options={[
          ["appliance", t("settings.backoff.appliance")],
          ["standard-webhooks", t("settings.backoff.standard")],
          ["own", t("settings.backoff.own")],
        ]}
      />
      {draft.table === "own" && (
        <TextField
          label={t("settings.backoff.steps")}
          hint={t("settings.backoff.steps.hint")}
          value={draft.steps}
          onValue={(steps) => change({ steps })}
          disabled={isFixed}
          error={problemUnder(problem, "/endpoint_defaults/backoff")}
          placeholder="5, 30, 300, 3600"
          required
        />
      )}
      <SelectField<Defaults["retry"]>
        label={t("settings.retry")}
        value={draft.retry}
        onValue={(retry) => change({ retry })}
        disabled={isFixed}
        options={[
          ["all", t("settings.retry.all")],
          ["transient", t("settings.retry.transient")],
        ]}
      />
    </>
  );
}

function Limits({ draft, change, problem, isFixed }: PartProps) {
  return (
    <>
      <TextField
        label={t("settings.timeout")}
        type="number"
        min={0.1}
        step="any"
        value={draft.timeoutS}
        onValue={(timeoutS) => change({ timeoutS })}
        disabled={isFixed}
        error={problemAt(problem, "/endpoint_defaults/timeout_ms")}
        required
      />
      <TextField
        label={t("settings.concurrency")}
        type="number"
        min={1}
        value={draft.concurrency}
        onValue={(concurrency) => change({ concurrency })}
        disabled={isFixed}
        error={problemAt(problem, "/endpoint_defaults/concurrency")}
        required
      />
      <TextField
        label={t("settings.disable")}
        hint={t("settings.disable.hint")}
        type="number"
        min={0}
        step="any"
        value={draft.disableDays}
        onValue={(disableDays) => change({ disableDays })}
        disabled={isFixed}
        error={problemAt(problem, "/endpoint_defaults/auto_disable_days")}
      />
    </>
  );
}

function draftOf(defaults: Defaults): Draft {
  const { backoff, retry, timeout_ms: timeoutMs, concurrency } = defaults;
  return {
    table: typeof backoff === "string" ? backoff : "own",
    steps: typeof backoff === "string" ? "" : backoff.join(", "),
    retry,
    timeoutS: `${timeoutMs / 1_000}`,
    concurrency: `${concurrency}`,
    disableDays: defaults.auto_disable_days === null ? "" : `${defaults.auto_disable_days}`,
  };
}

function defaultsOf(draft: Draft): Defaults {
  return {
    backoff:
      draft.table === "own"
        ? draft.steps
            .split(/[\s,;]+/)
            .filter(Boolean)
            .map(Number)
        : draft.table,
    retry: draft.retry,
    timeout_ms: Math.round(Number(draft.timeoutS) * 1_000),
    concurrency: Number(draft.concurrency),
    auto_disable_days: draft.disableDays === "" ? null : Number(draft.disableDays),
  };
}
