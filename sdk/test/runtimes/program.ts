/** What is run in every runtime: no test runner, no file, nothing but the SDK and the vectors. */
import { HMAC_SHA256 } from "../../src/verify/algorithms.ts";
import { vectorProblem } from "../vectors.ts";
import type { ProviderVector } from "../vectors.ts";
import file from "../vectors/provider-vectors.json" with { type: "json" };

export interface Report {
  /** Which of the package's two cryptographies this runtime got. */
  readonly cryptography: "node:crypto" | "WebCrypto";
  readonly vectors: number;
  /** How those that came out wrong did. */
  readonly problems: readonly string[];
}

/** Prints a `Report` on one line. */
export async function printReport(): Promise<void> {
  const vectors = file.vectors as unknown as readonly ProviderVector[];
  const problems: string[] = [];
  for (const vector of vectors) {
    const problem = await vectorProblem(vector).catch(
      (error: unknown) => `${vector.id}: ${String(error)}`,
    );
    if (problem !== null) problems.push(problem);
  }
  const mac = HMAC_SHA256.sign(new Uint8Array(32))([]);
  const cryptography = mac instanceof Promise ? "WebCrypto" : "node:crypto";
  const report: Report = { cryptography, vectors: vectors.length, problems };
  console.log(JSON.stringify(report));
}
