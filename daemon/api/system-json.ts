/** The machine room as the API shows it. */
import { z } from "zod";
import { component } from "./component.ts";
import { timeOut } from "./schemas.ts";

export const settingOut = component(
  "Setting",
  z.object({
    name: z.string().describe("Its environment variable."),
    value: z.string().nullable().describe("Masked where it is secret; null where it is not set."),
    origin: z.string().describe("`default`, a variable, a flag, or the file."),
    help: z.string(),
    is_secret: z.boolean(),
  }),
);

export const systemOut = component(
  "System",
  z.object({
    version: z.string(),
    build: z.string(),
    node: z.string(),
    sqlite: z.string(),
    platform: z.string(),
    started_at: timeOut,
    memory_bytes: z.int(),
    database: z.object({
      bytes: z.int(),
      wal_bytes: z.int(),
      tables: z
        .array(z.object({ name: z.string(), bytes: z.int() }))
        .describe("With their indexes, the largest first."),
    }),
    disk_free_bytes: z.int(),
    jobs: z.array(
      z.object({
        name: z.string(),
        every: z.string(),
        last_at: timeOut.nullable(),
        last_ms: z.number().nullable(),
        last_error: z.string().nullable(),
      }),
    ),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
    watchers: z.int(),
  }),
);

export type SettingJson = z.infer<typeof settingOut>;
export type SystemJson = z.infer<typeof systemOut>;
