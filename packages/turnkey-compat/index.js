// `@turnkey/core` 2 seals one-time codes to whoever signs with a key that it has built in. This takes
// the key that the server publishes instead.

import { TurnkeyError, TurnkeyErrorCodes } from "@turnkey/core";
import { encryptOtpCodeToBundle } from "@turnkey/crypto";

const UNCOMPRESSED_POINT = /^04[0-9a-f]{128}$/;

export async function adapt(client, { baseUrl = client.config?.apiBaseUrl, otpSignerPublicKey } = {}) {
  const signer = otpSignerPublicKey ?? (await publishedKey(baseUrl));
  if (!UNCOMPRESSED_POINT.test(signer)) {
    throw new TypeError("otpSignerPublicKey must be an uncompressed P-256 point: 04 and 128 lower-case hex digits");
  }
  client.verifyOtp = (params) => verifyOtp(client, signer, params);
  return client;
}

async function publishedKey(baseUrl) {
  const url = `${String(baseUrl).replace(/\/+$/, "")}/.well-known/keyward.json`;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  const { otpSignerPublicKey } = await response.json();
  if (otpSignerPublicKey === undefined) throw new Error(`${url} names no otpSignerPublicKey`);
  return otpSignerPublicKey;
}

/** As in @turnkey/core 2.8.1, which it takes its texts, its error codes and its care for keys from. */
async function verifyOtp(client, signer, { otpId, otpCode, otpEncryptionTargetBundle, publicKey: given }) {
  const publicKey = given ?? (await client.createApiKeyPair());
  if (!publicKey) {
    throw new TurnkeyError(
      "No public key available. Either pass a publicKey or ensure apiKeyStamper is configured.",
      TurnkeyErrorCodes.INVALID_REQUEST,
    );
  }
  try {
    const encryptedOtpBundle = await encryptOtpCodeToBundle(otpCode, otpEncryptionTargetBundle, publicKey, signer);
    const answer = await client.httpClient.proxyVerifyOtpV2({ otpId, encryptedOtpBundle });
    if (!answer) throw new TurnkeyError("OTP verification failed", TurnkeyErrorCodes.INTERNAL_ERROR);
    return { verificationToken: answer.verificationToken, publicKey };
  } catch (error) {
    // A key pair made here would be of no use to anybody.
    if (!given) await deleteKeyPair(client, publicKey);
    throw asTurnkeyError(error);
  }
}

async function deleteKeyPair(client, publicKey) {
  try {
    await client.deleteApiKeyPair({ publicKey });
  } catch (error) {
    const code = TurnkeyErrorCodes.KEY_PAIR_CLEANUP_ERROR;
    throw new TurnkeyError("Failed to clean up generated key pair", code, error);
  }
}

function asTurnkeyError(error) {
  if (String(error?.message).includes("Invalid OTP code")) {
    return new TurnkeyError("The provided OTP code is invalid.", TurnkeyErrorCodes.INVALID_OTP_CODE, error);
  }
  if (error instanceof TurnkeyError) return error;
  return new TurnkeyError("Failed to verify OTP", TurnkeyErrorCodes.VERIFY_OTP_ERROR, error);
}
