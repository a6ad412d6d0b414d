import type { SettingsJson } from "../../../daemon/api/system-json.ts";
import { useResource } from "./resource.ts";

/** For how many days ended deliveries are kept; null until that is known, and for those who may not know. */
export function useRetentionDays(): number | null {
  return useResource<SettingsJson>("settings").value?.office.retention_days ?? null;
}
