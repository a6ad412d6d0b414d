export { HMAC_SHA1, HMAC_SHA256, HMAC_SHA512, SHA256, TOKEN } from "./verify/algorithms.ts";
export { ECDSA_P256, ED25519, RSA_SHA1, RSA_SHA256 } from "./verify/asymmetric.ts";
export { ANY_BODY, EITHER_BODY, fieldBody, FORM_BODY, JSON_BODY } from "./verify/body.ts";
export type { BodyFormat } from "./verify/body.ts";
export { BASE64, BASE64URL, HEX, TEXT, WHSEC } from "./verify/codec.ts";
export type { Encoding, Form } from "./verify/codec.ts";
export { defineProvider } from "./verify/define-provider.ts";
export type { Delivery, VerifyResult } from "./verify/delivery.ts";
export type { Answer, WebhookErrorCode } from "./verify/error.ts";
export type { CheckContext, Provider } from "./verify/provider.ts";
export type { ReadRequest } from "./verify/read-request.ts";
export type { HeadersLike, RawRequest } from "./verify/request.ts";
export type {
  Accepted,
  Algorithm,
  CustomScheme,
  HandshakeInput,
  ProviderSpec,
  Scheme,
  SecretSource,
  SecretValue,
  SignatureScheme,
  Source,
  Sources,
  TimestampRule,
  TimeUnit,
} from "./verify/spec.ts";
export { verify, verifyOrThrow } from "./verify/verify.ts";
export type { VerifyOptions } from "./verify/verify.ts";
export { toResponse, WebhookError } from "./verify/webhook-error.ts";
export { withStatus } from "./verify/with-status.ts";

export { createReceiver } from "./receiver/create-receiver.ts";
export { PermanentError, RetryAfterError } from "./receiver/handler-errors.ts";
export type { Hooks } from "./receiver/hooks.ts";
export type { ReceiverOptions } from "./receiver/options.ts";
export type {
  DeadLetters,
  Handled,
  Handler,
  HandlerContext,
  HandlerResult,
  Outcome,
  Pattern,
  Receiver,
  RequestInfo,
  Worker,
  WorkerOptions,
} from "./receiver/receiver.ts";
export type { StandardSchema } from "./receiver/standard-schema.ts";
export type {
  DeadLetter,
  DeadLetterQuery,
  Inbox,
  SuppressionInbox,
  TransactionalInbox,
} from "./inbox/inbox.ts";
