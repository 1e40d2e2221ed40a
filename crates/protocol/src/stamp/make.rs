//! Making stamps: the values of the headers, for clients and tests.
//!
//! A stamp holds for exactly the bytes given here, so send those and not the same JSON written
//! again. Passkey stamps come from an authenticator; see [`SoftwareAuthenticator`] for one without
//! hardware.
//!
//! [`SoftwareAuthenticator`]: super::SoftwareAuthenticator

use keyward_crypto::{Ed25519PrivateKey, P256PrivateKey, Secp256k1PrivateKey, sha256};
use serde_json::Value;

use super::api_key::eip191_prehash;
use super::encoding::encode_base64url;
use super::{AttestedScheme, Scheme};

/// `X-Stamp` with a P-256 key.
pub fn p256(key: &P256PrivateKey, body: &[u8]) -> String {
    let public_key = key.public_key().compressed();
    api_key(&public_key, Scheme::P256, &key.sign(body).to_der())
}

/// `X-Stamp` with a secp256k1 key.
pub fn secp256k1(key: &Secp256k1PrivateKey, body: &[u8]) -> String {
    let signature = key.sign_prehash(&sha256(body)).signature();
    api_key(&key.public_key().compressed(), Scheme::Secp256k1, &signature.to_der())
}

/// `X-Stamp` as an Ethereum wallet makes it with `personal_sign` of the body.
pub fn eip191(key: &Secp256k1PrivateKey, body: &[u8]) -> String {
    let signature = key.sign_prehash(&eip191_prehash(body)).signature();
    api_key(&key.public_key().compressed(), Scheme::Eip191, &signature.to_der())
}

/// `X-Stamp` with an Ed25519 key, or as a Solana wallet makes it with `signMessage` of the body.
pub fn ed25519(key: &Ed25519PrivateKey, body: &[u8]) -> String {
    api_key(&key.public_key().to_bytes(), Scheme::Ed25519, &key.sign(body))
}

/// `X-Stamp-Attested` with the key that `token` vouches for.
pub fn attested(key: &P256PrivateKey, scheme: AttestedScheme, token: &str, body: &[u8]) -> String {
    let json = format!(
        r#"{{"publicKeyAttestation":{},"scheme":"{}","publicKey":"{}","signature":"{}"}}"#,
        Value::from(token),
        scheme.as_str(),
        hex::encode(key.public_key().compressed()),
        hex::encode(key.sign(body).to_der()),
    );
    encode_base64url(json.as_bytes())
}

fn api_key(public_key: &[u8], scheme: Scheme, signature: &[u8]) -> String {
    let json = format!(
        r#"{{"publicKey":"{}","scheme":"{}","signature":"{}"}}"#,
        hex::encode(public_key),
        scheme.as_str(),
        hex::encode(signature),
    );
    encode_base64url(json.as_bytes())
}
