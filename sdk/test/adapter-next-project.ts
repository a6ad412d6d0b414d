/** A Next application in a folder of its own, built and started as one is in production, with the SDK's sources in it. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCES = fileURLToPath(new URL("../src/", import.meta.url));
const MODULES = fileURLToPath(new URL("../../node_modules/", import.meta.url));

const RECEIVER = `
import { memoryInbox } from "../sdk/inbox/memory.ts";
import { github } from "../sdk/providers/github.ts";
import { createReceiver } from "../sdk/receiver/create-receiver.ts";

const real = github({ secret: "It's a Secret to Everybody" });
const provider = {
  ...real,
  methods: ["GET", "HEAD", "POST"],
  check: async (request, context) =>
    request.method === "POST"
      ? real.check(request, context)
      : { ok: true, kind: "handshake", answer: { status: 200, headers: { "x-challenge": "answered" }, body: request.query("challenge") ?? "" } },
};
export const receiver = createReceiver({ endpoint: "hooks", provider, inbox: memoryInbox(), bodyBytesMax: 100_000 });
receiver.on("*", ({ raw }) => ({ status: 202, body: Buffer.from(raw).toString("hex"), contentType: "text/plain" }));
`;

/** Both routers, each as its users write it. */
const FILES: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({
    private: true,
    type: "module",
    imports: { "#crypto": "./sdk/verify/crypto-node.ts" },
  }),
  "next.config.mjs": `export default { turbopack: { root: "/" }, typescript: { ignoreBuildErrors: true } };`,
  "lib/receiver.js": RECEIVER,
  "app/layout.jsx": `export default ({ children }) => <html><body>{children}</body></html>;`,
  "app/hooks/route.js": `
import { nextRoute } from "../../sdk/adapters/next.ts";
import { receiver } from "../../lib/receiver.js";
export const { GET, HEAD, POST } = nextRoute(receiver);
`,
  "app/seen/route.js": `
import { nextRoute } from "../../sdk/adapters/next.ts";
const handle = async ({ url }, { remoteAddress }) => ({ answer: { status: 200, headers: {}, body: url + " " + remoteAddress } });
export const { POST } = nextRoute({ bodyBytesMax: 100, handle }, { trustProxy: true });
`,
  "app/consumed/route.js": `
import { nextRoute } from "../../sdk/adapters/next.ts";
import { receiver } from "../../lib/receiver.js";
const route = nextRoute(receiver, { showHints: true });
export async function POST(request) {
  await request.json();
  return route.POST(request);
}
`,
  "pages/api/hooks.js": `
import { nextPages } from "../../sdk/adapters/next.ts";
import { receiver } from "../../lib/receiver.js";
export default nextPages(receiver);
export const config = { api: { bodyParser: false } };
`,
  "pages/api/parsed.js": `
import { nextPages } from "../../sdk/adapters/next.ts";
import { receiver } from "../../lib/receiver.js";
export default nextPages(receiver, { showHints: true });
`,
};

export interface NextServer {
  readonly origin: string;
  stop(): Promise<void>;
}

/** Rejects with what Next said where it does not build or start. */
export async function startNext(): Promise<NextServer> {
  const folder = await mkdtemp(join(tmpdir(), "posthorn-next-"));
  await cp(SOURCES, join(folder, "sdk"), { recursive: true });
  await symlink(MODULES, join(folder, "node_modules"));
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const build = next(folder, ["build"]);
  const [code] = (await once(build.child, "close")) as [number];
  if (code !== 0)
    throw new Error(`expected next build to end with 0, got ${code}: ${build.said()}`);
  const server = next(folder, ["start", "-H", "127.0.0.1", "-p", "0"]);
  const origin = await server.reaches(/http:\/\/127\.0\.0\.1:\d+(?=[^]*Ready in)/);
  const stop = async (): Promise<void> => {
    server.child.kill("SIGTERM");
    if (server.child.exitCode === null) await once(server.child, "close");
    await rm(folder, { recursive: true });
  };
  return { origin, stop };
}

interface Running {
  readonly child: ChildProcess;
  said(): string;
  /** The first match in what it has said so far. */
  reaches(pattern: RegExp): Promise<string>;
}

function next(folder: string, words: readonly string[]): Running {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
  const command = [join(MODULES, "next/dist/bin/next"), ...words];
  const child = spawn(process.execPath, command, { cwd: folder, env });
  let said = "";
  const waiting = new Set<() => void>();
  const listen = (part: Buffer): void => {
    said += part.toString();
    for (const look of waiting) look();
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  const reaches = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(said)?.[0];
        if (found !== undefined) resolve(found);
      };
      waiting.add(look);
      child.once("close", () => reject(new Error(`expected next to start, got: ${said}`)));
      look();
    });
  return { child, said: () => said, reaches };
}
