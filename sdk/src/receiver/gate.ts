/** What is refused by where it comes from and how often, before a byte of it is read. */
import { WebhookError } from "../verify/webhook-error.ts";
import { contains, parseAddress } from "./addresses.ts";
import type { Settings } from "./options.ts";
import { createLimiter } from "./rate-limit.ts";
import type { RequestInfo } from "./receiver.ts";

/** Null where the request may come in. */
export type Gate = (info: RequestInfo) => WebhookError | null;

/** The list first: who may not send at all takes nobody's share of the rate. */
export function createGate<Tx>(settings: Settings<Tx>): Gate {
  const limiter = createLimiter(settings.rateLimit);
  return ({ remoteAddress }) => {
    const refused = refusedAddress(settings, remoteAddress);
    if (refused !== null) return refused;
    const retryAfterMs = limiter(remoteAddress, settings.clock());
    if (retryAfterMs === null) return null;
    const message = "expected fewer requests in this time, got one more";
    return new WebhookError("RATE_LIMITED", message, { retryAfterMs });
  };
}

function refusedAddress<Tx>(
  { networks }: Settings<Tx>,
  remoteAddress: string | undefined,
): WebhookError | null {
  if (networks === null) return null;
  if (remoteAddress === undefined || remoteAddress === "") {
    return new WebhookError("CONFIG_INVALID", "expected remoteAddress to be known, got none", {
      hint: "allowAddresses is set: pass { remoteAddress } as the second argument of handle() or fetch()",
    });
  }
  const address = parseAddress(remoteAddress);
  if (address !== null && networks.some((network) => contains(network, address))) return null;
  return new WebhookError(
    "ADDRESS_NOT_ALLOWED",
    "expected the address of an allowed sender, got another",
    { hint: "behind a proxy the adapter has to be told which address to believe" },
  );
}
