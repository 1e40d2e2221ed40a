// The playground: every step of it in Chromium, as somebody would take them who has never seen it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { register } from "node:module";
import { after, before, describe, test } from "node:test";

import { chromium } from "playwright-core";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { keccak256, parseSignature, serializeTransaction, stringToBytes, toHex } from "viem";

import { FLAGS, addAuthenticator, chromiumPath } from "./browser/harness.mjs";
import { startServer } from "./harness.mjs";

const CHECKS = new URL("../playground/check/", import.meta.url);
const CLIENT = new URL("../packages/client/dist/", import.meta.url);
const STEPS = ["log-in", "session", "wallet", "sign", "read-only", "tabs", "sessions", "clock"];

describe("what the page checks signatures with", () => {
  let client, ethereum, solana;

  before(async () => {
    register("./client/from-disk.mjs", import.meta.url);
    [ethereum, solana] = await Promise.all(
      ["ethereum", "solana"].map((name) => import(new URL(`${name}.js`, CHECKS))),
    );
    client = await import(new URL("index.js", CLIENT));
    await client.load({ module_or_path: await readFile(new URL("keyward_client_bg.wasm", CLIENT)) });
  });

  test("Keccak-256, as viem has it", () => {
    for (const length of [0, 1, 55, 135, 136, 137, 272, 1000]) {
      const message = Uint8Array.from({ length }, (_, at) => at % 251);
      assert.equal(toHex(client.keccak256(message)), keccak256(message), `${length} bytes`);
    }
  });

  test("a message's signer, as viem signs", async () => {
    for (const message of ["", "a", "Grüße 🔑", "x".repeat(300)]) {
      const account = privateKeyToAccount(generatePrivateKey());
      const { r, s, yParity } = parseSignature(await account.signMessage({ message }));
      for (const v of [`0${yParity}`, (27 + yParity).toString(16)]) {
        assert.equal(ethereum.messageSigner(message, { r, s, v }), account.address);
      }
      assert.notEqual(ethereum.messageSigner(`${message}!`, { r, s, v: `0${yParity}` }), account.address);
      assert.notEqual(ethereum.messageSigner(message, { r, s, v: `0${1 - yParity}` }), account.address);
    }
  });

  test("signatures that are none", () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const word = (number) => number.toString(16).padStart(64, "0");
    for (const [r, s] of [[0n, 1n], [1n, 0n], [order, 1n], [1n, order - 1n], [5n, 1n]]) {
      assert.throws(() => ethereum.messageSigner("x", { r: word(r), s: word(s), v: "00" }), `${r} ${s}`);
    }
  });

  test("an EIP-1559 transaction, as viem writes and signs it", async () => {
    for (const [nonce, amount] of [[0, "0"], [1, "0.01"], [127, "1"], [128, "1.5"], [300, "123456.789"]]) {
      const account = privateKeyToAccount(generatePrivateKey());
      const fees = { maxFeePerGas: ethereum.parseUnits("20", 9), maxPriorityFeePerGas: ethereum.parseUnits("0.1", 9) };
      const common = { ...fees, gas: 21_000n, to: account.address, value: ethereum.parseUnits(amount, 18) };
      const unsigned = ethereum.unsignedTransaction({ ...common, chainId: 11155111n, nonce: BigInt(nonce) });
      const transaction = { ...common, type: "eip1559", chainId: 11155111, nonce };
      assert.equal(unsigned, serializeTransaction(transaction));
      const signed = await account.signTransaction(transaction);
      const { address, hash } = ethereum.transactionSigner(signed, unsigned);
      assert.deepEqual([address, hash], [account.address, keccak256(signed)]);
      const other = ethereum.unsignedTransaction({ ...common, chainId: 1n, nonce: BigInt(nonce) });
      assert.throws(() => ethereum.transactionSigner(signed, other), /Another transaction/);
      assert.throws(() => ethereum.transactionSigner(signed.slice(0, -2), unsigned));
    }
  });

  test("Ed25519 and P-256, as WebCrypto signs", async () => {
    const message = stringToBytes("hello");
    const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign"]);
    const key = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const signature = toHex(new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, message))).slice(2);
    const parts = { r: signature.slice(0, 64), s: signature.slice(64) };
    const address = base58(key);
    assert.equal(await solana.verifiesMessage(address, message, parts), true);
    assert.equal(await solana.verifiesMessage(address, stringToBytes("hallo"), parts), false);

    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    for (let round = 0; round < 8; round += 1) {
      const stamper = await crypto.subtle.generateKey(algorithm, true, ["sign"]);
      const point = new Uint8Array(await crypto.subtle.exportKey("raw", stamper.publicKey));
      const compressed = Uint8Array.of(2 + (point[64] & 1), ...point.subarray(1, 33));
      const der = toDer(new Uint8Array(await crypto.subtle.sign(algorithm, stamper.privateKey, message)));
      assert.equal(client.verifyP256(compressed, der, message), true);
      assert.equal(client.verifyP256(compressed, der, stringToBytes("hallo")), false);
    }
  });
});

describe("the playground, in Chromium", { timeout: 300_000 }, () => {
  let server, origin, browser, context, page;
  /** What the console and the page complained about. */
  const complaints = [];
  /** POST requests, by path. */
  const sent = [];

  before(async () => {
    server = await startServer();
    // Passkeys want a name.
    origin = `http://localhost:${new URL(server.baseUrl).port}`;
    browser = await chromium.launch({ executablePath: chromiumPath(), headless: true, args: FLAGS });
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
    page = await newPage();
    await addAuthenticator(context, page, []);
    await open("");
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test("has one heading, a name for every control, and text with contrast, in every step", async () => {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      for (const step of STEPS) {
        await enter(step);
        await checkAccessibility(`${step}, ${colorScheme}`);
      }
    }
    await page.emulateMedia({ colorScheme: null });
    await enter("log-in");
  });

  test("is left and entered with the keyboard alone: a sign-up with a passkey", async () => {
    await open("");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the step");
    await page.keyboard.press("Enter");
    await tabTo("Passkey");
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(), "E‑mail code");
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(), "Passkey");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("Ada");
    await page.keyboard.press("Enter");
    await isLoggedIn();
    assert.equal(await focused(), "Next: see the session");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "See the session" }).waitFor();
    assert.equal(await focused(), "See the session");
  });

  test("shows the session, who it is, its stamp, and the code", async () => {
    await act("Ask who I am");
    await said("You are Ada");
    const facts = await page.locator("#session-facts").innerText();
    for (const fact of [/Read-write/, /Passkey/, /0[23][0-9a-f]{64}/, /Cannot be read by anybody/]) assert.match(facts, fact);
    assert.match(await page.locator("#left").innerText(), /^1[45]:\d\d$/);
    assert.match(await page.locator("#left-text").innerText(), /refreshes itself in 1[34]:\d\d/);

    const request = page.locator("#requests details").first();
    assert.match(await request.innerText(), /\/public\/v1\/query\/whoami[^]*200/);
    await request.getByText("signed exactly this body").waitFor();
    assert.match(await request.innerText(), /SIGNATURE_SCHEME_TK_API_P256/);
    await request.getByRole("tab", { name: "Response" }).click();
    assert.match(await request.innerText(), /"username": "Ada"/);

    for (const [language, text] of [["TypeScript", "client.session()"], ["Rust", "client.session(None)"], ["curl", "X-Stamp: ey"]]) {
      await page.getByRole("tab", { name: language, exact: true }).click();
      await page.locator("#code").getByText(text).first().waitFor();
    }
    await page.getByRole("button", { name: "Copy: the code" }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, /^# As it was sent.*\ncurl -X POST 'http:\/\/localhost:\d+\/public\/v1\/query\/whoami'/);

    const key = await publicKey();
    await act("Refresh now");
    await said("Refreshed");
    assert.notEqual(await publicKey(), key);
    await page.getByRole("tab", { name: "TypeScript" }).click();
  });

  test("keeps the session over a reload", async () => {
    const key = await publicKey();
    await page.reload();
    await ready();
    assert.equal(await publicKey(), key);
  });

  test("makes a wallet", async () => {
    await enter("wallet");
    await act("Make a wallet");
    await said("“Main” is there");
    const accounts = await page.locator("#accounts").innerText();
    assert.match(accounts, /Ethereum[^]*0x[0-9a-fA-F]{40}/);
    assert.match(accounts, /Solana[^]*[1-9A-HJ-NP-Za-km-z]{43,44}/);
  });

  test("signs a message with both accounts, and sees whose signature it is", async () => {
    await enter("sign");
    for (const chain of ["Ethereum", "Solana"]) {
      await page.getByRole("radio", { name: chain }).check();
      await act("Sign the message");
      await page.getByText("The signature is right.").waitFor();
      await page.getByRole("button", { name: "Check against something else" }).click();
      await page.getByText("The signature is wrong for the message with").waitFor();
    }
  });

  test("signs a transaction", async () => {
    await page.getByRole("tab", { name: "A transaction" }).click();
    const to = page.getByLabel("To", { exact: true });
    const address = await to.inputValue();
    await to.fill("nobody");
    await act("Sign the transaction");
    await said("“To” is an address");
    await to.fill(address);
    await act("Sign the transaction");
    await page.getByText("The signature is right.").waitFor();
    await page.getByRole("button", { name: "Check against something else" }).click();
    await page.getByText("Another transaction was signed.").waitFor();
  });

  test("a read-only session reads, and sends nothing when it should write", async () => {
    await enter("read-only");
    await act("Open it");
    await said("A read-only session is open");
    sent.length = 0;
    await act("Try to write");
    await said("Refused, as it should be.");
    assert.match(await page.locator("#read-only .outcome").innerText(), /READ_ONLY[^]*0\s+requests left this page/);
    assert.deepEqual(sent, []);
    await page.locator("#read-only-read").click();
    await said("It reads: 1 wallet.");
    assert.deepEqual(sent, ["/public/v1/query/list_wallets"]);
    assert.match(await page.locator("#requests details").first().innerText(), /X-Session/);
  });

  test("a second tab hears what this one does", async () => {
    await enter("tabs");
    const [second] = await Promise.all([
      context.waitForEvent("page"),
      page.getByRole("link", { name: "Open a second tab" }).click(),
    ]);
    listen(second);
    await ready(second);
    await act("Refresh the session");
    await second.getByText("from another tab").first().waitFor();
    assert.match(await second.locator("#events li").first().innerText(), /Refreshed[^]*from another tab/);
    assert.match(await page.locator("#events li").first().innerText(), /Refreshed[^]*in this tab/);
    await second.close();
  });

  test("lists sessions on the server, names one, and ends the others", async () => {
    await enter("sessions");
    const rows = page.locator("#server-sessions .row");
    await rows.first().waitFor();
    const before = await rows.count();
    assert.ok(before >= 3, `${before} sessions`);
    const mine = rows.filter({ hasText: "this one" });
    await mine.getByRole("button", { name: "Name" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox").fill("Work laptop");
    await page.keyboard.press("Enter");
    await rows.filter({ hasText: "Work laptop" }).filter({ hasText: "this one" }).waitFor();

    await rows.filter({ hasNotText: "this one" }).last().getByRole("button", { name: "Revoke" }).click();
    await said("Revoked.");
    assert.equal(await rows.count(), before - 1);

    await page.getByRole("button", { name: "Revoke all others" }).click();
    await page.keyboard.press("Escape");
    assert.equal(await focused(), "Revoke all others");
    await page.getByRole("button", { name: "Revoke all others" }).click();
    await dialog.getByRole("button", { name: "Revoke all others" }).click();
    await said("ended.");
  });

  test("logs out, and in again with the passkey", async () => {
    await act("Log out");
    await said("You are logged out.", "[data-farewell]");
    await page.locator(".step:not([hidden]) [data-needs-session]").waitFor();
    await enter("log-in");
    await act("I have one: log in");
    await isLoggedIn();
    await page.locator("#requests details").filter({ hasText: "stamp_login" }).first().getByText("the challenge is the SHA-256 of this body").waitFor();
  });

  test("the clock: the session refreshes itself before its end, and expires when it may not", async () => {
    await enter("clock");
    const key = await publicKey();
    await act("+ 1 minute");
    await said("The clock is 1 minute further.");
    await act("To just before the end");
    await said("handed over to");
    assert.notEqual(await publicKey(), key);

    await enter("session");
    await page.getByRole("switch").uncheck({ force: true });
    await enter("clock");
    await act("To just before the end");
    await said("The session goes on");
    await act("Past the end");
    await said("SESSION_EXPIRED");
    await page.locator("#session-pill").waitFor({ state: "hidden" });
    await enter("session");
    await page.locator(".step:not([hidden]) [data-needs-session]").waitFor();
    // Set back for the others.
    await page.evaluate(() => localStorage.removeItem("keyward-playground/refreshes"));
  });

  test("a code by e-mail, out of the inbox beside it", async () => {
    await open("");
    await page.getByRole("tab", { name: "E‑mail code" }).click();
    await page.getByLabel("E-mail address").fill("grace@example.com");
    await act("Send a code");
    await page.reload();
    await ready();
    await page.getByRole("textbox", { name: "The code" }).fill("WRONG1234");
    await act("Log in with the code");
    await said("That code is not valid");
    await act("Use this code");
    await isLoggedIn();
    await enter("session");
    assert.match(await page.locator("#session-facts").innerText(), /One-time code/);
  });

  test("an identity provider, in a popup and with a redirect", async () => {
    await anew();
    const [popup] = await Promise.all([context.waitForEvent("page"), page.getByRole("button", { name: "Continue in a popup" }).click()]);
    await signIn(popup);
    await isLoggedIn();
    const user = await userId();

    await anew();
    await page.getByRole("button", { name: "Continue with a redirect" }).click();
    await signIn(page);
    await ready();
    await isLoggedIn();
    assert.equal(await userId(), user);
    assert.equal(new URL(page.url()).search, "");
  });

  test("logs out everywhere", async () => {
    await enter("sessions");
    await page.getByRole("button", { name: "Log out everywhere" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Log out everywhere" }).click();
    await said("You are logged out everywhere.", "[data-farewell]");
  });

  test("fits a screen of 360 pixels, with targets for fingers", async () => {
    await enter("log-in");
    await page.getByRole("tab", { name: "Passkey" }).click();
    await act("Sign up with a passkey");
    await isLoggedIn();
    await page.setViewportSize({ width: 360, height: 740 });
    for (const step of STEPS) {
      await enter(step);
      if (step === "wallet") await act("Make a wallet");
      if (step === "session") await act("Ask who I am");
      for (const colorScheme of ["dark", "light"]) {
        await page.emulateMedia({ colorScheme });
        await checkAccessibility(`${step}, logged in, ${colorScheme}`);
      }
      const wide = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth - clientWidth;
      });
      assert.equal(wide, 0, `${step} is ${wide} px too wide`);
      const small = await page.evaluate(() => {
        const controls = [...document.querySelectorAll("main button, main a, main input, .top a, .top button, .rail-toggle")];
        return controls
          .filter((control) => control.checkVisibility() && !control.matches(".copy, [type=radio], [type=checkbox], .skip"))
          .filter((control) => control.getBoundingClientRect().height < 43.5)
          .map((control) => control.outerHTML.slice(0, 80));
      });
      assert.deepEqual(small, [], step);
    }
    await page.getByRole("button", { name: /^Step 8 of 8/ }).click();
    await page.getByRole("link", { name: "Make a wallet" }).first().click();
    await page.getByRole("heading", { level: 1, name: "Make a wallet" }).waitFor();
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test("the server goes back to its beginning", async () => {
    await enter("clock");
    await page.getByRole("button", { name: "Reset", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Reset the server" }).click();
    await said("The server is as when it started.");
    await enter("log-in");
    await act("I have one: log in");
    await said("The server does not know this passkey or key");
    await act("Sign up with a passkey");
    await isLoggedIn();
  });

  test("what only a development server has is absent elsewhere, and the page says so", async () => {
    const other = await newPage();
    await other.route("**/playground/config.json", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json()), isDevelopment: false, oidcIssuer: null } });
    });
    await other.goto(`${origin}/#clock`);
    await ready(other);
    await other.getByText("Only keyward dev lets its clock be moved").waitFor();
    assert.equal(await other.getByRole("button", { name: "+ 1 minute" }).count(), 0);
    assert.equal(await other.getByRole("link", { name: "Inbox" }).count(), 0);
    await other.close();
  });

  test("nothing was complained about", () => {
    // Refusals that the tests provoke, as Chromium reports them.
    const unexpected = complaints.filter((text) => !/^Failed to load resource: .* status of 40[01]/.test(text));
    assert.deepEqual(unexpected, []);
  });

  async function newPage() {
    const made = await context.newPage();
    listen(made);
    return made;
  }

  function listen(to) {
    to.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    to.on("pageerror", (error) => complaints.push(String(error)));
    to.on("request", (request) => {
      if (request.method() === "POST") sent.push(new URL(request.url()).pathname);
    });
  }

  async function open(path) {
    await page.goto(`${origin}/${path}`);
    await ready();
  }

  async function ready(which = page) {
    await which.locator("html[data-ready]").waitFor();
    assert.equal(await which.locator("#start-problem").innerText(), "");
  }

  async function enter(step) {
    await page.evaluate((hash) => (location.hash = hash), step);
    await page.locator(`#${step} h1`).waitFor();
    await idle();
  }

  /** Until nothing is under way in the step. */
  async function idle() {
    await page.waitForFunction(() => !document.querySelector(".step[data-busy]"));
  }

  async function act(name) {
    await page.locator(".step:not([hidden])").getByRole("button", { name, exact: true }).first().click();
    await idle();
  }

  async function said(text, place = "[data-outcome]") {
    const outcome = page.locator(`.step:not([hidden]) ${place}`);
    await outcome.getByText(text).first().waitFor({ timeout: 15_000 }).catch(async (error) => {
      error.message += `\nIt says: ${await outcome.innerText()}`;
      throw error;
    });
  }

  async function isLoggedIn() {
    await page.locator("#log-in[data-done]").waitFor({ timeout: 15_000 });
    await idle();
  }

  async function anew() {
    await enter("log-in");
    const button = page.getByRole("button", { name: "Log in anew" });
    if (await button.isVisible()) await button.click();
    await page.getByRole("tab", { name: "Identity provider" }).click();
  }

  /** At the issuer of `keyward dev`. */
  async function signIn(at) {
    await at.waitForURL(/\/dev\/oidc\/authorize/);
    await at.getByRole("textbox").fill("lin@example.com");
    await at.getByRole("button").first().click();
  }

  async function fact(name) {
    const step = new URL(page.url()).hash.slice(1) || "log-in";
    await enter("session");
    const value = await page.locator("#session-facts > div").filter({ hasText: name }).locator("code").innerText();
    await enter(step);
    return value;
  }

  const publicKey = () => fact("Public key");
  const userId = () => fact("User");

  function focused() {
    return page.evaluate(() => document.activeElement.textContent.trim());
  }

  async function tabTo(name) {
    for (let presses = 0; presses < 30; presses += 1) {
      await page.keyboard.press("Tab");
      if ((await focused()) === name) return;
    }
    assert.fail(`the Tab key does not lead to “${name}”`);
  }

  async function checkAccessibility(where) {
    const problems = await page.evaluate(findProblems);
    assert.deepEqual(problems, [], where);
  }
});

/** Runs in the page. WCAG 2.2: 1.3.1, 1.4.3, 4.1.2, as far as a few lines can tell. */
function findProblems() {
  const problems = [];
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true });
  const headings = [...document.querySelectorAll("h1")].filter(isShown);
  if (headings.length !== 1) problems.push(`${headings.length} h1`);
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  problems.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `id ${id} twice`));
  for (const control of document.querySelectorAll("button, a[href], input, textarea, [role=tab]")) {
    const labels = [...(control.labels ?? [])].map(({ textContent }) => textContent).join("");
    const name = control.getAttribute("aria-label") ?? (labels || control.textContent);
    if (isShown(control) && !name.trim()) problems.push(`no name: ${control.outerHTML.slice(0, 80)}`);
  }
  for (const attribute of ["aria-controls", "aria-labelledby", "aria-describedby"]) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      const id = element.getAttribute(attribute);
      if (!document.getElementById(id)) problems.push(`${attribute}=${id} names nothing`);
    }
  }

  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return { rgb: [r, g, b], alpha: a / 255 };
  };
  const over = (top, bottom) => top.rgb.map((value, at) => value * top.alpha + bottom[at] * (1 - top.alpha));
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const backdrop = (element) => {
    const color = rgba(getComputedStyle(element).backgroundColor);
    if (color.alpha === 1) return color.rgb;
    return over(color, element.parentElement ? backdrop(element.parentElement) : [255, 255, 255]);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !isShown(element) || element.closest(".visually-hidden, .skip")) continue;
    const style = getComputedStyle(element);
    const behind = backdrop(element);
    const [light, dark] = [luminance(over(rgba(style.color), behind)), luminance(behind)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = Number.parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) {
      problems.push(`contrast ${ratio.toFixed(2)}: “${texts.currentNode.textContent.trim().slice(0, 40)}”`);
    }
  }
  return problems;
}

function base58(bytes) {
  const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  let number = BigInt(toHex(bytes));
  let text = "";
  for (; number > 0n; number /= 58n) text = alphabet[Number(number % 58n)] + text;
  return text;
}

/** r and s, 32 bytes each, as DER. */
function toDer(signature) {
  const integer = (bytes) => {
    let start = 0;
    while (start < 31 && bytes[start] === 0) start += 1;
    const digits = [...bytes.subarray(start)];
    if (digits[0] > 0x7f) digits.unshift(0);
    return [2, digits.length, ...digits];
  };
  const content = [...integer(signature.subarray(0, 32)), ...integer(signature.subarray(32))];
  return Uint8Array.of(0x30, content.length, ...content);
}
