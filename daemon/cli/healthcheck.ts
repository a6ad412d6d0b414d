import type { Client } from "./client.ts";
import type { ExitCode } from "./exit.ts";
import { EXIT } from "./exit.ts";
import type { World } from "./world.ts";

/**
 * Whether the daemon is alive, or can take events (`isReady`). Only 0 and 1: Docker gives other
 * codes of a health check a meaning of their own.
 */
export async function healthcheck(
  world: World,
  openClient: () => Client,
  options: { readonly isReady: boolean; readonly isJson: boolean },
): Promise<ExitCode> {
  const path = options.isReady ? "/readyz" : "/healthz";
  try {
    const { status, text } = await openClient().askRaw({ method: "GET", path });
    const isWell = status === 200;
    if (options.isJson) world.out(`${text}\n`);
    else world.out(`${isWell ? "well" : `not well: ${reasons(text, status)}`}\n`);
    return isWell ? EXIT.done : EXIT.failed;
  } catch (error) {
    world.err(`posthorn: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.failed;
  }
}

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** The checks that are not well, as the daemon words them. */
function reasons(text: string, status: number): string {
  const failed = (checksIn(text) ?? []).filter(({ ok }) => !ok).map(({ detail }) => detail);
  return failed.join("; ") || `status ${status}`;
}

/** What `/readyz` says of each thing; null where it is not the daemon that has answered. */
export function checksIn(text: string): readonly Check[] | null {
  try {
    const { checks } = JSON.parse(text) as { readonly checks?: readonly Check[] };
    return Array.isArray(checks) ? checks : null;
  } catch {
    return null;
  }
}
