//! Credential bundles: a key that the server made, sealed for the client. The older way, for
//! `CREATE_READ_WRITE_SESSION`, `OTP_AUTH`, `OAUTH` and bundles that come by mail.

use keyward_crypto::{P256PrivateKey, open_credential_bundle, os_rng};
use keyward_protocol::wire::Timestamp;
use serde_json::json;

use std::sync::Arc;

use super::LogIn;
use crate::client::Client;
use crate::error::ClientError;
use crate::json;
use crate::pending::Attempt;
use crate::session::{Session, StoredSession};
use crate::sessions::check_name;
use crate::stamper::StoredKeyStamper;

/// Where a bundle is to be sealed to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BundleTarget {
    /// `targetPublicKey`: P-256, SEC1 uncompressed, hex. Names the attempt.
    pub public_key: String,
}

impl Client {
    /// Makes a key for a bundle to be sealed to. It survives a reload of the page, in the session store.
    ///
    /// # Errors
    ///
    /// [`ClientError::Storage`].
    pub async fn begin_bundle(&self) -> Result<BundleTarget, ClientError> {
        let target = P256PrivateKey::generate(&mut os_rng());
        let public_key = hex::encode(target.public_key().uncompressed());
        // The store keeps texts; that this one is a secret is the older way's risk.
        let target_private_key = hex::encode(target.expose_bytes().expose());
        self.begin(&public_key, None, Attempt::Bundle { target_private_key }).await?;
        Ok(BundleTarget { public_key })
    }

    /// Opens a bundle and keeps its key as a session. `log_in` names it, and says for how long the bundle
    /// was asked for: what a bundle holds does not say.
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidInput`] for a bundle that is sealed to another key or damaged;
    /// [`ClientError::UnknownCredential`] when its key is not known to the server any more.
    pub async fn complete_bundle(
        &self,
        target_public_key: &str,
        bundle: &str,
        log_in: &LogIn,
    ) -> Result<Session, ClientError> {
        check_name(&log_in.session)?;
        let pending = self.pending(target_public_key).await?;
        let Attempt::Bundle { target_private_key } = &pending.what else {
            return Err(ClientError::UnknownAttempt);
        };
        let target = P256PrivateKey::from_bytes(
            &hex::decode(target_private_key)
                .ok()
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or(ClientError::UnknownAttempt)?,
        )
        .map_err(|_| ClientError::UnknownAttempt)?;
        let key = open_credential_bundle(&target, bundle.trim())
            .map_err(|source| ClientError::InvalidInput(source.to_string()))?;

        let ports = &self.inner.ports;
        let public_key = ports.keys.import(key, ports.clock.now()).await?.public_key;
        let kept = self.keep_bundle(&public_key, log_in).await;
        let session = self.unless_opened(kept, &public_key).await?;
        self.finish(target_public_key).await?;
        Ok(session)
    }

    async fn keep_bundle(&self, public_key: &str, log_in: &LogIn) -> Result<Session, ClientError> {
        let keys = self.inner.ports.keys.clone();
        let stamper = StoredKeyStamper { keys, public_key: public_key.to_owned() };
        let own = &self.inner.config.organization_id;
        let asked = self
            .stamped_by(Arc::new(stamper))
            .in_organization(log_in.organization_id.as_ref().unwrap_or(own));
        let whose = asked.call("whoami", json!({})).await?;
        let lifetime = log_in.expiration_seconds.unwrap_or(900);
        let expires_at: Timestamp = self.now().plus_seconds(lifetime);
        let session = StoredSession::bundle(
            public_key,
            json::text(&whose, "organizationId")?,
            json::text(&whose, "userId")?,
            expires_at.as_seconds(),
            lifetime,
        );
        self.keep(&log_in.session, &session, log_in.becomes_active).await
    }
}
