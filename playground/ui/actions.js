// What a button does: once at a time, with its progress shown, and its outcome said.

import { el, find, findAll } from "./dom.js";
import { describe } from "../model/errors.js";

let current = null;

/** What the person is doing: { step, label }, or null when the page acts by itself. */
export const doing = () => current;

/**
 * Does `work` for a button, unless the step is busy. What `work` returns is said: { title, text, kind } or
 * nothing. `label` names the requests that it makes.
 */
export async function act(button, label, work, { outcome } = {}) {
  const step = button.closest(".step");
  if (step.dataset.busy !== undefined) return;
  const place = outcome ?? find("[data-outcome]", step);
  setBusy(step, button, true);
  place.replaceChildren();
  const mine = (current = { step: step.id, label });
  try {
    const said = await work();
    if (said) say(place, said);
  } catch (error) {
    say(place, { kind: "bad", ...describe(error) });
  } finally {
    if (current === mine) current = null;
    setBusy(step, button, false);
  }
}

/** Says how it went, politely, or at once when it went wrong. */
export function say(place, { kind = "good", title, text, code, more }) {
  place.replaceChildren(
    el(
      "div",
      { class: `notice ${kind}`, role: kind === "bad" ? "alert" : "status" },
      el("p", {}, el("strong", {}, title), text && ` ${text}`),
      code && el("p", { class: "notice-code" }, el("code", {}, code)),
      more,
    ),
  );
}

function setBusy(step, button, isBusy) {
  if (isBusy) step.dataset.busy = "";
  else delete step.dataset.busy;
  for (const other of findAll("button:not([role=tab])", step)) {
    // Not `disabled`, which would lose the focus.
    if (isBusy) other.setAttribute("aria-disabled", "true");
    else other.removeAttribute("aria-disabled");
  }
  button.classList.toggle("working", isBusy);
  button.setAttribute("aria-busy", String(isBusy));
}

/** Has a form's button act. */
export function onSubmit(form, label, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(find("[type=submit]", form), label, () => work(Object.fromEntries(new FormData(form))));
  });
}

/** Has a button act. */
export function onClick(button, label, work, options) {
  button.addEventListener("click", () => act(button, label, work, options));
}

/** An error of the page's own. */
export function refuse(message) {
  return Object.assign(new Error(message), { isOurs: true });
}
