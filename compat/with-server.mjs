// Runs a command against a fresh server: `node with-server.mjs COMMAND [ARGUMENT…]`.
// The command finds what `dev.env` says in its environment; its exit code becomes ours.

import { spawn } from "node:child_process";
import { once } from "node:events";

import { startServer } from "./harness.mjs";

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  console.error("usage: node with-server.mjs COMMAND [ARGUMENT…]");
  process.exit(2);
}

const server = await startServer();
try {
  const environment = { ...process.env, ...server.environment };
  const child = spawn(command, args, { stdio: "inherit", env: environment });
  const [code] = await once(child, "exit");
  process.exitCode = code ?? 1;
} finally {
  await server.stop();
}
