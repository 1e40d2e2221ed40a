import type { TurnkeyClient } from "@turnkey/core";

export interface AdaptOptions {
  /** The server's base URL; the client's `apiBaseUrl` when absent. */
  baseUrl?: string;
  /**
   * The key that the server signs OTP encryption targets with: P-256, uncompressed, hex. When absent it
   * is fetched from the server's `/.well-known/keyward.json`.
   */
  otpSignerPublicKey?: string;
}

/**
 * Lets a client's `verifyOtp`, and with it `completeOtp`, work with the server's own key.
 *
 * Changes the client that it is given, and returns it.
 */
export function adapt<Client extends TurnkeyClient>(client: Client, options?: AdaptOptions): Promise<Client>;
