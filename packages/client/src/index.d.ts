// Sessions and log-ins on a Keyward server, for browsers.

import type { Api, Routes } from "./api.js";

export type * from "./api.js";

/** Opens the stores and loads the wasm; sessions of earlier visits are found. */
export function createClient(options: ClientOptions): Promise<Client>;

/** Loads the wasm, which `createClient` does too; from elsewhere than beside the module if told so. */
export function load(source?: { module_or_path: RequestInfo | URL | BufferSource }): Promise<void>;

/**
 * What a session token says; null when the notarizer did not sign it. Whether it has expired is not looked at.
 * Only once the wasm is loaded.
 */
export function verifySessionToken(token: string, notarizerPublicKeyHex: string): SessionClaims | null;

/** Keccak-256, as Ethereum hashes. The wasm must have been loaded, as for the next two. */
export function keccak256(data: Uint8Array): Uint8Array;
/** The secp256k1 key (SEC1 uncompressed) that made a signature (r, s, v: 65 bytes) over 32 bytes, if there is one. */
export function recoverSecp256k1(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined;
/** Whether a P-256 key (SEC1) signed the SHA-256 of a message; the signature is DER, as stamps have it. */
export function verifyP256(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean;

/**
 * For the redirect page: hands its address to the page that opened the popup, and closes it. False when it was
 * not opened by one, or is no return from a provider.
 */
export function postOauthResult(): boolean;

/** Everything that can be asked; `submission` of what changes something. */
export const routes: readonly { readonly route: Route; readonly submission: boolean }[];

export interface ClientOptions {
  /** Where the server is, such as `https://keys.example.com`. */
  baseUrl: string;
  /** The application's organization, the parent of its users' sub-organizations. */
  organizationId: string;
  /** For log-ins and sign-ups without a backend. */
  authProxy?: { configId: string; url?: string };
  /** P-256, SEC1, hex. Asked of the server when absent, which trusts the connection. */
  otpSignerPublicKey?: string;
  /** Clients that should not see each other's sessions differ here; `keyward` when absent. */
  namespace?: string;
  /** Whether read-write sessions are refreshed by themselves; true when absent. */
  refreshes?: boolean;
  /** How long before its end a session is refreshed, or `about_to_expire` told; 60 when absent. */
  aheadSeconds?: number;
  /** Where keys are to be kept; `indexedDb` when absent: unextractable, no code gets to read them. */
  keys?: "indexedDb" | "riskierLocalStorage" | "memory";
  /**
   * What to do when the browser can't keep them there, as in some private modes; `memory` when absent: sessions
   * end when the page is left. `createClient` rejects with `STORAGE_DENIED` for `none`.
   */
  fallback?: "memory" | "riskierLocalStorage" | "none";
  passkeys?: PasskeyOptions;
  /** Told of every HTTP request with its answer, secrets and all. */
  onExchange?: (exchange: Exchange) => void;
  /** In place of the device's clock, in milliseconds; for tests. */
  clock?: { now(): number };
}

export interface PasskeyOptions {
  /** The page's host name when absent. */
  rpId?: string;
  rpName?: string;
  /** `preferred` when absent. */
  userVerification?: "required" | "preferred" | "discouraged";
  timeoutMs?: number;
}

export interface Exchange {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Null without an answer. */
  status: number | null;
  response: string | null;
  ms: number;
  /** Why there is no answer. */
  error?: string;
}

export interface Session {
  name: string;
  kind: "read_only" | "read_write";
  organizationId: string;
  userId: string;
  /** Of a read-write session: P-256, SEC1 compressed, hex. */
  publicKey?: string;
  /** By the server's clock. */
  expiresAtSeconds: number;
  lifetimeSeconds: number;
  /** `passkey`, `otp`, `oauth`, `wallet`, `api_key`, `bundle`. */
  method: string;
  sessionProfileId?: string;
}

export interface LogIn {
  /** What to call the session; `default` when absent. One of that name is replaced. */
  session?: string;
  /** How long it lives; the server decides when absent (900). */
  expirationSeconds?: number;
  /** Whether the user's other log-in sessions end, on every device. */
  endsOthers?: boolean;
  sessionProfileId?: string;
  /** The sub-organization to log in to; found by the credential when absent. */
  organizationId?: string;
  /** Whether it becomes the active session; true when absent. */
  becomesActive?: boolean;
}

/** What a new account is to be made of. */
export interface SignUp {
  userName?: string;
  /** Not proven to be the user's. */
  userEmail?: string;
  /** Not proven to be the user's; E.164. */
  userPhoneNumber?: string;
  organizationName?: string;
  /** A wallet to make at once. */
  wallet?: Routes["create_wallet"]["parameters"];
}

/** Whether there has to be an account, or one is made when there is none. */
export type Account = "existing" | { orNew: SignUp };

/** A wallet of the user's own. */
export type Wallet =
  | {
      kind: "ethereum" | "solana";
      /** Hex; recovered from the signature for Ethereum when absent. */
      publicKey?: string;
      /** Hex: r, s and v for Ethereum (EIP-191), 64 bytes for Solana. */
      signMessage(message: string): Promise<string>;
    }
  | { kind: "ethereum"; provider: Eip1193Provider; address?: string };

export interface Eip1193Provider {
  request(request: { method: string; params?: unknown[] }): Promise<unknown>;
}

/** Who vouches for a request; a session of null is the active one. */
export type Vouching = { passkey: true } | { apiKey: string } | { wallet: Wallet } | { session: string | null };

export interface OauthProvider {
  /** What the account is called in the user's list, such as `google`. */
  name: string;
  authorizationEndpoint: string;
  clientId: string;
  redirectUri: string;
  /** With spaces between; `openid email`, say. */
  scope: string;
  /** The token in the fragment; a code with PKCE; or a code that the server exchanges. */
  flow: "id_token" | { code: { tokenEndpoint: string } } | { server: { provider: string } };
}

/** As whom to ask: the active session when nothing is said. */
export interface As {
  session?: string;
  /** Another organization than the caller's. */
  organizationId?: string;
  by?: Vouching;
}

export type Route = keyof Routes;
export type Parameters_<R extends Route> = Routes[R]["parameters"];
export type Result<R extends Route> = Routes[R]["result"];

export type EventKind =
  | "created"
  | "refreshed"
  | "about_to_expire"
  | "expired"
  | "revoked"
  | "key_lost"
  | "logged_out"
  | "active_changed";

export interface SessionEvent {
  kind: EventKind;
  session: string;
  /** Whether another tab had it. */
  fromElsewhere: boolean;
}

export interface SessionClaims {
  /** Seconds since the Unix epoch. */
  exp: number;
  publicKey: string;
  sessionType: string;
  userId: string;
  organizationId: string;
  sessionProfileId: string | null;
}

export class Client {
  private constructor();

  /** How well keys are guarded: what is in use after a fallback. */
  readonly keyProtection: "unextractable" | "local_storage" | "memory";
  /** A method for every route, as the active session unless said otherwise. */
  readonly api: Api;

  /** The server's time in milliseconds, as far as it is known. */
  now(): number;
  syncTime(): Promise<number>;

  sessions(): Promise<Session[]>;
  /** The active one without a name; null when there is none. */
  session(name?: string): Promise<Session | null>;
  active(): Promise<string | null>;
  setActive(name: string): Promise<void>;
  refresh(name?: string): Promise<Session>;
  /** Forgets a session in any case, and ends it on the server as far as that can be done. */
  logOut(name?: string): Promise<{ endedOnServer: boolean }>;
  logOutEverywhere(name?: string): Promise<void>;

  signUpWithPasskey(signUp?: SignUp, logIn?: LogIn): Promise<Session>;
  logInWithPasskey(logIn?: LogIn): Promise<Session>;
  /** `plain` sends the code as it is, the older way. */
  beginOtp(contact: { email: string } | { phone: string }, options?: { plain?: boolean }): Promise<{ otpId: string }>;
  completeOtp(otpId: string, code: string, account: Account, logIn?: LogIn): Promise<Session>;
  beginOauth(provider: OauthProvider, logIn?: LogIn): Promise<{ url: string; state: string }>;
  completeOauth(returnedUrl: string, account: Account): Promise<Session>;
  /** Call it right when the user clicks. The redirect page calls `postOauthResult`. */
  logInWithOauthPopup(provider: OauthProvider, account: Account, logIn?: LogIn): Promise<Session>;
  logInWithWallet(wallet: Wallet, account: Account, logIn?: LogIn): Promise<Session>;
  /** P-256, hex. */
  logInWithApiKey(privateKeyHex: string, logIn?: LogIn): Promise<Session>;
  logInReadOnly(by: Vouching, logIn?: LogIn): Promise<Session>;
  beginBundle(): Promise<{ publicKey: string }>;
  completeBundle(targetPublicKey: string, bundle: string, logIn?: LogIn): Promise<Session>;

  /** Asks what a route names; parameters without `organizationId` use the caller's. */
  call<R extends Route>(route: R, parameters: Parameters_<R>, as?: As): Promise<Result<R>>;

  /** Tells a function of every event, in order; returns what ends that. */
  on(listener: (event: SessionEvent) => void): () => void;

  /** Deletes keys and attempts that no session needs; done at the start anyway. */
  cleanUp(): Promise<void>;
  /** Looks after sessions no more, and tells nobody of events. */
  close(): void;
}

/** What promises of a client are rejected with. */
export class KeywardError extends Error {
  /** Stays the same: `NOT_LOGGED_IN`, `SESSION_EXPIRED`, `OFFLINE`, … */
  readonly code: string;
  /** `activityId`, `fingerprint`, `retryAfterSeconds`, `status`, `turnkeyErrorCode`, … where there are any. */
  readonly details: Record<string, unknown>;
}
