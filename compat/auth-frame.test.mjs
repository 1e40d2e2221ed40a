// Our auth frame under the published stampers, in Chromium: the credential lives in the frame.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { startBrowser } from "./browser/harness.mjs";
import { configuration, signUp } from "./browser/user.mjs";
import { startServer } from "./harness.mjs";

describe("the auth frame in Chromium", { timeout: 180_000 }, () => {
  let server, browser, config, alice;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    // Of the page's site. Under another site's page browsers may give a frame no storage.
    const iframeUrl = `${server.baseUrl.replace("127.0.0.1", "localhost")}/auth-frame`;
    config = { ...configuration(server), iframeUrl };
    alice = await signUp(server, browser);
    config.organizationId = alice.organizationId;
  });
  after(async () => {
    await Promise.all([server?.stop(), browser?.stop()]);
  });
  beforeEach(() => browser.reload());

  test("is a small page that runs only its own script, in any site's frame", async () => {
    const page = await server.send("/auth-frame", { method: "GET" });
    assert.equal(page.status, 200, page.text);
    assert.ok(page.text.length < 1000);
    assert.equal(
      page.headers.get("content-security-policy"),
      "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *",
    );
    assert.equal((await server.send("/auth-frame/auth-frame.js", { method: "GET" })).status, 200);
  });

  test("a bundle injected into the frame stamps; after a reload it is injected again", async () => {
    const first = await openFrame();
    assert.match(first.publicKey, /^04[0-9a-f]{128}$/);
    const { bundle } = await createSession(first.publicKey);
    assert.deepEqual(await injectAndAsk(bundle), alice.whoami);

    await browser.reload();
    const second = await openFrame();
    assert.equal(second.publicKey, first.publicKey, "the embedded key is still there");
    const unready = await browser.run(() => sdk.outcome(frame.stamper.stamp("{}")));
    assert.match(unready.error.message, /without credential/, "the credential isn't");
    assert.deepEqual(await injectAndAsk(bundle), alice.whoami);

    await browser.restart();
    assert.equal((await openFrame()).publicKey, first.publicKey);
    assert.deepEqual(await injectAndAsk(bundle), alice.whoami);
  });

  test("sdk-browser logs in with a bundle, signs, and refreshes in the frame", async () => {
    await openFrame();
    const publicKey = await browser.run(() => frame.stamper.publicKey());
    const { bundle, apiKeyId } = await createSession(publicKey);
    const { session, apiKeys, signature } = await browser.run(
      async ({ config, bundle, address, userId }) => {
        const turnkey = new sdk.browser.Turnkey({ ...config, defaultOrganizationId: config.organizationId });
        const iframeContainer = document.body;
        const client = await turnkey.iframeClient({ iframeContainer, iframeUrl: config.iframeUrl });
        await client.loginWithBundle({ bundle });
        const session = await turnkey.getSession();
        const signature = await client.signRawPayload({
          signWith: address,
          payload: "00".repeat(32),
          encoding: "PAYLOAD_ENCODING_HEXADECIMAL",
          hashFunction: "HASH_FUNCTION_NO_OP",
        });
        await client.refreshSession();
        const { apiKeys } = await client.getApiKeys({ userId });
        return { session, apiKeys, signature };
      },
      { config, bundle, address: alice.address, userId: alice.userId },
    );
    assert.equal(session.organizationId, alice.organizationId);
    assert.match(signature.r, /^[0-9a-f]{64}$/);
    const sessions = apiKeys.filter(
      ({ credential }) => credential.type === "CREDENTIAL_TYPE_READ_WRITE_SESSION_KEY_P256",
    );
    assert.ok(sessions.some((key) => key.apiKeyId === apiKeyId));
    assert.ok(sessions.length >= 2, "one more since the refresh");
    const names = sessions.map(({ apiKeyName }) => apiKeyName);
    assert.ok(names.every((name) => name.startsWith("Read Write Session - ")), `${names}`);
  });

  test("a reset key opens no more bundles, and its successor opens the next", async () => {
    const { publicKey } = await openFrame();
    const { bundle } = await createSession(publicKey);
    const next = await browser.run(async () => {
      await frame.stamper.clearEmbeddedKey();
      return { none: await frame.stamper.getEmbeddedPublicKey(), key: await frame.stamper.initEmbeddedKey() };
    });
    assert.equal(next.none, "");
    assert.notEqual(next.key, publicKey);
    const refused = await browser.run((bundle) => sdk.outcome(frame.stamper.injectCredentialBundle(bundle)), bundle);
    assert.ok(refused.error, "sealed to the key that is gone");
    assert.deepEqual(await injectAndAsk((await createSession(next.key)).bundle), alice.whoami);
  });

  test("a stamper from before the message channel works too", async () => {
    await openFrame("IframeStamper2_0");
    const publicKey = await browser.run(() => frame.stamper.publicKey());
    assert.deepEqual(await injectAndAsk((await createSession(publicKey)).bundle), alice.whoami);
  });

  test("a frame of another site works at least until the page is left", async () => {
    const { publicKey } = await openFrame("IframeStamper", `${server.baseUrl}/auth-frame`);
    assert.deepEqual(await injectAndAsk((await createSession(publicKey)).bundle), alice.whoami);
  });

  /** Embeds the frame; the page has it as `frame` from here on. */
  function openFrame(kind = "IframeStamper", iframeUrl = config.iframeUrl) {
    return browser.run(
      async ({ config, kind, iframeUrl }) => {
        const stamper = new sdk[kind]({
          iframeUrl,
          iframeElementId: "auth-frame",
          iframeContainer: document.getElementById("frames"),
        });
        const publicKey = await stamper.init();
        const client = new sdk.browser.TurnkeyBrowserClient({
          apiBaseUrl: config.apiBaseUrl,
          organizationId: config.organizationId,
          stamper,
        });
        globalThis.frame = { stamper, client };
        return { publicKey };
      },
      { config, kind, iframeUrl },
    );
  }

  function injectAndAsk(bundle) {
    return browser.run(async (bundle) => {
      if (!(await frame.stamper.injectCredentialBundle(bundle))) throw new Error("not injected");
      return frame.client.getWhoami();
    }, bundle);
  }

  /** The user's passkey opens a session for the frame. */
  async function createSession(targetPublicKey) {
    const { credentialBundle, apiKeyId } = await browser.run(
      ({ config, targetPublicKey }) => {
        const { organizationId } = config;
        const passkey = new sdk.browser.Turnkey(config).passkeyClient();
        return passkey.createReadWriteSession({ organizationId, targetPublicKey });
      },
      { config, targetPublicKey },
    );
    return { bundle: credentialBundle, apiKeyId };
  }
});
