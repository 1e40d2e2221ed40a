// A fresh `keyward dev` for a test file, and ways to talk to it without an SDK.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { ApiKeyStamper } from "@turnkey/api-key-stamper";

const BINARY =
  process.env.KEYWARD_BIN ?? fileURLToPath(new URL("../target/debug/keyward", import.meta.url));
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;
const MESSAGE_TIMEOUT_MS = 10_000;

/** What `keyward dev` writes to `dev.env` and these tests need. */
const REQUIRED = ["BASE_URL", "ORGANIZATION_ID", "API_PUBLIC_KEY", "API_PRIVATE_KEY"];

/**
 * Starts a server with an empty data directory on a port of its own; resolves when it is ready.
 * `options` go to `keyward dev`.
 */
export async function startServer(...options) {
  const dataDir = await mkdtemp(join(tmpdir(), "keyward-compat-"));
  const child = spawn(BINARY, ["dev", "--listen", "127.0.0.1:0", "--data-dir", dataDir, ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const running = { child, dataDir, output: "", ended: undefined };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      running.output = (running.output + text).slice(-8_192);
    });
  }
  const orphaned = () => child.kill();
  process.once("exit", orphaned);
  child.once("exit", () => process.off("exit", orphaned));
  child.on("error", (error) => (running.ended = `could not start: ${error.message}`));
  child.on("exit", (code, signal) => {
    running.ended = `ended with ${signal ?? `exit code ${code}`}`;
    // Whoever talks to it only sees a refused connection.
    if (!running.stopping) console.error(`${BINARY} dev: ${running.ended}\n${running.output}`);
  });

  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && running.ended === undefined) {
    const environment = await readEnvironment(join(dataDir, "dev.env"));
    if (environment && (await isReady(environment.BASE_URL))) {
      return new Server(running, environment);
    }
    await sleep(20);
  }
  const reason = running.ended ?? `not ready after ${START_TIMEOUT_MS / 1000} s`;
  await stop(running);
  throw new Error(`${BINARY} dev: ${reason}\n${running.output}`);
}

export function stamperOf({ publicKey, privateKey }) {
  return new ApiKeyStamper({ apiPublicKey: publicKey, apiPrivateKey: privateKey });
}

class Server {
  #running;
  /** Ids of messages. */
  #taken = new Set();

  constructor(running, environment) {
    this.#running = running;
    /** Everything in `dev.env`. */
    this.environment = environment;
    this.baseUrl = environment.BASE_URL;
    /** The parent organization, and the API key of its root user. */
    this.organizationId = environment.ORGANIZATION_ID;
    this.parentKey = {
      publicKey: environment.API_PUBLIC_KEY,
      privateKey: environment.API_PRIVATE_KEY,
    };
  }

  /** Moves the server's time, for the rest of its life. */
  async advanceClock(seconds) {
    const answer = await this.send("/dev/clock", {
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ advanceSeconds: seconds }),
    });
    if (answer.status !== 200) {
      throw new Error(`POST /dev/clock: ${answer.status} ${answer.text}`);
    }
  }

  /** The newest message to an address or a telephone number that was not taken before; waits for it. */
  async takeMessage(to) {
    const deadline = Date.now() + MESSAGE_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const { json } = await this.send("/dev/inbox?format=json", { method: "GET" });
      const messages = json.messages.filter((message) => message.to === to && !this.#taken.has(message.id));
      for (const { id } of messages) this.#taken.add(id);
      if (messages.length > 0) return messages[0];
      await sleep(20);
    }
    throw new Error(`no message to ${to} within ${MESSAGE_TIMEOUT_MS / 1000} s`);
  }

  /** The public halves of the server's keys. */
  async publishedKeys() {
    return (await this.send("/.well-known/keyward.json", { method: "GET" })).json;
  }

  /** One plain request. `json` is undefined when the answer isn't JSON. */
  async send(path, { method = "POST", headers = {}, body } = {}) {
    const response = await fetch(this.baseUrl + path, { method, headers, body, redirect: "manual" });
    const text = await response.text();
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      // Left undefined: the caller compares.
    }
    return { status: response.status, headers: response.headers, text, json };
  }

  /** Sends `body` as it is, under a stamp of that body. */
  async sendStamped(path, body, stamper) {
    const { stampHeaderName, stampHeaderValue } = await stamper.stamp(body);
    const headers = { "Content-Type": "application/json", [stampHeaderName]: stampHeaderValue };
    return this.send(path, { headers, body });
  }

  /** An activity beyond Turnkey's API, which no SDK has a method for; gives its result. */
  async submitExtension(route, parameters, organizationId, stamper) {
    const type = `ACTIVITY_TYPE_${route.toUpperCase()}`;
    const body = JSON.stringify({ type, timestampMs: String(Date.now()), organizationId, parameters });
    const { text, json } = await this.sendStamped(`/keyward/v1/submit/${route}`, body, stamper);
    if (json?.activity?.status !== "ACTIVITY_STATUS_COMPLETED") throw new Error(`${route}: ${text}`);
    return Object.values(json.activity.result)[0];
  }

  /** A query beyond Turnkey's API. */
  async queryExtension(route, body, stamper) {
    const { status, text, json } = await this.sendStamped(`/keyward/v1/query/${route}`, JSON.stringify(body), stamper);
    if (status !== 200) throw new Error(`${route}: ${text}`);
    return json;
  }

  /** Sends what an SDK's `stamp…` method prepared: `{ url, body, stamp }`. */
  async forward({ url, body, stamp }) {
    return this.sendStamped(url.slice(this.baseUrl.length), body, { stamp: async () => stamp });
  }

  async stop() {
    await stop(this.#running);
  }
}

async function stop(running) {
  const { child, dataDir } = running;
  running.stopping = true;
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const exited = once(child, "exit");
    const impatience = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    child.kill("SIGTERM");
    await exited;
    clearTimeout(impatience);
  }
  await rm(dataDir, { recursive: true, force: true });
}

/** `KEY=value` lines, or undefined while the file is missing or unfinished. */
async function readEnvironment(path) {
  let text;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
  const pairs = text
    .split("\n")
    .filter((line) => line.includes("=") && !line.startsWith("#"))
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1).trim()]);
  const environment = Object.fromEntries(pairs);
  return REQUIRED.every((key) => environment[key]) ? environment : undefined;
}

async function isReady(baseUrl) {
  try {
    const response = await fetch(`${baseUrl}/readyz`);
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}
