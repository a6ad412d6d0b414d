/** A request in the form that schemes read it: bounded, header names without case, the body parsed at most once. */
export interface ReadRequest {
  readonly method: string;
  readonly url: string;
  /** Made when first asked for; `header` does without. */
  readonly headers: Headers;
  /** The header's value without outer white space, or null. */
  header(name: string): string | null;
  readonly body: Uint8Array;
  /** The body as text: UTF-8, invalid bytes as U+FFFD. For reading values, never for signing. */
  text(): string;
  /** The body as JSON; undefined where it is none. */
  json(): unknown;
  /** The body as an HTML form, duplicates kept. */
  form(): URLSearchParams;
  /** One query parameter of the URL, decoded, or null. */
  query(name: string): string | null;
}
