import type { HealthRecord } from "../domain/stores.ts";
import type { Connection } from "./open.ts";

/** Writes how an endpoint does now and, where the attempts were reason enough, that it is disabled. */
export function createHealthWriter({ file }: Connection) {
  const update = file.prepare("update endpoint set health_json = ? where seq = ?");
  const disable = file.prepare(
    `update endpoint set state = 'disabled', disabled_reason = ?, state_changed_at_ms = ?, transition = 'hold'
     where seq = ? and state <> 'disabled'`,
  );
  return (record: HealthRecord, nowMs: number): void => {
    update.run(JSON.stringify(record.health), record.endpointSeq);
    if (record.disables !== null) disable.run(record.disables, nowMs, record.endpointSeq);
  };
}
