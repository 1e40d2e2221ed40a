// Keys that no code gets to read, and texts, in IndexedDB. Unlike Local Storage, what one tab has written the
// next one to hold a lock reads, whichever process it is in.

import { hold } from "./locks.js";

const VERSION = 1;
const KEYS = "keys";
const TEXTS = "texts";
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

/** A database that is opened when it is first used, and again when it was closed under our feet. */
export class Database {
  #name;
  #opening;

  constructor(name) {
    this.#name = name;
  }

  /** Does one thing with one store: `work` gives a request, whose result this resolves to once it is done. */
  async use(store, mode, work) {
    for (let attempt = 0; ; attempt++) {
      const database = await this.#open();
      let transaction;
      try {
        transaction = database.transaction(store, mode, { durability: "strict" });
      } catch (error) {
        // The connection is closed (InvalidStateError), or somebody else's database stands in the place of
        // ours, which lacks the store (NotFoundError).
        this.#forget(database);
        if (attempt > 0) throw error;
        continue;
      }
      return done(transaction, work(transaction.objectStore(store)));
    }
  }

  /** A lock among all who use it. */
  lock(name) {
    return hold(`${this.#name}/${name}`);
  }

  close() {
    this.#opening?.then((database) => database.close(), () => {});
    this.#opening = undefined;
  }

  #open() {
    this.#opening ??= this.#openAnew().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #openAnew() {
    // A getter that throws, or nothing at all, where the browser does not let us.
    const factory = globalThis.indexedDB;
    if (!factory) throw new DOMException("there is no IndexedDB", "NotSupportedError");
    const request = factory.open(this.#name, VERSION);
    request.onupgradeneeded = () => {
      for (const store of [KEYS, TEXTS]) request.result.createObjectStore(store);
    };
    const database = await settled(request);
    // Somebody wants to delete the database, or has: let them, and open it again when it is needed.
    database.onversionchange = database.onclose = () => this.#forget(database);
    return database;
  }

  #forget(database) {
    database.close();
    this.#opening = undefined;
  }
}

/** P-256 keys by their public halves: SEC1 compressed, hex. */
export class IndexedDbKeys {
  #database;

  constructor(database) {
    this.#database = database;
  }

  /** Whether the browser keeps such keys. Some can't store what can't be extracted; then this rejects. */
  async probe() {
    const name = `probe ${crypto.randomUUID()}`;
    const { privateKey } = await generateKey();
    await this.#put(name, privateKey, 0);
    try {
      const { privateKey: kept } = await this.#get(name);
      await crypto.subtle.sign(SIGNATURE, kept, new Uint8Array(1));
    } finally {
      await this.delete(name);
    }
  }

  async generate(createdAtMs) {
    const { privateKey, publicKey } = await generateKey();
    const name = compressed(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
    await this.#put(name, privateKey, createdAtMs);
    return name;
  }

  async import(publicKey, x, y, d, createdAtMs) {
    const jwk = { kty: "EC", crv: "P-256", x, y, d };
    const privateKey = await crypto.subtle.importKey("jwk", jwk, ALGORITHM, false, ["sign"]);
    await this.#put(publicKey, privateKey, createdAtMs);
  }

  /** Names and times in turn. */
  async list() {
    const listed = [];
    await this.#database.use(KEYS, "readonly", (store) => {
      const request = store.openCursor();
      request.onsuccess = () => {
        const cursor = request.result;
        if (cursor === null) return;
        if (/^[0-9a-f]{66}$/.test(cursor.key)) listed.push(cursor.key, String(cursor.value.createdAtMs));
        cursor.continue();
      };
      return request;
    });
    return listed;
  }

  /** r and s, 32 bytes each; undefined when there is no such key. */
  async sign(publicKey, message) {
    const kept = await this.#get(publicKey);
    if (kept === undefined) return undefined;
    return new Uint8Array(await crypto.subtle.sign(SIGNATURE, kept.privateKey, message));
  }

  async delete(publicKey) {
    await this.#database.use(KEYS, "readwrite", (store) => store.delete(publicKey));
  }

  #get(name) {
    return this.#database.use(KEYS, "readonly", (store) => store.get(name));
  }

  async #put(name, privateKey, createdAtMs) {
    const value = { privateKey, createdAtMs: Number(createdAtMs) };
    await this.#database.use(KEYS, "readwrite", (store) => store.put(value, name));
  }
}

/** Texts by name. */
export class IndexedDbTexts {
  #database;

  constructor(database) {
    this.#database = database;
  }

  get(name) {
    return this.#database.use(TEXTS, "readonly", (store) => store.get(name));
  }

  async set(name, text) {
    await this.#database.use(TEXTS, "readwrite", (store) => store.put(text, name));
  }

  async remove(name) {
    await this.#database.use(TEXTS, "readwrite", (store) => store.delete(name));
  }

  names() {
    return this.#database.use(TEXTS, "readonly", (store) => store.getAllKeys());
  }

  lock(name) {
    return this.#database.lock(name);
  }
}

function generateKey() {
  if (!globalThis.crypto?.subtle) throw new DOMException("there is no WebCrypto", "NotSupportedError");
  return crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);
}

/** SEC1 compressed, in hex, of an uncompressed point. */
function compressed(point) {
  const x = Array.from(point.subarray(1, 33), (byte) => byte.toString(16).padStart(2, "0"));
  return `0${2 + (point[64] & 1)}${x.join("")}`;
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new DOMException("the database is blocked", "InvalidStateError"));
  });
}

/** The result of the request once its transaction is written. */
function done(transaction, request) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
  });
}
