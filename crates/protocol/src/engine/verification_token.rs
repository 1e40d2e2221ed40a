//! The token that says that somebody reads an e-mail address or telephone number.
//!
//! There are two generations, and what they differ in is easily confused: the key, and whether `exp` is a
//! string of milliseconds or a number of seconds. So each is issued by a function of its own.

use keyward_crypto::{EcdsaSignature, P256PrivateKey, P256PublicKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::engine::jwt::{Parts, sign_es256};
use crate::wire::Timestamp;
use crate::wire::enums::OtpType;
use crate::wire::id::{OrganizationId, TokenId};

/// Why a verification token was refused.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum TokenError {
    /// Not three parts of base64url, or too long.
    #[error("verification token is malformed")]
    Malformed,
    /// The header says something other than ES256 and JWT.
    #[error("verification token has an unsupported header")]
    UnsupportedHeader,
    /// Signed by neither key, or altered.
    #[error("verification token has an invalid signature")]
    InvalidSignature,
    /// A claim of its generation is missing or has another type.
    #[error("verification token has invalid claims")]
    InvalidClaims,
    /// Its time is over.
    #[error("verification token has expired")]
    Expired,
}

/// The public keys that tokens are verified with.
#[derive(Clone, Copy, Debug)]
pub struct TokenKeys<'a> {
    /// Signs the current generation, and the target bundles for one-time codes.
    pub current: &'a P256PublicKey,
    /// Signs the legacy generation and nothing else.
    pub legacy: &'a P256PublicKey,
}

/// The two kinds of token. The legacy one is what `VERIFY_OTP` returns, without a sealed code.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Generation {
    /// Always bound to an organization and a key.
    Current,
    /// Bound to no organization, and to a key only when the client named one.
    Legacy,
}

/// What both generations say.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'a> {
    /// The token's own identifier.
    pub id: TokenId,
    /// What the contact is.
    pub kind: OtpType,
    /// E-mail address or telephone number, as given.
    pub contact: &'a str,
    /// End of the token.
    pub expires_at: Timestamp,
}

/// Issues a token of the current generation: `exp` in milliseconds, as a string.
///
/// # Errors
///
/// None in practice: the claims are plain strings.
pub fn issue_current(
    verified: &Verified<'_>,
    organization: OrganizationId,
    public_key: &str,
    otp_signer: &P256PrivateKey,
) -> Result<String, serde_json::Error> {
    let claims = serde_json::to_string(&CurrentClaims {
        id: verified.id.to_string(),
        verification_type: verified.kind,
        contact: verified.contact.to_owned(),
        organization_id: organization.to_string(),
        public_key: public_key.to_owned(),
        exp: verified.expires_at.as_millis().to_string(),
    })?;
    Ok(sign_es256(None, &claims, otp_signer))
}

/// Issues a token of the legacy generation: `exp` in whole seconds, as a number.
///
/// # Errors
///
/// None in practice: the claims are plain strings and a number.
pub fn issue_legacy(
    verified: &Verified<'_>,
    public_key: Option<&str>,
    legacy_otp: &P256PrivateKey,
) -> Result<String, serde_json::Error> {
    let claims = serde_json::to_string(&LegacyClaims {
        contact: verified.contact.to_owned(),
        exp: verified.expires_at.as_seconds(),
        id: verified.id.to_string(),
        verification_type: verified.kind,
        public_key: public_key.map(str::to_owned),
    })?;
    Ok(sign_es256(None, &claims, legacy_otp))
}

/// A token that has been verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerificationToken {
    /// Its own identifier.
    pub id: TokenId,
    /// What the contact is.
    pub kind: OtpType,
    /// E-mail address or telephone number, as given.
    pub contact: String,
    /// The organization that issued it; `None` in the legacy generation.
    pub organization: Option<OrganizationId>,
    /// The key it is bound to, compressed, hex; `None` only in the legacy generation.
    pub public_key: Option<String>,
    /// End of the token.
    pub expires_at: Timestamp,
    /// Which key signed it.
    pub generation: Generation,
}

impl VerificationToken {
    /// Verifies a token of either generation; the key that fits says which.
    ///
    /// # Errors
    ///
    /// What is wrong with it, by [`TokenError`]'s variants.
    ///
    /// Source: RFC 7515 §5.2, with ES256 alone; the claims as `verifyOtpVerificationToken` of
    /// `@turnkey/crypto` wants them.
    pub fn verify(token: &str, keys: &TokenKeys<'_>, now: Timestamp) -> Result<Self, TokenError> {
        let parts = Parts::split(token, MAX_TOKEN).ok_or(TokenError::Malformed)?;
        let header: Header = parts.header().ok_or(TokenError::UnsupportedHeader)?;
        if header.alg != "ES256" || header.typ != "JWT" {
            return Err(TokenError::UnsupportedHeader);
        }
        let raw = parts.signature().ok_or(TokenError::Malformed)?;
        let raw: &[u8; 64] = raw.as_slice().try_into().map_err(|_| TokenError::InvalidSignature)?;
        let signature = EcdsaSignature::from_bytes(raw);
        let input = parts.signing_input.as_bytes();
        let verified = if keys.current.verify(input, &signature) {
            parts.claims().and_then(CurrentClaims::read)
        } else if keys.legacy.verify(input, &signature) {
            parts.claims().and_then(LegacyClaims::read)
        } else {
            return Err(TokenError::InvalidSignature);
        };
        let token = verified.ok_or(TokenError::InvalidClaims)?;
        if token.expires_at <= now { Err(TokenError::Expired) } else { Ok(token) }
    }
}

/// The identifier that a token claims. Nothing is verified: only to know which record to load.
pub fn peek_id(token: &str) -> Option<TokenId> {
    #[derive(Deserialize)]
    struct Claims {
        id: String,
    }
    let Claims { id } = Parts::split(token, MAX_TOKEN)?.claims()?;
    id.parse().ok()
}

/// Whether a token claims to be bound to no key. Nothing is verified: only to know what may be shown.
pub fn is_unbound(token: &str) -> bool {
    #[derive(Deserialize)]
    struct Claims {
        public_key: Option<String>,
    }
    let claims = Parts::split(token, MAX_TOKEN).and_then(|parts| parts.claims::<Claims>());
    claims.is_some_and(|claims| claims.public_key.is_none())
}

/// Real ones have less than 1 KiB; a contact has at most 320 characters.
const MAX_TOKEN: usize = 8 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
}

#[derive(Deserialize, Serialize)]
struct CurrentClaims {
    id: String,
    verification_type: OtpType,
    contact: String,
    organization_id: String,
    public_key: String,
    exp: String,
}

impl CurrentClaims {
    fn read(self) -> Option<VerificationToken> {
        Some(VerificationToken {
            id: self.id.parse().ok()?,
            kind: self.verification_type,
            contact: self.contact,
            organization: Some(self.organization_id.parse().ok()?),
            public_key: Some(self.public_key),
            expires_at: Timestamp::from_millis(self.exp.parse().ok()?),
            generation: Generation::Current,
        })
    }
}

#[derive(Deserialize, Serialize)]
struct LegacyClaims {
    contact: String,
    exp: u64,
    id: String,
    verification_type: OtpType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
}

impl LegacyClaims {
    fn read(self) -> Option<VerificationToken> {
        Some(VerificationToken {
            id: self.id.parse().ok()?,
            kind: self.verification_type,
            contact: self.contact,
            organization: None,
            public_key: self.public_key,
            expires_at: Timestamp::from_millis(0).plus_seconds(self.exp),
            generation: Generation::Legacy,
        })
    }
}

#[cfg(test)]
mod tests {
    use keyward_crypto::SeededRng;
    use proptest::prelude::*;

    use super::*;

    fn key(seed: u8) -> P256PrivateKey {
        P256PrivateKey::generate(&mut SeededRng::from_seed([seed; 32]))
    }

    #[test]
    fn each_generation_is_read_back_until_it_ends() {
        let (now, mut rng) =
            (Timestamp::from_millis(1_700_000_000_000), SeededRng::from_seed([9; 32]));
        let (current, legacy) = (key(1), key(2));
        let keys = TokenKeys { current: &current.public_key(), legacy: &legacy.public_key() };
        let verified = Verified {
            id: TokenId::generate(now, &mut rng),
            kind: OtpType::Email,
            contact: "ü~>?@example.com",
            expires_at: now.plus_seconds(60),
        };
        let ours = OrganizationId::generate(now, &mut rng);
        for (token, organization, public_key, generation) in [
            (
                issue_current(&verified, ours, "02ab", &current),
                Some(ours),
                Some("02ab"),
                Generation::Current,
            ),
            (
                issue_legacy(&verified, Some("02ab"), &legacy),
                None,
                Some("02ab"),
                Generation::Legacy,
            ),
            (issue_legacy(&verified, None, &legacy), None, None, Generation::Legacy),
        ] {
            let token = token.unwrap();
            let payload = token.split('.').nth(1).unwrap();
            assert!(!payload.contains(['-', '_']), "{payload}");
            assert_eq!(peek_id(&token), Some(verified.id));
            let read = VerificationToken::verify(&token, &keys, now).unwrap();
            assert_eq!(read.contact, verified.contact);
            assert_eq!(read.organization, organization);
            assert_eq!(read.public_key.as_deref(), public_key);
            assert_eq!((read.generation, read.expires_at), (generation, verified.expires_at));
            let ended = VerificationToken::verify(&token, &keys, verified.expires_at);
            assert_eq!(ended, Err(TokenError::Expired));
            let swapped = TokenKeys { current: keys.legacy, legacy: keys.current };
            let swapped = VerificationToken::verify(&token, &swapped, now);
            assert_eq!(swapped, Err(TokenError::InvalidClaims), "the key says what to expect");
        }
    }

    proptest! {
        #[test]
        fn verifying_never_panics(token in "[A-Za-z0-9_.-]{0,120}") {
            let public = key(1).public_key();
            let keys = TokenKeys { current: &public, legacy: &public };
            prop_assert!(VerificationToken::verify(&token, &keys, Timestamp::from_millis(0)).is_err());
            let _ = peek_id(&token);
        }
    }
}
