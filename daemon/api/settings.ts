import { z } from "zod";
import { SETTING_INFOS } from "../domain/settings.ts";
import { endpointDefaultsInput, settingsInput } from "./endpoint-input.ts";
import { backoffJson } from "./endpoint-json.ts";
import type { ApiNeeds } from "./needs.ts";
import type { Route } from "./route.ts";
import { afterPassword, json, jsonRoute, needsInstance } from "./route.ts";
import type { SettingJson, SettingsJson } from "./system-json.ts";
import { settingsOut } from "./system-json.ts";

const RETENTION_DAYS_MAX = 36_500;

const settingsChange = z.strictObject({
  egress_allow: z
    .array(z.string())
    .optional()
    .describe("Replaces what was added here: host:port, addresses, CIDRs. No metadata address."),
  retention_days: z
    .int()
    .min(1)
    .max(RETENTION_DAYS_MAX)
    .nullish()
    .describe("Null for the usual. Refused where the configuration settles it."),
  endpoint_defaults: endpointDefaultsInput
    .nullish()
    .describe("For endpoints made from now on. Absent members stay; null for the usual ones."),
});

export function settingsRoutes(needs: ApiNeeds): readonly Route[] {
  return [getSettings(needs), updateSettings(needs)];
}

function getSettings(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/settings",
    operationId: "getSettings",
    tag: "Instance",
    summary: "What is settled here, and what the configuration says",
    access: needsInstance("read"),
    answers: { 200: { description: "Secrets are masked.", schema: settingsOut } },
    handle: () => json(200, settingsJson(needs)),
  });
}

function updateSettings(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "PATCH",
    path: "/v1/settings",
    operationId: "updateSettings",
    tag: "Instance",
    summary: "Change settings while the daemon runs; in effect at once",
    access: afterPassword(needsInstance("manage")),
    body: { schema: settingsChange, example: { retention_days: 90 } },
    answers: { 200: { description: "The settings as they are now.", schema: settingsOut } },
    faults: ["conflict"],
    async handle({ body }) {
      const { endpoint_defaults: defaults } = body;
      await needs.settings.change({
        egressAllow: body.egress_allow,
        retentionDays: body.retention_days,
        endpointDefaults: defaults && settingsInput(defaults),
      });
      return json(200, settingsJson(needs));
    },
  });
}

function settingsJson({ settings, config }: ApiNeeds): SettingsJson {
  const { egressAllow, retentionDays, endpointDefaults } = settings.read();
  const { timeoutMs, concurrencyMax, autoDisableDays, retry } = endpointDefaults;
  return {
    office: {
      egress_allow: [...egressAllow],
      retention_days: retentionDays,
      endpoint_defaults: {
        backoff: backoffJson(endpointDefaults.backoff),
        retry,
        timeout_ms: timeoutMs,
        concurrency: concurrencyMax,
        auto_disable_days: autoDisableDays,
      },
    },
    pinned: settings.isRetentionPinned ? ["retention_days"] : [],
    configuration: SETTING_INFOS.filter(({ key }) => key !== "url" && key !== "apiKey").map(
      ({ path, variable, help, isSecret }): SettingJson => {
        const found = config.settings.find(({ name }) => name === path);
        const { value = null, origin = "default" } = found ?? {};
        return { name: variable, value, origin, help, is_secret: isSecret };
      },
    ),
  };
}
