import { JSON_BODY } from "./body.ts";
import { deliveryMaker } from "./delivery-of.ts";
import type { VerifyResult } from "./delivery.ts";
import type { Provider } from "./provider.ts";
import { signatureCheck } from "./signature-scheme.ts";
import type { SchemeCheck } from "./signature-scheme.ts";
import type { Accepted } from "./spec.ts";
import type { ReadySpec } from "./ready-scheme.ts";
import { WebhookError, expected } from "./webhook-error.ts";

const SPECS = /* @__PURE__ */ new WeakMap<object, ReadySpec<never>>();

/**
 * A provider from a declaration that the compiler has seen. Throws `WebhookError` (`CONFIG_INVALID`, `SECRET_MISSING`,
 * `SECRET_INVALID`) for secrets and templates that can't be used.
 */
export function makeProvider<E = unknown>(spec: ReadySpec<E>): Provider<E> {
  const checks = spec.schemes.map((scheme): SchemeCheck =>
    scheme.kind === "custom"
      ? (request, event, nowMs) => scheme.check(request, event(), nowMs)
      : signatureCheck(scheme),
  );
  const { body = JSON_BODY, handshake } = spec;
  const makeDelivery = deliveryMaker(spec);
  const provider: Provider<E> = {
    name: spec.name,
    methods: spec.methods ?? ["POST"],
    acknowledgement: spec.acknowledgement,
    // One function, though a long one: each that is asynchronous costs a request as much as a tenth of its hashing.
    check: async (request, { nowMs }) => {
      const early = spec.preflight?.(request);
      if (early instanceof WebhookError) return refused(early);
      if (early) return { ok: true, kind: "handshake", answer: early };
      let event: { readonly value: unknown } | undefined;
      const eventOf = (): unknown => (event ??= { value: body.read(request) }).value;
      // The first acceptance, or the refusal of the scheme that came furthest.
      let accepted: Accepted | undefined;
      let furthest: WebhookError | undefined;
      for (const check of checks) {
        // A look-up of secrets throws what it has to say, and no other scheme may make up for that.
        const judging = check(request, eventOf, nowMs);
        const verdict = judging instanceof Promise ? await judging : judging;
        if (!(verdict instanceof WebhookError)) {
          accepted = verdict;
          break;
        }
        if (furthest === undefined || stepsLeft(verdict) < stepsLeft(furthest)) furthest = verdict;
      }
      if (accepted === undefined) {
        const error = furthest as WebhookError;
        return refused(spec.refusal?.(error) ?? error);
      }
      // With `any` there is nothing that would be no event, and no need to look.
      if (body.name !== "any" && eventOf() === undefined) {
        return refused(expected("BODY_INVALID", `the body to be ${body.name}`, "something else"));
      }
      const answer = handshake && (await handshake({ request, event: eventOf() as E, accepted }));
      if (answer) return { ok: true, kind: "handshake", answer };
      const making = makeDelivery(request, eventOf, accepted);
      const delivery = making instanceof Promise ? await making : making;
      return { ok: true, kind: "delivery", delivery };
    },
  };
  SPECS.set(provider, spec);
  return provider;
}

/**
 * What the provider was defined with, secrets included: for test kits, which sign with it. Null for a provider that was made
 * by other means. Kept beside the provider and not in it, so that a logged provider shows no secret.
 */
export function specOf<E>(provider: Provider<E>): ReadySpec<E> | null {
  return (SPECS.get(provider) as ReadySpec<E> | undefined) ?? null;
}

/** What a scheme looks at, from the end. What is not listed is behind all of it. */
const STEPS = "TIMESTAMP, HEADER_MALFORMED, SCHEME_UNSUPPORTED, HEADER_MISSING";

function stepsLeft({ code }: WebhookError): number {
  return STEPS.indexOf(code.slice(0, "TIMESTAMP".length));
}

export function refused(error: WebhookError): VerifyResult<never> {
  return { ok: false, kind: "refused", error };
}
