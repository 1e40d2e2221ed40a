//! Making stamps: the values of the headers, for clients and tests.
//!
//! A stamp holds for exactly the bytes given here, so send those and not the same JSON written again.
//!
//! With a private key at hand there is one function for each kind of it. Where the key can't be had, in
//! a browser, a wallet, a KMS or an authenticator, the `…_header` functions put together what it signed.

use keyward_crypto::P256PrivateKey;
use serde::Serialize;
use serde_json::Value;

use super::{AttestedScheme, Scheme, encode_base64url};

#[cfg(not(target_arch = "wasm32"))]
use {
    super::eip191_prehash,
    keyward_crypto::{Ed25519PrivateKey, Secp256k1PrivateKey, sha256},
};

/// `X-Stamp` with a P-256 key.
pub fn p256(key: &P256PrivateKey, body: &[u8]) -> String {
    let public_key = key.public_key().compressed();
    api_key_header(&public_key, Scheme::P256, &key.sign(body).to_der())
}

/// `X-Stamp` with a secp256k1 key.
#[cfg(not(target_arch = "wasm32"))]
pub fn secp256k1(key: &Secp256k1PrivateKey, body: &[u8]) -> String {
    let signature = key.sign_prehash(&sha256(body)).signature();
    api_key_header(&key.public_key().compressed(), Scheme::Secp256k1, &signature.to_der())
}

/// `X-Stamp` as an Ethereum wallet makes it with `personal_sign` of the body.
#[cfg(not(target_arch = "wasm32"))]
pub fn eip191(key: &Secp256k1PrivateKey, body: &[u8]) -> String {
    let signature = key.sign_prehash(&eip191_prehash(body)).signature();
    api_key_header(&key.public_key().compressed(), Scheme::Eip191, &signature.to_der())
}

/// `X-Stamp` with an Ed25519 key, or as a Solana wallet makes it with `signMessage` of the body.
#[cfg(not(target_arch = "wasm32"))]
pub fn ed25519(key: &Ed25519PrivateKey, body: &[u8]) -> String {
    api_key_header(&key.public_key().to_bytes(), Scheme::Ed25519, &key.sign(body))
}

/// `X-Stamp-Attested` with the key that `token` vouches for.
pub fn attested(key: &P256PrivateKey, scheme: AttestedScheme, token: &str, body: &[u8]) -> String {
    attested_header(&key.public_key().compressed(), scheme, token, &key.sign(body).to_der())
}

/// `X-Stamp` from its parts.
///
/// `public_key` is SEC1 compressed, or the 32 bytes of Ed25519; `signature` is DER, or 64 bytes with
/// Ed25519. What is signed for a body is said by [`Scheme`].
pub fn api_key_header(public_key: &[u8], scheme: Scheme, signature: &[u8]) -> String {
    let json = format!(
        r#"{{"publicKey":"{}","scheme":"{}","signature":"{}"}}"#,
        hex::encode(public_key),
        scheme.as_str(),
        hex::encode(signature),
    );
    encode_base64url(json.as_bytes())
}

/// `X-Stamp-Attested` from its parts.
///
/// `public_key` is P-256, SEC1 compressed; `signature` is DER, over the SHA-256 of the body.
pub fn attested_header(
    public_key: &[u8],
    scheme: AttestedScheme,
    token: &str,
    signature: &[u8],
) -> String {
    let json = format!(
        r#"{{"publicKeyAttestation":{},"scheme":"{}","publicKey":"{}","signature":"{}"}}"#,
        Value::from(token),
        scheme.as_str(),
        hex::encode(public_key),
        hex::encode(signature),
    );
    encode_base64url(json.as_bytes())
}

/// What an authenticator returned for [`webauthn_challenge`] of the body; each in base64url without padding.
///
/// [`webauthn_challenge`]: super::webauthn_challenge
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Assertion<'a> {
    /// `authenticatorData`.
    pub authenticator_data: &'a str,
    /// `clientDataJSON`.
    pub client_data_json: &'a str,
    /// The credential that signed.
    pub credential_id: &'a str,
    /// `signature`.
    pub signature: &'a str,
}

/// `X-Stamp-WebAuthn` from an assertion.
#[expect(clippy::expect_used, reason = "four texts are always JSON")]
pub fn webauthn_header(assertion: &Assertion<'_>) -> String {
    serde_json::to_string(assertion).expect("JSON")
}

#[cfg(all(test, feature = "engine"))]
mod tests {
    use keyward_crypto::{RecoverableSignature, SeededRng};

    use super::*;
    use crate::stamp::{ApiKeyStamp, AttestedStamp};

    /// As a browser does it: the key and the signatures are somebody else's.
    #[test]
    fn a_wallet_stamps_without_telling_its_key() {
        let wallet = Secp256k1PrivateKey::generate(&mut SeededRng::from_seed([1; 32]));
        let prehash = eip191_prehash(b"{}");
        let answer = wallet.sign_prehash(&prehash);
        let v = 27 + answer.recovery_id;
        let answer = [&answer.r[..], &answer.s, &[v]].concat().try_into().unwrap();

        let signature = RecoverableSignature::from_ethereum(&answer).unwrap();
        let public_key = signature.recover_secp256k1(&prehash).unwrap();
        let stamp = api_key_header(&public_key, Scheme::Eip191, &signature.signature().to_der());
        assert_eq!(stamp, eip191(&wallet, b"{}"));
        assert_eq!(ApiKeyStamp::parse(stamp.as_bytes()).unwrap().verify(b"{}"), Ok(()));
    }

    #[test]
    fn a_token_may_have_any_character() {
        let key = P256PrivateKey::generate(&mut SeededRng::from_seed([1; 32]));
        let stamp = attested(&key, AttestedScheme::Oidc, "a\"b", b"{}");
        assert_eq!(AttestedStamp::parse(stamp.as_bytes()).unwrap().token, "a\"b");
    }
}
