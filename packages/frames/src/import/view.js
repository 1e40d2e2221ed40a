// What the user sees of an import frame, and types into it.

import { applyStyles } from "../settings.js";

export class ImportView {
  #secret;
  #passphrase;
  #passphraseBox;
  #message;

  constructor(document) {
    const part = (id) => ({
      field: document.getElementById(id),
      label: document.getElementById(`${id}-label`),
    });
    this.#secret = part("secret");
    this.#passphrase = part("passphrase");
    this.#passphraseBox = document.getElementById("passphrase-box");
    this.#message = document.getElementById("message");
    for (const { field } of [this.#secret, this.#passphrase]) {
      field.addEventListener("input", () => this.#say(""));
      field.addEventListener("paste", () => setTimeout(emptyClipboard));
    }
    // Browsers remember fields over a reload.
    this.clear();
  }

  get secret() {
    return this.#secret.field.value;
  }

  /** Empty when it isn't asked for. */
  get passphrase() {
    return this.#passphraseBox.hidden ? "" : this.#passphrase.field.value;
  }

  /** Says what is wrong with the phrase or key, until it is changed. */
  refuse(reason) {
    this.#say(`${reason[0].toUpperCase()}${reason.slice(1)}.`);
    this.#secret.field.focus();
  }

  clear() {
    this.#secret.field.value = "";
    this.#passphrase.field.value = "";
    this.#say("");
  }

  apply({ styles, passphraseStyles, enablePassphrase }) {
    applyStyles(styles, this.#secret);
    applyStyles(passphraseStyles, this.#passphrase);
    if (enablePassphrase !== undefined) this.#passphraseBox.hidden = enablePassphrase !== true;
  }

  #say(message) {
    this.#message.textContent = message;
    this.#secret.field.setAttribute("aria-invalid", String(message !== ""));
  }
}

/** What was pasted should not stay there. An application says with `clearClipboardOnPaste` whether it may be done. */
async function emptyClipboard() {
  try {
    await navigator.clipboard.writeText("");
  } catch {
    // It may not, or there is no such thing.
  }
}
