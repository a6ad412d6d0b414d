/** One step from the version before to the next. Append only: a step that was released is never edited. */
export interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

/**
 * `due_at_ms` is null exactly when nothing is to be done by itself, and a CHECK says so; the partial indexes stand on it and not
 * on `state`, because SQLite does not use a partial index on `state` when the state is a bound parameter. There is no global
 * index of what is due: the engine asks per endpoint, so that a million rows of one endpoint never stand before another's.
 * Rows are numbered (`seq`) inside the file, since 30-byte ids in every index would double its size; ids are for people. Each
 * index ends with the row's number by itself: naming `seq` once more would store it twice.
 *
 * The CHECKs say `or` where `in` would read better: for a list of three or more SQLite makes a tree, fills it and drops it, at each
 * row that is written, and the two lists of a delivery cost more than the writing itself.
 *
 * Lists go by (time, number) and not by number alone, so that a span of time is a span of the index; rows come in by time, so
 * such an index grows at its end, as cheaply as one by number.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "the post office",
    statements: [
      `create table application (
         seq integer primary key,
         id text not null unique,
         name text not null unique,
         created_at_ms integer not null
       ) strict`,
      `create table api_key (
         seq integer primary key,
         id text not null unique,
         application_seq integer references application (seq),
         name text not null,
         hash blob not null unique,
         hint text not null,
         scopes text not null,
         created_at_ms integer not null,
         last_used_at_ms integer,
         revoked_at_ms integer
       ) strict`,
      `create table event_type (
         application_seq integer not null references application (seq),
         name text not null,
         description text not null,
         schema_json text,
         created_at_ms integer not null,
         updated_at_ms integer not null,
         primary key (application_seq, name)
       ) strict, without rowid`,
      // autoincrement: the number of a deleted endpoint is never given to another, whose lane it would then be mistaken for.
      `create table endpoint (
         seq integer primary key autoincrement,
         id text not null unique,
         application_seq integer not null references application (seq),
         settings_json text not null,
         state text not null check (state in ('active', 'paused', 'disabled')),
         disabled_reason text,
         state_changed_at_ms integer not null,
         transition text,
         health_json text not null,
         secrets_json text not null,
         sealed_auth blob,
         created_at_ms integer not null,
         updated_at_ms integer not null,
         check ((disabled_reason is not null) = (state = 'disabled'))
       ) strict`,
      `create index endpoint_application on endpoint (application_seq)`,
      // Outlives its endpoint, so that totals never fall.
      `create table endpoint_count (
         endpoint_seq integer primary key,
         pending integer not null default 0,
         held integer not null default 0,
         delivered integer not null default 0,
         exhausted integer not null default 0,
         cancelled integer not null default 0,
         attempts integer not null default 0,
         failed_attempts integer not null default 0
       ) strict`,
      `create table event (
         seq integer primary key,
         id text not null,
         application_seq integer not null,
         type text not null,
         tenant text,
         ordering_key text,
         occurred_at_ms integer not null,
         accepted_at_ms integer not null,
         content_type text,
         body_bytes integer not null,
         data_start integer not null
       ) strict`,
      `create unique index event_id on event (id, application_seq)`,
      `create index event_newest on event (application_seq, accepted_at_ms)`,
      `create table event_body (
         event_seq integer primary key,
         bytes blob not null
       ) strict`,
      `create table event_variant (
         event_seq integer not null,
         shape text not null,
         bytes blob not null,
         primary key (event_seq, shape)
       ) strict`,
      `create table delivery (
         seq integer primary key,
         id text not null unique,
         event_seq integer not null,
         endpoint_seq integer not null,
         application_seq integer not null,
         state text not null,
         hold text,
         due_at_ms integer,
         attempt_count integer not null default 0,
         table_start integer not null default 0,
         ordering_key text,
         is_test integer not null default 0,
         created_at_ms integer not null,
         settled_at_ms integer,
         last_status integer,
         last_error text,
         end_reason text,
         check ((due_at_ms is not null) = (state = 'pending')),
         check ((hold is not null) = (state = 'held')),
         check ((end_reason is not null)
           = (state = 'delivered' or state = 'exhausted' or state = 'cancelled')),
         check (state = 'pending' or state = 'held' or end_reason is not null)
       ) strict`,
      `create unique index delivery_pair on delivery (event_seq, endpoint_seq)`,
      `create index delivery_due on delivery (endpoint_seq, due_at_ms)
         where due_at_ms is not null`,
      `create index delivery_newest on delivery (endpoint_seq, created_at_ms)`,
      // What a person looks for among millions that went well. With `or`, one state asked for (as a literal) is seen to be in it;
      // with `in (…)` the question would have to repeat the list, and then its rows would have to be sorted.
      `create index delivery_stuck on delivery (application_seq, state, created_at_ms)
         where state = 'held' or state = 'exhausted' or state = 'cancelled'`,
      `create index delivery_stuck_at on delivery (endpoint_seq, state, created_at_ms)
         where state = 'held' or state = 'exhausted' or state = 'cancelled'`,
      // A transition works off what is held for one reason, oldest first, without walking over the rest.
      `create index delivery_held on delivery (endpoint_seq, hold) where hold is not null`,
      // The state stands before the number, so that a key's one pending delivery is found among many held ones.
      `create index delivery_order on delivery (endpoint_seq, ordering_key, state)
         where ordering_key is not null and state in ('pending', 'held')`,
      `create table attempt (
         delivery_seq integer not null,
         number integer not null,
         id text not null,
         started_at_ms integer not null,
         duration_ms integer not null,
         status integer,
         error_code text,
         error_message text,
         request_headers text not null,
         response_headers text,
         response_excerpt blob,
         is_response_cut integer not null default 0,
         primary key (delivery_seq, number)
       ) strict, without rowid`,
      `create table idempotency (
         application_seq integer not null,
         key text not null,
         fingerprint blob not null,
         event_id text not null,
         delivery_count integer not null,
         created_at_ms integer not null,
         primary key (application_seq, key)
       ) strict, without rowid`,
      `create index idempotency_age on idempotency (created_at_ms)`,
      `create table counter (
         name text primary key,
         value integer not null
       ) strict, without rowid`,
      `insert into counter (name, value) values ('events', 0), ('probe', 0)`,
    ],
  },
  {
    name: "few among many",
    statements: [
      // Deletions under way are looked for four times a minute among all endpoints, whose rows are long. Holds those alone.
      `create index endpoint_deletion on endpoint (transition) where transition = 'delete'`,
      // A key that stands for a producer's own event id stays as long as the event: it is not among those that go by age.
      `drop index idempotency_age`,
      `create index idempotency_age on idempotency (created_at_ms)
         where substr(key, 1, 1) <> char(10)`,
    ],
  },
  {
    name: "people",
    statements: [
      `create table account (
         seq integer primary key,
         id text not null unique,
         name text not null unique collate nocase,
         role text not null check (role in ('admin', 'viewer')),
         password_hash text,
         totp_secret blob,
         totp_last_step integer,
         recovery_json text not null default '[]',
         created_at_ms integer not null,
         last_sign_in_at_ms integer
       ) strict`,
      `create table session (
         seq integer primary key,
         id text not null unique,
         account_seq integer not null references account (seq),
         hash blob not null unique,
         created_at_ms integer not null,
         last_seen_at_ms integer not null,
         expires_at_ms integer not null,
         fresh_until_ms integer,
         address text not null,
         user_agent text not null
       ) strict`,
      `create index session_account on session (account_seq)`,
      // No reference to who did it: what was done stays when they go.
      `create table audit (
         seq integer primary key autoincrement,
         id text not null,
         at_ms integer not null,
         actor_kind text not null,
         actor_id text,
         actor_name text not null,
         action text not null,
         subject_id text,
         application_seq integer,
         address text,
         changed_json text not null,
         is_refused integer not null
       ) strict`,
    ],
  },
  {
    name: "statistics",
    statements: [
      // One table for minutes and hours of endpoints and of applications (whose number stands with a minus): what is read of one
      // is a stretch of the primary key.
      `create table statistic (
         subject integer not null,
         span_ms integer not null,
         at_ms integer not null,
         accepted integer not null,
         delivered integer not null,
         failed integer not null,
         exhausted integer not null,
         blocked integer not null,
         durations blob not null,
         causes_json text,
         primary key (subject, span_ms, at_ms)
       ) strict, without rowid`,
      `create index statistic_age on statistic (span_ms, at_ms)`,
      `create index statistic_trouble on statistic (at_ms, exhausted, blocked)
         where span_ms = 3600000 and (exhausted > 0 or blocked > 0) and subject > 0`,
      `insert into counter (name, value) values ('statistic minutes', 0), ('statistic hours', 0)`,
    ],
  },
  {
    name: "settings",
    statements: [
      `create table office_setting (
         name text primary key,
         value_json text not null
       ) strict, without rowid`,
    ],
  },
];
