// @keyward/client in Chromium: every way to log in, and what is left of a session after all kinds of accidents.

import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { generateP256KeyPair } from "@turnkey/crypto";

import { optionsFor, startClientBrowser } from "./client/harness.mjs";
import { startServer } from "./harness.mjs";

const SIGN_UP = { userName: "Alice" };

describe("@keyward/client in Chromium", { timeout: 300_000 }, () => {
  let server, browser;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), startClientBrowser()]);
    await open();
  });
  after(async () => {
    await Promise.all([server?.stop(), browser?.stop()]);
  });

  /** A client in a page, in place of the one that was there. */
  async function open(more = {}, page = browser.page) {
    await page.evaluate(async (options) => {
      globalThis.client?.close();
      globalThis.client = await keyward.createClient(options);
      globalThis.events = [];
      client.on((event) => events.push(event));
    }, optionsFor(server, more));
  }

  async function whoami(page = browser.page) {
    return page.evaluate(() => client.api.whoami());
  }

  test("an unextractable key is what is used", async () => {
    assert.equal(await browser.page.evaluate(() => client.keyProtection), "unextractable");
    assert.equal(await browser.page.evaluate(() => client.session()), null);
    assert.equal(await browser.page.evaluate(() => client.active()), null);
  });

  test("passkey: sign up, log out, log in", async () => {
    const page = browser.page;
    const signedUp = await page.evaluate((signUp) => client.signUpWithPasskey(signUp), SIGN_UP);
    assert.equal(signedUp.method, "passkey");
    assert.equal((await whoami()).userId, signedUp.userId);
    assert.deepEqual(await page.evaluate(() => client.logOut()), { endedOnServer: true });
    assert.equal((await page.evaluate(() => outcome(client.api.whoami()))).code, "NOT_LOGGED_IN");
    const loggedIn = await page.evaluate(() => client.logInWithPasskey({ expirationSeconds: 3600 }));
    assert.equal(loggedIn.userId, signedUp.userId);
    assert.equal(loggedIn.lifetimeSeconds, 3600);
    const kinds = await page.evaluate(() => events.map(({ kind }) => kind));
    assert.deepEqual(kinds, ["created", "active_changed", "logged_out", "created", "active_changed"]);
  });

  test("requests of every route are methods; a wallet is made and signs", async () => {
    const wallet = await browser.page.evaluate(async () => {
      const format = "ADDRESS_FORMAT_ETHEREUM";
      const account = { curve: "CURVE_SECP256K1", pathFormat: "PATH_FORMAT_BIP32", path: "m/44'/60'/0'/0/0", addressFormat: format };
      const { walletId, addresses } = await client.api.createWallet({ walletName: "Main", accounts: [account] });
      const { wallets } = await client.api.listWallets();
      const signed = await client.call("sign_raw_payload", {
        signWith: addresses[0],
        payload: "00".repeat(32),
        encoding: "PAYLOAD_ENCODING_HEXADECIMAL",
        hashFunction: "HASH_FUNCTION_NO_OP",
      });
      return { walletId, wallets, signed, methods: Object.keys(client.api).length === keyward.routes.length };
    });
    assert.equal(wallet.wallets[0].walletId, wallet.walletId);
    assert.match(wallet.signed.r, /^[0-9a-f]{64}$/);
    assert.ok(wallet.methods);
    const refused = await browser.page.evaluate(() => outcome(client.api.createWallet({ walletName: "" , accounts: [] })));
    assert.equal(refused.code, "REFUSED");
    assert.equal(refused.details.status, 400);
    const error = await browser.page.evaluate(async () => {
      const error = await client.api.deleteWallets({ walletIds: [crypto.randomUUID()] }).catch((error) => error);
      return error instanceof keyward.KeywardError && error instanceof Error && error.name;
    });
    assert.equal(error, "KeywardError");
  });

  test("the session outlives a reload and the browser", async () => {
    const { userId } = await whoami();
    await browser.reload();
    await open();
    assert.equal((await whoami()).userId, userId);
    await browser.restart();
    await open();
    assert.equal((await whoami()).userId, userId);
  });

  test("no code gets the key", async () => {
    const refusals = await browser.page.evaluate(async () => {
      const request = indexedDB.open("keyward:keyward");
      const database = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
      const all = database.transaction("keys").objectStore("keys").getAll();
      const keys = await new Promise((resolve) => (all.onsuccess = () => resolve(all.result)));
      database.close();
      const exports = keys.flatMap(({ privateKey }) => ["jwk", "pkcs8"].map((format) => [format, privateKey]));
      return Promise.all(
        exports.map(([format, key]) => crypto.subtle.exportKey(format, key).then(() => "exported", ({ name }) => name)),
      );
    });
    assert.ok(refusals.length >= 2);
    assert.ok(refusals.every((name) => name === "InvalidAccessError"), String(refusals));
  });

  for (const plain of [false, true]) {
    test(`one-time code${plain ? ", the older way" : ""}: sign up, then log in over a reload`, async () => {
      const email = `${randomUUID()}@example.org`;
      const page = browser.page;
      const begun = await page.evaluate(({ email, plain }) => client.beginOtp({ email }, { plain }), { email, plain });
      const { code } = await server.takeMessage(email);
      const wrong = code.startsWith("0") ? `1${code.slice(1)}` : `0${code.slice(1)}`;
      const refused = await page.evaluate(
        ({ otpId, code }) => outcome(client.completeOtp(otpId, code, "existing")),
        { ...begun, code: wrong },
      );
      assert.equal(refused.code, "INVALID_OTP_CODE");
      const missing = await page.evaluate(
        ({ otpId, code }) => outcome(client.completeOtp(otpId, code, "existing")),
        { ...begun, code },
      );
      assert.equal(missing.code, "NO_ACCOUNT");
      const session = await page.evaluate(
        ({ otpId, code }) => client.completeOtp(otpId, code, { orNew: {} }, { session: "otp" }),
        { ...begun, code },
      );
      assert.equal(session.method, "otp");
      assert.equal((await whoami()).userId, session.userId);

      const again = await page.evaluate((email) => client.beginOtp({ email }), email);
      await browser.reload();
      await open();
      const { code: second } = await server.takeMessage(email);
      const loggedIn = await page.evaluate(
        ({ otpId, code }) => client.completeOtp(otpId, code, "existing", { session: "otp" }),
        { ...again, code: second },
      );
      assert.equal(loggedIn.userId, session.userId);
    });
  }

  /** The development server's issuer, who signs in whoever it is told to. */
  function issuer(flow) {
    const { baseUrl } = server;
    return {
      name: "dev",
      authorizationEndpoint: `${baseUrl}/dev/oidc/authorize?prompt=none&login_hint=bob%40example.org`,
      clientId: "compat",
      redirectUri: `${browser.origin}/return`,
      scope: "openid email",
      flow: flow ?? { code: { tokenEndpoint: `${baseUrl}/dev/oidc/token` } },
    };
  }

  test("OAuth by redirect, with a code and with a token", async () => {
    const page = browser.page;
    for (const flow of [undefined, "id_token"]) {
      const { url } = await page.evaluate((provider) => client.beginOauth(provider, { session: "oauth" }), issuer(flow));
      await page.goto(url);
      await page.waitForURL(`${browser.origin}/return**`);
      const returned = page.url();
      await browser.reload();
      await open();
      const session = await page.evaluate((url) => client.completeOauth(url, { orNew: {} }), returned);
      assert.equal(session.method, "oauth");
      assert.equal((await whoami()).userId, session.userId);
      const spent = await page.evaluate((url) => outcome(client.completeOauth(url, "existing")), returned);
      assert.equal(spent.code, "UNKNOWN_ATTEMPT");
    }
  });

  test("OAuth by popup", async () => {
    const page = browser.page;
    const session = await page.evaluate((provider) => client.logInWithOauthPopup(provider, "existing"), issuer());
    assert.equal(session.method, "oauth");
    const hanging = { ...issuer(), authorizationEndpoint: `${browser.origin}/?nothing` };
    const closing = page.waitForEvent("popup").then((popup) => popup.close());
    const closed = await page.evaluate(
      (provider) => outcome(client.logInWithOauthPopup(provider, "existing")),
      hanging,
    );
    await closing;
    assert.equal(closed.code, "POPUP_CLOSED");
  });

  test("wallet, by its own signer and by a provider", async () => {
    const privateKey = `0x${randomBytes(32).toString("hex")}`;
    const { unknown, first, second, rejected } = await browser.page.evaluate(async (privateKey) => {
      const { privateKeyToAccount } = await import("/wallet.js");
      const account = privateKeyToAccount(privateKey);
      const signer = { kind: "ethereum", signMessage: (message) => account.signMessage({ message }) };
      const provider = {
        async request({ method, params }) {
          if (method === "eth_requestAccounts") return [account.address];
          if (method === "personal_sign") return account.signMessage({ message: { raw: params[0] } });
          throw new Error(method);
        },
      };
      const unwilling = { request: () => Promise.reject(Object.assign(new Error("no"), { code: 4001 })) };
      return {
        unknown: await outcome(client.logInWithWallet(signer, "existing", { session: "wallet" })),
        first: await client.logInWithWallet(signer, { orNew: { userName: "Carol" } }, { session: "wallet" }),
        second: await client.logInWithWallet({ kind: "ethereum", provider }, "existing", { session: "wallet" }),
        rejected: await outcome(client.logInWithWallet({ kind: "ethereum", provider: unwilling }, "existing")),
      };
    }, privateKey);
    assert.equal(unknown.code, "UNKNOWN_CREDENTIAL");
    assert.equal(first.method, "wallet");
    assert.equal(second.userId, first.userId);
    assert.equal(rejected.code, "WALLET_REJECTED");
  });

  test("API key, and a read-only session that does not write", async () => {
    const page = browser.page;
    const { session, readOnly, refused, read, asParent } = await page.evaluate(async (privateKey) => {
      const session = await client.logInWithApiKey(privateKey, { session: "root" });
      const readOnly = await client.logInReadOnly({ session: "root" }, { session: "reader", becomesActive: false });
      const refused = await outcome(client.call("create_user_tag", { userTagName: "x", userIds: [] }, { session: "reader" }));
      const read = await client.call("whoami", {}, { session: "reader" });
      const asParent = await client.call("whoami", {}, { by: { apiKey: privateKey } });
      return { session, readOnly, refused, read, asParent };
    }, server.parentKey.privateKey);
    assert.equal(session.method, "api_key");
    assert.equal(readOnly.kind, "read_only");
    assert.equal(readOnly.publicKey, undefined);
    assert.equal(refused.code, "READ_ONLY");
    assert.equal(read.userId, session.userId);
    assert.equal(asParent.userId, session.userId);
    const byPasskey = await page.evaluate(() => client.logInReadOnly({ passkey: true }, { session: "passkey reader" }));
    assert.equal(byPasskey.method, "passkey");
  });

  test("bundle", async () => {
    const session = await browser.page.evaluate(async () => {
      const { publicKey } = await client.beginBundle();
      const made = await client.call(
        "create_read_write_session",
        { targetPublicKey: publicKey, expirationSeconds: "900" },
        { session: "root" },
      );
      return client.completeBundle(publicKey, made.credentialBundle, { session: "bundle", organizationId: made.organizationId });
    });
    assert.equal(session.method, "bundle");
    assert.equal((await whoami()).userId, session.userId);
  });

  test("session tokens are verified, and the server's time is known", async () => {
    const { notarizerPublicKey: notarizer } = await server.publishedKeys();
    const { publicKey: target } = generateP256KeyPair();
    const { session: token } = await browser.page.evaluate(
      (publicKey) => client.call("stamp_login", { publicKey }, { session: "root" }),
      target,
    );
    const { own, foreign, invalid, skew } = await browser.page.evaluate(
      async ({ notarizer, token, other }) => ({
        own: keyward.verifySessionToken(token, notarizer),
        foreign: keyward.verifySessionToken(token, other),
        invalid: await outcome(Promise.resolve().then(() => keyward.verifySessionToken(token, "zz"))),
        skew: Math.abs((await client.syncTime()) - Date.now()),
      }),
      { notarizer, token, other: generateP256KeyPair().publicKey },
    );
    assert.equal(own.publicKey, target);
    assert.equal(foreign, null);
    assert.equal(invalid.code, "INVALID_INPUT");
    assert.ok(skew < 5_000);
  });

  test("wiped storage loses the key, or everything; the next log-in works", async () => {
    const page = browser.page;
    await page.evaluate((key) => client.logInWithApiKey(key), server.parentKey.privateKey);
    const lost = await page.evaluate(async () => {
      const request = indexedDB.open("keyward:keyward");
      const database = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
      const transaction = database.transaction("keys", "readwrite");
      transaction.objectStore("keys").clear();
      await new Promise((resolve) => (transaction.oncomplete = resolve));
      database.close();
      return outcome(client.api.whoami());
    });
    assert.equal(lost.code, "KEY_LOST");
    assert.ok(await page.evaluate(() => events.some(({ kind }) => kind === "key_lost")));
    await page.evaluate((key) => client.logInWithApiKey(key), server.parentKey.privateKey);
    await whoami();

    const wiped = await page.evaluate(async () => {
      const request = indexedDB.deleteDatabase("keyward:keyward");
      await new Promise((resolve, reject) => {
        request.onsuccess = resolve;
        request.onerror = request.onblocked = () => reject(new Error("not deleted"));
      });
      return outcome(client.api.whoami());
    });
    assert.equal(wiped.code, "NOT_LOGGED_IN");
    await page.evaluate((key) => client.logInWithApiKey(key), server.parentKey.privateKey);
    await whoami();
  });

  test("the browser wiping the origin's data is survived", async () => {
    const page = browser.page;
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Storage.clearDataForOrigin", { origin: browser.origin, storageTypes: "all" });
    const wiped = await page.evaluate(() => outcome(client.api.whoami()));
    assert.equal(wiped.code, "NOT_LOGGED_IN");
    await page.evaluate((key) => client.logInWithApiKey(key), server.parentKey.privateKey);
    await whoami();
  });

  test("it works in a worker", async () => {
    const userId = await browser.page.evaluate(async ({ options, key }) => {
      const source = `
        import { createClient } from "${location.origin}/client/index.js";
        const client = await createClient(${JSON.stringify(options)});
        await client.logInWithApiKey("${key}", { session: "worker" });
        postMessage((await client.api.whoami()).userId);
      `;
      const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), { type: "module" });
      return new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      });
    }, { options: optionsFor(server), key: server.parentKey.privateKey });
    assert.equal(userId, (await whoami()).userId);
  });

  test("the server gone is OFFLINE; every exchange is told of", async () => {
    const { away, exchanges } = await browser.page.evaluate(async (options) => {
      const exchanges = [];
      const away = await keyward.createClient({
        ...options,
        baseUrl: "http://127.0.0.1:9",
        namespace: "away",
        onExchange: (exchange) => exchanges.push(exchange),
      });
      const result = await outcome(away.syncTime());
      away.close();
      return { away: result, exchanges };
    }, optionsFor(server));
    assert.equal(away.code, "OFFLINE");
    assert.equal(exchanges.length, 2);
    assert.equal(exchanges[0].status, null);
    assert.match(exchanges[0].url, /healthz$/);
  });
});

const BROKEN = {
  "IndexedDB that throws": () => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("denied", "SecurityError");
    };
  },
  "IndexedDB that is absent": () => {
    Object.defineProperty(globalThis, "indexedDB", { value: undefined });
  },
  "keys that can't be stored": () => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (value, ...rest) {
      if (value?.privateKey) throw new DOMException("could not be cloned", "DataCloneError");
      return put.call(this, value, ...rest);
    };
  },
};

describe("@keyward/client where keys can't be kept", { timeout: 180_000 }, () => {
  let server;

  before(async () => {
    server = await startServer();
  });
  after(() => server?.stop());

  for (const [name, initScript] of Object.entries(BROKEN)) {
    test(`${name}: the stated fallback`, async () => {
      const browser = await startClientBrowser({ initScript });
      try {
        const { protections, refused, survivors } = await browser.page.evaluate(
          async ({ options, key }) => {
            const protections = [];
            for (const fallback of [undefined, "memory", "riskierLocalStorage"]) {
              const client = await keyward.createClient({ ...options, fallback });
              await client.logInWithApiKey(key);
              await client.api.whoami();
              protections.push(client.keyProtection);
              client.close();
            }
            const refused = await outcome(keyward.createClient({ ...options, fallback: "none" }));
            const again = await keyward.createClient({ ...options, fallback: "riskierLocalStorage" });
            await again.api.whoami();
            return { protections, refused, survivors: (await again.sessions()).length };
          },
          { options: optionsFor(server), key: server.parentKey.privateKey },
        );
        assert.deepEqual(protections, ["memory", "memory", "local_storage"]);
        assert.equal(refused.code, "STORAGE_DENIED");
        assert.equal(survivors, 1);
      } finally {
        await browser.stop();
      }
    });
  }

  test("nothing at all: memory", async () => {
    const initScript = () => {
      Object.defineProperty(globalThis, "indexedDB", { value: undefined });
      Object.defineProperty(globalThis, "localStorage", {
        get() {
          throw new DOMException("denied", "SecurityError");
        },
      });
    };
    const browser = await startClientBrowser({ initScript });
    try {
      const protection = await browser.page.evaluate(
        async ({ options, key }) => {
          const client = await keyward.createClient({ ...options, fallback: "riskierLocalStorage" });
          await client.logInWithApiKey(key);
          await client.api.whoami();
          return client.keyProtection;
        },
        { options: optionsFor(server), key: server.parentKey.privateKey },
      );
      assert.equal(protection, "memory");
    } finally {
      await browser.stop();
    }
  });
});
