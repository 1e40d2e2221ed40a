//! Checking signatures in a page, without asking the server.

use keyward_crypto::{EcdsaSignature, P256PublicKey, RecoverableSignature};
use wasm_bindgen::prelude::wasm_bindgen;

/// Keccak-256, as Ethereum hashes.
#[wasm_bindgen]
pub fn keccak256(data: &[u8]) -> Vec<u8> {
    keyward_crypto::keccak256(data).to_vec()
}

/// The secp256k1 key, SEC1 uncompressed, that made a signature (r, s, v: 65 bytes) over 32 bytes; `undefined`
/// when there is none.
#[wasm_bindgen(js_name = "recoverSecp256k1")]
pub fn recover_secp256k1(digest: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    let signature = RecoverableSignature::from_ethereum(signature.try_into().ok()?).ok()?;
    let key = signature.recover_secp256k1_uncompressed(digest.try_into().ok()?)?;
    Some(key.to_vec())
}

/// Whether a P-256 key (SEC1) signed the SHA-256 of a message; the signature is DER, as stamps have it.
#[wasm_bindgen(js_name = "verifyP256")]
pub fn verify_p256(public_key: &[u8], signature: &[u8], message: &[u8]) -> bool {
    let key = P256PublicKey::from_sec1(public_key);
    let signature = EcdsaSignature::from_der_lenient(signature);
    matches!((key, signature), (Ok(key), Ok(signature)) if key.verify(message, &signature))
}
