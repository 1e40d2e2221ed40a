// Chromium with a page that has the browser SDKs, and an authenticator that says yes to everything.

import assert from "node:assert/strict";
import { accessSync, constants } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { chromium } from "playwright-core";

const PAGE = `<!doctype html><meta charset="utf-8"><title>compat</title>
<div id="frames"></div><script src="/page.js"></script>`;

/** Nothing that a test didn't ask for goes over the network. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const AUTHENTICATOR = {
  protocol: "ctap2",
  transport: "internal",
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
};

/**
 * A browser with a fresh profile, on a page at http://localhost: passkeys want a name, not an address.
 * With a key, the page's script has it in place of the one that @turnkey/crypto expects to seal codes to.
 */
export async function startBrowser({ otpSignerPublicKey } = {}) {
  const script = await bundle(otpSignerPublicKey ? [replaceOtpSigner(otpSignerPublicKey)] : []);
  const site = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("Content-Type", `text/${isScript ? "javascript" : "html"}; charset=utf-8`);
    response.end(isScript ? script : PAGE);
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  const profile = await mkdtemp(join(tmpdir(), "keyward-chromium-"));
  const browser = new Browser(site, profile);
  try {
    await browser.launch();
  } catch (error) {
    await browser.stop();
    throw error;
  }
  return browser;
}

class Browser {
  #site;
  #profile;
  #context;
  #page;
  #authenticator;
  #requests = [];

  constructor(site, profile) {
    this.#site = site;
    this.#profile = profile;
    this.origin = `http://localhost:${site.address().port}`;
  }

  async launch(credentials = []) {
    this.#context = await chromium.launchPersistentContext(this.#profile, {
      executablePath: chromiumPath(),
      headless: true,
      args: FLAGS,
    });
    this.#page = this.#context.pages()[0] ?? (await this.#context.newPage());
    this.#page.on("request", (request) => {
      if (request.method() === "POST") this.#requests.push(request);
    });
    this.#authenticator = await addAuthenticator(this.#context, this.#page, credentials);
    await this.#page.goto(this.origin);
  }

  /** Calls a function in the page, where `sdk` is what page.mjs says. */
  async run(work, argument) {
    return this.#page.evaluate(work, argument);
  }

  /** What a user sees and does in a frame of the page. */
  frame(selector) {
    return this.#page.frameLocator(selector);
  }

  /** The page forgets everything that it hasn't stored. */
  async reload() {
    await this.#page.reload();
  }

  /** Ends the browser and starts it with the same profile. The authenticator's passkeys stay. */
  async restart() {
    const credentials = await this.#authenticator.credentials();
    await this.#context.close();
    this.#requests = [];
    await this.launch(credentials);
  }

  /** A new user's browser: nothing stored, no passkey. */
  async forget() {
    await this.#authenticator.clear();
    const devtools = await this.#context.newCDPSession(this.#page);
    await devtools.send("Storage.clearDataForOrigin", { origin: this.origin, storageTypes: "all" });
    await this.reload();
    this.#requests = [];
  }

  /** The POST requests since the last call: path, headers (lower case) and body. */
  async takeRequests() {
    const taken = this.#requests.splice(0);
    return Promise.all(
      taken.map(async (request) => ({
        path: new URL(request.url()).pathname,
        headers: await request.allHeaders(),
        body: request.postDataJSON(),
      })),
    );
  }

  async stop() {
    await this.#context?.close();
    await new Promise((resolve) => this.#site.close(resolve));
    await rm(this.#profile, { recursive: true, force: true });
  }
}

export async function addAuthenticator(context, page, credentials) {
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable", { enableUI: false });
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options: AUTHENTICATOR });
  for (const credential of credentials) {
    await devtools.send("WebAuthn.addCredential", { authenticatorId, credential });
  }
  return {
    async credentials() {
      return (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
    },
    async clear() {
      await devtools.send("WebAuthn.clearCredentials", { authenticatorId });
    },
  };
}

/** page.mjs and the published packages in one script. */
async function bundle(plugins) {
  const { outputFiles, warnings } = await build({
    absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
    entryPoints: ["page.mjs"],
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    target: "es2022",
    define: { global: "globalThis" },
    plugins,
    // Optional dependencies of @turnkey/core for phones.
    external: ["react-native*", "@react-native-async-storage/*", "@turnkey/react-native-passkey-stamper"],
    // Where our own package finds the packages that it is for.
    nodePaths: [fileURLToPath(new URL("../node_modules", import.meta.url))],
    logLevel: "error",
  });
  assert.deepEqual(warnings, []);
  return outputFiles[0].contents;
}

/** What docs/sdks.md advises for wallet kits. */
function replaceOtpSigner(publicKey) {
  return {
    name: "otp-signer",
    setup(build) {
      build.onLoad({ filter: /@turnkey\/crypto\/dist\/constants\.m?js$/ }, async ({ path }) => {
        const constant = /(PRODUCTION_TLS_FETCHER_SIGN_PUBLIC_KEY = )"04[0-9a-f]{128}"/;
        const text = await readFile(path, "utf8");
        return { contents: text.replace(constant, `$1"${publicKey}"`), loader: "js" };
      });
    },
  };
}

/** xtask/src/setup.rs looks for it by the same rule. */
export function chromiumPath() {
  const named = process.env.CHROMIUM_BIN ?? "chromium";
  if (named.includes("/")) return named;
  const found = process.env.PATH.split(delimiter).map((directory) => join(directory, named)).find(isExecutable);
  if (found === undefined) throw new Error(`${named} is not in PATH; CHROMIUM_BIN may name a Chromium or Chrome`);
  return found;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
