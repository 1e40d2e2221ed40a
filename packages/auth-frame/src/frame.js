// What the frame does when it is asked: `answer(type, value)` → the type and value of the answer.

import { openBundle } from "./credential.js";
import { EmbeddedKey } from "./embedded-key.js";

export class Frame {
  #embeddedKey;
  /** Stamps with the injected credential. In memory only: a reload asks for the bundle again. */
  #stamper;

  constructor(storage, now) {
    this.#embeddedKey = new EmbeddedKey(storage, now);
  }

  /** The message that says the frame is ready; the lifetime, in milliseconds, is for a new key only. */
  async ready(lifetimeMs) {
    return { type: "PUBLIC_KEY_READY", value: await this.#embeddedKey.init(lifetimeMs) };
  }

  /** Undefined when the type isn't for an auth frame. */
  async answer(type, value) {
    switch (type) {
      case "INJECT_CREDENTIAL_BUNDLE":
      case "INJECT_RECOVERY_BUNDLE":
        this.#stamper = openBundle(text(value), this.#privateKey());
        return { type: "BUNDLE_INJECTED", value: true };
      case "STAMP_REQUEST":
        return { type: "STAMP", value: await this.#stamp(text(value)) };
      case "GET_EMBEDDED_PUBLIC_KEY":
        return { type: "EMBEDDED_PUBLIC_KEY", value: this.#embeddedKey.publicKey() };
      case "INIT_EMBEDDED_KEY":
        return { type: "EMBEDDED_PUBLIC_KEY", value: await this.#embeddedKey.init() };
      case "RESET_EMBEDDED_KEY":
        // The credential stays: it stamps the request for its successor, sealed to the next key.
        this.#embeddedKey.reset();
        return { type: "EMBEDDED_KEY_RESET", value: true };
      default:
        return undefined;
    }
  }

  async #stamp(body) {
    if (this.#stamper === undefined) {
      throw new Error("cannot sign payload without credential: inject a credential bundle first");
    }
    return (await this.#stamper.stamp(body)).stampHeaderValue;
  }

  #privateKey() {
    const privateKey = this.#embeddedKey.privateKey();
    if (privateKey === undefined) {
      throw new Error("cannot open the bundle: there is no embedded key, or its time is over");
    }
    return privateKey;
  }
}

function text(value) {
  if (typeof value !== "string") throw new Error("value must be a string");
  return value;
}
