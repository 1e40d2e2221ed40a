// Step 5: a session that only reads.

import { onClick } from "../ui/actions.js";
import { el, find, setText } from "../ui/dom.js";
import { app, changed, finish, onChange, readSessions } from "../model/app.js";
import { count, duration } from "../model/format.js";
import { secondsLeft } from "./session.js";
import { walletParameters } from "./wallet.js";

const NAME = "read-only";

let isRefused = false;

export function startReadOnly() {
  const section = document.getElementById("read-only");
  onClick(find("#read-only-open"), "Open a read-only session", async () => {
    await app.client.logInReadOnly({ session: null }, { session: NAME, becomesActive: false });
    await readSessions();
    return { title: "A read-only session is open,", text: "beside yours, which stays the active one." };
  });
  onClick(find("#read-only-write"), "Try to write", async () => {
    const before = app.requests.length ? app.requests[0] : null;
    try {
      await app.client.call("create_wallet", walletParameters("Never made"), { session: NAME });
    } catch (error) {
      if (error.code !== "READ_ONLY") throw error;
      isRefused = true;
      changed();
      const sent = app.requests.indexOf(before);
      const number = before === null ? app.requests.length : sent;
      return {
        title: "Refused, as it should be.",
        text: "A read-only session cannot write, and the client knows without asking.",
        code: error.code,
        more: el("p", { class: "zero" }, el("b", { class: "numbers" }, String(number)), ` ${count(number, "request").replace(/^\d+ /, "")} left this page`),
      };
    }
    throw new Error("The write went through, which must not happen.");
  });
  onClick(find("#read-only-read"), "Read with it", async () => {
    const { wallets } = await app.client.call("list_wallets", {}, { session: NAME });
    finish("read-only");
    return { title: `It reads: ${count(wallets.length, "wallet")}.`, text: wallets.map(({ walletName }) => `“${walletName}”`).join(", ") };
  });
  onChange(() => {
    const open = app.sessions.find(({ name }) => name === NAME);
    section.dataset.open = open ? "yes" : "no";
    section.toggleAttribute("data-done", app.done.has("read-only"));
    find("#read-only-open").classList.toggle("primary", !open);
    find("#read-only-write").classList.toggle("primary", Boolean(open) && !isRefused);
    find("#read-only-read").classList.toggle("primary", Boolean(open) && isRefused);
    setText(find("#read-only-open"), open ? "Open another" : "Open it");
    setText(
      find("#read-only-state"),
      open ? `Open, for ${duration(secondsLeft(open))} more. It does not refresh.` : "Your session vouches for it once.",
    );
  });
}
