//! `X-Stamp-Attested`: a request signed with a key that no one registered and a token vouches for.

use std::fmt;

use serde::Deserialize;

use super::api_key::verify_p256;
use super::encoding::{parse_object, unwrap_json};
use super::{AttestedScheme, StampError};

/// As it travels, plain or in base64url.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttestedStampJson {
    public_key_attestation: String,
    scheme: String,
    public_key: String,
    signature: String,
}

/// An attested stamp, read and not yet verified. The token is not looked into here.
#[derive(Clone)]
pub struct AttestedStamp {
    /// The key the token must name: P-256, SEC1 compressed, hex in lower case. Checked by `verify`.
    pub public_key: String,
    /// What kind of token it is.
    pub scheme: AttestedScheme,
    /// The token, as it came.
    pub token: String,
    /// The signature as it came: hex of DER.
    pub signature_hex: String,
    /// The whole stamp as JSON text, exactly as it came. Recorded with a vote.
    pub json: String,
}

impl AttestedStamp {
    /// The scheme a vote is recorded with.
    pub const VOTE_SCHEME: &'static str = "SIGNATURE_SCHEME_TK_ATTESTED_P256";

    /// Reads the value of the header, which is JSON or base64url of it.
    ///
    /// # Errors
    ///
    /// [`StampError::AttestedStampUnreadable`].
    pub fn parse(value: &[u8]) -> Result<Self, StampError> {
        Self::read(value).ok_or(StampError::AttestedStampUnreadable)
    }

    fn read(value: &[u8]) -> Option<Self> {
        let json = unwrap_json(value)?;
        let travels: AttestedStampJson = parse_object(json.as_bytes())?;
        let scheme =
            AttestedScheme::ALL.into_iter().find(|scheme| scheme.as_str() == travels.scheme)?;
        let mut public_key = travels.public_key;
        public_key.make_ascii_lowercase();
        Some(Self {
            public_key,
            scheme,
            token: travels.public_key_attestation,
            signature_hex: travels.signature,
            json,
        })
    }

    /// Checks the signature over `body`, the exact bytes of the request. Says nothing about the
    /// token.
    ///
    /// # Errors
    ///
    /// [`StampError::SignatureMismatch`], also when key or signature is not of the right form.
    pub fn verify(&self, body: &[u8]) -> Result<(), StampError> {
        if verify_p256(&self.public_key, &self.signature_hex, body) == Some(true) {
            Ok(())
        } else {
            Err(StampError::SignatureMismatch)
        }
    }
}

impl fmt::Debug for AttestedStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttestedStamp")
            .field("public_key", &self.public_key)
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use keyward_crypto::{P256PrivateKey, SeededRng};

    use super::*;
    use crate::stamp::make;

    #[test]
    fn a_made_stamp_verifies_plain_and_wrapped_and_for_its_body_only() {
        let key = P256PrivateKey::generate(&mut SeededRng::from_seed([2; 32]));
        for scheme in AttestedScheme::ALL {
            let wrapped = make::attested(&key, scheme, "a.b.c", b"{}");
            let stamp = AttestedStamp::parse(wrapped.as_bytes()).unwrap();
            assert_eq!((stamp.scheme, stamp.token.as_str()), (scheme, "a.b.c"));
            let plain = AttestedStamp::parse(stamp.json.as_bytes()).unwrap();
            assert_eq!(plain.json, stamp.json);
            for stamp in [stamp, plain] {
                assert_eq!(stamp.verify(b"{}"), Ok(()));
                assert_eq!(stamp.verify(b"{ }"), Err(StampError::SignatureMismatch));
            }
        }
    }
}
