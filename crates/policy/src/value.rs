//! What expressions are about.

use std::collections::BTreeMap;
use std::sync::Arc;

use ruint::aliases::U256;

use crate::error::EvaluationErrorKind;

/// An integer from −2¹²⁷ to 2²⁵⁶−1: the union of both of the protocol's integer types.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Int {
    negative: bool,
    magnitude: U256,
}

impl Int {
    /// A number that is not negative.
    pub const fn unsigned(magnitude: U256) -> Self {
        Self { negative: false, magnitude }
    }

    /// Any number of 128 bits.
    pub fn signed(value: i128) -> Self {
        Self { negative: value < 0, magnitude: U256::from(value.unsigned_abs()) }
    }

    /// Reads an optional `-` and decimal digits. `None` when it is no such text or out of range.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let magnitude = U256::from_str_radix(digits, 10).ok()?;
        if negative && magnitude > U256::from(1u8) << 127 {
            return None;
        }
        Some(Self { negative: negative && !magnitude.is_zero(), magnitude })
    }

    /// The number, when it is one of these.
    pub fn to_usize(self) -> Option<usize> {
        if self.negative { None } else { usize::try_from(self.magnitude).ok() }
    }
}

impl From<u64> for Int {
    fn from(value: u64) -> Self {
        Self::unsigned(U256::from(value))
    }
}

impl From<u128> for Int {
    fn from(value: u128) -> Self {
        Self::unsigned(U256::from(value))
    }
}

impl Ord for Int {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude.cmp(&other.magnitude),
            (true, true) => other.magnitude.cmp(&self.magnitude),
            (true, false) => std::cmp::Ordering::Less,
            (false, true) => std::cmp::Ordering::Greater,
        }
    }
}

impl PartialOrd for Int {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Display for Int {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        self.magnitude.fmt(f)
    }
}

/// An instant: nanoseconds since the beginning of 1970, UTC.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Instant(pub i128);

impl Instant {
    /// As RFC 3339 §5.6 writes it, to the second.
    pub(crate) fn show(self) -> String {
        let seconds = i64::try_from(self.0.div_euclid(1_000_000_000)).unwrap_or(i64::MAX);
        jiff::Timestamp::from_second(seconds).map_or_else(|_| "…".to_owned(), |at| at.to_string())
    }
}

/// A value of a request. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Int(Int),
    /// Text.
    Text {
        /// The text.
        text: Arc<str>,
        /// Whether it equals other text in spite of the case of ASCII letters.
        ignores_case: bool,
    },
    /// Values in order.
    List(Arc<[Value]>),
    /// Values by text, read with a subscript.
    Map(Arc<BTreeMap<String, Value>>),
    /// Values by the name of a field, read with a dot. A field that is not there is an error when it is
    /// read.
    Struct(Arc<[(&'static str, Value)]>),
    /// An instant.
    Instant(Instant),
    /// Nothing that can be read: reading it is this error.
    Unreadable(EvaluationErrorKind),
}

impl Value {
    /// Text that is compared exactly.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text { text: text.into(), ignores_case: false }
    }

    /// Text whose ASCII letters are compared without case.
    pub fn caseless(text: impl Into<Arc<str>>) -> Self {
        Self::Text { text: text.into(), ignores_case: true }
    }

    /// A number.
    pub fn int(value: impl Into<Int>) -> Self {
        Self::Int(value.into())
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Value>) -> Self {
        Self::List(items.into_iter().collect())
    }

    /// A map.
    pub fn map(entries: impl IntoIterator<Item = (String, Value)>) -> Self {
        Self::Map(Arc::new(entries.into_iter().collect()))
    }

    /// A struct.
    pub fn structure(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        Self::Struct(fields.into_iter().collect())
    }
}

impl From<Int> for Value {
    fn from(value: Int) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
