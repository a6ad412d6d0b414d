interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly bodyEncoding?: "text" | "base64";
}

/** What curl settles by itself, and what would contradict it. */
const LEFT_OUT = new Set([
  "host",
  "content-length",
  "connection",
  "transfer-encoding",
  "accept-encoding",
]);

/** A command that sends a request again, for a POSIX shell. Nothing in it can get out of its quotes. */
export function curlOf({ method, url, headers, body, bodyEncoding = "text" }: CurlRequest): string {
  const isBinary = bodyEncoding === "base64";
  const lines = [
    `curl -X ${method} ${quoted(url)}`,
    ...Object.entries(headers)
      .filter(([name]) => !LEFT_OUT.has(name.toLowerCase()))
      .map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined || body === ""
      ? []
      : [isBinary ? "--data-binary @-" : `--data-raw ${quoted(body)}`]),
  ];
  const command = lines.join(" \\\n  ");
  return isBinary ? `printf %s ${quoted(body ?? "")} | base64 -d | ${command}` : command;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
