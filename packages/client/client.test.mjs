// The package as npm would install it, without a bundler.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { load, routes, verifySessionToken } from "@keyward/client";

const read = (name) => readFileSync(new URL(name, import.meta.url));

test("the package loads, and its Rust answers", async () => {
  // Node has no fetch for files; a browser finds the wasm by itself.
  await load({ module_or_path: read("dist/keyward_client_bg.wasm") });
  const generator = "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
  assert.equal(verifySessionToken("not.a.token", generator), null);
  assert.throws(() => verifySessionToken("", "zz"), { name: "KeywardError", code: "INVALID_INPUT" });
  assert.ok(routes.some(({ route, submission }) => route === "create_wallet" && submission));
});

test("the wasm is found beside the module", () => {
  const script = read("dist/keyward_client.js").toString();
  assert.match(script, /new URL\('keyward_client_bg\.wasm', import\.meta\.url\)/);
});
