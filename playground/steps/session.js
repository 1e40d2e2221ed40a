// Step 2: the session, counted down.

import { onClick } from "../ui/actions.js";
import { copyButton } from "../ui/copy.js";
import { el, find, setText } from "../ui/dom.js";
import { app, finish, onChange, readSessions, setRefreshes } from "../model/app.js";
import { dateAndTime, duration, inWords, shorten } from "../model/format.js";
import { record } from "../ui/requests.js";

const AHEAD_SECONDS = 60;

const PROTECTION = {
  unextractable: "Cannot be read by anybody, not even by this page: WebCrypto keeps it in IndexedDB and only signs with it.",
  local_storage: "In local storage: every script of this page could read it.",
  memory: "In memory only: this browser keeps no unextractable keys. It is gone when the page is left.",
};

const METHODS = {
  passkey: "Passkey",
  otp: "One-time code",
  oauth: "Identity provider",
  wallet: "Wallet",
  api_key: "API key",
  bundle: "Mailed key",
  session: "Another session",
};

export const kindOf = (session) => (session.kind === "read_only" ? "Read-only" : "Read-write");

/** When the client goes on with a new key, in seconds before the end. */
const ahead = ({ lifetimeSeconds }) => Math.min(AHEAD_SECONDS, Math.floor(lifetimeSeconds / 3));

/** The server tells its time in whole seconds, so a new session may seem to have one more. */
export function secondsLeft({ expiresAtSeconds, lifetimeSeconds }) {
  return Math.min(lifetimeSeconds, expiresAtSeconds - app.client.now() / 1000);
}

export function startSession() {
  const section = document.getElementById("session");
  onClick(find("#whoami"), "Ask who I am", async () => {
    const { username, organizationName } = await app.client.call("whoami", {});
    finish("session");
    return { title: `You are ${username}`, text: `in the organization “${organizationName}”. The request was stamped by the session’s key.` };
  });
  onClick(find("#refresh"), "Refresh the session", refresh);
  const switcher = find("#refreshes");
  switcher.checked = app.refreshes;
  switcher.addEventListener("change", () => setRefreshes(switcher.checked, record));

  onChange(() => {
    section.toggleAttribute("data-done", app.done.has("session"));
    if (app.session) find("#session-facts").replaceChildren(...facts(app.session));
  });
  setInterval(tick, 1000);
  onChange(tick);
}

export async function refresh() {
  const before = app.session?.publicKey;
  const session = await app.client.refresh();
  await readSessions();
  return {
    title: "Refreshed.",
    text: `The key ${shorten(before ?? "", 6)} handed over to ${shorten(session.publicKey, 6)}, for another ${inWords(session.lifetimeSeconds)}.`,
  };
}

function facts(session) {
  const { organizationId, userId, publicKey, method } = session;
  const fact = (name, ...value) => el("div", {}, el("dt", {}, name), el("dd", {}, ...value));
  const id = (what, value) => [el("code", { class: "long" }, value), copyButton(what, () => value)];
  return [
    fact("Kind", `${kindOf(session)}, called “${session.name}”`),
    fact("Logged in with", METHODS[method] ?? method),
    fact("User", ...id("the user’s id", userId)),
    fact("Organization", ...id("the organization’s id", organizationId)),
    publicKey && fact("Public key", ...id("the public key", publicKey)),
    fact("Private key", PROTECTION[app.client.keyProtection] ?? app.client.keyProtection),
    fact("Expires", dateAndTime(session.expiresAtSeconds * 1000)),
  ].filter(Boolean);
}

function tick() {
  const { session } = app;
  const pill = find("#session-pill");
  pill.hidden = !session;
  if (!session) return;
  const left = secondsLeft(session);
  const isOver = left <= 0;
  const untilRefresh = left - ahead(session);
  pill.dataset.state = isOver ? "over" : untilRefresh <= 0 ? "late" : "fresh";
  setText(find("[data-kind]", pill), kindOf(session));
  setText(find("[data-left]", pill), isOver ? "expired" : duration(left));
  setText(find("#left"), isOver ? "Expired" : duration(left));
  const refreshes = app.refreshes && session.kind === "read_write";
  setText(
    find("#left-text"),
    isOver
      ? "The next request will tell."
      : refreshes
        ? untilRefresh > 0
          ? `left; refreshes itself in ${duration(untilRefresh)}`
          : "left; refreshes itself now"
        : "left; then it ends",
  );
  const share = (seconds) => `${Math.min(100, Math.max(0, (seconds / session.lifetimeSeconds) * 100))}%`;
  find(".life-left").style.inlineSize = share(left);
  find(".life-mark").style.insetInlineStart = share(ahead(session));
  find(".life-mark").hidden = !refreshes;
}
