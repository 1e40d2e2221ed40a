//! Instants: milliseconds inside, `{"seconds", "nanos"}` on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// As policies see it.
    #[cfg(feature = "engine")]
    pub fn instant(self) -> keyward_policy::Instant {
        keyward_policy::Instant(i128::from(self.0) * 1_000_000)
    }

    /// As RFC 3339 text, whole seconds, UTC.
    pub fn to_rfc3339(self) -> String {
        let since = std::time::Duration::from_secs(self.as_seconds());
        humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + since).to_string()
    }

    /// This instant moved by `seconds` into the future; the last representable one when there is none.
    #[must_use]
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// This instant moved by `seconds` into the past; the epoch when there is none.
    #[must_use]
    pub const fn minus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds.saturating_mul(1000)))
    }
}

/// An instant as it travels: decimal strings, whole seconds, `nanos` always `"0"`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "Timestamp")]
pub struct WireTime {
    /// Seconds since the Unix epoch.
    pub seconds: String,
    /// Always `"0"`.
    pub nanos: String,
}

impl From<Timestamp> for WireTime {
    fn from(at: Timestamp) -> Self {
        Self { seconds: at.as_seconds().to_string(), nanos: "0".to_owned() }
    }
}
