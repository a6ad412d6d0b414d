/** As a browser asks: with the page's own header, and a cookie. */
import assert from "node:assert/strict";
import type { PageFiles } from "../../daemon/domain/page.ts";
import { call, type CallOptions } from "./api-call.ts";
import { openHouse, type ApiHouse, type HouseOptions } from "./api-house.ts";

export const PASSWORD = "correct horse battery";
const PAGE: PageFiles = {
  build: "b1",
  files: new Map([
    ["index.html", { type: "text/html", plain: Buffer.from("<p>"), gzip: null, brotli: null }],
    [
      "assets/a.js",
      { type: "text/javascript", plain: Buffer.from("1"), gzip: Buffer.from("z"), brotli: null },
    ],
  ]),
};

export function openPage(
  replace: HouseOptions["replace"] = () => ({}),
  options: HouseOptions = {},
): Promise<ApiHouse> {
  return openHouse({ ...options, replace: (needs) => ({ page: PAGE, ...replace(needs) }) });
}

export function asPage(cookie: string | null, options: CallOptions = {}): CallOptions {
  const headers = {
    "Posthorn-Page": "1",
    ...(cookie !== null && { Cookie: cookie }),
    ...options.headers,
  };
  return { ...options, key: null, headers };
}

export async function setUp(house: ApiHouse): Promise<string> {
  const body = { name: "admin", password: PASSWORD };
  const made = await call(house, "POST /v1/setup", asPage(null, { body }));
  assert.equal(made.status, 201, made.text);
  return cookieOf(made.headers["set-cookie"]);
}

export async function signIn(house: ApiHouse, credentials: object) {
  return call(house, "POST /v1/session", asPage(null, { body: credentials }));
}

export function cookieOf(lines: readonly string[] | undefined): string {
  return (lines?.[0] ?? "").split(";")[0] ?? "";
}
