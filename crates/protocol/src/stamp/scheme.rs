//! Which names stand for which signatures, and what is signed under them.

use keyward_crypto::{keccak256, sha256};

use super::encode_base64url;
use crate::wire::enums::ApiKeyCurve;

/// How the body becomes what an API key signs. The list is complete.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Scheme {
    /// ECDSA over SHA-256 of the body.
    P256,
    /// ECDSA over SHA-256 of the body.
    Secp256k1,
    /// ECDSA over keccak-256 of the body behind Ethereum's prefix for personal messages.
    Eip191,
    /// Over the body itself.
    Ed25519,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::P256, Self::Secp256k1, Self::Eip191, Self::Ed25519];

    /// The name that travels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "SIGNATURE_SCHEME_TK_API_P256",
            Self::Secp256k1 => "SIGNATURE_SCHEME_TK_API_SECP256K1",
            Self::Eip191 => "SIGNATURE_SCHEME_TK_API_SECP256K1_EIP191",
            Self::Ed25519 => "SIGNATURE_SCHEME_TK_API_ED25519",
        }
    }

    /// Whether keys registered with `curve` may use this scheme.
    pub const fn fits(self, curve: ApiKeyCurve) -> bool {
        matches!(
            (self, curve),
            (Self::P256, ApiKeyCurve::P256)
                | (Self::Secp256k1 | Self::Eip191, ApiKeyCurve::Secp256k1)
                | (Self::Ed25519, ApiKeyCurve::Ed25519)
        )
    }
}

/// What kind of token vouches for the key.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum AttestedScheme {
    /// An identity provider's token whose nonce is bound to the key.
    Oidc,
    /// A token this server gave for a verified e-mail address or phone number.
    VerificationToken,
}

impl AttestedScheme {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Oidc, Self::VerificationToken];

    /// The name that travels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oidc => "STAMP_ATTESTED_SCHEME_P256_OIDC",
            Self::VerificationToken => "STAMP_ATTESTED_SCHEME_P256_VERIFICATION_TOKEN",
        }
    }
}

/// What a wallet signs when asked to `personal_sign` the body. The length counts bytes.
///
/// Source: EIP-191, version `0x45`.
pub fn eip191_prehash(body: &[u8]) -> [u8; 32] {
    let prefix = format!("\x19Ethereum Signed Message:\n{}", body.len());
    keccak256(&[prefix.as_bytes(), body].concat())
}

/// The challenge an assertion over `body` must carry: base64url of the 64 characters of the
/// lower-case hex digest, not of the 32 bytes of the digest. 86 characters.
pub fn webauthn_challenge(body: &[u8]) -> String {
    encode_base64url(hex::encode(sha256(body)).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_fits_the_curves_it_is_for() {
        for scheme in Scheme::ALL {
            let fitting: Vec<_> =
                ApiKeyCurve::ALL.iter().copied().filter(|curve| scheme.fits(*curve)).collect();
            let expected = match scheme {
                Scheme::P256 => ApiKeyCurve::P256,
                Scheme::Secp256k1 | Scheme::Eip191 => ApiKeyCurve::Secp256k1,
                Scheme::Ed25519 => ApiKeyCurve::Ed25519,
            };
            assert_eq!(fitting, [expected], "{scheme:?}");
        }
    }

    #[test]
    fn an_ethereum_signed_message_has_its_known_digest() {
        // ethers.js documentation of hashMessage.
        assert_eq!(
            hex::encode(eip191_prehash(b"Hello World")),
            "a1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2"
        );
    }

    #[test]
    fn the_challenge_is_of_the_hex_text() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let challenge = webauthn_challenge(b"");
        assert_eq!(challenge.len(), 86);
        assert_eq!(challenge, encode_base64url(hex.as_bytes()));
    }
}
