import type { AdapterOptions, AdapterReceiver } from "./connection.ts";
import { checkAdapter } from "./connection.ts";
import type { NodeHandler } from "./node.ts";
import { createNodeHandler } from "./node.ts";

const FIX =
  "a body parser ran before: mount this route above app.use(express.json()), or keep the bytes: express.json({ inflate: false, verify: (req, _res, bytes) => { req.rawBody = bytes } })";

/**
 * A handler for `app.all(path, …)`. Works with no parser before it, behind `express.raw()`, and behind any parser that keeps
 * the bytes in `req.rawBody`. Never rejects, never calls `next`.
 */
export function expressWebhook(
  receiver: AdapterReceiver,
  options: AdapterOptions = {},
): NodeHandler {
  checkAdapter(receiver, options);
  return createNodeHandler(receiver, options, FIX);
}
