// A passkey without a browser: the registration and the assertions of a WebAuthn authenticator.
//
// Source: WebAuthn Level 2 §6.1 (authenticator data), §6.5.4 (attestation object), §8.7 (format
// "none"); RFC 9052 §7 and RFC 9053 §7.1.1 (COSE keys); RFC 8949 (CBOR).

import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const USER_PRESENT = 0x01;
const ATTESTED_CREDENTIAL_DATA = 0x40;

export class SoftwareAuthenticator {
  #privateKey;

  constructor({ rpId = "localhost", origin = "http://localhost" } = {}) {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#privateKey = privateKey;
    this.publicKey = publicKey;
    this.rpId = rpId;
    this.origin = origin;
    this.rawId = randomBytes(20);
    this.credentialId = base64url(this.rawId);
  }

  /** The public key as COSE_Key: EC2, ES256, P-256, x, y. */
  get coseKey() {
    const { x, y } = this.publicKey.export({ format: "jwk" });
    const point = [x, y].map((coordinate) => Buffer.from(coordinate, "base64url"));
    return cbor.map([
      [cbor.integer(1), cbor.integer(2)],
      [cbor.integer(3), cbor.integer(-7)],
      [cbor.integer(-1), cbor.integer(1)],
      [cbor.integer(-2), cbor.bytes(point[0])],
      [cbor.integer(-3), cbor.bytes(point[1])],
    ]);
  }

  /** What `navigator.credentials.create` gives for a challenge. */
  create(challenge) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.rawId.length);
    const aaguid = Buffer.alloc(16);
    const authData = Buffer.concat([
      this.#authenticatorData(USER_PRESENT | ATTESTED_CREDENTIAL_DATA),
      aaguid,
      length,
      this.rawId,
      this.coseKey,
    ]);
    return {
      clientDataJSON: this.#clientData("webauthn.create", challenge),
      attestationObject: cbor.map([
        [cbor.text("fmt"), cbor.text("none")],
        [cbor.text("attStmt"), cbor.map([])],
        [cbor.text("authData"), cbor.bytes(authData)],
      ]),
    };
  }

  /** What `navigator.credentials.get` gives for a challenge. */
  get(challenge) {
    const authenticatorData = this.#authenticatorData(USER_PRESENT);
    const clientDataJSON = this.#clientData("webauthn.get", challenge);
    const signed = Buffer.concat([authenticatorData, sha256(clientDataJSON)]);
    return { authenticatorData, clientDataJSON, signature: sign("sha256", signed, this.#privateKey) };
  }

  /** The registration as an entry of `authenticators` in a user's parameters. */
  register(authenticatorName) {
    const challenge = randomBytes(32);
    const { clientDataJSON, attestationObject } = this.create(challenge);
    return {
      authenticatorName,
      challenge: base64url(challenge),
      attestation: {
        credentialId: this.credentialId,
        clientDataJson: base64url(clientDataJSON),
        attestationObject: base64url(attestationObject),
        transports: ["AUTHENTICATOR_TRANSPORT_INTERNAL"],
      },
    };
  }

  /**
   * A stamper for any SDK. The challenge is not the digest of the body but the text of its
   * hexadecimal form.
   */
  async stamp(body) {
    const challenge = Buffer.from(sha256(Buffer.from(body)).toString("hex"));
    const { authenticatorData, clientDataJSON, signature } = this.get(challenge);
    return {
      stampHeaderName: "X-Stamp-Webauthn",
      stampHeaderValue: JSON.stringify({
        authenticatorData: base64url(authenticatorData),
        clientDataJson: base64url(clientDataJSON),
        credentialId: this.credentialId,
        signature: base64url(signature),
      }),
    };
  }

  #authenticatorData(flags) {
    const signatureCounter = Buffer.alloc(4);
    return Buffer.concat([sha256(Buffer.from(this.rpId)), Buffer.from([flags]), signatureCounter]);
  }

  #clientData(type, challenge) {
    const fields = { type, challenge: base64url(challenge), origin: this.origin, crossOrigin: false };
    return Buffer.from(JSON.stringify(fields));
  }
}

/** The little CBOR that a registration needs, in its shortest form. */
const cbor = {
  integer: (value) => (value < 0 ? head(1, -1 - value) : head(0, value)),
  bytes: (value) => Buffer.concat([head(2, value.length), value]),
  text: (value) => Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]),
  map: (entries) => Buffer.concat([head(5, entries.length), ...entries.flat()]),
};

function head(majorType, argument) {
  const kind = majorType << 5;
  if (argument < 24) return Buffer.from([kind | argument]);
  if (argument < 0x100) return Buffer.from([kind | 24, argument]);
  return Buffer.from([kind | 25, argument >> 8, argument & 0xff]);
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest();
}

function base64url(bytes) {
  return Buffer.from(bytes).toString("base64url");
}
