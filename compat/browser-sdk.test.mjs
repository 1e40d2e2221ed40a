// @turnkey/sdk-browser in Chromium: passkey, a session whose key IndexedDB keeps, a read-only session.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { hashMessage, recoverMessageAddress } from "viem";

import { readSessionJwt, UUID } from "./assertions.mjs";
import { startBrowser } from "./browser/harness.mjs";
import { backend, configuration, signUp } from "./browser/user.mjs";
import { stamperOf, startServer } from "./harness.mjs";

const MESSAGE = "signed by a key that never leaves the browser";

describe("@turnkey/sdk-browser in Chromium", { timeout: 180_000 }, () => {
  let server, browser, config, alice;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    config = configuration(server);
  });
  after(async () => {
    await Promise.all([server?.stop(), browser?.stop()]);
  });
  beforeEach(async () => {
    await browser.forget();
    alice = await signUp(server, browser);
  });

  test("the passkey made in the page is the user's authenticator", async () => {
    assert.match(alice.organizationId, UUID);
    const { organizationId, userId } = alice;
    const { authenticators } = await backend(server).getAuthenticators({ organizationId, userId });
    assert.deepEqual(
      authenticators.map(({ authenticatorName, transports }) => ({ authenticatorName, transports })),
      [{ authenticatorName: "phone", transports: ["AUTHENTICATOR_TRANSPORT_INTERNAL"] }],
    );
    assert.deepEqual(await browser.run((config) => new sdk.browser.Turnkey(config).passkeyClient().getWhoami(), config), alice.whoami);
  });

  test("a passkey login opens a session for the key in IndexedDB, which reads and signs", async () => {
    const publicKey = await logIn();
    const [login] = (await browser.takeRequests()).filter(({ path }) => path.endsWith("/stamp_login"));
    assert.equal(login.body.organizationId, server.organizationId, "the page knows only the parent");
    assert.deepEqual(login.body.parameters, { publicKey, expirationSeconds: "900" });
    assert.ok(login.headers["x-stamp-webauthn"]);

    const jwt = await browser.run((config) => new sdk.browser.Turnkey(config).getRawSession(), config);
    const { notarizerPublicKey } = await server.publishedKeys();
    const claims = await readSessionJwt(jwt, notarizerPublicKey);
    assert.equal(claims.public_key, publicKey);
    assert.equal(claims.organization_id, alice.organizationId);

    await assertSessionWorks();
    const requests = await browser.takeRequests();
    assert.deepEqual(
      requests.map(({ path }) => path.slice(path.lastIndexOf("/") + 1)),
      ["whoami", "list_wallets", "sign_raw_payload"],
    );
    for (const { headers } of requests) {
      assert.ok(headers["x-stamp"]);
      assert.equal(headers["x-stamp-webauthn"], undefined, "the passkey isn't asked again");
    }
  });

  test("the session outlives a reload and the browser, and its key cannot be exported", async () => {
    const publicKey = await logIn();
    await browser.reload();
    await assertSessionWorks();
    await browser.restart();
    await assertSessionWorks();
    const stored = await browser.run(async (config) => {
      const client = await new sdk.browser.Turnkey(config).indexedDbClient();
      await client.init();
      return client.getPublicKey();
    }, config);
    assert.equal(stored, publicKey);

    const isExtractable = await browser.run(
      () =>
        new Promise((resolve, reject) => {
          const opening = indexedDB.open("TurnkeyStamperDB");
          opening.onerror = () => reject(opening.error);
          opening.onsuccess = () => {
            const store = opening.result.transaction("KeyStore").objectStore("KeyStore");
            const reading = store.get("turnkeyKeyPair-priv");
            reading.onerror = () => reject(reading.error);
            reading.onsuccess = () => {
              opening.result.close();
              resolve(reading.result.extractable);
            };
          };
        }),
    );
    assert.equal(isExtractable, false);
  });

  test("a refresh opens a session for a new key, stamped by the old one", async () => {
    const first = await logIn();
    await browser.takeRequests();
    await browser.run(async (config) => {
      const client = await new sdk.browser.Turnkey(config).indexedDbClient();
      await client.init();
      await client.refreshSession({ expirationSeconds: "600" });
    }, config);
    const [refresh] = await browser.takeRequests();
    assert.equal(refresh.body.organizationId, alice.organizationId);
    assert.equal(stampOf(refresh).publicKey, first);
    assert.notEqual(refresh.body.parameters.publicKey, first);

    await browser.reload();
    await assertSessionWorks();
    for (const request of await browser.takeRequests()) {
      assert.equal(stampOf(request).publicKey, refresh.body.parameters.publicKey);
    }
  });

  test("a log-out forgets the session in the page", async () => {
    await logIn();
    await browser.takeRequests();
    const session = await browser.run(async (config) => {
      const turnkey = new sdk.browser.Turnkey(config);
      await turnkey.logout();
      return turnkey.getSession();
    }, config);
    assert.equal(session, undefined);
    assert.deepEqual(await browser.takeRequests(), [], "the server isn't told");
    await logIn();
    await assertSessionWorks();
  });

  test("a session that was revoked is refused from the next request on", async () => {
    const publicKey = await logIn();
    const { organizationId } = alice;
    const { sessions } = await server.queryExtension("list_sessions", { organizationId }, stamperOf(server.parentKey));
    const { sessionId } = sessions.find((session) => session.publicKey === publicKey);
    await server.submitExtension("revoke_session", { sessionId }, organizationId, stamperOf(server.parentKey));
    const { error } = await browser.run(
      async ({ config, organizationId }) => {
        const client = await new sdk.browser.Turnkey(config).indexedDbClient();
        await client.init();
        return sdk.outcome(client.getWhoami({ organizationId }));
      },
      { config, organizationId },
    );
    assert.equal(error?.code, 16);
    assert.equal(error.details[0].turnkeyErrorCode, "PUBLIC_KEY_NOT_FOUND");
    assert.match(error.message, /could not find public key in organization or its parent organization/);
    await logIn();
    await assertSessionWorks();
  });

  test("a read-only session reads with X-Session alone and is refused a submission", async () => {
    const { session, stored } = await browser.run(async (config) => {
      const turnkey = new sdk.browser.Turnkey(config);
      const { session } = await turnkey.passkeyClient().login();
      return { session, stored: await turnkey.getSession() };
    }, config);
    assert.equal(stored?.token, session, "not taken for expired: sessionExpiry is in seconds");
    assert.equal(stored.organizationId, alice.organizationId);

    await browser.reload();
    await browser.takeRequests();
    const { read, write } = await browser.run(
      async ({ config, session }) => {
        const client = new sdk.browser.TurnkeyBrowserClient({
          apiBaseUrl: config.apiBaseUrl,
          organizationId: config.defaultOrganizationId,
          readOnlySession: session,
        });
        const read = await client.getWhoami();
        const write = await sdk.outcome(client.createWallet({ walletName: "never", accounts: [] }));
        return { read, write };
      },
      { config, session },
    );
    assert.deepEqual(read, alice.whoami);
    assert.equal(write.error?.code, 16, JSON.stringify(write));

    const [whoami] = await browser.takeRequests();
    assert.equal(whoami.path, "/public/v1/query/whoami");
    assert.equal(whoami.headers["x-session"], session);
    assert.deepEqual(
      Object.keys(whoami.headers).filter((name) => name.startsWith("x-stamp")),
      [],
    );
    const { wallets } = await backend(server).getWallets({ organizationId: alice.organizationId });
    assert.equal(wallets.length, 1);
  });

  /** Logs in by passkey; gives the session's public key. */
  function logIn() {
    return browser.run(async (config) => {
      const turnkey = new sdk.browser.Turnkey(config);
      const keys = await turnkey.indexedDbClient();
      await keys.init();
      const publicKey = await keys.getPublicKey();
      await turnkey.passkeyClient().loginWithPasskey({ publicKey });
      return publicKey;
    }, config);
  }

  /** The page as it is after loading reads and signs with what it has stored. */
  async function assertSessionWorks() {
    const { whoami, wallets, signature } = await browser.run(
      async ({ config, address, payload }) => {
        const turnkey = new sdk.browser.Turnkey(config);
        const { organizationId } = await turnkey.getSession();
        const client = await turnkey.indexedDbClient();
        await client.init();
        const whoami = await client.getWhoami({ organizationId });
        const { wallets } = await client.getWallets({ organizationId });
        const signature = await client.signRawPayload({
          organizationId,
          signWith: address,
          payload,
          encoding: "PAYLOAD_ENCODING_HEXADECIMAL",
          hashFunction: "HASH_FUNCTION_NO_OP",
        });
        return { whoami, wallets, signature };
      },
      { config, address: alice.address, payload: hashMessage(MESSAGE).slice(2) },
    );
    assert.deepEqual(whoami, alice.whoami);
    assert.deepEqual(
      wallets.map(({ walletId }) => walletId),
      [alice.walletId],
    );
    const { r, s, v } = signature;
    const yParity = Number.parseInt(v, 16);
    const signed = { r: `0x${r}`, s: `0x${s}`, yParity };
    assert.equal(await recoverMessageAddress({ message: MESSAGE, signature: signed }), alice.address);
  }
});

function stampOf({ headers }) {
  return JSON.parse(Buffer.from(headers["x-stamp"], "base64url").toString());
}
