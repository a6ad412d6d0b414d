import assert from "node:assert/strict";
import { test } from "node:test";
import * as laws from "./support/house-laws.ts";
import { isSource, readRepository, readSource } from "./support/house-source.ts";

const files = readRepository();
const sources = files.filter(isSource).map(readSource);

function assertKept(violations: readonly string[]): void {
  assert.equal(violations.length, 0, `\n${violations.join("\n")}`);
}

test("the house is read: its sources are found", () => {
  assert.ok(sources.some(({ path }) => path === "daemon/domain/attempt.ts"));
  assert.ok(sources.some(({ path }) => path === "packaging/setup.mjs"));
  assert.ok(!files.some(({ path }) => path.includes("node_modules")));
});

test("every source file stands in a room of the house", () => {
  assertKept(laws.standInRooms(sources));
});

test("a room imports only the rooms, packages and Node modules that it may", () => {
  assertKept(laws.importOnlyWhatTheRoomMay(sources));
});

test("the clock, chance, timers, the environment, the console and fetch have one home each", () => {
  assertKept(laws.keepEffectsAtHome(sources));
});

test("no file imports itself in a circle", () => {
  assertKept(laws.importInNoCircle(sources));
});

test("no room knows a room that knows it", () => {
  assertKept(laws.joinRoomsInNoCircle(sources));
});

test("no file is longer than 400 lines", () => {
  assertKept(laws.keepFilesShort(sources));
});

test("no function is longer than 70 lines", () => {
  assertKept(laws.keepFunctionsShort(sources));
});

test("no comment switches a tool off", () => {
  assertKept(laws.muzzleNoTool(sources));
});

test("every export has a name", () => {
  assertKept(laws.exportNames(sources));
});

test("no file only hands on the exports of others", () => {
  assertKept(laws.buildNoBarrels(sources));
});

test("the top of the repository holds what is agreed and nothing else", () => {
  assertKept(laws.keepTheTopClear(files));
});

test("each room says in one sentence what it is for", () => {
  assertKept(laws.sayWhatEachRoomIs(files));
});

test("no file has a note to self, a private path or the host of a registry", () => {
  assertKept(laws.sayNothingBanned(files));
});

test("the lock file is whole, so that npm ci takes it on any machine", () => {
  assertKept(laws.keepTheLockWhole(files));
});
