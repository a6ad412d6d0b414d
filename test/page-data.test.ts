import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { suite, test } from "node:test";
import fc from "fast-check";

import { createIdMaker } from "../daemon/domain/id.ts";
import { curlOf } from "../web/src/data/curl.ts";
import { diffLines } from "../web/src/data/diff.ts";
import { madeAtMs } from "../web/src/data/ids.ts";
import { jsonText, parseExact } from "../web/src/data/json.ts";

suite("JSON as the page shows it", () => {
  test("numbers stay as they were written, however large or long", () => {
    const text = '{\n  "id": 9007199254740993,\n  "rate": 1.10,\n  "tiny": 1e-400,\n  "n": 42\n}';
    assert.equal(jsonText(parseExact(text)), text);
  });

  test("every other value comes out as JSON.stringify writes it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        assert.deepEqual(JSON.parse(jsonText(parseExact(text))), JSON.parse(text));
      }),
    );
  });
});

/** What the shell hands to `curl`, in place of sending it. */
function argumentsOf(command: string): readonly string[] {
  const script = `curl() { printf '%s\\0' "$@"; }; ${command}`;
  return execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
}

suite("the command that sends a request again", () => {
  test("hands header and body on byte for byte, and nothing gets out of its quotes", () => {
    const text = fc.string().filter((value) => !value.includes("\0"));
    fc.assert(
      fc.property(text, text, (value, body) => {
        fc.pre(body !== "");
        const url = "https://shop.example/hook?a='$(reboot)'";
        const command = curlOf({ method: "POST", url, headers: { "x-note": value }, body });
        const method = ["-X", "POST", url];
        const wanted = method.concat("-H", `x-note: ${value}`, "--data-raw", body);
        assert.deepEqual(argumentsOf(command), wanted);
      }),
      { numRuns: 50 },
    );
  });

  test("leaves out what curl settles by itself", () => {
    const headers = { host: "shop.example", "content-length": "2", "webhook-id": "evt_1" };
    const command = curlOf({ method: "POST", url: "https://shop.example/", headers, body: "{}" });
    assert.doesNotMatch(command, /host:|content-length/);
    assert.match(command, /webhook-id: evt_1/);
  });
});

test("the lines of two texts, put together again, are the two texts", () => {
  const lines = fc.array(fc.constantFrom("a", "b", "", "c d"), { maxLength: 12 });
  fc.assert(
    fc.property(lines, lines, (one, other) => {
      const [left, right] = [one.join("\n"), other.join("\n")];
      const diff = diffLines(left, right) ?? [];
      const without = (side: string): string =>
        diff
          .filter((line) => line.side !== side)
          .map(({ text }) => text)
          .join("\n");
      assert.deepEqual([without("right"), without("left")], [left, right]);
    }),
  );
});

test("an id tells when it was made, and a producer's own id tells nothing", () => {
  const atMs = Date.UTC(2026, 0, 31, 12, 0, 0, 123);
  const ids = createIdMaker(
    () => atMs,
    (count) => new Uint8Array(count),
  );
  assert.equal(madeAtMs(ids.next("dlv")), atMs);
  assert.equal(madeAtMs("order-4711"), null);
});
