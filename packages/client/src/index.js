// The package's entry. The wasm file lies beside it and is found by its own address.

import { KeywardError } from "./error.js";
import init, * as wasm from "./keyward_client.js";
import { openPopup, postOauthResult, returnOf } from "./oauth.js";
import { choosePlatform } from "./platform.js";
import { routes } from "./routes.js";
import { walletOf } from "./wallets.js";

export { keccak256, recoverSecp256k1, verifyP256 } from "./keyward_client.js";
export { KeywardError, postOauthResult, routes };

/** When a browser may have been asleep. */
const WAKING = ["visibilitychange", "focus", "online", "pageshow"];

let loading;

/** Loads the wasm, from `source` where the browser would not find it: `{ module_or_path }`. */
export function load(source) {
  loading ??= init(source).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading.then(() => {});
}

export async function createClient(options) {
  const [platform] = await Promise.all([choosePlatform(options), load()]);
  const { baseUrl, organizationId, authProxy, otpSignerPublicKey, namespace, refreshes, aheadSeconds } = options;
  const told = { baseUrl, organizationId, authProxy, otpSignerPublicKey, namespace, refreshes, aheadSeconds };
  return new Client(new wasm.Core(told, platform), platform);
}

/** What a session token says; null when the notarizer did not sign it. The wasm must have been loaded. */
export function verifySessionToken(token, notarizerPublicKeyHex) {
  return wasm.verifySessionToken(token, notarizerPublicKeyHex);
}

export class Client {
  #core;
  #database;
  #channel;
  #listeners = new Set();
  #wake = () => this.#core.wake();

  /** See `createClient`. */
  constructor(core, { protection, namespace, database }) {
    this.#core = core;
    this.#database = database;
    this.keyProtection = protection;
    this.api = Object.fromEntries(
      routes.map(({ route }) => [camelCase(route), (parameters, as) => this.call(route, parameters, as)]),
    );
    // Tabs share sessions as far as they share stores.
    if (protection !== "memory" && globalThis.BroadcastChannel) {
      this.#channel = new BroadcastChannel(`keyward:${namespace}`);
      this.#channel.onmessage = ({ data }) => core.heard(data);
    }
    core.listen((event, fromElsewhere) => {
      if (!fromElsewhere) this.#channel?.postMessage(event);
      for (const listener of this.#listeners) call(listener, { ...event, fromElsewhere });
    });
    for (const name of WAKING) {
      globalThis.addEventListener?.(name, this.#wake);
      globalThis.document?.addEventListener(name, this.#wake);
    }
    core.run();
  }

  now() {
    return Number(this.#core.now());
  }

  async syncTime() {
    return Number(await this.#core.syncTime());
  }

  sessions() {
    return this.#core.sessions();
  }

  async session(name) {
    try {
      return await this.#core.session(name);
    } catch (error) {
      if (error.code === "NOT_LOGGED_IN") return null;
      throw error;
    }
  }

  async active() {
    return (await this.#core.active()) ?? null;
  }

  setActive(name) {
    return this.#core.setActive(name);
  }

  refresh(name) {
    return this.#core.refresh(name);
  }

  async logOut(name) {
    return { endedOnServer: await this.#core.logOut(name) };
  }

  logOutEverywhere(name) {
    return this.#core.logOutEverywhere(name);
  }

  signUpWithPasskey(signUp, logIn) {
    return this.#core.signUpWithPasskey(signUp, logIn);
  }

  logInWithPasskey(logIn) {
    return this.#core.logInWithPasskey(logIn);
  }

  async beginOtp(contact, options) {
    return { otpId: await this.#core.beginOtp(contact, options?.plain ?? false) };
  }

  completeOtp(otpId, code, account, logIn) {
    return this.#core.completeOtp(otpId, code, account, logIn);
  }

  beginOauth(provider, logIn) {
    return this.#core.beginOauth(provider, logIn);
  }

  completeOauth(returnedUrl, account) {
    return this.#core.completeOauth(returnedUrl, account);
  }

  async logInWithOauthPopup(provider, account, logIn) {
    const popup = openPopup();
    try {
      const begun = await this.beginOauth(provider, logIn);
      return await this.completeOauth(await returnOf(popup, begun), account);
    } finally {
      popup.close();
    }
  }

  logInWithWallet(wallet, account, logIn) {
    return this.#core.logInWithWallet(walletOf(wallet), account, logIn);
  }

  logInWithApiKey(privateKeyHex, logIn) {
    return this.#core.logInWithApiKey(privateKeyHex, logIn);
  }

  logInReadOnly(by, logIn) {
    return this.#core.logInReadOnly(vouching(by), logIn);
  }

  async beginBundle() {
    return { publicKey: await this.#core.beginBundle() };
  }

  completeBundle(targetPublicKey, bundle, logIn) {
    return this.#core.completeBundle(targetPublicKey, bundle, logIn);
  }

  call(route, parameters = {}, { session, organizationId, by } = {}) {
    return this.#core.call(route, parameters, session, organizationId, by && vouching(by));
  }

  on(listener) {
    // Wrapped, so that the same function listens twice if it is given twice.
    const told = (event) => listener(event);
    this.#listeners.add(told);
    return () => this.#listeners.delete(told);
  }

  cleanUp() {
    return this.#core.cleanUp();
  }

  close() {
    for (const name of WAKING) {
      globalThis.removeEventListener?.(name, this.#wake);
      globalThis.document?.removeEventListener(name, this.#wake);
    }
    this.#listeners.clear();
    this.#channel?.close();
    this.#channel = undefined;
    this.#core.close();
    this.#database?.close();
  }
}

function vouching(by) {
  return by.wallet === undefined ? by : { ...by, wallet: walletOf(by.wallet) };
}

function camelCase(route) {
  return route.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
}

/** Whoever listens is not to break what they listen to. */
function call(listener, event) {
  try {
    listener(event);
  } catch (error) {
    reportError(error);
  }
}
