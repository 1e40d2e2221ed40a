// One-time codes through the auth proxy, in Chromium: @turnkey/core 1 as it is; 2 with our one line, or with
// the server's key in place of Turnkey's, as for wallet kits whose client an application can't reach.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { startBrowser } from "./browser/harness.mjs";
import { proxyConfiguration } from "./browser/user.mjs";
import { startServer } from "./harness.mjs";

const SEALED = {
  module: "core",
  signUp: ["otp_init_v2", "otp_verify_v2", "account", "signup_v2", "stamp_login"],
  logIn: ["otp_init_v2", "otp_verify_v2", "account", "stamp_login"],
};
const VERSIONS = [
  {
    name: "@turnkey/core 1.14",
    module: "core1",
    signUp: ["otp_init", "otp_verify", "account", "signup", "otp_login"],
    logIn: ["otp_init", "otp_verify", "account", "otp_login"],
  },
  { name: "@turnkey/core 2.8 with turnkey-compat", isAdapted: true, ...SEALED },
  { name: "@turnkey/core 2.8 with the key replaced by the bundler", keyIsReplaced: true, ...SEALED },
];

for (const { name, module, isAdapted = false, keyIsReplaced = false, ...expected } of VERSIONS) {
  describe(`${name} in Chromium`, { timeout: 180_000 }, () => {
    let server, browser, config;

    before(async () => {
      server = await startServer();
      const { otpSignerPublicKey } = await server.publishedKeys();
      browser = await startBrowser(keyIsReplaced ? { otpSignerPublicKey } : {});
      config = proxyConfiguration(server);
    });
    after(async () => {
      await Promise.all([server?.stop(), browser?.stop()]);
    });
    beforeEach(() => browser.forget());

    for (const [otpType, contact] of [
      ["OTP_TYPE_EMAIL", "alice@example.org"],
      ["OTP_TYPE_SMS", "+15550123456"],
    ]) {
      test(`${otpType}: the first code signs up, the next logs in to the same account`, async () => {
        const first = await completeOtp(otpType, contact);
        assert.equal(first.action, "SIGNUP");
        assert.deepEqual(await requestNames(), expected.signUp);
        assert.deepEqual(first.wallets, ["Main"]);

        await browser.forget();
        const second = await completeOtp(otpType, contact);
        assert.equal(second.action, "LOGIN");
        assert.deepEqual(await requestNames(), expected.logIn);
        assert.deepEqual([second.organizationId, second.userId], [first.organizationId, first.userId]);
        assert.notEqual(first.organizationId, server.organizationId);
        assert.equal(otpType === "OTP_TYPE_SMS" ? second.phoneNumber : second.email, contact);
      });
    }

    test("a wrong code is INVALID_OTP_CODE", async () => {
      const outcome = await completeOtp("OTP_TYPE_EMAIL", "wrong@example.org", () => "000000000");
      assert.equal(outcome.error?.code, "INVALID_OTP_CODE", JSON.stringify(outcome));
    });

    /** The names of the calls since the last time, without the reads after the login. */
    async function requestNames() {
      const names = (await browser.takeRequests()).map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
      return names.slice(0, names.findIndex((name) => name === "get_user"));
    }

    /** A code is asked for, arrives and is typed in by a user; gives what the page knows then. */
    async function completeOtp(otpType, contact, typed = (code) => code) {
      const started = await browser.run(
        async ({ config, module, isAdapted, contact, otpType }) => {
          const client = new sdk[module].TurnkeyClient(config);
          await client.init();
          if (isAdapted) await sdk.adapt(client);
          globalThis.client = client;
          const answer = await client.initOtp({ otpType, contact });
          return typeof answer === "string" ? { otpId: answer } : answer; // 1.x gives the id alone
        },
        { config, module, isAdapted, contact, otpType },
      );
      const { code } = await server.takeMessage(contact);
      return browser.run(
        async ({ started, contact, otpType, otpCode }) => {
          const createSubOrgParams = { customWallet: { walletName: "Main", walletAccounts: [] } };
          const completed = await sdk.outcome(
            client.completeOtp({ ...started, otpCode, contact, otpType, createSubOrgParams }),
          );
          if (completed.error) return completed;
          const { action } = completed.value;
          const { userEmail: email, userPhoneNumber: phoneNumber } = await client.fetchUser();
          const { organizationId, userId } = await client.getSession();
          const wallets = (await client.fetchWallets()).map(({ walletName }) => walletName);
          return { action, organizationId, userId, email, phoneNumber, wallets };
        },
        { started, contact, otpType, otpCode: typed(code) },
      );
    }
  });
}
