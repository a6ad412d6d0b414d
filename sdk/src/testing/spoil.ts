import { utf8 } from "../verify/codec.ts";
import type { ReadRequest } from "../verify/read-request.ts";
import { isForm } from "../verify/form.ts";

const LEAVES_MAX = 200;

/**
 * The body changed in one place after the other, so that one is found which a scheme signs. The first changes hurt no reader:
 * white space at the end, one more field of a form.
 */
export function* spoiledBodies(request: ReadRequest): Generator<Uint8Array> {
  if (isForm(request)) yield* spoiledForms(request.text());
  else {
    yield utf8(`${request.text()} `);
    const genuine = request.json();
    if (typeof genuine === "object" && genuine !== null) yield* spoiledObjects(genuine);
  }
}

function* spoiledForms(text: string): Generator<Uint8Array> {
  yield utf8(`${text}&tampered=1`);
  for (const name of new Set(new URLSearchParams(text).keys())) {
    const form = new URLSearchParams(text);
    form.set(name, `${form.get(name) ?? ""} `);
    yield utf8(form.toString());
  }
}

function* spoiledObjects(genuine: object): Generator<Uint8Array> {
  const { length } = leavesOf(genuine);
  for (let index = 0; index < Math.min(length, LEAVES_MAX); index++) {
    const copy = structuredClone(genuine);
    const leaf = leavesOf(copy)[index];
    if (leaf === undefined) return;
    leaf.owner[leaf.name] = changed(leaf.owner[leaf.name]);
    yield utf8(JSON.stringify(copy));
  }
}

interface Leaf {
  readonly owner: Record<string, unknown>;
  readonly name: string;
}

function leavesOf(value: object): readonly Leaf[] {
  const owner = value as Record<string, unknown>;
  return Object.keys(owner).flatMap((name) => {
    const child = owner[name];
    return typeof child === "object" && child !== null ? leavesOf(child) : [{ owner, name }];
  });
}

function changed(value: unknown): unknown {
  if (typeof value === "number") return value + 1;
  return typeof value === "string" ? `${value}~` : !value;
}
