import { closeSync, fdatasyncSync, openSync, statfsSync, writeSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";

import SqliteDatabase from "better-sqlite3";

import { makeFolder } from "./children.ts";
import { quantile, shown } from "./report.ts";

/** What the numbers were measured on; without it they say nothing. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  readonly sqlite: string;
  readonly disk: Disk;
  /** Others on the machine show here: it should be near 0 at the start. */
  readonly loadAverage: number;
}

interface Disk {
  readonly folder: string;
  /** Nothing is durable there, so that commits cost too little. */
  readonly isInMemory: boolean;
  readonly syncP50Us: number;
  readonly syncP99Us: number;
}

export function lookAtMachine(): Machine {
  const all = cpus();
  return {
    date: new Date().toISOString(),
    cpu: all[0]?.model ?? "unknown",
    cores: all.length,
    memoryGib: totalmem() / 2 ** 30,
    kernel: release(),
    node: process.version,
    sqlite: sqliteVersion(),
    disk: lookAtDisk(),
    loadAverage: loadavg()[0] ?? Number.NaN,
  };
}

function sqliteVersion(): string {
  const file = new SqliteDatabase(":memory:");
  const version = file.prepare("select sqlite_version()").pluck().get();
  file.close();
  return String(version);
}

const SYNCS = 300;
const WARM_UP = 20;
const TMPFS_MAGIC = 0x01021994;

/** What a commit waits for: 4 KiB appended, and fdatasync. */
function lookAtDisk(): Disk {
  const folder = makeFolder("disk");
  const file = openSync(join(folder.path, "sync"), "w");
  const page = Buffer.alloc(4_096, 1);
  const tookUs: number[] = [];
  for (let i = 0; i < SYNCS + WARM_UP; i++) {
    const startedAtMs = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    if (i >= WARM_UP) tookUs.push((performance.now() - startedAtMs) * 1_000);
  }
  closeSync(file);
  const isInMemory = statfsSync(folder.path).type === TMPFS_MAGIC;
  folder.remove();
  return {
    folder: folder.path.replace(/\/[^/]*$/, ""),
    isInMemory,
    syncP50Us: quantile(tookUs, 0.5),
    syncP99Us: quantile(tookUs, 0.99),
  };
}

export function machineText(machine: Machine): string {
  const { disk } = machine;
  const warning = disk.isInMemory ? " (in memory: set TMPDIR to a folder on a disk)" : "";
  return [
    machine.date,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib.toFixed(0)} GiB, Linux ${machine.kernel}`,
    `Node ${machine.node}, SQLite ${machine.sqlite}, load average ${machine.loadAverage.toFixed(1)} at the start`,
    `4 KiB + fdatasync in ${disk.folder}${warning}: p50 ${shown(disk.syncP50Us)} µs, p99 ${shown(disk.syncP99Us)} µs`,
  ].join("\n");
}
