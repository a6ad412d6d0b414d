import { BASE64 } from "../verify/codec.ts";
import type { Answer } from "../verify/error.ts";
import { WebhookError } from "../verify/webhook-error.ts";
import type { AdapterOptions, AdapterReceiver, Seen } from "./connection.ts";
import { checkAdapter, listOf, seenIn } from "./connection.ts";
import { handOver, readerOf } from "./hand-over.ts";
import type { HeldBody } from "./read-body.ts";
import { bytesBody, bytesOf, lost, NOTHING, tooLarge } from "./read-body.ts";

type Values = Readonly<Record<string, string | undefined>> | null;
type Lists = Readonly<Record<string, readonly string[] | undefined>> | null;

/** The events of API Gateway (REST and HTTP APIs), function URLs and application load balancers, as one shape. */
export interface LambdaEvent {
  readonly version?: string;
  readonly httpMethod?: string;
  readonly path?: string;
  readonly rawPath?: string;
  readonly rawQueryString?: string;
  readonly headers?: Values | undefined;
  readonly multiValueHeaders?: Lists | undefined;
  readonly queryStringParameters?: Values | undefined;
  readonly multiValueQueryStringParameters?: Lists | undefined;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded?: boolean;
  readonly requestContext?: LambdaRequestContext;
}

interface LambdaRequestContext {
  readonly domainName?: string | undefined;
  readonly path?: string;
  readonly elb?: object;
  readonly http?: { readonly method: string; readonly sourceIp: string };
  readonly identity?: { readonly sourceIp: string };
}

export interface LambdaResult {
  readonly statusCode: number;
  readonly headers?: Record<string, string>;
  readonly multiValueHeaders?: Record<string, string[]>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

const FIX =
  "a mapping template rewrote the request: use Lambda proxy integration, which hands on the body as it came";

/**
 * A handler for `export const handler = lambdaWebhook(receiver)`: API Gateway v1 and v2, function URLs, load balancers. Never
 * rejects. The address is put together from what the event tells; behind a custom domain give `publicUrl`.
 */
export function lambdaWebhook(
  receiver: AdapterReceiver,
  options: AdapterOptions = {},
): (event: LambdaEvent) => Promise<LambdaResult> {
  checkAdapter(receiver, options);
  return async (event) => {
    const headers = headersOf(event);
    const seen = seenBy(event, headers);
    const { http, identity } = event.requestContext ?? {};
    const forwarded = listOf(readerOf(headers)("x-forwarded-for")).at(-1);
    // A load balancer says it only in this header, of which it writes the last entry itself.
    const peer = (): string | undefined =>
      http?.sourceIp ?? identity?.sourceIp ?? (isBalancer(event) ? forwarded : undefined);
    const method = http?.method ?? event.httpMethod ?? "POST";
    const body = bodyOf(event, receiver.bodyBytesMax);
    const { answer } = await handOver(receiver, { method, headers, seen, peer, body }, options);
    return resultOf(event, answer);
  };
}

function isBalancer({ requestContext }: LambdaEvent): boolean {
  return requestContext?.elb !== undefined;
}

/** With multi-value headers a load balancer sends no others. */
function headersOf({ headers, multiValueHeaders }: LambdaEvent): NonNullable<Values | Lists> {
  return multiValueHeaders ?? headers ?? {};
}

function seenBy(event: LambdaEvent, headers: NonNullable<Values | Lists>): Seen {
  const { requestContext, rawPath, path = "/" } = event;
  const header = readerOf(headers);
  const host = header("host") ?? requestContext?.domainName ?? "localhost";
  const proto = isBalancer(event) ? header("x-forwarded-proto") : null;
  const scheme = proto === "http" ? proto : "https";
  const query = queryOf(event);
  // The context's path has the stage before it, as the address has.
  const target = rawPath ?? requestContext?.path ?? path;
  return seenIn(query === "" ? target : `${target}?${query}`, { scheme, host });
}

/** REST APIs decode the query and load balancers don't; both lose the order of different names at most. */
function queryOf(event: LambdaEvent): string {
  const { rawQueryString, multiValueQueryStringParameters: lists, queryStringParameters } = event;
  if (rawQueryString !== undefined) return rawQueryString;
  const encoded = isBalancer(event) ? (text: string) => text : encodeURIComponent;
  return Object.entries(lists ?? queryStringParameters ?? {})
    .flatMap(([name, value = []]) =>
      [value].flat().map((each) => `${encoded(name)}=${encoded(each)}`),
    )
    .join("&");
}

function bodyOf({ body, isBase64Encoded }: LambdaEvent, bytesMax: number): HeldBody {
  if (body === undefined || body === null) return bytesBody(NOTHING);
  if (typeof body !== "string") return lost("BODY_ALREADY_PARSED", FIX);
  // Before it is decoded, so that a large one costs nothing more.
  const bytesMin = isBase64Encoded === true ? (body.length / 4) * 3 - 2 : body.length;
  if (bytesMin > bytesMax) return tooLarge(bytesMax);
  const bytes = isBase64Encoded === true ? BASE64.decode(body) : bytesOf(body);
  if (bytes !== null) return bytesBody(bytes);
  const error = new WebhookError("BODY_INVALID", "expected the body to be base64, got other text");
  return { kind: "refused", error };
}

/** A load balancer with multi-value headers wants such back, and takes no others. */
function resultOf({ multiValueHeaders }: LambdaEvent, answer: Answer): LambdaResult {
  const result = { statusCode: answer.status, body: answer.body, isBase64Encoded: false } as const;
  if (multiValueHeaders === undefined || multiValueHeaders === null) {
    return { ...result, headers: { ...answer.headers } };
  }
  const lists: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(answer.headers)) lists[name] = [value];
  return { ...result, multiValueHeaders: lists };
}
