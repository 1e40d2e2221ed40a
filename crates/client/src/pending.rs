//! Log-ins under way: what has to survive until the code is typed in, or the browser comes back.

use keyward_protocol::wire::Timestamp;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::ClientError;
use crate::json;

/// How long an attempt can be finished, in seconds by the device's clock.
const OPEN_SECONDS: u64 = 3_600;

/// A log-in under way, as it is stored.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pending {
    /// The session's key to be, in the key store; `None` for a bundle.
    pub(crate) public_key: Option<String>,
    begun_ms: u64,
    pub(crate) what: Attempt,
}

/// What kind of log-in it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
pub(crate) enum Attempt {
    /// A one-time code was sent.
    Otp {
        contact: String,
        /// `OTP_TYPE_…`.
        otp_type: String,
        /// What the code is encrypted to, signed; `None` when it is sent as it is.
        target_bundle: Option<String>,
        /// What the code was exchanged for; from then on the code is spent.
        verification_token: Option<String>,
    },
    /// The user was sent to an identity provider.
    Oauth(Box<crate::log_in::OauthAttempt>),
    /// A bundle is on its way to this key: P-256, hex.
    ///
    /// A secret, kept where texts are kept: the older way, and the riskier one.
    Bundle { target_private_key: String },
}

impl Pending {
    /// Reads what is stored; `None` for what cannot be read.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        json::typed(json::read(text.as_bytes()).ok()?).ok()
    }

    /// Whether it can still be finished.
    pub(crate) fn is_open(&self, device_now: Timestamp) -> bool {
        // The clock may have been set back.
        device_now.as_millis().abs_diff(self.begun_ms) <= OPEN_SECONDS.saturating_mul(1000)
    }
}

impl Client {
    /// Keeps an attempt, under an id.
    pub(crate) async fn begin(
        &self,
        id: &str,
        public_key: Option<String>,
        what: Attempt,
    ) -> Result<(), ClientError> {
        let begun_ms = self.inner.ports.clock.now().as_millis();
        self.put_pending(id, &Pending { public_key, begun_ms, what }).await
    }

    /// Keeps an attempt as it stands now.
    pub(crate) async fn put_pending(&self, id: &str, pending: &Pending) -> Result<(), ClientError> {
        let text = serde_json::to_string(pending)
            .map_err(|source| ClientError::InvalidInput(source.to_string()))?;
        Ok(self.inner.ports.sessions.set(&self.pending_key(id), &text).await?)
    }

    /// The attempt with that id.
    ///
    /// # Errors
    ///
    /// [`ClientError::UnknownAttempt`] when it is unknown, finished or too old.
    pub(crate) async fn pending(&self, id: &str) -> Result<Pending, ClientError> {
        let text = self.inner.ports.sessions.get(&self.pending_key(id)).await?;
        let now = self.inner.ports.clock.now();
        text.as_deref()
            .and_then(Pending::parse)
            .filter(|pending| pending.is_open(now))
            .ok_or(ClientError::UnknownAttempt)
    }

    /// Forgets an attempt that is finished.
    pub(crate) async fn finish(&self, id: &str) -> Result<(), ClientError> {
        Ok(self.inner.ports.sessions.remove(&self.pending_key(id)).await?)
    }

    /// The names of all attempts in the session store.
    pub(crate) async fn pending_names(&self) -> Result<Vec<String>, ClientError> {
        let prefix = self.pending_key("");
        let mut names = self.inner.ports.sessions.names().await?;
        names.retain(|name| name.starts_with(&prefix));
        Ok(names)
    }

    fn pending_key(&self, id: &str) -> String {
        self.key(&format!("pending/{id}"))
    }
}
