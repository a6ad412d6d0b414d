import type { Handling } from "./context.ts";

/** What went wrong in the handler, told apart from what went wrong in the inbox around it. */
export interface Run {
  /** Forgets what was before: stores may run a transaction's work again. */
  begin(): void;
  guard(attempt: number, work: () => Promise<Handling>): Promise<Handling>;
  readonly attempt: number | null;
  readonly fault: { readonly thrown: unknown } | null;
}

export function createRun(): Run {
  let attempt: number | null = null;
  let fault: { readonly thrown: unknown } | null = null;
  return {
    begin() {
      attempt = null;
      fault = null;
    },
    async guard(number, work) {
      attempt = number;
      try {
        return await work();
      } catch (error) {
        fault = { thrown: error };
        throw error;
      }
    },
    get attempt() {
      return attempt;
    },
    get fault() {
      return fault;
    },
  };
}
