// The software authenticator against implementations that aren't ours. Needs no server.

import assert from "node:assert/strict";
import { createHash, randomBytes, verify } from "node:crypto";
import { test } from "node:test";

import { WebauthnStamper } from "@turnkey/webauthn-stamper";

import { SoftwareAuthenticator } from "./authenticator.mjs";

const BODY = JSON.stringify({ organizationId: "6f1f9a0e-3a70-4a57-9d3c-2f6f1f3c9b10" });

test("an assertion verifies under the registered key", () => {
  const passkey = new SoftwareAuthenticator();
  const { authenticatorData, clientDataJSON, signature } = passkey.get(randomBytes(32));
  const hash = createHash("sha256").update(clientDataJSON).digest();
  const signed = Buffer.concat([authenticatorData, hash]);

  assert.ok(verify("sha256", signed, passkey.publicKey, signature));
  signed[0] ^= 1;
  assert.ok(!verify("sha256", signed, passkey.publicKey, signature));
});

test("a registration carries the credential where WebAuthn puts it", () => {
  const passkey = new SoftwareAuthenticator({ rpId: "example.com", origin: "https://example.com" });
  const { attestation, challenge } = passkey.register("phone");
  const object = Buffer.from(attestation.attestationObject, "base64url");
  const rpIdHash = createHash("sha256").update("example.com").digest();
  const authData = object.subarray(object.indexOf(rpIdHash));

  assert.equal(authData[32], 0x41, "flags: user present, attested credential data");
  assert.equal(authData.readUInt16BE(53), 20, "length of the credential id");
  assert.equal(authData.subarray(55, 75).toString("base64url"), attestation.credentialId);
  assert.deepEqual(authData.subarray(75), passkey.coseKey);
  assert.deepEqual(JSON.parse(Buffer.from(attestation.clientDataJson, "base64url")), {
    type: "webauthn.create",
    challenge,
    origin: "https://example.com",
    crossOrigin: false,
  });
});

test("the SDK's own passkey stamper makes the same header of it", async (t) => {
  const passkey = new SoftwareAuthenticator();
  const stubbed = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  t.after(() => {
    delete globalThis.navigator;
    if (stubbed) Object.defineProperty(globalThis, "navigator", stubbed);
  });
  Object.defineProperty(globalThis, "navigator", {
    configurable: true,
    value: { credentials: { get: async ({ publicKey }) => browserCredential(passkey, publicKey) } },
  });

  const ours = await passkey.stamp(BODY);
  const theirs = await new WebauthnStamper({ rpId: passkey.rpId }).stamp(BODY);

  assert.equal(ours.stampHeaderName, theirs.stampHeaderName);
  const { signature: _ours, ...oursFixed } = JSON.parse(ours.stampHeaderValue);
  const { signature: _theirs, ...theirsFixed } = JSON.parse(theirs.stampHeaderValue);
  assert.deepEqual(oursFixed, theirsFixed);
});

/** A `PublicKeyCredential` as a browser would hand it to the page. */
function browserCredential(passkey, { challenge }) {
  const buffer = (bytes) => Uint8Array.from(bytes).buffer;
  const { authenticatorData, clientDataJSON, signature } = passkey.get(Buffer.from(challenge));
  return {
    id: passkey.credentialId,
    rawId: buffer(passkey.rawId),
    type: "public-key",
    response: {
      authenticatorData: buffer(authenticatorData),
      clientDataJSON: buffer(clientDataJSON),
      signature: buffer(signature),
      userHandle: null,
    },
    getClientExtensionResults: () => ({}),
  };
}
