import { z } from "zod";
import { ROLES } from "../domain/account.ts";
import { accountJson, accountOut } from "./account-json.ts";
import { listPage, listQuery } from "./listing.ts";
import type { ApiNeeds } from "./needs.ts";
import type { Route } from "./route.ts";
import { afterPassword, json, jsonRoute, needsInstance, noContent, param } from "./route.ts";
import { pageOf, present } from "./schemas.ts";

const newAccount = z.strictObject({
  name: z.string(),
  role: z.enum(ROLES),
  password: z.string().nullable().describe("Null for one that only a trusted proxy signs in."),
});
const accountPatch = z.strictObject({
  name: z.string().optional(),
  role: z.enum(ROLES).optional(),
  password: z.string().optional().describe("Ends every session of the account."),
  totp: z
    .literal(false)
    .optional()
    .describe("Turns the second factor off, for one who has lost it."),
});

/** The people who may sign in. */
export function accountRoutes(needs: ApiNeeds): readonly Route[] {
  return [listAccounts(needs), createAccount(needs), updateAccount(needs), removeAccount(needs)];
}

const ACCESS = afterPassword(needsInstance("manage"));

function listAccounts(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/accounts",
    operationId: "listAccounts",
    tag: "People",
    summary: "List accounts, oldest first",
    access: needsInstance("manage"),
    query: listQuery,
    answers: { 200: { description: "A page of accounts.", schema: pageOf(accountOut) } },
    faults: ["invalid_cursor"],
    handle({ query }) {
      const { rows, next } = listPage(
        "accounts",
        needs.people.accounts.list(),
        ({ id }) => id,
        query,
      );
      return json(200, { data: rows.map(accountJson), next_cursor: next });
    },
  });
}

function createAccount(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/accounts",
    operationId: "createAccount",
    tag: "People",
    summary: "Create an account",
    access: ACCESS,
    body: {
      schema: newAccount,
      example: { name: "kim", role: "viewer", password: "a long password" },
    },
    answers: { 201: { description: "Created.", schema: accountOut } },
    faults: ["conflict"],
    handle: async ({ body }) => json(201, accountJson(await needs.people.accounts.create(body))),
  });
}

function updateAccount(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "PATCH",
    path: "/v1/accounts/{id}",
    operationId: "updateAccount",
    tag: "People",
    summary: "Change an account",
    access: ACCESS,
    body: { schema: accountPatch, example: { role: "viewer" } },
    answers: { 200: { description: "The account.", schema: accountOut } },
    faults: ["conflict"],
    async handle(call) {
      const { accounts, secondFactor } = needs.people;
      const { totp, ...change } = call.body;
      const account = await accounts.update(param(call, "id"), present(change));
      if (totp === false) await secondFactor.remove(account.seq);
      return json(200, accountJson(accounts.byId(account.id)));
    },
  });
}

function removeAccount(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "DELETE",
    path: "/v1/accounts/{id}",
    operationId: "removeAccount",
    tag: "People",
    summary: "Remove an account and end its sessions; what it did stays in the log",
    access: ACCESS,
    answers: { 204: { description: "Removed." } },
    faults: ["conflict"],
    async handle(call) {
      await needs.people.accounts.remove(param(call, "id"));
      return noContent();
    },
  });
}
