/** What is published: packed by npm, installed without the network into a project of its own, and used there. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { after, describe, test } from "node:test";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { installBuiltPackage, machineNode, ROOT, run } from "./built-package.ts";

const installed = installBuiltPackage();
after(installed.remove);
const { project, folder, subpaths } = installed;
const modules = subpaths.filter((subpath) => !subpath.endsWith(".json"));

describe("the package", () => {
  test("holds modules, their types, the vectors, the manual and the licence, and nothing else", () => {
    const others = installed.packed.filter((path) => !/\.(?:js|d\.ts)$/u.test(path));
    const notManual = others.filter((path) => !path.endsWith(".md"));
    assert.deepEqual(notManual.toSorted(), ["LICENSE", "package.json", "vectors.json"]);
    const names = new Set(installed.packed);
    for (const path of installed.packed.filter((each) => each.endsWith(".js"))) {
      assert.ok(names.has(path.replace(/\.js$/u, ".d.ts")), `${path} has its types beside it`);
    }
  });

  test("has a manual whose links lead to what is there", () => {
    const pages = installed.packed.filter((path) => path.endsWith(".md"));
    assert.ok(pages.includes("README.md") && pages.includes("adapters/express.md"));
    const names = new Set(installed.packed);
    for (const page of pages) {
      const text = readFileSync(join(folder, page), "utf8");
      for (const [, link = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/gu)) {
        const path = posix.join(posix.dirname(page), link);
        assert.ok(names.has(path), `${page} leads to ${link}`);
      }
    }
  });

  test("comes alone: an install brings no other package", () => {
    const beside = readdirSync(join(project, "node_modules")).filter(
      (name) => !name.startsWith("."),
    );
    assert.deepEqual(beside, ["posthorn-sdk"]);
  });

  test("promises each part by its name", () => {
    for (const subpath of [".", "./testing", "./vectors.json", "./package.json"]) {
      assert.ok(subpaths.includes(subpath), subpath);
    }
    for (const room of ["providers", "inbox", "adapters"]) {
      assert.ok(modules.filter((subpath) => subpath.startsWith(`./${room}/`)).length > 1, room);
    }
    assert.ok(subpaths.every((subpath) => !subpath.includes("*")));
  });

  test("has the vectors that the sources are tested with", () => {
    const vectors = readFileSync(join(folder, "vectors.json"), "utf8");
    assert.equal(
      vectors,
      readFileSync(join(ROOT, "sdk/test/vectors/provider-vectors.json"), "utf8"),
    );
  });

  test("names no TypeScript source, in modules or in types", () => {
    for (const path of installed.packed.filter((each) => /\.(?:js|d\.ts)$/u.test(each))) {
      const text = readFileSync(join(folder, path), "utf8");
      assert.doesNotMatch(text, /(?:from|import\() ?"\.[^"\n]*\.ts"/u, path);
    }
  });
});

describe("each part can be imported", () => {
  const program = [
    `const subpaths = ${JSON.stringify(subpaths.map((subpath) => subpath.replace(".", "posthorn-sdk")))};`,
    "for (const name of subpaths) {",
    '  await import(name, name.endsWith(".json") ? { with: { type: "json" } } : {});',
    "}",
  ].join("\n");

  function importAll(command: string): void {
    writeFileSync(join(project, "import-all.mjs"), program);
    run(command, ["--no-warnings", "import-all.mjs"], project);
  }

  test(`by the project's Node, ${process.version}`, () => importAll(process.execPath));

  const machine = machineNode();
  const is20 = machine?.version.startsWith("v20.") ?? false;
  const skip = is20 ? false : `the machine's own Node is ${machine?.version ?? "missing"}, not 20`;
  test("by Node 20", { skip }, () => importAll(machine?.command ?? ""));

  test("and required, by a Node that can require modules", () => {
    const script = `const { verify } = require("posthorn-sdk"); if (typeof verify !== "function") throw 1;`;
    run(process.execPath, ["--no-warnings", "-e", script], project);
  });
});

describe("the tools that judge packages", () => {
  test("publint has no error, no warning and no suggestion", async () => {
    const { messages, pkg } = await publint({
      pkgDir: folder,
      level: "suggestion",
      strict: true,
      pack: false,
    });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg)),
      [],
    );
  });

  test("attw finds the types of each part wrong for nobody who imports modules", async () => {
    const packed = createPackageFromTarballData(new Uint8Array(readFileSync(installed.tarball)));
    const found = await checkPackage(packed, { entrypoints: [...modules] });
    assert.ok(found.types);
    // Two decisions, and nothing else: `require` gets the module itself (Node can since 20.19, and a second build would make
    // second copies of each class), and the resolution of before Node 12 finds no subpath (TypeScript 7 has removed it).
    const unexpected = found.problems.filter((problem) => {
      if (problem.kind === "CJSResolvesToESM") return false;
      return !(problem.kind === "NoResolution" && problem.resolutionKind === "node10");
    });
    assert.deepEqual(unexpected, []);
  });
});

describe("a TypeScript project that checks its libraries", () => {
  const lines = modules.map(
    (subpath, at) => `export * as part${at} from "${subpath.replace(".", "posthorn-sdk")}";`,
  );

  function compile(name: string, settings: object, source: string): void {
    const compilerOptions = {
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      target: "es2022",
      exactOptionalPropertyTypes: true,
      ...settings,
    };
    writeFileSync(join(project, `${name}.ts`), source);
    const files = [`${name}.ts`];
    writeFileSync(join(project, `${name}.json`), JSON.stringify({ compilerOptions, files }));
    run(join(ROOT, "node_modules/.bin/tsc"), ["-p", `${name}.json`], project);
  }

  const node = { types: ["node"], typeRoots: [join(ROOT, "node_modules/@types")] };
  for (const [resolution, settings] of [
    ["nodenext", { module: "nodenext" }],
    ["bundler", { module: "esnext", moduleResolution: "bundler" }],
  ] as const) {
    test(`compiles with all of it, resolved as ${resolution}, with Node's types`, () => {
      compile(`node-${resolution}`, { ...settings, ...node, lib: ["es2022"] }, lines.join("\n"));
    });

    // `wire` signs with Node's own keys, and says so in its types.
    test(`compiles with all but the daemon's wire, resolved as ${resolution}, with a browser's types alone`, () => {
      const web = lines.filter((line) => !line.includes("/wire/")).join("\n");
      compile(
        `web-${resolution}`,
        { ...settings, types: [], lib: ["es2022", "dom", "dom.iterable"] },
        web,
      );
    });
  }
});
