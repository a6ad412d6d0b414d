/** What the demonstration shows: pure texts, and the painter that puts them on a terminal or into a file. */

/** One line of the table. */
export interface Row {
  readonly name: string;
  /** What the receiver does at the moment, in a few words. */
  readonly mood: string;
  readonly due: number;
  readonly delivered: number;
  readonly waiting: number;
  readonly givenUp: number;
}

export interface Scene {
  readonly elapsedMs: number;
  readonly accepted: number;
  readonly rows: readonly Row[];
  /** Why a delivery waits or was given up, by receiver. */
  readonly reasons: readonly { readonly name: string; readonly sentence: string }[];
}

export interface LedgerRow {
  readonly name: string;
  readonly accepted: number;
  readonly delivered: number;
  readonly verified: number;
  readonly repeated: number;
  readonly lost: number;
}

const WIDTH = 78;
const BAR_WIDTH = 16;
const NAME_WIDTH = 13;
const MOOD_WIDTH = 21;

/** The whole scene, for a screen that is painted again and again. */
export function sceneLines(scene: Scene): readonly string[] {
  const { elapsedMs, accepted, rows } = scene;
  const head = `${number(accepted, 1)} of GitHub's recorded webhooks accepted`;
  return [
    spread(head, seconds(elapsedMs)),
    "",
    columns(["receiver", "", "delivered", "", "waiting", "given up"]),
    "-".repeat(WIDTH),
    ...rows.map((row) =>
      columns([
        row.name,
        row.mood,
        bar(row.delivered, row.due),
        `${row.delivered}/${row.due}`,
        number(row.waiting, 1),
        number(row.givenUp, 1),
      ]),
    ),
    ...reasonLines(scene),
  ];
}

/** One line, for an output that can't be painted over. */
export function sceneLine({ elapsedMs, accepted, rows }: Scene): string {
  const sum = (of: (row: Row) => number): string =>
    number(
      rows.reduce((total, row) => total + of(row), 0),
      5,
    );
  const parts = [
    `accepted ${number(accepted, 4)}`,
    `delivered ${sum((row) => row.delivered)} of ${sum((row) => row.due)}`,
    `waiting ${sum((row) => row.waiting)}`,
    `given up ${sum((row) => row.givenUp)}`,
  ];
  return `${seconds(elapsedMs)}  ${parts.join("   ")}`;
}

export function ledgerLines(rows: readonly LedgerRow[]): readonly string[] {
  const heads = ["accepted", "delivered", "verified", "repeated", "lost"] as const;
  const cells = (name: string, values: readonly string[]): string =>
    `${name.padEnd(NAME_WIDTH)}${values.map((value) => value.padStart(12)).join("")}`;
  const total = heads.map((head) => rows.reduce((sum, row) => sum + row[head], 0));
  const rule = "-".repeat(NAME_WIDTH + heads.length * 12);
  return [
    cells("receiver", heads),
    rule,
    ...rows.map((row) =>
      cells(
        row.name,
        heads.map((head) => number(row[head], 1)),
      ),
    ),
    rule,
    cells(
      "all",
      total.map((value) => number(value, 1)),
    ),
  ];
}

function columns(cells: readonly string[]): string {
  const [name = "", mood = "", progress = "", share = "", waiting = "", givenUp = ""] = cells;
  const left = `${name.padEnd(NAME_WIDTH)}${mood.padEnd(MOOD_WIDTH)}${progress.padEnd(BAR_WIDTH)}`;
  return `${left}${share.padStart(9)}${waiting.padStart(9)}${givenUp.padStart(10)}`;
}

function bar(done: number, due: number): string {
  const filled = due === 0 ? 0 : Math.floor((done / due) * BAR_WIDTH);
  return "#".repeat(filled).padEnd(BAR_WIDTH, ".");
}

function reasonLines({ reasons }: Scene): readonly string[] {
  if (reasons.length === 0) return [];
  const told = reasons.flatMap(({ name, sentence }) =>
    wrapped(sentence, WIDTH - NAME_WIDTH).map((line, at) =>
      at === 0 ? name.padEnd(NAME_WIDTH) + line : " ".repeat(NAME_WIDTH) + line,
    ),
  );
  return ["", "Why something waits or was given up, in the daemon's words:", ...told];
}

export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

function spread(left: string, right: string): string {
  return left + right.padStart(WIDTH - left.length);
}

function seconds(elapsedMs: number): string {
  return `${Math.floor(elapsedMs / 1_000)} s`.padStart(5);
}

function number(value: number, width: number): string {
  return value.toLocaleString("en").padStart(width);
}

export interface Painter {
  /** Shows the scene; where it can't be painted over, only when it is time for a line, or it is the last. */
  show(scene: Scene, isLast: boolean): void;
  /** Lines that stay. */
  say(...lines: readonly string[]): void;
  /** Gives the terminal back as it was. */
  end(): void;
}

const LINE_EVERY_MS = 3_000;
const CLEAR_BELOW = "\u001b[J";
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";

export function createPainter(write: (text: string) => void, isTerminal: boolean): Painter {
  let painted = 0;
  let lineAtMs = 0;

  function show(scene: Scene, isLast: boolean): void {
    if (!isTerminal) {
      if (scene.elapsedMs < lineAtMs && !isLast) return;
      lineAtMs = scene.elapsedMs + LINE_EVERY_MS;
      return write(`${sceneLine(scene)}\n`);
    }
    const lines = sceneLines(scene);
    const up = painted === 0 ? HIDE_CURSOR : `\u001b[${painted}A`;
    write(up + lines.map((line) => `\u001b[2K${line}\n`).join("") + CLEAR_BELOW);
    painted = lines.length;
  }

  function end(): void {
    if (painted > 0) write(SHOW_CURSOR);
    painted = 0;
  }

  return {
    show,
    say(...lines) {
      end();
      write(`${lines.join("\n")}\n`);
    },
    end,
  };
}
