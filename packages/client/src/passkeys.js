// Passkeys by the Web Authentication API, Level 3.

/** ES256 and RS256: what authenticators make, and the server verifies. */
const ALGORITHMS = [-7, -257];

export class Passkeys {
  #options;

  /** `rpId`, `rpName`, `userVerification` and `timeoutMs`. */
  constructor(options = {}) {
    this.#options = options;
  }

  async create(challenge, userId, userName) {
    const { rpName = this.#rpId(), timeoutMs } = this.#options;
    const { rawId, response } = await credentials().create({
      publicKey: {
        challenge,
        rp: { id: this.#rpId(), name: rpName },
        user: { id: userId, name: userName, displayName: userName },
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: {
          residentKey: "required",
          requireResidentKey: true,
          userVerification: this.#userVerification(),
        },
        attestation: "none",
        timeout: timeoutMs,
      },
    });
    const transports = response.getTransports?.() ?? [];
    return {
      credentialId: base64url(rawId),
      clientDataJson: base64url(response.clientDataJSON),
      attestationObject: base64url(response.attestationObject),
      transports: transports.map((name) => `AUTHENTICATOR_TRANSPORT_${name.toUpperCase()}`),
    };
  }

  /** The user picks which. */
  async get(challenge) {
    const { timeoutMs } = this.#options;
    const publicKey = {
      challenge,
      rpId: this.#rpId(),
      allowCredentials: [],
      userVerification: this.#userVerification(),
      timeout: timeoutMs,
    };
    const { rawId, response } = await credentials().get({ publicKey });
    return {
      credentialId: base64url(rawId),
      authenticatorData: base64url(response.authenticatorData),
      clientDataJson: base64url(response.clientDataJSON),
      signature: base64url(response.signature),
    };
  }

  #rpId() {
    return this.#options.rpId ?? location.hostname;
  }

  #userVerification() {
    return this.#options.userVerification ?? "preferred";
  }
}

function credentials() {
  // Absent in workers, in old browsers and where the connection is not secure.
  if (!globalThis.navigator?.credentials || !globalThis.PublicKeyCredential) {
    throw new DOMException("there is no Web Authentication here", "NotSupportedError");
  }
  return navigator.credentials;
}

function base64url(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
