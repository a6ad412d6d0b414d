import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { at, textOf } from "../verify/sources.ts";
import { TOKEN_OPTIONS, tokenScheme } from "../verify/token-place.ts";
import type { TokenOptions } from "../verify/token-place.ts";

export interface PostmarkEvent {
  /** Absent for inbound mail. */
  readonly RecordType?: string;
  readonly MessageID: string;
  readonly Recipient?: string;
  readonly Email?: string;
}

/**
 * Postmark signs nothing: user and password in the address, which it sends as an Authorization header; or `in` a header of
 * one's own. The id is message and kind, and recipient and time where they are there: one message is opened many times.
 */
export function postmark(options: TokenOptions): Provider<PostmarkEvent> {
  assertOptions("postmark", options, TOKEN_OPTIONS);
  return makeProvider({
    name: "postmark",
    schemes: [tokenScheme(options, "basic")],
    id: { read: (_, event) => eventId(event), from: "body" },
    type: [{ body: "RecordType" }, { read: () => "Inbound", from: "body" }],
  });
}

const DETAILS = ["Recipient", "Email", "ReceivedAt", "DeliveredAt", "BouncedAt", "ChangedAt"];

function eventId(event: unknown): string | null {
  const message = textOf(at(event, ["MessageID"]));
  if (message === null) return null;
  const rest = ["RecordType", ...DETAILS].map((name) => textOf(at(event, [name])));
  return [message, ...rest].filter((part) => part !== null).join(":");
}
