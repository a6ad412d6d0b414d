/** Prisma's client is generated for the test, without its engines: Prisma 7 needs none, but its command looks for one. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { PrismaPg } from "@prisma/adapter-pg";

import { type PrismaClientLike, type PrismaExecutor, prismaInbox } from "../src/inbox/prisma.ts";
import { testInbox } from "./support/inbox-conformance.ts";
import { postgresConfig, postgresServer, type Server } from "./support/servers.ts";

const SCHEMA = `
generator client {
  provider            = "prisma-client"
  output              = "./client"
  runtime             = "nodejs"
  moduleFormat        = "esm"
  importFileExtension = "ts"
}
datasource db {
  provider = "postgresql"
}
model effects {
  key   Int    @id @default(autoincrement())
  event String
}
`;

interface Transaction extends PrismaExecutor {
  readonly effects: {
    create(query: { data: { event: string } }): Promise<unknown>;
    count(query: { where: { event: string } }): Promise<number>;
  };
}

type Client = Transaction & PrismaClientLike<Transaction> & { $disconnect(): Promise<void> };

let server: Server | null = null;
after(async () => server?.stop());

async function generateClient(dir: string): Promise<new (options: object) => Client> {
  const modules = path.dirname(
    path.dirname(createRequire(import.meta.url).resolve("pg/package.json")),
  );
  symlinkSync(modules, path.join(dir, "node_modules"));
  writeFileSync(path.join(dir, "package.json"), '{"type":"module"}');
  writeFileSync(path.join(dir, "schema.prisma"), SCHEMA);
  const cli = fileURLToPath(import.meta.resolve("prisma/package.json")).replace(
    "package.json",
    "build/index.js",
  );
  const env = {
    ...process.env,
    // Any program will do: generating never runs it. Without this, the command would fetch one.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    CHECKPOINT_DISABLE: "1",
    PRISMA_HIDE_UPDATE_MESSAGE: "1",
  };
  execFileSync(process.execPath, [cli, "generate"], { cwd: dir, env, stdio: "pipe" });
  const file = pathToFileURL(path.join(dir, "client/client.ts")).href;
  const { PrismaClient } = (await import(file)) as {
    PrismaClient: new (options: object) => Client;
  };
  return PrismaClient;
}

testInbox("PostgreSQL over Prisma", postgresServer.missing, async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "posthorn-prisma-"));
  server = await postgresServer.start();
  const PrismaClient = await generateClient(dir);
  const adapter = new PrismaPg({ ...postgresConfig(server.port), max: 12 });
  const prisma = new PrismaClient({ adapter });
  await prisma.$executeRawUnsafe(
    "CREATE TABLE effects (key SERIAL PRIMARY KEY, event TEXT NOT NULL)",
  );
  return {
    open: (lockWaitMs) =>
      prismaInbox(prisma, { dialect: "postgres", ...(lockWaitMs !== undefined && { lockWaitMs }) }),
    lockWaitMsMin: 60,
    effects: {
      write: async (tx, event) => void (await tx.effects.create({ data: { event } })),
      count: (event) => prisma.effects.count({ where: { event } }),
    },
    async close() {
      await prisma.$disconnect();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});
