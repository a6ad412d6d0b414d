import { WebhookError } from "../verify/webhook-error.ts";

/** Which handler an event's type has. */
export interface Routes<H> {
  /** Throws `CONFIG_INVALID` for a pattern that is none, or has a handler already. */
  add(pattern: string, handler: H): void;
  /** Exact, then the longest `prefix.*`, then `*`. */
  find(type: string): H | undefined;
  readonly isEmpty: boolean;
}

export function createRoutes<H>(): Routes<H> {
  const exact = new Map<string, H>();
  /** `invoice.*` stands here as `invoice.`, `*` as the empty text; the longest first. */
  let prefixes: readonly (readonly [prefix: string, handler: H])[] = [];

  function add(pattern: string, handler: H): void {
    const isPrefix = pattern === "*" || pattern.endsWith(".*");
    const text = isPrefix ? pattern.slice(0, -1) : pattern;
    if (pattern === "" || text === "." || text.includes("*")) {
      throw invalid(`a type, a pattern such as "invoice.*", or "*"`, pattern);
    }
    if (isPrefix ? prefixes.some(([other]) => other === text) : exact.has(text)) {
      throw invalid("one that has no handler yet", pattern);
    }
    if (!isPrefix) exact.set(text, handler);
    else {
      const longer = prefixes.filter(([other]) => other.length >= text.length);
      prefixes = [...longer, [text, handler], ...prefixes.slice(longer.length)];
    }
  }

  return {
    add,
    find: (type) => exact.get(type) ?? prefixes.find(([prefix]) => type.startsWith(prefix))?.[1],
    get isEmpty() {
      return exact.size === 0 && prefixes.length === 0;
    },
  };
}

function invalid(wanted: string, got: string): WebhookError {
  return new WebhookError("CONFIG_INVALID", `expected type to be ${wanted}, got "${got}"`);
}
