// The requests of a step, each taken apart.

import { copyButton } from "./copy.js";
import { el, find, show } from "./dom.js";
import { doing } from "./actions.js";
import { highlight } from "./highlight.js";
import { bringTabsToLife } from "./tabs.js";
import { app, changed, onChange } from "../model/app.js";
import { curl } from "../model/curl.js";
import { pretty } from "../model/format.js";
import { readStamp } from "../model/stamp.js";

/** Requests that are kept. */
const KEPT = 60;

/** Notes a request: the client calls it for each, with the answer. */
export function record(exchange) {
  const by = doing();
  // The page asks for the time when it opens the client.
  if (!by && exchange.url.endsWith("/healthz")) return;
  app.requests.unshift({ step: by?.step ?? app.step, by: by?.label ?? "By itself", exchange });
  app.requests.length = Math.min(app.requests.length, KEPT);
  changed();
}

const drawn = new Map();
let number = 0;

onChange(() => {
  const list = find("#requests");
  const wanted = app.requests.filter(({ step }) => step === app.step);
  for (const request of wanted) {
    if (!drawn.has(request)) drawn.set(request, draw(request));
  }
  for (const request of drawn.keys()) {
    if (!app.requests.includes(request)) drawn.delete(request);
  }
  const cards = wanted.map((request) => drawn.get(request));
  const areShown = list.children.length === cards.length && cards.every((card, at) => list.children[at] === card);
  if (!areShown) {
    // The newest is open, and so is what somebody opened.
    for (const card of cards) card.open = card === cards[0] || card.dataset.opened === "";
    list.replaceChildren(...cards);
  }
  find("#requests-count").textContent = String(cards.length);
  show(find("#requests-empty"), cards.length === 0);
});

function draw({ by, exchange }) {
  const { method, url, status, ms, error } = exchange;
  const isGood = status !== null && status < 400;
  const summary = el(
    "summary",
    {},
    el("span", { class: "request-line" },
      el("span", { class: "method" }, method),
      el("span", { class: "path" }, new URL(url).pathname),
    ),
    el("span", { class: "request-meta" },
      el("span", {}, by),
      el("span", { class: `status ${isGood ? "good" : "bad"}` }, status === null ? "no answer" : String(status)),
      el("span", { class: "numbers" }, `${Math.round(ms)} ms`),
    ),
  );
  const card = el("details", { class: "request" }, summary);
  summary.addEventListener("click", () => {
    if (card.open) delete card.dataset.opened;
    else card.dataset.opened = "";
  });
  // Taken apart when it is looked at.
  card.addEventListener("toggle", () => card.open && card.children.length === 1 && card.append(takeApart(exchange)));
  if (error) card.dataset.error = error;
  return card;
}

function takeApart(exchange) {
  const id = `request-${(number += 1)}`;
  const stamp = readStamp(exchange);
  const parts = [
    stamp && ["Stamp", () => stampPanel(stamp)],
    ["Request", () => requestPanel(exchange, stamp)],
    ["Response", () => json(exchange.response ?? exchange.error ?? "", "the response")],
  ].filter(Boolean);
  const list = el("div", { class: "code-tabs small", role: "tablist", "aria-label": "Parts of the request" });
  const panels = parts.map(([name, fill], at) => {
    const tab = el("button", { type: "button", role: "tab", id: `${id}-t${at}`, "aria-controls": `${id}-p${at}` }, name);
    list.append(tab);
    return el("div", { role: "tabpanel", id: `${id}-p${at}`, "aria-labelledby": tab.id, class: "part" }, fill());
  });
  list.append(el("span", {}, copyButton("this request as curl", () => curl(exchange), "Copy as curl")));
  const whole = el("div", { class: "parts" }, list, panels);
  bringTabsToLife(list);
  return whole;
}

function stampPanel({ name, means, parts, checked }) {
  const check = checked && el("p", { class: "check", role: "status" }, "Checking…");
  checked?.then(
    ({ isRight, text }) => {
      check.classList.add(isRight ? "good" : "bad");
      check.textContent = text;
    },
    () => (check.textContent = "This browser cannot check it."),
  );
  return [
    el("p", { class: "part-title" }, el("code", {}, name)),
    el("p", { class: "hint" }, means),
    json(JSON.stringify(parts), "the stamp, decoded"),
    check,
  ];
}

function requestPanel({ method, url, headers, body }, stamp) {
  const shown = Object.entries(headers).map(([name, value]) => {
    const isStamp = stamp && name.toLowerCase() === stamp.name.toLowerCase();
    return el("div", {}, el("dt", {}, name), el("dd", {}, isStamp ? `${value.slice(0, 24)}…` : value));
  });
  return [
    el("p", { class: "part-title mono" }, `${method} ${url}`),
    shown.length ? el("dl", { class: "headers" }, shown) : null,
    body ? json(body, "the body") : el("p", { class: "hint" }, "No body."),
  ];
}

function json(text, what) {
  const laidOut = pretty(text);
  return el(
    "div",
    { class: "json" },
    el("pre", {}, el("code", {}, highlight(laidOut, "json"))),
    copyButton(what, () => laidOut),
  );
}
