/** The tables of the manual, held against what they speak of: complete, and with nothing that is not there. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";

import { sqlInbox } from "../src/inbox/sql.ts";
import { createReceiver } from "../src/receiver/create-receiver.ts";
import { HOOK_NAMES } from "../src/receiver/hooks.ts";
import type { WebhookErrorCode } from "../src/verify/error.ts";
import { verifyOrThrow } from "../src/verify/verify.ts";
import { WebhookError } from "../src/verify/webhook-error.ts";
import { order, plainProvider } from "./receiver-kit.ts";

const SDK = join(import.meta.dirname, "..");

function read(path: string): string {
  return readFileSync(join(SDK, path), "utf8");
}

/** The cells of the table under the heading that begins with this row, without that row and the rule. */
function tableOf(page: string, head: string): string[][] {
  const lines = read(page).split("\n");
  const first = lines.findIndex((line) => line.startsWith(head));
  assert.ok(first !== -1, `${page} has a table that begins with ${head}`);
  const rest = lines.slice(first + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end).map((line) =>
    line
      .slice(1, -1)
      .split(" | ")
      .map((cell) => cell.trim()),
  );
}

function codeIn(cell: string | undefined): string[] {
  return [...(cell ?? "").matchAll(/`([^`]+)`/gu)].map(([, code]) => code ?? "");
}

/** What a factory says that it knows, when it is given something that nobody knows. */
function namesIn(make: () => unknown): string[] {
  try {
    make();
  } catch (error) {
    const names = /(?:be of|one of) (.*), got /u.exec((error as Error).message)?.[1];
    return names?.split(", ") ?? [];
  }
  return [];
}

/** As it comes: those two have an answer of their own. */
async function errorOf(code: WebhookErrorCode): Promise<WebhookError> {
  const method = { METHOD_NOT_ALLOWED: "PUT", HANDSHAKE: "HEAD" }[code as string];
  if (method === undefined) return new WebhookError(code, "");
  const thrown: unknown = await verifyOrThrow({ ...order("1"), method }, plainProvider).catch(
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof WebhookError && thrown.code === code);
  return thrown;
}

describe("the manual", () => {
  test("lists each error code once, with its status and whether it is retryable", async () => {
    const rows = tableOf("README.md", "| code |");
    const source = read("src/verify/error.ts");
    const union = source.slice(source.indexOf("WebhookErrorCode ="), source.indexOf(";"));
    const codes = [...union.matchAll(/\| "([A-Z_]+)"/gu)].map(([, code]) => code);
    assert.ok(codes.length >= 30);
    assert.deepEqual(
      rows.map(([code]) => codeIn(code)[0]),
      codes,
    );
    for (const [cell, status, retryable, meaning] of rows) {
      const [code] = codeIn(cell);
      const error = await errorOf(code as WebhookErrorCode);
      assert.equal(status, `${error.status}`, code);
      assert.equal(retryable, error.isRetryable ? "yes" : "no", code);
      assert.ok((meaning ?? "").length > 10, code);
    }
  });

  test("lists each provider's factory, with all settings that it takes and no other", async () => {
    const rows = tableOf("src/providers/README.md", "| sender |");
    const listed = new Map(
      rows.map(([, factory, settings]) => [
        codeIn(factory).join(" of "),
        codeIn(settings?.replaceAll(/\([^)]*\)/gu, "")).toSorted(),
      ]),
    );
    assert.equal(listed.size, rows.length);
    const known = new Map<string, string[]>();
    for (const file of readdirSync(join(SDK, "src/providers"))) {
      if (!file.endsWith(".ts")) continue;
      const parts = (await import(`../src/providers/${file}`)) as Record<string, unknown>;
      for (const [name, make] of Object.entries(parts)) {
        const factory = make as (options: object) => unknown;
        const names = namesIn(() => factory({ "no such setting": 1 }));
        known.set(`${name} of providers/${basename(file, ".ts")}`, names.toSorted());
      }
    }
    assert.deepEqual(
      [...listed].toSorted(([left], [right]) => left.localeCompare(right)),
      [...known].toSorted(([left], [right]) => left.localeCompare(right)),
    );
  });

  test("counts the senders as they are", () => {
    const rows = tableOf("src/providers/README.md", "| sender |");
    const named = rows.filter(([sender]) => !sender?.startsWith("anybody"));
    assert.equal(named.length, 45);
    assert.match(read("README.md"), /^Forty-five, each a factory of its own/mu);
  });

  test("lists each option of a receiver, and each hook", () => {
    const rows = tableOf("src/receiver/README.md", "| option |");
    const options = { endpoint: "orders", provider: plainProvider, "no such option": 1 };
    assert.deepEqual(
      rows.flatMap(([names]) => codeIn(names)).toSorted(),
      namesIn(() => createReceiver(options)).toSorted(),
    );
    const page = read("src/receiver/README.md");
    const hooks = page.slice(page.indexOf("## Hooks"), page.indexOf("Each gets"));
    assert.deepEqual(codeIn(hooks), HOOK_NAMES);
  });

  test("shows each database's own DDL as it is run", () => {
    const page = read("src/inbox/README.md");
    const shown = [...page.matchAll(/```sql\n([\s\S]*?)```/gu)].map(([, sql]) => sql);
    const nothing = async (): Promise<never> => assert.fail("nothing is run");
    const ddlOf = (dialect: "postgres" | "mysql" | "sqlite") =>
      sqlInbox({ dialect, run: nothing, transaction: nothing }).ddl.map((sql) => `${sql};\n`);
    const expected = (["postgres", "mysql", "sqlite"] as const).map((one) => ddlOf(one).join(""));
    assert.deepEqual(shown, expected);
  });

  test("has a page for each adapter and names each inbox", () => {
    const { exports } = JSON.parse(read("package.json")) as { exports: Record<string, string> };
    const pages = new Set(readdirSync(join(SDK, "src/adapters")));
    const inboxes = read("src/inbox/README.md");
    const adapters = read("src/adapters/README.md");
    for (const subpath of Object.keys(exports)) {
      const name = basename(subpath);
      if (subpath.startsWith("./inbox/")) assert.ok(inboxes.includes(`\`${name}.ts\``), subpath);
      if (!subpath.startsWith("./adapters/")) continue;
      const page = name === "hono" ? "fetch.md" : `${name}.md`;
      assert.ok(pages.has(page), subpath);
      assert.ok(adapters.includes(`(${page}`), subpath);
    }
  });
});
