export interface AddressVariant {
  readonly url: string;
  readonly sentence: string;
}

const ADDRESS = /^(https?):\/\/([^/?#:]*)(:\d+)?([^?#]*)(\?[^#]*)?/i;

/** Addresses under which the sender may know this receiver. By pattern, since `URL` would write them anew. */
export function addressVariants(
  url: string,
  header: (name: string) => string | null,
): readonly AddressVariant[] {
  const parts = ADDRESS.exec(url);
  if (parts === null) return [];
  const [, scheme = "", host = "", port = "", path = "", query = ""] = parts;
  const schemes = [scheme, scheme.toLowerCase() === "https" ? "http" : "https"];
  const outside = header("x-forwarded-host")?.split(",")[0]?.trim() ?? host;
  const ports = new Set(["", port, ":443", ":80"]);
  const paths = new Set([path, path.endsWith("/") ? path.slice(0, -1) : `${path}/`]);
  const queries = new Set([query, ""]);
  const found: AddressVariant[] = [];
  for (const one of schemes)
    for (const name of new Set([outside, host]))
      for (const at of ports)
        for (const way of paths)
          for (const rest of queries) {
            const other = `${one}://${name}${at}${way}${rest}`;
            if (other !== url) found.push({ url: other, sentence: sentence(other, url) });
          }
  return found;
}

function sentence(signed: string, seen: string): string {
  return `The sender signed the address ${shown(signed)}, and this receiver sees ${shown(seen)}: name the public address (publicUrl, or the adapter's option for trusted proxies), to the letter, with its scheme, port and trailing slash.`;
}

/** Without what a query may hold. */
function shown(url: string): string {
  const [address = "", query] = url.split("?");
  return query === undefined ? address : `${address}?…`;
}
