import { z } from "zod";
import { AppError } from "../domain/errors.ts";
import { SCOPES } from "../domain/application.ts";
import { accountJson, setUpOut, setupOut } from "./account-json.ts";
import { sessionCookie } from "./cookie.ts";
import type { ApiNeeds } from "./needs.ts";
import type { Peer } from "./peer.ts";
import type { Route } from "./route.ts";
import { doorRoute, json, jsonRoute, needsInstance } from "./route.ts";

const newInstance = z.strictObject({
  name: z.string(),
  password: z.string(),
  claim_code: z.string().max(100).optional(),
});

/** The way in to an instance that nobody has an account on. */
export function setupRoutes(needs: ApiNeeds): readonly Route[] {
  return [readSetup(needs), setUp(needs), readClaimCode(needs)];
}

function readSetup(needs: ApiNeeds): Route {
  return doorRoute({
    method: "GET",
    path: "/v1/setup",
    operationId: "getSetup",
    tag: "People",
    summary: "Whether somebody has to make the first account",
    answers: { 200: { description: "Whether, and how.", schema: setupOut } },
    handle: ({ peer }) =>
      json(200, {
        is_needed: !needs.people.accounts.isSetUp(),
        needs_claim_code: !isAtHome(needs, peer()),
        version: needs.version,
        build: needs.page?.build ?? "",
      }),
  });
}

function setUp(needs: ApiNeeds): Route {
  const { accounts, sessions, claim, audit } = needs.people;
  return doorRoute({
    method: "POST",
    path: "/v1/setup",
    operationId: "setUp",
    tag: "People",
    summary: "Make the first account, an admin's, and the first key",
    description:
      "Only while nobody has an account. From this machine and private networks directly, by an address or a local name; else with the claim code, " +
      "which the daemon prints and `posthorn admin claim-code` shows.",
    body: { schema: newInstance, example: { name: "admin", password: "correct horse battery" } },
    answers: { 201: { description: "Made, and signed in.", schema: setUpOut } },
    faults: ["claim_code_needed", "too_many_attempts", "cross_site", "conflict", "unavailable"],
    async handle({ peer, body }) {
      const visitor = peer();
      if (accounts.isSetUp()) throw alreadySetUp();
      if (!isAtHome(needs, visitor)) checkClaim(claim, body.claim_code, visitor);
      const account = await accounts.createFirst(body.name, body.password);
      const { token } = await sessions.begin(account, visitor, true);
      const made = await needs.keys.create({ applicationSeq: null, name: "first", scopes: SCOPES });
      audit.note({
        actorKind: "account",
        actorId: account.id,
        actorName: account.name,
        action: "setUp",
        subjectId: account.id,
        applicationSeq: null,
        address: visitor.address,
        changed: ["name", "password"],
        isRefused: false,
      });
      const reply = json(201, {
        account: accountJson(account),
        key: { id: made.key.id, key: made.token },
      });
      return { ...reply, headers: sessionCookie(token, visitor) };
    },
  });
}

function readClaimCode(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/setup/claim-code",
    operationId: "getClaimCode",
    tag: "People",
    summary: "The code that shows that an instance is yours",
    description: "Through the local socket only.",
    access: needsInstance("manage"),
    answers: {
      200: {
        description: "Good until the next start.",
        schema: z.object({ claim_code: z.string() }),
      },
    },
    faults: ["conflict"],
    handle({ caller }) {
      if (caller.kind !== "local") {
        throw new AppError(
          "forbidden",
          "expected the request to come through the local socket, got another way",
        );
      }
      if (needs.people.accounts.isSetUp()) throw alreadySetUp();
      return json(200, { claim_code: needs.people.claim.code });
    },
  });
}

/**
 * On this machine or a private network, with nobody in between who could be anybody. And asked for by a name that only such a
 * network gives: a page of a stranger can let its own name stand for this machine (DNS rebinding), and the browser of somebody
 * at home would then set the instance up for the stranger, from the right address and, as far as it knows, from the same site.
 */
function isAtHome(needs: ApiNeeds, { address, isDirect, host }: Peer): boolean {
  return isDirect && (address === "" || (needs.isOwnNetwork(address) && isHomeName(host)));
}

const HOME_ENDINGS = ["local", "localhost", "lan", "home", "internal", "home.arpa", "localdomain"];

/** An address, a name without a dot, or one that no public registry gives away. */
function isHomeName(host: string): boolean {
  const name = host.replace(/:\d+$/, "").replace(/\.$/, "").toLowerCase();
  // Browsers take a name whose last part is a number for an IPv4 address, and nothing else.
  if (name.startsWith("[") || /\.\d+$/.test(name) || !name.includes(".")) return true;
  return HOME_ENDINGS.some((ending) => name.endsWith(`.${ending}`));
}

function checkClaim(
  claim: ApiNeeds["people"]["claim"],
  code: string | undefined,
  peer: Peer,
): void {
  if (code !== undefined) return claim.check(code, peer);
  const message =
    "expected claim_code to be given from outside the daemon's own network, got nothing";
  throw new AppError("claim_code_needed", message);
}

function alreadySetUp(): AppError {
  return new AppError("conflict", "expected nobody to have an account yet, got somebody who has");
}
