// Step 8: the server's clock, and its reset.

import { act } from "../ui/actions.js";
import { confirm } from "../ui/dialogs.js";
import { find, findAll, setText } from "../ui/dom.js";
import { app, finish, onChange, readSessions } from "../model/app.js";
import * as dev from "../model/dev.js";
import { duration, inWords, shorten, timeOfDay } from "../model/format.js";
import { sayFarewell } from "./log-in.js";
import { secondsLeft } from "./session.js";

/** How long before the end “just before” is, in seconds: sessions refresh a minute ahead. */
const ALMOST_SECONDS = 30;

export function startClock() {
  const section = document.getElementById("clock");
  for (const button of findAll("[data-advance]")) {
    button.addEventListener("click", () => {
      const seconds = Number(button.dataset.advance) || untilEnd(button.dataset.advance);
      act(button, button.textContent, () => advance(seconds));
    });
  }
  find("#reset").addEventListener("click", async ({ currentTarget: button }) => {
    const isSure = await confirm({
      title: "Reset the server?",
      text: "All organizations, users, wallets and sessions made since it started are dropped. Its root key stays.",
      action: "Reset the server",
    });
    if (isSure) act(button, "Reset the server", reset);
  });
  onChange(() => {
    section.toggleAttribute("data-done", app.done.has("clock"));
    const { session } = app;
    for (const button of findAll("[data-advance=almost], [data-advance=past]")) button.hidden = !session;
    setText(
      find("#clock-hint"),
      session
        ? app.refreshes
          ? "The session refreshes itself when its last minute begins. Switch that off in step 2 to see it end."
          : "The session does not refresh itself: it will end."
        : "Nobody is logged in. Log in first to see what time does to a session.",
    );
  });
  setInterval(tick, 1000);
  onChange(tick);
}

function tick() {
  if (app.step !== "clock" || !app.client) return;
  const now = app.client.now();
  setText(find("#server-time"), timeOfDay(now));
  const aheadSeconds = Math.round((now - Date.now()) / 1000);
  setText(find("#server-ahead"), Math.abs(aheadSeconds) < 5 ? "on the server, as here" : `on the server, ${duration(aheadSeconds)} ahead of here`);
}

function untilEnd(which) {
  const left = Math.max(0, Math.ceil(secondsLeft(app.session)));
  return which === "past" ? left + 1 : Math.max(0, left - ALMOST_SECONDS);
}

async function advance(seconds) {
  await dev.advanceClock(seconds);
  await app.client.syncTime();
  const moved = `The clock is ${inWords(seconds)} further.`;
  const before = app.session;
  if (!before) {
    finish("clock");
    return { title: moved };
  }
  try {
    await app.client.call("whoami", {});
  } catch (error) {
    await readSessions();
    finish("clock");
    if (error.code !== "SESSION_EXPIRED") throw error;
    sayFarewell({ kind: "info", title: "The session has expired.", text: "The client cleared it, and its key.", code: error.code });
    return {
      kind: "info",
      title: moved,
      text: "The session’s time was over: the client cleared it without sending anything in its name. Log in again to go on.",
      code: error.code,
    };
  }
  await readSessions();
  finish("clock");
  const { session } = app;
  if (session && session.publicKey !== before.publicKey) {
    return {
      title: moved,
      text: `The session was due, so the client refreshed it: ${shorten(before.publicKey, 6)} handed over to ${shorten(session.publicKey, 6)}, which has ${duration(secondsLeft(session))}.`,
    };
  }
  return { kind: "info", title: moved, text: `The session goes on: ${duration(secondsLeft(before))} left.` };
}

async function reset() {
  await dev.reset();
  await app.client.syncTime();
  // The server knows none of them any more.
  for (const { name } of app.sessions) await app.client.logOut(name);
  await readSessions();
  app.done.clear();
  finish("clock");
  const text = "Nobody has an account any more. Your passkey is still in this device, but unknown there: sign up anew.";
  sayFarewell({ kind: "info", title: "The server is as when it started.", text });
  return { title: "The server is as when it started.", text };
}

