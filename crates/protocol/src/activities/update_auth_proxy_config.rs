//! `UPDATE_AUTH_PROXY_CONFIG`: changes how the organization's auth proxy works.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::{Caller, Context, Rule},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    crate::wire::objects::AuthProxyConfig,
};

use crate::otp_message::{EmailLook, sms_template};
use crate::wire::objects::{EmailCustomizationParams, SmsCustomizationParams};
use crate::wire::{InvalidRequest, value};

/// Ways in that a proxy may offer.
const METHODS: [&str; 5] = ["email", "sms", "passkey", "wallet", "oauth"];
/// Identity providers that wallet kits know.
const SOCIAL_PROVIDERS: [&str; 5] = ["google", "apple", "facebook", "discord", "x"];
/// Characters of a code.
const OTP_LENGTHS: std::ops::RangeInclusive<u8> = 6..=9;
/// Longest life of a code, in seconds.
const LONGEST_OTP: u64 = 600;
/// Longest life of a verification token, in seconds.
const LONGEST_TOKEN: u64 = 86_400;
/// Longest life of a session, in seconds: ten years. What the operator decides goes beyond this.
const LONGEST_SESSION: u64 = 10 * 365 * 86_400;
/// Entries of a list.
const MOST_ENTRIES: usize = 100;
/// Longest address, in bytes.
const LONGEST_URL: usize = 2_048;

/// As it travels. What is absent stays as it is; an empty text takes away what was there.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateAuthProxyConfigIntent {
    /// Web origins that may use it, as browsers write them, or `*` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_origins: Option<Vec<String>>,
    /// Of `email`, `sms`, `passkey`, `wallet`, `oauth`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_auth_methods: Option<Vec<String>>,
    /// Sender of e-mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_from_email_address: Option<String>,
    /// Where answers go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to_email_address: Option<String>,
    /// Template of e-mails with a bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_auth_template_id: Option<String>,
    /// Template of e-mails with a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp_template_id: Option<String>,
    /// Name of the application, logo and the like; takes the place of all that was said of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_customization_params: Option<EmailCustomizationParams>,
    /// Text of SMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_customization_params: Option<SmsCustomizationParams>,
    /// What wallet kits show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_kit_settings: Option<WalletKitSettingsParams>,
    /// Life of a code in seconds, at most 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp_expiration_seconds: Option<u64>,
    /// Life of a verification token in seconds, at most a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_token_expiration_seconds: Option<u64>,
    /// Life of a session in seconds, at most ten years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_expiration_seconds: Option<u64>,
    /// Whether codes have letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp_alphanumeric: Option<bool>,
    /// Characters of a code, 6 to 9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp_length: Option<u8>,
    /// Name of the sender of e-mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_from_email_sender_name: Option<String>,
    /// Whether an account is looked up by contact only with a token that proves the contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_token_required_for_get_account_pii: Option<bool>,
    /// Clients whose users may be linked by their e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub social_linking_client_ids: Option<Vec<String>>,
    /// Whether a captcha is asked for: `true` is refused, since none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captcha_enabled: Option<bool>,
}

/// What wallet kits show, as it travels. What is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WalletKitSettingsParams {
    /// Of `google`, `apple`, `facebook`, `discord`, `x`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled_social_providers: Option<Vec<String>>,
    /// Client ids by provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth_client_ids: Option<BTreeMap<String, String>>,
    /// Where providers send the browser back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth_redirect_url: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateAuthProxyConfigResult {
    /// What clients name the proxy by: the id of the organization.
    pub config_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateAuthProxyConfig {
    /// Checked.
    changes: UpdateAuthProxyConfigIntent,
}

impl TryFrom<UpdateAuthProxyConfigIntent> for UpdateAuthProxyConfig {
    type Error = InvalidRequest;

    fn try_from(changes: UpdateAuthProxyConfigIntent) -> Result<Self, InvalidRequest> {
        check_list("allowedOrigins", changes.allowed_origins.as_deref(), is_origin)?;
        check_list("allowedAuthMethods", changes.allowed_auth_methods.as_deref(), |method| {
            METHODS.contains(&method)
        })?;
        check_list(
            "socialLinkingClientIds",
            changes.social_linking_client_ids.as_deref(),
            is_client_id,
        )?;
        EmailLook::check(
            None,
            changes.email_customization_params.clone(),
            changes.send_from_email_address.clone(),
            changes.send_from_email_sender_name.clone(),
            changes.reply_to_email_address.clone(),
        )?;
        sms_template(changes.sms_customization_params.clone())?;
        for (field, template) in [
            ("emailAuthTemplateId", &changes.email_auth_template_id),
            ("otpTemplateId", &changes.otp_template_id),
        ] {
            let template = template.clone().filter(|template| !template.is_empty());
            value::optional_label(field, template)?;
        }
        for (field, seconds, longest) in [
            ("otpExpirationSeconds", changes.otp_expiration_seconds, LONGEST_OTP),
            (
                "verificationTokenExpirationSeconds",
                changes.verification_token_expiration_seconds,
                LONGEST_TOKEN,
            ),
            ("sessionExpirationSeconds", changes.session_expiration_seconds, LONGEST_SESSION),
        ] {
            if seconds.is_some_and(|seconds| !(1..=longest).contains(&seconds)) {
                let rule = format!("must be 1 to {longest}");
                return Err(InvalidRequest::new(format!("invalid {field}: {rule}")).at(field, rule));
            }
        }
        if changes.otp_length.is_some_and(|length| !OTP_LENGTHS.contains(&length)) {
            return Err(InvalidRequest::new("invalid otpLength: must be 6 to 9"));
        }
        if let Some(settings) = &changes.wallet_kit_settings {
            settings.check()?;
        }
        Ok(Self { changes })
    }
}

impl WalletKitSettingsParams {
    fn check(&self) -> Result<(), InvalidRequest> {
        let is_known = |provider: &str| SOCIAL_PROVIDERS.contains(&provider);
        check_list("enabledSocialProviders", self.enabled_social_providers.as_deref(), is_known)?;
        let ids = self.oauth_client_ids.iter().flatten();
        for (provider, client_id) in ids {
            if !is_known(provider) || !is_client_id(client_id) {
                return Err(refusal("oauthClientIds", provider));
            }
        }
        // Phones use schemes of their own here.
        let is_url = |url: &str| {
            url.len() <= LONGEST_URL
                && url.split_once(':').is_some_and(|(scheme, rest)| {
                    is_scheme(scheme) && !rest.is_empty() && is_printable(rest)
                })
        };
        match self.oauth_redirect_url.as_deref() {
            Some(url) if !url.is_empty() && !is_url(url) => Err(refusal("oauthRedirectUrl", url)),
            _ => Ok(()),
        }
    }
}

fn check_list(
    field: &str,
    list: Option<&[String]>,
    is_one: impl Fn(&str) -> bool,
) -> Result<(), InvalidRequest> {
    let list = list.unwrap_or_default();
    if list.len() > MOST_ENTRIES {
        return Err(InvalidRequest::new(format!("invalid {field}: must be at most 100")));
    }
    match list.iter().find(|entry| !is_one(entry)) {
        None => Ok(()),
        Some(other) => Err(refusal(field, other)),
    }
}

fn refusal(field: &str, text: &str) -> InvalidRequest {
    InvalidRequest::new(format!("invalid {field}: {text:?}")).at(field, "is none of those allowed")
}

/// Whether this is an origin as a browser sends it, `scheme://host[:port]`, or `*`.
///
/// Source: HTML, "ASCII serialization of an origin".
fn is_origin(origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return origin == "*" };
    let (host, port) = match authority.rsplit_once(':') {
        // The colon may be one of an IPv6 address.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let port_is_one =
        port.is_none_or(|port| !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok());
    let host_is_one = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        // Browsers write hosts in lower case, and names beyond ASCII as Punycode.
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_'))
        }
    };
    origin.len() <= LONGEST_URL && is_scheme(scheme) && host_is_one && port_is_one
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'))
}

fn is_client_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && is_printable(text)
}

fn is_printable(text: &str) -> bool {
    !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

impl Activity for UpdateAuthProxyConfig {
    const ROUTE: &'static str = "update_auth_proxy_config";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdateAuthProxyConfigIntent>(
        "ACTIVITY_TYPE_UPDATE_AUTH_PROXY_CONFIG",
        "updateAuthProxyConfigIntent",
        "updateAuthProxyConfigResult",
    )];
    type Intent = UpdateAuthProxyConfigIntent;
    type Output = UpdateAuthProxyConfigResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdateAuthProxyConfig {
    const POLICY: Option<(Resource, Action)> = Some((Resource::AuthProxy, Action::Update));

    fn rule(&self) -> Rule {
        Rule::ParentOnly
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdateAuthProxyConfigResult, RequestError> {
        let changes = self.changes;
        // Who switches it on relies on it.
        if changes.captcha_enabled == Some(true) {
            return Err(RequestError::Unimplemented("captchaEnabled".into()));
        }
        let customization = changes.email_customization_params.as_ref();
        let templates = [
            changes.email_auth_template_id.as_ref(),
            changes.otp_template_id.as_ref(),
            customization.and_then(|customization| customization.template_id.as_ref()),
        ];
        let known = &context.settings.email_templates;
        if templates.into_iter().flatten().any(|id| !id.is_empty() && !known.contains(id)) {
            return Err(InvalidRequest::new("failed to get email template contents").into());
        }
        let organization = context.organization();
        let config_id = organization.id.to_string();
        if organization.auth_proxy.is_none() {
            return Err(organization.no_auth_proxy());
        }
        if let Some(proxy) = &mut context.edit().auth_proxy {
            change(&mut proxy.config, changes);
        }
        Ok(UpdateAuthProxyConfigResult { config_id })
    }
}

#[cfg(feature = "engine")]
fn change(config: &mut AuthProxyConfig, changes: UpdateAuthProxyConfigIntent) {
    put_list(&mut config.allowed_origins, changes.allowed_origins);
    put_list(&mut config.allowed_auth_methods, changes.allowed_auth_methods);
    put_list(&mut config.social_linking_client_ids, changes.social_linking_client_ids);
    for (place, text) in [
        (&mut config.send_from_email_address, changes.send_from_email_address),
        (&mut config.send_from_email_sender_name, changes.send_from_email_sender_name),
        (&mut config.reply_to_email_address, changes.reply_to_email_address),
        (&mut config.email_auth_template_id, changes.email_auth_template_id),
        (&mut config.otp_template_id, changes.otp_template_id),
    ] {
        put_text(place, text);
    }
    if let Some(params) = changes.email_customization_params {
        config.email_customization_params = Some(params);
    }
    if let Some(params) = changes.sms_customization_params {
        config.sms_customization_params = Some(params);
    }
    if let Some(settings) = changes.wallet_kit_settings {
        let kit = &mut config.wallet_kit_settings;
        put_list(&mut kit.enabled_social_providers, settings.enabled_social_providers);
        put(&mut kit.oauth_client_ids, settings.oauth_client_ids);
        put_text(&mut kit.oauth_redirect_url, settings.oauth_redirect_url);
    }
    put(&mut config.otp_expiration_seconds, changes.otp_expiration_seconds);
    put(
        &mut config.verification_token_expiration_seconds,
        changes.verification_token_expiration_seconds,
    );
    put(&mut config.session_expiration_seconds, changes.session_expiration_seconds);
    put(&mut config.otp_alphanumeric, changes.otp_alphanumeric);
    put(&mut config.otp_length, changes.otp_length);
    put(
        &mut config.verification_token_required_for_get_account_pii,
        changes.verification_token_required_for_get_account_pii,
    );
}

#[cfg(feature = "engine")]
fn put<T>(place: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *place = given;
    }
}

/// Repetitions count once.
#[cfg(feature = "engine")]
fn put_list(place: &mut Vec<String>, given: Option<Vec<String>>) {
    let Some(given) = given else { return };
    place.clear();
    for entry in given {
        if !place.contains(&entry) {
            place.push(entry);
        }
    }
}

/// The empty text takes away.
#[cfg(feature = "engine")]
fn put_text(place: &mut Option<String>, given: Option<String>) {
    if let Some(given) = given {
        *place = Some(given).filter(|text| !text.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::activities::enable_auth_proxy::tests::enable;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_UPDATE_AUTH_PROXY_CONFIG";

    fn update(world: &mut World, parameters: Value) -> Result<Value, RequestError> {
        world.submit(&world.root(), world.parent(), KIND, parameters)
    }

    fn config(world: &World) -> &AuthProxyConfig {
        &world.organization(world.parent()).auth_proxy.as_ref().unwrap().config
    }

    /// Every member, none as it is by default.
    fn everything() -> Value {
        json!({
            "allowedOrigins": ["https://app.example.com"],
            "allowedAuthMethods": ["email", "passkey"],
            "sendFromEmailAddress": "login@example.com",
            "sendFromEmailSenderName": "Example",
            "replyToEmailAddress": "help@example.com",
            "emailAuthTemplateId": "auth",
            "otpTemplateId": "otp",
            "emailCustomizationParams": { "appName": "Example" },
            "smsCustomizationParams": { "template": "{{.OtpCode}}" },
            "walletKitSettings": {
                "enabledSocialProviders": ["google", "x"],
                "oauthClientIds": { "google": "app" },
                "oauthRedirectUrl": "https://app.example.com/callback",
            },
            "otpExpirationSeconds": 120,
            "verificationTokenExpirationSeconds": 600,
            "sessionExpirationSeconds": 3600,
            "otpAlphanumeric": false,
            "otpLength": 6,
            "verificationTokenRequiredForGetAccountPii": true,
            "socialLinkingClientIds": ["app"],
        })
    }

    /// The configuration without what can't be changed.
    fn shown(world: &World) -> Value {
        let mut shown = serde_json::to_value(config(world)).unwrap();
        shown.as_object_mut().unwrap().remove("captchaEnabled");
        shown
    }

    #[test]
    fn a_captcha_that_nobody_would_ask_for_is_refused() {
        let mut world = with_proxy();
        let refusal = update(&mut world, json!({ "captchaEnabled": true })).unwrap_err();
        assert_eq!(refusal.to_string(), "captchaEnabled is not implemented");
        update(&mut world, json!({ "captchaEnabled": false })).unwrap();
    }

    fn with_proxy() -> World {
        let mut world = World::new();
        world.settings.email_templates = ["auth", "otp"].map(str::to_owned).into();
        enable(&mut world);
        world
    }

    #[test]
    fn every_member_is_taken_over_as_it_was_given() {
        let mut world = with_proxy();
        let result = update(&mut world, everything()).unwrap();
        assert_eq!(result, json!({ "configId": world.parent() }));
        assert_eq!(shown(&world), everything());
        let defaults = serde_json::to_value(AuthProxyConfig::default()).unwrap();
        for (member, value) in everything().as_object().unwrap() {
            assert_ne!(defaults.get(member), Some(value), "{member}");
        }
    }

    #[test]
    fn what_is_absent_stays() {
        let mut world = with_proxy();
        update(&mut world, everything()).unwrap();
        update(&mut world, json!({})).unwrap();
        update(&mut world, json!({ "walletKitSettings": {} })).unwrap();
        assert_eq!(shown(&world), everything());
        for (member, value) in everything().as_object().unwrap() {
            let mut world = with_proxy();
            update(&mut world, json!({ member: value })).unwrap();
            let mut expected = serde_json::to_value(AuthProxyConfig::default()).unwrap();
            expected[member] = value.clone();
            assert_eq!(serde_json::to_value(config(&world)).unwrap(), expected, "{member}");
        }
    }

    #[test]
    fn the_empty_text_takes_away_and_repetitions_count_once() {
        let mut world = with_proxy();
        update(&mut world, everything()).unwrap();
        let cleared = json!({
            "sendFromEmailAddress": "",
            "otpTemplateId": "",
            "walletKitSettings": { "oauthRedirectUrl": "" },
            "allowedAuthMethods": ["sms", "sms"],
        });
        update(&mut world, cleared).unwrap();
        let config = config(&world);
        assert_eq!(config.send_from_email_address, None);
        assert_eq!(config.otp_template_id, None);
        assert_eq!(config.wallet_kit_settings.oauth_redirect_url, None);
        assert_eq!(config.wallet_kit_settings.enabled_social_providers, ["google", "x"]);
        assert_eq!(config.allowed_auth_methods, ["sms"]);
    }

    #[test]
    fn refuses_what_could_not_work() {
        let mut world = with_proxy();
        for bad in [
            json!({ "allowedOrigins": ["app.example.com"] }),
            json!({ "allowedOrigins": vec!["https://a.example"; 101] }),
            json!({ "allowedAuthMethods": ["telepathy"] }),
            json!({ "sendFromEmailAddress": "nobody" }),
            json!({ "replyToEmailAddress": "a@b" }),
            json!({ "sendFromEmailSenderName": "a\nb" }),
            json!({ "emailAuthTemplateId": "unknown" }),
            json!({ "otpTemplateId": "unknown" }),
            json!({ "emailCustomizationParams": { "templateId": "unknown" } }),
            json!({ "emailCustomizationParams": { "magicLinkTemplate": "https://a.example" } }),
            json!({ "smsCustomizationParams": { "template": "no code" } }),
            json!({ "walletKitSettings": { "enabledSocialProviders": ["myspace"] } }),
            json!({ "walletKitSettings": { "oauthClientIds": { "myspace": "app" } } }),
            json!({ "walletKitSettings": { "oauthClientIds": { "google": "" } } }),
            json!({ "walletKitSettings": { "oauthRedirectUrl": "nowhere" } }),
            json!({ "otpExpirationSeconds": 0 }),
            json!({ "otpExpirationSeconds": 601 }),
            json!({ "otpExpirationSeconds": -1 }),
            json!({ "verificationTokenExpirationSeconds": 86_401 }),
            json!({ "sessionExpirationSeconds": 0 }),
            json!({ "otpLength": 5 }),
            json!({ "otpLength": 10 }),
            json!({ "socialLinkingClientIds": [""] }),
        ] {
            let refusal = update(&mut world, bad.clone()).unwrap_err();
            assert_eq!(refusal.status().http_status(), 400, "{bad}: {refusal}");
        }
        assert_eq!(*config(&world), AuthProxyConfig::default());
    }

    #[test]
    fn origins_are_exact() {
        for good in [
            "*",
            "https://app.example.com",
            "http://localhost:3000",
            "http://192.168.0.2:8080",
            "http://[::1]:3000",
            "http://[::1]",
            "capacitor://localhost",
            "chrome-extension://abcdefghijklmnop",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "null",
            "app.example.com",
            "https://",
            "https://app.example.com/",
            "https://app.example.com/login",
            "https://App.example.com",
            "https://*.example.com",
            "https://user@app.example.com",
            "https://app.example.com:",
            "https://app.example.com:0",
            "https://app.example.com:65536",
            "https://app.example.com:+80",
            "https://[::g]",
            "HTTPS://app.example.com",
            "://app.example.com",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn there_has_to_be_a_proxy_and_only_the_root_quorum_may() {
        let mut world = World::new();
        let refusal = update(&mut world, json!({})).unwrap_err();
        assert!(matches!(refusal, RequestError::FeatureDisabled { .. }), "{refusal}");
        let proxy = enable(&mut world);
        let (user, (_, root)) = (world.user(world.parent()), world.sub_organization());
        for caller in [proxy, user, root] {
            let refusal = world.submit(&caller, caller.organization, KIND, json!({})).unwrap_err();
            assert_eq!(refusal.status().http_status(), 403, "{refusal}");
        }
    }
}
