// What the settings of a wallet kit are made of: @turnkey/core changes the account it is logged in to.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { decryptExportBundle, generateP256KeyPair } from "@turnkey/crypto";
import { parseTransaction, recoverMessageAddress, recoverTransactionAddress, serializeTransaction } from "viem";
import { mnemonicToAccount } from "viem/accounts";

import { startBrowser } from "./browser/harness.mjs";
import { proxyConfiguration } from "./browser/user.mjs";
import { startServer } from "./harness.mjs";
import { CLIENT_ID, nonceFor, startIssuer } from "./oidc-issuer.mjs";

const MESSAGE = "signed by an embedded wallet";

describe("an account in the hands of @turnkey/core, in Chromium", { timeout: 180_000 }, () => {
  let server, issuer, browser;

  before(async () => {
    [issuer, browser] = await Promise.all([startIssuer(), startBrowser()]);
    server = await startServer("--private-issuer", issuer.issuer);
    await browser.run(async (config) => {
      globalThis.client = new sdk.core.TurnkeyClient(config);
      await client.init();
      await sdk.adapt(client);
      await client.signUpWithPasskey({ createSubOrgParams: { userName: "Alice" } });
    }, proxyConfiguration(server));
  });
  after(async () => {
    issuer?.stop();
    await Promise.all([server?.stop(), browser?.stop()]);
  });

  test("wallets and accounts are made, and sign", async () => {
    const to = `0x${"11".repeat(20)}`;
    const unsigned = { type: "eip1559", chainId: 1, nonce: 7, gas: 21_000n, maxFeePerGas: 2n, to };
    const { accounts, signature, signedTransaction } = await browser.run(
      async ({ message, unsignedTransaction }) => {
        const walletId = await client.createWallet({ walletName: "Main", accounts: ["ADDRESS_FORMAT_ETHEREUM"] });
        const format = "ADDRESS_FORMAT_ETHEREUM";
        await client.createWalletAccounts({ walletId, accounts: [format, "ADDRESS_FORMAT_SOLANA"] });
        const [{ accounts }] = await client.fetchWallets();
        const [walletAccount] = accounts.filter(({ addressFormat }) => addressFormat === format);
        const signature = await client.signMessage({ message, walletAccount, addEthereumPrefix: true });
        const transactionType = "TRANSACTION_TYPE_ETHEREUM";
        const signedTransaction = await client.signTransaction({ walletAccount, unsignedTransaction, transactionType });
        return { accounts, signature, signedTransaction };
      },
      { message: MESSAGE, unsignedTransaction: serializeTransaction(unsigned) },
    );
    const [first, second] = accounts.filter(({ addressFormat }) => addressFormat === "ADDRESS_FORMAT_ETHEREUM");
    assert.equal(accounts.length, 3);
    assert.notEqual(first.address, second.address);
    const { r, s, v } = signature;
    const signed = { r: `0x${r}`, s: `0x${s}`, yParity: Number.parseInt(v, 16) };
    assert.equal(await recoverMessageAddress({ message: MESSAGE, signature: signed }), first.address);
    const serializedTransaction = signedTransaction.startsWith("0x") ? signedTransaction : `0x${signedTransaction}`;
    assert.equal(await recoverTransactionAddress({ serializedTransaction }), first.address);
    assert.equal(parseTransaction(serializedTransaction).nonce, 7);
  });

  test("passkeys are added and removed", async () => {
    const { added, names, removed } = await browser.run(async () => {
      const [added] = await client.addPasskey({ name: "tablet" });
      const names = (await client.fetchUser()).authenticators.map(({ authenticatorName }) => authenticatorName);
      const removed = await client.removePasskeys({ authenticatorIds: [added] });
      return { added, names, removed };
    });
    assert.equal(names.length, 2);
    assert.ok(names.includes("tablet"));
    assert.deepEqual(removed, [added]);
  });

  test("name, address and number are changed; what a code confirmed logs in", async () => {
    const email = "alice@example.org";
    const started = await browser.run(async (contact) => {
      await client.updateUserName({ userName: "Alice B." });
      return client.initOtp({ otpType: "OTP_TYPE_EMAIL", contact });
    }, email);
    const { code: otpCode } = await server.takeMessage(email);
    const { user, account, phone } = await browser.run(
      async ({ started, otpCode, email }) => {
        const { verificationToken } = await client.verifyOtp({ ...started, otpCode });
        await client.updateUserEmail({ email, verificationToken });
        await client.updateUserPhoneNumber({ phoneNumber: "+15550123456" });
        const user = await client.fetchUser();
        const account = await client.httpClient.proxyGetAccount({ filterType: "EMAIL", filterValue: email });
        await client.removeUserPhoneNumber();
        return { user, account, phone: (await client.fetchUser()).userPhoneNumber };
      },
      { started, otpCode, email },
    );
    assert.deepEqual([user.userName, user.userEmail, user.userPhoneNumber], ["Alice B.", email, "+15550123456"]);
    assert.equal(account.organizationId, await organizationId());
    assert.ok(!phone);
  });

  test("an OAuth provider is added, logs in, and is removed", async () => {
    const publicKey = await browser.run(() => client.createApiKeyPair());
    const oidcToken = await issuer.idToken({ subject: "alice", nonce: nonceFor(publicKey) });
    const before = await organizationId();
    // The same person as another of the issuer's clients knows it.
    const oidcClaims = [{ iss: issuer.issuer, sub: "alice", aud: "phone" }];
    const { action, after, providers, removed } = await browser.run(
      async ({ oidcToken, oidcClaims, publicKey }) => {
        const providerIds = await client.addOauthProvider({ providerName: "ours", oidcToken, oidcClaims });
        const { action } = await client.completeOauth({ oidcToken, publicKey, providerName: "ours" });
        const after = (await client.getSession()).organizationId;
        const providers = (await client.fetchUser()).oauthProviders;
        const removed = await client.removeOauthProviders({ providerIds });
        return { action, after, providers, removed };
      },
      { oidcToken, oidcClaims, publicKey },
    );
    assert.equal(action, "LOGIN");
    assert.equal(after, before);
    assert.deepEqual(providers.map(({ audience }) => audience).sort(), [CLIENT_ID, "phone"]);
    assert.equal(removed.length, 2);
  });

  test("a wallet is exported to a key of the page", async () => {
    const key = generateP256KeyPair();
    const { exportBundle, address } = await browser.run(async (targetPublicKey) => {
      const [{ walletId, accounts }] = await client.fetchWallets();
      const [{ address }] = accounts.filter(({ addressFormat }) => addressFormat === "ADDRESS_FORMAT_ETHEREUM");
      return { exportBundle: await client.exportWallet({ walletId, targetPublicKey }), address };
    }, key.publicKeyUncompressed);
    const { signerPublicKey } = await server.publishedKeys();
    const mnemonic = await decryptExportBundle({
      exportBundle,
      embeddedKey: key.privateKey,
      organizationId: await organizationId(),
      returnMnemonic: true,
      dangerouslyOverrideSignerPublicKey: signerPublicKey,
    });
    assert.equal(mnemonicToAccount(mnemonic).address, address);
  });

  // Last: the account is gone.
  test("the account is deleted, and its session with it", async () => {
    const outcome = await browser.run(async () => {
      await client.deleteSubOrganization({ deleteWithoutExport: true });
      return sdk.outcome(client.fetchUser());
    });
    assert.match(outcome.error?.cause, /no organization found with the given ID/, JSON.stringify(outcome));
  });

  function organizationId() {
    return browser.run(async () => (await client.getSession()).organizationId);
  }
});
