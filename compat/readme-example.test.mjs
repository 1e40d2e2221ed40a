// The examples in the README are run as they stand: what they need comes from `dev.env`.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { startServer } from "./harness.mjs";

const README = new URL("../README.md", import.meta.url);

test("the README's examples run", { timeout: 60_000 }, async (t) => {
  const blocks = (await readFile(README, "utf8")).matchAll(/^```js\n(.*?)^```$/gms);
  const examples = [...blocks].map(([, code]) => code);
  assert.equal(examples.length, 2, "a session, and a log-in with a code");

  const server = await startServer();
  t.after(() => server.stop());
  const child = spawn(process.execPath, ["--input-type=module", "-"], {
    cwd: fileURLToPath(new URL(".", import.meta.url)), // where its imports are installed
    env: { ...process.env, ...server.environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(examples.join("\n"));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  const [code] = await once(child, "close");

  assert.equal(code, 0);
  assert.match(output, /^0x02[0-9a-f]{100,}$/m, "a signed EIP-1559 transaction");
  assert.match(output, /^1\d{9,}$/m, "when the session ends, in seconds");
});
