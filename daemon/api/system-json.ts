/** The machine room as the API shows it: what it runs on, what it was told, and what of that the page may change. */
import { z } from "zod";
import { component } from "./component.ts";
import { timeOut } from "./schemas.ts";

/** One setting that is read at the start, from a flag, the environment or the file. */
const settingOut = component(
  "Setting",
  z.object({
    name: z.string().describe("Its environment variable."),
    value: z.string().nullable().describe("Masked where it is secret; null where it is not set."),
    origin: z.string().describe("`default`, a variable, a flag, or the file."),
    help: z.string(),
    is_secret: z.boolean(),
  }),
);

/** What can be changed while the daemon runs; `pinned` are those that the configuration settles instead. */
const officeSettingsOut = component(
  "OfficeSettings",
  z.object({
    egress_allow: z
      .array(z.string())
      .describe(
        "Private targets that every endpoint may reach, beside those of the configuration.",
      ),
    retention_days: z.int(),
    endpoint_defaults: z
      .object({
        backoff: z.union([z.enum(["appliance", "standard-webhooks"]), z.array(z.number())]),
        retry: z.enum(["all", "transient"]),
        timeout_ms: z.int(),
        concurrency: z.int(),
        auto_disable_days: z.number().nullable(),
      })
      .describe("What a new endpoint has where its maker says nothing."),
  }),
);

export const settingsOut = component(
  "Settings",
  z.object({
    office: officeSettingsOut,
    pinned: z
      .array(z.enum(["retention_days"]))
      .describe("Settled by the configuration, and refused here."),
    configuration: z.array(settingOut),
  }),
);

export const systemOut = component(
  "System",
  z.object({
    version: z.string(),
    build: z.string().describe("Of the page that is served."),
    node: z.string(),
    sqlite: z.string(),
    platform: z.string(),
    started_at: timeOut,
    memory_bytes: z.int(),
    database: z.object({
      bytes: z.int(),
      wal_bytes: z.int(),
      free_bytes: z.int(),
      tables: z
        .array(z.object({ name: z.string(), bytes: z.int() }))
        .describe("With their indexes, the largest first."),
      tables_note: z.string().nullable().describe("Why there are none; null where they are there."),
    }),
    disk_free_bytes: z.int(),
    jobs: z.array(
      z.object({
        name: z.string(),
        cron: z.string(),
        last_at: timeOut.nullable(),
        last_ms: z.number().nullable(),
        last_error: z.string().nullable(),
        next_at: timeOut,
      }),
    ),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
    watchers: z.int(),
  }),
);

export type SettingJson = z.infer<typeof settingOut>;
export type OfficeSettingsJson = z.infer<typeof officeSettingsOut>;
export type SettingsJson = z.infer<typeof settingsOut>;
export type SystemJson = z.infer<typeof systemOut>;
