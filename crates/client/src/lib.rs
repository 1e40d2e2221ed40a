#![doc = include_str!("../README.md")]

mod auth_proxy;
mod calls;
mod client;
mod config;
mod error;
mod events;
mod json;
#[cfg(all(feature = "keyring", not(target_arch = "wasm32")))]
pub mod keyring;
mod log_in;
mod memory;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub mod native;
mod outcome;
mod pending;
pub mod ports;
mod session;
mod sessions;
mod stamper;

#[cfg(feature = "stories")]
pub mod stories;

pub use keyward_protocol as protocol;

pub use crate::auth_proxy::{Account, SignUp};
pub use crate::calls::{Caller, Route, routes};
pub use crate::client::{Client, Ports};
pub use crate::config::{AuthProxy, Config};
pub use crate::error::{ClientError, Refusal};
pub use crate::events::{Event, EventKind, Listener};
pub use crate::log_in::{
    BundleTarget, Contact, LogIn, OauthFlow, OauthProvider, OauthRequest, OtpRequest,
};
pub use crate::memory::{MemoryKeyStore, MemorySessionStore, NamedGuard, NamedLocks};
pub use crate::session::{Session, SessionClaims, SessionKind};
pub use crate::sessions::{DEFAULT_SESSION, LoggedOut};
pub use crate::stamper::{ApiKeyStamper, PasskeyStamper, Stamp, Stamper, WalletStamper};
