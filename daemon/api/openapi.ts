/**
 * The OpenAPI 3.1 document, made from the table of routes and the zod schemas that check the requests. There is no second
 * description that could say something else.
 */
import { z } from "zod";
import type { ErrorCode } from "../domain/errors.ts";
import type { ApiNeeds } from "./needs.ts";
import { componentName } from "./component.ts";
import { problemSchema } from "./problem-schema.ts";
import { PROBLEM_KINDS } from "./problems.ts";
import type { AnswerDoc, RequestBody, Route } from "./route.ts";
import { openRoute } from "./route.ts";

type Json = Readonly<Record<string, unknown>>;

/** The route that serves the document of all routes, its own included. The text is made when it is first asked for. */
export function documentRoute(routes: readonly Route[], needs: ApiNeeds): Route {
  let text: string | null = null;
  const route: Route = openRoute({
    method: "GET",
    path: "/v1/openapi.json",
    operationId: "getOpenApi",
    tag: "Instance",
    summary: "This document",
    answers: {
      200: { description: "OpenAPI 3.1, as JSON.", schema: z.record(z.string(), z.unknown()) },
    },
    handle() {
      text ??= JSON.stringify(openApiDocument([...routes, route], needs));
      return { status: 200, body: { kind: "text", contentType: "application/json", text } };
    },
  });
  return route;
}

function openApiDocument(
  routes: readonly Route[],
  { version, config }: Pick<ApiNeeds, "version" | "config">,
): Json {
  const schemas = collectSchemas(routes);
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const operations = (paths[route.path] ??= {});
    operations[route.method.toLowerCase()] = operation(route, schemas);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Posthorn",
      version,
      summary: "A post office for webhooks.",
      description: INTRODUCTION,
    },
    servers: [{ url: config.basePath === "" ? "/" : `/${config.basePath}` }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key." },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "posthorn_session",
          description: "Somebody signed in to the page. From no other site's page.",
        },
      },
      schemas: schemas.json,
    },
  };
}

const INTRODUCTION =
  "Events go in, signed webhooks go out. Every answer has a `Request-Id`. Lists are read page by page: " +
  "`next_cursor` of one is `cursor` of the next. Errors are problem documents (RFC 9457) with a stable " +
  "`code`. Unknown members and parameters are refused. Times are RFC 3339.\n\n" +
  "Beside these operations there is the live feed, `GET /v1/live`, by WebSocket: with a key of the scope `read` or a " +
  'session, send `{"t":"subscribe","topics":["totals","deliveries","endpoints"]}`, and be told what changes, four times a ' +
  "second at most.";

/** Every schema of the routes under a name of its own; one that several routes share is there once. */
interface Schemas {
  readonly json: Json;
  reference(schema: z.ZodType): Json;
}

function collectSchemas(routes: readonly Route[]): Schemas {
  const inputs = z.registry<{ id: string }>();
  const outputs = z.registry<{ id: string }>();
  const names = new Map<z.ZodType, string>();
  const add = (registry: typeof inputs, schema: z.ZodType, name: string): void => {
    if (names.has(schema)) return;
    const id = componentName(schema) ?? name;
    names.set(schema, id);
    registry.add(schema, { id });
  };
  add(outputs, problemSchema, "Problem");
  for (const route of routes) {
    const name = capitalized(route.operationId);
    const body = bodyOf(route);
    if (body !== undefined) add(inputs, body.schema, `${name}Body`);
    for (const { schema } of Object.values(route.answers)) {
      if (schema !== undefined) add(outputs, schema, `${name}Answer`);
    }
  }
  return {
    json: { ...componentsOf(inputs, "input"), ...componentsOf(outputs, "output") },
    reference: (schema) => ({ $ref: uri(names.get(schema) ?? "Problem") }),
  };
}

function componentsOf(registry: z.core.$ZodRegistry<{ id: string }>, io: "input" | "output"): Json {
  const { schemas } = z.toJSONSchema(registry, {
    uri,
    io,
    unrepresentable: "any",
    override: plain,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _schema, $id: _id, ...schema }]) => [
      name,
      schema,
    ]),
  );
}

/** Leaves out what zod says to machines only: the long pattern beside `date-time`, the bounds of a double's integers. */
function plain({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
}

function uri(name: string): string {
  return `#/components/schemas/${name}`;
}

function operation(route: Route, schemas: Schemas): Json {
  const body = bodyOf(route);
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: [route.description, accessText(route)]
      .filter((text) => text !== undefined)
      .join("\n\n"),
    ...(isOpen(route) && { security: [] }),
    ...(!isOpen(route) && {
      security:
        route.access.isPersonal === true ? [{ session: [] }] : [{ key: [] }, { session: [] }],
      "x-posthorn-scope": route.access.scope,
    }),
    parameters: parameters(route),
    ...(body !== undefined && { requestBody: requestBody(route, body, schemas) }),
    responses: responses(route, schemas),
  };
}

type OpenKind = Extract<Route, { readonly kind: "open" | "door" }>;

function isOpen(route: Route): route is OpenKind {
  return route.kind === "open" || route.kind === "door";
}

function accessText(route: Route): string {
  if (isOpen(route)) return "Needs no key.";
  const { scope, isInstanceWide, needsFresh, isPersonal } = route.access;
  const whole = isInstanceWide ? ", for the whole instance" : "";
  const fresh =
    needsFresh === true ? " At the page: within ten minutes of giving the password." : "";
  if (isPersonal === true) return `Needs a session; keys have none.${fresh}`;
  return `Needs a key with the scope \`${scope}\`${whole}.${fresh}`;
}

function bodyOf(route: Route): RequestBody<unknown> | undefined {
  return route.kind === "open" ? undefined : route.body;
}

const APP_HEADER = {
  name: "Posthorn-App",
  in: "header",
  description: "With an instance-wide key: the application's id or name. Default: `default`.",
  schema: { type: "string" },
};

function parameters(route: Route): readonly Json[] {
  const inPath = pathParameters(route.path).map((name) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inHeader = Object.entries(route.requestHeaders ?? {}).map(([name, description]) => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  }));
  const query = route.kind === "json" ? queryParameters(route.query) : [];
  return [...inPath, ...query, ...inHeader, ...(isOpen(route) ? [] : [APP_HEADER])];
}

function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
}

function queryParameters(query: z.ZodType | undefined): readonly Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(query, {
    io: "input",
    override: plain,
  });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = property as z.core.JSONSchema.BaseSchema;
    const common = { name, in: "query", required: required.includes(name), schema };
    return description === undefined ? common : Object.assign(common, { description });
  });
}

function requestBody(route: Route, body: RequestBody<unknown>, schemas: Schemas): Json {
  const others = route.kind === "bytes" ? Object.entries(route.otherContentTypes) : [];
  return {
    required: body.isOptional !== true,
    content: {
      "application/json": { schema: schemas.reference(body.schema), example: body.example },
      ...Object.fromEntries(
        others.map(([type, description]) => [type, { schema: { description } }]),
      ),
    },
  };
}

function responses(route: Route, schemas: Schemas): Json {
  const good = Object.entries(route.answers).map(([status, answer]) => [
    status,
    responseOf(answer, schemas),
  ]);
  const problem = { "application/problem+json": { schema: schemas.reference(problemSchema) } };
  const bad = faultsByStatus(route).map(([status, codes]) => [
    String(status),
    {
      description: codes.map((code) => `\`${code}\`: ${PROBLEM_KINDS[code].title}.`).join(" "),
      content: problem,
    },
  ]);
  // What an answer of the route's own says of a status goes before the general word.
  return { ...Object.fromEntries(bad), ...Object.fromEntries(good) };
}

function responseOf(
  { description, schema, contentType, headers }: AnswerDoc,
  schemas: Schemas,
): Json {
  const type = contentType ?? "application/json";
  const content =
    schema === undefined
      ? contentType === undefined
        ? undefined
        : { [type]: { schema: { type: "string" } } }
      : { [type]: { schema: schemas.reference(schema) } };
  const described = Object.entries(headers ?? {}).map(([name, text]) => [
    name,
    { description: text, schema: { type: "string" } },
  ]);
  return {
    description,
    ...(content !== undefined && { content }),
    ...(described.length > 0 && { headers: Object.fromEntries(described) }),
  };
}

/** What can go wrong with a route of this kind, and with this one, by status. */
function faultsByStatus(route: Route): readonly (readonly [number, readonly ErrorCode[]])[] {
  const codes = new Set<ErrorCode>(route.faults);
  codes.add("internal");
  if (!isOpen(route)) {
    const ofAll = ["invalid_request", "unauthorized", "forbidden", "not_found"] as const;
    for (const code of ofAll) codes.add(code);
    if (route.method !== "GET") codes.add("unavailable");
  }
  if (bodyOf(route) !== undefined) {
    const ofBodies = ["invalid_json", "body_too_large", "unsupported_media_type"] as const;
    for (const code of ofBodies) codes.add(code);
  }
  const byStatus = Map.groupBy(codes, (code) => PROBLEM_KINDS[code].status);
  return [...byStatus].toSorted(([left], [right]) => left - right);
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
