// Chromium with pages that load @keyward/client from where it was built, as a site would, without a bundler.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { chromium } from "playwright-core";

import { FLAGS, addAuthenticator, chromiumPath } from "../browser/harness.mjs";

const DIST = process.env.KEYWARD_CLIENT_DIST ?? fileURLToPath(new URL("../../packages/client/dist", import.meta.url));

const PAGE = `<!doctype html><meta charset="utf-8"><title>client</title>
<script type="module">
  import * as keyward from "/client/index.js";
  globalThis.keyward = keyward;
  await keyward.load();
  /** What a promise came to: its value, or the error's code and details. */
  globalThis.outcome = (promise) => promise.then(
    (value) => ({ value }),
    ({ code, message, details }) => ({ code, message, details }),
  );
  globalThis.ready = true;
</script>`;

/** The page that an identity provider sends a popup back to. */
const RETURN = `<!doctype html><meta charset="utf-8"><title>return</title>
<script type="module">
  import { postOauthResult } from "/client/index.js";
  postOauthResult();
</script>`;

const TYPES = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };

/** A browser with a fresh profile. `initScript` runs before every page's scripts. */
export async function startClientBrowser({ initScript, dist = DIST } = {}) {
  const wallet = await walletScript();
  const site = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const [status, type, content] = await answer(pathname, dist, wallet);
    response.writeHead(status, { "Content-Type": `${type}; charset=utf-8`, "Cache-Control": "no-cache" });
    response.end(content);
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  const browser = new ClientBrowser(site, await mkdtemp(join(tmpdir(), "keyward-client-")), initScript);
  try {
    await browser.launch();
  } catch (error) {
    await browser.stop();
    throw error;
  }
  return browser;
}

async function answer(pathname, dist, wallet) {
  if (pathname === "/return") return [200, TYPES.html, RETURN];
  if (pathname === "/wallet.js") return [200, TYPES.js, wallet];
  if (!pathname.startsWith("/client/")) return [200, TYPES.html, PAGE];
  const name = pathname.slice("/client/".length);
  try {
    return [200, TYPES[name.split(".").at(-1)] ?? "text/plain", await readFile(join(dist, name))];
  } catch {
    return [404, TYPES.html, "not there"];
  }
}

class ClientBrowser {
  #site;
  #profile;
  #initScript;
  #context;
  #authenticator;
  page;

  constructor(site, profile, initScript) {
    this.#site = site;
    this.#profile = profile;
    this.#initScript = initScript;
    this.origin = `http://localhost:${site.address().port}`;
  }

  async launch(credentials = []) {
    this.#context = await chromium.launchPersistentContext(this.#profile, {
      executablePath: chromiumPath(),
      headless: true,
      args: FLAGS,
    });
    await this.#context.route("**/dev/**", openToAll);
    if (this.#initScript) await this.#context.addInitScript(this.#initScript);
    this.page = this.#context.pages()[0] ?? (await this.#context.newPage());
    this.#authenticator = await addAuthenticator(this.#context, this.page, credentials);
    await this.open(this.page);
  }

  /** Another tab. */
  async newPage() {
    const page = await this.#context.newPage();
    await this.open(page);
    return page;
  }

  async open(page, path = "/") {
    await page.goto(this.origin + path);
    await page.waitForFunction(() => globalThis.ready);
  }

  async reload() {
    await this.open(this.page);
  }

  /** Ends the browser and starts it with the same profile. The authenticator's passkeys stay. */
  async restart() {
    const credentials = await this.#authenticator.credentials();
    await this.#context.close();
    await this.launch(credentials);
  }

  async stop() {
    await this.#context?.close();
    await new Promise((resolve) => this.#site.close(resolve));
    await rm(this.#profile, { recursive: true, force: true });
  }
}

/** What a development server has beside the API is for pages of its own; these have another origin. */
async function openToAll(route) {
  if (route.request().isNavigationRequest()) return route.continue();
  const response = await route.fetch();
  return route.fulfill({ response, headers: { ...response.headers(), "access-control-allow-origin": "*" } });
}

/** What `createClient` is told to use a development server. */
export function optionsFor(server, more = {}) {
  return {
    baseUrl: server.baseUrl,
    organizationId: server.organizationId,
    authProxy: { configId: server.environment.AUTH_PROXY_CONFIG_ID },
    ...more,
  };
}

/** An Ethereum wallet in the page: `walletOf(privateKey)`. */
async function walletScript() {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { privateKeyToAccount } from "viem/accounts";`,
      resolveDir: fileURLToPath(new URL("..", import.meta.url)),
    },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    logLevel: "error",
  });
  return outputFiles[0].contents;
}
