// A real Ethereum virtual machine for a test file: Foundry's Anvil, from npm.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const BINARY = fileURLToPath(new URL("node_modules/@foundry-rs/anvil/bin.mjs", import.meta.url));
const START_TIMEOUT_MS = 30_000;

/** Starts a chain of its own, number 31337, on a free port; resolves when it answers. */
export async function startAnvil() {
  const child = spawn(process.execPath, [BINARY, "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const orphaned = () => child.kill();
  process.once("exit", orphaned);
  child.once("exit", () => process.off("exit", orphaned));
  let output = "";
  child.stdout.setEncoding("utf8");
  const url = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`anvil is not ready:\n${output}`)), START_TIMEOUT_MS);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`anvil ended with ${code}:\n${output}`)));
    child.stdout.on("data", (text) => {
      output = (output + text).slice(-8_192);
      const address = /Listening on (127\.0\.0\.1:\d+)/.exec(output)?.[1];
      if (address === undefined) return;
      clearTimeout(late);
      resolve(`http://${address}`);
    });
  });
  return {
    url,
    /** One call of a method; throws what the node refuses. */
    async rpc(method, ...params) {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      const response = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      const { result, error } = await response.json();
      if (error) throw new Error(`${method}: ${error.message}`);
      return result;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}
