//! The auth proxy: log-ins for applications without a backend, `POST /v1/*`.
//!
//! It adds nothing to what the protocol lets the parent organization do. Each request becomes an activity
//! that the organization's proxy user stamps, so that it is authorized and recorded like any other.

use keyward_crypto::{CryptoRng, P256PrivateKey, os_rng};
use keyward_protocol::activities;
use keyward_protocol::engine::attested::contact_key;
use keyward_protocol::engine::context::Proofs;
use keyward_protocol::engine::model::{AuthProxyConfig, IndexKey};
use keyward_protocol::engine::{Attested, Client, Stamped};
use keyward_protocol::stamp::{Headers, Presented, make};
use keyward_protocol::wire::enums::{ApiKeyCurve, FeatureName, Oauth2Provider, OtpType};
use keyward_protocol::wire::id::OrganizationId;
use keyward_protocol::wire::objects::{
    ApiKeyParamsV2, AuthenticatorParamsV2, ClientSignature, EmailCustomizationParams,
    OauthProviderParamsV2, OidcClaims, WalletParams,
};
use keyward_protocol::wire::{InvalidRequest, Namespace, Page, RequestError, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::facts::proof_facts;
use crate::submit;

/// Every path, by its last segment.
pub(crate) const PATHS: [&str; 13] = [
    "account",
    "oauth2_authenticate",
    "oauth_login",
    "otp_init",
    "otp_init_v2",
    "otp_login",
    "otp_login_v2",
    "otp_verify",
    "otp_verify_v2",
    "signup",
    "signup_v2",
    "wallet_kit_client_params",
    "wallet_kit_config",
];

/// A request as it arrived.
pub(crate) struct ProxyRequest {
    /// The body.
    pub(crate) body: Vec<u8>,
    /// `X-Auth-Proxy-Config-ID`.
    pub(crate) config_id: Option<String>,
    /// `Origin`, of a browser.
    pub(crate) origin: Option<String>,
    /// Where it comes from.
    pub(crate) client: Client,
}

/// Answers a request.
///
/// # Errors
///
/// What the proxy does not offer, and what the activity was refused for.
pub(crate) async fn answer(
    app: &App,
    path: &str,
    request: ProxyRequest,
) -> Result<Value, RequestError> {
    let now = app.clock.now();
    app.limits.log_in(request.client.address.as_deref(), now)?;
    let proxy = Proxy::find(app, request.config_id.as_deref(), request.client, now).await?;
    proxy.check_origin(request.origin.as_deref())?;
    let body = request.body;
    match path {
        "wallet_kit_config" => Ok(proxy.wallet_kit_config()),
        "wallet_kit_client_params" => Ok(json!({})),
        "account" => proxy.account(read(&body)?).await,
        "otp_init" => proxy.otp_init(read(&body)?, "ACTIVITY_TYPE_INIT_OTP_V2").await,
        "otp_init_v2" => proxy.otp_init(read(&body)?, "ACTIVITY_TYPE_INIT_OTP_V3").await,
        "otp_verify" => proxy.otp_verify(read(&body)?, "ACTIVITY_TYPE_VERIFY_OTP").await,
        "otp_verify_v2" => proxy.otp_verify(read(&body)?, "ACTIVITY_TYPE_VERIFY_OTP_V2").await,
        "otp_login" => proxy.otp_login(read(&body)?, "ACTIVITY_TYPE_OTP_LOGIN").await,
        "otp_login_v2" => proxy.otp_login(read(&body)?, "ACTIVITY_TYPE_OTP_LOGIN_V2").await,
        "oauth_login" => proxy.oauth_login(read(&body)?).await,
        "oauth2_authenticate" => proxy.oauth2_authenticate(read(&body)?).await,
        "signup" => proxy.sign_up(read(&body)?, "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V7").await,
        "signup_v2" => {
            proxy.sign_up(read(&body)?, "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V8").await
        }
        _ => Err(RequestError::Unimplemented(path.to_owned().into())),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, InvalidRequest> {
    serde_json::from_slice(body).map_err(|source| InvalidRequest::body(&source))
}

/// What an account at an identity provider is looked up by, from its claims as JSON.
fn claimed_identity(text: &str) -> Result<IndexKey, InvalidRequest> {
    let claims: Option<OidcClaims> = serde_json::from_str(text).ok();
    claims
        .filter(|OidcClaims { iss, sub, aud }| {
            [iss, sub, aud].iter().all(|claim| !claim.contains(char::is_control))
        })
        .map(|OidcClaims { iss, sub, aud }| IndexKey::identity(&iss, &aud, &sub))
        .ok_or_else(|| InvalidRequest::new("invalid filterValue: must be iss, sub and aud as JSON"))
}

/// The proxy of an organization, at work on one request.
struct Proxy<'a> {
    app: &'a App,
    organization: OrganizationId,
    name: String,
    config: AuthProxyConfig,
    key: P256PrivateKey,
    client: Client,
    now: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    filter_type: String,
    filter_value: String,
    verification_token: Option<String>,
    oidc_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OtpInit {
    otp_type: OtpType,
    contact: String,
    email_customization: Option<EmailCustomizationParams>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OtpVerify {
    otp_id: String,
    otp_code: Option<String>,
    public_key: Option<String>,
    encrypted_otp_bundle: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OtpLogin {
    verification_token: String,
    public_key: String,
    client_signature: Option<ClientSignature>,
    invalidate_existing: Option<bool>,
    organization_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OauthLogin {
    oidc_token: String,
    public_key: String,
    invalidate_existing: Option<bool>,
    organization_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Oauth2Authenticate {
    provider: Oauth2Provider,
    auth_code: String,
    redirect_uri: String,
    code_verifier: String,
    nonce: Option<String>,
    client_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignUp {
    user_email: Option<String>,
    user_phone_number: Option<String>,
    user_name: Option<String>,
    organization_name: Option<String>,
    verification_token: Option<String>,
    #[serde(default)]
    api_keys: Vec<ApiKeyParamsV2>,
    #[serde(default)]
    authenticators: Vec<AuthenticatorParamsV2>,
    #[serde(default)]
    oauth_providers: Vec<OauthProviderParamsV2>,
    wallet: Option<WalletParams>,
    client_signature: Option<ClientSignature>,
}

impl<'a> Proxy<'a> {
    /// The proxy with this configuration, which goes by the id of its organization.
    async fn find(
        app: &'a App,
        config_id: Option<&str>,
        client: Client,
        now: Timestamp,
    ) -> Result<Self, RequestError> {
        let unknown = || RequestError::NotFound("auth proxy configuration not found".to_owned());
        let config_id = config_id
            .ok_or_else(|| InvalidRequest::new("missing header: X-Auth-Proxy-Config-ID"))?;
        let id: OrganizationId = config_id.trim().parse().map_err(|_| unknown())?;
        let opened = app.store.latest_organization(id).await.map_err(RequestError::internal)?;
        let opened = opened.ok_or_else(unknown)?;
        let organization = &opened.organization;
        let proxy = organization
            .auth_proxy
            .as_ref()
            .filter(|_| organization.features.contains_key(&FeatureName::AuthProxy))
            .ok_or_else(unknown)?;
        let secret = app.store.secret(&opened, proxy.user.0).await;
        let secret = secret.map_err(RequestError::internal)?.ok_or_else(unknown)?;
        let bytes: &[u8; 32] = secret.expose().try_into().map_err(|_| unknown())?;
        Ok(Self {
            app,
            organization: id,
            name: organization.name.clone(),
            config: proxy.config.clone(),
            key: P256PrivateKey::from_bytes(bytes).map_err(RequestError::internal)?,
            client,
            now,
        })
    }

    /// Refuses browsers on other pages than the application's. Whoever is no browser says nothing, and
    /// gains nothing by lying.
    fn check_origin(&self, origin: Option<&str>) -> Result<(), RequestError> {
        let Some(origin) = origin else { return Ok(()) };
        let allowed = self
            .config
            .allowed_origins
            .iter()
            .any(|known| known == "*" || known.trim_end_matches('/') == origin);
        if allowed { Ok(()) } else { Err(RequestError::MethodDisallowed("ORIGIN")) }
    }

    fn check_method(&self, method: &str, refusal: &'static str) -> Result<(), RequestError> {
        if self.config.allowed_auth_methods.iter().any(|known| known == method) {
            return Ok(());
        }
        Err(RequestError::MethodDisallowed(refusal))
    }

    fn check_otp(&self, kind: OtpType) -> Result<(), RequestError> {
        match kind {
            OtpType::Email => self.check_method("email", "EMAIL_OTP"),
            OtpType::Sms => self.check_method("sms", "SMS_OTP"),
        }
    }

    fn wallet_kit_config(&self) -> Value {
        let config = &self.config;
        let kit = &config.wallet_kit_settings;
        let methods = config.allowed_auth_methods.iter().filter(|method| *method != "oauth");
        let socials = kit.enabled_social_providers.iter();
        let with_oauth = config.allowed_auth_methods.iter().any(|method| method == "oauth");
        let enabled: Vec<&String> = methods.chain(socials.filter(|_| with_oauth)).collect();
        let mut answer = json!({
            "enabledProviders": enabled,
            "sessionExpirationSeconds": config.session_expiration_seconds.to_string(),
            "organizationId": self.organization,
            "oauthClientIds": kit.oauth_client_ids,
            "otpAlphanumeric": config.otp_alphanumeric,
            "otpLength": config.otp_length.to_string(),
        });
        if let (Some(object), Some(url)) = (answer.as_object_mut(), &kit.oauth_redirect_url) {
            object.insert("oauthRedirectUrl".to_owned(), json!(url));
        }
        answer
    }

    async fn account(&self, asked: Account) -> Result<Value, RequestError> {
        let value = asked.filter_value;
        let key = match asked.filter_type.as_str() {
            "NAME" => IndexKey::Name(value),
            "USERNAME" => IndexKey::Username(value),
            "CREDENTIAL_ID" => {
                let plain = value.trim_end_matches('=');
                IndexKey::CredentialId(plain.replace('+', "-").replace('/', "_"))
            }
            "PUBLIC_KEY" => IndexKey::PublicKey(value.to_ascii_lowercase()),
            "EMAIL" => {
                self.check_token(OtpType::Email, &value, asked.verification_token).await?;
                verified_contact_key(OtpType::Email, &value)
            }
            "PHONE_NUMBER" => {
                self.check_token(OtpType::Sms, &value, asked.verification_token).await?;
                verified_contact_key(OtpType::Sms, &value)
            }
            "OIDC_TOKEN" => {
                let token = asked.oidc_token.unwrap_or(value);
                let identity = self.identity(token).await?;
                return Ok(
                    match self.sub_organization(&identity.index_keys(), "oauth provider").await? {
                        Some(id) => json!({ "organizationId": id }),
                        None => json!({}),
                    },
                );
            }
            "OIDC_CLAIMS" => claimed_identity(&value)?,
            other => {
                return Err(InvalidRequest::new(format!("invalid filterType: {other}")).into());
            }
        };
        Ok(match self.sub_organization(&[key], "account").await? {
            Some(id) => json!({ "organizationId": id }),
            None => json!({}),
        })
    }

    /// Refuses to look a contact up for somebody who has not proven to have it, where that is asked for.
    async fn check_token(
        &self,
        kind: OtpType,
        contact: &str,
        token: Option<String>,
    ) -> Result<(), RequestError> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            if self.config.verification_token_required_for_get_account_pii {
                return Err(InvalidRequest::new("verificationToken is required").into());
            }
            return Ok(());
        };
        let (proven_kind, proven) = self.contact(&token).await?;
        if proven_kind == kind && proven.eq_ignore_ascii_case(contact) {
            return Ok(());
        }
        Err(RequestError::InvalidVerificationToken("it is for another contact".into()))
    }

    /// The contact that a verification token of this organization proves.
    async fn contact(&self, token: &str) -> Result<(OtpType, String), RequestError> {
        let proofs = Proofs { verification_token: Some(token.to_owned()), id_tokens: Vec::new() };
        let facts = proof_facts(self.app, &proofs, self.now).await?;
        let verified = facts.verification_token(token, &self.app.keys, self.now)?;
        match verified.contact {
            Attested::Contact { kind, contact, organization }
                if organization == self.organization =>
            {
                Ok((kind, contact))
            }
            _ => {
                Err(RequestError::InvalidVerificationToken("it is for another organization".into()))
            }
        }
    }

    /// Whom an ID token speaks of.
    async fn identity(&self, token: String) -> Result<Attested, RequestError> {
        let proofs = Proofs { verification_token: None, id_tokens: vec![token.clone()] };
        let facts = proof_facts(self.app, &proofs, self.now).await?;
        Ok(facts.id_token(0, &token, self.now)?.identity())
    }

    /// The one sub-organization that is found by any of these.
    async fn sub_organization(
        &self,
        keys: &[IndexKey],
        what: &'static str,
    ) -> Result<Option<OrganizationId>, RequestError> {
        let mut found: Vec<OrganizationId> = Vec::new();
        for key in keys {
            let ids = self
                .app
                .store
                .sub_organizations(self.organization, Some(key), Page::ALL)
                .await
                .map_err(RequestError::internal)?;
            found.extend(ids);
        }
        found.sort_unstable();
        found.dedup();
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            _ => Err(InvalidRequest::new(format!(
                "more than one suborg associated with this {what}: name the organizationId"
            ))
            .into()),
        }
    }

    /// The sub-organization that a log-in is for: the one named, else the one found. What `proven` finds
    /// goes before what `keys` find.
    async fn target(
        &self,
        named: Option<String>,
        proven: &[IndexKey],
        keys: &[IndexKey],
        what: &'static str,
    ) -> Result<OrganizationId, RequestError> {
        if let Some(named) = named.filter(|named| !named.is_empty()) {
            let id: OrganizationId =
                named.parse().map_err(|_| RequestError::MalformedOrganizationId)?;
            let opened = self.app.store.organization(id).await.map_err(RequestError::internal)?;
            let is_ours =
                opened.is_some_and(|opened| opened.organization.parent == Some(self.organization));
            return if is_ours { Ok(id) } else { Err(RequestError::OrganizationNotFound(id)) };
        }
        if let Some(id) = self.sub_organization(proven, what).await? {
            return Ok(id);
        }
        self.sub_organization(keys, what)
            .await?
            .ok_or_else(|| RequestError::NotFound(format!("no organization found for this {what}")))
    }

    async fn otp_init(&self, asked: OtpInit, kind: &str) -> Result<Value, RequestError> {
        self.check_otp(asked.otp_type)?;
        let config = &self.config;
        let mut customization = config.email_customization_params.clone();
        let template = asked
            .email_customization
            .and_then(|custom| custom.template_id)
            .or_else(|| config.otp_template_id.clone());
        let app_name = customization.as_mut().and_then(|custom| custom.app_name.take());
        let mut customization = json!(customization.unwrap_or(EmailCustomizationParams {
            app_name: None,
            logo_url: None,
            magic_link_template: None,
            template_variables: None,
            template_id: None,
        }));
        if let (Some(object), Some(template)) = (customization.as_object_mut(), template) {
            object.insert("templateId".to_owned(), json!(template));
        }
        let parameters = json!({
            "otpType": asked.otp_type,
            "contact": asked.contact,
            "appName": app_name.unwrap_or_else(|| self.name.clone()),
            "otpLength": config.otp_length,
            "alphanumeric": config.otp_alphanumeric,
            "expirationSeconds": config.otp_expiration_seconds.to_string(),
            "emailCustomization": customization,
            "smsCustomization": config.sms_customization_params,
            "sendFromEmailAddress": config.send_from_email_address,
            "sendFromEmailSenderName": config.send_from_email_sender_name,
            "replyToEmailAddress": config.reply_to_email_address,
            // Its own limit, beside that on the contact.
            "userIdentifier": format!("{}:{}", asked.otp_type.as_str(), asked.contact),
        });
        self.act(self.organization, "init_otp", kind, parameters).await
    }

    async fn otp_verify(&self, asked: OtpVerify, kind: &str) -> Result<Value, RequestError> {
        let seconds = self.config.verification_token_expiration_seconds.to_string();
        let parameters = json!({
            "otpId": asked.otp_id,
            "otpCode": asked.otp_code,
            "publicKey": asked.public_key,
            "encryptedOtpBundle": asked.encrypted_otp_bundle,
            "expirationSeconds": seconds,
        });
        self.act(self.organization, "verify_otp", kind, parameters).await
    }

    async fn otp_login(&self, asked: OtpLogin, kind: &str) -> Result<Value, RequestError> {
        let (otp_type, contact) = self.contact(&asked.verification_token).await?;
        self.check_otp(otp_type)?;
        let keys = [contact_key(otp_type, &contact)];
        // Whoever signed up with somebody else's contact must not stand in the way of its owner.
        let proven = [verified_contact_key(otp_type, &contact)];
        let target = self.target(asked.organization_id, &proven, &keys, "contact").await?;
        let parameters = json!({
            "verificationToken": asked.verification_token,
            "publicKey": asked.public_key,
            "clientSignature": asked.client_signature,
            "invalidateExisting": asked.invalidate_existing,
            "expirationSeconds": self.config.session_expiration_seconds.to_string(),
        });
        self.act(target, "otp_login", kind, parameters).await
    }

    async fn oauth_login(&self, asked: OauthLogin) -> Result<Value, RequestError> {
        self.check_method("oauth", "OAUTH")?;
        let identity = self.identity(asked.oidc_token.clone()).await?;
        let keys = identity.index_keys();
        let target = self.target(asked.organization_id, &[], &keys, "oauth provider").await?;
        let parameters = json!({
            "oidcToken": asked.oidc_token,
            "publicKey": asked.public_key,
            "invalidateExisting": asked.invalidate_existing,
            "expirationSeconds": self.config.session_expiration_seconds.to_string(),
        });
        self.act(target, "oauth_login", "ACTIVITY_TYPE_OAUTH_LOGIN", parameters).await
    }

    async fn oauth2_authenticate(&self, asked: Oauth2Authenticate) -> Result<Value, RequestError> {
        self.check_method("oauth", "OAUTH")?;
        let opened = self.app.store.organization(self.organization).await;
        let opened = opened.map_err(RequestError::internal)?;
        let credential = opened
            .iter()
            .flat_map(|opened| &opened.organization.oauth2_credentials)
            .find(|known| known.provider == asked.provider && known.client_id == asked.client_id)
            .map(|known| known.id)
            .ok_or_else(|| RequestError::NotFound("could not find oauth2 credential".to_owned()))?;
        let parameters = json!({
            "oauth2CredentialId": credential,
            "authCode": asked.auth_code,
            "redirectUri": asked.redirect_uri,
            "codeVerifier": asked.code_verifier,
            "nonce": asked.nonce.unwrap_or_default(),
        });
        let kind = "ACTIVITY_TYPE_OAUTH2_AUTHENTICATE";
        self.act(self.organization, "oauth2_authenticate", kind, parameters).await
    }

    async fn sign_up(&self, asked: SignUp, kind: &str) -> Result<Value, RequestError> {
        if !asked.authenticators.is_empty() {
            self.check_method("passkey", "PASSKEY")?;
        }
        if !asked.oauth_providers.is_empty() {
            self.check_method("oauth", "OAUTH")?;
        }
        // The keys of sessions are P-256, those of wallets are not.
        if asked.api_keys.iter().any(|key| key.curve_type != ApiKeyCurve::P256) {
            self.check_method("wallet", "WALLET")?;
        }
        if let Some(token) = asked.verification_token.as_deref() {
            self.check_otp(self.contact(token).await?.0)?;
        }
        let name = asked
            .user_name
            .or_else(|| asked.user_email.clone())
            .or_else(|| asked.user_phone_number.clone())
            .unwrap_or_else(|| "User".to_owned());
        let sub_name =
            asked.organization_name.unwrap_or_else(|| format!("sub-org-{}", self.now.as_millis()));
        let parameters = json!({
            "subOrganizationName": sub_name,
            "rootUsers": [{
                "userName": name,
                "userEmail": asked.user_email,
                "userPhoneNumber": asked.user_phone_number,
                "apiKeys": asked.api_keys,
                "authenticators": asked.authenticators,
                "oauthProviders": asked.oauth_providers,
            }],
            "rootQuorumThreshold": 1,
            "wallet": asked.wallet,
            "verificationToken": asked.verification_token,
            "clientSignature": asked.client_signature,
        });
        let made = self.act(self.organization, "create_sub_organization", kind, parameters).await?;
        let mut answer = Map::new();
        let member = |name: &str| made.get(name).cloned();
        answer.extend(member("subOrganizationId").map(|id| ("organizationId".to_owned(), id)));
        let user = member("rootUserIds").and_then(|ids| ids.get(0).cloned());
        answer.extend(user.map(|id| ("userId".to_owned(), id)));
        answer.extend(member("wallet").map(|wallet| ("wallet".to_owned(), wallet)));
        answer.insert("appProofs".to_owned(), json!([]));
        Ok(Value::Object(answer))
    }

    /// Submits an activity as the proxy's user. Returns the content of its result.
    async fn act(
        &self,
        organization: OrganizationId,
        route: &str,
        kind: &str,
        parameters: Value,
    ) -> Result<Value, RequestError> {
        let entry = activities::Entry::find(Namespace::Turnkey, route)
            .ok_or_else(|| RequestError::Unimplemented(route.to_owned().into()))?;
        let body = json!({
            "type": kind,
            "timestampMs": self.now.as_millis().to_string(),
            "organizationId": organization,
            "parameters": parameters,
            // Two people may ask the same in one millisecond.
            "requestId": request_id(),
        });
        let body = body.to_string().into_bytes();
        let stamp = make::p256(&self.key, &body);
        let headers = Headers { stamp: Some(stamp.as_bytes()), ..Headers::default() };
        let presented = Presented::parse(&headers)?;
        let stamped = Stamped { body, presented, attested: None, client: self.client.clone() };
        let activity = submit::submit(self.app, entry, stamped).await?;
        let result: Map<String, Value> = activity
            .result
            .as_deref()
            .and_then(|result| serde_json::from_str(result.get()).ok())
            .unwrap_or_default();
        Ok(result.into_iter().next().map(|(_, content)| content).unwrap_or_default())
    }
}

/// What a contact is looked up by where somebody proved to have it.
fn verified_contact_key(kind: OtpType, contact: &str) -> IndexKey {
    match kind {
        OtpType::Email => IndexKey::VerifiedEmail(contact.to_ascii_lowercase()),
        OtpType::Sms => IndexKey::VerifiedPhoneNumber(contact.to_owned()),
    }
}

fn request_id() -> Uuid {
    let mut random = [0; 16];
    let rng: &mut dyn CryptoRng = &mut os_rng();
    rng.fill_bytes(&mut random);
    uuid::Builder::from_random_bytes(random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_name_the_account_that_they_are_of() {
        let claims = r#"{"iss":"https://issuer.example","sub":"alice","aud":"app"}"#;
        let key = IndexKey::identity("https://issuer.example", "app", "alice");
        assert_eq!(claimed_identity(claims).unwrap(), key);
        for refused in
            ["", "{}", r#"{"iss":"i","sub":"s"}"#, r#"{"iss":"i","sub":"s\u0000a","aud":"b"}"#]
        {
            assert!(claimed_identity(refused).is_err(), "{refused}");
        }
    }
}
