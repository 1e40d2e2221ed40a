//! Stamps: how a request says who sends it.
//!
//! A stamp is a signature over the exact bytes of the request body and travels in one header:
//!
//! | header | type | made with |
//! |---|---|---|
//! | `X-Stamp` | [`ApiKeyStamp`] | a registered API key or a wallet |
//! | `X-Stamp-Webauthn` | [`WebAuthnStamp`] | a passkey |
//! | `X-Stamp-Attested` | [`AttestedStamp`] | a key that a token vouches for |
//!
//! [`make`] writes them. Reading and verifying them takes the feature `engine`: [`Presented::parse`] reads
//! the headers and judges nothing; who owns the key is looked up between that and `verify`.
//! [`registration`] checks new passkeys; [`SoftwareAuthenticator`] is the other side.
//!
//! ```
//! use keyward_crypto::{P256PrivateKey, SeededRng};
//! use keyward_protocol::stamp::{Headers, Presented, make};
//!
//! let key = P256PrivateKey::generate(&mut SeededRng::from_seed([1; 32]));
//! let body = br#"{"organizationId":"6f1f9a0e-3a70-4a57-9d3c-2f6f1f3c9b10"}"#;
//! let value = make::p256(&key, body);
//!
//! let headers = Headers { stamp: Some(value.as_bytes()), ..Headers::default() };
//! let Presented::ApiKey(stamp) = Presented::parse(&headers)? else { unreachable!() };
//! stamp.verify(body)?;
//! # Ok::<(), keyward_protocol::stamp::StampError>(())
//! ```

#[cfg(feature = "engine")]
mod api_key;
#[cfg(feature = "engine")]
mod attested;
#[cfg(feature = "engine")]
mod authenticator;
#[cfg(feature = "engine")]
mod cose;
#[cfg(feature = "engine")]
mod encoding;
pub mod make;
#[cfg(feature = "engine")]
mod presented;
#[cfg(feature = "engine")]
pub mod registration;
mod scheme;
#[cfg(feature = "engine")]
mod webauthn;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::sha256;

pub use scheme::{AttestedScheme, Scheme, eip191_prehash, webauthn_challenge};
#[cfg(feature = "engine")]
pub use {
    api_key::ApiKeyStamp,
    attested::AttestedStamp,
    authenticator::{Attestation, SoftwareAuthenticator},
    cose::CoseError,
    presented::{Headers, Presented, StampError},
    webauthn::{WebAuthnKey, WebAuthnRefusal, WebAuthnStamp},
};

/// The fingerprint of an activity: `sha256:` and the hex digest of the body exactly as it came.
///
/// Byte-sensitive: member order and whitespace count.
pub fn fingerprint(body: &[u8]) -> String {
    format!("sha256:{}", hex::encode(sha256(body)))
}

/// Base64url without padding.
fn encode_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
