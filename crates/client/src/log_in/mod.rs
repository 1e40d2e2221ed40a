//! Ways to log in. Each ends in a session of a new key, kept under a name.

mod bundle;
mod oauth;
mod otp;
mod passkey;
mod read_only;
mod wallet;

pub use bundle::BundleTarget;
pub(crate) use oauth::OauthAttempt;
pub use oauth::{OauthFlow, OauthProvider, OauthRequest};
pub use otp::{Contact, OtpRequest};
#[cfg(feature = "stories")]
pub(crate) use passkey::random;

use std::sync::Arc;

use keyward_protocol::activities::stamp_login::{StampLogin, StampLoginIntent};

use crate::calls::submission;
use crate::client::Client;
use crate::error::ClientError;
use crate::session::{Session, StoredSession};
use crate::sessions::{DEFAULT_SESSION, check_name};
use crate::stamper::Stamper;
use crate::{json, outcome};

/// How a session is opened.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// What to call it. One of that name is replaced.
    pub session: String,
    /// How long it lives, in seconds; the server decides when absent (900).
    pub expiration_seconds: Option<u64>,
    /// Whether the user's other log-in sessions end, on every device.
    pub ends_others: bool,
    /// The session profile that limits it.
    pub session_profile_id: Option<String>,
    /// The sub-organization to log in to; found by the credential when absent.
    pub organization_id: Option<String>,
    /// Whether it becomes the active session.
    pub becomes_active: bool,
}

impl Default for LogIn {
    fn default() -> Self {
        Self {
            session: DEFAULT_SESSION.to_owned(),
            expiration_seconds: None,
            ends_others: false,
            session_profile_id: None,
            organization_id: None,
            becomes_active: true,
        }
    }
}

impl LogIn {
    /// As the default, under this name.
    pub fn named(session: impl Into<String>) -> Self {
        Self { session: session.into(), ..Self::default() }
    }

    pub(crate) fn intent(&self, public_key: &str) -> StampLoginIntent {
        StampLoginIntent {
            public_key: public_key.to_owned(),
            expiration_seconds: self.expiration_seconds.map(|seconds| seconds.to_string()),
            invalidate_existing: self.ends_others.then_some(true),
            session_profile_id: self.session_profile_id.clone(),
        }
    }
}

impl Client {
    /// Logs in with a stamper: an API key, or whatever vouches for a credential of the user. `method` is
    /// what [`Session::method`] will say.
    ///
    /// # Errors
    ///
    /// [`ClientError::UnknownCredential`] when nobody has it; what the stamper and the server say. Nothing
    /// is kept then.
    pub async fn log_in(
        &self,
        stamper: Arc<dyn Stamper>,
        method: &str,
        log_in: &LogIn,
    ) -> Result<Session, ClientError> {
        check_name(&log_in.session)?;
        let public_key = self.new_key().await?;
        let opened = self.open(&*stamper, &public_key, method, log_in).await;
        self.unless_opened(opened, &public_key).await
    }

    /// Makes a key for a session to be.
    pub(crate) async fn new_key(&self) -> Result<String, ClientError> {
        let ports = &self.inner.ports;
        Ok(ports.keys.generate(ports.clock.now()).await?.public_key)
    }

    /// Deletes the key of a session that was not opened.
    pub(crate) async fn unless_opened<T>(
        &self,
        opened: Result<T, ClientError>,
        public_key: &str,
    ) -> Result<T, ClientError> {
        if opened.is_err() {
            // What went wrong first is what the caller should hear of.
            let _ = self.inner.ports.keys.delete(public_key).await;
        }
        opened
    }

    /// Registers a key of the key store as a session, and keeps that.
    pub(crate) async fn open(
        &self,
        stamper: &dyn Stamper,
        public_key: &str,
        method: &str,
        log_in: &LogIn,
    ) -> Result<Session, ClientError> {
        let call = submission::<StampLogin>(&log_in.intent(public_key))?;
        let own = &self.inner.config.organization_id;
        let organization_id = log_in.organization_id.as_ref().unwrap_or(own);
        let sent = self.send(&call, organization_id, stamper).await;
        let answer = sent.map_err(crate::client::Failed::without_session)?;
        self.opened(&answer, public_key, method, log_in).await
    }

    /// Keeps the session that an answer to a log-in describes.
    pub(crate) async fn opened(
        &self,
        answer: &[u8],
        public_key: &str,
        method: &str,
        log_in: &LogIn,
    ) -> Result<Session, ClientError> {
        let token = json::text(&outcome::read(answer)?, "session")?;
        let lifetime = log_in.expiration_seconds;
        let session = StoredSession::read_write(token, public_key, lifetime, self.now(), method)?;
        self.keep(&log_in.session, &session, log_in.becomes_active).await
    }
}
