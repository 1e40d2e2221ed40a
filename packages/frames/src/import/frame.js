// What an import frame does when it is asked: `answer(message)` → the type and value of the answer.
//
// The application hands in the bundle that INIT_IMPORT_WALLET or INIT_IMPORT_PRIVATE_KEY gave, the user types
// into the frame, and the application gets what was typed sealed to the server.

import { encryptPrivateKeyToBundle, encryptWalletToBundle } from "@turnkey/crypto";
import { uint8ArrayToHexString } from "@turnkey/encoding";

import { decodeKey } from "../key-format.js";
import { text } from "../message.js";
import { readPhrase, withPassphrase } from "./phrase.js";

export class ImportFrame {
  #view;
  #signerPublicKey;
  /** Where to seal to, for whom; for one time. */
  #target;

  constructor({ view, signerPublicKey }) {
    this.#view = view;
    this.#signerPublicKey = signerPublicKey;
  }

  /** Stampers wait for a key. Nothing is sealed to this frame, so there is none. */
  async ready() {
    return { type: "PUBLIC_KEY_READY", value: "" };
  }

  /** Undefined when the type isn't for an import frame. */
  async answer({ type, value, organizationId, userId, keyFormat }) {
    switch (type) {
      case "INJECT_IMPORT_BUNDLE":
        await this.#inject(text(value), organizationId, userId);
        return { type: "BUNDLE_INJECTED", value: true };
      case "EXTRACT_WALLET_ENCRYPTED_BUNDLE":
        return this.#extract(
          () => withPassphrase(readPhrase(this.#view.secret), this.#view.passphrase),
          (mnemonic, target) => encryptWalletToBundle({ mnemonic, ...target }),
        );
      case "EXTRACT_KEY_ENCRYPTED_BUNDLE":
        return this.#extract(
          () => uint8ArrayToHexString(decodeKey(this.#view.secret, keyFormat)),
          (privateKey, target) => encryptPrivateKeyToBundle({ privateKey, keyFormat: "HEXADECIMAL", ...target }),
        );
      case "APPLY_SETTINGS":
        this.#view.apply(JSON.parse(text(value)));
        return { type: "SETTINGS_APPLIED", value: true };
      case "GET_EMBEDDED_PUBLIC_KEY":
      case "INIT_EMBEDDED_KEY":
        return { type: "EMBEDDED_PUBLIC_KEY", value: "" };
      case "RESET_EMBEDDED_KEY":
        return { type: "EMBEDDED_KEY_RESET", value: true };
      default:
        return undefined;
    }
  }

  async #inject(importBundle, organizationId, userId) {
    this.#target = undefined;
    const dangerouslyOverrideSignerPublicKey = this.#signerPublicKey;
    const target = { importBundle, organizationId, userId, dangerouslyOverrideSignerPublicKey };
    // Sealing anything to it shows whether it is the server's, for that organization and user.
    await encryptWalletToBundle({ mnemonic: "", ...target });
    this.#target = target;
  }

  /** Seals what `read` makes of the user's text, which is gone afterwards, as the bundle is. */
  async #extract(read, seal) {
    const target = this.#target;
    if (target === undefined) {
      throw new Error("cannot seal without an import bundle, which serves once: inject one first");
    }
    let secret;
    try {
      secret = read();
    } catch (error) {
      this.#view.refuse(error.message);
      throw error;
    }
    this.#target = undefined;
    const sealed = await seal(secret, target);
    this.#view.clear();
    return { type: "ENCRYPTED_BUNDLE_EXTRACTED", value: sealed };
  }
}
