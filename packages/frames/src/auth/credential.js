// A credential bundle: an API key of the user, sealed by the server to the embedded key.

import { ApiKeyStamper } from "@turnkey/api-key-stamper";
import { decryptCredentialBundle, getPublicKey } from "@turnkey/crypto";
import { bs58check, uint8ArrayFromHexString, uint8ArrayToHexString } from "@turnkey/encoding";

/** Opens a bundle with the embedded private key (hex); gives a stamper for the API key in it. */
export function openBundle(bundle, embeddedPrivateKey) {
  const apiPrivateKey = decryptCredentialBundle(toBase58Check(bundle), embeddedPrivateKey);
  const apiPublicKey = uint8ArrayToHexString(getPublicKey(uint8ArrayFromHexString(apiPrivateKey), true));
  return new ApiKeyStamper({ apiPublicKey, apiPrivateKey });
}

/** Bundles come as base58check or as base64url of the same bytes; the checksum tells which. */
function toBase58Check(bundle) {
  try {
    bs58check.decode(bundle);
    return bundle;
  } catch (notBase58Check) {
    if (!/^[A-Za-z0-9_-]+$/.test(bundle)) throw notBase58Check;
    const binary = atob(bundle.replaceAll("-", "+").replaceAll("_", "/"));
    return bs58check.encode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
  }
}
