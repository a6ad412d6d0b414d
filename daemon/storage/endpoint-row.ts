import type { Insertable, Selectable } from "kysely";

import type {
  DisabledReason,
  Endpoint,
  EndpointHealth,
  EndpointSecret,
  EndpointSettings,
  EndpointState,
  Transition,
} from "../domain/endpoint.ts";
import { ENDPOINT_DEFAULTS, UNTRIED } from "../domain/endpoint.ts";
import type { EndpointTable } from "./schema.ts";

/** A secret in JSON: its sealed bytes in base64. */
type StoredSecret = Omit<EndpointSecret, "sealed"> & { readonly sealed: string };

/** Reads a row. What an older daemon did not write yet has its default, so that a new setting needs no migration. */
export function endpointOf(row: Selectable<EndpointTable>): Endpoint {
  return {
    seq: row.seq,
    id: row.id,
    applicationSeq: row.application_seq,
    settings: settingsOf(row.settings_json),
    state: row.state as EndpointState,
    disabledReason: row.disabled_reason as DisabledReason | null,
    stateChangedAtMs: row.state_changed_at_ms,
    transition: row.transition as Transition | null,
    health: { ...UNTRIED, ...(JSON.parse(row.health_json) as Partial<EndpointHealth>) },
    secrets: (JSON.parse(row.secrets_json) as StoredSecret[]).map(openSecret),
    sealedAuth: row.sealed_auth,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}

export function endpointRow(endpoint: Omit<Endpoint, "seq">): Insertable<EndpointTable> {
  return {
    id: endpoint.id,
    application_seq: endpoint.applicationSeq,
    settings_json: JSON.stringify(endpoint.settings),
    state: endpoint.state,
    disabled_reason: endpoint.disabledReason,
    state_changed_at_ms: endpoint.stateChangedAtMs,
    transition: endpoint.transition,
    health_json: JSON.stringify(endpoint.health),
    secrets_json: secretsJson(endpoint.secrets),
    sealed_auth: endpoint.sealedAuth,
    created_at_ms: endpoint.createdAtMs,
    updated_at_ms: endpoint.updatedAtMs,
  };
}

export function secretsJson(secrets: readonly EndpointSecret[]): string {
  return JSON.stringify(secrets.map(storedSecret));
}

function storedSecret(secret: EndpointSecret): StoredSecret {
  return { ...secret, sealed: Buffer.from(secret.sealed).toString("base64") };
}

function openSecret(stored: StoredSecret): EndpointSecret {
  return { ...stored, sealed: Buffer.from(stored.sealed, "base64") };
}

function settingsOf(json: string): EndpointSettings {
  // The URL and the patterns have no default: they were there from the first version on.
  const stored = JSON.parse(json) as EndpointSettings;
  const profile = { ...ENDPOINT_DEFAULTS.profile, ...stored.profile };
  return { ...ENDPOINT_DEFAULTS, ...stored, profile };
}
