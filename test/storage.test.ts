import { after } from "node:test";

import { storeConformance } from "./support/store-conformance.ts";
import { createFolder, createQuickFiles, openTestStore } from "./support/store-sqlite.ts";

const folder = createFolder();
after(() => folder.remove());

storeConformance("SQLite in memory", async () => openTestStore(":memory:"));

const openQuickFile = createQuickFiles(folder.path);
storeConformance("SQLite in a file", async () => openQuickFile());
