import { encode } from "../verify/codec.ts";
import { joined } from "../verify/crypto.ts";
import type { Part } from "../verify/crypto.ts";
import { eventOf } from "../verify/body.ts";
import { prepareKeys } from "../verify/secrets.ts";
import type { CustomScheme, ProviderSpec, Source, ToSign } from "../verify/spec.ts";
import { WebhookError } from "../verify/webhook-error.ts";
import { placeFirst } from "./draft.ts";
import type { Draft } from "./draft.ts";
import { signerOf } from "./private-key.ts";
import { spoiledBodies } from "./spoil.ts";

export interface CustomWork {
  readonly spec: ProviderSpec;
  readonly scheme: CustomScheme;
  readonly draft: Draft;
  readonly options: {
    readonly privateKey?: string | Uint8Array | undefined;
    readonly tamper?: "body" | "signature" | "timestamp" | "id" | "secret" | undefined;
  };
  readonly nowMs: number;
}

/** What senders put into each request beside the event, where the test has not. */
interface Usual {
  readonly values: readonly (readonly [place: Source, value: string])[];
  readonly time: Source;
}

const USUAL: Readonly<Record<string, Usual>> = {
  paypal: {
    time: { header: "paypal-transmission-time" },
    values: [
      [{ header: "paypal-transmission-id" }, "00000000-0000-11f0-8000-000000000000"],
      [{ header: "paypal-transmission-sig" }, "AAAA"],
      [{ header: "paypal-cert-url" }, "https://api.paypal.com/v1/notifications/certs/CERT-test"],
      [{ header: "paypal-auth-algo" }, "SHA256withRSA"],
    ],
  },
  "aws-sns": {
    time: { body: "Timestamp" },
    values: [
      [{ body: "Type" }, "Notification"],
      [{ body: "MessageId" }, "00000000-0000-4000-8000-000000000000"],
      [{ body: "Message" }, "test"],
      [{ body: "SignatureVersion" }, "2"],
      [{ body: "Signature" }, "AAAA"],
      [
        { body: "SigningCertURL" },
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-00.pem",
      ],
    ],
  },
};

/** Signs for schemes that are code. Throws `CONFIG_INVALID` where they don't say what is signed. */
export async function placeCustom(work: CustomWork): Promise<void> {
  const { spec, scheme, draft, nowMs } = work;
  const { signs } = scheme;
  if (signs === undefined) throw invalid("a scheme that can be signed", `that of ${spec.name}`);
  const usual = USUAL[spec.name];
  draft.open();
  for (const [place, value] of usual?.values ?? [])
    if (!isThere(draft, place)) draft.place(place, value);
  if (usual !== undefined && !isThere(draft, usual.time)) draft.place(usual.time, iso(nowMs));
  const found = toSign(work);
  if (found instanceof WebhookError) throw found;
  for (const each of found)
    draft.place(each.place, encode("base64", await signatureOf(work, each)));
  if (!spoilt(work, found, usual?.time)) {
    throw invalid(
      `tamper to be of what ${spec.name} signs`,
      `${work.options.tamper}, which is not signed`,
    );
  }
}

function toSign({ spec, scheme, draft }: CustomWork): readonly ToSign[] | WebhookError {
  const request = draft.read();
  return scheme.signs?.(request, eventOf(spec, request)) ?? [];
}

function isThere(draft: Draft, place: Source): boolean {
  if ("header" in place) return draft.header(place.header) !== null;
  const event = draft.read().json();
  return "body" in place && typeof event === "object" && event !== null && place.body in event;
}

async function signatureOf(
  { scheme, draft, options }: CustomWork,
  { parts, algorithm }: ToSign,
): Promise<Uint8Array> {
  const { tamper, privateKey } = options;
  const isSpoilt = tamper === "signature" || tamper === "secret";
  const signature = await unspoilt();
  return isSpoilt ? signature.map((byte, index) => (index === 0 ? byte ^ 1 : byte)) : signature;

  async function unspoilt(): Promise<Uint8Array> {
    if (algorithm.sign === undefined) {
      if (privateKey !== undefined) return signerOf(algorithm.name, privateKey)(parts);
      throw invalid(`privateKey, since ${algorithm.name} keys only verify`, "none");
    }
    const any = { name: algorithm.name, prepare: () => () => true };
    const [key] = await prepareKeys(scheme.secret ?? "", scheme.secretForm, any)(draft.read());
    return algorithm.sign(key?.secret ?? new Uint8Array())(parts);
  }
}

/** Changes what was signed, after it was signed; false where no change was noticed. */
function spoilt(work: CustomWork, before: readonly ToSign[], time: Source | undefined): boolean {
  const { draft, spec, options, nowMs } = work;
  // By its signature: what is not even looked at would show nothing of it.
  const isNoticed = (): boolean => {
    const after = toSign(work);
    return !(after instanceof WebhookError) && textOf(after) !== textOf(before);
  };
  switch (options.tamper) {
    case "timestamp":
      return time !== undefined && draft.place(time, iso(nowMs + 1)) && isNoticed();
    case "id":
      return placeFirst(draft, spec.id, "evt_tampered") !== null && isNoticed();
    case "body":
      for (const body of spoiledBodies(draft.read())) {
        draft.setBody(body);
        if (isNoticed()) return true;
      }
      return false;
    case "signature":
    case "secret":
    case undefined:
      return true;
  }
}

function textOf(all: readonly ToSign[]): string {
  const texts = all.map(({ parts }) => encode("hex", joined(parts satisfies readonly Part[])));
  return texts.join();
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function invalid(wanted: string, got: string): WebhookError {
  return new WebhookError("CONFIG_INVALID", `expected ${wanted}, got ${got}`);
}
