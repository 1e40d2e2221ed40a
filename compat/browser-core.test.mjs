// @turnkey/core in Chromium: what @turnkey/react-wallet-kit is made of.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startBrowser } from "./browser/harness.mjs";
import { signUp } from "./browser/user.mjs";
import { stamperOf, startServer } from "./harness.mjs";

describe("@turnkey/core in Chromium", { timeout: 180_000 }, () => {
  let server, browser, config, alice;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    config = {
      apiBaseUrl: server.baseUrl,
      organizationId: server.organizationId,
      passkeyConfig: { rpId: "localhost" },
    };
    alice = await signUp(server, browser);
  });
  after(async () => {
    await Promise.all([server?.stop(), browser?.stop()]);
  });

  test("a passkey login names the parent, and finds the sub-organization", async () => {
    const { session, publicKey } = await logIn();
    assert.equal(session.organizationId, alice.organizationId);
    assert.equal(session.userId, alice.userId);
    assert.equal(session.sessionType, "SESSION_TYPE_READ_WRITE");
    assert.equal(session.publicKey, publicKey);

    const [login, ...more] = (await browser.takeRequests()).filter(({ path }) => path.includes("/submit/"));
    assert.deepEqual(more, []);
    assert.equal(login.path, "/public/v1/submit/stamp_login");
    assert.equal(login.body.organizationId, server.organizationId);
    assert.ok(login.headers["x-stamp-webauthn"]);
    await assertSessionWorks();
  });

  test("the session outlives a reload and the browser", async () => {
    await logIn();
    await browser.reload();
    await assertSessionWorks();
    await browser.restart();
    await assertSessionWorks();
  });

  test("a refresh opens a session for a new key, and the old one still works on the server", async () => {
    const { publicKey } = await logIn();
    await browser.takeRequests();
    const refreshed = await browser.run(async (config) => {
      const client = new sdk.core.TurnkeyClient(config);
      await client.init();
      await client.refreshSession({ expirationSeconds: "600" });
      return client.getSession();
    }, config);
    const [{ headers, body }] = await browser.takeRequests();
    const stamp = JSON.parse(Buffer.from(headers["x-stamp"], "base64url").toString());
    assert.equal(stamp.publicKey, publicKey);
    assert.equal(body.organizationId, alice.organizationId);
    assert.equal(body.parameters.publicKey, refreshed.publicKey);
    assert.equal(body.parameters.invalidateExisting, false);
    assert.notEqual(refreshed.publicKey, publicKey);
    await assertSessionWorks();

    const { apiKeys } = await browser.run(async (config) => {
      const client = new sdk.core.TurnkeyClient(config);
      await client.init();
      return client.httpClient.getApiKeys({});
    }, config);
    const listed = apiKeys.map(({ credential }) => credential.publicKey);
    assert.ok(listed.includes(publicKey) && listed.includes(refreshed.publicKey));
  });

  test("two sessions are kept under two names", async () => {
    await logIn();
    const names = await browser.run(async (config) => {
      const client = new sdk.core.TurnkeyClient(config);
      await client.init();
      await client.loginWithPasskey({ sessionKey: "second" });
      return Object.keys(await client.getAllSessions());
    }, config);
    assert.equal(names.length, 2);
    assert.ok(names.includes("second"));
    await assertSessionWorks();
  });

  test("a session that was revoked is SESSION_EXPIRED to the SDK", async () => {
    const { publicKey } = await logIn();
    const { organizationId } = alice;
    const { sessions } = await server.queryExtension("list_sessions", { organizationId }, stamperOf(server.parentKey));
    const { sessionId } = sessions.find((session) => session.publicKey === publicKey);
    await server.submitExtension("revoke_session", { sessionId }, organizationId, stamperOf(server.parentKey));
    const outcome = await browser.run(async (config) => {
      const client = new sdk.core.TurnkeyClient(config);
      await client.init();
      return sdk.outcome(client.fetchUser());
    }, config);
    assert.equal(outcome.error?.code, "SESSION_EXPIRED", JSON.stringify(outcome));
    await logIn();
    await assertSessionWorks();
  });

  // Last: it moves the server's clock.
  test("an expired session is SESSION_EXPIRED to the SDK", async () => {
    await logIn();
    await server.advanceClock(901);
    const outcome = await browser.run(async (config) => {
      const client = new sdk.core.TurnkeyClient(config);
      await client.init();
      return sdk.outcome(client.fetchUser());
    }, config);
    assert.equal(outcome.error?.code, "SESSION_EXPIRED", JSON.stringify(outcome));
    await logIn();
    await assertSessionWorks();
  });

  /** Logs in by passkey as a page that was just loaded. */
  async function logIn() {
    await browser.reload();
    await browser.takeRequests();
    return browser.run(async (config) => {
      const client = new sdk.core.TurnkeyClient(config);
      await client.init();
      await client.loginWithPasskey();
      const session = await client.getSession();
      return { session, publicKey: session.publicKey };
    }, config);
  }

  /** What react-wallet-kit asks for right after a login. */
  async function assertSessionWorks() {
    const { user, wallets } = await browser.run(async (config) => {
      const client = new sdk.core.TurnkeyClient(config);
      await client.init();
      return { user: await client.fetchUser(), wallets: await client.fetchWallets() };
    }, config);
    assert.equal(user.userId, alice.userId);
    assert.equal(user.userName, "Alice");
    assert.deepEqual(
      wallets.map(({ walletId, accounts }) => [walletId, accounts.map(({ address }) => address)]),
      [[alice.walletId, [alice.address]]],
    );
  }
});
