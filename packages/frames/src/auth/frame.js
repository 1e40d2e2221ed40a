// What an auth frame does when it is asked: `answer(message)` → the type and value of the answer.

import { EmbeddedKey } from "../embedded-key.js";
import { text } from "../message.js";
import { openBundle } from "./credential.js";

export class AuthFrame {
  /** It may be reset while the credential stays: that stamps the request for its successor. */
  #embeddedKey;
  /** Stamps with the injected credential. In memory only: a reload asks for the bundle again. */
  #stamper;

  constructor(storage, now) {
    this.#embeddedKey = new EmbeddedKey(storage, "TURNKEY_EMBEDDED_KEY", now);
  }

  /** The message that says the frame is ready; the lifetime, in milliseconds, is for a new key only. */
  async ready(lifetimeMs) {
    return { type: "PUBLIC_KEY_READY", value: await this.#embeddedKey.init(lifetimeMs) };
  }

  /** Undefined when the type isn't for an auth frame. */
  async answer({ type, value }) {
    switch (type) {
      case "INJECT_CREDENTIAL_BUNDLE":
      case "INJECT_RECOVERY_BUNDLE":
        this.#stamper = openBundle(text(value), this.#embeddedKey.privateKey());
        return { type: "BUNDLE_INJECTED", value: true };
      case "STAMP_REQUEST":
        return { type: "STAMP", value: await this.#stamp(text(value)) };
      default:
        return this.#embeddedKey.answer(type);
    }
  }

  async #stamp(body) {
    if (this.#stamper === undefined) {
      throw new Error("cannot sign payload without credential: inject a credential bundle first");
    }
    return (await this.#stamper.stamp(body)).stampHeaderValue;
  }
}
