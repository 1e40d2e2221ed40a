// The issuer that the OAuth tests log in with, by itself.

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { test } from "node:test";

import { CLIENT_ID, nonceFor, startIssuer } from "./oidc-issuer.mjs";

test("the issuer's ID tokens verify under the keys it publishes, and carry the nonce", async (t) => {
  const issuer = await startIssuer();
  t.after(() => issuer.stop());
  const nonce = nonceFor("02ab");
  const [header, payload, signature] = (await issuer.idToken({ subject: "alice", nonce })).split(".");

  const discovery = await (await fetch(`${issuer.issuer}/.well-known/openid-configuration`)).json();
  assert.equal(discovery.issuer, issuer.issuer);
  const { keys } = await (await fetch(discovery.jwks_uri)).json();
  const { alg, kid } = JSON.parse(Buffer.from(header, "base64url"));
  assert.equal(alg, "RS256");
  const key = createPublicKey({ format: "jwk", key: keys.find((key) => key.kid === kid) });
  assert.ok(verify("sha256", Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url")));

  const claims = JSON.parse(Buffer.from(payload, "base64url"));
  const { iss, aud, sub } = claims;
  assert.deepEqual({ iss, aud, sub, nonce: claims.nonce }, { iss: issuer.issuer, aud: CLIENT_ID, sub: "alice", nonce });
});
