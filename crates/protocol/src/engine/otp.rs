//! One-time codes: how they are drawn, and when what somebody typed is one.

use keyward_crypto::{CryptoRng, SecretBytes};

/// A one-time code, in the form in which codes are compared.
///
/// Neither printable nor copyable, and wiped when dropped.
pub struct OtpCode(SecretBytes);

impl OtpCode {
    /// Draws a code of 6 to 9 characters, each equally likely; `None` for another length.
    ///
    /// Digits, or with `alphanumeric` Crockford's base 32: digits and upper-case letters without I, L, O, U.
    pub fn generate(length: u8, alphanumeric: bool, rng: &mut dyn CryptoRng) -> Option<Self> {
        let length = usize::from(length);
        if !LENGTHS.contains(&length) {
            return None;
        }
        let alphabet = if alphanumeric { ALPHANUMERIC } else { DIGITS };
        let mut code = Vec::with_capacity(length);
        while code.len() < length {
            let mut byte = [0];
            rng.fill_bytes(&mut byte);
            let [drawn] = byte.map(usize::from);
            // Beyond the last whole alphabet the first characters would come up more often.
            if drawn < 256 - 256 % alphabet.len() {
                code.extend(alphabet.get(drawn % alphabet.len()));
            }
        }
        Some(Self(SecretBytes::new(code)))
    }

    /// Reads a code that was kept, or configured; `None` when it is not 6 to 9 characters of the alphabet.
    pub fn from_text(text: &str) -> Option<Self> {
        let code = normalize(text);
        let legal = code.expose().iter().all(|character| ALPHANUMERIC.contains(character));
        (legal && LENGTHS.contains(&code.len())).then_some(Self(code))
    }

    /// The code as text. Say at the call why it leaves the wrapper.
    pub fn expose(&self) -> &str {
        // ASCII, as made above.
        str::from_utf8(self.0.expose()).unwrap_or_default()
    }

    /// Whether `given` is this code, as people type it: blanks around it, either case, O for zero, I and L
    /// for one. The time taken depends on the lengths only.
    ///
    /// Source: Crockford's base 32, decoding.
    pub fn matches(&self, given: &str) -> bool {
        self.0.matches(normalize(given).expose())
    }
}

const LENGTHS: std::ops::RangeInclusive<usize> = 6..=9;
const DIGITS: &[u8] = b"0123456789";
const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn normalize(text: &str) -> SecretBytes {
    let text = text.trim().as_bytes();
    let mut code = Vec::with_capacity(text.len());
    code.extend(text.iter().map(|character| match character.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    }));
    SecretBytes::new(code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use keyward_crypto::SeededRng;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_have_the_length_and_alphabet_that_were_asked_for() {
        let mut rng = SeededRng::from_seed([1; 32]);
        for length in 0..=u8::MAX {
            for alphanumeric in [false, true] {
                let code = OtpCode::generate(length, alphanumeric, &mut rng);
                assert_eq!(code.is_some(), (6..=9).contains(&length), "{length}");
                let Some(code) = code else { continue };
                assert_eq!(code.expose().len(), usize::from(length));
                let alphabet = if alphanumeric { ALPHANUMERIC } else { DIGITS };
                assert!(code.expose().bytes().all(|it| alphabet.contains(&it)));
                assert!(code.matches(code.expose()));
                let kept = OtpCode::from_text(code.expose()).unwrap();
                assert_eq!(kept.expose(), code.expose());
            }
        }
    }

    #[test]
    fn every_character_is_equally_likely() {
        let mut rng = SeededRng::from_seed([2; 32]);
        for (alphanumeric, characters) in [(false, 10), (true, 32)] {
            let mut counts = BTreeMap::new();
            for _ in 0..characters * 400 {
                let code = OtpCode::generate(9, alphanumeric, &mut rng).unwrap();
                for character in code.expose().chars() {
                    *counts.entry(character).or_insert(0) += 1;
                }
            }
            assert_eq!(counts.len(), characters);
            // 3,600 expected, with a standard deviation of 60.
            assert!(counts.values().all(|count| (3_300..3_900).contains(count)), "{counts:?}");
        }
    }

    #[test]
    fn takes_a_code_as_people_type_it() {
        let code = OtpCode::from_text("7GQ01M9XK").unwrap();
        for given in ["7GQ01M9XK", "7gq01m9xk", " 7GQOIM9XK\n", "7gqolm9xk", "7gqoim9xk"] {
            assert!(code.matches(given), "{given}");
        }
        for given in ["", "7GQ01M9X", "7GQ01M9XKK", "7GQ01M9XJ", "7GQ 01M9XK", "7ＧQ01M9XK"] {
            assert!(!code.matches(given), "{given}");
        }
        for text in ["", "12345", "1234567890", "ABCDEU", "12-456", "éééé"] {
            assert!(OtpCode::from_text(text).is_none(), "{text}");
        }
        assert_eq!(OtpCode::from_text(" oil000 ").unwrap().expose(), "011000");
    }

    proptest! {
        #[test]
        fn matching_never_panics(text in ".*") {
            let code = OtpCode::from_text("000000").unwrap();
            prop_assert_eq!(code.matches(&text), OtpCode::from_text(&text).is_some_and(|it| it.expose() == "000000"));
        }
    }
}
