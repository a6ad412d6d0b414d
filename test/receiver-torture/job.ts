/** What the receiver and those who torture it have in common. */
export type Mode = "inline" | "deferred";

export interface ReceiverJob {
  /** The receiver's own database. */
  readonly file: string;
  readonly port: number;
  readonly secret: string;
  readonly mode: Mode;
  /** Which process it is, from 1: written beside each effect. */
  readonly life: number;
  /** How far the receiver's clock goes ahead. */
  readonly aheadMs: number;
}

export const ENDPOINT = "orders";
export const TYPE = "order.placed";
/** Nothing in it forbids two effects of one event: they are to be seen. */
export const CREATE_EFFECTS =
  "create table if not exists effect (number integer not null, life integer not null)";
