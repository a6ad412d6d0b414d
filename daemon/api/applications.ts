import { z } from "zod";
import type { Application } from "../domain/application.ts";
import { listPage, listQuery } from "./listing.ts";
import type { ApiNeeds } from "./needs.ts";
import type { Route } from "./route.ts";
import { json, jsonRoute, needsInstance } from "./route.ts";
import { pageOf, timeOut, timeText } from "./schemas.ts";

const applicationOut = z.object({ id: z.string(), name: z.string(), created_at: timeOut });

const newApplication = z.strictObject({
  name: z.string().describe("1 to 63 of a-z 0-9 _ -; usable wherever the id is."),
});

export function applicationRoutes({ applications }: ApiNeeds): readonly Route[] {
  return [
    jsonRoute({
      method: "GET",
      path: "/v1/applications",
      operationId: "listApplications",
      tag: "Applications",
      summary: "List applications, oldest first",
      access: needsInstance("read"),
      query: listQuery,
      answers: { 200: { description: "A page of applications.", schema: pageOf(applicationOut) } },
      faults: ["invalid_cursor"],
      handle({ query }) {
        const all = applications.list();
        const { rows, next } = listPage("applications", all, ({ id }) => id, query);
        return json(200, { data: rows.map(applicationJson), next_cursor: next });
      },
    }),
    jsonRoute({
      method: "POST",
      path: "/v1/applications",
      operationId: "createApplication",
      tag: "Applications",
      summary: "Create an application",
      access: needsInstance("manage"),
      body: { schema: newApplication, example: { name: "billing" } },
      answers: { 201: { description: "Created.", schema: applicationOut } },
      faults: ["conflict"],
      async handle({ body }) {
        return json(201, applicationJson(await applications.create(body.name)));
      },
    }),
  ];
}

function applicationJson({ id, name, createdAtMs }: Application): z.infer<typeof applicationOut> {
  return { id, name, created_at: timeText(createdAtMs) };
}
