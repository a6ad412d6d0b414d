import type { EndpointSettings } from "../domain/endpoint.ts";
import { AppError } from "../domain/errors.ts";

type Opened = Pick<EndpointSettings, "egressAllow" | "verifiesCertificate">;

/**
 * Throws `forbidden` where somebody other than the operator would open more than is open: a grant that the endpoint has
 * not, or no certificate check where there is one. Else an application could allow itself to read what only this machine
 * reaches, by the answer to a test. What there is may be sent back unchanged, and taken away by anybody.
 */
export function refuseWider(
  after: Opened,
  before: Opened | null,
  { isOperator }: { readonly isOperator?: boolean | undefined },
): void {
  if (isOperator === true) return;
  const granted = before?.egressAllow ?? [];
  if (!after.egressAllow.every((grant) => granted.includes(grant))) throw forbidden("egress_allow");
  const wasUnchecked = before !== null && !before.verifiesCertificate;
  if (!after.verifiesCertificate && !wasUnchecked) throw forbidden("tls_verify");
}

function forbidden(what: string): AppError {
  const who = "the operator (an instance-wide key, or the command line on the daemon's machine)";
  const message = `expected ${what} to be set by ${who}, got a key of one application`;
  return new AppError("forbidden", message, { problems: [{ path: `/${what}`, message }] });
}
