// HTTP by fetch. A stamp is meant for one server: redirects are not followed.

/** Longest time to wait for an answer; the server takes at most 30 seconds. */
const TIMEOUT_MS = 60_000;

export class FetchTransport {
  #onExchange;

  /** `onExchange` is told of every request with its answer. */
  constructor(onExchange) {
    this.#onExchange = onExchange;
  }

  /** `headers` are names and values in turn, here and in the answer. */
  async send(method, url, headers, body) {
    const began = performance.now();
    const tell = (answer) => this.#tell({ method, url, headers, body }, answer, performance.now() - began);
    const impatience = new AbortController();
    const timer = setTimeout(() => impatience.abort(new DOMException("no answer", "TimeoutError")), TIMEOUT_MS);
    try {
      const response = await fetch(url, {
        method,
        headers: pairs(headers),
        body: method === "GET" ? undefined : body,
        signal: impatience.signal,
        redirect: "error",
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
      });
      const text = await response.text();
      tell({ status: response.status, response: text });
      return { status: String(response.status), headers: [...response.headers].flat(), body: text };
    } catch (error) {
      // Aborted while the body came, some browsers forget the reason.
      const cause = impatience.signal.aborted ? impatience.signal.reason : error;
      tell({ status: null, response: null, error: String(cause) });
      throw cause;
    } finally {
      clearTimeout(timer);
    }
  }

  #tell({ method, url, headers, body }, answer, ms) {
    if (this.#onExchange === undefined) return;
    try {
      this.#onExchange({ method, url, headers: Object.fromEntries(pairs(headers)), body, ms, ...answer });
    } catch (error) {
      // Whoever listens is not to break what they listen to.
      reportError(error);
    }
  }
}

function pairs(flat) {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index], flat[2 * index + 1]]);
}
