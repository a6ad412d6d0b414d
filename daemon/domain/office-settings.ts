import type { EndpointSettings } from "./endpoint.ts";

/** What a new endpoint has where its maker says nothing; what is absent here is as `ENDPOINT_DEFAULTS` has it. */
export type EndpointDefaults = {
  readonly [
    Name in "backoff" | "retry" | "timeoutMs" | "concurrencyMax" | "autoDisableDays"
  ]?: EndpointSettings[Name];
};

/** What can be settled while the daemon runs, beside what its configuration says. */
export interface OfficeSettings {
  /** Private targets that every endpoint may reach, beside those of the configuration. */
  readonly egressAllow: readonly string[];
  /** Null for the configuration's. */
  readonly retentionDays: number | null;
  readonly endpointDefaults: EndpointDefaults;
}

export const UNSETTLED: OfficeSettings = {
  egressAllow: [],
  retentionDays: null,
  endpointDefaults: {},
};

export interface SettingsStore {
  officeSettings(): Promise<OfficeSettings>;
  putOfficeSettings(settings: OfficeSettings): Promise<void>;
}
