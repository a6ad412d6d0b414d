import "./node-guard.ts";

import type { startApp } from "./app.ts";
import { openWorld } from "./cli/machine.ts";
import { runCli } from "./cli/run.ts";
import { VERSION } from "./version.ts";

const argv = process.argv.slice(2);
// The daemon's own rooms are loaded when they are needed: most verbs only ask a daemon that runs.
const rooms = {
  version: VERSION,
  startApp: async (...given: Parameters<typeof startApp>) =>
    (await import("./app.ts")).startApp(...given),
  checkKey: async (dataDir: string) => (await import("./ground.ts")).examineKey(dataDir),
  openAdminDesk: async (dataDir: string) => {
    const { openLog } = await import("./system/log.ts");
    const { openAdminDesk } = await import("./admin-desk.ts");
    return openAdminDesk(dataDir, openLog({ format: "text", level: "error" }));
  },
  checkDatabase: async (path: string) => (await import("./ground.ts")).examineDatabase(path),
};
process.exitCode = await runCli(argv, openWorld(rooms, argv[0]));
