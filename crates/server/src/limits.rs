//! How often an address or an organization may ask for what costs money or helps guessing.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use keyward_protocol::wire::id::OrganizationId;
use keyward_protocol::wire::{RequestError, Timestamp};
use lru::LruCache;
use serde::Deserialize;

/// Addresses and organizations that are counted at a time.
const COUNTED: NonZeroUsize = NonZeroUsize::new(100_000).unwrap();

/// How many requests are let through. 0 lets all through.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Requests to the auth proxy and log-ins by attested stamps, from one address in a minute.
    pub log_ins_per_address: u32,
    /// Messages that one organization has sent in a minute.
    pub messages_per_organization: u32,
    /// Proxies in front of the server that add to `X-Forwarded-For`; 0 when clients connect directly.
    pub trusted_proxies: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { log_ins_per_address: 120, messages_per_organization: 600, trusted_proxies: 0 }
    }
}

/// Who is counted.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Counted {
    Address(IpAddr),
    Organization(OrganizationId),
}

/// A bucket that fills evenly and is drawn from.
#[derive(Clone, Copy)]
struct Bucket {
    /// Thousandths of requests that are left.
    left: u64,
    at: Timestamp,
}

/// Counts requests, in buckets that hold what a minute allows.
pub(crate) struct Limits {
    config: LimitsConfig,
    buckets: Mutex<LruCache<Counted, Bucket>>,
}

impl Limits {
    pub(crate) fn new(config: LimitsConfig) -> Self {
        Self { config, buckets: Mutex::new(LruCache::new(COUNTED)) }
    }

    /// Counts a log-in from an address.
    ///
    /// # Errors
    ///
    /// [`RequestError::RateLimited`].
    pub(crate) fn log_in(&self, address: Option<&str>, now: Timestamp) -> Result<(), RequestError> {
        let Some(address) = address.and_then(|text| text.parse().ok()) else { return Ok(()) };
        self.draw(Counted::Address(network(address)), self.config.log_ins_per_address, now)
    }

    /// Counts a message of an organization.
    ///
    /// # Errors
    ///
    /// [`RequestError::RateLimited`].
    pub(crate) fn message(&self, id: OrganizationId, now: Timestamp) -> Result<(), RequestError> {
        self.draw(Counted::Organization(id), self.config.messages_per_organization, now)
    }

    /// Seconds after which whoever was refused gets one request through, whichever limit it was.
    pub(crate) fn wait_seconds(&self) -> u32 {
        let per_minute = [self.config.log_ins_per_address, self.config.messages_per_organization];
        let waits =
            per_minute.into_iter().filter(|count| *count > 0).map(|count| 60_u32.div_ceil(count));
        waits.max().unwrap_or(1)
    }

    fn draw(&self, who: Counted, per_minute: u32, now: Timestamp) -> Result<(), RequestError> {
        if per_minute == 0 {
            return Ok(());
        }
        let full = u64::from(per_minute) * 1000;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get_or_insert_mut(who, || Bucket { left: full, at: now });
        let elapsed = now.as_millis().saturating_sub(bucket.at.as_millis());
        let refill = elapsed.saturating_mul(u64::from(per_minute)) / 60;
        bucket.left = bucket.left.saturating_add(refill).min(full);
        bucket.at = bucket.at.max(now);
        bucket.left = bucket.left.checked_sub(1000).ok_or(RequestError::RateLimited)?;
        Ok(())
    }
}

/// What counts as one sender: an IPv4 address, or the /64 that an IPv6 customer gets.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let config = LimitsConfig { log_ins_per_address: 2, ..LimitsConfig::default() };
        let limits = Limits::new(config);
        let now = Timestamp::from_millis(1_000_000);
        for _ in 0..2 {
            limits.log_in(Some("192.0.2.1"), now).unwrap();
        }
        let refusal = limits.log_in(Some("192.0.2.1"), now).unwrap_err();
        assert_eq!(refusal.status().http_status(), 429);
        limits.log_in(Some("192.0.2.2"), now).unwrap();
        limits.log_in(Some("192.0.2.1"), now.plus_seconds(29)).unwrap_err();
        limits.log_in(Some("192.0.2.1"), now.plus_seconds(61)).unwrap();
    }

    #[test]
    fn whoever_waits_as_told_gets_through() {
        for (log_ins_per_address, wait) in [(120, 1), (7, 9), (1, 60), (0, 1)] {
            let config = LimitsConfig { log_ins_per_address, ..LimitsConfig::default() };
            let limits = Limits::new(config);
            assert_eq!(limits.wait_seconds(), wait);
            let now = Timestamp::from_millis(1_000_000);
            for _ in 0..log_ins_per_address {
                limits.log_in(Some("192.0.2.1"), now).unwrap();
            }
            limits.log_in(Some("192.0.2.1"), now.plus_seconds(wait.into())).unwrap();
        }
    }

    #[test]
    fn an_ipv6_customer_is_one_sender() {
        let config = LimitsConfig { log_ins_per_address: 1, ..LimitsConfig::default() };
        let limits = Limits::new(config);
        let now = Timestamp::from_millis(1_000_000);
        limits.log_in(Some("2001:db8:1:2::1"), now).unwrap();
        limits.log_in(Some("2001:db8:1:2:ffff::9"), now).unwrap_err();
        limits.log_in(Some("2001:db8:1:3::1"), now).unwrap();
        limits.log_in(None, now).unwrap();
    }
}
