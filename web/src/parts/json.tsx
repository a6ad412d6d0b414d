import type { ComponentChildren } from "preact";
import { exactSource, jsonOrNull, jsonText } from "../data/json.ts";
import { t, tn } from "../words/words.ts";
import { CopyButton } from "./copy.tsx";

const OPEN_DEPTH = 3;
const CHILDREN_MAX = 500;

/** A JSON value as a tree that folds. Everything in it is put in as text. */
export function JsonView({ value }: { readonly value: unknown }) {
  return (
    <div class="code-box">
      <div class="json mono" tabIndex={0} role="group" aria-label={t("json.label")}>
        <Node value={value} name={null} depth={0} />
      </div>
      <CopyButton text={jsonText(value)} />
    </div>
  );
}

interface NodeProps {
  readonly value: unknown;
  readonly name: string | null;
  readonly depth: number;
}

function Node({ value, name, depth }: NodeProps) {
  const source = exactSource(value);
  if (source !== null) return <Leaf name={name} kind="number" text={source} />;
  if (typeof value === "object" && value !== null) {
    return <Branch value={value} name={name} depth={depth} />;
  }
  return <Leaf name={name} kind={value === null ? "null" : typeof value} text={jsonText(value)} />;
}

function Leaf({
  name,
  kind,
  text,
}: {
  readonly name: string | null;
  readonly kind: string;
  readonly text: string;
}) {
  return (
    <div class="json-leaf">
      <Name name={name} />
      <span class={`json-${kind}`}>{text}</span>
    </div>
  );
}

function Branch({ value, name, depth }: NodeProps & { readonly value: object }) {
  const isList = Array.isArray(value);
  const entries = Object.entries(value) as readonly (readonly [string, unknown])[];
  const [open, close] = isList ? "[]" : "{}";
  if (entries.length === 0) return <Leaf name={name} kind="null" text={`${open}${close}`} />;
  return (
    <details open={depth < OPEN_DEPTH}>
      <summary>
        <Name name={name} />
        <span class="soft">
          {open} {tn("json.members", entries.length)} {close}
        </span>
      </summary>
      <div class="json-inner">
        {entries.slice(0, CHILDREN_MAX).map(([key, each]) => (
          <Node key={key} name={isList ? null : key} value={each} depth={depth + 1} />
        ))}
        {entries.length > CHILDREN_MAX && (
          <p class="soft">{tn("json.more", entries.length - CHILDREN_MAX)}</p>
        )}
      </div>
    </details>
  );
}

function Name({ name }: { readonly name: string | null }) {
  return name === null ? null : <span class="json-name">{JSON.stringify(name)}: </span>;
}

/** A text that may be JSON: folded where it is, as it stands where it is not. */
export function BodyView({
  text,
  isRaw = false,
}: {
  readonly text: string;
  readonly isRaw?: boolean;
}) {
  const json = isRaw ? null : jsonOrNull(text);
  return json !== null && typeof json.value === "object" && json.value !== null ? (
    <JsonView value={json.value} />
  ) : (
    <CodeView text={text} />
  );
}

/** A text as it stands, that can be scrolled by keys and copied whole. */
export function CodeView({
  text,
  label,
  children,
}: {
  readonly text: string;
  readonly label?: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="code-box">
      <pre tabIndex={0} role="group" aria-label={label ?? t("json.text")}>
        {children ?? text}
      </pre>
      <CopyButton text={text} />
    </div>
  );
}
