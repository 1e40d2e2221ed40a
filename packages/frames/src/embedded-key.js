// The key that bundles are sealed to: ECDH on P-256, kept for 48 hours in the frame's own storage, where the
// embedding page can't read it. Frames share an origin, so each kind has a name for its own.

import { uint8ArrayToHexString } from "@turnkey/encoding";

const LIFETIME_MS = 48 * 60 * 60 * 1000;
const ALGORITHM = { name: "ECDH", namedCurve: "P-256" };

export class EmbeddedKey {
  #storage;
  #name;
  #now;
  /** When this page made the key; undefined when it found one. */
  #madeAt;

  constructor(storage, name, now = Date.now) {
    this.#storage = storage;
    this.#name = name;
    this.#now = now;
  }

  /** Answers what every frame with a key is asked about it; undefined to anything else. */
  async answer(type) {
    switch (type) {
      case "GET_EMBEDDED_PUBLIC_KEY":
        return { type: "EMBEDDED_PUBLIC_KEY", value: this.publicKey() };
      case "INIT_EMBEDDED_KEY":
        return { type: "EMBEDDED_PUBLIC_KEY", value: await this.init() };
      case "RESET_EMBEDDED_KEY":
        this.reset();
        return { type: "EMBEDDED_KEY_RESET", value: true };
      default:
        return undefined;
    }
  }

  /** The public key, uncompressed, in hex, of a key made now if there is none. */
  async init(lifetimeMs) {
    if (lifetimeMs !== undefined && !(Number.isFinite(lifetimeMs) && lifetimeMs > 0)) {
      throw new Error("the lifetime of the embedded key must be a number of milliseconds");
    }
    if (this.#stored() === undefined) {
      const { privateKey } = await crypto.subtle.generateKey(ALGORITHM, true, ["deriveBits"]);
      const jwk = await crypto.subtle.exportKey("jwk", privateKey);
      // Another frame of this page may have made one meanwhile: the first is everybody's.
      if (this.#stored() === undefined) {
        this.#madeAt = this.#now();
        this.#store(jwk, LIFETIME_MS);
      }
    }
    // An override is for new keys only. It arrives after the page made one, which is still new then.
    if (lifetimeMs !== undefined && this.#madeAt !== undefined) {
      this.#store(this.#stored(), lifetimeMs);
    }
    return this.publicKey();
  }

  /** The public key, uncompressed, in hex; empty when there is none. */
  publicKey() {
    const jwk = this.#stored();
    return jwk === undefined ? "" : `04${hex(jwk.x)}${hex(jwk.y)}`;
  }

  /** The private scalar, in hex. */
  privateKey() {
    const jwk = this.#stored();
    if (jwk === undefined) {
      throw new Error("cannot open the bundle: there is no embedded key, or its time is over");
    }
    return hex(jwk.d);
  }

  reset() {
    this.#storage.removeItem(this.#name);
    this.#madeAt = undefined;
  }

  #store(value, lifetimeMs) {
    this.#storage.setItem(this.#name, JSON.stringify({ value, expiry: this.#madeAt + lifetimeMs }));
  }

  /** The key as JWK, unless its time is over. */
  #stored() {
    const text = this.#storage.getItem(this.#name);
    if (text === null) return undefined;
    const { value, expiry } = JSON.parse(text);
    if (this.#now() < expiry) return value;
    this.reset();
    return undefined;
  }
}

function hex(base64url) {
  const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return uint8ArrayToHexString(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}
