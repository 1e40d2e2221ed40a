// What an export frame does when it is asked: `answer(message)` → the type and value of the answer.
//
// What a bundle holds is shown to the user and never told to the application.

import { decryptExportBundle } from "@turnkey/crypto";
import { uint8ArrayFromHexString, uint8ArrayToHexString } from "@turnkey/encoding";

import { EmbeddedKey } from "../embedded-key.js";
import { encodeKey } from "../key-format.js";
import { text } from "../message.js";

export class ExportFrame {
  #view;
  #signerPublicKey;
  /** What a bundle is sealed to; for one time. */
  #embeddedKey;
  /** A private key in hex that came in a bundle: those that follow are sealed to it. In memory only. */
  #override;

  constructor({ storage, view, signerPublicKey, now }) {
    this.#view = view;
    this.#signerPublicKey = signerPublicKey;
    this.#embeddedKey = new EmbeddedKey(storage, "KEYWARD_EXPORT_KEY", now);
  }

  /** The message that says the frame is ready; the lifetime, in milliseconds, is for a new key only. */
  async ready(lifetimeMs) {
    return { type: "PUBLIC_KEY_READY", value: await this.#embeddedKey.init(lifetimeMs) };
  }

  /** Undefined when the type isn't for an export frame. */
  async answer({ type, value, organizationId, keyFormat }) {
    switch (type) {
      case "INJECT_WALLET_EXPORT_BUNDLE":
        await this.#inject(text(value), organizationId, (bytes) => this.#view.showPhrase(readPhrase(bytes)));
        return { type: "BUNDLE_INJECTED", value: true };
      case "INJECT_KEY_EXPORT_BUNDLE":
        await this.#inject(text(value), organizationId, (bytes) => this.#view.showKey(encodeKey(bytes, keyFormat)));
        return { type: "BUNDLE_INJECTED", value: true };
      case "CLEAR_EMBEDDED_PRIVATE_KEY":
        this.#view.clear();
        return { type: "EMBEDDED_PRIVATE_KEY_CLEARED", value: true };
      case "APPLY_SETTINGS":
        this.#view.apply(JSON.parse(text(value)));
        return { type: "SETTINGS_APPLIED", value: true };
      case "SET_EMBEDDED_KEY_OVERRIDE":
        this.#override = undefined;
        await this.#inject(text(value), organizationId, (bytes) => {
          encodeKey(bytes); // or it is none
          this.#override = uint8ArrayToHexString(bytes);
        });
        return { type: "EMBEDDED_KEY_OVERRIDE_SET", value: true };
      case "RESET_TO_DEFAULT_EMBEDDED_KEY":
        this.#override = undefined;
        return { type: "RESET_TO_DEFAULT_EMBEDDED_KEY", value: true };
      case "SIGN_MESSAGE":
      case "SIGN_TRANSACTION":
        throw new Error("an export frame shows keys and signs with none: ask the server to sign");
      default:
        return this.#embeddedKey.answer(type);
    }
  }

  /** Opens a bundle of the organization and uses it; the key that it was sealed to has served then. */
  async #inject(exportBundle, organizationId, use) {
    const override = this.#override;
    const opened = await decryptExportBundle({
      exportBundle,
      organizationId,
      embeddedKey: override ?? this.#embeddedKey.privateKey(),
      dangerouslyOverrideSignerPublicKey: this.#signerPublicKey,
      returnMnemonic: false,
    });
    use(uint8ArrayFromHexString(opened));
    if (override === undefined) this.#embeddedKey.reset();
  }
}

/** A passphrase stands in the second line. */
function readPhrase(bytes) {
  const lines = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const end = lines.indexOf("\n");
  return end < 0 ? { phrase: lines } : { phrase: lines.slice(0, end), passphrase: lines.slice(end + 1) };
}
