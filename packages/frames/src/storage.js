/** Some browsers give an embedded page no storage; then the embedded key lives as long as the page. */
export function storageOf(window) {
  try {
    return window.localStorage;
  } catch {
    return new MemoryStorage();
  }
}

/** As much of `Storage` as a frame needs, for as long as it is there. */
export class MemoryStorage {
  #items = new Map();

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, value);
  }

  removeItem(key) {
    this.#items.delete(key);
  }
}
