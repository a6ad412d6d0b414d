import assert from "node:assert/strict";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv2020 from "ajv/dist/2020.js";
import { answered, DELIVERED, endLastAttempt, openHouse } from "./support/api-house.ts";
import type { ApiHouse } from "./support/api-house.ts";
import { openPage } from "./support/api-page.ts";
import { call, makeEndpoint, type Answer } from "./support/api-call.ts";

interface Operation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly "x-posthorn-scope"?: string;
  readonly description: string;
  readonly parameters: readonly {
    readonly in: string;
    readonly name: string;
    readonly description?: string;
  }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Record<string, { readonly example?: object }>;
  };
  readonly responses: Record<
    string,
    { readonly content?: Record<string, { schema: { $ref?: string } }> }
  >;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

async function documentOf(house: ApiHouse): Promise<Document> {
  const answer = await call(house, "GET /v1/openapi.json", { key: null });
  assert.equal(answer.status, 200);
  return answer.json;
}

function operationsOf(document: Document): { line: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      line: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
}

test("the document is valid OpenAPI 3.1, and needs no key to be read", async () => {
  await using house = await openHouse();
  const document = await documentOf(house);
  const validator = new Validator();
  const result = await validator.validate(JSON.parse(JSON.stringify(document)));
  assert.deepEqual(result.errors, undefined);
  assert.equal(result.valid, true);
  assert.equal(validator.version, "3.1");
});

test("every reference leads to a schema, and every schema is referred to", async () => {
  await using house = await openHouse();
  const document = await documentOf(house);
  const text = JSON.stringify(document);
  const named = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name,
  );
  assert.deepEqual(new Set(named), new Set(Object.keys(document.components.schemas)));
  assert.equal(/"\$ref":"(?!#\/components\/schemas\/)/.test(text), false);
});

test("every operation answers, with a key or without one as it says, and never with 404 or 405", async () => {
  await using house = await openHouse();
  const document = await documentOf(house);
  assert.ok(operationsOf(document).length > 30);
  for (const { line, operation } of operationsOf(document)) {
    const withoutKey = await call(house, line.replace(/\{\w+\}/, "x"), { key: null });
    const isOpen = operation.security.length === 0;
    assert.equal(withoutKey.status, isOpen ? 200 : 401, line);
  }
});

test("whatever the router knows stands in the document, under the method that it knows", async () => {
  await using house = await openHouse();
  const lines = new Set(operationsOf(await documentOf(house)).map(({ line }) => line));
  assert.deepEqual(new Set(house.api.routes.map(({ method, path }) => `${method} ${path}`)), lines);
  for (const path of new Set(house.api.routes.map((route) => route.path))) {
    const asked = path.replace(/\{\w+\}/, "x");
    const { headers } = await call(house, `OPTIONS ${asked}`);
    const allowed = String(headers.allow)
      .split(", ")
      .filter((method) => method !== "HEAD");
    // `/v1/events/batch` is an event's path as well, to whoever does not post.
    const documented = [...lines].filter((line) => {
      const template = line.slice(line.indexOf("/")).replace(/\{\w+\}/, "[^/]+");
      return new RegExp(`^${template}$`).test(asked);
    });
    const methods = new Set(documented.map((line) => line.split(" ")[0]));
    assert.deepEqual(new Set(allowed), methods, path);
  }
});

test("operation ids are unique, path parameters are declared, and scopes are named", async () => {
  await using house = await openHouse();
  const operations = operationsOf(await documentOf(house));
  const ids = operations.map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
  for (const { line, operation } of operations) {
    const declared = operation.parameters.filter((parameter) => parameter.in === "path");
    const inPath = [...line.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    assert.deepEqual(
      declared.map(({ name }) => name),
      inPath,
      line,
    );
    const isOpen = operation.security.length === 0;
    assert.equal(operation["x-posthorn-scope"] === undefined, isOpen, line);
  }
});

test("every query parameter says what it is for, and the live feed, which is no operation, is named", async () => {
  await using house = await openHouse();
  const document = await documentOf(house);
  for (const { line, operation } of operationsOf(document)) {
    const mute = operation.parameters.filter(
      (parameter) => parameter.in === "query" && parameter.description === undefined,
    );
    assert.deepEqual(
      mute.map(({ name }) => name),
      [],
      line,
    );
  }
  assert.match(document.info.description, /`GET \/v1\/live`/);
});

test("what is only somebody's own wants their session, and says that no key opens it", async () => {
  await using house = await openPage();
  const document: Document = (await call(house, "GET /v1/openapi.json", { key: null })).json;
  const operations = operationsOf(document).map(({ operation }) => operation);
  const own = operations.filter(
    ({ security }) => security.length === 1 && "session" in (security[0] ?? {}),
  );
  const ids = own.map(({ operationId }) => operationId).toSorted();
  const wanted = ["changePassword", "confirmTotp", "refreshSession", "removeTotp", "signOut"];
  assert.deepEqual(ids, [...wanted, "startTotp"]);
  for (const { description } of own) assert.match(description, /Needs a session; keys have none\./);
  const byKey = await call(house, "DELETE /v1/session");
  assert.deepEqual([byKey.status, byKey.json.code], [403, "forbidden"]);
});

test("the base path is the server's", async () => {
  await using house = await openHouse({ basePath: "hooks" });
  const { json } = await call(house, "GET /hooks/v1/openapi.json");
  assert.deepEqual(json.servers, [{ url: "/hooks" }]);
});

/** Fails where an answer is not what the document says of its operation and status. */
function answerCheck(document: Document): (line: string, answer: Answer) => void {
  const ajv = new Ajv2020.default({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: "doc", ...document });
  const seen = new Map(operationsOf(document).map(({ line, operation }) => [line, operation]));
  return (line, answer) => {
    const content = seen.get(line)?.responses[answer.status]?.content;
    const type = String(answer.headers["content-type"]).split(";")[0] ?? "";
    const schema = content?.[type]?.schema;
    assert.ok(schema !== undefined || answer.text === "", `${line} ${answer.status} ${type}`);
    if (schema?.$ref === undefined) return;
    const isValid = ajv.validate({ $ref: `doc${schema.$ref}` }, answer.json);
    assert.ok(isValid, `${line} ${answer.status}: ${ajv.errorsText()}\n${answer.text}`);
  };
}

test("the examples are accepted, and every answer has the form that the document gives it", async () => {
  await using house = await openHouse();
  const document = await documentOf(house);
  const check = answerCheck(document);
  const endpointId = await makeEndpoint(house, { auth: { type: "bearer", token: "t" } });
  await call(house, "POST /v1/events", { body: { type: "invoice.paid", data: null, id: "e1" } });
  await endLastAttempt(house, answered(200, "ok"), DELIVERED);
  const deliveries = await call(house, "GET /v1/deliveries");
  await call(house, "PUT /v1/event-types/invoice.paid", { body: {} });
  const key = await call(house, "POST /v1/keys", { body: { name: "k", scopes: ["read"] } });
  const idFor = (path: string): string => {
    if (path.includes("endpoints")) return endpointId;
    if (path.includes("deliveries")) return deliveries.json.data[0].id;
    if (path.includes("event-types")) return "invoice.paid";
    return path.includes("keys") ? key.json.id : "e1";
  };
  // Last of all what takes things away.
  const operations = operationsOf(document).toSorted(
    (left, right) =>
      Number(left.line.startsWith("DELETE")) - Number(right.line.startsWith("DELETE")),
  );
  const allowed = new Set(["cancelDelivery", "testEndpoint", "enableEndpoint", "resumeEndpoint"]);
  for (const { line, operation } of operations) {
    const path = line.replace(/\{\w+\}/, () => idFor(line));
    const body = operation.requestBody?.content["application/json"]?.example;
    const pending = call(house, path, { body });
    if (operation.operationId === "testEndpoint") {
      while (house.timers.waiting.size === 0) await new Promise(setImmediate);
      house.timers.fire();
    }
    const answer = await pending;
    const isGood =
      answer.status < 300 || (allowed.has(operation.operationId) && answer.status === 409);
    assert.ok(isGood, `${line}: ${answer.status} ${answer.text}`);
    check(line, answer);
  }
});

test("problem documents have the form that the document gives them", async () => {
  await using house = await openHouse();
  const check = answerCheck(await documentOf(house));
  check("POST /v1/events", await call(house, "POST /v1/events", { body: {} }));
  check("POST /v1/events", await call(house, "POST /v1/events", { body: "{" }));
  check("GET /v1/events/{id}", await call(house, "GET /v1/events/x"));
  check("GET /v1/events", await call(house, "GET /v1/events?limit=0"));
  check("GET /v1/events", await call(house, "GET /v1/events?cursor=x"));
  check("GET /v1/events", await call(house, "GET /v1/events", { key: null }));
});
