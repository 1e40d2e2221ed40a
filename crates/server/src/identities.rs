//! Identity providers: the keys that their ID tokens are checked with, and the codes that are exchanged.

use std::sync::Arc;

use keyward_crypto::open_quorum_envelope;
use keyward_protocol::engine::context::{CodeExchange, Exchanged};
use keyward_protocol::engine::oidc::{self, KeySet, OidcError};
use keyward_protocol::engine::proofs::IssuerRefused;
use keyward_protocol::engine::{ServerKeys, jwt};
use keyward_protocol::wire::enums::Oauth2Provider;
use keyward_protocol::wire::{InvalidRequest, Timestamp};
use keyward_store::Opened;
use serde_json::json;

use crate::app::App;
use crate::config::Config;
use crate::fetch::Fetcher;
use crate::http::chain;
use crate::oauth2::{ExchangeError, Grant, Oauth2};
use crate::oidc::IssuerKeys;

/// What a server asks identity providers.
pub(crate) struct Identities {
    keys: IssuerKeys<KeySet>,
    oauth2: Oauth2,
}

impl Identities {
    /// Nothing is asked yet.
    pub(crate) fn new(config: &Config) -> Self {
        let fetcher = Fetcher::new(&config.oidc);
        Self {
            keys: IssuerKeys::new(fetcher.clone(), &config.oidc, KeySet::parse),
            oauth2: Oauth2::new(fetcher, &config.oauth2.providers),
        }
    }

    /// The keys of a token's issuer. Keys that don't hold the token's are fetched again, once.
    pub(crate) async fn keys_for(
        &self,
        app: &App,
        token: &str,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, IssuerRefused> {
        let refuse = |reason: String| IssuerRefused(reason);
        let issuer = oidc::peek_issuer(token).ok_or_else(|| refuse("malformed".to_owned()))?;
        if issuer == app.settings.id_token_issuer() {
            return own_keys(&app.keys).map(Arc::new).map_err(|error| refuse(error.to_string()));
        }
        if let Some(own) = app.development.as_ref().map(|development| &development.issuer)
            && own.is(&issuer)
        {
            // Not over HTTP: its address may be private, and it is here.
            let keys = KeySet::parse(own.jwks().to_string().as_bytes());
            return keys.map(Arc::new).map_err(|error| refuse(error.to_string()));
        }
        let failed = |error: crate::fetch::FetchError| {
            tracing::info!(error = %chain(&error), "the keys of an issuer can't be had");
            refuse(format!("the keys of its issuer can't be had: {error}"))
        };
        let keys = self.keys.keys(&issuer, now).await.map_err(failed)?;
        match oidc::verify(token, &keys, now) {
            Err(OidcError::UnknownKey) => {
                self.keys.fresh_keys(&issuer, now, &keys).await.map_err(failed)
            }
            _ => Ok(keys),
        }
    }

    /// Exchanges a code for one of the organization's clients.
    pub(crate) async fn exchange(
        &self,
        app: &App,
        opened: &Opened,
        exchange: CodeExchange,
    ) -> Result<Exchanged, InvalidRequest> {
        let credentials = &opened.organization.oauth2_credentials;
        let Some(client) = credentials.iter().find(|known| known.id == exchange.credential) else {
            return Err(InvalidRequest::new("could not find oauth2 credential"));
        };
        let unreadable = || InvalidRequest::new("the client secret does not open");
        let envelope = hex::decode(&client.encrypted_client_secret).map_err(|_| unreadable())?;
        let secret =
            open_quorum_envelope(&app.keys.secret_receiver, &envelope).map_err(|_| unreadable())?;
        let provider = match client.provider {
            Oauth2Provider::X => "x",
            Oauth2Provider::Discord => "discord",
        };
        let grant = Grant {
            client_id: &client.client_id,
            client_secret: &secret,
            auth_code: &exchange.code,
            redirect_uri: &exchange.redirect_uri,
            code_verifier: &exchange.code_verifier,
        };
        let exchanged = self.oauth2.exchange(provider, grant).await.map_err(|error| {
            if let ExchangeError::Unreachable(source) = &error {
                tracing::warn!(provider, error = %chain(source), "a provider can't be reached");
            }
            InvalidRequest::new(error.to_string())
        })?;
        Ok(Exchanged { subject: exchanged.subject, bearer_token: exchanged.bearer_token })
    }
}

/// The keys that the server's own ID tokens are checked with.
fn own_keys(keys: &ServerKeys) -> Result<KeySet, OidcError> {
    KeySet::parse(id_token_jwks(keys).to_string().as_bytes())
}

/// The public half of the key that signs ID tokens, as a JWK Set (RFC 7517 §5).
pub(crate) fn id_token_jwks(keys: &ServerKeys) -> serde_json::Value {
    jwks(&keys.id_token_signer.public_key())
}

/// One key as a JWK Set (RFC 7517 §5).
pub(crate) fn jwks(key: &keyward_crypto::P256PublicKey) -> serde_json::Value {
    json!({ "keys": [jwt::jwk(key, &jwt::thumbprint(key))] })
}
