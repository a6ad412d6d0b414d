import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  ALBEvent,
  ALBHandler,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  LambdaFunctionURLHandler,
} from "aws-lambda";
import type { LambdaEvent } from "../src/adapters/lambda.ts";
import { lambdaWebhook } from "../src/adapters/lambda.ts";
import { AWKWARD, BODY_BYTES_MAX, createDesk, signed } from "./adapter-kit.ts";

type Headers = Record<string, string>;
type Event = APIGatewayProxyEvent | APIGatewayProxyEventV2 | ALBEvent;

interface Sent {
  readonly method: string;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly isBase64Encoded: boolean;
  readonly challenge?: string;
}

const bodyOf = ({ body, isBase64Encoded }: Sent) => ({
  body: body.length === 0 ? null : body.toString(isBase64Encoded ? "base64" : "utf8"),
  isBase64Encoded,
});

const lists = (headers: Headers) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));

/** As a REST API sends it: names as the client wrote them, the stage only in the context's path, the query decoded. */
function restEvent(sent: Sent): APIGatewayProxyEvent {
  const headers = { ...sent.headers, Host: "abc123.execute-api.eu-west-1.amazonaws.com" };
  const { challenge } = sent;
  return {
    ...bodyOf(sent),
    resource: "/hooks",
    path: "/hooks",
    httpMethod: sent.method,
    headers,
    multiValueHeaders: lists(headers),
    queryStringParameters: challenge === undefined ? null : { challenge, "a b": "é&" },
    multiValueQueryStringParameters:
      challenge === undefined ? null : { challenge: [challenge], "a b": ["é&", "2"] },
    pathParameters: null,
    stageVariables: null,
    requestContext: {
      accountId: "123456789012",
      apiId: "abc123",
      authorizer: null,
      protocol: "HTTP/1.1",
      httpMethod: sent.method,
      identity: {
        accessKey: null,
        accountId: null,
        apiKey: null,
        apiKeyId: null,
        caller: null,
        clientCert: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: "198.51.100.7",
        user: null,
        userAgent: "GitHub-Hookshot/044aadd",
        userArn: null,
      },
      path: "/prod/hooks",
      stage: "prod",
      requestId: "c6af9ac6",
      requestTimeEpoch: 1_583_348_638_390,
      resourceId: "123456",
      resourcePath: "/hooks",
    },
  };
}

/** As HTTP APIs and function URLs send it: lower-case names, the query as it came. */
function httpEvent(sent: Sent): APIGatewayProxyEventV2 {
  const domainName = "abc123.lambda-url.eu-west-1.on.aws";
  const { body, isBase64Encoded } = bodyOf(sent);
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: "/hooks",
    rawQueryString: sent.challenge === undefined ? "" : `challenge=${sent.challenge}&a%20b=%7E`,
    headers: { ...sent.headers, host: domainName },
    ...(body !== null && { body }),
    isBase64Encoded,
    requestContext: {
      accountId: "anonymous",
      apiId: "abc123",
      domainName,
      domainPrefix: "abc123",
      http: {
        method: sent.method,
        path: "/hooks",
        protocol: "HTTP/1.1",
        sourceIp: "198.51.100.7",
        userAgent: "GitHub-Hookshot/044aadd",
      },
      requestId: "e1506fd5",
      routeKey: "$default",
      stage: "$default",
      time: "12/Mar/2020:19:03:58 +0000",
      timeEpoch: 1_583_348_638_390,
    },
  };
}

/** As a load balancer sends it: scheme and sender in headers of its own, the query still encoded, "" for no body. */
function balancerEvent(sent: Sent, isMulti: boolean): ALBEvent {
  const headers = {
    ...sent.headers,
    host: "lb-1.eu-west-1.elb.amazonaws.com",
    "x-forwarded-for": "6.6.6.6, 198.51.100.7",
    "x-forwarded-port": "443",
    "x-forwarded-proto": "https",
  };
  const { challenge } = sent;
  const query: Headers = challenge === undefined ? {} : { challenge, "a%20b": "%7E" };
  const arn =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/hooks/49e9d65c45c6791a";
  return {
    requestContext: { elb: { targetGroupArn: arn } },
    httpMethod: sent.method,
    path: "/hooks",
    ...(isMulti
      ? { multiValueHeaders: lists(headers), multiValueQueryStringParameters: lists(query) }
      : { headers, queryStringParameters: query }),
    body: bodyOf(sent).body ?? "",
    isBase64Encoded: sent.isBase64Encoded,
  };
}

interface Front {
  readonly name: string;
  readonly event: (sent: Sent) => Event;
  readonly url: string;
  readonly query: string;
  readonly isMulti: boolean;
}

const FRONTS: readonly Front[] = [
  {
    name: "REST API",
    event: restEvent,
    url: "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/hooks",
    query: "challenge=77&a%20b=%C3%A9%26&a%20b=2",
    isMulti: true,
  },
  {
    name: "HTTP API and function URL",
    event: httpEvent,
    url: "https://abc123.lambda-url.eu-west-1.on.aws/hooks",
    query: "challenge=77&a%20b=%7E",
    isMulti: false,
  },
  ...[true, false].map((isMulti) => ({
    name: isMulti ? "load balancer with multi-value headers" : "load balancer",
    event: (sent: Sent) => balancerEvent(sent, isMulti),
    url: "https://lb-1.eu-west-1.elb.amazonaws.com/hooks",
    query: "challenge=77&a%20b=%7E",
    isMulti,
  })),
];

const EMPTY = Buffer.alloc(0);

for (const { name, event, url, query, isMulti } of FRONTS) {
  for (const isBase64Encoded of [true, false]) {
    test(`Lambda behind a ${name}, ${isBase64Encoded ? "base64" : "text"}`, async () => {
      const desk = createDesk();
      const handler = lambdaWebhook(desk.receiver);
      const sent = { method: "POST", headers: signed(AWKWARD), body: AWKWARD, isBase64Encoded };
      const first = await handler(event(sent));
      const headers = { "content-type": "text/plain" };
      const answered = isMulti ? { multiValueHeaders: lists(headers) } : { headers };
      const result = { statusCode: 202, body: "thanks", isBase64Encoded: false };
      assert.deepEqual(first, { ...result, ...answered });
      assert.equal((await handler(event(sent))).statusCode, 202, "a duplicate");
      assert.deepEqual(desk.handled, [AWKWARD.toString("hex")]);
      const { url: seen, remoteAddress } = desk.requests[0] ?? {};
      assert.deepEqual([seen, remoteAddress], [url, "198.51.100.7"]);
      const forged = { ...sent, body: Buffer.concat([AWKWARD, AWKWARD]) };
      assert.equal((await handler(event(forged))).statusCode, 401);
    });
  }

  test(`Lambda behind a ${name}: challenges and the limit`, async () => {
    const desk = createDesk();
    const handler = lambdaWebhook(desk.receiver);
    const ask = {
      method: "GET",
      headers: {},
      body: EMPTY,
      isBase64Encoded: false,
      challenge: "77",
    };
    const got = await handler(event(ask));
    assert.deepEqual([got.statusCode, got.body], [200, "77"]);
    assert.equal(desk.requests[0]?.url, `${url}?${query}`);
    for (const isBase64Encoded of [true, false]) {
      const body = Buffer.alloc(BODY_BYTES_MAX + 4, " ");
      const large = { method: "POST", headers: signed(body), body, isBase64Encoded };
      assert.equal((await handler(event(large))).statusCode, 413);
    }
    assert.deepEqual(desk.refusals, ["BODY_TOO_LARGE", "BODY_TOO_LARGE"]);
  });
}

test("Lambda: what a mapping template made of the body is told from a forgery", async () => {
  const desk = createDesk();
  const handler = lambdaWebhook(desk.receiver, { showHints: true });
  const event = { httpMethod: "POST", path: "/", headers: {}, body: { parsed: true } };
  const got = await handler(event as unknown as LambdaEvent);
  assert.equal(got.statusCode, 500);
  assert.match(got.headers?.["webhook-hint"] ?? "", /proxy integration/);
});

test("Lambda: base64 that is none is refused, not guessed", async () => {
  const handler = lambdaWebhook(createDesk().receiver);
  const sent = { method: "POST", headers: {}, body: EMPTY, isBase64Encoded: true };
  const got = await handler({ ...httpEvent(sent), body: "%%%" });
  assert.equal(got.statusCode, 400);
});

test("Lambda: a sender can't write its own address through a load balancer", async () => {
  const desk = createDesk();
  const sent = { method: "GET", headers: {}, body: EMPTY, isBase64Encoded: false };
  await lambdaWebhook(desk.receiver)(balancerEvent(sent, false));
  assert.equal(desk.requests[0]?.remoteAddress, "198.51.100.7");
});

// The compiler holds these: the one handler is what each of AWS's types asks for.
test("Lambda: the handler has the types that AWS's events have", () => {
  const { receiver } = createDesk();
  const rest: APIGatewayProxyHandler = lambdaWebhook(receiver);
  const http: APIGatewayProxyHandlerV2 = lambdaWebhook(receiver);
  const url: LambdaFunctionURLHandler = lambdaWebhook(receiver);
  const balancer: ALBHandler = lambdaWebhook(receiver);
  for (const handler of [rest, http, url, balancer]) assert.equal(typeof handler, "function");
});
