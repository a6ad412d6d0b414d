/** The known answers judged by the senders' own libraries: they agree, or the vector is named with who is right and why. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isAccepted, serveCertificate } from "./official.ts";
import type { Given, OfficialName } from "./official.ts";
import { nowMsOf, requestOf } from "./vectors.ts";
import type { ProviderVector } from "./vectors.ts";

const FILE = new URL("./vectors/provider-vectors.json", import.meta.url);
const { vectors } = JSON.parse(readFileSync(FILE, "utf8")) as {
  readonly vectors: readonly ProviderVector[];
};

/** The library that judges a vector of this provider; null for what it has nothing for. */
const LIBRARIES: Readonly<Record<string, (vector: ProviderVector) => OfficialName | null>> = {
  "standard-webhooks": () => "standardwebhooks",
  svix: () => "svix",
  stripe: () => "stripe",
  github: () => "@octokit/webhooks-methods",
  slack: () => "@slack/bolt",
  twilio: () => "twilio",
  discord: () => "discord-interactions",
  sendgrid: () => "@sendgrid/eventwebhook",
  square: () => "square",
  linear: () => "@linear/sdk",
  adyen: ({ mode }) => (mode === "payments" ? "@adyen/api-library" : null),
  paddle: () => "@paddle/paddle-node-sdk",
  hubspot: () => "@hubspot/api-client",
  workos: () => "@workos-inc/node",
  shopify: () => "@shopify/shopify-api",
  "aws-sns": () => "sns-validator",
};

/** Where the library says otherwise than the vector, and why the vector is right. */
const DISAGREEMENTS: Readonly<Record<string, string>> = {
  "standard-webhooks-20":
    "the library takes one secret, so that a receiver can't overlap two in a rotation",
  "standard-webhooks-22":
    "Supabase hands secrets out as v1,whsec_…, which the library can't decode",
  "standard-webhooks-24": "the library knows no v1a, which the specification prefers",
  "slack-04": "bolt looks for old times only: one of the future is good until then, however long",
  "hubspot-07":
    "HubSpot decodes twelve characters of the address before it signs, the library leaves that to its caller",
};

function givenOf(vector: ProviderVector): Given {
  const { method, url, headers, body } = requestOf(vector);
  const secret = [vector.publicKey ?? vector.secret ?? ""].flat()[0] ?? "";
  return {
    method,
    url,
    headers: headers as Record<string, string>,
    body: Buffer.from(body),
    secret,
  };
}

for (const vector of vectors) {
  const library = LIBRARIES[vector.provider]?.(vector) ?? null;
  if (library === null) continue;
  const isValid = vector.expect === "valid";
  const why = DISAGREEMENTS[vector.id];
  const name =
    why === undefined
      ? `${library} agrees on ${vector.id}`
      : `${library} is wrong about ${vector.id}: ${why}`;
  test(name, async (t) => {
    serveCertificate(t, vector.certificate ?? "");
    const accepted = await isAccepted(t, library, givenOf(vector), nowMsOf(vector));
    assert.equal(accepted, why === undefined ? isValid : !isValid);
  });
}

test("every named disagreement is about a vector that is there", () => {
  const ids = new Set(vectors.map(({ id }) => id));
  assert.deepEqual(
    Object.keys(DISAGREEMENTS).filter((id) => !ids.has(id)),
    [],
  );
});
