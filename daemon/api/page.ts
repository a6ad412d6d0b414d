/** Serves the operator's page: files from memory, in the form that the browser takes, under headers that let nothing else in. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { PageFile, PageFiles } from "../domain/page.ts";

const COMMON: readonly string[] = [
  "X-Content-Type-Options",
  "nosniff",
  "Referrer-Policy",
  "no-referrer",
  "Cross-Origin-Opener-Policy",
  "same-origin",
  "Cross-Origin-Resource-Policy",
  "same-origin",
  "X-Frame-Options",
  "DENY",
];

// What is shown on this page comes from strangers: types, bodies, headers and answers of receivers. Whatever slips through the
// page's own care must find nothing to run with. `connect-src 'self'` has the live feed's ws: in it (CSP level 3).
const POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** Answers a request for one of the page's files; false for any other path, which is the API's. */
export type ServePage = (request: IncomingMessage, response: ServerResponse) => boolean;

/** `prefix` is the base path with its slash in front, or empty. */
export function createPage(page: PageFiles | null, prefix: string): ServePage {
  // Not built: then its addresses are as unknown as any other.
  if (page === null) return () => false;
  return (request, response) => {
    const { method, url = "" } = request;
    if (method !== "GET" && method !== "HEAD") return false;
    const path = url.split("?")[0] ?? "";
    // Relative addresses need the slash: without it they would be looked for one folder up.
    if (prefix !== "" && path === prefix)
      return redirected(response, `${prefix.slice(prefix.lastIndexOf("/") + 1)}/`);
    if (!path.startsWith(`${prefix}/`)) return false;
    const name = path.slice(prefix.length + 1);
    const file = page.files.get(name === "" ? "index.html" : name);
    if (file === undefined) return false;
    send(request, response, file, name.startsWith("assets/"));
    return true;
  };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  file: PageFile,
  isHashed: boolean,
): void {
  const [encoding, bytes] = chosen(request.headers["accept-encoding"], file);
  const lines = [
    ...COMMON,
    "Content-Type",
    file.type,
    "Content-Length",
    String(bytes.length),
    "Vary",
    "Accept-Encoding",
  ];
  lines.push("Content-Security-Policy", POLICY);
  // A hashed name is another one for other bytes; the document has to be asked for each time, or an update would not be seen.
  lines.push("Cache-Control", isHashed ? "public, max-age=31536000, immutable" : "no-store");
  if (encoding !== null) lines.push("Content-Encoding", encoding);
  response.writeHead(200, lines);
  response.end(request.method === "HEAD" ? undefined : bytes);
}

function chosen(
  accepted: string | string[] = "",
  { brotli, gzip, plain }: PageFile,
): readonly [string | null, Uint8Array] {
  const takes = (name: string) =>
    new RegExp(String.raw`(?:^|,)\s*${name}\s*(?:,|$|;(?!\s*q=0(?:\.0*)?\s*(?:,|$)))`).test(
      String(accepted),
    );
  if (brotli !== null && takes("br")) return ["br", brotli];
  return gzip !== null && takes("gzip") ? ["gzip", gzip] : [null, plain];
}

function redirected(response: ServerResponse, location: string): true {
  response.writeHead(308, [...COMMON, "Location", location, "Content-Length", "0"]).end();
  return true;
}
