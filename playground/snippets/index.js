// Each step as code: what a reader would write, with the ids that are there. `curl` is a template until the step
// has sent something; `paths` say which of its requests is the one.

import { logIn } from "./log-in.js";
import { clock, readOnly, session, sessions, tabs } from "./sessions.js";
import { sign, wallet } from "./wallet.js";

export const snippets = {
  "log-in": logIn,
  session,
  wallet,
  sign,
  "read-only": readOnly,
  tabs,
  sessions,
  clock,
};
