import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import type { ReadySignature } from "../verify/ready-scheme.ts";
import type { SecretSource } from "../verify/spec.ts";
import { expected } from "../verify/webhook-error.ts";
import { tokenIn } from "../verify/token-scheme.ts";
import { V1, WEBHOOK_HEADERS, standardSchemes } from "../verify/standard-schemes.ts";

export interface GitlabEvent {
  readonly object_kind?: string;
  readonly event_name?: string;
  readonly project?: { readonly id: number; readonly path_with_namespace: string };
}

export interface GitlabOptions {
  /** The signing token (`whsec_…`, GitLab 19 and newer): Standard Webhooks, and the body is authenticated. */
  readonly signingToken?: SecretSource | undefined;
  /** The secret token, sent as it is in `X-Gitlab-Token`: whoever reads one request can forge the next. */
  readonly token?: SecretSource | undefined;
  /** Of the signed time; default 300. */
  readonly toleranceS?: number | undefined;
}

/**
 * GitLab (docs.gitlab.com, "Webhooks"; gitlab-org/gitlab!230944 for the signing token). With both tokens either is enough,
 * which is for the time of a change: leave `token` out as soon as requests are signed.
 */
export function gitlab(options: GitlabOptions): Provider<GitlabEvent> {
  assertOptions("gitlab", options, ["signingToken", "token", "toleranceS"]);
  const { signingToken, token, toleranceS } = options;
  const schemes: ReadySignature[] = [];
  if (signingToken !== undefined) {
    schemes.push(...standardSchemes({ secret: signingToken, toleranceS }, [WEBHOOK_HEADERS], [V1]));
  }
  if (token !== undefined) {
    schemes.push(tokenIn({ header: "x-gitlab-token" }, token));
  }
  if (schemes.length === 0) {
    throw expected("SECRET_MISSING", "signingToken or token to be given", "none");
  }
  return makeProvider({
    name: "gitlab",
    schemes,
    id: [{ header: "idempotency-key" }, { header: "x-gitlab-event-uuid" }],
    type: [{ body: "object_kind" }, { body: "event_name" }, { header: "x-gitlab-event" }],
  });
}
