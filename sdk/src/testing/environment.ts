/** `NODE_ENV` where the runtime has an environment and shows it; undefined elsewhere. */
export function nodeEnvironment(): string | undefined {
  // Asked of the global object: Workers and browsers have no `process`, and naming it would be an error there.
  const { process } = globalThis as {
    readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  };
  return process?.env?.["NODE_ENV"];
}
