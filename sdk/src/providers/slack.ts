import { HEX } from "../verify/codec.ts";
import { HMAC_SHA256 } from "../verify/algorithms.ts";
import { FORM_BODY } from "../verify/body.ts";
import type { BodyFormat } from "../verify/body.ts";
import { makeProvider } from "../verify/make-provider.ts";
import type { Answer } from "../verify/error.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { timed } from "../verify/timed.ts";
import { isForm } from "../verify/form.ts";
import { parsedJson } from "../verify/read.ts";
import type { ReadRequest } from "../verify/read-request.ts";

/** An event callback, an interaction, or the fields of a slash command. */
export interface SlackEvent {
  readonly type?: string;
  readonly team_id?: string;
  readonly api_app_id?: string;
  readonly event?: { readonly type: string };
  readonly event_id?: string;
  readonly event_time?: number;
  readonly command?: string;
  readonly challenge?: string;
}

/**
 * Slack: `X-Slack-Signature: v0=…` over `v0:<time>:<body>` (docs.slack.dev, "Verifying requests from Slack"). Events,
 * interactions and slash commands. `url_verification` is answered with its challenge and reaches no handler.
 */
export function slack(options: TimedOptions): Provider<SlackEvent> {
  assertOptions("slack", options, ["secret", "toleranceS"]);
  return makeProvider({
    name: "slack",
    schemes: [
      {
        kind: "signature",
        secret: options.secret,
        signature: { header: "x-slack-signature" },
        prefix: "v0=",
        encoding: HEX,
        algorithm: HMAC_SHA256,
        signed: "v0:{timestamp}:{body}",
        timestamp: timed({ header: "x-slack-request-timestamp" }, "s", options.toleranceS),
      },
    ],
    body: SLACK_BODY,
    id: { body: "event_id" },
    type: [{ body: "event.type" }, { body: "type" }, { body: "command" }],
    occurredAt: { from: { body: "event_time" }, unit: "s" },
    attempt: { read: attempt, from: "header" },
    isBodyStable: false,
    handshake: ({ event }) => challenge(event),
  });
}

/** Events are JSON, slash commands forms, and interactions JSON in a form's field. */
const SLACK_BODY: BodyFormat = {
  name: "either",
  field: "payload",
  read(request) {
    if (!isForm(request)) return request.json();
    const payload = request.form().get("payload");
    return payload === null ? FORM_BODY.read(request) : parsedJson(payload);
  },
};

/** Slack counts the retries. */
function attempt(request: ReadRequest): number | null {
  const retry = request.header("x-slack-retry-num");
  return retry === null ? null : Number(retry) + 1;
}

function challenge({ type, challenge: body }: SlackEvent): Answer | null {
  if (type !== "url_verification" || typeof body !== "string") return null;
  return { status: 200, headers: { "content-type": "text/plain" }, body };
}
