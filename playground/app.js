// The page: which step is shown, and what all of them share.

import { describe } from "./model/errors.js";
import { app, changed, onChange, readAccounts, start } from "./model/app.js";
import { say } from "./ui/actions.js";
import { startCode } from "./ui/code.js";
import { el, find, findAll, setText, show } from "./ui/dom.js";
import { record } from "./ui/requests.js";
import { startClock } from "./steps/clock.js";
import { completeRedirect, startLogIn } from "./steps/log-in.js";
import { startReadOnly } from "./steps/read-only.js";
import { startSession } from "./steps/session.js";
import { read as readServerSessions, startSessions } from "./steps/sessions.js";
import { startSign } from "./steps/sign.js";
import { startTabs } from "./steps/tabs.js";
import { startWallet } from "./steps/wallet.js";

const steps = findAll(".step").map(({ id }) => id);
const toggle = find("#rail-toggle");
const links = new Map(findAll("#rail-list a").map((link) => [link.hash.slice(1), link]));
const titles = new Map([...links].map(([step, link]) => [step, link.textContent]));

/** What a step asks for by itself when it is entered with a session. */
const ON_ENTER = {
  wallet: () => app.accounts ?? readAccounts(),
  sign: () => app.accounts ?? readAccounts(),
  sessions: readServerSessions,
};

startLogIn();
startWallet();
startSign();
startReadOnly();
startTabs();
startSessions();
startClock();

for (const place of findAll("[data-needs-session]")) {
  place.append(el("p", {}, "Nobody is logged in in this browser."), el("a", { class: "button primary", href: "#log-in" }, "Log in first"));
}

toggle.addEventListener("click", () => {
  toggle.setAttribute("aria-expanded", String(toggle.getAttribute("aria-expanded") !== "true"));
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && toggle.getAttribute("aria-expanded") === "true") {
    closeRail();
    toggle.focus();
  }
});

onChange(render);

try {
  await start({ onExchange: record });
  startSession();
  startCode();
  document.documentElement.dataset.mode = app.isDevelopment ? "development" : "production";
  setText(find("#server-facts"), `Keyward ${app.config.version}, ${app.isDevelopment ? "development" : "production"}`);
  addEventListener("hashchange", () => enter({ focus: true }));
  enter();
  await completeRedirect();
} catch (error) {
  const { title, text, code } = describe(error);
  const place = find("#start-problem");
  place.hidden = false;
  say(place, { kind: "bad", title: `The playground cannot start. ${title}.`, text, code });
}
document.documentElement.dataset.ready = "";

/** Shows the step that the address names. */
function enter({ focus = false } = {}) {
  const wanted = location.hash.slice(1);
  // Other addresses are places within the step.
  if (focus && wanted && !steps.includes(wanted)) return;
  app.step = steps.includes(wanted) ? wanted : "log-in";
  for (const step of steps) show(document.getElementById(step), step === app.step);
  const heading = find(`#${app.step} h1`);
  document.title = `${heading.textContent} – Keyward playground`;
  closeRail();
  changed();
  if (focus) {
    scrollTo({ top: 0 });
    heading.focus({ preventScroll: true });
  }
  // What goes wrong shows among the requests.
  if (app.session) Promise.resolve(ON_ENTER[app.step]?.()).catch(() => {});
}

function render() {
  const at = steps.indexOf(app.step);
  for (const [step, link] of links) {
    if (step === app.step) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
    const isDone = step === "log-in" ? app.session !== null : document.getElementById(step).hasAttribute("data-done");
    link.classList.toggle("done", isDone);
    setText(link, titles.get(step));
    if (isDone) link.append(el("span", { class: "visually-hidden" }, ", done"));
  }
  setText(find("#rail-toggle [data-place]"), `Step ${at + 1} of ${steps.length}`);
  setText(find("#rail-toggle [data-title]"), titles.get(app.step));
  for (const place of findAll("[data-needs-session]")) show(place, !app.session);
  for (const place of findAll("[data-with-session]")) show(place, app.session);
  const hasWallet = Boolean(app.session && app.accounts?.length);
  for (const place of findAll("[data-with-wallet]")) show(place, hasWallet);
  for (const place of findAll("[data-needs-wallet]")) show(place, app.session && app.accounts && !hasWallet);
}

function closeRail() {
  toggle.setAttribute("aria-expanded", "false");
}
