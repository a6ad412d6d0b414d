import { z } from "zod";
import { AppError, expected } from "../domain/errors.ts";
import { auditJson, auditOut } from "./account-json.ts";
import type { ApiNeeds } from "./needs.ts";
import type { Route } from "./route.ts";
import { json, jsonRoute, needsInstance } from "./route.ts";
import { msOf, pageOf, pageQuery, present, time } from "./schemas.ts";

const auditQuery = z.strictObject({
  action: z.string().max(64).optional().describe("An operation's id, such as updateEndpoint."),
  actor: z.string().max(100).optional().describe("The name of an account or key."),
  from: time.optional().describe("At this time or later."),
  to: time.optional().describe("Before this time."),
  ...pageQuery,
});

/** The log of who changed what. */
export function auditRoutes(needs: ApiNeeds): readonly Route[] {
  return [
    jsonRoute({
      method: "GET",
      path: "/v1/audit",
      operationId: "listAudit",
      tag: "People",
      summary: "Who changed what, newest first",
      description: "Kept for 400 days, the newest 100,000 at most. Holds no value that was sent.",
      access: needsInstance("read"),
      query: auditQuery,
      answers: { 200: { description: "A page of entries.", schema: pageOf(auditOut) } },
      faults: ["invalid_cursor"],
      async handle({ query }) {
        const { limit, cursor, action, actor } = query;
        const rows = await needs.people.audit.page({
          limit,
          before: cursor === undefined ? null : seqIn(cursor),
          ...present({ action, actorName: actor, fromMs: msOf(query.from), toMs: msOf(query.to) }),
        });
        const last = rows.at(-1);
        const hasMore = last !== undefined && rows.length === limit;
        return json(200, {
          data: rows.map((row) => auditJson(needs.directory, row)),
          next_cursor: hasMore ? `aud-${last.seq}` : null,
        });
      },
    }),
  ];
}

function seqIn(cursor: string): number {
  const seq = Number(/^aud-(\d{1,15})$/.exec(cursor)?.[1] ?? Number.NaN);
  if (Number.isSafeInteger(seq)) return seq;
  const message = expected("the cursor", "the next_cursor of a page of this list", cursor);
  throw new AppError("invalid_cursor", message);
}
