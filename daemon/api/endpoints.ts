import { z } from "zod";
import type { Endpoint } from "../domain/endpoint.ts";
import type { EndpointJson } from "./endpoint-json.ts";
import { endpointJson, endpointOut, secretJson, secretOut } from "./endpoint-json.ts";
import {
  authInput,
  endpointChange,
  newEndpoint,
  rotation,
  settingsInput,
} from "./endpoint-input.ts";
import { listPage } from "./listing.ts";
import { isOperator, mustBeFresh } from "./auth.ts";
import { activityJson } from "./overview.ts";
import { activityOut } from "./overview-json.ts";
import type { ApiNeeds } from "./needs.ts";
import type { Route } from "./route.ts";
import { afterPassword, json, jsonRoute, needsScope, noContent, param } from "./route.ts";
import { pageOf, pageQuery, timeOut, timeTextOrNull } from "./schemas.ts";

const withSecret = z.object({
  ...endpointOut.shape,
  secret: z
    .string()
    .describe("What receivers verify with, or its private half where signature is v1a."),
});

const withActivity = z.object({
  ...endpointOut.shape,
  activity: activityOut.optional().describe("Where it was asked for."),
});

const endpointsQuery = z.strictObject({
  ...pageQuery,
  activity: z
    .enum(["true", "false"])
    .default("false")
    .describe("Whether to tell how each has been doing lately."),
});

const rotated = z.object({
  secret: z.string(),
  public_key: z.string().nullable(),
  previous_valid_until: timeOut.nullable().describe("Null where the secret before has ended."),
});

const revealed = z.object({
  secret: z.string().describe("The newest."),
  public_key: z.string().nullable(),
  secrets: z.array(secretOut).describe("Every one that signs now, newest first."),
});

const EXAMPLE_ENDPOINT = {
  url: "https://shop.example/hooks",
  event_types: ["invoice.*"],
  description: "The shop",
  profile: "standard",
};

const OPERATORS_ONLY =
  "Only an instance-wide key, or the local socket, may add to `egress_allow` or set `tls_verify` to false. Somebody at the page must have given the password lately.";

export function endpointRoutes(needs: ApiNeeds): readonly Route[] {
  return [
    createEndpoint(needs),
    listEndpoints(needs),
    getEndpoint(needs),
    updateEndpoint(needs),
    deleteEndpoint(needs),
    rotateSecret(needs),
    getSecret(needs),
  ];
}

/** The endpoint as it is shown, without anything secret. */
export function shownEndpoint({ endpoints }: ApiNeeds, endpoint: Endpoint): EndpointJson {
  const credentials = endpoints.credentials(endpoint.applicationSeq, endpoint.id);
  return endpointJson(endpoint, credentials, endpoints.warnings(endpoint));
}

/** What reaches into the daemon's own network, or takes a check away: somebody who found a page open must not do it. */
function opensMore(given: { readonly egress_allow?: unknown; readonly tls_verify?: unknown }) {
  return given.egress_allow !== undefined || given.tls_verify !== undefined;
}

function createEndpoint(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/endpoints",
    operationId: "createEndpoint",
    tag: "Endpoints",
    summary: "Create an endpoint",
    access: needsScope("manage"),
    body: { schema: newEndpoint, example: EXAMPLE_ENDPOINT },
    answers: { 201: { description: "Created, with its secret.", schema: withSecret } },
    description: OPERATORS_ONLY,
    faults: ["fresh_password_needed"],
    async handle({ caller, application, body }) {
      if (opensMore(body)) mustBeFresh(caller);
      const { endpoint, secret } = await needs.endpoints.create(application.seq, {
        settings: settingsInput(body),
        auth: authInput(body.auth),
        secret: body.secret,
        signature: body.signature,
        isOperator: isOperator(caller),
      });
      const { id, ...shown } = shownEndpoint(needs, endpoint);
      return json(201, { id, secret: secret.secret, ...shown });
    },
  });
}

function listEndpoints(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/endpoints",
    operationId: "listEndpoints",
    tag: "Endpoints",
    summary: "List endpoints, oldest first",
    access: needsScope("read"),
    query: endpointsQuery,
    answers: { 200: { description: "A page of endpoints.", schema: pageOf(withActivity) } },
    faults: ["invalid_cursor"],
    async handle({ application, query }) {
      const all = needs.endpoints.list(application.seq);
      const { rows, next } = listPage("endpoints", all, ({ id }) => id, query);
      const activities = query.activity === "true" ? await needs.insight.activities(rows) : [];
      const data = rows.map((endpoint, i) => {
        const activity = activities[i];
        const shown = shownEndpoint(needs, endpoint);
        return activity === undefined ? shown : { ...shown, activity: activityJson(activity) };
      });
      return json(200, { data, next_cursor: next });
    },
  });
}

function getEndpoint(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/endpoints/{id}",
    operationId: "getEndpoint",
    tag: "Endpoints",
    summary: "Read one endpoint",
    access: needsScope("read"),
    answers: { 200: { description: "The endpoint.", schema: endpointOut } },
    handle(call) {
      const endpoint = needs.endpoints.read(call.application.seq, param(call, "id"));
      return json(200, shownEndpoint(needs, endpoint));
    },
  });
}

function updateEndpoint(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "PATCH",
    path: "/v1/endpoints/{id}",
    operationId: "updateEndpoint",
    tag: "Endpoints",
    summary: "Change some of an endpoint's settings",
    description: `Absent members stay as they are. \`headers\` replaces all of them, and the value \`***\` keeps the one that a name has. The secret is changed by rotate-secret. ${OPERATORS_ONLY}`,
    access: needsScope("manage"),
    body: { schema: endpointChange, example: { event_types: ["invoice.*", "order.paid"] } },
    answers: { 200: { description: "The endpoint as it is now.", schema: endpointOut } },
    faults: ["fresh_password_needed"],
    async handle(call) {
      const { application, body } = call;
      if (opensMore(body)) mustBeFresh(call.caller);
      const input = {
        settings: settingsInput(body),
        auth: authInput(body.auth),
        isOperator: isOperator(call.caller),
      };
      const endpoint = await needs.endpoints.update(application.seq, param(call, "id"), input);
      return json(200, shownEndpoint(needs, endpoint));
    },
  });
}

function deleteEndpoint({ deletion }: ApiNeeds): Route {
  return jsonRoute({
    method: "DELETE",
    path: "/v1/endpoints/{id}",
    operationId: "deleteEndpoint",
    tag: "Endpoints",
    summary: "Delete an endpoint; what still waits for it is cancelled",
    access: needsScope("manage"),
    answers: { 204: { description: "It is gone." } },
    async handle(call) {
      await deletion.deleteEndpoint(call.application.seq, param(call, "id"));
      return noContent();
    },
  });
}

function rotateSecret({ endpoints }: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/endpoints/{id}/rotate-secret",
    operationId: "rotateEndpointSecret",
    tag: "Endpoints",
    summary: "Give an endpoint a new secret; both sign until the overlap ends",
    access: afterPassword(needsScope("manage")),
    body: { schema: rotation, isOptional: true, example: { overlap_s: 3_600 } },
    answers: { 200: { description: "The new secret.", schema: rotated } },
    faults: ["conflict"],
    async handle(call) {
      const { secret: text, signature, overlap_s: overlapS } = call.body;
      const input = { secret: text, signature, overlapMs: overlapS * 1_000 };
      const id = param(call, "id");
      const { endpoint, secret } = await endpoints.rotateSecret(call.application.seq, id, input);
      const [, before] = endpoints.credentials(endpoint.applicationSeq, id).secrets;
      return json(200, {
        secret: secret.secret,
        public_key: secret.publicKey,
        previous_valid_until: timeTextOrNull(before?.expiresAtMs ?? null),
      });
    },
  });
}

function getSecret({ endpoints }: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/endpoints/{id}/secret",
    operationId: "getEndpointSecret",
    isAudited: true,
    tag: "Endpoints",
    summary: "Show an endpoint's secrets",
    access: afterPassword(needsScope("manage")),
    answers: { 200: { description: "Every secret that signs now.", schema: revealed } },
    handle(call) {
      const secrets = endpoints.revealSecrets(call.application.seq, param(call, "id"));
      const [newest] = secrets;
      return json(200, {
        secret: newest?.secret ?? "",
        public_key: newest?.publicKey ?? null,
        secrets: secrets.map(secretJson),
      });
    },
  });
}
