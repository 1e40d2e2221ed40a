// Keys that are mailed, or exchanged for a code: sealed to the auth frame, opened there, in Chromium.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";

import { startBrowser } from "./browser/harness.mjs";
import { backend, configuration, createPasskey, signUp } from "./browser/user.mjs";
import { startServer } from "./harness.mjs";

const LOOK = { emailCustomization: { appName: "Compat" } };

describe("mailed keys and the auth frame", { timeout: 180_000 }, () => {
  let server, browser, parent, config, alice;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    parent = backend(server);
  });
  after(async () => {
    await Promise.all([server?.stop(), browser?.stop()]);
  });
  beforeEach(async () => {
    await browser.forget();
    const email = `alice-${randomUUID()}@example.org`;
    alice = { email, ...(await signUp(server, browser, { userEmail: email })) };
    const iframeUrl = `${server.baseUrl.replace("127.0.0.1", "localhost")}/auth-frame`;
    config = { ...configuration(server), organizationId: alice.organizationId, iframeUrl };
  });

  for (const kind of ["IframeStamper", "IframeStamper2_0"]) {
    test(`${kind}: a bundle that EMAIL_AUTH mailed stamps`, async () => {
      const { organizationId, email, userId } = alice;
      const targetPublicKey = await openFrame(kind);
      const sent = await parent.emailAuth({ organizationId, email, targetPublicKey, ...LOOK });
      assert.equal(sent.userId, userId);
      assert.deepEqual(await injectAndAsk(await mailed("auth")), alice.whoami);
      await assertListed(sent.apiKeyId, "CREDENTIAL_TYPE_EMAIL_AUTH_KEY_P256");
    });
  }

  test("a bundle that OTP_AUTH gave for a code stamps", async () => {
    const { organizationId, email } = alice;
    const targetPublicKey = await openFrame("IframeStamper");
    const { otpId } = await parent.initOtpAuth({
      organizationId,
      otpType: "OTP_TYPE_EMAIL",
      contact: email,
      appName: "Compat",
      ...LOOK,
    });
    const { code: otpCode } = await server.takeMessage(email);
    const granted = await parent.otpAuth({ organizationId, otpId, otpCode, targetPublicKey });
    assert.equal(granted.userId, alice.userId);
    assert.deepEqual(await injectAndAsk(granted.credentialBundle), alice.whoami);
    await assertListed(granted.apiKeyId, "CREDENTIAL_TYPE_OTP_AUTH_KEY_P256");
  });

  test("a bundle for recovery adds a passkey, which logs in, and then opens nothing more", async () => {
    const { organizationId, email, userId } = alice;
    await browser.forget(); // the passkey is lost
    const targetPublicKey = await openFrame("IframeStamper");
    await parent.initUserEmailRecovery({ organizationId, email, targetPublicKey, ...LOOK });
    const bundle = await mailed("recovery");
    const authenticator = await createPasskey(server, browser, "new phone");
    const { authenticatorId } = await browser.run(
      async ({ bundle, ...recovery }) => {
        await frame.stamper.injectCredentialBundle(bundle);
        return frame.client.recoverUser(recovery);
      },
      { bundle, organizationId, userId, authenticator },
    );
    assert.equal(authenticatorId.length, 1);

    const spent = await browser.run(() => sdk.outcome(frame.client.getWhoami()));
    assert.equal(spent.error?.details[0].turnkeyErrorCode, "PUBLIC_KEY_NOT_FOUND", JSON.stringify(spent));
    const session = await browser.run(async (config) => {
      const turnkey = new sdk.browser.Turnkey(config);
      const keys = await turnkey.indexedDbClient();
      await keys.init();
      await turnkey.passkeyClient().loginWithPasskey({ publicKey: await keys.getPublicKey() });
      return turnkey.getSession();
    }, config);
    assert.deepEqual([session.organizationId, session.userId], [organizationId, userId]);
  });

  test("a bundle sealed to another key isn't opened", async () => {
    const { organizationId, email } = alice;
    const targetPublicKey = await openFrame("IframeStamper");
    await parent.emailAuth({ organizationId, email, targetPublicKey, ...LOOK });
    await browser.run(async () => {
      await frame.stamper.clearEmbeddedKey();
      await frame.stamper.initEmbeddedKey();
    });
    const bundle = await mailed("auth");
    const refused = await browser.run((bundle) => sdk.outcome(frame.stamper.injectCredentialBundle(bundle)), bundle);
    assert.ok(refused.error);
  });

  /** Embeds the frame, which the page has as `frame` from here on; gives the key to seal to. */
  function openFrame(kind) {
    return browser.run(
      async ({ config, kind }) => {
        const stamper = new sdk[kind]({
          iframeUrl: config.iframeUrl,
          iframeElementId: "auth-frame",
          iframeContainer: document.getElementById("frames"),
        });
        const publicKey = await stamper.init();
        const { apiBaseUrl, organizationId } = config;
        const client = new sdk.browser.TurnkeyBrowserClient({ apiBaseUrl, organizationId, stamper });
        globalThis.frame = { stamper, client };
        return publicKey;
      },
      { config, kind },
    );
  }

  function injectAndAsk(bundle) {
    return browser.run(async (bundle) => {
      if (!(await frame.stamper.injectCredentialBundle(bundle))) throw new Error("not injected");
      return frame.client.getWhoami();
    }, bundle);
  }

  /** The bundle of the mail that just arrived. */
  async function mailed(purpose) {
    const message = await server.takeMessage(alice.email);
    assert.equal(message.purpose, purpose);
    assert.ok(message.text.includes(message.bundle));
    return message.bundle;
  }

  async function assertListed(apiKeyId, type) {
    const { organizationId, userId } = alice;
    const { apiKeys } = await parent.getApiKeys({ organizationId, userId });
    assert.equal(apiKeys.find((key) => key.apiKeyId === apiKeyId)?.credential.type, type);
  }
});
