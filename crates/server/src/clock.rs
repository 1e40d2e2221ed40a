//! The one clock: read once per request, movable where it is allowed to be.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use keyward_protocol::wire::Timestamp;

/// The system's clock, plus what a developer has added to it.
#[derive(Debug, Default)]
pub struct Clock {
    advanced_seconds: AtomicU64,
}

impl Clock {
    /// The present instant.
    pub fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the place")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let milliseconds = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Timestamp::from_millis(milliseconds)
            .plus_seconds(self.advanced_seconds.load(Ordering::Relaxed))
    }

    /// Moves the clock ahead. It goes back only for a server that forgets everything: what has expired
    /// stays expired.
    pub fn advance(&self, seconds: u64) {
        let _ =
            self.advanced_seconds.try_update(Ordering::Relaxed, Ordering::Relaxed, |advanced| {
                Some(advanced.saturating_add(seconds))
            });
    }

    /// Back to the system's clock.
    pub(crate) fn reset(&self) {
        self.advanced_seconds.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advancing_adds_up() {
        let clock = Clock::default();
        let before = clock.now();
        clock.advance(3_600);
        clock.advance(60);
        assert!(clock.now() >= before.plus_seconds(3_660));
    }
}
