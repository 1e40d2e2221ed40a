//! Passkeys.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{CryptoRng, os_rng};
use keyward_protocol::wire::enums::{ApiKeyCurve, AuthenticatorTransport};
use keyward_protocol::wire::objects::{ApiKeyParamsV2, Attestation, AuthenticatorParamsV2};
use serde_json::Value;

use super::LogIn;
use crate::auth_proxy::{Credentials, SignUp};
use crate::client::Client;
use crate::error::ClientError;
use crate::ports::{PasskeyRequest, Passkeys};
use crate::session::Session;
use crate::sessions::check_name;
use crate::stamper::{PasskeyStamper, StoredKeyStamper};

/// How long the key lives that logs in right after the sign-up, so that the user is not asked twice.
const FIRST_KEY_SECONDS: &str = "60";

impl Client {
    /// Logs in with a passkey.
    ///
    /// # Errors
    ///
    /// [`ClientError::Passkey`] when it is not used, [`ClientError::UnknownCredential`] when nobody has it.
    pub async fn log_in_with_passkey(
        &self,
        passkeys: Arc<dyn Passkeys>,
        log_in: &LogIn,
    ) -> Result<Session, ClientError> {
        self.log_in(Arc::new(PasskeyStamper::new(passkeys)), "passkey", log_in).await
    }

    /// Makes a passkey and an account for it, and logs in; the user is asked once. Needs the auth proxy.
    ///
    /// # Errors
    ///
    /// [`ClientError::Passkey`] when none was made; [`ClientError::NotConfigured`]; what the server says.
    pub async fn sign_up_with_passkey(
        &self,
        passkeys: Arc<dyn Passkeys>,
        sign_up: &SignUp,
        log_in: &LogIn,
    ) -> Result<Session, ClientError> {
        check_name(&log_in.session)?;
        let user_name = sign_up.user_name.clone().or_else(|| sign_up.user_email.clone());
        let user_name = user_name.unwrap_or_else(|| "Wallet".to_owned());
        let mut rng = os_rng();
        let challenge = random(&mut rng);
        let attestation = passkeys
            .create(PasskeyRequest {
                challenge: challenge.clone(),
                user_id: random(&mut rng),
                user_name: user_name.clone(),
            })
            .await?;
        let transports = attestation.transports.into_iter().filter_map(|name| {
            serde_json::from_value::<AuthenticatorTransport>(Value::String(name)).ok()
        });
        let authenticator = AuthenticatorParamsV2 {
            authenticator_name: "Passkey".to_owned(),
            challenge: URL_SAFE_NO_PAD.encode(challenge),
            attestation: Attestation {
                credential_id: attestation.credential_id,
                client_data_json: attestation.client_data_json,
                attestation_object: attestation.attestation_object,
                transports: transports.collect(),
            },
        };
        let first_key = self.new_key().await?;
        let signed_up =
            self.sign_up_and_log_in(sign_up, user_name, authenticator, &first_key, log_in).await;
        // It was for this one log-in.
        let _ = self.inner.ports.keys.delete(&first_key).await;
        signed_up
    }

    async fn sign_up_and_log_in(
        &self,
        sign_up: &SignUp,
        user_name: String,
        authenticator: AuthenticatorParamsV2,
        first_key: &str,
        log_in: &LogIn,
    ) -> Result<Session, ClientError> {
        let credentials = Credentials {
            authenticators: vec![authenticator],
            api_keys: vec![ApiKeyParamsV2 {
                api_key_name: format!("passkey-auth-{first_key}"),
                public_key: first_key.to_owned(),
                curve_type: ApiKeyCurve::P256,
                expiration_seconds: Some(FIRST_KEY_SECONDS.to_owned()),
            }],
            ..Credentials::default()
        };
        let sign_up = SignUp { user_name: Some(user_name), ..sign_up.clone() };
        let organization_id = self.sign_up(&sign_up, credentials).await?;
        let stamper = StoredKeyStamper {
            keys: self.inner.ports.keys.clone(),
            public_key: first_key.to_owned(),
        };
        let log_in = LogIn { organization_id: Some(organization_id), ..log_in.clone() };
        self.log_in(Arc::new(stamper), "passkey", &log_in).await
    }
}

/// 32 random bytes.
pub(crate) fn random(rng: &mut dyn CryptoRng) -> Vec<u8> {
    let mut bytes = vec![0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}
