/** Headers as any framework has them. Names are matched without regard to case. */
export type HeadersLike =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | readonly (readonly [name: string, value: string])[];

/**
 * A request whose body has been read: the bytes that came over the wire, before any parser. `url` is the address as the
 * sender knows it, scheme and host included; schemes that sign the address (Twilio, Square, HubSpot) need it exact.
 */
export interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeadersLike;
  readonly body: Uint8Array;
}
