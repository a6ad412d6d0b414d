/** What can be wrong with an argument, as a closed list that callers may branch on. */
export type SdkErrorCode =
  | "json_invalid" // not JSON text, or bytes that are not UTF-8
  | "json_duplicate_key" // one name twice in an object: sorting would pick a winner
  | "json_too_deep"
  | "id_invalid" // would make the signed text ambiguous, or can't stand in a header
  | "type_invalid" // can't stand in a header
  | "time_invalid"
  | "key_missing"
  | "key_unsuited"; // a kind of key that the profile has no place for

/**
 * Thrown for an argument that breaks a function's stated condition. Messages never hold a secret or
 * a payload.
 */
export class SdkError extends Error {
  readonly code: SdkErrorCode;

  constructor(code: SdkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SdkError";
    this.code = code;
  }
}
