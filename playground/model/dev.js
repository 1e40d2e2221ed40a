// What only `keyward dev` does: its inbox, its clock, its reset.

import { record } from "../ui/requests.js";

/** Messages to an address, newest first. Asked every second, so they are not among the requests. */
export async function inbox(to) {
  const answer = await fetch(`/dev/inbox?format=json&to=${encodeURIComponent(to)}`);
  return answer.ok ? (await answer.json()).messages : [];
}

export async function clock() {
  const answer = await fetch("/dev/clock");
  return Number((await answer.json()).timestampMs);
}

export const advanceClock = (seconds) => post("/dev/clock", JSON.stringify({ advanceSeconds: seconds }));

export const reset = () => post("/dev/reset", "");

async function post(path, body) {
  const began = performance.now();
  const exchange = { method: "POST", url: location.origin + path, headers: {}, body };
  try {
    const answer = await fetch(path, { method: "POST", body: body || undefined });
    Object.assign(exchange, { status: answer.status, response: await answer.text() });
  } catch (error) {
    Object.assign(exchange, { status: null, response: null, error: error.message });
  }
  record({ ...exchange, ms: performance.now() - began });
  if (exchange.status !== 200) {
    throw Object.assign(new Error(exchange.error ?? exchange.response), { code: exchange.status ? undefined : "OFFLINE" });
  }
}
