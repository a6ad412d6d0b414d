import type { z } from "zod";

const names = new WeakMap<z.ZodType, string>();

/** Gives a schema that several routes share its name in the OpenAPI document; others are named by their operation. */
export function component<S extends z.ZodType>(name: string, schema: S): S {
  names.set(schema, name);
  return schema;
}

export function componentName(schema: z.ZodType): string | undefined {
  return names.get(schema);
}
