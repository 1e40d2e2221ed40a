//! Reading what stamps are wrapped in: base64 of either alphabet, and JSON objects.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::DeserializeOwned;

const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const BASE64URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

/// Decodes base64url or, when it has one of that alphabet's characters, standard base64; with or
/// without padding. Bits that the last character leaves over must be zero.
pub(super) fn decode_base64(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    let text = text.as_ref();
    let engine =
        if text.iter().any(|byte| matches!(byte, b'+' | b'/')) { &BASE64 } else { &BASE64URL };
    engine.decode(text).ok()
}

/// A JSON object with the members of `T`, others ignored, none twice.
pub(super) fn parse_object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    // Derived `Deserialize` also takes an array with the members in order.
    json.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(json).ok()).flatten()
}

/// The JSON text of a header that is plain JSON with some clients and base64url of it with others.
pub(super) fn unwrap_json(value: &[u8]) -> Option<String> {
    if !value.is_ascii() {
        return None;
    }
    let json = if value.trim_ascii_start().starts_with(b"{") {
        value.to_vec()
    } else {
        decode_base64(value)?
    };
    String::from_utf8(json).ok()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[test]
    fn decodes_both_alphabets_with_and_without_padding() {
        for text in ["-_8", "-_8=", "+/8", "+/8="] {
            assert_eq!(decode_base64(text), Some(vec![0xfb, 0xff]), "{text}");
        }
    }

    #[test]
    fn refuses_mixed_alphabets_stray_bits_and_whitespace() {
        for text in ["-/8", "-_9", "-_ 8", "-_8\n", "é", "a"] {
            assert_eq!(decode_base64(text), None, "{text}");
        }
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct One {
        a: String,
    }

    #[test]
    fn an_object_is_no_array_has_no_member_twice_and_nothing_after_it() {
        assert_eq!(parse_object(br#" {"b":[],"a":"x"} "#), Some(One { a: "x".to_owned() }));
        for json in [r#"["x"]"#, r#"{"a":"x","a":"x"}"#, r#"{"a":"x"}{}"#, r#"{"a":1}"#, "{}", ""] {
            assert_eq!(parse_object::<One>(json.as_bytes()), None, "{json}");
        }
    }
}
