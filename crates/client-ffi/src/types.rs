//! What goes in and comes out, as other languages see it. Each is one type of the core.

use std::sync::Arc;

use keyward_client as core;
use serde::Serialize;

use crate::ports::{Stamper, Wallet};

/// What a client is told.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Config {
    /// Where the server is, such as `https://keys.example.com`.
    pub base_url: String,
    /// The application's organization, the parent of its users' sub-organizations.
    pub organization_id: String,
    /// The auth proxy, for log-ins and sign-ups without a backend.
    #[uniffi(default = None)]
    pub auth_proxy: Option<AuthProxy>,
    /// The key that signs what one-time codes are encrypted to: P-256, SEC1, hex. Asked of the server when
    /// absent, which trusts the connection.
    #[uniffi(default = None)]
    pub otp_signer_public_key: Option<String>,
    /// What the names of everything that is stored begin with. Clients that should not see each other's
    /// sessions differ here.
    #[uniffi(default = "keyward")]
    pub namespace: String,
    /// Whether read-write sessions are refreshed by themselves.
    #[uniffi(default = true)]
    pub refreshes: bool,
    /// How long before its end a session is refreshed, or `AboutToExpire` told, in seconds; never more than
    /// a third of its lifetime.
    #[uniffi(default = 60)]
    pub ahead_seconds: u64,
}

/// Where the auth proxy is.
#[derive(Clone, Debug, uniffi::Record)]
pub struct AuthProxy {
    /// `X-Auth-Proxy-Config-ID`.
    pub config_id: String,
    /// Its base URL; the server's own when absent.
    #[uniffi(default = None)]
    pub url: Option<String>,
}

impl From<Config> for core::Config {
    fn from(config: Config) -> Self {
        let proxy = config.auth_proxy;
        Self {
            auth_proxy: proxy
                .map(|AuthProxy { config_id, url }| core::AuthProxy { url, config_id }),
            otp_signer_public_key: config.otp_signer_public_key,
            namespace: config.namespace,
            refreshes: config.refreshes,
            ahead_seconds: config.ahead_seconds,
            ..Self::new(config.base_url, config.organization_id)
        }
    }
}

/// What a session may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, uniffi::Enum)]
pub enum SessionKind {
    /// It reads; a token is sent.
    ReadOnly,
    /// It reads and writes; a key stamps.
    ReadWrite,
}

/// A session, without what opens it.
#[derive(Clone, Debug, Eq, PartialEq, uniffi::Record)]
pub struct Session {
    /// What the client calls it; several stand side by side.
    pub name: String,
    /// What it may do.
    pub kind: SessionKind,
    /// The organization of its user, usually a sub-organization.
    pub organization_id: String,
    /// Its user.
    pub user_id: String,
    /// The public key of a read-write session: P-256, SEC1 compressed, hex.
    pub public_key: Option<String>,
    /// When it ends by the server's clock, in seconds since the Unix epoch.
    pub expires_at_seconds: u64,
    /// How long it was opened for, in seconds; a refresh asks for the same.
    pub lifetime_seconds: u64,
    /// How the user logged in: `passkey`, `otp`, `oauth`, `wallet`, `api_key`, `bundle`.
    pub method: String,
    /// The session profile that limits it.
    pub session_profile_id: Option<String>,
}

impl From<core::Session> for Session {
    fn from(session: core::Session) -> Self {
        Self {
            name: session.name,
            kind: match session.kind {
                core::SessionKind::ReadOnly => SessionKind::ReadOnly,
                core::SessionKind::ReadWrite => SessionKind::ReadWrite,
            },
            organization_id: session.organization_id,
            user_id: session.user_id,
            public_key: session.public_key,
            expires_at_seconds: session.expires_at_seconds,
            lifetime_seconds: session.lifetime_seconds,
            method: session.method,
            session_profile_id: session.session_profile_id,
        }
    }
}

/// How a session is opened.
#[derive(Clone, Debug, uniffi::Record)]
pub struct LogIn {
    /// What to call it. One of that name is replaced.
    #[uniffi(default = "default")]
    pub session: String,
    /// How long it lives, in seconds; the server decides when absent (900).
    #[uniffi(default = None)]
    pub expiration_seconds: Option<u64>,
    /// Whether the user's other log-in sessions end, on every device.
    #[uniffi(default = false)]
    pub ends_others: bool,
    /// The session profile that limits it.
    #[uniffi(default = None)]
    pub session_profile_id: Option<String>,
    /// The sub-organization to log in to; found by the credential when absent.
    #[uniffi(default = None)]
    pub organization_id: Option<String>,
    /// Whether it becomes the active session.
    #[uniffi(default = true)]
    pub becomes_active: bool,
}

impl From<LogIn> for core::LogIn {
    fn from(log_in: LogIn) -> Self {
        Self {
            session: log_in.session,
            expiration_seconds: log_in.expiration_seconds,
            ends_others: log_in.ends_others,
            session_profile_id: log_in.session_profile_id,
            organization_id: log_in.organization_id,
            becomes_active: log_in.becomes_active,
        }
    }
}

/// What logging out came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, uniffi::Record)]
pub struct LoggedOut {
    /// Whether the server ended the session. If not, it stays valid until its time is over: the server was
    /// not reached, or the session was a read-only one, which cannot end itself.
    pub ended_on_server: bool,
}

/// What a new account is to be made of.
#[derive(Clone, Debug, uniffi::Record)]
pub struct SignUp {
    /// The user's name; the contact or something like "user-…" when absent.
    #[uniffi(default = None)]
    pub user_name: Option<String>,
    /// An e-mail address that the user has not proven to have.
    #[uniffi(default = None)]
    pub user_email: Option<String>,
    /// A phone number that the user has not proven to have, E.164.
    #[uniffi(default = None)]
    pub user_phone_number: Option<String>,
    /// The sub-organization's name.
    #[uniffi(default = None)]
    pub organization_name: Option<String>,
    /// A wallet to make for the user at once.
    #[uniffi(default = None)]
    pub wallet: Option<NewWallet>,
}

/// A wallet to make.
#[derive(Clone, Debug, Serialize, uniffi::Record)]
#[serde(rename_all = "camelCase")]
pub struct NewWallet {
    /// Its name.
    pub wallet_name: String,
    /// Its first accounts.
    pub accounts: Vec<NewWalletAccount>,
    /// Words: 12, 15, 18, 21 or 24; 12 when absent.
    #[uniffi(default = None)]
    pub mnemonic_length: Option<u32>,
}

/// An account to derive. The values are those of the wire.
#[derive(Clone, Debug, Serialize, uniffi::Record)]
#[serde(rename_all = "camelCase")]
pub struct NewWalletAccount {
    /// Such as `m/44'/60'/0'/0/0`.
    pub path: String,
    /// Such as `ADDRESS_FORMAT_ETHEREUM`.
    pub address_format: String,
    /// `CURVE_SECP256K1`, `CURVE_ED25519` or `CURVE_P256`.
    #[uniffi(default = "CURVE_SECP256K1")]
    pub curve: String,
    /// `PATH_FORMAT_BIP32`.
    #[uniffi(default = "PATH_FORMAT_BIP32")]
    pub path_format: String,
    /// Its name.
    #[uniffi(default = None)]
    pub name: Option<String>,
}

impl TryFrom<SignUp> for core::SignUp {
    type Error = core::ClientError;

    fn try_from(sign_up: SignUp) -> Result<Self, Self::Error> {
        let wallet = sign_up.wallet.map(serde_json::to_value).transpose();
        Ok(Self {
            user_name: sign_up.user_name,
            user_email: sign_up.user_email,
            user_phone_number: sign_up.user_phone_number,
            organization_name: sign_up.organization_name,
            wallet: wallet.map_err(|source| core::ClientError::InvalidInput(source.to_string()))?,
        })
    }
}

/// What a log-in does about accounts.
#[derive(Clone, Debug, uniffi::Enum)]
pub enum Account {
    /// There has to be one.
    Existing,
    /// One is made when there is none.
    OrNew {
        /// What it is to be made of.
        sign_up: SignUp,
    },
}

impl TryFrom<Account> for core::Account {
    type Error = core::ClientError;

    fn try_from(account: Account) -> Result<Self, Self::Error> {
        Ok(match account {
            Account::Existing => Self::Existing,
            Account::OrNew { sign_up } => Self::OrNew(sign_up.try_into()?),
        })
    }
}

/// Where a one-time code goes.
#[derive(Clone, Debug, uniffi::Enum)]
pub enum Contact {
    /// An e-mail address.
    Email {
        /// The address.
        address: String,
    },
    /// A phone number.
    Phone {
        /// E.164.
        number: String,
    },
}

impl From<Contact> for core::Contact {
    fn from(contact: Contact) -> Self {
        match contact {
            Contact::Email { address } => Self::Email(address),
            Contact::Phone { number } => Self::Phone(number),
        }
    }
}

/// A code that is on its way.
#[derive(Clone, Debug, uniffi::Record)]
pub struct OtpRequest {
    /// Names the attempt in `complete_otp`.
    pub otp_id: String,
}

/// How a provider hands the ID token over.
#[derive(Clone, Debug, uniffi::Enum)]
pub enum OauthFlow {
    /// In the fragment of the redirect, as Google and Apple do (`OpenID` Connect Core §3.2).
    IdToken,
    /// For a code, at this address, with PKCE and no client secret (RFC 7636).
    Code {
        /// The provider's token endpoint.
        token_endpoint: String,
    },
    /// For a code, by the server: X, Discord and others that speak OAuth 2.0 only.
    Server {
        /// Such as `OAUTH2_PROVIDER_X`.
        provider: String,
    },
}

/// An identity provider, and what this application is called there.
#[derive(Clone, Debug, uniffi::Record)]
pub struct OauthProvider {
    /// What the account is called in the user's list, such as `google`.
    pub name: String,
    /// The provider's authorization endpoint.
    pub authorization_endpoint: String,
    /// This application there.
    pub client_id: String,
    /// Where the provider sends the user back to.
    pub redirect_uri: String,
    /// How the token is handed over.
    pub flow: OauthFlow,
    /// With spaces between; `openid email` is the least for `OpenID` Connect.
    #[uniffi(default = "openid email")]
    pub scope: String,
}

impl From<OauthProvider> for core::OauthProvider {
    fn from(provider: OauthProvider) -> Self {
        Self {
            name: provider.name,
            authorization_endpoint: provider.authorization_endpoint,
            client_id: provider.client_id,
            redirect_uri: provider.redirect_uri,
            scope: provider.scope,
            flow: match provider.flow {
                OauthFlow::IdToken => core::OauthFlow::IdToken,
                OauthFlow::Code { token_endpoint } => core::OauthFlow::Code { token_endpoint },
                OauthFlow::Server { provider } => core::OauthFlow::Server { provider },
            },
        }
    }
}

/// Where the user is to be sent.
#[derive(Clone, Debug, uniffi::Record)]
pub struct OauthRequest {
    /// To be opened in the system's browser.
    pub url: String,
    /// What the provider will send back; names the attempt.
    pub state: String,
}

/// Where a bundle is to be sealed to.
#[derive(Clone, Debug, uniffi::Record)]
pub struct BundleTarget {
    /// `targetPublicKey`: P-256, SEC1 uncompressed, hex. Names the attempt.
    pub public_key: String,
}

/// Who vouches for something.
#[derive(Clone, uniffi::Enum)]
pub enum Vouching {
    /// The user's passkey.
    Passkey,
    /// An API key that the program holds.
    ApiKey {
        /// P-256, 32 bytes in hex.
        private_key: String,
    },
    /// A wallet of the user's own.
    Wallet {
        /// Which.
        wallet: Arc<dyn Wallet>,
    },
    /// A session.
    Session {
        /// The active one when absent.
        name: Option<String>,
    },
    /// A stamper of the application's own.
    Stamper {
        /// Which.
        stamper: Arc<dyn Stamper>,
    },
}

/// Who asks, and about which organization; without anything, the active session about its own.
#[derive(Clone, uniffi::Record)]
pub struct Caller {
    /// The session of that name.
    #[uniffi(default = None)]
    pub session: Option<String>,
    /// Another organization than the caller's own.
    #[uniffi(default = None)]
    pub organization_id: Option<String>,
    /// Somebody else than a session, or a session.
    #[uniffi(default = None)]
    pub by: Option<Vouching>,
}

/// What happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq, uniffi::Enum)]
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
#[derive(Clone, Debug, Eq, PartialEq, uniffi::Record)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// The session's name; empty when no session is active any more.
    pub session: String,
    /// Whether another client on the same storage did it.
    pub from_elsewhere: bool,
}

impl Event {
    /// `None` for a kind that this version of the binding does not know.
    pub(crate) fn read(event: &core::Event) -> Option<Self> {
        let kind = match event.kind {
            core::EventKind::Created => EventKind::Created,
            core::EventKind::Refreshed => EventKind::Refreshed,
            core::EventKind::AboutToExpire => EventKind::AboutToExpire,
            core::EventKind::Expired => EventKind::Expired,
            core::EventKind::Revoked => EventKind::Revoked,
            core::EventKind::KeyLost => EventKind::KeyLost,
            core::EventKind::LoggedOut => EventKind::LoggedOut,
            core::EventKind::ActiveChanged => EventKind::ActiveChanged,
            _ => return None,
        };
        let session = event.session.clone();
        Some(Self { kind, session, from_elsewhere: event.from_elsewhere })
    }
}

/// What a session token says. It authenticates nothing.
#[derive(Clone, Debug, Eq, PartialEq, uniffi::Record)]
pub struct SessionClaims {
    /// When the session ends, in seconds since the Unix epoch.
    pub expires_at_seconds: u64,
    /// Its key: P-256, SEC1, hex.
    pub public_key: String,
    /// `SESSION_TYPE_READ_WRITE`, or the name of its profile.
    pub session_type: String,
    /// Its user.
    pub user_id: String,
    /// The user's organization.
    pub organization_id: String,
    /// Its profile.
    pub session_profile_id: Option<String>,
}

impl From<core::SessionClaims> for SessionClaims {
    fn from(claims: core::SessionClaims) -> Self {
        Self {
            expires_at_seconds: claims.exp,
            public_key: claims.public_key,
            session_type: claims.session_type,
            user_id: claims.user_id,
            organization_id: claims.organization_id,
            session_profile_id: claims.session_profile_id,
        }
    }
}

/// What can be asked, by the last segment of its path.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Route {
    /// The last segment.
    pub route: String,
    /// Whether it is an activity, and not a query.
    pub submission: bool,
}
