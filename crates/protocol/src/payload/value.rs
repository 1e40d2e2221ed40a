//! Typed data and authorizations as JSON carries them, and their atomic values.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use serde::de::Error;
use serde_json::value::RawValue;

/// Longest text read as a number; 256 bits take 78 decimal digits.
const LONGEST_NUMBER: usize = 100;
/// Arrays and objects within each other.
const DEEPEST: usize = 128;
/// Bytes of text that reading one document may take: every level of it is read once more.
const MOST_READ: usize = 16 << 20;

/// JSON whose numbers are kept as they are written, so that none is ever rounded.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object. Of several members with one name, the last.
    Object(BTreeMap<String, Self>),
}

impl Json {
    /// Reads one document.
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let mut left = MOST_READ;
        Self::read(serde_json::from_str(text)?, DEEPEST, &mut left)
    }

    fn read(raw: &RawValue, depth: usize, left: &mut usize) -> Result<Self, serde_json::Error> {
        let text = raw.get();
        let too_large = || serde_json::Error::custom("nested too deep or too large");
        let depth = depth.checked_sub(1).ok_or_else(too_large)?;
        *left = left.checked_sub(text.len()).ok_or_else(too_large)?;
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
                let members = members
                    .into_iter()
                    .map(|(name, value)| Ok((name, Self::read(value, depth, left)?)));
                Self::Object(members.collect::<Result<_, serde_json::Error>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                let items = items.into_iter().map(|item| Self::read(item, depth, left));
                Self::Array(items.collect::<Result<_, _>>()?)
            }
            Some(b'"') => Self::String(serde_json::from_str(text)?),
            Some(b't' | b'f') => Self::Bool(serde_json::from_str(text)?),
            Some(b'n') => Self::Null,
            _ => Self::Number(text.to_owned()),
        })
    }

    /// Of an object, the member with this name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    /// The members of an object.
    pub const fn as_object(&self) -> Option<&BTreeMap<String, Self>> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }
}

/// For who reads integers from strings too: those that are written as numbers become strings.
impl From<&Json> for serde_json::Value {
    fn from(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(text) | Json::String(text) => Self::String(text.clone()),
            Json::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Json::Object(members) => Self::Object(
                members.iter().map(|(name, value)| (name.clone(), value.into())).collect(),
            ),
        }
    }
}

/// An integer with its sign beside it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Integer {
    pub(super) negative: bool,
    pub(super) magnitude: U256,
}

impl Integer {
    /// Whether an `intN` holds it, where N is `bits`.
    pub(super) fn fits_signed(self, bits: usize) -> bool {
        let length = self.magnitude.bit_len();
        // The one value of that length is −2^(N−1).
        length < bits || (self.negative && length == bits && self.magnitude.is_power_of_two())
    }

    /// Whether a `uintN` holds it, where N is `bits`.
    pub(super) fn fits_unsigned(self, bits: usize) -> bool {
        !self.negative && self.magnitude.bit_len() <= bits
    }
}

/// A JSON number, or text of decimal digits with an optional `-`, or `0x` and hexadecimal digits.
///
/// `None` for everything else, fractions and exponents among them, and beyond 256 bits: nothing is ever
/// rounded.
pub(super) fn integer(json: &Json) -> Option<Integer> {
    let (Json::Number(text) | Json::String(text)) = json else { return None };
    if text.len() > LONGEST_NUMBER {
        return None;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        let magnitude = digits_of(digits, 16)?;
        return Some(Integer { negative: false, magnitude });
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.as_str()),
    };
    Some(Integer { negative, magnitude: digits_of(digits, 10)? })
}

/// Digits only: the library would also take separators and prefixes.
fn digits_of(digits: &str, radix: u32) -> Option<U256> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    U256::from_str_radix(digits, radix.into()).ok()
}

/// `0x` and 40 hexadecimal digits of either case; the checksum is not looked at.
pub(super) fn address(value: &Json) -> Option<Address> {
    <[u8; 20]>::try_from(bytes(value)?).ok().map(Address::from)
}

/// `0x` and an even number of hexadecimal digits.
pub(super) fn bytes(value: &Json) -> Option<Vec<u8>> {
    hex::decode(value.as_str()?.strip_prefix("0x")?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Json {
        Json::parse(text).unwrap()
    }

    #[test]
    fn the_bounds_of_the_widths_hold() {
        let most = U256::MAX.to_string();
        let least = format!("-{}", U256::ONE << 255);
        for (text, bits, signed, unsigned) in [
            ("127", 8, true, true),
            ("128", 8, false, true),
            ("255", 8, false, true),
            ("256", 8, false, false),
            ("-128", 8, true, false),
            ("-129", 8, false, false),
            ("\"-1\"", 256, true, false),
            ("\"0xff\"", 16, true, true),
            ("18446744073709551615", 64, false, true),
            ("18446744073709551616", 64, false, false),
            ("18446744073709551616", 128, true, true),
            ("-9223372036854775808", 64, true, false),
            ("-9223372036854775809", 64, false, false),
            (&most, 256, false, true),
            (&least, 256, true, false),
        ] {
            let integer = integer(&read(text)).unwrap();
            assert_eq!(integer.fits_signed(bits), signed, "{text}");
            assert_eq!(integer.fits_unsigned(bits), unsigned, "{text}");
        }
    }

    #[test]
    fn refuses_what_would_have_to_be_rounded_or_guessed() {
        let too_large = U256::MAX.to_string() + "0";
        for text in ["", "0x", "-", "-0x1", "+1", "1_000", "0b1", " 1", "1.0", &"0".repeat(101)] {
            assert_eq!(integer(&Json::String(text.to_owned())), None, "{text}");
        }
        for text in ["1.5", "1.0", "1e30", "1E2", "true", "null", "[1]", &too_large] {
            assert_eq!(integer(&read(text)), None, "{text}");
        }
    }

    #[test]
    fn refuses_documents_that_are_none_or_too_deep() {
        for text in ["", "{", "[1,]", "01", "1 2", "+1", "NaN", "\"\\ud800\"", "{1:2}", "tru"] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(&nested(DEEPEST)).is_ok());
        assert!(Json::parse(&nested(DEEPEST + 1)).is_err());
        assert!(Json::parse(&nested(1_000_000)).is_err());
        let heavy = format!("{}\"{}\"{}", "[".repeat(100), "a".repeat(1 << 20), "]".repeat(100));
        assert!(Json::parse(&heavy).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_others_read_it(text in r#"[\[\]{}:,"a0 1.e\\-]{0,12}"#) {
            let other = serde_json::from_str::<serde_json::Value>(&text);
            // Others refuse numbers that no float can hold.
            let may_differ = text.contains('e');
            prop_assert!(Json::parse(&text).is_ok() == other.is_ok() || may_differ, "{text}");
        }
    }
}
