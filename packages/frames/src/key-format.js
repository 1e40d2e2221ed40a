// The texts that wallets write private keys in, under the stamper's names, and the 32 bytes that travel.

import { ed25519 } from "@noble/curves/ed25519";
import { bech32 } from "@scure/base";
import { bs58, bs58check, uint8ArrayFromHexString, uint8ArrayToHexString } from "@turnkey/encoding";

const KEY_BYTES = 32;
/** Sui's flag of a scheme (SIP-15). */
const SUI_ED25519 = 0x00;

const FORMATS = {
  HEXADECIMAL: {
    description: "a private key of 64 hexadecimal digits",
    encode: (key) => `0x${uint8ArrayToHexString(key)}`,
    decode: (text) => uint8ArrayFromHexString(text.replace(/^0x/i, "")),
  },
  SOLANA: {
    description: "a private key of Solana, which is 64 bytes in base58",
    encode: (key) => bs58.encode(Uint8Array.of(...key, ...ed25519.getPublicKey(key))),
    // The public key is in the second half, so a slip of the pen shows.
    decode: (text) => unwrap([], bs58.decode(text), (key) => ed25519.getPublicKey(key)),
  },
  BITCOIN_MAINNET_WIF: wif(0x80, "a private key of Bitcoin's main network"),
  BITCOIN_TESTNET_WIF: wif(0xef, "a private key of Bitcoin's test network"),
  SUI_BECH32: {
    description: "an Ed25519 private key of Sui, which begins with suiprivkey1",
    encode: (key) => bech32.encodeFromBytes("suiprivkey", Uint8Array.of(SUI_ED25519, ...key)),
    decode: (text) => {
      const { prefix, bytes } = bech32.decodeToBytes(text);
      if (prefix !== "suiprivkey") throw new Error("another prefix");
      return unwrap([SUI_ED25519], bytes);
    },
  },
};

/** Wallet import format, of keys whose public key is compressed: others have other addresses. */
function wif(network, description) {
  return {
    description: `${description} in the wallet import format, of a compressed public key`,
    encode: (key) => bs58check.encode(Uint8Array.of(network, ...key, 0x01)),
    decode: (text) => unwrap([network], bs58check.decode(text), () => [0x01]),
  };
}

/** Writes a key of 32 bytes. */
export function encodeKey(key, format) {
  const { encode } = find(format);
  if (key.length !== KEY_BYTES) throw new Error(`a private key has 32 bytes, and this has ${key.length}`);
  return encode(key);
}

/** Reads what `encodeKey` writes. White space is of no account. */
export function decodeKey(text, format) {
  const { decode, description } = find(format);
  let key;
  try {
    key = decode(text.replaceAll(/\s/g, ""));
  } catch {
    // What went wrong is not said: it may quote the key.
  }
  if (key?.length !== KEY_BYTES) throw new Error(`this is not ${description}`);
  return key;
}

/** The stamper leaves the format out when it is hexadecimal. */
function find(format = "HEXADECIMAL") {
  if (!Object.hasOwn(FORMATS, format)) throw new Error(`the key format ${format} is not known`);
  return FORMATS[format];
}

/** The key between what has to precede it and what has to follow. */
function unwrap(before, bytes, after = () => []) {
  const key = bytes.subarray(before.length, before.length + KEY_BYTES);
  const whole = [...before, ...key, ...after(key)];
  if (whole.length !== bytes.length || whole.some((byte, index) => byte !== bytes[index])) {
    throw new Error("another form");
  }
  return key;
}
