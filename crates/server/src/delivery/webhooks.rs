//! Events on their way to webhook endpoints.

use std::time::Duration;

use crate::fetch::FetchLimits;

/// How much a try to deliver an event may take.
pub(crate) const LIMITS: FetchLimits = FetchLimits {
    timeout: Duration::from_secs(10),
    wait: Duration::from_secs(10),
    answer_bytes: 0,
    concurrent: 16,
};
