import { WebhookError } from "./webhook-error.ts";

/** Says of what is not genuine that status, instead of the usual 400 and 401. */
export function withStatus(status: number): (error: WebhookError) => WebhookError {
  return (error) => {
    if (error.status !== 400 && error.status !== 401) return error;
    const { code, message, hint, cause } = error;
    return new WebhookError(code, message, { status, hint, cause });
  };
}
