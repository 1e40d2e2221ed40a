// Step 1: three ways to log in.

import { act, onClick, onSubmit, say } from "../ui/actions.js";
import { renderCode } from "../ui/code.js";
import { announce } from "../ui/copy.js";
import { el, find, setText, show } from "../ui/dom.js";
import { bringTabsToLife } from "../ui/tabs.js";
import { app, finish, onChange, readSessions } from "../model/app.js";
import * as dev from "../model/dev.js";
import { shorten } from "../model/format.js";

const section = document.getElementById("log-in");
const OTP = "keyward-playground/otp";
const INBOX_MS = 1000;

/** Who signs up, with an organization of that name. */
function newAccount(userName = find("#passkey-form [name=name]").value.trim() || "Alice") {
  return { userName, organizationName: `${userName}’s organization` };
}

/** Session storage: a code that is on its way outlives a reload, as the client's attempt does. */
let otp = JSON.parse(sessionStorage.getItem(OTP) ?? "null");
let ways;
/** Whether somebody who is logged in wants to see the ways again. */
let isAnew = false;

export function startLogIn() {
  ways = bringTabsToLife(find("[role=tablist]", section), (tab) => {
    app.picked.way = tab.dataset.tab;
    if (app.config) renderCode();
  });
  if (otp) ways.select("email");

  onSubmit(find("#passkey-form"), "Sign up with a passkey", async () => {
    needsProxy();
    await app.client.signUpWithPasskey(newAccount());
    return welcome();
  });
  onClick(find("#passkey-log-in"), "Log in with a passkey", async () => {
    await app.client.logInWithPasskey();
    return welcome();
  });

  onSubmit(find("#email-form"), "Send a code", async ({ email }) => {
    needsProxy();
    if (!/^\S+@\S+$/.test(email)) throw new Error("Type an e-mail address first.");
    const { otpId } = await app.client.beginOtp({ email });
    keepOtp({ otpId, email });
    return { kind: "info", title: "A code is on its way.", text: app.isDevelopment ? "It is in the inbox below." : `Look into the mail of ${email}.` };
  });
  onSubmit(find("#code-form"), "Log in with the code", ({ code }) => completeOtp(code));
  find("#code-form [name=code]").addEventListener("input", render);
  find("#anew").addEventListener("click", () => {
    isAnew = true;
    render();
    find("[role=tab][aria-selected=true]", section).focus();
  });
  find("#code-again").addEventListener("click", () => keepOtp(null, { focus: true }));

  onClick(find("#provider-popup"), "Log in in a popup", async () => {
    needsProxy();
    await app.client.logInWithOauthPopup(provider("/oauth.html"), { orNew: newAccount() });
    return welcome();
  });
  onClick(find("#provider-redirect"), "Log in with a redirect", async () => {
    needsProxy();
    const { url } = await app.client.beginOauth(provider("/"));
    location.assign(url);
    return { kind: "info", title: "On the way to the provider…" };
  });

  onChange(render);
  lookIntoInbox();
}

function needsProxy() {
  if (!app.config.authProxyConfigId) throw Object.assign(new Error("auth proxy"), { code: "NOT_CONFIGURED" });
}

/** The issuer of `keyward dev`, by paths of this origin: it may know itself under another name of the machine. */
function provider(redirectPath) {
  return {
    name: "dev",
    authorizationEndpoint: `${location.origin}/dev/oidc/authorize`,
    clientId: "playground",
    redirectUri: location.origin + redirectPath,
    scope: "openid email",
    flow: { code: { tokenEndpoint: `${location.origin}/dev/oidc/token` } },
  };
}

/** Finishes a log-in whose redirect led back to this page. */
export async function completeRedirect() {
  const parameters = new URLSearchParams(location.search);
  if (!parameters.has("state")) return;
  const returned = location.href;
  history.replaceState(null, "", `${location.pathname}#log-in`);
  ways.select("provider");
  await act(find("#provider-redirect"), "Log in with a redirect", async () => {
    await app.client.completeOauth(returned, { orNew: newAccount() });
    return welcome();
  });
}

async function completeOtp(code) {
  if (!code.trim()) throw new Error("Type the code first.");
  await app.client.completeOtp(otp.otpId, code, { orNew: newAccount(otp.email.split("@")[0]) });
  keepOtp(null);
  return welcome();
}

/** The focus goes to the way on: what had it is gone. */
async function welcome() {
  isAnew = false;
  await readSessions();
  finish("log-in");
  find(".next", section).focus();
  announce("You are logged in.");
}

function keepOtp(next, { focus = false } = {}) {
  otp = next;
  if (otp) sessionStorage.setItem(OTP, JSON.stringify(otp));
  else sessionStorage.removeItem(OTP);
  find("#code-form").reset();
  render();
  if (otp) find("#code-form [name=code]").focus();
  else if (focus) find("#email-form [name=email]").focus();
}

function render() {
  show(find("[data-logged-in]", section), app.session !== null);
  if (app.session) {
    const { organizationId } = app.session;
    setText(find("[data-who]", section), `Organization ${shorten(organizationId, 6)}.`);
  }
  section.toggleAttribute("data-done", app.session !== null && !isAnew);
  show(find("#ways"), app.session === null || isAnew);
  show(find("#anew"), !isAnew);
  show(find("#email-form"), !otp);
  show(find("#code-form"), Boolean(otp));
  show(find("#inbox"), Boolean(otp) && app.isDevelopment);
  // Beside the inbox its button is the next step, unless somebody types.
  const isTyped = !app.isDevelopment || find("#code-form [name=code]").value !== "";
  find("#code-form [type=submit]").classList.toggle("primary", isTyped);
  if (otp) setText(find("#inbox [data-to]"), otp.email);
}

/** Newest first; drawn again only when there is something new, or screen readers would say it all again. */
let seen;
async function lookIntoInbox() {
  const isWanted = otp && app.isDevelopment && !document.hidden && app.step === "log-in";
  if (isWanted) {
    const messages = await dev.inbox(otp.email).catch(() => []);
    const ids = messages.map(({ id }) => id).join();
    if (ids !== seen) {
      seen = ids;
      find("[data-messages]", section).replaceChildren(...(messages.length ? messages.slice(0, 3).map(draw) : [waiting()]));
    }
  } else if (!otp) {
    seen = undefined;
    find("[data-messages]", section).replaceChildren(waiting());
  }
  setTimeout(lookIntoInbox, INBOX_MS);
}

const waiting = () => el("p", { class: "hint" }, "Waiting for the message…");

function draw({ subject, from, code }, at) {
  const use = el("button", { type: "button", class: at ? "" : "primary" }, "Use this code");
  use.addEventListener("click", () => {
    const input = find("#code-form [name=code]");
    input.value = code;
    act(use, "Log in with the code", () => completeOtp(code));
  });
  return el(
    "article",
    { class: "message" },
    el("p", { class: "message-subject" }, subject ?? "Text message"),
    el("p", { class: "hint" }, from ?? ""),
    code && el("div", { class: "message-code" }, el("output", { class: "numbers" }, code), use),
  );
}

/** Says in step 1 why nobody is logged in any more. */
export function sayFarewell(said) {
  say(find("[data-outcome]", section), said);
}
