//! What every submission is wrapped in.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::id::OrganizationId;
use super::{InvalidRequest, RequestError, Timestamp};

/// Longest age of a submission, in seconds.
const OLDEST_SECONDS: u64 = 3600;
/// Farthest a client's clock may be ahead, in seconds.
const AHEAD_SECONDS: u64 = 300;

/// A submission, its parameters still unread.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// The organization it is for.
    pub organization_id: OrganizationId,
    /// `ACTIVITY_TYPE_…`.
    pub kind: String,
    /// When the client made it, by the client's clock.
    pub timestamp: Timestamp,
    /// The text of `parameters`.
    pub parameters: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Travels<'a> {
    #[serde(rename = "type")]
    kind: String,
    timestamp_ms: String,
    organization_id: String,
    #[serde(borrow)]
    parameters: &'a RawValue,
}

impl<'a> Envelope<'a> {
    /// Reads the members that all submissions share.
    pub fn parse(body: &'a [u8]) -> Result<Self, RequestError> {
        let travels: Travels<'a> = read(body)?;
        let timestamp = travels
            .timestamp_ms
            .parse()
            .map_err(|_| InvalidRequest::new("request timestamp must be milliseconds, decimal"))?;
        Ok(Self {
            organization_id: parse_organization_id(&travels.organization_id)?,
            kind: travels.kind,
            timestamp: Timestamp::from_millis(timestamp),
            parameters: travels.parameters,
        })
    }

    /// Refuses a submission made too long ago or in the future.
    pub fn check_age(&self, now: Timestamp) -> Result<(), InvalidRequest> {
        if is_fresh(self.timestamp, now) {
            Ok(())
        } else {
            Err(InvalidRequest::new(
                "request timestamp must be less than an hour old and not in the future",
            ))
        }
    }
}

/// Whether a submission made at `timestamp` may still be executed at `now`.
pub fn is_fresh(timestamp: Timestamp, now: Timestamp) -> bool {
    timestamp > now.minus_seconds(OLDEST_SECONDS) && timestamp <= now.plus_seconds(AHEAD_SECONDS)
}

/// The one member that all queries share.
pub fn query_organization(body: &[u8]) -> Result<OrganizationId, RequestError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Travels {
        organization_id: String,
    }
    let travels: Travels = read(body)?;
    parse_organization_id(&travels.organization_id)
}

/// Reads an object. The members in an array, which serde would take as well, are none.
fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, InvalidRequest> {
    let refuse = |source: serde_json::Error| InvalidRequest::body(&source);
    if body.trim_ascii_start().starts_with(b"{") {
        return serde_json::from_slice(body).map_err(refuse);
    }
    serde_json::from_slice::<IgnoredAny>(body).map_err(refuse)?;
    Err(InvalidRequest::new("invalid request body: expected an object"))
}

fn parse_organization_id(text: &str) -> Result<OrganizationId, RequestError> {
    text.parse().map_err(|_| RequestError::MalformedOrganizationId)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

    #[test]
    fn the_window_is_an_hour_back_and_five_minutes_ahead() {
        assert!(is_fresh(NOW, NOW));
        assert!(is_fresh(NOW.plus_seconds(300), NOW));
        assert!(!is_fresh(NOW.plus_seconds(301), NOW));
        assert!(is_fresh(NOW.minus_seconds(3599), NOW));
        assert!(!is_fresh(NOW.minus_seconds(3600), NOW));
    }

    #[test]
    fn names_the_missing_member() {
        let refusal = Envelope::parse(br#"{"type":"X","timestampMs":"1"}"#).unwrap_err();
        assert_eq!(refusal.to_string(), "invalid request body: missing field `organizationId`");
    }

    #[test]
    fn members_have_names() {
        let id = "6f1f9a0e-3a70-4a57-9d3c-2f6f1f3c9b10";
        let submission = format!(r#" ["X","1","{id}",{{}}]"#);
        let refusal = Envelope::parse(submission.as_bytes()).unwrap_err();
        assert_eq!(refusal.to_string(), "invalid request body: expected an object");
        assert!(query_organization(format!(r#"["{id}"]"#).as_bytes()).is_err());
    }

    #[test]
    fn depth_is_refused_and_does_not_overflow() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        assert!(Envelope::parse(deep.as_bytes()).is_err());
        assert!(query_organization(deep.as_bytes()).is_err());
    }
}
