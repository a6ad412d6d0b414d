import { registerHooks } from "node:module";

const MARK = "?web-crypto";

/**
 * Imports a module of the SDK as a browser or a Worker has it: it and all that it imports a second time, with WebCrypto in
 * place of `node:crypto`. Node can't be told to forget its own import condition, so a hook resolves `#crypto` instead.
 */
export async function importWithWebCrypto<Module>(url: URL): Promise<Module> {
  return (await import(`${url.href}${MARK}`)) as Module;
}

registerHooks({
  resolve(specifier, context, next) {
    const isMarked = context.parentURL?.endsWith(MARK) ?? false;
    if (!isMarked) return next(specifier, context);
    const isPort = specifier === "#crypto";
    const wanted = isPort
      ? new URL("../src/verify/crypto-web.ts", import.meta.url).href
      : specifier;
    const found = next(wanted, context);
    return found.url.startsWith("file:") ? { ...found, url: `${found.url}${MARK}` } : found;
  },
});
