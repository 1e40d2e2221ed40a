// OAuth with an OpenID Connect issuer of our own: from a backend, and in Chromium.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { encryptOauth2ClientSecret, generateP256KeyPair } from "@turnkey/crypto";
import { TurnkeyApiClient } from "@turnkey/sdk-server";

import { readSessionJwt } from "./assertions.mjs";
import { startBrowser } from "./browser/harness.mjs";
import { backend, proxyConfiguration } from "./browser/user.mjs";
import { stamperOf, startServer } from "./harness.mjs";
import { startProvider } from "./oauth2-provider.mjs";
import { nonceFor, startIssuer } from "./oidc-issuer.mjs";

describe("OAuth", { timeout: 180_000 }, () => {
  let server, issuer, provider, browser;

  before(async () => {
    [issuer, provider, browser] = await Promise.all([startIssuer(), startProvider(), startBrowser()]);
    server = await startServer("--private-issuer", issuer.issuer, "--config", provider.configuration);
  });
  after(async () => {
    issuer?.stop();
    await provider?.stop();
    await Promise.all([server?.stop(), browser?.stop()]);
  });
  beforeEach(() => browser.forget());

  describe("@turnkey/sdk-server", () => {
    test("an ID token with the key's digest as nonce logs its subject in", async () => {
      const alice = await newUser("alice");
      const key = generateP256KeyPair();
      const { session } = await logIn(alice, key, "alice", nonceFor(key.publicKey));
      const { notarizerPublicKey } = await server.publishedKeys();
      const claims = await readSessionJwt(session, notarizerPublicKey);
      assert.equal(claims.public_key, key.publicKey);

      await assertLoggedIn(key, alice);
    });

    test("another key's nonce, none that is a digest, and another subject are refused", async () => {
      const bob = await newUser("bob");
      const [key, other] = [generateP256KeyPair(), generateP256KeyPair()];
      await assert.rejects(logIn(bob, key, "bob", nonceFor(other.publicKey)));
      await assert.rejects(logIn(bob, key, "bob", "nonce"));
      await assert.rejects(logIn(bob, key, "mallory", nonceFor(key.publicKey)));
    });
  });

  for (const [name, module, expected] of [
    ["@turnkey/core 1.14", "core1", { signUp: ["account", "signup", "oauth_login"], logIn: ["account", "oauth_login"] }],
    ["@turnkey/core 2.8", "core", { signUp: ["account", "signup_v2", "stamp_login"], logIn: ["account", "stamp_login"] }],
  ]) {
    test(`${name}: the first token signs up, the next logs in to the same account`, async () => {
      const first = await completeOauth(module);
      assert.equal(first.action, "SIGNUP");
      assert.deepEqual(await requestNames(), expected.signUp);
      await browser.forget();
      const second = await completeOauth(module);
      assert.equal(second.action, "LOGIN");
      assert.deepEqual(await requestNames(), expected.logIn);
      assert.deepEqual([second.organizationId, second.userId], [first.organizationId, first.userId]);
    });
  }

  test("@turnkey/core 2.8: signUpWithOauth and loginWithOauth, each by itself", async () => {
    const tokens = async (publicKey) => issuer.idToken({ subject: "carol", nonce: nonceFor(publicKey) });
    const publicKey = await openPage("core");
    const oidcToken = await tokens(publicKey);
    const first = await browser.run(
      async ({ oidcToken, publicKey }) => {
        await client.signUpWithOauth({ oidcToken, publicKey, providerName: "ours" });
        return client.getSession();
      },
      { oidcToken, publicKey },
    );
    await browser.forget();
    const nextKey = await openPage("core");
    const second = await browser.run(
      async ({ oidcToken, publicKey }) => {
        await client.loginWithOauth({ oidcToken, publicKey });
        return client.getSession();
      },
      { oidcToken: await tokens(nextKey), publicKey: nextKey },
    );
    assert.equal(second.organizationId, first.organizationId);
    assert.equal(second.publicKey, nextKey);
  });

  describe("a provider of OAuth 2.0 alone", () => {
    const CLIENT = { provider: "OAUTH2_PROVIDER_X", clientId: "compat" };
    let credentialId;

    before(async () => {
      const { secretReceiverPublicKey } = await server.publishedKeys();
      const encryptedClientSecret = await encryptOauth2ClientSecret(provider.clientSecret, secretReceiverPublicKey);
      const created = await backend(server).createOauth2Credential({ ...CLIENT, encryptedClientSecret });
      credentialId = created.oauth2CredentialId;
    });

    test("@turnkey/sdk-server: a code becomes an ID token of the server's own, which logs in", async () => {
      const authenticate = async (publicKey) => {
        const { oidcToken } = await backend(server).oauth2Authenticate({
          oauth2CredentialId: credentialId,
          nonce: nonceFor(publicKey),
          ...provider.authorize("dave"),
        });
        return oidcToken;
      };
      const key = generateP256KeyPair();
      const dave = await createUser("dave", await authenticate(key.publicKey));
      const { organizationId } = dave;
      const oidcToken = await authenticate(key.publicKey);
      await backend(server).oauthLogin({ organizationId, oidcToken, publicKey: key.publicKey });
      await assertLoggedIn(key, dave);
    });

    test("@turnkey/core 2.8: proxyOAuth2Authenticate, and completeOauth with what it gives", async () => {
      const publicKey = await openPage("core");
      const code = { ...CLIENT, nonce: nonceFor(publicKey), ...provider.authorize("erin") };
      const { action, session } = await browser.run(
        async ({ code, publicKey }) => {
          const { oidcToken } = await client.httpClient.proxyOAuth2Authenticate(code);
          const { action } = await client.completeOauth({ oidcToken, publicKey, providerName: "x" });
          return { action, session: await client.getSession() };
        },
        { code, publicKey },
      );
      assert.equal(action, "SIGNUP");
      assert.equal(session.publicKey, publicKey);
    });
  });

  /** A sub-organization whose user is the issuer's `subject`. */
  async function newUser(subject) {
    // Registration doesn't look at the nonce.
    return createUser(subject, await issuer.idToken({ subject, nonce: "registration" }));
  }

  async function createUser(subject, oidcToken) {
    const { subOrganizationId, rootUserIds } = await backend(server).createSubOrganization({
      subOrganizationName: `${subject}'s organization`,
      rootQuorumThreshold: 1,
      rootUsers: [
        { userName: subject, apiKeys: [], authenticators: [], oauthProviders: [{ providerName: "ours", oidcToken }] },
      ],
    });
    return { organizationId: subOrganizationId, userId: rootUserIds[0] };
  }

  async function logIn({ organizationId }, key, subject, nonce) {
    const oidcToken = await issuer.idToken({ subject, nonce });
    return backend(server).oauthLogin({ organizationId, oidcToken, publicKey: key.publicKey });
  }

  async function assertLoggedIn(key, { organizationId, userId }) {
    const stamper = stamperOf(key);
    const client = new TurnkeyApiClient({ apiBaseUrl: server.baseUrl, organizationId, stamper });
    assert.equal((await client.getWhoami({ organizationId })).userId, userId);
  }

  async function requestNames() {
    const names = (await browser.takeRequests()).map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
    return names.slice(0, names.findIndex((name) => name === "get_user"));
  }

  /** The page has `client` from here on; gives the key that it made. */
  function openPage(module) {
    return browser.run(
      async ({ config, module }) => {
        globalThis.client = new sdk[module].TurnkeyClient(config);
        await client.init();
        return client.createApiKeyPair();
      },
      { module, config: proxyConfiguration(server) },
    );
  }

  /** The page makes a key, the issuer a token for its digest, and the page logs in with both. */
  async function completeOauth(module) {
    const publicKey = await openPage(module);
    const oidcToken = await issuer.idToken({ subject: `${module}-user`, nonce: nonceFor(publicKey) });
    return browser.run(
      async ({ oidcToken, publicKey }) => {
        const { action } = await client.completeOauth({ oidcToken, publicKey, providerName: "ours" });
        const { organizationId } = await client.getSession();
        const { userId } = await client.fetchUser();
        return { action, organizationId, userId };
      },
      { oidcToken, publicKey },
    );
  }
});
