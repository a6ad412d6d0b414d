import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import type { Sources } from "../daemon/config.ts";
import { readClientConfig, readConfig } from "../daemon/config.ts";
import type { Config } from "../daemon/domain/config.ts";

function sources(given: Partial<Sources> & { toml?: string }): Sources {
  const workingDir = given.workingDir ?? mkdtempSync(join(tmpdir(), "posthorn-config-"));
  if (given.toml !== undefined) writeFileSync(join(workingDir, "posthorn.toml"), given.toml);
  return { flags: {}, env: {}, configFile: null, ...given, workingDir };
}

function good(given: Partial<Sources> & { toml?: string }): Config {
  const loaded = readConfig(sources(given));
  assert.equal(loaded.kind, "good", JSON.stringify(loaded));
  return loaded.kind === "good" ? loaded.config : assert.fail();
}

function problems(given: Partial<Sources> & { toml?: string }): readonly string[] {
  const loaded = readConfig(sources(given));
  return loaded.kind === "bad" ? loaded.problems : assert.fail("expected problems, got none");
}

test("without any configuration the defaults hold", () => {
  const workingDir = mkdtempSync(join(tmpdir(), "posthorn-config-"));
  const { settings, ...config } = good({ workingDir });
  assert.ok(settings.every(({ origin }) => origin === "default"));
  assert.deepEqual(config, {
    dataDir: join(workingDir, "data"),
    socketPath: join(workingDir, "data", "posthorn.sock"),
    listen: { host: "127.0.0.1", port: 7678 },
    basePath: "",
    trustedProxies: [],
    log: { format: "text", level: "info" },
    bootstrapApiKey: null,
    adminPassword: null,
    authHeader: null,
    authHeaderRole: "viewer",
    egressAllow: [],
    egressProxy: null,
    userAgent: null,
    retentionDays: 30,
    limits: {
      eventBytesMax: 262_144,
      requestBytesMax: 8_388_608,
      backlogMax: 10_000_000,
      concurrencyMax: 256,
      windowBytesMax: 67_108_864,
      responseBytesMax: 16_384,
      diskFreeBytesMin: 67_108_864,
      shutdownMs: 20_000,
    },
  });
});

const GOOD: readonly (readonly [string, string, (config: Config) => unknown, unknown])[] = [
  ["LISTEN", ":80", ({ listen }) => listen, { host: "", port: 80 }],
  ["LISTEN", "[::1]:0", ({ listen }) => listen, { host: "::1", port: 0 }],
  ["LISTEN", "localhost:65535", ({ listen }) => listen, { host: "localhost", port: 65_535 }],
  ["DATA_DIR", "/var/lib/posthorn", ({ dataDir }) => dataDir, "/var/lib/posthorn"],
  ["BASE_PATH", "/a/b-c/", ({ basePath }) => basePath, "a/b-c"],
  ["BASE_PATH", "/", ({ basePath }) => basePath, ""],
  ["TRUSTED_PROXIES", "10.0.0.0/8, ::1", (c) => c.trustedProxies, ["10.0.0.0/8", "::1"]],
  ["EGRESS_ALLOW", "nas.lan:8080,192.168.1.0/24", (c) => c.egressAllow.length, 2],
  ["EGRESS_PROXY", "socks5://u:p@tor:9050", (c) => c.egressProxy, "socks5://u:p@tor:9050"],
  ["USER_AGENT", "Shop/1", ({ userAgent }) => userAgent, "Shop/1"],
  ["LOG", "json", ({ log }) => log.format, "json"],
  ["LOG_LEVEL", "debug", ({ log }) => log.level, "debug"],
  ["RETENTION_DAYS", "90d", ({ retentionDays }) => retentionDays, 90],
  ["EVENT_BYTES_MAX", "1 MiB", ({ limits }) => limits.eventBytesMax, 1_048_576],
  ["EVENT_BYTES_MAX", "2000", ({ limits }) => limits.eventBytesMax, 2000],
  ["REQUEST_BYTES_MAX", "1.5MB", ({ limits }) => limits.requestBytesMax, 1_500_000],
  ["SHUTDOWN_MS", "5s", ({ limits }) => limits.shutdownMs, 5000],
  ["SHUTDOWN_MS", "0", ({ limits }) => limits.shutdownMs, 0],
  ["SOCKET", "off", ({ socketPath }) => socketPath, null],
  ["SOCKET", "/run/posthorn.sock", ({ socketPath }) => socketPath, "/run/posthorn.sock"],
  // What a compose file makes of a variable that is not set.
  ["LISTEN", "", ({ listen }) => listen.port, 7678],
];

for (const [name, text, read, wanted] of GOOD) {
  test(`POSTHORN_${name}=${text} is read`, () => {
    assert.deepEqual(read(good({ env: { [`POSTHORN_${name}`]: text } })), wanted);
  });
}

const BAD: readonly (readonly [string, string])[] = [
  ["LISTEN", "7678"],
  ["LISTEN", "127.0.0.1:70000"],
  ["LISTEN", "::1:80"],
  ["LISTEN", "[zz]:80"],
  ["LISTEN", "http://x:80"],
  ["BASE_PATH", "/a/../b"],
  ["BASE_PATH", "//"],
  ["TRUSTED_PROXIES", "10.0.0.0/33"],
  ["TRUSTED_PROXIES", "300.0.0.1"],
  ["TRUSTED_PROXIES", "proxy.lan"],
  ["EGRESS_ALLOW", "https://nas.lan"],
  ["EGRESS_ALLOW", "nas.lan"],
  ["EGRESS_PROXY", "ftp://x"],
  ["LOG", "xml"],
  ["RETENTION_DAYS", "0"],
  ["RETENTION_DAYS", "12h"],
  ["EVENT_BYTES_MAX", "1MiBB"],
  ["EVENT_BYTES_MAX", "-1"],
  ["EVENT_BYTES_MAX", "1e6"],
  ["CONCURRENCY_MAX", "2.5"],
  ["SHUTDOWN_MS", "1h"],
  ["SOCKET", `/${"x".repeat(120)}`],
  ["USER_AGENT", "two\nlines"],
  ["URL", "ftp://x"],
];

for (const [name, text] of BAD) {
  test(`POSTHORN_${name}=${JSON.stringify(text).slice(0, 30)} is refused with a sentence`, () => {
    const [first, ...others] = problems({ env: { [`POSTHORN_${name}`]: text } });
    assert.match(first ?? "", new RegExp(`^expected POSTHORN_${name} to be .+, got .+$`));
    assert.deepEqual(others, []);
  });
}

test("all problems are told at once, from every source, each by the name it was given under", () => {
  const told = problems({
    flags: { logLevel: "loud" },
    env: { POSTHORN_LISTEN: "nowhere", POSTHORN_RETENTION_DAY: "3" },
    toml: 'log = "xml"\nbase_pth = "/x"\n[limits]\nconcurrency_max = 0\nevent_bytes = 1\n',
  });
  assert.equal(told.length, 7, told.join("\n"));
  const text = told.join("\n");
  assert.match(text, /^expected --log-level to be debug, info, warn or error, got "loud"$/m);
  assert.match(text, /^expected POSTHORN_LISTEN to be host:port, .*, got "nowhere"$/m);
  assert.match(text, /got POSTHORN_RETENTION_DAY; did you mean POSTHORN_RETENTION_DAYS\?$/m);
  assert.match(text, /^expected log to be text or json, got "xml"$/m);
  assert.match(text, /got limits\.event_bytes; did you mean limits\.event_bytes_max\?$/m);
  assert.match(text, /got base_pth; did you mean base_path\?$/m);
  assert.match(
    text,
    /^expected limits\.concurrency_max to be an integer from 1 to 10000, got "0"$/m,
  );
});

test("a limit beside the [limits] table, and a setting that is to come, are unknown", () => {
  const told = problems({
    env: { POSTHORN_IN_LISTEN: "x" },
    toml: "event_bytes_max = 5000\n",
  });
  assert.equal(told.length, 2);
  assert.match(told.join("\n"), /got event_bytes_max; did you mean limits\.event_bytes_max\?/);
  assert.match(told.join("\n"), /got POSTHORN_IN_LISTEN/);
});

test("a flag beats the environment, which beats the file, which beats the default", () => {
  const toml = 'log = "json"\nlisten = ":3"\nretention_days = 3\n';
  const env = { POSTHORN_LISTEN: ":2", POSTHORN_RETENTION_DAYS: "2" };
  const config = good({ flags: { retentionDays: "1" }, env, toml });
  assert.deepEqual(
    [config.retentionDays, config.listen.port, config.log.format, config.log.level],
    [1, 2, "json", "info"],
  );
});

test("the file takes numbers, sizes and arrays", () => {
  const toml = `egress_allow = ["10.0.0.1", "nas.lan:80"]\n[limits]\nevent_bytes_max = 4096\nrequest_bytes_max = "1MiB"\n`;
  const config = good({ toml });
  assert.deepEqual(config.egressAllow, ["10.0.0.1", "nas.lan:80"]);
  assert.equal(config.limits.eventBytesMax, 4096);
  assert.equal(config.limits.requestBytesMax, 1_048_576);
});

test("a file that --config names must exist; posthorn.toml need not", () => {
  assert.match(problems({ configFile: "other.toml" }).join(), /other\.toml .*ENOENT/);
});

test("a file that is no TOML is refused without showing what is in it", () => {
  const [first = ""] = problems({ toml: 'api_key = "phk_private' });
  assert.match(first, /posthorn\.toml to be a readable TOML file, got/);
  assert.ok(!first.includes("phk_private"));
});

test("a secret can come from a file, without the line end that an editor leaves", () => {
  const workingDir = mkdtempSync(join(tmpdir(), "posthorn-config-"));
  const key = "phk_0123456789abcdefghijklmn";
  writeFileSync(join(workingDir, "key"), `${key}\n`);
  const path = join(workingDir, "key");
  const fromEnv = good({ workingDir, env: { POSTHORN_BOOTSTRAP_API_KEY_FILE: path } });
  assert.equal(fromEnv.bootstrapApiKey, key);
  assert.equal(good({ workingDir, flags: { bootstrapApiKeyFile: "key" } }).bootstrapApiKey, key);
  assert.equal(good({ workingDir, toml: 'bootstrap_api_key_file = "key"' }).bootstrapApiKey, key);
});

test("the first admin's password may be words with spaces, as at the page, and no line", () => {
  const password = "corn flakes für mich";
  assert.equal(good({ env: { POSTHORN_ADMIN_PASSWORD: password } }).adminPassword, password);
  for (const wrong of ["nine char", "one line\nand another"]) {
    const [first = ""] = problems({ env: { POSTHORN_ADMIN_PASSWORD: wrong } });
    assert.match(first, /to be 10 to 1024 characters without line breaks, got \d+ characters/);
  }
});

test("a secret and its file at once, and a file that is not there, are refused", () => {
  const both = { POSTHORN_BOOTSTRAP_API_KEY: "x".repeat(30), POSTHORN_BOOTSTRAP_API_KEY_FILE: "y" };
  assert.match(problems({ env: both }).join(), /to be set, got both/);
  const missing = problems({ env: { POSTHORN_API_KEY_FILE: "/nowhere/key" } });
  assert.match(missing.join(), /POSTHORN_API_KEY_FILE to name a readable file, got ENOENT/);
});

test("only secrets have a twin that names a file", () => {
  assert.match(problems({ env: { POSTHORN_LISTEN_FILE: "x" } }).join(), /got POSTHORN_LISTEN_FILE/);
});

test("a secret is shown neither in a complaint nor among the values in effect", () => {
  const secret = "too-short";
  const [first = ""] = problems({ env: { POSTHORN_BOOTSTRAP_API_KEY: secret } });
  assert.match(first, /got 9 characters that are not shown$/);
  const env = { POSTHORN_BOOTSTRAP_API_KEY: "phk_0123456789abcdefghijklmn" };
  const loaded = readConfig(sources({ env }));
  assert.ok(loaded.kind === "good");
  assert.deepEqual(
    loaded.settings.find(({ name }) => name === "bootstrap_api_key"),
    { name: "bootstrap_api_key", value: "(hidden)", origin: "POSTHORN_BOOTSTRAP_API_KEY" },
  );
});

test("values in effect tell where they come from", () => {
  const loaded = readConfig(
    sources({ env: { POSTHORN_LOG: "json" }, toml: "[limits]\nbacklog_max = 5" }),
  );
  assert.ok(loaded.kind === "good");
  const origins = new Map(loaded.settings.map(({ name, origin }) => [name, origin]));
  assert.equal(origins.get("log"), "POSTHORN_LOG");
  assert.equal(origins.get("limits.backlog_max"), "posthorn.toml");
  assert.equal(origins.get("listen"), "default");
  const valueOf = (wanted: string) => loaded.settings.find(({ name }) => name === wanted)?.value;
  assert.match(valueOf("data_dir") ?? "", /^\/.+\/data$/);
  assert.equal(valueOf("socket"), null);
});

test("of a list only the entry that is wrong is told", () => {
  const env = {
    POSTHORN_EGRESS_ALLOW: "nas.lan:80, 10.0.0.0/8, nas.lan, x",
    POSTHORN_TRUSTED_PROXIES: "10.0.0.1,proxy",
  };
  assert.deepEqual(problems({ env }), [
    'expected POSTHORN_TRUSTED_PROXIES to be addresses or CIDRs, comma-separated, got "proxy"',
    'expected POSTHORN_EGRESS_ALLOW to be host:port, addresses or CIDRs, comma-separated, got "nas.lan"',
  ]);
});

test("limits that leave no room for each other are refused", () => {
  const told = problems({ env: { POSTHORN_REQUEST_BYTES_MAX: "64KiB" } });
  assert.deepEqual(told, [
    "expected POSTHORN_REQUEST_BYTES_MAX to be at least POSTHORN_EVENT_BYTES_MAX (262144), since a request holds a whole event, got 65536",
  ]);
  const window = { POSTHORN_EVENT_BYTES_MAX: "2MiB", POSTHORN_WINDOW_BYTES_MAX: "1MiB" };
  assert.match(problems({ env: window }).join(), /WINDOW_BYTES_MAX to be at least/);
});

test("a data directory too deep for a socket costs the socket, not the start", () => {
  const deep = `/tmp/${"x".repeat(110)}`;
  assert.equal(good({ env: { POSTHORN_DATA_DIR: deep } }).socketPath, null);
});

test("the configuration can't be changed after it was read", () => {
  const config = good({});
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.limits));
});

test("the command line does not mind what only the daemon uses, but knows each name", () => {
  const env = { POSTHORN_LISTEN: "nowhere", POSTHORN_URL: "http://h:1/x/" };
  const loaded = readClientConfig(sources({ env }));
  assert.equal(loaded.kind === "good" && loaded.config.url, "http://h:1/x");
  const unknown = readClientConfig(sources({ env: { POSTHORN_URI: "x" } }));
  assert.match(unknown.kind === "bad" ? unknown.problems.join() : "", /mean POSTHORN_URL\?/);
});
