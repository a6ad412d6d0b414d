/**
 * The HTTP server's inside: two request listeners over one table of routes. Which of them a request reaches decides
 * whether it is local; nothing in the request itself can say so.
 */
import type { RequestListener } from "node:http";
import type { RouterContext } from "@koa/router";
import { Router } from "@koa/router";
import Koa from "koa";
import type { Context, Middleware } from "koa";
import { AppError } from "../domain/errors.ts";
import type { Caller } from "../domain/ports.ts";
import { accountRoutes } from "./accounts.ts";
import { applicationRoutes } from "./applications.ts";
import { auditRoutes } from "./audit.ts";
import { LOCAL_CALLER } from "./auth.ts";
import { CallerGone } from "./body.ts";
import { bulkRoutes } from "./bulk.ts";
import { deliveryRoutes } from "./deliveries.ts";
import { endpointActionRoutes } from "./endpoint-actions.ts";
import { endpointRoutes } from "./endpoints.ts";
import { eventTypeRoutes } from "./event-types.ts";
import { eventRoutes } from "./events.ts";
import { createFaultLog } from "./fault-log.ts";
import { healthRoutes } from "./health.ts";
import { keyRoutes } from "./keys.ts";
import type { ApiNeeds } from "./needs.ts";
import { documentRoute } from "./openapi.ts";
import { overviewRoutes } from "./overview.ts";
import { createPage } from "./page.ts";
import { problemAnswer } from "./problems.ts";
import { writeReply } from "./reply.ts";
import type { Reply, Route } from "./route.ts";
import { sessionRoutes } from "./sessions.ts";
import { setupRoutes } from "./setup.ts";
import { settingsRoutes } from "./settings.ts";
import { systemRoutes } from "./system.ts";
import type { Upgrade } from "./upgrade.ts";
import { createUpgrade, LIVE_PATH } from "./upgrade.ts";
import { answer } from "./walk.ts";

/** Both listeners answer every request and never throw. */
export interface Api {
  /** For listeners that anybody may reach: only bearer keys count. */
  readonly handler: RequestListener;
  /** For the local socket only: every caller may do everything in every application. */
  readonly localHandler: RequestListener;
  /** For the same listeners, where a request asks for another protocol. */
  readonly upgrade: Upgrade;
  readonly localUpgrade: Upgrade;
  readonly routes: readonly Route[];
}

/** Settings for `node:http` that the api room relies on: its own reading has a size limit and no clock. */
export const SERVER_SETTINGS = {
  /** From the first byte to the end of the headers. */
  headersTimeout: 15_000,
  /** From the first byte to the end of the body: how long a slow sender may take. */
  requestTimeout: 60_000,
  /** Longer than the idle time of the usual proxies in front, so that they close first and never meet a closing socket. */
  keepAliveTimeout: 75_000,
  /** How often the two times above are looked at. */
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
} as const;

/** Every route of the API, each once. */
function allRoutes(needs: ApiNeeds): readonly Route[] {
  const routes = [
    ...eventRoutes(needs),
    ...deliveryRoutes(needs),
    ...bulkRoutes(needs),
    ...endpointRoutes(needs),
    ...endpointActionRoutes(needs),
    ...applicationRoutes(needs),
    ...keyRoutes(needs),
    ...eventTypeRoutes(needs),
    ...healthRoutes(needs),
    ...overviewRoutes(needs),
    ...auditRoutes(needs),
    ...settingsRoutes(needs),
    ...systemRoutes(needs),
    // Without the page there is nobody to sign in, and no door may stand open for setting up.
    ...(needs.page === null ? [] : pageRoutes(needs)),
  ];
  return [...routes, documentRoute(routes, needs)];
}

/** What only the operator's page calls. */
function pageRoutes(needs: ApiNeeds): readonly Route[] {
  return [...setupRoutes(needs), ...sessionRoutes(needs), ...accountRoutes(needs)];
}

export function createApi(needs: ApiNeeds): Api {
  const routes = allRoutes(needs);
  const nextRequestId = requestIds(needs);
  const logFault = createFaultLog(needs.log, needs.clock);
  const listen = (known: Caller | null): RequestListener => {
    // A base path is what a proxy in front asks for; nobody stands in front of the local socket.
    const prefix = known === null ? prefixOf(needs) : "";
    const walk: Walk = { needs, known, prefix, nextRequestId, logFault };
    const app = new Koa();
    app.on("error", (error: Error) =>
      needs.log.info("a connection failed", { error: error.message }),
    );
    app.use(answering(walk));
    app.use(straightToEvents(walk, routes));
    app.use(routed(walk, routes));
    app.use((ctx) => unmatched(ctx, prefix));
    const listener = app.callback();
    const servePage = known === null ? createPage(needs.page, prefix) : () => false;
    return (request, response) => {
      if (!servePage(request, response)) void listener(request, response);
    };
  };
  return {
    handler: listen(null),
    localHandler: listen(LOCAL_CALLER),
    upgrade: createUpgrade(needs, null, prefixOf(needs), nextRequestId),
    localUpgrade: createUpgrade(needs, LOCAL_CALLER, "", nextRequestId),
    routes,
  };
}

interface Walk {
  readonly needs: ApiNeeds;
  /** The caller where the listener knows it already; null where the request has to say. */
  readonly known: Caller | null;
  readonly prefix: string;
  nextRequestId(): string;
  readonly logFault: ReturnType<typeof createFaultLog>;
}

function prefixOf({ config }: ApiNeeds): string {
  return config.basePath === "" ? "" : `/${config.basePath}`;
}

/** Unique over restarts by its first half, cheap by its second. */
function requestIds({ chance }: ApiNeeds): () => string {
  const start = Buffer.from(chance.bytes(5)).toString("hex");
  let count = 0;
  return () => {
    count += 1;
    return `${start}-${count.toString(36)}`;
  };
}

/** Outermost: gives the request its id, and turns whatever comes back, or is thrown, into the one answer. */
function answering(walk: Walk): Middleware {
  const { nextRequestId } = walk;
  return async (ctx, next) => {
    const requestId = nextRequestId();
    // The answer is written here, in one piece; koa's own way sets header by header.
    ctx.respond = false;
    try {
      await next();
      writeReply(ctx.req, ctx.res, ctx.state["reply"] as Reply, requestId);
    } catch (error) {
      if (error instanceof CallerGone) return void ctx.res.destroy();
      writeProblem(walk, ctx, error, requestId);
    }
  };
}

function writeProblem(
  { needs, logFault }: Walk,
  ctx: Context,
  error: unknown,
  requestId: string,
): void {
  const { status, headers, document, isOurs } = problemAnswer(error, requestId);
  needs.metrics.rejected(document.code);
  if (isOurs) logFault(error, { requestId, method: ctx.req.method, path: ctx.path });
  const allow = ctx.state["allow"] as string | undefined;
  const reply: Reply = {
    status,
    headers: allow === undefined ? headers : { ...headers, Allow: allow },
    body: {
      kind: "text",
      contentType: "application/problem+json",
      text: JSON.stringify(document),
    },
  };
  writeReply(ctx.req, ctx.res, reply, requestId);
}

/**
 * `POST /v1/events` does not go through the router, which tries each route's expression in turn: it is the one route
 * whose microseconds count.
 */
function straightToEvents(walk: Walk, routes: readonly Route[]): Middleware {
  const path = "/v1/events";
  const route = routes.find((each) => each.method === "POST" && each.path === path);
  const url = `${walk.prefix}${path}`;
  return async (ctx, next) => {
    if (route === undefined || ctx.req.method !== "POST" || ctx.req.url !== url) return next();
    const { needs, known } = walk;
    ctx.state["reply"] = await answer(needs, route, {
      request: ctx.req,
      params: {},
      queryText: "",
      known,
    });
  };
}

function routed({ needs, known, prefix }: Walk, routes: readonly Route[]): Middleware {
  const router = new Router({ prefix, sensitive: true });
  for (const route of routes) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ":$1");
    router.register(path, [route.method], async (ctx: RouterContext) => {
      const asked = { request: ctx.req, params: ctx.params, queryText: ctx.querystring, known };
      ctx.state["reply"] = await answer(needs, route, asked);
    });
  }
  return router.routes() as Middleware;
}

function unknownPath(path: string, prefix: string): string {
  if (path === `${prefix}${LIVE_PATH}`) return `expected ${path} to be opened by WebSocket`;
  return `expected the path to be one of the API's, got ${shown(path)}`;
}

/** No route has this path, or none of those that have it takes the method. */
function unmatched(ctx: Context, prefix: string): void {
  const layers = (ctx["matched"] ?? []) as readonly { readonly methods: readonly string[] }[];
  const allow = [...new Set(layers.flatMap(({ methods }) => methods))].toSorted().join(", ");
  if (allow === "") throw new AppError("not_found", unknownPath(ctx.path, prefix));
  if (ctx.method === "OPTIONS") {
    ctx.state["reply"] = { status: 204, headers: { Allow: allow }, body: { kind: "none" } };
    return;
  }
  ctx.state["allow"] = allow;
  throw new AppError(
    "method_not_allowed",
    `expected the method to be one of ${allow}, got ${ctx.method}`,
  );
}

function shown(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}...` : path);
}
