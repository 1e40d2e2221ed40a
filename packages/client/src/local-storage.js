// Texts in Local Storage.

import { hold } from "./locks.js";

/**
 * How long what another process has written may take to be seen here, in milliseconds: Local Storage, unlike
 * IndexedDB, does not wait for it.
 */
const SETTLE_MS = 25;

export class LocalStorageTexts {
  #prefix;

  /** Whatever else stands in Local Storage is not seen. */
  constructor(namespace) {
    this.#prefix = `keyward:${namespace}/`;
  }

  /** Whether the browser lets us; throws if not. */
  probe() {
    const key = this.#prefix;
    localStorage.setItem(key, key);
    const kept = localStorage.getItem(key);
    localStorage.removeItem(key);
    if (kept !== key) throw new DOMException("Local Storage does not keep texts", "NotSupportedError");
  }

  async get(name) {
    return localStorage.getItem(this.#prefix + name);
  }

  async set(name, text) {
    localStorage.setItem(this.#prefix + name, text);
  }

  async remove(name) {
    localStorage.removeItem(this.#prefix + name);
  }

  async names() {
    const keys = Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index));
    return keys.filter((key) => key?.startsWith(this.#prefix)).map((key) => key.slice(this.#prefix.length));
  }

  async lock(name) {
    const release = await hold(this.#prefix + name);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return release;
  }
}
