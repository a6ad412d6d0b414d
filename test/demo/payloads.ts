import { createRequire } from "node:module";

import type { WebhookDefinition } from "@octokit/webhooks-examples";

export interface DemoEvent {
  readonly type: string;
  readonly data: unknown;
}

/** Webhook payloads that GitHub has sent, as its SDK's authors recorded them: some 300, of up to 27 KB each. */
export function recordedEvents(): readonly DemoEvent[] {
  // A JSON file is what the package's types call a module; `require` reads both forms.
  const definitions = createRequire(import.meta.url)(
    "@octokit/webhooks-examples",
  ) as readonly WebhookDefinition[];
  return definitions.flatMap(({ name, examples }) =>
    examples.map((data) => {
      const action = "action" in data && typeof data.action === "string" ? `.${data.action}` : "";
      return { type: `github.${name}${action}`, data };
    }),
  );
}
