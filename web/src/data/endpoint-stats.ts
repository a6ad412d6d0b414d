import type { ActivityJson } from "../../../daemon/api/overview-json.ts";

/** The counts of one endpoint since it was made, and how it has been doing lately. */
export interface EndpointStats {
  readonly pending: number;
  readonly held: number;
  readonly delivered: number;
  readonly exhausted: number;
  readonly cancelled: number;
  readonly attempts: number;
  readonly failed_attempts: number;
  readonly in_flight: number;
  readonly activity: ActivityJson;
}
