import type { Generated } from "kysely";

/** One interface per table, as Kysely checks them. The tables themselves are made in migrations.ts. */
export interface Database {
  application: ApplicationTable;
  api_key: ApiKeyTable;
  event_type: EventTypeTable;
  endpoint: EndpointTable;
  endpoint_count: EndpointCountTable;
  event: EventTable;
  event_body: EventBodyTable;
  event_variant: EventVariantTable;
  delivery: DeliveryTable;
  attempt: AttemptTable;
  idempotency: IdempotencyTable;
  counter: CounterTable;
  account: AccountTable;
  session: SessionTable;
  audit: AuditTable;
  office_setting: OfficeSettingTable;
}

interface OfficeSettingTable {
  name: string;
  value_json: string;
}

interface ApplicationTable {
  seq: Generated<number>;
  id: string;
  name: string;
  created_at_ms: number;
}

export interface ApiKeyTable {
  seq: Generated<number>;
  id: string;
  application_seq: number | null;
  name: string;
  hash: Uint8Array;
  hint: string;
  /** Space-separated. */
  scopes: string;
  created_at_ms: number;
  last_used_at_ms: number | null;
  revoked_at_ms: number | null;
}

export interface EventTypeTable {
  application_seq: number;
  name: string;
  description: string;
  schema_json: string | null;
  created_at_ms: number;
  updated_at_ms: number;
}

export interface EndpointTable {
  seq: Generated<number>;
  id: string;
  application_seq: number;
  /** `EndpointSettings` as JSON: read whole, written whole, never searched by SQL. */
  settings_json: string;
  state: string;
  disabled_reason: string | null;
  state_changed_at_ms: number;
  transition: string | null;
  /** `EndpointHealth` as JSON; changes with attempts. */
  health_json: string;
  /** `EndpointSecret[]` as JSON, the sealed bytes in base64. */
  secrets_json: string;
  sealed_auth: Uint8Array | null;
  created_at_ms: number;
  updated_at_ms: number;
}

interface EndpointCountTable {
  endpoint_seq: number;
  pending: number;
  held: number;
  delivered: number;
  exhausted: number;
  cancelled: number;
  attempts: number;
  failed_attempts: number;
}

export interface EventTable {
  seq: Generated<number>;
  id: string;
  application_seq: number;
  type: string;
  tenant: string | null;
  ordering_key: string | null;
  occurred_at_ms: number;
  accepted_at_ms: number;
  content_type: string | null;
  body_bytes: number;
  data_start: number;
}

interface EventBodyTable {
  event_seq: number;
  bytes: Uint8Array;
}

interface EventVariantTable {
  event_seq: number;
  shape: string;
  bytes: Uint8Array;
}

export interface DeliveryTable {
  seq: Generated<number>;
  id: string;
  event_seq: number;
  endpoint_seq: number;
  application_seq: number;
  state: string;
  hold: string | null;
  due_at_ms: number | null;
  attempt_count: number;
  table_start: number;
  ordering_key: string | null;
  is_test: number;
  created_at_ms: number;
  settled_at_ms: number | null;
  last_status: number | null;
  last_error: string | null;
  end_reason: string | null;
}

export interface AttemptTable {
  delivery_seq: number;
  number: number;
  id: string;
  started_at_ms: number;
  duration_ms: number;
  status: number | null;
  error_code: string | null;
  error_message: string | null;
  request_headers: string;
  response_headers: string | null;
  response_excerpt: Uint8Array | null;
  is_response_cut: number;
}

interface IdempotencyTable {
  application_seq: number;
  key: string;
  fingerprint: Uint8Array;
  event_id: string;
  delivery_count: number;
  created_at_ms: number;
}

/** `events`: how many there are now. `probe`: turned over by each test of whether commits work. */
interface CounterTable {
  name: string;
  value: number;
}

export interface AccountTable {
  seq: Generated<number>;
  id: string;
  name: string;
  role: string;
  password_hash: string | null;
  totp_secret: Uint8Array | null;
  totp_last_step: number | null;
  /** SHA-256 of each recovery code that is left, as a JSON array of hex. */
  recovery_json: string;
  created_at_ms: number;
  last_sign_in_at_ms: number | null;
}

export interface SessionTable {
  seq: Generated<number>;
  id: string;
  account_seq: number;
  hash: Uint8Array;
  created_at_ms: number;
  last_seen_at_ms: number;
  expires_at_ms: number;
  fresh_until_ms: number | null;
  address: string;
  user_agent: string;
}

export interface AuditTable {
  seq: Generated<number>;
  id: string;
  at_ms: number;
  actor_kind: string;
  actor_id: string | null;
  actor_name: string;
  action: string;
  subject_id: string | null;
  application_seq: number | null;
  address: string | null;
  changed_json: string;
  is_refused: number;
}
