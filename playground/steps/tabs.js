// Step 6: events, also of other tabs.

import { onClick } from "../ui/actions.js";
import { announce } from "../ui/copy.js";
import { el, find } from "../ui/dom.js";
import { app, finish, onChange } from "../model/app.js";
import { timeOfDay } from "../model/format.js";
import { refresh } from "./session.js";

const SHOWN = 30;

const KINDS = {
  created: ["Logged in", "good"],
  refreshed: ["Refreshed", "good"],
  about_to_expire: ["About to expire", "warn"],
  expired: ["Expired", "bad"],
  revoked: ["Ended by the server", "bad"],
  key_lost: ["Its key is lost", "bad"],
  logged_out: ["Logged out", "bad"],
  active_changed: ["Is the active one", "plain"],
};

export function startTabs() {
  const section = document.getElementById("tabs");
  const isSecond = new URLSearchParams(location.search).has("tab");
  find("#tab-mark").hidden = !isSecond;
  onClick(find("#tabs-refresh"), "Refresh the session", refresh);
  find("#second-tab").addEventListener("click", () => finish("tabs"));
  let drawn;
  onChange(() => {
    section.toggleAttribute("data-done", app.done.has("tabs"));
    const [newest] = app.events;
    if (newest === drawn && find("#events").children.length) return;
    if (newest) announce(`${KINDS[newest.kind]?.[0] ?? newest.kind}${newest.fromElsewhere ? ", in another tab" : ""}`);
    drawn = newest;
    const rows = app.events.slice(0, SHOWN).map(row);
    find("#events").replaceChildren(...(rows.length ? rows : [el("li", { class: "empty" }, "Nothing happened since this page was opened.")]));
  });
}

function row({ kind, session, fromElsewhere, at }) {
  const [text, tone] = KINDS[kind] ?? [kind, "plain"];
  return el(
    "li",
    { class: "event" },
    el("span", { class: `dot ${tone}`, "aria-hidden": "true" }),
    el("span", { class: "event-text" }, el("b", {}, text), session ? ` “${session}”` : " no session"),
    el("span", { class: fromElsewhere ? "badge strong" : "badge" }, fromElsewhere ? "from another tab" : "in this tab"),
    el("time", { class: "hint numbers", datetime: new Date(at).toISOString() }, timeOfDay(at)),
  );
}
