//! JSON Web Tokens: how they are put together and taken apart. What they say is elsewhere.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{EcdsaSignature, P256PrivateKey, P256PublicKey, sha256};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// `base64url({"alg":"ES256","typ":"JWT"})`.
pub(crate) const HEADER: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9";

/// Signs `claims`, a JSON object as text, as any library verifies it. The header names `kid`, when given.
///
/// Session tokens are signed differently, see [`super::session_token`].
///
/// Source: RFC 7515 §3.1, RFC 7518 §3.4.
pub fn sign_es256(kid: Option<&str>, claims: &str, key: &P256PrivateKey) -> String {
    let input = signing_input(kid, claims);
    append(&input, &key.sign(input.as_bytes()))
}

/// The key as a member of a key set, for signatures with ES256.
///
/// Source: RFC 7517 §4, RFC 7518 §6.2.
pub fn jwk(public: &P256PublicKey, kid: &str) -> Value {
    let (x, y) = coordinates(public);
    json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "use": "sig", "alg": "ES256" })
}

/// The key's thumbprint: a name for it that anybody can compute.
///
/// Source: RFC 7638 §3, SHA-256, base64url.
pub fn thumbprint(public: &P256PublicKey) -> String {
    let (x, y) = coordinates(public);
    // The members in lexicographic order and no blanks; nothing in them needs an escape.
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    URL_SAFE_NO_PAD.encode(sha256(members.as_bytes()))
}

/// Header and claims, encoded: what is signed. The claims are written as [`plain_base64_safe`].
pub(crate) fn signing_input(kid: Option<&str>, claims: &str) -> String {
    let claims = URL_SAFE_NO_PAD.encode(plain_base64_safe(claims));
    match kid {
        None => format!("{HEADER}.{claims}"),
        Some(kid) => {
            let header = format!(r#"{{"alg":"ES256","typ":"JWT","kid":{}}}"#, json!(kid));
            format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header))
        }
    }
}

/// The signing input with its signature, `r ‖ s`.
pub(crate) fn append(input: &str, signature: &EcdsaSignature) -> String {
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// JSON text in which no character can make base64 use `-` or `_`: some clients decode tokens with the
/// plain alphabet. `>`, `?`, `~`, DEL and everything beyond ASCII become `\uXXXX`.
pub(crate) fn plain_base64_safe(json: &str) -> String {
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

/// A token taken apart; nothing is believed yet.
pub(crate) struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// What the signature is over.
    pub(crate) signing_input: &'a str,
}

impl<'a> Parts<'a> {
    /// Splits a token of at most `limit` bytes; `None` when it is longer or has not exactly three parts.
    pub(crate) fn split(token: &'a str, limit: usize) -> Option<Self> {
        if token.len() > limit {
            return None;
        }
        let (signing_input, signature) = token.rsplit_once('.')?;
        let (header, payload) = signing_input.split_once('.')?;
        (!payload.contains('.')).then_some(Self { header, payload, signature, signing_input })
    }

    /// The header; `None` when it is not base64url of a JSON object with these members.
    pub(crate) fn header<T: DeserializeOwned>(&self) -> Option<T> {
        object(self.header)
    }

    /// The claims; `None` when they are not base64url of a JSON object with these members.
    pub(crate) fn claims<T: DeserializeOwned>(&self) -> Option<T> {
        object(self.payload)
    }

    /// The signature's bytes; `None` when it is not base64url without padding.
    pub(crate) fn signature(&self) -> Option<Vec<u8>> {
        URL_SAFE_NO_PAD.decode(self.signature).ok()
    }
}

fn object<T: DeserializeOwned>(part: &str) -> Option<T> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    // Derived `Deserialize` also takes an array with the members in order.
    json.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(&json).ok()).flatten()
}

fn coordinates(public: &P256PublicKey) -> (String, String) {
    let [_, coordinates @ ..] = public.uncompressed();
    let (x, y) = coordinates.split_at(32);
    (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
}

#[cfg(test)]
mod tests {
    use keyward_crypto::SeededRng;

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

    #[test]
    fn what_is_signed_is_verified_with_one_hash() {
        let key = P256PrivateKey::generate(&mut SeededRng::from_seed([1; 32]));
        for kid in [None, Some("a\"b")] {
            let token = sign_es256(kid, r#"{"sub":"x"}"#, &key);
            let parts = Parts::split(&token, 1000).unwrap();
            let raw: [u8; 64] = parts.signature().unwrap().try_into().unwrap();
            let signature = EcdsaSignature::from_bytes(&raw);
            assert!(key.public_key().verify(parts.signing_input.as_bytes(), &signature));
            let header: Value = parts.header().unwrap();
            assert_eq!(header.get("kid").and_then(Value::as_str), kid);
            assert_eq!(header["alg"], "ES256");
            assert_eq!(parts.claims::<Value>().unwrap(), json!({ "sub": "x" }));
        }
    }

    /// The key and its `jkt` from RFC 9449 §4.1 and §6.1.
    #[test]
    fn the_thumbprint_is_the_published_one() {
        let decode = |text| URL_SAFE_NO_PAD.decode(text).unwrap();
        let (x, y) = (
            "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        );
        let key = P256PublicKey::from_sec1(&[vec![4], decode(x), decode(y)].concat()).unwrap();
        assert_eq!(thumbprint(&key), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        let jwk = jwk(&key, &thumbprint(&key));
        assert_eq!((jwk["x"].as_str(), jwk["y"].as_str()), (Some(x), Some(y)));
    }

    #[test]
    fn takes_exactly_three_parts_within_the_limit() {
        assert!(Parts::split("a.b.c", 5).is_some());
        for token in ["", "a", "a.b", "a.b.c.d", "a.b.c."] {
            assert!(Parts::split(token, 100).is_none(), "{token}");
        }
        assert!(Parts::split("a.b.c", 4).is_none());
        // An array with the members in order is no object.
        let parts = Parts::split("WzFd.e30.", 100).unwrap();
        assert!(parts.header::<Value>().is_none());
    }
}
