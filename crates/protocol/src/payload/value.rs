//! The atomic values of typed data and authorizations, as JSON carries them.

use alloy_primitives::{Address, U256};
use serde_json::Value;

/// Longest text read as a number; 256 bits take 78 decimal digits.
const LONGEST_NUMBER: usize = 100;

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
/// `None` for everything else, fractions and exponents among them, and beyond 64 bits as a JSON number or
/// 256 bits as text: nothing is ever rounded.
pub(super) fn integer(value: &Value) -> Option<Integer> {
    let text = match value {
        Value::Number(number) => {
            let magnitude = match number.as_u64() {
                Some(positive) => positive,
                None => number.as_i64()?.unsigned_abs(),
            };
            let negative = number.as_u64().is_none();
            return Some(Integer { negative, magnitude: U256::from(magnitude) });
        }
        Value::String(text) if text.len() <= LONGEST_NUMBER => text,
        _ => return None,
    };
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
pub(super) fn address(value: &Value) -> Option<Address> {
    <[u8; 20]>::try_from(bytes(value)?).ok().map(Address::from)
}

/// `0x` and an even number of hexadecimal digits.
pub(super) fn bytes(value: &Value) -> Option<Vec<u8>> {
    hex::decode(value.as_str()?.strip_prefix("0x")?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bounds_of_the_widths_hold() {
        for (value, bits, signed, unsigned) in [
            (json!(127), 8, true, true),
            (json!(128), 8, false, true),
            (json!(255), 8, false, true),
            (json!(256), 8, false, false),
            (json!(-128), 8, true, false),
            (json!(-129), 8, false, false),
            (json!("-1"), 256, true, false),
            (json!("0xff"), 16, true, true),
            (json!(u64::MAX), 64, false, true),
            (json!(i64::MIN), 64, true, false),
        ] {
            let integer = integer(&value).unwrap();
            assert_eq!(integer.fits_signed(bits), signed, "{value}");
            assert_eq!(integer.fits_unsigned(bits), unsigned, "{value}");
        }
    }

    #[test]
    fn refuses_what_would_have_to_be_rounded_or_guessed() {
        let too_long = "0".repeat(LONGEST_NUMBER + 1);
        let too_large = U256::MAX.to_string() + "0";
        for value in [
            json!(1.5),
            json!(1.0),
            json!(1e30),
            json!(""),
            json!("0x"),
            json!("-"),
            json!("-0x1"),
            json!("+1"),
            json!("1_000"),
            json!("0b1"),
            json!(" 1"),
            json!("1.0"),
            json!(true),
            json!(null),
            json!([1]),
            json!(too_long),
            json!(too_large),
        ] {
            assert_eq!(integer(&value), None, "{value}");
        }
    }
}
