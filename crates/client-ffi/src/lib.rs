#![doc = include_str!("../README.md")]

mod client;
mod error;
mod ports;
mod storage;
#[cfg(feature = "stories")]
mod testing;
mod types;

pub use crate::client::{KeywardClient, make_api_key_stamp, routes, verify_session_token};
pub use crate::error::{KeywardError, Refusal};
pub use crate::ports::{
    Clock, EventListener, Header, HttpRequest, HttpResponse, ListenerError, PasskeyAssertion,
    PasskeyAttestation, PasskeyError, PasskeyRequest, Passkeys, SecureStorage, Stamp, Stamper,
    StamperError, StorageError, Transport, TransportError, Wallet, WalletError, WalletKind,
};
#[cfg(feature = "stories")]
pub use crate::testing::{
    SoftwarePasskey, SoftwareSigner, SoftwareWallet, StoryError, StoryServer, play_story,
    story_names,
};
pub use crate::types::{
    Account, AuthProxy, BundleTarget, Caller, Config, Contact, Event, EventKind, LogIn, LoggedOut,
    NewWallet, NewWalletAccount, OauthFlow, OauthProvider, OauthRequest, OtpRequest, Route,
    Session, SessionClaims, SessionKind, SignUp, Vouching,
};

uniffi::setup_scaffolding!();

/// Wipes all memory as it is freed. What a key is handed over in to another language is uniffi's, which
/// does not wipe it, and so are the strings that keys and tokens come in as.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);
