import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { VERBS } from "../daemon/cli/run.ts";
import { listText, plain, plainLines, tableText } from "../daemon/cli/text.ts";
import { fakeDaemon, posthorn } from "./support/cli.ts";

test("a table's columns stand below each other, on one line each, without control characters", () => {
  const rows = [
    ["ep_1", "short", "x"],
    ["ep_22", "a\u001b[31m\nred one", ""],
  ];
  assert.equal(
    tableText(["ID", "NAME", "Z"], rows),
    ["ID     NAME            Z", "ep_1   short           x", "ep_22  a [31m red one"].join("\n"),
  );
});

test("a list leaves out what has no value", () => {
  assert.equal(
    listText([
      ["id", "1"],
      ["tenant", null],
      ["state", "held"],
    ]),
    "id     1\nstate  held",
  );
});

test("control characters of both kinds are taken out of what others wrote", () => {
  assert.equal(plain("a\u0007b\u009bc\r\nd"), "a b c d");
  assert.equal(plainLines("a\u0007b\u009bc\r\n\td"), "a b c \n\td");
});

test("characters that turn the direction of writing are taken out of answers, too", async (t) => {
  for (const turn of ["\u202a", "\u202e", "\u2066", "\u2069", "\u200f"]) {
    assert.equal(plain(`paid${turn}txt`), "paid txt");
    const detail = `no${turn}pe`;
    const daemon = await fakeDaemon(t, () => ({ status: 409, json: { detail } }));
    const said = await posthorn(["endpoints", "pause", "ep_1", ...daemon.socket]);
    assert.equal(said.err, "posthorn: no pe\n");
    const named = await fakeDaemon(t, () => ({ json: { id: "key_1", name: `a${turn}b` } }));
    const { out } = await posthorn(["keys", "revoke", "key_1", ...named.socket]);
    assert.equal(out, "Revoked key_1 (a b).\n");
  }
});

for (const verb of VERBS) {
  test(`posthorn ${verb.name} --help says what it does, with an example that its own parser takes`, async (t) => {
    const { code, out } = await posthorn([...verb.name.split(" "), "--help"]);
    assert.equal(code, 0);
    assert.ok(out.replaceAll(/\s+/g, " ").includes(verb.summary), out);
    assert.ok(out.includes(`posthorn ${verb.example}`));
    assert.match(out, /--json/);
    const daemon = await fakeDaemon(t, () => ({ status: 409, json: { detail: "no" } }));
    const words = verb.example.match(/'[^']*'|\S+/g) ?? [];
    const argv = words
      .map((word) => word.replaceAll("'", ""))
      .filter((word) => word !== "@paid.json");
    const said = await posthorn([...argv.filter((word) => word !== "--schema"), ...daemon.socket]);
    assert.equal(said.err, "posthorn: no\n");
    assert.equal(daemon.heard.length, 1);
  });
}

const REFUSALS: readonly (readonly [number, number])[] = [
  [400, 1],
  [409, 1],
  [429, 1],
  [500, 1],
  [503, 1],
  [302, 1],
  [404, 4],
  [401, 5],
  [403, 5],
];

for (const [status, exit] of REFUSALS) {
  test(`an answer of ${status} exits with ${exit} and the daemon's own sentence`, async (t) => {
    const json = { type: "about:blank", code: "x", detail: "expected a to be b, got c" };
    const daemon = await fakeDaemon(t, () => ({ status, json }));
    const said = await posthorn(["endpoints", "list", ...daemon.socket]);
    assert.deepEqual(said, { code: exit, out: "", err: "posthorn: expected a to be b, got c\n" });
  });
}

test("several faults of one request are told one by one", async (t) => {
  const problems = [
    { pointer: "/url", detail: "expected /url to be a URL, got 1" },
    { pointer: "/tenant", detail: "expected /tenant to be a string, got 2" },
  ];
  const daemon = await fakeDaemon(t, () => ({
    status: 400,
    json: { detail: "2 faults", problems },
  }));
  const { err } = await posthorn(["endpoints", "create", "x", ...daemon.socket]);
  assert.equal(err, problems.map(({ detail }) => `posthorn: ${detail}\n`).join(""));
});

test("with --json a refusal is the daemon's problem document", async (t) => {
  const json = { code: "not_found", detail: "no" };
  const daemon = await fakeDaemon(t, () => ({ status: 404, json }));
  const said = await posthorn(["events", "show", "evt_1", "--json", ...daemon.socket]);
  assert.deepEqual([said.code, JSON.parse(said.err)], [4, json]);
});

test("where no daemon answers the exit code is 3 and the sentence says where one was looked for", async () => {
  const missing = await posthorn(["events", "list", "--data-dir", "/nowhere"]);
  assert.equal(missing.code, 3);
  assert.match(missing.err, /^posthorn: expected a daemon at \/nowhere\/posthorn\.sock, got none/);
  const gone = createServer().listen(0, "127.0.0.1");
  await once(gone, "listening");
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await once(gone, "close");
  const url = `http://127.0.0.1:${port}`;
  const remote = await posthorn(["events", "list", "--url", url, "--key", "k"]);
  assert.equal(remote.code, 3);
  assert.ok(remote.err.startsWith(`posthorn: expected a daemon at ${url}, got none`), remote.err);
});

test("what fits into no header is a wrong command line, and no missing daemon", async (t) => {
  const daemon = await fakeDaemon(t, () => ({ json: { data: [], next_cursor: null } }));
  for (const where of [daemon.socket, ["--url", daemon.url]]) {
    const said = await posthorn(["events", "list", "--app", "a\nb", ...where]);
    assert.equal(said.code, 2);
    assert.match(said.err, /^posthorn: expected --app to be Latin-1 text .*, got "a\\nb"\n$/);
  }
  const event = ["send", "--type", "a", "--data", "1", "--idempotency-key", "ключ"];
  assert.match(
    (await posthorn([...event, ...daemon.socket])).err,
    /expected --idempotency-key to be/,
  );
  assert.equal(daemon.heard.length, 0);
});

test("why a URL can't be reached is told by its cause", async () => {
  // A port that fetch refuses to dial, for whatever reason browsers have.
  const said = await posthorn(["events", "list", "--url", "http://127.0.0.1:1", "--key", "k"]);
  assert.equal(said.code, 3);
  assert.match(said.err, /expected a daemon at http:\/\/127\.0\.0\.1:1, got bad port;/);
});

const WRONG: readonly (readonly [string, RegExp])[] = [
  ["", /Usage: posthorn/],
  ["nonsense", /unknown command 'nonsense'/],
  ["endpoint list", /Did you mean endpoints\?/],
  ["endpoints create", /missing required argument 'to'/],
  ["endpoints list --jsn", /Did you mean --json\?/],
  ["endpoints list extra", /too many arguments/],
  ["endpoints update ep_1", /at least one setting to change/],
  ["endpoints create u --timeout soon", /--timeout to be a time such as 15s, got soon/],
  ["send --data {}", /expected --type to be an event type/],
  ["send --type a", /expected --data to be JSON, @file or -/],
  ["send --type a --data {", /expected --data to be JSON, @file or -, got other text: /],
  ["send --type a --data @/nowhere", /to name a readable file, got ENOENT/],
  ["recover ep_1", /expected --since to be a time .*, such as 6h, got nothing/],
  ["recover ep_1 --since yesterday", /expected --since to be .*, such as 6h, got yesterday/],
  ["events list --from 6", /expected --from to be .*, such as 6h, got 6/],
  ["events list --url ftp://x", /expected --url to be an http or https URL/],
  ["events list --socket off", /expected --url and --key to be given/],
  ["serve --listen nowhere --log xml", /--listen to be [^]*--log to be text or json/],
  ["serve --bootstrap-api-key secret", /unknown option/],
];

for (const [line, wanted] of WRONG) {
  test(`\`posthorn ${line}\` is a wrong command line: exit code 2, with a hint`, async () => {
    const { code, out, err } = await posthorn(line === "" ? [] : line.split(" "));
    assert.equal(code, 2);
    assert.match(err, wanted);
    assert.equal(out, "");
  });
}

test("over the socket no key is sent; the application is the one that --app names", async (t) => {
  const daemon = await fakeDaemon(t, () => ({ json: { data: [] } }));
  const said = await posthorn(["endpoints", "list", "--app", "shop", ...daemon.socket]);
  assert.equal(said.code, 0);
  assert.equal(daemon.heard[0]?.headers["posthorn-app"], "shop");
  assert.equal(daemon.heard[0]?.headers.authorization, undefined);
});

test("over a URL the key is sent, from a file where it is in one", async (t) => {
  const daemon = await fakeDaemon(t, () => ({ json: { data: [] } }));
  const file = join(mkdtempSync(join(tmpdir(), "posthorn-key-")), "key");
  writeFileSync(file, "phk_1\n");
  const url = ["--url", `${daemon.url}/behind/a/proxy/`];
  await posthorn(["keys", "list", ...url, "--key-file", file]);
  await posthorn(["keys", "list", ...url, "--key", "phk_2"]);
  const seen = daemon.heard.map(({ url: path, headers }) => [path, headers.authorization]);
  assert.deepEqual(seen, [
    ["/behind/a/proxy/v1/keys", "Bearer phk_1"],
    ["/behind/a/proxy/v1/keys", "Bearer phk_2"],
  ]);
});

test("a redirect is not followed: the key stays with the daemon that it was meant for", async (t) => {
  const other = await fakeDaemon(t, () => ({ json: { data: [] } }));
  const daemon = await fakeDaemon(t, () => ({
    status: 307,
    headers: { Location: `${other.url}/x` },
  }));
  const said = await posthorn(["keys", "list", "--url", daemon.url, "--key", "phk_1"]);
  assert.equal(said.code, 1);
  assert.equal(other.heard.length, 0);
});

test("--version and version tell the same version", async () => {
  assert.equal((await posthorn(["--version"])).out, "1.2.3\n");
  assert.match((await posthorn(["version"])).out, /^posthorn 1\.2\.3 \(Node v\d+/);
  assert.match(
    (await posthorn(["version", "--help"])).out,
    /Example:\n {2}posthorn version --json/,
  );
  const { out } = await posthorn(["version", "--json"]);
  assert.equal(JSON.parse(out).version, "1.2.3");
});

test("config prints each setting with its origin; config check says in one word whether it is well", async () => {
  const { code, out } = await posthorn(["config", "--log", "json"]);
  assert.equal(code, 0);
  assert.match(out, /^log +json +--log$/m);
  assert.match(out, /^limits\.event_bytes_max +256KiB +default$/m);
  assert.equal((await posthorn(["config", "check"])).out, "The configuration is valid.\n");
  const bad = await posthorn(["config", "check", "--json", "--log", "xml"]);
  assert.equal(bad.code, 2);
  assert.equal(JSON.parse(bad.out).problems.length, 1);
});

test("a fault of ours exits with 1 and shows its stack", async (t) => {
  const daemon = await fakeDaemon(t, () => ({ json: null }));
  const { code, err } = await posthorn(["endpoints", "list", ...daemon.socket]);
  assert.equal(code, 1);
  assert.match(err, /^posthorn: TypeError[^]+ at /);
});
