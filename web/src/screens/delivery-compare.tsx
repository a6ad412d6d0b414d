import type { AttemptJson } from "../../../daemon/api/delivery-json.ts";
import type { DiffLine } from "../data/diff.ts";
import { diffHeaders, diffLines } from "../data/diff.ts";
import { jsonOrNull, jsonText } from "../data/json.ts";
import { SelectField } from "../parts/field.tsx";
import { filterValue, setFilters } from "../parts/filters.tsx";
import { CodeView } from "../parts/json.tsx";
import { duration } from "../words/format.ts";
import { t } from "../words/words.ts";

interface CompareProps {
  readonly attempts: readonly AttemptJson[];
  readonly chosen: AttemptJson | null;
}

/** Two attempts side by side: what differs in status, headers and body. */
export function Compare({ attempts, chosen }: CompareProps) {
  const others = attempts.filter((attempt) => attempt !== chosen);
  const wanted = Number(filterValue("with"));
  const other = others.find(({ number }) => number === wanted) ?? others.at(-1);
  if (chosen === null || other === undefined) {
    return <p class="soft">{t("delivery.compare.few")}</p>;
  }
  const [left, right] = other.number < chosen.number ? [other, chosen] : [chosen, other];
  return (
    <div class="stack">
      <SelectField
        label={t("delivery.compare.with", { n: chosen.number })}
        value={`${other.number}`}
        onValue={(number) => setFilters({ with: number })}
        options={others.map(({ number }) => [`${number}`, t("delivery.attempt", { n: number })])}
      />
      <p class="soft">{t("delivery.compare.why")}</p>
      <Table left={left} right={right} />
      <h3>{t("delivery.compare.body")}</h3>
      <Bodies left={left} right={right} />
    </div>
  );
}

interface Sides {
  readonly left: AttemptJson;
  readonly right: AttemptJson;
}

function Table({ left, right }: Sides) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={t("delivery.tab.compare")}>
      <table class="diff">
        <thead>
          <tr>
            <th scope="col">{t("delivery.compare.what")}</th>
            <th scope="col">{t("delivery.attempt", { n: left.number })}</th>
            <th scope="col">{t("delivery.attempt", { n: right.number })}</th>
          </tr>
        </thead>
        <tbody>
          <Row
            name={t("delivery.compare.status")}
            left={text(left.status)}
            right={text(right.status)}
          />
          <Row
            name={t("delivery.compare.error")}
            left={left.error?.code ?? null}
            right={right.error?.code ?? null}
          />
          <Row
            name={t("delivery.compare.duration")}
            left={duration(left.duration_ms)}
            right={duration(right.duration_ms)}
            isMarked={false}
          />
        </tbody>
        <Headers
          title={t("delivery.compare.request")}
          left={left.request_headers}
          right={right.request_headers}
        />
        <Headers
          title={t("delivery.compare.response")}
          left={left.response?.headers ?? {}}
          right={right.response?.headers ?? {}}
        />
      </table>
    </div>
  );
}

function text(value: number | null): string | null {
  return value === null ? null : `${value}`;
}

function Headers({
  title,
  left,
  right,
}: {
  readonly title: string;
  readonly left: Readonly<Record<string, string>>;
  readonly right: Readonly<Record<string, string>>;
}) {
  return (
    <tbody>
      <tr>
        <th scope="colgroup" colSpan={3}>
          {title}
        </th>
      </tr>
      {diffHeaders(left, right).map((pair) => (
        <Row key={pair.name} {...pair} />
      ))}
    </tbody>
  );
}

function Row({
  name,
  left,
  right,
  isMarked = left !== right,
}: {
  readonly name: string;
  readonly left: string | null;
  readonly right: string | null;
  readonly isMarked?: boolean;
}) {
  return (
    <tr class={isMarked ? "differs" : undefined}>
      <th scope="row">
        <span class="chips">
          {name}
          {isMarked && <span class="badge warn">{t("delivery.compare.differs")}</span>}
        </span>
      </th>
      <td>{left ?? "–"}</td>
      <td>{right ?? "–"}</td>
    </tr>
  );
}

function Bodies({ left, right }: Sides) {
  const [before, after] = [excerpt(left), excerpt(right)];
  if (before === after) return <p class="soft">{t("delivery.compare.same")}</p>;
  const lines = diffLines(before, after);
  if (lines === null) {
    return (
      <div class="split">
        <CodeView text={before} label={t("delivery.attempt", { n: left.number })} />
        <CodeView text={after} label={t("delivery.attempt", { n: right.number })} />
      </div>
    );
  }
  return (
    <CodeView text={lines.map(({ side, text: line }) => `${MARKS[side]} ${line}`).join("\n")}>
      {lines.map((line, index) => (
        <Line key={index} {...line} left={left.number} right={right.number} />
      ))}
    </CodeView>
  );
}

const MARKS = { both: " ", left: "-", right: "+" } as const;

function Line({
  side,
  text: line,
  left,
  right,
}: DiffLine & { readonly left: number; readonly right: number }) {
  return (
    <span class={`diff-line ${side}`}>
      {side !== "both" && (
        <span class="only-read">
          {t("delivery.compare.removed", { n: side === "left" ? left : right })}:{" "}
        </span>
      )}
      <span aria-hidden="true">{MARKS[side]} </span>
      {line}
      {"\n"}
    </span>
  );
}

/** JSON is compared member by member, whatever its spaces. */
function excerpt({ response }: AttemptJson): string {
  const body = response?.excerpt ?? "";
  const json = jsonOrNull(body);
  return json === null ? body : jsonText(json.value);
}
