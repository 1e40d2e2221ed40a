// What vouches for a request, taken apart.

import { verifyP256 } from "/client/index.js";

import { fromBase64Url, fromHex, toHex, utf8 } from "../check/bytes.js";
import { shorten } from "./format.js";

const NAMES = {
  "x-stamp": "X-Stamp",
  "x-stamp-webauthn": "X-Stamp-WebAuthn",
  "x-stamp-attested": "X-Stamp-Attested",
  "x-session": "X-Session",
};

/**
 * The header that vouches for a request: its name, its value, what it means in a sentence, its parts, and a
 * promise of what this page checked. `null` for a request without one.
 */
export function readStamp({ headers, body }) {
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() in NAMES);
  if (!found) return null;
  const [name, value] = [NAMES[found[0].toLowerCase()], found[1]];
  try {
    return { name, value, ...READERS[name](value, body) };
  } catch {
    return { name, value, means: "This page cannot read it.", parts: { value }, checked: null };
  }
}

const READERS = {
  "X-Stamp": (value, body) => {
    const parts = JSON.parse(new TextDecoder().decode(fromBase64Url(value)));
    const means = "base64url of JSON: the key, the scheme, and its signature over exactly the bytes of the body.";
    return { means, parts, checked: parts.scheme?.endsWith("_P256") ? checkP256(parts, body) : null };
  },
  "X-Stamp-WebAuthn": (value, body) => {
    const parts = JSON.parse(value);
    const clientData = JSON.parse(new TextDecoder().decode(fromBase64Url(parts.clientDataJson)));
    const means = "JSON of the passkey’s assertion. Its challenge is the SHA-256 of the body, so it is good for nothing else.";
    return {
      means,
      parts: { ...parts, "clientDataJson, decoded": clientData },
      checked: checkChallenge(clientData.challenge, body),
    };
  },
  "X-Stamp-Attested": (value, body) => {
    const parts = JSON.parse(new TextDecoder().decode(fromBase64Url(value)));
    const means = "As X-Stamp, by a key that nobody registered: the token vouches for it.";
    return { means, parts, checked: checkP256(parts, body) };
  },
  "X-Session": (value) => ({
    means: "The token of a read-only session; whoever has it reads. This page shows its beginning only.",
    parts: { token: `${value.slice(0, 12)}… (${value.length} characters)` },
    checked: null,
  }),
};

async function checkP256({ publicKey, signature }, body) {
  const isRight = verifyP256(fromHex(publicKey), fromHex(signature), utf8(body));
  const key = shorten(publicKey, 6);
  return isRight
    ? { isRight, text: `Checked here: ${key} signed exactly this body.` }
    : { isRight, text: `${key} did not sign this body.` };
}

/** The challenge is base64url of the SHA-256 in hex. */
async function checkChallenge(challenge, body) {
  const digest = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(body))));
  const isRight = new TextDecoder().decode(fromBase64Url(challenge)) === digest;
  return {
    isRight,
    text: isRight ? "Checked here: the challenge is the SHA-256 of this body." : "The challenge is not this body’s.",
  };
}
