//! What happens to sessions, as it happens.

use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The user logged in.
    Created,
    /// It goes on with another key.
    Refreshed,
    /// It ends soon and is not refreshed by itself.
    AboutToExpire,
    /// Its time is over; it has been cleared.
    Expired,
    /// The server ended it; it has been cleared.
    Revoked,
    /// Its key is gone; it has been cleared.
    KeyLost,
    /// The user logged out.
    LoggedOut,
    /// Another session is the active one now, or none is.
    ActiveChanged,
}

/// Something that happened to a session.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// The session's name; empty when no session is active any more.
    pub session: String,
    /// Whether another client on the same stores did it, such as another tab.
    #[serde(skip)]
    pub from_elsewhere: bool,
}

/// Told of events, in order. Must not wait.
#[cfg(not(target_arch = "wasm32"))]
pub type Listener = Box<dyn Fn(&Event) + Send + Sync>;
/// Told of events, in order. Must not wait.
#[cfg(target_arch = "wasm32")]
pub type Listener = Box<dyn Fn(&Event)>;
