//! What can go wrong, as types: a caller matches a variant or its [`code`](ClientError::code), never a text.

use serde_json::Value;
use thiserror::Error;

use crate::json;
use crate::ports::{HttpResponse, PasskeyError, StoreError, TransportError, WalletError};

/// Why a call did not do what it was asked.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody is logged in, or not under that name.
    #[error("there is no such session")]
    NotLoggedIn,
    /// The session's time is over; it has been cleared.
    #[error("the session has expired")]
    SessionExpired,
    /// The session was ended before its time; it has been cleared.
    #[error("the session was revoked")]
    SessionRevoked,
    /// The session's key is gone: the browser wiped its storage, or somebody deleted it. The session has
    /// been cleared.
    #[error("the session's key is lost")]
    KeyLost,
    /// A read-only session was asked to write; nothing was sent.
    #[error("a read-only session cannot write")]
    ReadOnly,
    /// Others have to approve.
    #[error("the activity waits for approval")]
    ConsensusNeeded {
        /// The activity.
        activity_id: String,
        /// What is approved or rejected.
        fingerprint: String,
    },
    /// The user has to prove who they are with another method.
    #[error("the activity waits for another authentication method")]
    MfaNeeded {
        /// The activity.
        activity_id: String,
        /// What is approved with the other method.
        fingerprint: String,
        /// The organization it is in.
        organization_id: String,
    },
    /// The server has not finished; ask for the activity later.
    #[error("the activity is not finished")]
    ActivityPending {
        /// The activity.
        activity_id: String,
    },
    /// It was carried out and failed.
    #[error("the activity failed: {message}")]
    ActivityFailed {
        /// The activity.
        activity_id: String,
        /// What the server says of it.
        message: String,
    },
    /// Nobody may do that, or others voted against it.
    #[error("the activity was rejected")]
    ActivityRejected {
        /// The activity.
        activity_id: String,
    },
    /// The server was not reached. What was sent may have been carried out; the same call again is safe
    /// for log-ins and refreshes.
    #[error("offline")]
    Offline(#[source] TransportError),
    /// The server asks to wait.
    #[error("too many requests")]
    RateLimited {
        /// How long, if it says so.
        retry_after_seconds: Option<u64>,
    },
    /// The server has a trouble of its own: HTTP 5xx.
    #[error("the server failed: {0}")]
    ServerFailed(Refusal),
    /// What came back is not what a server of this protocol answers.
    #[error("the answer makes no sense: {0}")]
    Unintelligible(String),
    /// The credential is not known there: sign up first.
    #[error("the credential is not known")]
    UnknownCredential,
    /// The one-time code is wrong, locked, spent or too old.
    #[error("the one-time code is not valid")]
    InvalidOtpCode,
    /// Too many codes were asked for.
    #[error("too many one-time codes were requested")]
    TooManyOtpCodes,
    /// This way to log in is switched off.
    #[error("this way to log in is switched off")]
    MethodDisabled(Refusal),
    /// There is no account and none was to be made.
    #[error("there is no account")]
    NoAccount,
    /// The attempt is unknown, finished or too old: begin again.
    #[error("there is no such log-in attempt")]
    UnknownAttempt,
    /// The identity provider said no.
    #[error("the identity provider refused: {0}")]
    ProviderRefused(String),
    /// The client was not told what this needs, such as the auth proxy.
    #[error("not configured: {0}")]
    NotConfigured(&'static str),
    /// The caller asked for something that cannot be.
    #[error("invalid input: {0}")]
    InvalidInput(String),
    /// Not allowed.
    #[error("not allowed: {0}")]
    Denied(Refusal),
    /// The server refused for another reason.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// A store failed.
    #[error("storage")]
    Storage(#[source] StoreError),
    /// What is stored cannot be read: damaged, or written by a newer version. The next log-in under that
    /// name repairs it.
    #[error("the stored session cannot be read")]
    StoredSessionUnreadable,
    /// No passkey.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// No signature by the wallet.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// A stamper of the application's own failed.
    #[error("the stamper failed: {0}")]
    Stamper(String),
}

impl ClientError {
    /// Its stable name, for languages without these types.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotLoggedIn => "NOT_LOGGED_IN",
            Self::SessionExpired => "SESSION_EXPIRED",
            Self::SessionRevoked => "SESSION_REVOKED",
            Self::KeyLost => "KEY_LOST",
            Self::ReadOnly => "READ_ONLY",
            Self::ConsensusNeeded { .. } => "CONSENSUS_NEEDED",
            Self::MfaNeeded { .. } => "MFA_NEEDED",
            Self::ActivityPending { .. } => "ACTIVITY_PENDING",
            Self::ActivityFailed { .. } => "ACTIVITY_FAILED",
            Self::ActivityRejected { .. } => "ACTIVITY_REJECTED",
            Self::Offline(_) => "OFFLINE",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::ServerFailed(_) => "SERVER_FAILED",
            Self::Unintelligible(_) => "UNINTELLIGIBLE",
            Self::UnknownCredential => "UNKNOWN_CREDENTIAL",
            Self::InvalidOtpCode => "INVALID_OTP_CODE",
            Self::TooManyOtpCodes => "TOO_MANY_OTP_CODES",
            Self::MethodDisabled(_) => "METHOD_DISABLED",
            Self::NoAccount => "NO_ACCOUNT",
            Self::UnknownAttempt => "UNKNOWN_ATTEMPT",
            Self::ProviderRefused(_) => "PROVIDER_REFUSED",
            Self::NotConfigured(_) => "NOT_CONFIGURED",
            Self::InvalidInput(_) => "INVALID_INPUT",
            Self::Denied(_) => "DENIED",
            Self::Refused(_) => "REFUSED",
            Self::Storage(StoreError::Full) => "STORAGE_FULL",
            Self::Storage(StoreError::Denied(_)) => "STORAGE_DENIED",
            Self::Storage(_) => "STORAGE_FAILED",
            Self::StoredSessionUnreadable => "STORED_SESSION_UNREADABLE",
            Self::Passkey(PasskeyError::Cancelled) => "PASSKEY_CANCELLED",
            Self::Passkey(PasskeyError::Unavailable(_)) => "PASSKEY_UNAVAILABLE",
            Self::Passkey(_) => "PASSKEY_FAILED",
            Self::Wallet(WalletError::Rejected) => "WALLET_REJECTED",
            Self::Wallet(_) => "WALLET_FAILED",
            Self::Stamper(_) => "STAMPER_FAILED",
        }
    }
}

impl From<StoreError> for ClientError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::KeyMissing => Self::KeyLost,
            other => Self::Storage(other),
        }
    }
}

impl From<TransportError> for ClientError {
    fn from(error: TransportError) -> Self {
        Self::Offline(error)
    }
}

/// What the server said when it refused.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// gRPC code; 0 when the answer had none.
    pub grpc_code: u8,
    /// `turnkeyErrorCode`, unless it was `UNSPECIFIED`.
    pub turnkey_error_code: Option<String>,
    /// For people.
    pub message: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HTTP {}: {}", self.status, self.message)
    }
}

impl Refusal {
    /// Reads an answer that is not a success; something in between may have answered, and not with JSON.
    pub(crate) fn read(response: &HttpResponse) -> Self {
        let body = json::read(&response.body).unwrap_or_default();
        let code = body.get("code").and_then(Value::as_u64);
        let name = json::optional_text(&body, "turnkeyErrorCode");
        let message = json::optional_text(&body, "message").filter(|text| !text.is_empty());
        Self {
            status: response.status,
            grpc_code: code.and_then(|code| u8::try_from(code).ok()).unwrap_or_default(),
            turnkey_error_code: name.filter(|name| !name.is_empty() && name != "UNSPECIFIED"),
            message: message.unwrap_or_else(|| "no reason given".to_owned()),
        }
    }

    /// Whether the server sent this `turnkeyErrorCode`.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.turnkey_error_code.as_deref() == Some(name)
    }
}
