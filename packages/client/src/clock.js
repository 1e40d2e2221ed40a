// The time, and waiting for it.

/** Longest time to wait at once: the device may sleep meanwhile, or its clock be set. */
const LONGEST_SLEEP_MS = 60_000;

export class Clock {
  #clock;

  constructor(clock = Date) {
    this.#clock = clock;
  }

  /** Milliseconds, as a BigInt. */
  now() {
    return BigInt(Math.max(0, Math.trunc(this.#clock.now())) || 0);
  }

  sleep(ms) {
    const atMost = ms < LONGEST_SLEEP_MS ? Number(ms) : LONGEST_SLEEP_MS;
    return new Promise((resolve) => setTimeout(resolve, atMost));
  }
}
