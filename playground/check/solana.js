// Solana's signatures, Ed25519, checked by the browser's WebCrypto.

import { concat, fromBigInt, fromHex } from "./bytes.js";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** A Solana address is its public key, in base 58. */
export function publicKeyOf(address) {
  let number = 0n;
  for (const character of address) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) throw new Error("That is no Solana address.");
    number = number * 58n + BigInt(digit);
  }
  return fromBigInt(number, 32);
}

/**
 * Whether the key of `address` signed `message`; `null` when this browser has no Ed25519.
 * `r` and `s` are hex, 32 bytes each, as the server answers.
 */
export async function verifiesMessage(address, message, { r, s }) {
  let key;
  try {
    key = await crypto.subtle.importKey("raw", publicKeyOf(address), "Ed25519", false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") return null;
    throw error;
  }
  return crypto.subtle.verify("Ed25519", key, concat(fromHex(r), fromHex(s)), message);
}
