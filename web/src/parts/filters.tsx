import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { serverNowMs } from "../data/clock.ts";
import type { Params } from "../shell/address.ts";
import { address, goTo, linkTo, withParams } from "../shell/address.ts";
import { t } from "../words/words.ts";
import { SelectField, TextField } from "./field.tsx";
import { Icon } from "./icon.tsx";

const TYPING_MS = 350;

/** What the address says of a filter; empty for nothing. */
export function filterValue(name: string): string {
  return address.value.params.get(name) ?? "";
}

/** Changes filters in the address, where every screen reads them from. */
export function setFilters(changes: Params): void {
  goTo(withParams(changes), { isQuiet: true });
}

/** The filters of a list, and the way to have none of them. */
export function Filters({
  names,
  children,
}: {
  readonly names: readonly string[];
  readonly children: ComponentChildren;
}) {
  const [isOpen, setOpen] = useState(false);
  const count = names.filter((name) => filterValue(name) !== "").length;
  return (
    <div class={isOpen ? "filters" : "filters shut"} role="search" aria-label={t("filter.label")}>
      {names.length > 1 && (
        <button
          type="button"
          class="button filters-more"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? "up" : "down"} />
          {t("filter.label")}
          {count > 0 && <span class="badge calm">{count}</span>}
        </button>
      )}
      {children}
      {count > 0 && (
        <button
          type="button"
          class="button quiet"
          onClick={() => goTo(linkTo(address.value.path), { isQuiet: true })}
        >
          <Icon name="close" />
          {t("do.clear")}
        </button>
      )}
    </div>
  );
}

interface FilterProps {
  readonly name: string;
  readonly label: string;
}

/** A filter that is written. It counts once the writer pauses, or leaves it, or presses Enter. */
export function TextFilter({
  name,
  label,
  placeholder,
  isMain = false,
}: FilterProps & { readonly placeholder?: string; readonly isMain?: boolean }) {
  const [text, setText, leave] = useTyping(name);
  const id = useId();
  return (
    <div class={isMain ? "field main" : "field"} onFocusOut={leave}>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        autocomplete="off"
        spellcheck={false}
        data-filter={isMain ? true : undefined}
        placeholder={placeholder}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") leave();
          if (event.key === "Escape" && text === "") event.currentTarget.blur();
        }}
      />
    </div>
  );
}

function useTyping(name: string): readonly [string, (text: string) => void, () => void] {
  const given = filterValue(name);
  const [text, setText] = useState(given);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setText(given), [given]);
  useEffect(() => () => clearTimeout(timer.current), []);
  function settle(next: string): void {
    clearTimeout(timer.current);
    if (next.trim() !== filterValue(name)) setFilters({ [name]: next.trim() });
  }
  return [
    text,
    (next) => {
      setText(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => settle(next), TYPING_MS);
    },
    () => settle(text),
  ];
}

/** A filter that is one among few; the empty value stands for all. */
export function SelectFilter({
  name,
  label,
  options,
}: FilterProps & { readonly options: readonly (readonly [value: string, label: string])[] }) {
  return (
    <SelectField
      label={label}
      value={filterValue(name)}
      options={options}
      onValue={(value) => setFilters({ [name]: value })}
    />
  );
}

const SPANS_MS = { "1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000 } as const;
type Span = keyof typeof SPANS_MS;

/** The range of time that the address asks for, as the API wants it. `last` is counted from when it was chosen. */
export function useTimeRange(): { readonly from: string | null; readonly to: string | null } {
  const last = filterValue("last");
  const [from, setFrom] = useState<{ readonly last: string; readonly at: string | null }>(() => ({
    last,
    at: beginning(last),
  }));
  if (from.last !== last) setFrom({ last, at: beginning(last) });
  if (last !== "") return { from: from.last === last ? from.at : beginning(last), to: null };
  return { from: filterValue("from") || null, to: filterValue("to") || null };
}

function beginning(last: string): string | null {
  return last in SPANS_MS ? new Date(serverNowMs() - SPANS_MS[last as Span]).toISOString() : null;
}

/** The last hour, day or week, or from one moment to another. */
export function TimeFilter() {
  const isOwn = filterValue("last") === "" && (filterValue("from") || filterValue("to")) !== "";
  const [isOpen, setOpen] = useState(isOwn);
  const value = isOwn || isOpen ? "own" : filterValue("last");
  return (
    <>
      <SelectField
        label={t("filter.time")}
        value={value}
        onValue={(next) => {
          setOpen(next === "own");
          setFilters({ last: next === "own" ? "" : next, from: "", to: "" });
        }}
        options={[
          ["", t("filter.time.any")],
          ["1h", t("filter.time.hour")],
          ["24h", t("filter.time.day")],
          ["7d", t("filter.time.week")],
          ["own", t("filter.time.own")],
        ]}
      />
      {value === "own" && (
        <>
          <MomentFilter name="from" label={t("filter.from")} />
          <MomentFilter name="to" label={t("filter.to")} />
        </>
      )}
    </>
  );
}

function MomentFilter({ name, label }: FilterProps) {
  return (
    <TextField
      type="datetime-local"
      label={label}
      step={1}
      value={localText(filterValue(name))}
      onValue={(text) => {
        const atMs = Date.parse(text);
        setFilters({ [name]: Number.isNaN(atMs) ? "" : new Date(atMs).toISOString() });
      }}
    />
  );
}

/** As `datetime-local` wants it: the reader's own zone, without one. */
function localText(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
