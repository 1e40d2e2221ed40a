//! The token that describes a read-write session to the client that holds its key.
//!
//! It proves nothing by itself: requests are stamped with the key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{P256PrivateKey, sha256};
use serde::Serialize;

use crate::wire::Timestamp;
use crate::wire::id::{OrganizationId, UserId};

/// `base64url({"alg":"ES256","typ":"JWT"})`.
const HEADER: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9";

/// What a session token says, in this order.
#[derive(Debug, Serialize)]
pub struct Claims<'a> {
    /// End of the session, seconds since the Unix epoch.
    pub exp: u64,
    /// The session's key, compressed, hex.
    pub public_key: &'a str,
    /// `SESSION_TYPE_READ_WRITE`.
    pub session_type: &'a str,
    /// The user.
    pub user_id: String,
    /// The user's organization.
    pub organization_id: String,
}

impl<'a> Claims<'a> {
    /// The claims of a read-write session.
    pub fn read_write(
        ends: Timestamp,
        public_key: &'a str,
        user: UserId,
        organization: OrganizationId,
    ) -> Self {
        Self {
            exp: ends.as_seconds(),
            public_key,
            session_type: "SESSION_TYPE_READ_WRITE",
            user_id: user.to_string(),
            organization_id: organization.to_string(),
        }
    }

    /// Signs them: a JWT whose ES256 signature is over the SHA-256 of the signing input in place of the
    /// input itself, as clients of the protocol expect.
    ///
    /// # Errors
    ///
    /// None in practice: the claims are plain strings and a number.
    pub fn sign(&self, notarizer: &P256PrivateKey) -> Result<String, serde_json::Error> {
        let payload = plain_base64_safe(&serde_json::to_string(self)?);
        let input = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(payload));
        let signature = notarizer.sign(&sha256(input.as_bytes()));
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes())))
    }
}

/// JSON text in which no character can make base64 use `-` or `_`: some clients decode session tokens
/// with the plain alphabet. `>`, `?`, `~`, DEL and everything beyond ASCII become `\uXXXX`.
fn plain_base64_safe(json: &str) -> String {
    use std::fmt::Write;

    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && !matches!(character, '>' | '?' | '~' | '\u{7f}') {
            safe.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String can't fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_it_says_needs_the_url_alphabet() {
        let odd = serde_json::to_string("a>b?c~d\u{7f}é𝄞").unwrap();
        let safe = plain_base64_safe(&odd);
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), "a>b?c~d\u{7f}é𝄞");
        for shift in 0..3 {
            let text = URL_SAFE_NO_PAD.encode(format!("{}{safe}", " ".repeat(shift)));
            assert!(!text.contains(['-', '_']), "{text}");
        }
    }

    #[test]
    fn the_header_says_es256() {
        let header = URL_SAFE_NO_PAD.decode(HEADER).unwrap();
        assert_eq!(header, br#"{"alg":"ES256","typ":"JWT"}"#);
    }
}
