// What Keyward adds for sessions: ending them, and telling other services whose they are.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { generateP256KeyPair, verifySessionJwtSignature } from "@turnkey/crypto";
import { TurnkeyApiClient } from "@turnkey/sdk-server";
import { createRemoteJWKSet, jwtVerify } from "jose";

import { assertThrows } from "./assertions.mjs";
import { backend } from "./browser/user.mjs";
import { stamperOf, startServer } from "./harness.mjs";

const REVOKED = {
  code: 16,
  message: /could not find public key in organization or its parent organization/,
  turnkeyErrorCode: "PUBLIC_KEY_NOT_FOUND",
};

describe("sessions beyond Turnkey's API", { timeout: 60_000 }, () => {
  let server, published, alice;

  before(async () => {
    server = await startServer();
    published = await server.publishedKeys();
    const key = generateP256KeyPair();
    const apiKey = { apiKeyName: "laptop", publicKey: key.publicKey, curveType: "API_KEY_CURVE_P256" };
    const { subOrganizationId, rootUserIds } = await backend(server).createSubOrganization({
      subOrganizationName: "Alice's organization",
      rootQuorumThreshold: 1,
      rootUsers: [{ userName: "Alice", apiKeys: [apiKey], authenticators: [], oauthProviders: [] }],
    });
    alice = { key, organizationId: subOrganizationId, userId: rootUserIds[0] };
  });
  after(() => server?.stop());

  test("a session that its user revokes is refused from the next request on", async () => {
    const [session, other] = [await logIn(), await logIn()];
    await clientOf(session.key).getWhoami();
    const { sessions } = await query("list_sessions", session.key);
    const { sessionId } = sessions.find(({ publicKey }) => publicKey === session.key.publicKey);
    const result = await submit("revoke_session", { sessionId }, other.key);
    assert.deepEqual(result, { sessionId });
    await assertThrows(clientOf(session.key).getWhoami(), REVOKED);
    await clientOf(other.key).getWhoami();
  });

  test("revoke_sessions with exceptCurrent leaves the session that asks", async () => {
    const [current, ...others] = [await logIn(), await logIn(), await logIn()];
    const { sessionIds } = await submit("revoke_sessions", { exceptCurrent: true }, current.key);
    assert.ok(sessionIds.length >= others.length);
    for (const { key } of others) await assertThrows(clientOf(key).getWhoami(), REVOKED);
    const { sessions } = await query("list_sessions", current.key);
    assert.deepEqual(
      sessions.map(({ publicKey, current }) => ({ publicKey, current })),
      [{ publicKey: current.key.publicKey, current: true }],
    );
  });

  test("another service verifies session_token with any JOSE library and the published key set", async () => {
    const { key } = await logIn();
    const { token } = await query("session_token", key);
    const keySet = createRemoteJWKSet(new URL(published.jwksUri));
    const expected = { issuer: published.issuer, audience: server.organizationId, algorithms: ["ES256"] };
    const { payload } = await jwtVerify(token, keySet, expected);
    assert.equal(payload.sub, alice.userId);
    assert.equal(payload.organization_id, alice.organizationId);
    assert.equal(payload.parent_organization_id, server.organizationId);
    assert.equal(payload.public_key, key.publicKey);
    assert.equal(payload.session_type, "SESSION_TYPE_READ_WRITE");
    const { sessions } = await query("list_sessions", key);
    assert.equal(sessions.find(({ current }) => current).sessionId, payload.session_id);
    assert.ok(payload.exp - payload.iat <= 300);

    await assert.rejects(jwtVerify(token, keySet, { ...expected, audience: "somebody else" }), {
      code: "ERR_JWT_CLAIM_VALIDATION_FAILED",
    });
    const [header, , signature] = token.split(".");
    const claims = Buffer.from(JSON.stringify({ ...payload, sub: "mallory" })).toString("base64url");
    await assert.rejects(jwtVerify([header, claims, signature].join("."), keySet, expected), {
      code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    });
  });

  test("a login's own JWT is hashed twice: @turnkey/crypto verifies it, a JOSE library doesn't", async () => {
    const { session } = await logIn();
    assert.equal(await verifySessionJwtSignature(session, published.notarizerPublicKey), true);
    assert.equal(await verifySessionJwtSignature(session, published.otpSignerPublicKey), false);
    assert.equal(await verifySessionJwtSignature(session), false, "Turnkey's own key");
    await assert.rejects(jwtVerify(session, createRemoteJWKSet(new URL(published.jwksUri))), {
      code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    });
  });

  /** A session of Alice's, opened with the key of her laptop. */
  async function logIn() {
    const key = generateP256KeyPair();
    const { session } = await clientOf(alice.key).stampLogin({ publicKey: key.publicKey });
    return { key, session };
  }

  function clientOf(key) {
    const { organizationId } = alice;
    return new TurnkeyApiClient({ apiBaseUrl: server.baseUrl, organizationId, stamper: stamperOf(key) });
  }

  function query(route, key) {
    return server.queryExtension(route, { organizationId: alice.organizationId }, stamperOf(key));
  }

  function submit(route, parameters, key) {
    return server.submitExtension(route, parameters, alice.organizationId, stamperOf(key));
  }
});
