/** Each law of the house is broken here on purpose, in files that exist only in this test. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as laws from "./support/house-laws.ts";
import { readSource, type Source } from "./support/house-source.ts";
import { ROOMS } from "./support/house-table.ts";

function file(path: string, ...lines: readonly string[]): Source {
  return readSource({ path, text: `${lines.join("\n")}\n` });
}

describe("rooms", () => {
  test("a file outside every room is named", () => {
    const stray = file("daemon/helpers/strings.ts", "export const a = 1;");
    assert.deepEqual(laws.standInRooms([stray]), [
      "daemon/helpers/strings.ts stands in no room of the house",
    ]);
    assert.equal(laws.standInRooms([file("daemon/domain/id.ts")]).length, 0);
  });

  test("a file that is a room of its own does not make its neighbours part of it", () => {
    assert.equal(laws.roomOf("daemon/main.ts"), "daemon/main.ts");
    assert.equal(laws.roomOf("daemon/main.ts.bak"), null);
    assert.equal(laws.roomOf("daemon/domains/id.ts"), null);
  });

  test("the table of rooms has no circle in itself", () => {
    const planned = Object.entries(ROOMS).flatMap(([name, room]) => {
      const { mayImport, mayImportTypes = [] } = room;
      return mayImport === "any" ? [] : [...mayImport, ...mayImportTypes].map((to) => [name, to]);
    });
    const inRoom = (room: string): string => (room.endsWith(".ts") ? room : `${room}/a.ts`);
    const sources = planned.map(([from = "", to = ""]) =>
      file(inRoom(from), `import "${"../".repeat(from.split("/").length)}${inRoom(to)}";`),
    );
    assert.deepEqual(laws.joinRoomsInNoCircle(sources), []);
  });
});

/** One line of source in one place, and what the law of imports answers. */
const IMPORTS: readonly (readonly [path: string, line: string, complaint: string | null])[] = [
  [
    "daemon/domain/up.ts",
    'import { a } from "../storage/open.ts";',
    "imports daemon/storage, which daemon/domain may not",
  ],
  [
    "daemon/domain/up.ts",
    'import type { A } from "../storage/open.ts";',
    "imports daemon/storage, which daemon/domain may not",
  ],
  [
    "daemon/domain/up.ts",
    'import { verify } from "../../sdk/src/verify/verify.ts";',
    "imports sdk/src/verify, which daemon/domain may not",
  ],
  [
    "daemon/domain/up.ts",
    'import { verify } from "posthorn-sdk/verify";',
    "imports sdk/src/verify, which daemon/domain may not",
  ],
  [
    "daemon/domain/up.ts",
    'import { join } from "node:path";',
    "imports node:path, and daemon/domain may not import it",
  ],
  [
    "daemon/domain/up.ts",
    'import { z } from "zod";',
    "imports zod, and daemon/domain may not import packages",
  ],
  [
    "daemon/domain/up.ts",
    'export { a } from "../storage/open.ts";',
    "imports daemon/storage, which daemon/domain may not",
  ],
  [
    "daemon/domain/up.ts",
    'export const a = await import("../storage/open.ts");',
    "imports daemon/storage, which daemon/domain may not",
  ],
  [
    "daemon/domain/up.ts",
    'export type A = import("../storage/open.ts").A;',
    "imports daemon/storage, which daemon/domain may not",
  ],
  ["daemon/domain/up.ts", 'import { id } from "./id.ts";', null],
  [
    "sdk/src/wire/sign.ts",
    'import type { A } from "../../../daemon/domain/id.ts";',
    "imports daemon/domain, which sdk/src/wire may not",
  ],
  ["sdk/src/wire/sign.ts", 'import { createHmac } from "node:crypto";', null],
  [
    "sdk/src/wire/sign.ts",
    'import { readFile } from "node:fs/promises";',
    "imports node:fs/promises, and sdk/src/wire may not import it",
  ],
  [
    "daemon/ingest/up.ts",
    'import { a } from "../delivery/window.ts";',
    "imports daemon/delivery, which daemon/ingest may not",
  ],
  [
    "daemon/delivery/up.ts",
    'import { a } from "../storage/open.ts";',
    "imports daemon/storage, which daemon/delivery may not",
  ],
  ["daemon/delivery/up.ts", 'import { sign } from "../../sdk/src/wire/sign.ts";', null],
  [
    "daemon/storage/up.ts",
    'import { a } from "../egress/guard.ts";',
    "imports daemon/egress, which daemon/storage may not",
  ],
  [
    "daemon/storage/up.ts",
    'import { createHash } from "node:crypto";',
    "imports node:crypto, which belongs to sdk/src/wire, sdk/src/verify/crypto-node.ts, daemon/system, daemon/manage, daemon/ingest",
  ],
  ["daemon/storage/up.ts", 'import { sql } from "kysely";', null],
  ["daemon/storage/up.ts", 'import { x } from "kysely/helpers/sqlite";', null],
  [
    "daemon/upkeep/up.ts",
    'import { sql } from "kysely";',
    "imports kysely, which belongs to daemon/storage",
  ],
  [
    "daemon/upkeep/up.ts",
    'import type { Kysely } from "kysely";',
    "imports kysely, which belongs to daemon/storage",
  ],
  ["daemon/upkeep/up.ts", 'import leftpad from "leftpad";', "imports leftpad, which has no owner"],
  [
    "daemon/upkeep/up.ts",
    'import { lookup } from "node:dns/promises";',
    "imports node:dns/promises, which belongs to daemon/egress",
  ],
  [
    "daemon/upkeep/up.ts",
    'import { readFile } from "fs/promises";',
    "imports fs/promises: say node:fs/promises",
  ],
  [
    "daemon/upkeep/up.ts",
    'import { env } from "node:process";',
    "imports node:process, which belongs to nobody",
  ],
  [
    "daemon/upkeep/up.ts",
    "export const a = (name: string) => import(name);",
    "imports ?, which has no owner",
  ],
  [
    "daemon/api/up.ts",
    'import { a } from "../storage/open.ts";',
    "imports daemon/storage, which daemon/api may not",
  ],
  ["daemon/api/up.ts", 'import Router from "@koa/router";', null],
  ["daemon/api/up.ts", 'import type { A } from "../../sdk/src/wire/sign.ts";', null],
  [
    "daemon/api/up.ts",
    'import { sign } from "../../sdk/src/wire/sign.ts";',
    "imports a value of sdk/src/wire, of which daemon/api may only import types",
  ],
  ["daemon/cli/up.ts", 'import { type A, type B } from "../api/events.ts";', null],
  [
    "daemon/cli/up.ts",
    'import { type A, b } from "../api/events.ts";',
    "imports a value of daemon/api, of which daemon/cli may only import types",
  ],
  [
    "daemon/cli/up.ts",
    'import { a } from "../app.ts";',
    "imports daemon/app.ts, which daemon/cli may not",
  ],
  [
    "daemon/main.ts",
    'import { a } from "./storage/open.ts";',
    "imports daemon/storage, which daemon/main.ts may not",
  ],
  ["daemon/app.ts", 'import { a } from "./storage/open.ts";', null],
  [
    "daemon/app.ts",
    'import { sql } from "kysely";',
    "imports kysely, which belongs to daemon/storage",
  ],
  [
    "daemon/app.ts",
    'import { a } from "./nowhere/a.ts";',
    "imports ./nowhere/a.ts, which is in no room of the house",
  ],
  [
    "test/a.test.ts",
    'import Stripe from "stripe"; import { a } from "../daemon/storage/open.ts";',
    null,
  ],
];

describe("imports", () => {
  for (const [path, line, complaint] of IMPORTS) {
    test(`${path}: ${line} ${complaint ?? "is allowed"}`, () => {
      const expected = complaint === null ? [] : [`${path}:2 ${complaint}`];
      assert.deepEqual(laws.importOnlyWhatTheRoomMay([file(path, "", line)]), expected);
    });
  }

  test("a circle of files is shown as the way around it", () => {
    const circle = [
      file("daemon/domain/a.ts", 'import "./b.ts";'),
      file("daemon/domain/b.ts", 'import type { C } from "./c.ts";'),
      file("daemon/domain/c.ts", 'import "./a.ts";'),
      file("daemon/domain/d.ts", 'import "./a.ts"; import "./b.ts";'),
    ];
    assert.deepEqual(laws.importInNoCircle(circle), [
      "daemon/domain/a.ts → daemon/domain/b.ts → daemon/domain/c.ts → daemon/domain/a.ts is a circle of imports",
    ]);
    assert.deepEqual(laws.importInNoCircle(circle.slice(1)), []);
  });

  test("a circle of rooms is found though no file is in one", () => {
    const rooms = [
      file("daemon/api/a.ts", 'import "../manage/b.ts";'),
      file("daemon/manage/c.ts", 'import type { D } from "../api/d.ts";'),
    ];
    assert.deepEqual(laws.importInNoCircle(rooms), []);
    assert.deepEqual(laws.joinRoomsInNoCircle(rooms), [
      "daemon/api → daemon/manage → daemon/api is a circle of rooms",
    ]);
  });
});

const CLOCK = "which only daemon/system/clock.ts, sdk/src/verify/clock.ts may (the clock)";
const CHANCE =
  "which only daemon/system/chance.ts, sdk/src/receiver/chance.ts, sdk/src/verify/crypto-node.ts, sdk/src/wire/hmac.ts may (chance)";
const TIMERS = "which only daemon/system, sdk/src/verify/timers.ts may (timers)";
const ENVIRONMENT =
  "which only daemon/config.ts, sdk/src/testing/environment.ts may (the environment)";
const CONSOLE =
  "which only daemon/cli, daemon/main.ts, daemon/node-guard.ts, daemon/system/log.ts may (the console)";

const EFFECTS: readonly (readonly [line: string, complaint: string | null])[] = [
  ["export const a = Date.now();", `says Date.now, ${CLOCK}`],
  ['export const a = Date["now"]();', `says Date.now, ${CLOCK}`],
  ["export const a = new Date();", `says new Date(), ${CLOCK}`],
  ["export const a = Date();", `says Date(), ${CLOCK}`],
  ["const { now } = Date; export { now };", `says Date.now, ${CLOCK}`],
  ["export const a = performance.now();", `says performance.now, ${CLOCK}`],
  ["export const a = (ms: number) => new Date(ms).toISOString();", null],
  ["export const a = Math.random();", `says Math.random, ${CHANCE}`],
  [
    'import { randomBytes as dice } from "node:crypto"; dice(1);',
    `says node:crypto.randomBytes, ${CHANCE}`,
  ],
  ['import * as all from "node:crypto"; all.randomBytes(1);', `says node:crypto.*, ${CHANCE}`],
  ["export const a = (randomBytes: (n: number) => Uint8Array) => randomBytes(1);", null],
  ["setTimeout(() => {}, 1);", `says setTimeout, ${TIMERS}`],
  ["globalThis.setInterval(() => {}, 1);", `says setInterval, ${TIMERS}`],
  ["export const a = { setImmediate };", `says setImmediate, ${TIMERS}`],
  ["export const a = (timers: any) => timers.setTimeout(() => {}, 1);", null],
  ["export const a = ({ setTimeout }: any) => setTimeout(() => {}, 1);", null],
  ["export interface Timers { setTimeout(ms: number): void }", null],
  ['export const a = "setTimeout"; // setTimeout, Date.now()', null],
  ["export const a = process.env;", `says process.env, ${ENVIRONMENT}`],
  ["const { env } = process; export { env };", `says process.env, ${ENVIRONMENT}`],
  ["export const a = process.pid;", null],
  ['console.log("a");', `says console, ${CONSOLE}`],
  ['process.stdout.write("a");', `says process.stdout, ${CONSOLE}`],
  [
    'export const a = fetch("http://a");',
    "says fetch, which only daemon/cli, sdk/src/verify/fetch.ts may (fetch)",
  ],
];

describe("effects", () => {
  for (const [line, complaint] of EFFECTS) {
    test(`${line} ${complaint ?? "is allowed"}`, () => {
      const path = "daemon/delivery/loop.ts";
      const expected = complaint === null ? [] : [`${path}:2 ${complaint}`];
      assert.deepEqual(laws.keepEffectsAtHome([file(path, "", line)]), expected);
    });
  }

  test("each effect is at home where it lives, and a test may have any", () => {
    const homes = [
      file("daemon/system/clock.ts", "export const a = Date.now();"),
      file("daemon/system/chance.ts", "export const a = Math.random();"),
      file("daemon/system/timers.ts", "setTimeout(() => {}, 1);"),
      file("daemon/config.ts", "export const a = process.env;"),
      file("daemon/cli/send.ts", 'console.log(await fetch("http://a"));'),
      file("test/a.test.ts", "export const a = Date.now(); setTimeout(() => {}, 1);"),
    ];
    assert.deepEqual(laws.keepEffectsAtHome(homes), []);
  });

  test("the system room is no free hand: its clock does not throw dice", () => {
    const clock = file("daemon/system/clock.ts", "export const a = Math.random();");
    assert.equal(laws.keepEffectsAtHome([clock]).length, 1);
  });
});
