/** What reading text or JSON from outside comes to: the value, or one sentence of the form that `expected` makes. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };
