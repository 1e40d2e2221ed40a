// What went wrong, in plain words. The client's errors have a `code`; nothing here reads a text.

const WORDS = {
  NOT_LOGGED_IN: ["Nobody is logged in", "Log in first: step 1."],
  SESSION_EXPIRED: ["The session has expired", "Its time is over, so the client cleared it. Log in again."],
  SESSION_REVOKED: ["The session was ended", "The server does not know it any more, so the client cleared it. Log in again."],
  KEY_LOST: ["The session’s key is gone", "The browser’s storage was wiped, so nothing can be signed any more. Log in again."],
  READ_ONLY: ["A read-only session cannot write", "The client refused by itself: nothing was sent."],
  OFFLINE: ["The server was not reached", "Is it running? The same action is safe to try again."],
  RATE_LIMITED: ["Too many requests", "The server asks to wait a moment."],
  SERVER_FAILED: ["The server has a trouble of its own", "Its log says more."],
  UNINTELLIGIBLE: ["The answer makes no sense", "Something else than a Keyward server may have answered."],
  UNKNOWN_CREDENTIAL: ["The server does not know this passkey or key", "Sign up first. After a reset, earlier passkeys are unknown."],
  INVALID_OTP_CODE: ["That code is not valid", "It is wrong, too old or used up. You have three attempts for a code."],
  TOO_MANY_OTP_CODES: ["Too many codes were requested", "Use one that you have, or wait three minutes."],
  METHOD_DISABLED: ["This way to log in is switched off", "An administrator can allow it in the auth proxy’s configuration."],
  NO_ACCOUNT: ["There is no account", "Sign up first."],
  UNKNOWN_ATTEMPT: ["This log-in is finished or too old", "Begin again."],
  PROVIDER_REFUSED: ["The identity provider said no", "Begin again."],
  NOT_CONFIGURED: ["This needs the auth proxy", "It is off for this organization."],
  CONSENSUS_NEEDED: ["Others have to approve", "The activity waits for their votes."],
  MFA_NEEDED: ["Another proof is needed", "The activity waits for another authentication method."],
  STORAGE_FULL: ["The browser’s storage is full", "Make room and try again."],
  STORAGE_DENIED: ["The browser does not let this page store anything", "Private browsing may do that."],
  PASSKEY_CANCELLED: ["No passkey was used", "The dialog was closed, or took too long. Try again when you like."],
  PASSKEY_UNAVAILABLE: ["Passkeys do not work here", "They need a secure page (https or localhost) and a browser that knows them."],
  PASSKEY_FAILED: ["The passkey failed", "Try again, or log in with a code by e-mail."],
  POPUP_BLOCKED: ["The popup was blocked", "Allow popups for this page, or continue with a redirect."],
  POPUP_CLOSED: ["The popup was closed", "Nothing was changed. Begin again when you like."],
};

/** Title, text and code of an error. */
export function describe(error) {
  const code = typeof error?.code === "string" ? error.code : undefined;
  const [title, text] = WORDS[code] ?? ["That did not work", sentence(error?.message ?? String(error))];
  const { turnkeyErrorCode, status, retryAfterSeconds } = error?.details ?? {};
  const notes = [
    code,
    status && `HTTP ${status}`,
    turnkeyErrorCode,
    retryAfterSeconds && `again in ${retryAfterSeconds} s`,
  ].filter(Boolean);
  const isKnown = code !== undefined && code in WORDS;
  const said = isKnown && status && error.message ? ` The server says: ${error.message}` : "";
  return { title, text: text + said, code: notes.join(" · ") };
}

function sentence(text) {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
