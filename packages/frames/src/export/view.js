// What the user sees of an export frame.

import { applyStyles } from "../settings.js";

export class ExportView {
  #hint;
  #secret;
  #passphrase;

  constructor(document) {
    this.#hint = document.getElementById("hint");
    this.#secret = part(document, "secret");
    this.#passphrase = part(document, "passphrase");
    // Browsers remember fields over a reload.
    this.clear();
  }

  /** A recovery phrase, and its passphrase if there is one. */
  showPhrase({ phrase, passphrase }) {
    this.#show("Recovery phrase", phrase, passphrase);
  }

  showKey(key) {
    this.#show("Private key", key);
  }

  clear() {
    fill(this.#secret);
    fill(this.#passphrase);
    this.#hint.hidden = false;
  }

  apply({ styles, passphraseStyles }) {
    applyStyles(styles, this.#secret);
    applyStyles(passphraseStyles, this.#passphrase);
  }

  #show(label, text, passphrase) {
    this.#hint.hidden = true;
    this.#secret.label.textContent = label;
    fill(this.#secret, text);
    fill(this.#passphrase, passphrase);
  }
}

/** A field with its label, in a box that is hidden while the field is empty. */
function part(document, id) {
  return {
    field: document.getElementById(id),
    label: document.getElementById(`${id}-label`),
    box: document.getElementById(`${id}-box`),
  };
}

function fill({ field, box }, text = "") {
  field.value = text;
  box.hidden = text === "";
}
