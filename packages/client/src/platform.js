// What this browser, in this mode, has for the core.

import { Clock } from "./clock.js";
import { KeywardError } from "./error.js";
import { Database, IndexedDbKeys, IndexedDbTexts } from "./indexed-db.js";
import { LocalStorageTexts } from "./local-storage.js";
import { Passkeys } from "./passkeys.js";
import { FetchTransport } from "./transport.js";

/**
 * Chooses where keys are kept, and sessions with them: texts that outlived their keys, or that other tabs
 * see and can't use, would only be sessions to lose. `protection` says what it came to.
 */
export async function choosePlatform(options) {
  const { namespace = "keyward", keys = "indexedDb", fallback = "memory" } = options;
  const others = {
    namespace,
    transport: new FetchTransport(options.onExchange),
    clock: new Clock(options.clock),
    passkeys: new Passkeys(options.passkeys),
  };
  let refused;
  for (const kind of new Set([keys, fallback])) {
    try {
      const stores = await open(kind, namespace);
      if (stores) return { ...others, ...stores };
    } catch (error) {
      refused ??= error;
    }
  }
  if (fallback === "none") {
    throw new KeywardError("STORAGE_DENIED", `the browser does not keep keys: ${refused}`);
  }
  return { ...others, ...(await open("memory", namespace)) };
}

/** Stores that were seen to work; undefined for a kind there is not. */
async function open(kind, namespace) {
  switch (kind) {
    case "indexedDb": {
      const database = new Database(`keyward:${namespace}`);
      const keys = new IndexedDbKeys(database);
      await keys.probe();
      return { protection: "unextractable", keys, texts: new IndexedDbTexts(database), database };
    }
    case "riskierLocalStorage": {
      const texts = new LocalStorageTexts(namespace);
      texts.probe();
      return { protection: "local_storage", texts };
    }
    case "memory":
      return { protection: "memory" };
    default:
      return undefined;
  }
}
