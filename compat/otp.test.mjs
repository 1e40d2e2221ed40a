// One-time codes from a backend: sealed, as @turnkey/sdk-server asks for them now, and in plain text, as
// every SDK did before.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import {
  decryptCredentialBundle,
  encryptOtpCodeToBundle,
  generateP256KeyPair,
  getPublicKey,
  verifyOtpVerificationToken,
} from "@turnkey/crypto";
import { TurnkeyClient } from "@turnkey/http";
import { TurnkeyApiClient } from "@turnkey/sdk-server";
import { Turnkey as Turnkey5 } from "sdk-server-5";

import { readSessionJwt } from "./assertions.mjs";
import { backend } from "./browser/user.mjs";
import { stamperOf, startServer } from "./harness.mjs";

describe("one-time codes from a backend", { timeout: 120_000 }, () => {
  let server, parent, keys;

  before(async () => {
    server = await startServer();
    parent = backend(server);
    keys = await server.publishedKeys();
  });
  after(() => server?.stop());

  describe("@turnkey/sdk-server", () => {
    test("a sealed code logs the owner of the address in", async () => {
      const alice = await newUser();
      const key = generateP256KeyPair();
      const { otpId, otpEncryptionTargetBundle } = await initOtp(alice.email);
      const encryptedOtpBundle = await seal(await codeFor(alice.email), otpEncryptionTargetBundle, key);
      const { verificationToken } = await parent.verifyOtp({ otpId, encryptedOtpBundle });
      const claims = await verifyOtpVerificationToken(verificationToken, keys.otpSignerPublicKey);
      assert.equal(claims.contact, alice.email);
      assert.equal(claims.verification_type, "OTP_TYPE_EMAIL");
      assert.equal(claims.public_key, key.publicKey);
      await assert.rejects(verifyOtpVerificationToken(verificationToken, keys.notarizerPublicKey), /signature is invalid/);

      const { session } = await parent.otpLogin({
        organizationId: alice.organizationId,
        verificationToken,
        publicKey: key.publicKey,
        clientSignature: await signLogin(verificationToken, key, key.publicKey),
      });
      await assertSession(session, key, alice);
      await assert.rejects(
        parent.otpLogin({
          organizationId: alice.organizationId,
          verificationToken,
          publicKey: key.publicKey,
          clientSignature: await signLogin(verificationToken, key, key.publicKey),
          expirationSeconds: "60",
        }),
        undefined,
        "a token logs in once",
      );
    });

    test("the session's key may be another than the token's, which signs for it", async () => {
      const alice = await newUser();
      const [key, sessionKey] = [generateP256KeyPair(), generateP256KeyPair()];
      const verificationToken = await verify(alice.email, key);
      const { session } = await parent.otpLogin({
        organizationId: alice.organizationId,
        verificationToken,
        publicKey: sessionKey.publicKey,
        clientSignature: await signLogin(verificationToken, key, sessionKey.publicKey),
      });
      await assertSession(session, sessionKey, alice);
    });

    test("a login that the token's key didn't sign is refused", async () => {
      const alice = await newUser();
      const [key, thief] = [generateP256KeyPair(), generateP256KeyPair()];
      const verificationToken = await verify(alice.email, key);
      const logIn = async (clientSignature) =>
        parent.otpLogin({
          organizationId: alice.organizationId,
          verificationToken,
          publicKey: thief.publicKey,
          clientSignature,
        });
      const forged = { ...(await signLogin(verificationToken, thief, thief.publicKey)), publicKey: key.publicKey };
      await assert.rejects(logIn(forged));
      await assert.rejects(logIn(await signLogin(verificationToken, thief, thief.publicKey)));
      await assert.rejects(logIn(await signLogin(verificationToken, key, key.publicKey)), undefined, "another key");
    });

    test("a wrong code is refused, and the third locks the right one", async () => {
      const { email } = await newUser();
      const key = generateP256KeyPair();
      const { otpId, otpEncryptionTargetBundle } = await initOtp(email);
      const code = await codeFor(email);
      const wrong = code.replace(/./, (digit) => (digit === "1" ? "2" : "1"));
      for (const attempt of [wrong, wrong, wrong, code]) {
        const encryptedOtpBundle = await seal(attempt, otpEncryptionTargetBundle, key);
        await assert.rejects(parent.verifyOtp({ otpId, encryptedOtpBundle }), { code: 3, message: /Invalid OTP code/ });
      }
    });
  });

  test("@turnkey/sdk-server 5: a code in plain text logs the owner of the address in", async () => {
    const alice = await newUser();
    const key = generateP256KeyPair();
    const older = new Turnkey5({
      apiBaseUrl: server.baseUrl,
      defaultOrganizationId: server.organizationId,
      apiPublicKey: server.parentKey.publicKey,
      apiPrivateKey: server.parentKey.privateKey,
    }).apiClient();
    const { otpId } = await older.initOtp({ otpType: "OTP_TYPE_EMAIL", contact: alice.email, appName: "Compat" });
    const { code: otpCode } = await server.takeMessage(alice.email);
    const { verificationToken } = await older.verifyOtp({ otpId, otpCode });
    const { organizationId } = alice;
    const { session } = await older.otpLogin({ organizationId, verificationToken, publicKey: key.publicKey });
    await assertSession(session, key, alice);
  });

  test("@turnkey/crypto: a bundle that OTP_AUTH gave is opened, and stamps", async () => {
    const { email, organizationId, userId } = await newUser();
    const target = generateP256KeyPair();
    const asked = { organizationId, otpType: "OTP_TYPE_EMAIL", contact: email, appName: "Compat" };
    const { otpId } = await parent.initOtpAuth(asked);
    const { code: otpCode } = await server.takeMessage(email);
    const { credentialBundle } = await parent.otpAuth({
      organizationId,
      otpId,
      otpCode,
      targetPublicKey: target.publicKeyUncompressed,
    });
    const privateKey = decryptCredentialBundle(credentialBundle, target.privateKey);
    const publicKey = Buffer.from(getPublicKey(Buffer.from(privateKey, "hex"), true)).toString("hex");
    assert.equal((await clientOf({ publicKey, privateKey }, organizationId).getWhoami()).userId, userId);
  });

  describe("@turnkey/http, plain text", () => {
    for (const [generation, initType, verifyBound] of [
      ["V1", "INIT_OTP", false],
      ["V2", "INIT_OTP_V2", true],
    ]) {
      test(`${initType}, VERIFY_OTP and OTP_LOGIN${verifyBound ? " under a bound key" : ""}`, async () => {
        const alice = await newUser();
        const key = generateP256KeyPair();
        const appName = "Compat";
        const common = { otpType: "OTP_TYPE_EMAIL", contact: alice.email, otpLength: 6, alphanumeric: false };
        const v1 = { ...common, emailCustomization: { appName } };
        const { otpId } = await submit("initOtp", initType, generation === "V1" ? v1 : { ...common, appName }, {
          result: "initOtpResult",
        });
        const bound = verifyBound && { publicKey: key.publicKey };
        const { verificationToken } = await submit(
          "verifyOtp",
          "VERIFY_OTP",
          { otpId, otpCode: await codeFor(alice.email), ...bound },
          { result: "verifyOtpResult" },
        );
        await assert.rejects(
          verifyOtpVerificationToken(verificationToken, keys.legacyOtpSignerPublicKey),
          /missing required 'organization_id' claim/,
        );
        const clientSignature = verifyBound && (await signLogin(verificationToken, key, key.publicKey));
        const { session } = await submit(
          "otpLogin",
          "OTP_LOGIN",
          { verificationToken, publicKey: key.publicKey, ...(clientSignature && { clientSignature }) },
          { organizationId: alice.organizationId, result: "otpLoginResult" },
        );
        await assertSession(session, key, alice);
      });
    }
  });

  /** A sub-organization whose user has a mail address of its own. */
  async function newUser() {
    const email = `alice-${randomUUID()}@example.org`;
    const key = generateP256KeyPair();
    const apiKey = { apiKeyName: "laptop", publicKey: key.publicKey, curveType: "API_KEY_CURVE_P256" };
    const { subOrganizationId, rootUserIds } = await parent.createSubOrganization({
      subOrganizationName: "Alice's organization",
      rootQuorumThreshold: 1,
      rootUsers: [
        { userName: "Alice", userEmail: email, apiKeys: [apiKey], authenticators: [], oauthProviders: [] },
      ],
    });
    return { email, organizationId: subOrganizationId, userId: rootUserIds[0] };
  }

  function initOtp(contact) {
    return parent.initOtp({
      otpType: "OTP_TYPE_EMAIL",
      contact,
      appName: "Compat",
      otpLength: 6,
      alphanumeric: false,
    });
  }

  async function codeFor(email) {
    const { code } = await server.takeMessage(email);
    assert.match(code, /^[0-9]{6}$/);
    return code;
  }

  function seal(code, bundle, key) {
    return encryptOtpCodeToBundle(code, bundle, key.publicKey, keys.otpSignerPublicKey);
  }

  async function verify(email, key) {
    const { otpId, otpEncryptionTargetBundle } = await initOtp(email);
    const encryptedOtpBundle = await seal(await codeFor(email), otpEncryptionTargetBundle, key);
    return (await parent.verifyOtp({ otpId, encryptedOtpBundle })).verificationToken;
  }

  /** An activity under the type of an older generation, stamped by the parent. */
  async function submit(method, type, parameters, { organizationId = server.organizationId, result }) {
    const client = new TurnkeyClient({ baseUrl: server.baseUrl }, stamperOf(server.parentKey));
    const { activity } = await client[method]({
      type: `ACTIVITY_TYPE_${type}`,
      timestampMs: String(Date.now()),
      organizationId,
      parameters,
    });
    assert.equal(activity.type, `ACTIVITY_TYPE_${type}`);
    assert.equal(activity.status, "ACTIVITY_STATUS_COMPLETED");
    return activity.result[result];
  }

  async function assertSession(session, key, { organizationId, userId }) {
    const claims = await readSessionJwt(session, keys.notarizerPublicKey);
    assert.equal(claims.public_key, key.publicKey);
    assert.equal(claims.organization_id, organizationId);
    assert.equal(claims.user_id, userId);
    assert.equal((await clientOf(key, organizationId).getWhoami()).userId, userId);
  }

  function clientOf(key, organizationId) {
    return new TurnkeyApiClient({ apiBaseUrl: server.baseUrl, organizationId, stamper: stamperOf(key) });
  }
});

/** `key`, which the token names, agrees to a session for another key. */
async function signLogin(verificationToken, key, sessionPublicKey) {
  const message = JSON.stringify({
    login: { publicKey: sessionPublicKey },
    tokenId: claimsOf(verificationToken).id,
    type: "USAGE_TYPE_LOGIN",
  });
  return {
    publicKey: key.publicKey,
    scheme: "CLIENT_SIGNATURE_SCHEME_API_P256",
    message,
    signature: await stamperOf(key).sign(message, "raw"),
  };
}

function claimsOf(jwt) {
  return JSON.parse(Buffer.from(jwt.split(".")[1], "base64url"));
}
