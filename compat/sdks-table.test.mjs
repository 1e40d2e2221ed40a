// What docs/sdks.md says is shown by a test has a test of that title.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const REFERENCE = /`([\w./-]+\.(?:mjs|rs))`: ([^|;]+)/g;

test("every test that docs/sdks.md names is there", async () => {
  const page = await readFile(new URL("../docs/sdks.md", import.meta.url), "utf8");
  const references = [...page.matchAll(REFERENCE)];
  assert.ok(references.length > 30);
  for (const [, file, title] of references) {
    const source = await readFile(new URL(file, import.meta.url), "utf8");
    assert.ok(source.includes(title.trim()), `${file} has no test "${title.trim()}"`);
  }
});

test("every row says what shows it, or that nothing does", async () => {
  const page = await readFile(new URL("../docs/sdks.md", import.meta.url), "utf8");
  const rows = page.split("\n").filter((line) => /^\| (?!package )/.test(line));
  for (const row of rows) {
    const shown = row.split(" | ").at(-1);
    assert.ok(shown.match(REFERENCE) || shown.startsWith("not tested, by reading"), row);
  }
});
