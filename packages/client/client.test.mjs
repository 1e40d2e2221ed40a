// The package as npm would install it, without a bundler.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { load, version } from "@keyward/client";

const read = (name) => readFileSync(new URL(name, import.meta.url));

test("the package loads and says its version", async () => {
  // Node has no fetch for files; a browser finds the wasm by itself.
  await load({ module_or_path: read("dist/keyward_client_bg.wasm") });
  assert.equal(version(), JSON.parse(read("package.json")).version);
});

test("the wasm is found beside the module", () => {
  const script = read("dist/keyward_client.js").toString();
  assert.match(script, /new URL\('keyward_client_bg\.wasm', import\.meta\.url\)/);
});
