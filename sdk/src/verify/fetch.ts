import { joined } from "./crypto.ts";
import { systemTimers } from "./timers.ts";

/** What is asked of a `fetch`: the global one fits, and so does one that goes through a proxy. */
export type Fetch = (
  url: string,
  init: { readonly redirect: "manual"; readonly signal: AbortSignal },
) => Promise<Response>;

export const globalFetch: Fetch = (url, init) => fetch(url, init);

export interface GetLimits {
  readonly bytesMax: number;
  readonly timeoutMs: number;
}

/**
 * The body behind an address that the caller has checked, or null where there was none to have: another status than 200
 * (redirects are not followed, as their target is not checked), more bytes than allowed, too late, no connection. Never
 * rejects, and is over when the time is, even where `get` heeds no signal.
 */
export async function getBytes(
  get: Fetch,
  url: string,
  limits: GetLimits,
): Promise<Uint8Array | null> {
  const controller = new AbortController();
  let callOff = (): void => undefined;
  // Not AbortSignal.timeout, which can't be called off: Deno would stay alive for the rest of it.
  const timeUp = new Promise<null>((resolve) => {
    callOff = systemTimers.after(limits.timeoutMs, () => {
      controller.abort();
      resolve(null);
    });
  });
  const bytes = read(get, url, controller.signal, limits.bytesMax).catch(() => null);
  try {
    return await Promise.race([bytes, timeUp]);
  } finally {
    callOff();
  }
}

async function read(
  get: Fetch,
  url: string,
  signal: AbortSignal,
  bytesMax: number,
): Promise<Uint8Array | null> {
  // Not "error", which workerd does not know: with "manual" a redirect is one more status that is not 200.
  const response = await get(url, { redirect: "manual", signal });
  const reader = response.body?.getReader();
  if (reader === undefined) return null;
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (response.status === 200 && length <= bytesMax) {
    const { done, value } = await reader.read();
    if (done) return joined(chunks);
    chunks.push(value);
    length += value.length;
  }
  await reader.cancel();
  return null;
}
