/**
 * The first import of main.ts: an older Node is refused with a sentence, not with whatever breaks first.
 * Only JavaScript here, no type at all, so that the compiled copy and this one say the same to every Node. A Node too old
 * to read main.ts never comes here; packaging/posthorn and packaging/setup.mjs speak to that one.
 */
const NODE_MAJOR_MIN = 24;
const version = process.versions.node;

if (Number.parseInt(version, 10) < NODE_MAJOR_MIN) {
  process.stderr.write(
    `posthorn: expected Node ${NODE_MAJOR_MIN} or newer, got ${version}; run it by its launcher, packaging/posthorn\n`,
  );
  process.exit(1);
}
