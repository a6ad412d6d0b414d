import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { end, freePort, launch, makeFolder, until } from "./children.ts";

/** A receiver that costs next to nothing: nginx answering 204, so that what is measured is the sender. */
export interface Sink {
  readonly url: string;
  stop(): Promise<void>;
}

const NGINX = "/usr/sbin/nginx";
const PATIENCE_MS = 10_000;

export const hasNginx = existsSync(NGINX);
export const NGINX_MISSING =
  "skipped: its receiver is nginx, which is missing (Debian: apt-get install nginx-light)";

export async function startSink(): Promise<Sink> {
  const folder = makeFolder("sink");
  const port = await freePort();
  const configFile = join(folder.path, "nginx.conf");
  await writeFile(configFile, configuration(folder.path, port));
  const child = launch(NGINX, ["-p", folder.path, "-c", configFile, "-g", "daemon off;"]);
  const url = `http://127.0.0.1:${port}/hook`;
  await until("nginx to answer", () => answers(url), { patienceMs: PATIENCE_MS, everyMs: 25 });
  return {
    url,
    async stop() {
      await end(child);
      folder.remove();
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { method: "POST", body: "x" }).catch(() => null);
  return response?.status === 204;
}

// One process, so that nothing is left where it has to be killed.
function configuration(folder: string, port: number): string {
  return `
    master_process off;
    pid ${folder}/nginx.pid;
    error_log stderr crit;
    events { worker_connections 4096; }
    http {
      access_log off;
      keepalive_requests 100000000;
      keepalive_timeout 600s;
      client_body_temp_path ${folder}/body;
      proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/fastcgi;
      uwsgi_temp_path ${folder}/uwsgi;
      scgi_temp_path ${folder}/scgi;
      server { listen 127.0.0.1:${port} backlog=4096; location / { return 204; } }
    }`;
}
