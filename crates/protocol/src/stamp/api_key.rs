//! `X-Stamp`: a request signed with an API key or a wallet.

use std::fmt;

use keyward_crypto::{EcdsaSignature, Ed25519PublicKey, P256PublicKey, Secp256k1PublicKey, sha256};
use serde::Deserialize;

use super::encoding::{decode_base64, parse_object};
use super::{Scheme, StampError, eip191_prehash};

/// As it travels, base64url around it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiKeyStampJson {
    public_key: String,
    scheme: String,
    signature: String,
}

/// An API key stamp, read and not yet verified.
#[derive(Clone)]
pub struct ApiKeyStamp {
    /// What the key is looked up by: hex, in lower case. Not checked to be a key, or hex.
    pub public_key: String,
    /// What was signed, and with which kind of key.
    pub scheme: Scheme,
    /// The signature as it came: hex of DER, or of 64 bytes for Ed25519. Not checked to be hex.
    pub signature_hex: String,
}

impl ApiKeyStamp {
    /// Reads the value of the header.
    ///
    /// Key and signature stay text, so that a key nobody registered is reported as that, whatever
    /// it looks like.
    ///
    /// # Errors
    ///
    /// [`StampError::ApiKeyStampUnreadable`].
    pub fn parse(value: &[u8]) -> Result<Self, StampError> {
        decode_base64(value)
            .and_then(|json| parse_object::<ApiKeyStampJson>(&json))
            .and_then(|travels| {
                let scheme =
                    Scheme::ALL.into_iter().find(|scheme| scheme.as_str() == travels.scheme)?;
                let mut public_key = travels.public_key;
                public_key.make_ascii_lowercase();
                Some(Self { public_key, scheme, signature_hex: travels.signature })
            })
            .ok_or(StampError::ApiKeyStampUnreadable)
    }

    /// Checks the signature over `body`, the exact bytes of the request.
    ///
    /// That the scheme fits the curve the key is registered with is asked of [`Scheme::fits`].
    ///
    /// # Errors
    ///
    /// [`StampError::SignatureMismatch`], also when key or signature is not of the right form.
    pub fn verify(&self, body: &[u8]) -> Result<(), StampError> {
        let verified = match self.scheme {
            Scheme::P256 => verify_p256(&self.public_key, &self.signature_hex, body),
            Scheme::Secp256k1 => self.verify_secp256k1(&sha256(body)),
            Scheme::Eip191 => self.verify_secp256k1(&eip191_prehash(body)),
            Scheme::Ed25519 => self.verify_ed25519(body),
        };
        if verified == Some(true) { Ok(()) } else { Err(StampError::SignatureMismatch) }
    }

    /// As [`Self::verify`], with the P-256 key already parsed by whoever keeps it.
    ///
    /// # Errors
    ///
    /// [`StampError::SignatureMismatch`].
    pub fn verify_by(&self, key: &P256PublicKey, body: &[u8]) -> Result<(), StampError> {
        let verified = self.scheme == Scheme::P256
            && decode_der(&self.signature_hex)
                .is_some_and(|signature| key.verify(body, &signature));
        if verified { Ok(()) } else { Err(StampError::SignatureMismatch) }
    }

    fn verify_secp256k1(&self, prehash: &[u8; 32]) -> Option<bool> {
        let key = Secp256k1PublicKey::from_sec1(&decode_hex::<33>(&self.public_key)?).ok()?;
        Some(key.verify_prehash(prehash, &decode_der(&self.signature_hex)?))
    }

    fn verify_ed25519(&self, body: &[u8]) -> Option<bool> {
        let key = Ed25519PublicKey::from_bytes(&decode_hex(&self.public_key)?);
        Some(key.verify_strict(body, &decode_hex(&self.signature_hex)?))
    }
}

impl fmt::Debug for ApiKeyStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyStamp")
            .field("public_key", &self.public_key)
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

/// ECDSA P-256 over SHA-256 of the body, key compressed, signature DER, both hex. `None` when one of
/// them is not of that form.
pub(super) fn verify_p256(public_key: &str, signature_hex: &str, body: &[u8]) -> Option<bool> {
    let key = P256PublicKey::from_sec1(&decode_hex::<33>(public_key)?).ok()?;
    Some(key.verify(body, &decode_der(signature_hex)?))
}

fn decode_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}

fn decode_der(text: &str) -> Option<EcdsaSignature> {
    EcdsaSignature::from_der_lenient(&hex::decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use keyward_crypto::{Ed25519PrivateKey, P256PrivateKey, Secp256k1PrivateKey, SeededRng};
    use proptest::prelude::*;

    use super::*;
    use crate::stamp::make;

    /// One stamp of each scheme over `body`, with keys drawn from `seed`.
    fn made(seed: [u8; 32], body: &[u8]) -> [ApiKeyStamp; 4] {
        let mut rng = SeededRng::from_seed(seed);
        let secp256k1 = Secp256k1PrivateKey::generate(&mut rng);
        [
            make::p256(&P256PrivateKey::generate(&mut rng), body),
            make::secp256k1(&secp256k1, body),
            make::eip191(&secp256k1, body),
            make::ed25519(&Ed25519PrivateKey::generate(&mut rng), body),
        ]
        .map(|value| ApiKeyStamp::parse(value.as_bytes()).unwrap())
    }

    #[test]
    fn refuses_another_scheme_for_the_same_key_and_signature() {
        for stamp in made([1; 32], b"{}") {
            for scheme in Scheme::ALL {
                let renamed = ApiKeyStamp { scheme, ..stamp.clone() };
                assert_eq!(renamed.verify(b"{}").is_ok(), scheme == stamp.scheme, "{scheme:?}");
            }
        }
    }

    #[test]
    fn the_key_is_lower_cased_and_the_signature_kept() {
        let json = format!(
            r#"{{"publicKey":"02ABCDEF","scheme":"{}","signature":"30AB"}}"#,
            Scheme::P256.as_str()
        );
        let stamp =
            ApiKeyStamp::parse(crate::stamp::encode_base64url(json.as_bytes()).as_bytes()).unwrap();
        assert_eq!((stamp.public_key.as_str(), stamp.signature_hex.as_str()), ("02abcdef", "30AB"));
    }

    proptest! {
        #[test]
        fn a_made_stamp_verifies_and_one_flipped_bit_of_the_body_is_refused(
            seed: [u8; 32],
            body in prop::collection::vec(any::<u8>(), 1..300),
            at in any::<prop::sample::Index>(),
        ) {
            let mut flipped = body.clone();
            let bit = at.index(body.len() * 8);
            flipped[bit / 8] ^= 1 << (bit % 8);
            for stamp in made(seed, &body) {
                prop_assert_eq!(stamp.verify(&body), Ok(()));
                prop_assert_eq!(stamp.verify(&flipped), Err(StampError::SignatureMismatch));
            }
        }

        #[test]
        fn one_flipped_bit_of_the_signature_is_refused(
            seed: [u8; 32],
            at in any::<prop::sample::Index>(),
        ) {
            for mut stamp in made(seed, b"{}") {
                let mut signature = hex::decode(&stamp.signature_hex).unwrap();
                let bit = at.index(signature.len() * 8);
                signature[bit / 8] ^= 1 << (bit % 8);
                stamp.signature_hex = hex::encode(signature);
                prop_assert_eq!(stamp.verify(b"{}"), Err(StampError::SignatureMismatch));
            }
        }
    }
}
