/** What every promise of a client is rejected with. `code` stays the same, `message` is for people. */
export class KeywardError extends Error {
  name = "KeywardError";

  constructor(code, message, details = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
