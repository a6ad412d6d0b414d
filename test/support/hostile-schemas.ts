/** Schemas that are valid and small, and take for ever. Each with data that shows it. */
export interface HostileSchema {
  readonly name: string;
  readonly schema: object;
  readonly data: unknown;
}

export const HOSTILE: readonly HostileSchema[] = [
  {
    name: "a pattern that goes back and back",
    schema: { type: "string", pattern: "^(a+)+$" },
    data: `${"a".repeat(45)}!`,
  },
  {
    name: "a long list whose items must be unique",
    schema: { type: "array", uniqueItems: true },
    data: Array.from({ length: 12_000 }, (_, n) => ({ n })),
  },
  {
    name: "two references to two references to two references",
    schema: { $ref: "#/$defs/d0", $defs: doubling("allOf", 40, true) },
    data: "x",
  },
];

/** Collects twice as many faults on each floor: gigabytes within a moment. */
export const EXPLODING = { $ref: "#/$defs/d0", $defs: doubling("anyOf", 22, { type: "string" }) };

function doubling(keyword: string, floors: number, last: unknown): Record<string, unknown> {
  const defs: Record<string, unknown> = { [`d${floors}`]: last };
  for (let i = 0; i < floors; i++) {
    const below = { $ref: `#/$defs/d${i + 1}` };
    defs[`d${i}`] = { [keyword]: [below, below] };
  }
  return defs;
}

/** 45 KB that are written out as 240,000 rules: half a minute to compile. */
export const LARGE = {
  $defs: { all: { properties: propertiesOf(200, { type: "string", minLength: 1 }) } },
  properties: propertiesOf(1_200, { $ref: "#/$defs/all" }),
};

function propertiesOf(count: number, schema: object): Record<string, object> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, schema]));
}
