//! The auth proxy: what an application without a backend asks in its users' names.

use keyward_protocol::wire::objects::{
    ApiKeyParamsV2, AuthenticatorParamsV2, ClientSignature, OauthProviderParamsV2, WalletParams,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::client::{self, Client};
use crate::error::{ClientError, Refusal};
use crate::json;

/// What a new account is to be made of.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignUp {
    /// The user's name; the contact or something like "user-…" when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// An e-mail address that the user has not proven to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_email: Option<String>,
    /// A phone number that the user has not proven to have, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_phone_number: Option<String>,
    /// The sub-organization's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<String>,
    /// A wallet to make for the user at once: [`WalletParams`] as they travel, see [`SignUp::with_wallet`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet: Option<Value>,
}

impl SignUp {
    /// The same, with a wallet for the user.
    #[must_use]
    pub fn with_wallet(mut self, wallet: &WalletParams) -> Self {
        self.wallet = serde_json::to_value(wallet).ok();
        self
    }
}

/// What a log-in does about accounts.
#[derive(Clone, Debug)]
pub enum Account {
    /// There has to be one.
    Existing,
    /// One is made when there is none.
    OrNew(SignUp),
}

/// What stands for the user in a new account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    pub(crate) api_keys: Vec<ApiKeyParamsV2>,
    pub(crate) authenticators: Vec<AuthenticatorParamsV2>,
    pub(crate) oauth_providers: Vec<OauthProviderParamsV2>,
    pub(crate) verification_token: Option<String>,
    pub(crate) client_signature: Option<ClientSignature>,
    /// Whether the token is of the older form, for codes that were not encrypted.
    pub(crate) is_older_token: bool,
}

impl Client {
    /// Looks an account up: the sub-organization's id.
    pub(crate) async fn account(
        &self,
        filter_type: &str,
        filter_value: &str,
        verification_token: Option<&str>,
    ) -> Result<Option<String>, ClientError> {
        let mut body = json!({ "filterType": filter_type, "filterValue": filter_value });
        if let (Some(token), Some(body)) = (verification_token, body.as_object_mut()) {
            body.insert("verificationToken".to_owned(), token.into());
        }
        let found = self.ask_proxy("account", &body).await?;
        Ok(json::optional_text(&found, "organizationId"))
    }

    /// Makes an account: the sub-organization's id.
    pub(crate) async fn sign_up(
        &self,
        sign_up: &SignUp,
        credentials: Credentials,
    ) -> Result<String, ClientError> {
        let Credentials { api_keys, authenticators, oauth_providers, .. } = credentials;
        let invalid = |source: serde_json::Error| ClientError::InvalidInput(source.to_string());
        let mut body = serde_json::to_value(sign_up).map_err(invalid)?;
        let more = json!({
            "apiKeys": api_keys,
            "authenticators": authenticators,
            "oauthProviders": oauth_providers,
            "verificationToken": credentials.verification_token,
            "clientSignature": credentials.client_signature,
        });
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
        }
        let path = if credentials.is_older_token { "signup" } else { "signup_v2" };
        json::text(&self.ask_proxy(path, &body).await?, "organizationId")
    }

    /// Asks the proxy.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotConfigured`] without one, [`ClientError::MethodDisabled`] for what it does not offer.
    pub(crate) async fn ask_proxy(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        let config = &self.inner.config;
        let proxy =
            config.auth_proxy.as_ref().ok_or(ClientError::NotConfigured("the auth proxy"))?;
        let base_url = proxy.url.as_deref().unwrap_or(&config.base_url).trim_end_matches('/');
        let headers = vec![("X-Auth-Proxy-Config-ID", proxy.config_id.clone())];
        let response =
            self.post(format!("{base_url}/v1/{path}"), headers, body.to_string()).await?;
        match response.status {
            200 => json::read(&response.body),
            403 => Err(ClientError::MethodDisabled(Refusal::read(&response))),
            _ => Err(client::error_of(&response, Refusal::read(&response))),
        }
    }
}
