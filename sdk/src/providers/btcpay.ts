import { HEX } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { bodySignature } from "../verify/body-signature.ts";

export interface BtcpayEvent {
  readonly deliveryId: string;
  readonly originalDeliveryId: string;
  readonly isRedelivery: boolean;
  readonly webhookId: string;
  readonly type: string;
  readonly timestamp: number;
  readonly invoiceId?: string;
  readonly storeId?: string;
}

/**
 * BTCPay Server: `BTCPay-Sig: sha256=…` over the indented body (docs.btcpayserver.org, Greenfield API). Each redelivery has a
 * `deliveryId` and a body of its own; `originalDeliveryId` stays.
 */
export function btcpay(options: SecretOptions): Provider<BtcpayEvent> {
  assertOptions("btcpay", options, ["secret"]);
  return makeProvider({
    name: "btcpay",
    schemes: [bodySignature(options.secret, "btcpay-sig", HEX, "sha256=")],
    id: [{ body: "originalDeliveryId" }, { body: "deliveryId" }],
    type: { body: "type" },
    occurredAt: { from: { body: "timestamp" }, unit: "s" },
    isBodyStable: false,
  });
}
