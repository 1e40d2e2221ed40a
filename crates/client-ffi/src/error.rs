//! What can go wrong, as the core's variants. A caller matches a variant, never a text.

use keyward_client::ClientError;
use keyward_client::ports::{PasskeyError, StoreError, WalletError};
use thiserror::Error;

/// Why a call did not do what it was asked.
#[derive(Clone, Debug, Error, Eq, PartialEq, uniffi::Error)]
#[non_exhaustive]
pub enum KeywardError {
    /// Nobody is logged in, or not under that name.
    #[error("there is no such session")]
    NotLoggedIn,
    /// The session's time is over; it has been cleared.
    #[error("the session has expired")]
    SessionExpired,
    /// The session was ended before its time; it has been cleared.
    #[error("the session was revoked")]
    SessionRevoked,
    /// The session's key is gone from the storage. The session has been cleared.
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
    #[error("the activity failed: {reason}")]
    ActivityFailed {
        /// The activity.
        activity_id: String,
        /// What the server says of it, for people.
        reason: String,
    },
    /// Nobody may do that, or others voted against it.
    #[error("the activity was rejected")]
    ActivityRejected {
        /// The activity.
        activity_id: String,
    },
    /// The server was not reached. What was sent may have been carried out; the same call again is safe
    /// for log-ins and refreshes.
    #[error("offline: {reason}")]
    Offline {
        /// For people.
        reason: String,
    },
    /// The server asks to wait.
    #[error("too many requests")]
    RateLimited {
        /// How long, if it says so.
        retry_after_seconds: Option<u64>,
    },
    /// The server has a trouble of its own: HTTP 5xx.
    #[error("the server failed: {}", refusal.reason)]
    ServerFailed {
        /// What it said.
        refusal: Refusal,
    },
    /// What came back is not what a server of this protocol answers.
    #[error("the answer makes no sense: {reason}")]
    Unintelligible {
        /// For people.
        reason: String,
    },
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
    #[error("this way to log in is switched off: {}", refusal.reason)]
    MethodDisabled {
        /// What the server said.
        refusal: Refusal,
    },
    /// There is no account and none was to be made.
    #[error("there is no account")]
    NoAccount,
    /// The attempt is unknown, finished or too old: begin again.
    #[error("there is no such log-in attempt")]
    UnknownAttempt,
    /// The identity provider said no.
    #[error("the identity provider refused: {reason}")]
    ProviderRefused {
        /// What it said.
        reason: String,
    },
    /// The client was not told what this needs, such as the auth proxy.
    #[error("not configured: {what}")]
    NotConfigured {
        /// What is missing.
        what: String,
    },
    /// The caller asked for something that cannot be.
    #[error("invalid input: {reason}")]
    InvalidInput {
        /// For people.
        reason: String,
    },
    /// Not allowed.
    #[error("not allowed: {}", refusal.reason)]
    Denied {
        /// What the server said.
        refusal: Refusal,
    },
    /// The server refused for another reason.
    #[error("refused: {}", refusal.reason)]
    Refused {
        /// What it said.
        refusal: Refusal,
    },
    /// There is no room in the storage.
    #[error("the storage is full")]
    StorageFull,
    /// The platform does not let us: the device is locked, say.
    #[error("the storage is denied: {reason}")]
    StorageDenied {
        /// What the storage said.
        reason: String,
    },
    /// The storage failed otherwise.
    #[error("the storage failed: {reason}")]
    StorageFailed {
        /// What the storage said.
        reason: String,
    },
    /// What is stored cannot be read: damaged, or written by a newer version. The next log-in under that
    /// name repairs it.
    #[error("the stored session cannot be read")]
    StoredSessionUnreadable,
    /// The user did not use a passkey.
    #[error("the passkey was not used: cancelled or timed out")]
    PasskeyCancelled,
    /// There are no passkeys here.
    #[error("passkeys are not available: {reason}")]
    PasskeyUnavailable {
        /// For people.
        reason: String,
    },
    /// The passkey failed otherwise.
    #[error("the passkey failed: {reason}")]
    PasskeyFailed {
        /// For people.
        reason: String,
    },
    /// The user did not let the wallet sign.
    #[error("the wallet did not sign: rejected")]
    WalletRejected,
    /// The wallet failed otherwise.
    #[error("the wallet failed: {reason}")]
    WalletFailed {
        /// For people.
        reason: String,
    },
    /// A stamper of the application's own failed.
    #[error("the stamper failed: {reason}")]
    StamperFailed {
        /// What the stamper said.
        reason: String,
    },
    /// Something that this version of the binding has no variant for.
    #[error("{code}: {reason}")]
    Other {
        /// As the core names it.
        code: String,
        /// For people.
        reason: String,
    },
}

/// What the server said when it refused.
#[derive(Clone, Debug, Eq, PartialEq, uniffi::Record)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// gRPC code; 0 when the answer had none.
    pub grpc_code: u8,
    /// `turnkeyErrorCode`, unless it was `UNSPECIFIED`.
    pub turnkey_error_code: Option<String>,
    /// For people.
    pub reason: String,
}

impl From<keyward_client::Refusal> for Refusal {
    fn from(refusal: keyward_client::Refusal) -> Self {
        Self {
            status: refusal.status,
            grpc_code: refusal.grpc_code,
            turnkey_error_code: refusal.turnkey_error_code,
            reason: refusal.message,
        }
    }
}

impl From<ClientError> for KeywardError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::NotLoggedIn => Self::NotLoggedIn,
            ClientError::SessionExpired => Self::SessionExpired,
            ClientError::SessionRevoked => Self::SessionRevoked,
            ClientError::KeyLost => Self::KeyLost,
            ClientError::ReadOnly => Self::ReadOnly,
            ClientError::ConsensusNeeded { activity_id, fingerprint } => {
                Self::ConsensusNeeded { activity_id, fingerprint }
            }
            ClientError::MfaNeeded { activity_id, fingerprint, organization_id } => {
                Self::MfaNeeded { activity_id, fingerprint, organization_id }
            }
            ClientError::ActivityPending { activity_id } => Self::ActivityPending { activity_id },
            ClientError::ActivityFailed { activity_id, message } => {
                Self::ActivityFailed { activity_id, reason: message }
            }
            ClientError::ActivityRejected { activity_id } => Self::ActivityRejected { activity_id },
            ClientError::Offline(source) => Self::Offline { reason: source.to_string() },
            ClientError::RateLimited { retry_after_seconds } => {
                Self::RateLimited { retry_after_seconds }
            }
            ClientError::ServerFailed(refusal) => Self::ServerFailed { refusal: refusal.into() },
            ClientError::Unintelligible(reason) => Self::Unintelligible { reason },
            ClientError::UnknownCredential => Self::UnknownCredential,
            ClientError::InvalidOtpCode => Self::InvalidOtpCode,
            ClientError::TooManyOtpCodes => Self::TooManyOtpCodes,
            ClientError::MethodDisabled(refusal) => {
                Self::MethodDisabled { refusal: refusal.into() }
            }
            ClientError::NoAccount => Self::NoAccount,
            ClientError::UnknownAttempt => Self::UnknownAttempt,
            ClientError::ProviderRefused(reason) => Self::ProviderRefused { reason },
            ClientError::NotConfigured(what) => Self::NotConfigured { what: what.to_owned() },
            ClientError::InvalidInput(reason) => Self::InvalidInput { reason },
            ClientError::Denied(refusal) => Self::Denied { refusal: refusal.into() },
            ClientError::Refused(refusal) => Self::Refused { refusal: refusal.into() },
            ClientError::Storage(StoreError::Full) => Self::StorageFull,
            ClientError::Storage(StoreError::Denied(reason)) => Self::StorageDenied { reason },
            ClientError::Storage(StoreError::Failed(reason)) => Self::StorageFailed { reason },
            ClientError::Storage(other) => Self::StorageFailed { reason: other.to_string() },
            ClientError::StoredSessionUnreadable => Self::StoredSessionUnreadable,
            ClientError::Passkey(PasskeyError::Cancelled) => Self::PasskeyCancelled,
            ClientError::Passkey(PasskeyError::Unavailable(reason)) => {
                Self::PasskeyUnavailable { reason }
            }
            ClientError::Passkey(PasskeyError::Failed(reason)) => Self::PasskeyFailed { reason },
            ClientError::Passkey(other) => Self::PasskeyFailed { reason: other.to_string() },
            ClientError::Wallet(WalletError::Rejected) => Self::WalletRejected,
            ClientError::Wallet(WalletError::Failed(reason)) => Self::WalletFailed { reason },
            ClientError::Wallet(other) => Self::WalletFailed { reason: other.to_string() },
            ClientError::Stamper(reason) => Self::StamperFailed { reason },
            other => Self::Other { code: other.code().to_owned(), reason: other.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `NOT_LOGGED_IN` of `NotLoggedIn { … }`.
    fn screaming(debug: &str) -> String {
        let name = debug.split([' ', '{']).next().unwrap();
        let mut code = String::new();
        for character in name.chars() {
            if character.is_uppercase() && !code.is_empty() {
                code.push('_');
            }
            code.extend(character.to_uppercase());
        }
        code
    }

    #[test]
    fn variants_are_named_as_the_codes_of_the_core() {
        let text = || "text".to_owned();
        let refusal = keyward_client::Refusal::default;
        for error in [
            ClientError::NotLoggedIn,
            ClientError::SessionExpired,
            ClientError::SessionRevoked,
            ClientError::KeyLost,
            ClientError::ReadOnly,
            ClientError::ConsensusNeeded { activity_id: text(), fingerprint: text() },
            ClientError::MfaNeeded {
                activity_id: text(),
                fingerprint: text(),
                organization_id: text(),
            },
            ClientError::ActivityPending { activity_id: text() },
            ClientError::ActivityFailed { activity_id: text(), message: text() },
            ClientError::ActivityRejected { activity_id: text() },
            ClientError::Offline(keyward_client::ports::TransportError::TimedOut),
            ClientError::RateLimited { retry_after_seconds: None },
            ClientError::ServerFailed(refusal()),
            ClientError::Unintelligible(text()),
            ClientError::UnknownCredential,
            ClientError::InvalidOtpCode,
            ClientError::TooManyOtpCodes,
            ClientError::MethodDisabled(refusal()),
            ClientError::NoAccount,
            ClientError::UnknownAttempt,
            ClientError::ProviderRefused(text()),
            ClientError::NotConfigured("text"),
            ClientError::InvalidInput(text()),
            ClientError::Denied(refusal()),
            ClientError::Refused(refusal()),
            ClientError::Storage(StoreError::Full),
            ClientError::Storage(StoreError::Denied(text())),
            ClientError::Storage(StoreError::Failed(text())),
            ClientError::StoredSessionUnreadable,
            ClientError::Passkey(PasskeyError::Cancelled),
            ClientError::Passkey(PasskeyError::Unavailable(text())),
            ClientError::Passkey(PasskeyError::Failed(text())),
            ClientError::Wallet(WalletError::Rejected),
            ClientError::Wallet(WalletError::Failed(text())),
            ClientError::Stamper(text()),
        ] {
            let converted = KeywardError::from(error.clone());
            assert_eq!(screaming(&format!("{converted:?}")), error.code());
        }
    }
}
