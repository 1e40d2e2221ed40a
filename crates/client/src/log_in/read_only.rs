//! Read-only sessions: a token that reads as the user for an hour, and cannot write.

use std::sync::Arc;

use keyward_protocol::activities::create_read_only_session::{
    CreateReadOnlySession, CreateReadOnlySessionIntent,
};

use super::LogIn;
use crate::calls::submission;
use crate::client::{Client, Failed};
use crate::error::ClientError;
use crate::session::{Session, StoredSession};
use crate::sessions::check_name;
use crate::stamper::Stamper;
use crate::{json, outcome};

impl Client {
    /// Opens a read-only session: vouched for once, by a passkey, say. It lasts as long as the server says,
    /// an hour, and what it is opened for otherwise does not matter: `log_in` names it.
    ///
    /// # Errors
    ///
    /// As [`Client::log_in`].
    pub async fn log_in_read_only(
        &self,
        stamper: Arc<dyn Stamper>,
        method: &str,
        log_in: &LogIn,
    ) -> Result<Session, ClientError> {
        check_name(&log_in.session)?;
        let call = submission::<CreateReadOnlySession>(&CreateReadOnlySessionIntent {})?;
        let own = &self.inner.config.organization_id;
        let organization_id = log_in.organization_id.as_ref().unwrap_or(own);
        let sent = self.send(&call, organization_id, &*stamper).await;
        let answer = sent.map_err(Failed::without_session)?;
        let result = outcome::read(&answer)?;
        let unclear = |_| ClientError::Unintelligible("a session without end".to_owned());
        let session = StoredSession::read_only(
            json::text(&result, "session")?,
            json::text(&result, "organizationId")?,
            json::text(&result, "userId")?,
            json::text(&result, "sessionExpiry")?.parse().map_err(unclear)?,
            self.now(),
            method,
        );
        self.keep(&log_in.session, &session, log_in.becomes_active).await
    }
}
