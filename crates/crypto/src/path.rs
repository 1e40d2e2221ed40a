//! Derivation paths.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::Curve;

/// Text that is not a derivation path.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum InvalidPath {
    /// It does not begin with `m`, alone or before a slash.
    #[error("invalid path: does not begin with m")]
    NoMaster,
    /// An element that is not decimal digits with at most one of `'`, `h` or `H` after them.
    #[error("invalid path: element is not a number")]
    NotANumber,
    /// An element above 2³¹ − 1.
    #[error("invalid path: element is above 2147483647")]
    ElementTooLarge,
    /// More than 255 elements.
    #[error("invalid path: deeper than 255 levels")]
    TooDeep,
}

/// A path from a master key down to a child, such as `m/44'/60'/0'/0/0`.
///
/// Two paths are equal when they lead to the same place, however they were written: `44h` is `44'`.
///
/// Source: BIP-32.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct DerivationPath(Vec<u32>);

impl DerivationPath {
    /// Reads `m ( "/" digits [ "'" | "h" | "H" ] )*`; `m` alone is the master key.
    ///
    /// Numbers are decimal, at most 2³¹ − 1, leading zeros allowed; at most 255 levels.
    ///
    /// # Errors
    ///
    /// [`InvalidPath`] for anything else, blanks, signs and a trailing slash included.
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        let mut elements = text.split('/');
        if elements.next() != Some("m") {
            return Err(InvalidPath::NoMaster);
        }
        let indices = elements
            .take(MAX_DEPTH.saturating_add(1))
            .map(parse_element)
            .collect::<Result<Vec<_>, _>>()?;
        if indices.len() > MAX_DEPTH { Err(InvalidPath::TooDeep) } else { Ok(Self(indices)) }
    }

    /// The path as `curve` understands it, for comparing two: on Ed25519 every level is hardened, so
    /// `m/44'/501'/0'/0` and `m/44'/501'/0'/0'` are the same key; elsewhere nothing changes.
    #[must_use]
    pub fn canonical_for(&self, curve: Curve) -> Self {
        let forced = if curve == Curve::Ed25519 { HARDENED } else { 0 };
        Self(self.0.iter().map(|index| index | forced).collect())
    }

    /// The child numbers, the top bit set on hardened ones.
    pub fn indices(&self) -> &[u32] {
        &self.0
    }
}

/// With `'` on hardened levels and no leading zeros.
impl fmt::Display for DerivationPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m")?;
        for index in &self.0 {
            let mark = if index & HARDENED == 0 { "" } else { "'" };
            write!(f, "/{}{mark}", index & !HARDENED)?;
        }
        Ok(())
    }
}

impl FromStr for DerivationPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        Self::parse(text)
    }
}

/// The bit that marks a hardened child.
pub(crate) const HARDENED: u32 = 1 << 31;

const MAX_DEPTH: usize = 255;

fn parse_element(element: &str) -> Result<u32, InvalidPath> {
    let (digits, hardened) = match element.strip_suffix(['\'', 'h', 'H']) {
        Some(digits) => (digits, HARDENED),
        None => (element, 0),
    };
    if digits.is_empty() {
        return Err(InvalidPath::NotANumber);
    }
    let index = digits.bytes().try_fold(0_u32, |number, byte| {
        if !byte.is_ascii_digit() {
            return Err(InvalidPath::NotANumber);
        }
        number
            .checked_mul(10)
            .and_then(|number| number.checked_add(u32::from(byte.wrapping_sub(b'0'))))
            .filter(|number| number & HARDENED == 0)
            .ok_or(InvalidPath::ElementTooLarge)
    })?;
    Ok(index | hardened)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_hardened_marks_mean_the_same() {
        let path = DerivationPath::parse("m/44'/60'/0'/0/7").unwrap();
        assert_eq!(DerivationPath::parse("m/44h/60H/000'/0/7"), Ok(path.clone()));
        assert_ne!(DerivationPath::parse("m/44'/60'/0'/0/7'"), Ok(path.clone()));
        assert_eq!(path.to_string(), "m/44'/60'/0'/0/7");
        assert_eq!(path.indices(), [HARDENED + 44, HARDENED + 60, HARDENED, 0, 7]);
        assert_eq!(DerivationPath::parse("m").unwrap().to_string(), "m");
    }

    #[test]
    fn soft_levels_are_hardened_on_ed25519_only() {
        let soft = DerivationPath::parse("m/44'/501'/0'/0").unwrap();
        let hard = DerivationPath::parse("m/44'/501'/0'/0'").unwrap();
        assert_eq!(soft.canonical_for(Curve::Ed25519), hard.canonical_for(Curve::Ed25519));
        assert_ne!(soft.canonical_for(Curve::Secp256k1), hard.canonical_for(Curve::Secp256k1));
        assert_ne!(soft.canonical_for(Curve::P256), hard.canonical_for(Curve::P256));
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, error) in [
            ("", InvalidPath::NoMaster),
            ("M/0", InvalidPath::NoMaster),
            ("0/m", InvalidPath::NoMaster),
            ("m/", InvalidPath::NotANumber),
            ("m//0", InvalidPath::NotANumber),
            ("m/0''", InvalidPath::NotANumber),
            ("m/'", InvalidPath::NotANumber),
            ("m/ 1", InvalidPath::NotANumber),
            ("m/+1", InvalidPath::NotANumber),
            ("m/١", InvalidPath::NotANumber),
            ("m/2147483648", InvalidPath::ElementTooLarge),
            ("m/99999999999999999999999'", InvalidPath::ElementTooLarge),
        ] {
            assert_eq!(DerivationPath::parse(text), Err(error), "{text}");
            assert!(error.to_string().contains("invalid path"));
        }
        let deepest = format!("m{}", "/0".repeat(255));
        assert!(DerivationPath::parse(&deepest).is_ok());
        assert_eq!(DerivationPath::parse(&format!("{deepest}/0")), Err(InvalidPath::TooDeep));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ = DerivationPath::parse(&text);
        }

        #[test]
        fn parsing_what_was_printed_changes_nothing(indices in prop::collection::vec(any::<u32>(), 0..20)) {
            let path = DerivationPath(indices);
            prop_assert_eq!(DerivationPath::parse(&path.to_string()), Ok(path));
        }
    }
}
