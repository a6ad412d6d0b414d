import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A receiver that costs next to nothing: nginx answering 204, so that what is measured is the sender. */
export interface Sink {
  readonly url: string;
  stop(): Promise<void>;
}

const NGINX = "/usr/sbin/nginx";

export const hasNginx = existsSync(NGINX);
export const NGINX_MISSING = "skipped: nginx is missing (Debian: apt-get install nginx-light)";

export async function startSink(): Promise<Sink> {
  const folder = await mkdtemp(join(tmpdir(), "posthorn-sink-"));
  const port = await freePort();
  await writeFile(join(folder, "nginx.conf"), configuration(folder, port));
  const args = ["-p", folder, "-c", join(folder, "nginx.conf"), "-g", "daemon off;"];
  const child = spawn(NGINX, args, { stdio: ["ignore", "ignore", "inherit"] });
  const url = `http://127.0.0.1:${port}/hook`;
  await answers(url);
  return {
    url,
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, port: number): string {
  return `
    worker_processes 1;
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

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

const TRIES = 100;

async function answers(url: string): Promise<void> {
  for (let i = 0; i < TRIES; i++) {
    try {
      await fetch(url, { method: "POST", body: "x" });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`expected ${url} to answer within 5 s, got nothing`);
}
