import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import type { Endpoint } from "../daemon/domain/endpoint.ts";
import { profileHeaders } from "../sdk/src/wire/sign.ts";
import type { Desk } from "./support/desk.ts";
import { addEndpoint, openDesk, refusal } from "./support/desk.ts";

const DAY = 86_400_000;
const DIGEST = { kind: "digest", name: null, headers: {} } as const;
const INPUT = { id: "evt_1", type: "a.b", occurredAtMs: 0, body: Buffer.from("{}") } as const;

function sign(desk: Desk, endpoint: Endpoint): Record<string, string> {
  const wallMs = desk.clock.wallMs();
  const input = { ...INPUT, timestampS: Math.floor(Date.now() / 1_000) };
  const keys = desk.keyring.keysOf(endpoint, wallMs);
  return Object.fromEntries(profileHeaders(endpoint.settings.profile, input, keys));
}

test("the secret shown at creation verifies what the endpoint is sent", async () => {
  const desk = await openDesk();
  const { endpoint, secret } = await addEndpoint(desk);
  assert.match(secret.secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  assert.equal(secret.publicKey, null);
  new Webhook(secret.secret).verify("{}", sign(desk, endpoint));
  assert.throws(() =>
    new Webhook("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").verify("{}", sign(desk, endpoint)),
  );
});

test("by choice a standard endpoint signs with a key pair, of which receivers get the public half", async () => {
  const desk = await openDesk();
  const { endpoint, secret } = await addEndpoint(desk, { signature: "v1a" });
  assert.match(secret.secret, /^whsk_/);
  assert.match(secret.publicKey ?? "", /^whpk_/);
  assert.match(sign(desk, endpoint)["webhook-signature"] ?? "", /^v1a,/);
  const rotated = await desk.endpoints.rotateSecret(desk.application.seq, endpoint.id, {});
  assert.match(rotated.secret.secret, /^whsk_/);
  assert.notEqual(rotated.secret.secret, secret.secret);
});

test("a profile that takes text gets 64 hex digits, and signs with them as they stand", async () => {
  const desk = await openDesk();
  const { endpoint, secret } = await addEndpoint(desk, { settings: { profile: DIGEST } });
  assert.match(secret.secret, /^[0-9a-f]{64}$/);
  const mac = createHmac("sha256", secret.secret).update("{}").digest("hex");
  assert.equal(sign(desk, endpoint)["X-Posthorn-Signature"], `sha256=${mac}`);
});

test("a secret that receivers have already is imported, and one that can't sign is refused unseen", async () => {
  const desk = await openDesk();
  const settings = { profile: DIGEST };
  const { secret } = await addEndpoint(desk, { settings, secret: "correct horse" });
  assert.equal(secret.secret, "correct horse");
  const bad = [
    [{ secret: "correct horse battery" }, "/secret"],
    [{ secret: "whsec_short" }, "/secret"],
    [{ settings, secret: " padded" }, "/secret"],
    [{ settings, secret: `whsk_${"A".repeat(43)}=` }, "/secret"],
    [{ settings, signature: "v1a" }, "/signature"],
    [{ secret: `whsec_${"A".repeat(43)}=`, signature: "v1a" }, "/signature"],
  ] as const;
  for (const [input, path] of bad) {
    const { paths, message } = await refusal(() => addEndpoint(desk, input));
    assert.deepEqual(paths, [path]);
    if ("secret" in input) assert.ok(!message.includes(input.secret.trim()));
  }
});

test("after a rotation both secrets sign until the overlap ends, then only the new one", async () => {
  const desk = await openDesk();
  const { endpoint, secret: old } = await addEndpoint(desk);
  const { endpoint: after, secret } = await desk.endpoints.rotateSecret(
    desk.application.seq,
    endpoint.id,
    { overlapMs: DAY },
  );
  assert.equal(secret.expiresAtMs, null);
  const both = desk.keyring.keysOf(after, desk.clock.wallMs());
  assert.equal(both.length, 2);
  for (const { secret: text } of [old, secret]) new Webhook(text).verify("{}", sign(desk, after));
  desk.clock.pass(DAY - 1);
  assert.equal(desk.keyring.keysOf(after, desk.clock.wallMs()), both);
  desk.clock.pass(1);
  assert.deepEqual(desk.keyring.keysOf(after, desk.clock.wallMs()), both.slice(0, 1));
  const signature = sign(desk, after)["webhook-signature"] ?? "";
  assert.equal(signature.split(" ").length, 1);
  new Webhook(secret.secret).verify("{}", sign(desk, after));
});

test("a rotation without overlap ends every older secret at once, however many there were", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const { rotateSecret, revealSecrets } = desk.endpoints;
  for (let i = 0; i < 7; i++) await rotateSecret(desk.application.seq, endpoint.id, {});
  const tooMany = await refusal(() => rotateSecret(desk.application.seq, endpoint.id, {}));
  assert.equal(tooMany.code, "conflict");
  assert.match(tooMany.message, /overlap of 0/);
  const { secret } = await rotateSecret(desk.application.seq, endpoint.id, { overlapMs: 0 });
  assert.deepEqual(revealSecrets(desk.application.seq, endpoint.id), [secret]);
});

test("a longer overlap later gives no old secret more time than it had", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const { rotateSecret, revealSecrets } = desk.endpoints;
  await rotateSecret(desk.application.seq, endpoint.id, { overlapMs: 1_000 });
  await rotateSecret(desk.application.seq, endpoint.id, { overlapMs: 7 * DAY });
  const now = desk.clock.wallMs();
  const ends = revealSecrets(desk.application.seq, endpoint.id).map(
    ({ expiresAtMs }) => expiresAtMs,
  );
  assert.deepEqual(ends, [null, now + 7 * DAY, now + 1_000]);
});

test("an overlap is 0 to 7 days, and a new secret is not the present one", async () => {
  const desk = await openDesk();
  const { endpoint, secret } = await addEndpoint(desk);
  const rotate = (input: object) => () =>
    desk.endpoints.rotateSecret(desk.application.seq, endpoint.id, input);
  for (const overlapMs of [-1, 0.5, 7 * DAY + 1]) {
    assert.deepEqual((await refusal(rotate({ overlapMs }))).paths, ["/overlap_ms"]);
  }
  assert.equal((await refusal(rotate({ secret: secret.secret }))).code, "conflict");
});

test("expired secrets are forgotten by upkeep, in the database as well", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  await addEndpoint(desk);
  await desk.endpoints.rotateSecret(desk.application.seq, endpoint.id, { overlapMs: DAY });
  assert.equal(await desk.endpoints.pruneSecrets(), 0);
  desk.clock.pass(DAY);
  assert.equal(await desk.endpoints.pruneSecrets(), 1);
  assert.deepEqual(
    (await desk.office.endpoints()).map(({ secrets }) => secrets.length),
    [1, 1],
  );
});

test("a profile is changed only while the newest secret fits it; an older one that does not just ends", async () => {
  const desk = await openDesk();
  const settings = { profile: DIGEST };
  const { endpoint } = await addEndpoint(desk, { settings, secret: "correct horse" });
  const standard = {
    settings: { profile: { kind: "standard", name: null, headers: {} } },
  } as const;
  const change = () => desk.endpoints.update(desk.application.seq, endpoint.id, standard);
  assert.deepEqual((await refusal(change)).paths, ["/profile/kind"]);
  await desk.endpoints.rotateSecret(desk.application.seq, endpoint.id, {});
  const after = await change();
  assert.equal(desk.keyring.keysOf(after, desk.clock.wallMs()).length, 1);
});

test("signing keys are opened once: a change of health or a pause brings no new ones", async () => {
  const desk = await openDesk();
  const auth = { kind: "bearer", token: "t0ken" } as const;
  const { endpoint } = await addEndpoint(desk, { auth });
  const keys = desk.keyring.keysOf(endpoint, desk.clock.wallMs());
  const credentials = desk.keyring.authOf(endpoint);
  assert.deepEqual(credentials, auth);
  const paused = await desk.endpoints.pause(desk.application.seq, endpoint.id);
  const failing = { ...paused, health: { ...paused.health, failedInARow: 3 } };
  assert.equal(desk.keyring.keysOf(failing, desk.clock.wallMs()), keys);
  assert.equal(desk.keyring.authOf(failing), credentials);
});

test("credentials stay, change or go as an update says", async () => {
  const desk = await openDesk();
  const auth = { kind: "basic", username: "till", password: "s3cret-pass" } as const;
  const { endpoint } = await addEndpoint(desk, { auth });
  const { update, credentials } = desk.endpoints;
  const kept = await update(desk.application.seq, endpoint.id, { settings: { description: "x" } });
  assert.deepEqual(desk.keyring.authOf(kept), auth);
  assert.deepEqual(credentials(desk.application.seq, endpoint.id).auth, {
    kind: "basic",
    username: "till",
  });
  const gone = await update(desk.application.seq, endpoint.id, { settings: {}, auth: null });
  assert.equal(desk.keyring.authOf(gone), null);
  assert.equal((await desk.office.endpoints())[0]?.sealedAuth, null);
});

test("with another key the vault opens nothing, and says so instead of signing wrongly", async () => {
  const desk = await openDesk();
  await addEndpoint(desk);
  const other = await openDesk({ store: desk.fullStore, clock: desk.clock });
  const [endpoint] = other.endpoints.list(other.application.seq);
  assert.ok(endpoint);
  assert.throws(() => other.keyring.keysOf(endpoint, desk.clock.wallMs()));
});

test("no secret text is in anything returned but by create, rotateSecret and revealSecrets", async () => {
  const desk = await openDesk();
  const seq = desk.application.seq;
  const auth = { kind: "basic", username: "till", password: "s3cret-pass" } as const;
  const { endpoint, secret: first } = await addEndpoint(desk, { auth });
  const rotated = await desk.endpoints.rotateSecret(seq, endpoint.id, {});
  const key = await desk.keys.create({ applicationSeq: seq, name: "till", scopes: ["read"] });
  const { id } = endpoint;
  const returned: unknown[] = [
    endpoint,
    rotated.endpoint,
    key.key,
    desk.keys.list("all"),
    desk.keys.authenticate(key.token),
    desk.endpoints.read(seq, id),
    desk.endpoints.list(seq),
    desk.endpoints.credentials(seq, id),
    await desk.endpoints.update(seq, id, { settings: { description: "x" } }),
    await desk.endpoints.pause(seq, id),
    await desk.endpoints.resume(seq, id, "all"),
    await desk.endpoints.disable(seq, id),
    await desk.endpoints.enable(seq, id, "none"),
    await desk.keys.revoke(seq, key.key.id),
    await desk.office.endpoints(),
    await desk.office.keys("all"),
  ];
  const secrets = [first.secret, rotated.secret.secret, auth.password, key.token];
  for (const each of returned) {
    const text = textOf(each);
    for (const secret of secrets) {
      assert.ok(!text.includes(secret) && !text.includes(secret.replace("whsec_", "")), text);
    }
  }
  assert.deepEqual(
    desk.endpoints.revealSecrets(seq, id).map(({ secret }) => secret),
    secrets.slice(0, 2).toReversed(),
  );
});

/** JSON, with bytes also as the text that they may be. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) =>
    each instanceof Uint8Array ? Buffer.from(each).toString("latin1") : each,
  );
}

test("extra headers lie sealed on the disk and are opened once, whatever attempts change", async () => {
  const desk = await openDesk();
  const headers = { "X-Api-Key": "hunter2", "X-Odd": "sealed:no" };
  const { endpoint } = await addEndpoint(desk, { settings: { headers } });
  const [stored] = await desk.office.endpoints();
  assert.ok(stored);
  assert.doesNotMatch(JSON.stringify(stored.settings), /hunter2|sealed:no/);
  const open = desk.keyring.headersOf(stored);
  assert.deepEqual(open, headers);
  const failing = { ...stored, health: { ...stored.health, failedInARow: 1 } };
  assert.equal(desk.keyring.headersOf(failing), open);
  const settings = { description: "other" };
  const changed = await desk.endpoints.update(desk.application.seq, endpoint.id, { settings });
  assert.deepEqual(desk.keyring.headersOf(changed), headers);
  const moved = { ...stored, id: "ep_other", settings: { ...stored.settings } };
  assert.throws(() => desk.keyring.headersOf(moved), /ep_other's sealed text to open/);
});

test("headers that were stored before values were sealed are sent as they are, and sealed with the next change", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const headers = { "X-Api-Key": "hunter2" };
  const settings = { ...endpoint.settings, headers };
  const old = await desk.office.updateEndpoint(endpoint.seq, { settings, atMs: 1 });
  desk.directory.putEndpoint(old);
  assert.deepEqual(desk.keyring.headersOf(old), headers);
  const input = { settings: { description: "other" } };
  const changed = await desk.endpoints.update(desk.application.seq, endpoint.id, input);
  assert.doesNotMatch(JSON.stringify(changed.settings), /hunter2/);
  assert.deepEqual(desk.keyring.headersOf(changed), headers);
});
