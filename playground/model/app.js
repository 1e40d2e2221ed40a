// What the page knows, and who is told when that changes.

import { createClient } from "/client/index.js";

const REFRESHES = "keyward-playground/refreshes";

export const app = {
  /** What /playground/config.json says. */
  config: null,
  client: null,
  /** The active session, or null. */
  session: null,
  /** All that this browser has. */
  sessions: [],
  /** The user's accounts, newest wallet first; null until they have been listed. */
  accounts: null,
  /** What the client told, newest first: { kind, session, fromElsewhere, at }. */
  events: [],
  /** Requests, newest first: { step, by, exchange }. */
  requests: [],
  /** The step that is shown. */
  step: "log-in",
  /** What is picked in a step, for its code. */
  picked: { way: "passkey", what: "message", format: "ADDRESS_FORMAT_ETHEREUM" },
  /** Steps in which something came of it. */
  done: new Set(),
  get isDevelopment() {
    return this.config?.isDevelopment === true;
  },
  get refreshes() {
    return localStorage.getItem(REFRESHES) !== "no";
  },
};

const listeners = [];

/** Has a function called now and then: whenever something in `app` changed. */
export function onChange(listener) {
  listeners.push(listener);
}

export function changed() {
  for (const listener of listeners) listener(app);
}

export function finish(step) {
  app.done.add(step);
  changed();
}

/** Loads the configuration and opens the client. */
export async function start({ onExchange }) {
  const answer = await fetch("/playground/config.json");
  app.config = await answer.json();
  if (!app.config.organizationId) {
    throw new Error("This server does not say which organization its playground is for: set one in its configuration.");
  }
  await open(onExchange);
}

async function open(onExchange) {
  const { organizationId, authProxyConfigId } = app.config;
  app.client = await createClient({
    baseUrl: location.origin,
    organizationId,
    ...(authProxyConfigId && { authProxy: { configId: authProxyConfigId } }),
    refreshes: app.refreshes,
    passkeys: { rpName: "Keyward playground" },
    onExchange,
  });
  app.client.on((event) => {
    app.events.unshift({ ...event, at: Date.now() });
    readSessions();
  });
  // The device's clock may be wrong, and that of a development server ahead.
  await app.client.syncTime().catch(() => {});
  await readSessions();
}

/** Whether sessions refresh themselves is what a client is made with. */
export async function setRefreshes(refreshes, onExchange) {
  localStorage.setItem(REFRESHES, refreshes ? "yes" : "no");
  app.client.close();
  await open(onExchange);
}

/** Looks again at what this browser has; asks no server. */
export async function readSessions() {
  const [sessions, active] = await Promise.all([app.client.sessions(), app.client.active()]);
  const session = sessions.find(({ name }) => name === active) ?? null;
  if (session?.userId !== app.session?.userId) app.accounts = null;
  Object.assign(app, { sessions, session });
  changed();
}

/** Asks for the user's accounts. */
export async function readAccounts() {
  const [{ accounts }, { wallets }] = await Promise.all([
    app.client.call("list_wallet_accounts", {}),
    app.client.call("list_wallets", {}),
  ]);
  const names = new Map(wallets.map(({ walletId, walletName }) => [walletId, walletName]));
  // Newest wallet first, the accounts of each in their order.
  const age = new Map([...wallets].reverse().map(({ walletId }, at) => [walletId, at]));
  app.accounts = accounts
    .map((account) => ({ ...account, walletName: names.get(account.walletId) }))
    .sort((one, other) => age.get(one.walletId) - age.get(other.walletId));
  changed();
}

/** The newest account with addresses of that kind. */
export function account(format) {
  return app.accounts?.find(({ addressFormat }) => addressFormat === format);
}

export const ETHEREUM = "ADDRESS_FORMAT_ETHEREUM";
export const SOLANA = "ADDRESS_FORMAT_SOLANA";
