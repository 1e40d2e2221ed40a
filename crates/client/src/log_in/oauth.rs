//! Accounts at identity providers: OpenID Connect, and OAuth 2.0 through the auth proxy.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{os_rng, sha256};
use keyward_protocol::client_signature::oidc_nonce;
use keyward_protocol::stamp::AttestedScheme;
use keyward_protocol::wire::objects::OauthProviderParamsV2;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::LogIn;
use super::passkey::random;
use crate::auth_proxy::{Account, Credentials};
use crate::client::Client;
use crate::error::ClientError;
use crate::json;
use crate::pending::Attempt;
use crate::ports::HttpRequest;
use crate::session::Session;
use crate::sessions::check_name;

/// How a provider hands the ID token over.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
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
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OauthProvider {
    /// What the account is called in the user's list, such as `google`.
    pub name: String,
    /// The provider's authorization endpoint.
    pub authorization_endpoint: String,
    /// This application there.
    pub client_id: String,
    /// Where the provider sends the user back to.
    pub redirect_uri: String,
    /// With spaces between; `openid email` is the least for OpenID Connect.
    pub scope: String,
    /// How the token is handed over.
    pub flow: OauthFlow,
}

/// Where the user is to be sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OauthRequest {
    /// For a redirect or a popup.
    pub url: String,
    /// What the provider will send back; names the attempt.
    pub state: String,
}

/// A log-in at an identity provider, as it is stored.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OauthAttempt {
    provider: OauthProvider,
    /// PKCE's secret; empty when the token comes in the fragment.
    verifier: String,
    nonce: String,
    /// Once it is there; the code is spent then.
    id_token: Option<String>,
    log_in: OauthLogIn,
}

/// [`LogIn`] as it is stored: the page that began is gone when the user comes back.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct OauthLogIn {
    session: String,
    expiration_seconds: Option<u64>,
    ends_others: bool,
    session_profile_id: Option<String>,
    organization_id: Option<String>,
    becomes_active: bool,
}

impl From<&LogIn> for OauthLogIn {
    fn from(log_in: &LogIn) -> Self {
        let LogIn {
            session,
            expiration_seconds,
            ends_others,
            session_profile_id,
            organization_id,
            becomes_active,
        } = log_in.clone();
        Self {
            session,
            expiration_seconds,
            ends_others,
            session_profile_id,
            organization_id,
            becomes_active,
        }
    }
}

impl From<OauthLogIn> for LogIn {
    fn from(stored: OauthLogIn) -> Self {
        Self {
            session: stored.session,
            expiration_seconds: stored.expiration_seconds,
            ends_others: stored.ends_others,
            session_profile_id: stored.session_profile_id,
            organization_id: stored.organization_id,
            becomes_active: stored.becomes_active,
        }
    }
}

impl Client {
    /// Begins a log-in at an identity provider: makes the session's key and binds the log-in to it. Key and
    /// attempt survive the redirect.
    ///
    /// # Errors
    ///
    /// [`ClientError::Storage`].
    pub async fn begin_oauth(
        &self,
        provider: &OauthProvider,
        log_in: &LogIn,
    ) -> Result<OauthRequest, ClientError> {
        check_name(&log_in.session)?;
        let public_key = self.new_key().await?;
        let nonce = oidc_nonce(&public_key);
        let mut rng = os_rng();
        let state = URL_SAFE_NO_PAD.encode(random(&mut rng));
        let is_code = provider.flow != OauthFlow::IdToken;
        let verifier =
            if is_code { URL_SAFE_NO_PAD.encode(random(&mut rng)) } else { String::new() };
        // Made before anything is waited for: its maker cannot go from thread to thread.
        let url = authorization_url(provider, &state, &nonce, &verifier);
        let attempt = OauthAttempt {
            provider: provider.clone(),
            verifier,
            nonce,
            id_token: None,
            log_in: log_in.into(),
        };
        self.begin(&state, Some(public_key), Attempt::Oauth(attempt.into())).await?;
        Ok(OauthRequest { url, state })
    }

    /// Logs in with what the provider sent back: the whole address that the user came back to.
    ///
    /// # Errors
    ///
    /// [`ClientError::UnknownAttempt`] when no attempt of ours has its `state`;
    /// [`ClientError::ProviderRefused`]; [`ClientError::NoAccount`] with [`Account::Existing`].
    pub async fn complete_oauth(
        &self,
        returned_url: &str,
        account: &Account,
    ) -> Result<Session, ClientError> {
        let returned = parameters(returned_url);
        let get = |name: &str| parameter(&returned, name);
        let state = get("state").ok_or(ClientError::UnknownAttempt)?;
        let mut pending = self.pending(state).await?;
        let Attempt::Oauth(attempt) = &mut pending.what else {
            return Err(ClientError::UnknownAttempt);
        };
        let public_key = pending.public_key.clone().ok_or(ClientError::UnknownAttempt)?;
        if let Some(error) = get("error") {
            let reason = get("error_description").unwrap_or(error).to_owned();
            self.finish(state).await?;
            let _ = self.inner.ports.keys.delete(&public_key).await;
            return Err(ClientError::ProviderRefused(reason));
        }
        let id_token = match (&attempt.id_token, &attempt.provider.flow) {
            (Some(token), _) => token.clone(),
            (None, OauthFlow::IdToken) => get("id_token")
                .ok_or_else(|| ClientError::ProviderRefused("no ID token".to_owned()))?
                .to_owned(),
            (None, flow) => {
                let code = get("code")
                    .ok_or_else(|| ClientError::ProviderRefused("no code".to_owned()))?;
                match flow {
                    OauthFlow::Code { token_endpoint } => {
                        self.exchange(token_endpoint, code, attempt).await?
                    }
                    OauthFlow::Server { provider } => {
                        self.exchange_by_server(provider, code, attempt).await?
                    }
                    OauthFlow::IdToken => return Err(ClientError::UnknownAttempt),
                }
            }
        };
        attempt.id_token = Some(id_token.clone());
        let (name, log_in) = (attempt.provider.name.clone(), attempt.log_in.clone().into());
        self.put_pending(state, &pending).await?;
        let session =
            self.log_in_with_id_token(&name, &id_token, &public_key, account, &log_in).await?;
        self.finish(state).await?;
        Ok(session)
    }

    /// Logs in with an ID token whose nonce is bound to a key of the key store, see [`Client::begin_oauth`].
    async fn log_in_with_id_token(
        &self,
        provider_name: &str,
        id_token: &str,
        public_key: &str,
        account: &Account,
        log_in: &LogIn,
    ) -> Result<Session, ClientError> {
        let mut log_in = log_in.clone();
        if let (None, Account::OrNew(sign_up)) = (&log_in.organization_id, account) {
            let found = self.account("OIDC_TOKEN", id_token, None).await?;
            log_in.organization_id = Some(if let Some(id) = found {
                id
            } else {
                let provider = OauthProviderParamsV2 {
                    provider_name: provider_name.to_owned(),
                    oidc_token: Some(id_token.to_owned()),
                    oidc_claims: None,
                };
                let oauth_providers = vec![provider];
                let credentials = Credentials { oauth_providers, ..Credentials::default() };
                self.sign_up(sign_up, credentials).await?
            });
        }
        let (scheme, token) = (AttestedScheme::Oidc, id_token.to_owned());
        let opened =
            self.log_in_attested(scheme, token, public_key.to_owned(), "oauth", &log_in).await;
        match opened {
            Err(ClientError::UnknownCredential) => Err(ClientError::NoAccount),
            other => other,
        }
    }

    /// Exchanges a code at the provider (RFC 6749 §4.1.3).
    async fn exchange(
        &self,
        token_endpoint: &str,
        code: &str,
        attempt: &OauthAttempt,
    ) -> Result<String, ClientError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &attempt.provider.redirect_uri)
            .append_pair("client_id", &attempt.provider.client_id)
            .append_pair("code_verifier", &attempt.verifier)
            .finish();
        let form_type = "application/x-www-form-urlencoded".to_owned();
        let response = self
            .http(HttpRequest {
                method: "POST",
                url: token_endpoint.to_owned(),
                headers: vec![("Content-Type", form_type)],
                body: form.into_bytes(),
            })
            .await?;
        let answer = json::read(&response.body)?;
        let member = |name: &str| json::optional_text(&answer, name);
        member("id_token").ok_or_else(|| {
            let reason = member("error_description").or_else(|| member("error"));
            ClientError::ProviderRefused(reason.unwrap_or_else(|| "no ID token".to_owned()))
        })
    }

    /// Has the server exchange a code.
    async fn exchange_by_server(
        &self,
        provider: &str,
        code: &str,
        attempt: &OauthAttempt,
    ) -> Result<String, ClientError> {
        let body = json!({
            "provider": provider,
            "authCode": code,
            "redirectUri": attempt.provider.redirect_uri,
            "codeVerifier": attempt.verifier,
            "nonce": attempt.nonce,
            "clientId": attempt.provider.client_id,
        });
        json::text(&self.ask_proxy("oauth2_authenticate", &body).await?, "oidcToken")
    }
}

/// Where the user is sent; with PKCE when there is a verifier.
fn authorization_url(provider: &OauthProvider, state: &str, nonce: &str, verifier: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", &provider.redirect_uri)
        .append_pair("scope", &provider.scope)
        .append_pair("state", state)
        .append_pair("nonce", nonce);
    if verifier.is_empty() {
        query.append_pair("response_type", "id_token");
    } else {
        let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
        query
            .append_pair("response_type", "code")
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
    }
    let separator = if provider.authorization_endpoint.contains('?') { '&' } else { '?' };
    format!("{}{separator}{}", provider.authorization_endpoint, query.finish())
}

/// The parameters of an address, in its query and its fragment.
fn parameters(url: &str) -> Vec<(String, String)> {
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let mut found = Vec::new();
    for part in [query, fragment] {
        found.extend(form_urlencoded::parse(part.as_bytes()).into_owned());
    }
    found
}

/// The first parameter of that name.
fn parameter<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = parameters.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_stand_in_query_and_fragment() {
        let found = parameters("http://localhost/back?state=a%20b#id_token=x.y.z&scope=openid");
        let get = |name: &str| parameter(&found, name);
        assert_eq!((get("state"), get("id_token")), (Some("a b"), Some("x.y.z")));
        assert!(parameters("http://localhost/").is_empty());
    }
}
