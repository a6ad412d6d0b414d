import { utf8 } from "../verify/codec.ts";
import type { Form } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import { tokenIn } from "../verify/token-scheme.ts";
import type { Provider } from "../verify/provider.ts";

export interface TelegramEvent {
  readonly update_id: number;
  readonly message?: unknown;
  readonly callback_query?: unknown;
}

/** What `setWebhook` takes. */
const SECRET_TOKEN: Form = {
  name: "1 to 256 of A-Z, a-z, 0-9, _ and -",
  decode: (text) => (/^[A-Za-z0-9_-]{1,256}$/.test(text) ? utf8(text) : null),
};

/**
 * Telegram's bots: `X-Telegram-Bot-Api-Secret-Token`, as it was given to `setWebhook` (core.telegram.org/bots/api). The type is
 * the name of the one field beside `update_id`.
 */
export function telegram(options: SecretOptions): Provider<TelegramEvent> {
  assertOptions("telegram", options, ["secret"]);
  const { secret } = options;
  return makeProvider({
    name: "telegram",
    schemes: [tokenIn({ header: "x-telegram-bot-api-secret-token" }, secret, SECRET_TOKEN)],
    id: { body: "update_id" },
    type: { read: (_, event) => updateType(event), from: "body" },
  });
}

function updateType(event: unknown): string | null {
  if (typeof event !== "object" || event === null) return null;
  return Object.keys(event).find((name) => name !== "update_id") ?? null;
}
