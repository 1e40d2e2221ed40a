// Step 7: every session of the user, on the server.

import { act, onClick, say } from "../ui/actions.js";
import { ask, confirm } from "../ui/dialogs.js";
import { el, find } from "../ui/dom.js";
import { app, finish, onChange, readSessions } from "../model/app.js";
import { browserName, count, enumName, shorten, timeOfDay, wireTime } from "../model/format.js";

const list = document.getElementById("server-sessions");
const farewell = document.querySelector("[data-farewell]");

let listed = null;
/** Whose list that is. */
let listedFor;

export function startSessions() {
  const section = document.getElementById("sessions");
  onClick(find("#sessions-again"), "List the sessions", read);

  find("#revoke-others").addEventListener("click", async ({ currentTarget: button }) => {
    const isSure = await confirm({
      title: "End all other sessions?",
      text: "This one stays, and so do the read-only sessions that it opened.",
      action: "Revoke all others",
    });
    if (!isSure) return;
    act(button, "Revoke all others", async () => {
      const { sessionIds } = await app.client.call("revoke_sessions", { exceptCurrent: true });
      await read();
      finish("sessions");
      return { title: `${count(sessionIds.length, "session")} ended.`, text: sessionIds.length ? "" : "There was no other." };
    });
  });

  onClick(
    find("#log-out"),
    "Log out",
    async () => {
      const { endedOnServer } = await app.client.logOut();
      await readSessions();
      finish("sessions");
      return {
        title: "You are logged out.",
        text: endedOnServer ? "The server ended the session, and its key is gone from here." : "Its key is gone from here. The server was not told, so the session lasts there until its time is over.",
      };
    },
    { outcome: farewell },
  );

  find("#log-out-everywhere").addEventListener("click", async ({ currentTarget: button }) => {
    const isSure = await confirm({
      title: "Log out everywhere?",
      text: "Every session of yours ends at once, on all devices, this one included.",
      action: "Log out everywhere",
    });
    if (!isSure) return;
    act(
      button,
      "Log out everywhere",
      async () => {
        await app.client.logOutEverywhere();
        await readSessions();
        finish("sessions");
        return { title: "You are logged out everywhere.", text: "The server ended every session of yours." };
      },
      { outcome: farewell },
    );
  });

  onChange(() => {
    section.toggleAttribute("data-done", app.done.has("sessions"));
    if (app.session) farewell.replaceChildren();
    if (app.session?.userId !== listedFor) {
      listed = null;
      render();
    }
  });
  render();
}

/** Lists them; also what entering the step does. */
export async function read() {
  const { sessions } = await app.client.call("list_sessions", {});
  listed = sessions;
  listedFor = app.session?.userId;
  render();
}

function render() {
  list.replaceChildren(...(listed?.map(row) ?? [el("li", { class: "empty" }, "Not listed yet.")]));
}

function row(session) {
  const { sessionId, kind, label, method, publicKey, userAgent, address, createdAt, expiresAt, refreshedFrom, current } = session;
  const isReadOnly = kind.endsWith("READ_ONLY");
  const title = label ?? (isReadOnly ? "Read-only session" : "Session");
  const name = el("button", { type: "button", "aria-label": `Name ${title}` }, label ? "Rename" : "Name");
  name.addEventListener("click", async () => {
    const wanted = await ask({ title: "Name this session", label: "For people who read the list", value: label ?? "", action: "Name it" });
    if (wanted) act(name, "Name a session", () => nameIt(sessionId, wanted));
  });
  const revoke = el("button", { type: "button", "aria-label": `Revoke ${title}` }, "Revoke");
  revoke.addEventListener("click", () => act(revoke, "Revoke a session", () => end(session)));
  const about = [
    refreshedFrom ? (isReadOnly ? "opened by a session" : "goes on from a session") : method && `by ${enumName(method, "AUTHENTICATION_TYPE_")}`,
    userAgent && browserName(userAgent),
    address,
  ];
  return el(
    "li",
    { class: "row with-actions" },
    el(
      "div",
      {},
      el(
        "div",
        { class: "row-head" },
        el("h3", {}, title),
        current && el("span", { class: "badge strong" }, "this one"),
        el("span", { class: "badge" }, isReadOnly ? "read-only" : "read-write"),
      ),
      el("p", { class: "row-text" }, about.filter(Boolean).join(" · ")),
      el("p", { class: "row-text hint numbers" }, `opened ${timeOfDay(wireTime(createdAt))} · until ${timeOfDay(wireTime(expiresAt))}`),
      publicKey && el("p", { class: "row-text hint" }, "key ", el("code", {}, shorten(publicKey, 6))),
    ),
    el("div", { class: "buttons" }, name, revoke),
  );
}

async function nameIt(sessionId, label) {
  await app.client.call("update_session", { sessionId, label });
  await read();
  finish("sessions");
  return { title: "Named.", text: "Sessions it is refreshed to are called the same." };
}

async function end({ sessionId, current }) {
  await app.client.call("revoke_session", { sessionId });
  finish("sessions");
  if (!current) {
    await read();
    return { title: "Revoked.", text: "It is refused from its next request on." };
  }
  // It was this one: the next request finds out.
  const error = await read().then(() => null, (error) => error);
  await readSessions();
  say(farewell, { kind: "info", title: "You ended your own session.", text: "The next request was refused, and the client cleared it.", code: error?.code });
}
