// What the frames' tests share: a server's signer, and bundles as it makes them.

import { generateKeyPairSync, sign, webcrypto } from "node:crypto";
import { readFile } from "node:fs/promises";

import { formatHpkeBuf, getPublicKey, hpkeDecrypt, hpkeEncrypt } from "@turnkey/crypto";
import { uint8ArrayFromHexString, uint8ArrayToHexString } from "@turnkey/encoding";

import { MemoryStorage } from "./src/storage.js";

globalThis.crypto ??= webcrypto; // Node.js 18

const HOUR_MS = 3_600_000;

export async function readVectors(name) {
  return JSON.parse(await readFile(new URL(`../../tests/vectors/${name}.json`, import.meta.url), "utf8"));
}

/** A storage that has an embedded key, given in hex. */
export function storageWithKey(name, privateKey) {
  const d = Buffer.from(privateKey, "hex");
  const point = Buffer.from(getPublicKey(new Uint8Array(d), false)).subarray(1);
  const [x, y] = [point.subarray(0, 32), point.subarray(32)];
  const [jwkD, jwkX, jwkY] = [d, x, y].map((bytes) => bytes.toString("base64url"));
  const value = { kty: "EC", crv: "P-256", d: jwkD, x: jwkX, y: jwkY };
  const storage = new MemoryStorage();
  storage.setItem(name, JSON.stringify({ value, expiry: Date.now() + HOUR_MS }));
  return storage;
}

export class Signer {
  #privateKey;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#privateKey = privateKey;
    this.publicKey = publicKey.export({ type: "spki", format: "der" }).subarray(-65).toString("hex");
  }

  /** What EXPORT_WALLET and its like give. */
  exportBundle(plaintext, targetPublicKey, organizationId) {
    const targetKeyBuf = uint8ArrayFromHexString(targetPublicKey);
    const sealed = hpkeEncrypt({ plainTextBuf: new Uint8Array(Buffer.from(plaintext)), targetKeyBuf });
    return this.#envelope({ ...JSON.parse(formatHpkeBuf(sealed)), organizationId });
  }

  /** What INIT_IMPORT_WALLET and its like give. */
  importBundle(targetPublic, organizationId, userId) {
    return this.#envelope({ targetPublic, organizationId, userId });
  }

  #envelope(inner) {
    const data = Buffer.from(JSON.stringify(inner));
    return JSON.stringify({
      version: "v1.0.0",
      data: data.toString("hex"),
      dataSignature: sign("sha256", data, this.#privateKey).toString("hex"),
      enclaveQuorumPublic: this.publicKey,
    });
  }
}

/** What a client sealed to a key, both in hex. */
export function openMessage(message, receiverPriv) {
  const { encappedPublic, ciphertext } = JSON.parse(message);
  const opened = hpkeDecrypt({
    ciphertextBuf: uint8ArrayFromHexString(ciphertext),
    encappedKeyBuf: uint8ArrayFromHexString(encappedPublic),
    receiverPriv,
  });
  return uint8ArrayToHexString(opened);
}
