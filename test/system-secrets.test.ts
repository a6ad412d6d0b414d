import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { StartRefused } from "../daemon/domain/errors.ts";
import { openChance } from "../daemon/system/chance.ts";
import { createLog } from "../daemon/system/log.ts";
import { redacted, redactedText } from "../daemon/system/redact.ts";
import { createVault, openVault } from "../daemon/system/vault.ts";

const chance = openChance();
const vault = createVault(new Uint8Array(32).fill(7), chance);

function folder(): string {
  return mkdtempSync(join(tmpdir(), "posthorn-vault-"));
}

test("what was sealed opens for its owner with the same text", () => {
  for (const text of [
    "",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "ключ 🔑",
    "x".repeat(10_000),
  ]) {
    assert.equal(vault.open("ep_1", vault.seal("ep_1", text)), text);
  }
});

test("the same text is never sealed to the same bytes", () => {
  const boxes = Array.from({ length: 200 }, () =>
    Buffer.from(vault.seal("o", "t")).toString("hex"),
  );
  assert.equal(new Set(boxes).size, 200);
});

test("a sealed text does not show what is in it", () => {
  assert.ok(!Buffer.from(vault.seal("o", "plain text")).includes("plain"));
});

test("a box copied to another owner does not open", () => {
  assert.throws(() => vault.open("ep_2", vault.seal("ep_1", "secret")), /for another owner/);
});

test("a change of any byte is noticed", () => {
  const box = vault.seal("o", "secret");
  for (let at = 0; at < box.byteLength; at++) {
    const changed = Uint8Array.from(box);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => vault.open("o", changed), /^Error: expected o's sealed text/, `byte ${at}`);
  }
  assert.throws(() => vault.open("o", box.subarray(0, 20)));
  assert.throws(() => vault.open("o", new Uint8Array(0)));
});

test("another key opens nothing", () => {
  const other = createVault(new Uint8Array(32).fill(8), chance);
  assert.throws(() => other.open("o", vault.seal("o", "secret")), /another key/);
});

test("the first start makes a key of 32 bytes for its owner only; later starts use it", () => {
  const path = join(folder(), "secret.key");
  const first = openVault(path, true);
  assert.equal(first.isNew, true);
  assert.equal(readFileSync(path).byteLength, 32);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const second = openVault(path, false);
  assert.equal(second.isNew, false);
  assert.equal(second.fingerprint, first.fingerprint);
  assert.equal(second.vault.open("o", first.vault.seal("o", "text")), "text");
});

test("two keys have two fingerprints, and a fingerprint is not the key", () => {
  const [one, two] = [join(folder(), "secret.key"), join(folder(), "secret.key")];
  const fingerprint = openVault(one, true).fingerprint;
  assert.notEqual(fingerprint, openVault(two, true).fingerprint);
  assert.ok(!readFileSync(one).toString("hex").includes(fingerprint));
});

test("half a key that a killed start left behind does not stop the next one", () => {
  const path = join(folder(), "secret.key");
  writeFileSync(`${path}.new`, "half");
  assert.equal(openVault(path, true).isNew, true);
  assert.equal(readFileSync(path).byteLength, 32);
});

test("a key that is missing beside sealed secrets is not replaced", () => {
  const path = join(folder(), "secret.key");
  assert.throws(() => openVault(path, false), StartRefused);
  assert.throws(() => openVault(path, false), /put it back from a backup/);
  assert.throws(() => readFileSync(path), /ENOENT/);
});

test("a key that others can read, or of another size, is refused with what to do", () => {
  const path = join(folder(), "secret.key");
  openVault(path, true);
  chmodSync(path, 0o640);
  assert.throws(() => openVault(path, true), /got mode 0640; run: chmod 600/);
  rmSync(path);
  writeFileSync(path, "short", { mode: 0o600 });
  assert.throws(() => openVault(path, true), /to hold 32 bytes, got 5/);
  assert.equal(readFileSync(path, "utf8"), "short");
});

test("chance gives as many bytes as asked for, never the same", () => {
  for (const count of [0, 1, 10, 1024, 1025, 5000]) {
    assert.equal(chance.bytes(count).byteLength, count);
  }
  const seen = new Set(
    Array.from({ length: 5_000 }, () => Buffer.from(chance.bytes(10)).toString("hex")),
  );
  assert.equal(seen.size, 5_000);
  const fraction = chance.fraction();
  assert.ok(fraction >= 0 && fraction < 1);
});

test("bytes that chance gave stay as they are when more are asked for", () => {
  const bytes = chance.bytes(16);
  const before = Buffer.from(bytes).toString("hex");
  for (let i = 0; i < 1_000; i++) chance.bytes(16);
  assert.equal(Buffer.from(bytes).toString("hex"), before);
});

const SECRETS = [
  "phk_01hzzzzzzzABCDEFabcdef0123456789",
  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
];

for (const secret of SECRETS) {
  test(`${secret.slice(0, 6)}… is hidden wherever it stands`, () => {
    const places: readonly unknown[] = [
      secret,
      `the key ${secret}, again "${secret}".`,
      { note: secret },
      { deep: [{ deeper: `x=${secret}` }] },
      new Error(`refused ${secret}`, { cause: new Error(secret) }),
      { url: `https://user:${secret}@host/path` },
    ];
    for (const place of places) {
      const shown = JSON.stringify(redacted(place));
      assert.ok(!shown.includes(secret.slice(8)), shown);
      assert.match(shown, /\[hidden\]/);
    }
  });
}

test("a secret is hidden by its name, whatever it looks like, however the name is written", () => {
  for (const name of [
    "authorization",
    "Authorization",
    "api_key",
    "apiKey",
    "PASSWORD",
    "Set-Cookie",
    "secrets",
  ]) {
    assert.deepEqual(redacted({ [name]: "hunter2", other: 1 }), { [name]: "[hidden]", other: 1 });
    assert.deepEqual(redacted({ a: [{ [name]: ["hunter2"] }] }), { a: [{ [name]: "[hidden]" }] });
  }
  assert.deepEqual(redacted({ secret: null }), { secret: null });
});

test("header lines and URLs keep all but their credentials", () => {
  assert.equal(redactedText("authorization: Bearer abcdefgh123"), "authorization: [hidden]");
  assert.equal(redactedText("sent Bearer abcdefgh123 along"), "sent Bearer [hidden] along");
  assert.equal(redactedText("http://me:pw@proxy:3128/"), "http://[hidden]@proxy:3128/");
  const harmless =
    "POST https://shop.example/hook?x=1 for evt_01h answered 200, basic facts about keys";
  assert.equal(redactedText(harmless), harmless);
});

test("what refers to itself ends, and bytes are counted, not shown", () => {
  const circle: Record<string, unknown> = { body: new Uint8Array(3) };
  circle["self"] = circle;
  const shown = redacted(circle) as Record<string, unknown>;
  assert.equal(shown["body"], "[3 bytes]");
  assert.match(JSON.stringify(shown), /deeper/);
});

function logged(format: "text" | "json", level: "info" | "warn" = "info") {
  const lines: string[] = [];
  return { lines, log: createLog({ format, level }, (line) => lines.push(line)) };
}

test("a JSON line has level, time and message, its fields beside them, and no secret", () => {
  const { lines, log } = logged("json");
  log.warn(`got ${SECRETS[0]}`, {
    endpoint: "ep_1",
    token: "abc",
    error: new Error(`x ${SECRETS[1]}`),
  });
  const line = JSON.parse(lines[0] ?? "");
  assert.equal(line.level, "warn");
  assert.match(line.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.equal(line.msg, "got phk_[hidden]");
  assert.equal(line.endpoint, "ep_1");
  assert.equal(line.token, "[hidden]");
  assert.equal(line.error.message, "x whsec_[hidden]");
  assert.ok(!lines.join().includes("MfKQ9r8"));
});

test("a line of text is one line, with fields at its end and a stack below", () => {
  const { lines, log } = logged("text");
  log.info("delivered", { endpoint: "ep_1", count: 3, nothing: null });
  assert.match(lines[0] ?? "", /^\d{4}\S+Z info {2}delivered \(endpoint: ep_1, count: 3\)\n$/);
  log.error("failed", { error: new Error("why") });
  assert.match(lines[1] ?? "", /error failed\n {4}Error: why\n {8}at /);
});

test("a receiver's words can't forge a line or paint the terminal", () => {
  const { lines, log } = logged("text");
  log.info("said", { answer: "x\n2026-01-01T00:00:00.000Z error forged\u001b[2J" });
  assert.equal(lines.join("").split("\n").length, 2);
  assert.ok(!lines.join("").includes("\u001b"));
});

test("lines below the level are not written", () => {
  const { lines, log } = logged("json", "warn");
  log.info("no");
  log.debug("no");
  log.warn("yes");
  assert.equal(lines.length, 1);
});
