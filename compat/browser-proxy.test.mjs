// Users who sign up and log in through the auth proxy with what they hold: a passkey, a wallet.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";

import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";

import { startBrowser } from "./browser/harness.mjs";
import { proxyConfiguration } from "./browser/user.mjs";
import { startServer } from "./harness.mjs";

const VERSIONS = [
  { name: "@turnkey/core 1.14", module: "core1", signUp: "signup" },
  { name: "@turnkey/core 2.8", module: "core", signUp: "signup_v2" },
];

describe("the auth proxy in Chromium", { timeout: 180_000 }, () => {
  let server, browser, config;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
    const chains = { ethereum: { native: true }, solana: { native: true } };
    const walletConfig = { features: { auth: true }, chains };
    config = { ...proxyConfiguration(server), walletConfig };
  });
  after(async () => {
    await Promise.all([server?.stop(), browser?.stop()]);
  });
  beforeEach(() => browser.forget());

  for (const { name, module, signUp } of VERSIONS) {
    test(`${name}: a passkey signs up, and logs in on a page that was loaded anew`, async () => {
      await openPage(module);
      const first = await browser.run(async () => {
        const customWallet = { walletName: "Main", walletAccounts: [] };
        await client.signUpWithPasskey({ createSubOrgParams: { customWallet } });
        return client.getSession();
      });
      assert.deepEqual(await requestNames(), [signUp, "stamp_login"]);
      assert.notEqual(first.organizationId, server.organizationId);

      await browser.reload();
      await openPage(module);
      const second = await browser.run(async () => {
        await client.loginWithPasskey();
        const session = await client.getSession();
        const wallets = (await client.fetchWallets()).map(({ walletName }) => walletName);
        return { ...session, wallets };
      });
      assert.equal((await requestNames())[0], "stamp_login");
      assert.deepEqual([second.organizationId, second.userId], [first.organizationId, first.userId]);
      assert.notEqual(second.publicKey, first.publicKey);
      assert.deepEqual(second.wallets, ["Main"]);
    });

    for (const [kind, newWallet] of [
      ["an Ethereum wallet", newEthereumWallet],
      ["a Solana wallet", newSolanaWallet],
    ]) {
      test(`${name}: ${kind} signs up, and logs in to the same account`, async () => {
        const wallet = newWallet();
        const first = await enterWithWallet(module, wallet, "loginOrSignupWithWallet");
        assert.equal(first.action, "SIGNUP");
        assert.equal(first.address, wallet.address);
        assert.deepEqual(await requestNames(), ["account", signUp, "stamp_login"]);

        await browser.forget();
        const second = await enterWithWallet(module, wallet, "loginOrSignupWithWallet");
        assert.equal(second.action, "LOGIN");
        assert.deepEqual(await requestNames(), ["account", "stamp_login"]);
        assert.equal(second.organizationId, first.organizationId);

        await browser.forget();
        const third = await enterWithWallet(module, wallet, "loginWithWallet");
        assert.deepEqual(await requestNames(), ["stamp_login"]);
        assert.equal(third.organizationId, first.organizationId);
      });
    }
  }

  test("@turnkey/core 2.8: what wallet kits show by is the proxy's configuration", async () => {
    await openPage("core");
    const settings = await browser.run(() => client.getProxyAuthConfig());
    assert.deepEqual(settings.enabledProviders.sort(), ["email", "passkey", "sms", "wallet"]);
    assert.equal(settings.organizationId, server.organizationId);
    assert.equal(settings.sessionExpirationSeconds, "900");
  });

  /** The page has `client` from here on. */
  function openPage(module) {
    return browser.run(
      async ({ config, module }) => {
        globalThis.client = new sdk[module].TurnkeyClient(config);
        await client.init();
      },
      { config, module },
    );
  }

  async function enterWithWallet(module, wallet, method) {
    await openPage(module);
    return browser.run(
      async ({ wallet, method }) => {
        await sdk[wallet.announce](wallet);
        const [walletProvider] = await client.fetchWalletProviders();
        const { action, address } = await client[method]({ walletProvider });
        const { organizationId, userId } = await client.getSession();
        const user = await client.fetchUser();
        if (user.userId !== userId) throw new Error(`a session of ${userId} is one of ${user.userId}`);
        return { action, address, organizationId };
      },
      { wallet, method },
    );
  }

  /** The names of the calls since the last time, without reads and the configuration. */
  async function requestNames() {
    const isRead = (path) => path.startsWith("/public/v1/query/") || path.endsWith("_config");
    const paths = (await browser.takeRequests()).map(({ path }) => path).filter((path) => !isRead(path));
    return paths.map((path) => path.slice(path.lastIndexOf("/") + 1));
  }
});

/** The SDK writes addresses of Ethereum in lower case. */
function newEthereumWallet() {
  const privateKey = generatePrivateKey();
  const address = privateKeyToAddress(privateKey).toLowerCase();
  return { announce: "announceEthereumWallet", privateKey, address };
}

function newSolanaWallet() {
  const jwk = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  return { announce: "announceSolanaWallet", jwk, address: base58(Buffer.from(jwk.x, "base64url")) };
}

function base58(bytes) {
  const digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  let text = "";
  for (let rest = BigInt(`0x${bytes.toString("hex")}`); rest > 0n; rest /= 58n) text = digits[rest % 58n] + text;
  return "1".repeat(bytes.findIndex((byte) => byte !== 0)) + text;
}
