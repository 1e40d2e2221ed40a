//! The objects that requests carry and answers show. Members are named as they travel, in camel case.

#![expect(
    missing_docs,
    reason = "the members are the protocol's own; those with a trap are described"
)]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::WireTime;
use super::budget::BudgetParams;
use super::enums::{
    AccessType, ActivityStatus, AddressFormat, ApiKeyCurve, AuthenticationType,
    AuthenticatorTransport, CredentialType, Curve, Effect, FeatureName, InvitationStatus,
    Oauth2Provider, Outcome, PathFormat, SmartContractInterfaceType, TagType, VoteSelection,
};

/// Declares objects that travel in camel case; an absent or `null` optional member is `None`.
macro_rules! wire_objects {
    ($($(#[$doc:meta])* $name:ident { $($(#[$member:meta])* $field:ident: $type:ty,)* })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $($(#[$member])* pub $field: $type,)*
        }
    )+};
}

wire_objects! {
    /// An API key to register; the newer form, which names its curve.
    ApiKeyParamsV2 {
        api_key_name: String,
        public_key: String,
        curve_type: ApiKeyCurve,
        /// Seconds, decimal; absent for a key that does not expire.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expiration_seconds: Option<String>,
    }

    /// An API key to register; the older form, always P-256.
    ApiKeyParams {
        api_key_name: String,
        public_key: String,
        /// Seconds, decimal; absent for a key that does not expire.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expiration_seconds: Option<String>,
    }

    /// What an authenticator answered at registration. Members are base64url.
    Attestation {
        credential_id: String,
        client_data_json: String,
        attestation_object: String,
        #[serde(default)]
        transports: Vec<AuthenticatorTransport>,
    }

    /// A passkey to register.
    AuthenticatorParamsV2 {
        authenticator_name: String,
        challenge: String,
        attestation: Attestation,
    }

    /// A passkey to register; the older form, with the browser's own object.
    AuthenticatorParams {
        authenticator_name: String,
        user_id: String,
        attestation: PublicKeyCredentialWithAttestation,
        challenge: String,
    }

    /// `PublicKeyCredential` as a browser gives it (WebAuthn §5.1).
    PublicKeyCredentialWithAttestation {
        id: String,
        #[serde(rename = "type")]
        kind: String,
        raw_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authenticator_attachment: Option<String>,
        response: AuthenticatorAttestationResponse,
        client_extension_results: Value,
    }

    /// `AuthenticatorAttestationResponse` as a browser gives it (WebAuthn §5.2.1).
    AuthenticatorAttestationResponse {
        client_data_json: String,
        attestation_object: String,
        #[serde(default)]
        transports: Vec<AuthenticatorTransport>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authenticator_attachment: Option<String>,
    }

    /// An OAuth provider to register; by token or by claims.
    OauthProviderParamsV2 {
        provider_name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        oidc_token: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        oidc_claims: Option<OidcClaims>,
    }

    /// An OAuth provider to register; the older form, by token.
    OauthProviderParams {
        provider_name: String,
        oidc_token: String,
    }

    /// What identifies a person at an identity provider.
    OidcClaims {
        iss: String,
        sub: String,
        aud: String,
    }

    /// One account to derive.
    WalletAccountParams {
        curve: Curve,
        path_format: PathFormat,
        path: String,
        address_format: AddressFormat,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    }

    /// A wallet to make.
    WalletParams {
        wallet_name: String,
        accounts: Vec<WalletAccountParams>,
        /// Words: 12, 15, 18, 21 or 24; 12 when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mnemonic_length: Option<u32>,
    }

    /// A wallet that was made.
    WalletResult {
        wallet_id: String,
        /// In the order of the accounts asked for.
        addresses: Vec<String>,
    }

    /// A private key to make.
    PrivateKeyParams {
        private_key_name: String,
        curve: Curve,
        #[serde(default)]
        private_key_tags: Vec<String>,
        #[serde(default)]
        address_formats: Vec<AddressFormat>,
    }

    /// An address of a private key.
    Address {
        format: AddressFormat,
        address: String,
    }

    /// A private key that was made.
    PrivateKeyResult {
        private_key_id: String,
        addresses: Vec<Address>,
    }

    /// How an e-mail looks; all versions of it at once.
    EmailCustomizationParams {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app_name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        logo_url: Option<String>,
        /// An http(s) address with one `%s`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        magic_link_template: Option<String>,
        /// A JSON object of strings, as a string.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template_variables: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template_id: Option<String>,
    }
    /// How an e-mail with a bundle looks, in the current version.
    EmailAuthCustomizationParams {
        app_name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        logo_url: Option<String>,
        /// An http(s) address with one `%s`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        magic_link_template: Option<String>,
        /// A JSON object of strings, as a string.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template_variables: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template_id: Option<String>,
    }
    /// The text of an SMS.
    SmsCustomizationParams {
        /// With `{{.OtpCode}}`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template: Option<String>,
    }
    /// A signature by a client's own key over a message of its own.
    ClientSignature {
        public_key: String,
        scheme: String,
        message: String,
        signature: String,
    }

    Credential {
        /// API keys: hex as in the stamp. Passkeys: COSE key (RFC 9052), base64url.
        public_key: String,
        #[serde(rename = "type")]
        kind: CredentialType,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_profile_id: Option<String>,
    }

    ApiKey {
        credential: Credential,
        api_key_id: String,
        api_key_name: String,
        created_at: WireTime,
        updated_at: WireTime,
        /// Seconds after `createdAt`, decimal; absent for a key that does not expire.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expiration_seconds: Option<String>,
    }

    Authenticator {
        transports: Vec<AuthenticatorTransport>,
        attestation_type: String,
        /// 16 bytes, base64url.
        aaguid: String,
        /// Base64url.
        credential_id: String,
        model: String,
        credential: Credential,
        authenticator_id: String,
        authenticator_name: String,
        created_at: WireTime,
        updated_at: WireTime,
    }

    OauthProvider {
        provider_id: String,
        provider_name: String,
        issuer: String,
        audience: String,
        subject: String,
        created_at: WireTime,
        updated_at: WireTime,
    }

    /// A client of an organization at an OAuth 2.0 provider.
    Oauth2Credential {
        oauth2_credential_id: String,
        organization_id: String,
        provider: Oauth2Provider,
        client_id: String,
        /// Always empty: the secret is not shown, not even sealed.
        encrypted_client_secret: String,
        created_at: WireTime,
        updated_at: WireTime,
    }

    /// How calls of a contract are read.
    SmartContractInterface {
        organization_id: String,
        smart_contract_interface_id: String,
        smart_contract_address: String,
        /// JSON: an ABI or an IDL.
        smart_contract_interface: String,
        #[serde(rename = "type")]
        kind: SmartContractInterfaceType,
        label: String,
        notes: String,
        created_at: WireTime,
        /// Equal to `createdAt`: it never changes.
        updated_at: WireTime,
    }

    /// A URL that is told of events.
    WebhookEndpointData {
        endpoint_id: String,
        organization_id: String,
        url: String,
        name: String,
        is_active: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subscriptions: Option<Vec<WebhookSubscriptionParams>>,
    }

    /// A kind of event that an endpoint is told of.
    WebhookSubscriptionParams {
        /// `ACTIVITY_UPDATES` or `SEND_TRANSACTION_STATUS_UPDATES`.
        event_type: String,
        /// JSON; no filter is known, so it must be absent or an empty object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filters_json: Option<String>,
        /// Absent means that it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        is_active: Option<bool>,
    }

    /// An interface in short.
    SmartContractInterfaceReference {
        smart_contract_interface_id: String,
        smart_contract_address: String,
        /// SHA-256 of the interface, lower-case hex.
        digest: String,
    }

    /// A property and its value.
    KeyValue {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    }

    /// What is known of a secret that is kept.
    SecretMetadata {
        secret_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// What policies see of it.
        static_properties: Vec<KeyValue>,
        /// Milliseconds since 1970, decimal.
        created_at_unix_ms: String,
    }

    /// Somebody who was asked to join.
    Invitation {
        invitation_id: String,
        receiver_user_name: String,
        receiver_email: String,
        /// Ids of the tags.
        receiver_user_tags: Vec<String>,
        access_type: AccessType,
        status: InvitationStatus,
        sender_user_id: String,
        created_at: WireTime,
        updated_at: WireTime,
    }

    User {
        user_id: String,
        user_name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_email: Option<String>,
        /// E.164.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_phone_number: Option<String>,
        authenticators: Vec<Authenticator>,
        api_keys: Vec<ApiKey>,
        /// Ids of the tags.
        user_tags: Vec<String>,
        oauth_providers: Vec<OauthProvider>,
        created_at: WireTime,
        updated_at: WireTime,
        mfa_policies: Vec<MfaPolicy>,
    }

    /// A factor.
    AuthenticationMethod {
        /// Passkey, API key, session, e-mail or SMS code, or OAuth.
        #[serde(rename = "type")]
        kind: AuthenticationType,
        /// An authenticator, API key, session profile (the nil UUID: sessions without one) or OAuth provider;
        /// absent for any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    }

    /// A step of an MFA policy: one of these factors.
    RequiredAuthenticationMethod {
        any: Vec<AuthenticationMethod>,
    }

    /// How far a user is with the factors that an activity takes.
    MfaStatus {
        mfa_policy_id: String,
        user_id: String,
        satisfied: bool,
        /// What the user has shown, whether it was asked for or not.
        satisfied_methods: Vec<AuthenticationMethod>,
        required_methods: Vec<RequiredAuthenticationMethod>,
    }

    /// When a user must show several factors.
    MfaPolicy {
        mfa_policy_id: String,
        mfa_policy_name: String,
        condition: String,
        required_authentication_methods: Vec<RequiredAuthenticationMethod>,
        /// The lowest comes first.
        order: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notes: Option<String>,
        created_at: WireTime,
        updated_at: WireTime,
    }

    /// A block to let in.
    IpAllowlistIntentRule {
        /// Such as `192.0.2.0/24`; at most /20 wide, /48 for IPv6.
        cidr: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
    }

    /// A block that is let in.
    IpAllowlistRule {
        /// Normalized to its network address.
        cidr: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        /// Milliseconds since the Unix epoch, decimal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_at: Option<String>,
    }

    /// From where requests may come.
    IpAllowlist {
        organization_id: String,
        rules: Vec<IpAllowlistRule>,
        /// The API key that it is for; absent for all of the organization.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public_key: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        enabled: Option<bool>,
        /// `ALLOW` or `DENY`: what becomes of requests from an address that can't be told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_evaluation_error: Option<String>,
    }

    /// What sessions may be limited to.
    SessionProfile {
        session_profile_id: String,
        session_profile_name: String,
        /// A condition in the language of policies.
        scope: String,
        /// Longest life of its sessions: seconds, decimal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expiration_seconds: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notes: Option<String>,
        /// Beyond the protocol: what each user may do in a while, with all its sessions of this profile together.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget: Option<BudgetParams>,
        created_at: WireTime,
        /// Always the same: profiles never change.
        updated_at: WireTime,
    }

    Tag {
        tag_id: String,
        tag_name: String,
        tag_type: TagType,
        created_at: WireTime,
        updated_at: WireTime,
    }

    Feature {
        name: FeatureName,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    }

    /// Root users and how many of them decide together.
    Quorum {
        threshold: u32,
        user_ids: Vec<String>,
    }

    Config {
        features: Vec<Feature>,
        quorum: Quorum,
    }

    Wallet {
        wallet_id: String,
        wallet_name: String,
        created_at: WireTime,
        updated_at: WireTime,
        exported: bool,
        imported: bool,
    }

    WalletAccount {
        wallet_account_id: String,
        organization_id: String,
        wallet_id: String,
        curve: Curve,
        path_format: PathFormat,
        /// As it was given.
        path: String,
        address_format: AddressFormat,
        address: String,
        created_at: WireTime,
        updated_at: WireTime,
        /// Lower-case hex: compressed SEC1, or the 32 bytes of an Ed25519 key.
        public_key: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wallet_details: Option<Wallet>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// CAIP-2 namespace, where the address format belongs to one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caip2_prefix: Option<String>,
    }

    PrivateKey {
        private_key_id: String,
        /// Lower-case hex: uncompressed SEC1, or the 32 bytes of an Ed25519 key.
        public_key: String,
        private_key_name: String,
        curve: Curve,
        addresses: Vec<Address>,
        /// Ids of the tags.
        private_key_tags: Vec<String>,
        created_at: WireTime,
        updated_at: WireTime,
        exported: bool,
        imported: bool,
    }

    /// A signature. Hex without `0x`: `r` and `s` 64 characters, `v` two (the parity of R's y).
    SignRawPayloadResult {
        r: String,
        s: String,
        v: String,
    }

    /// Why an activity failed.
    Failure {
        code: u8,
        message: String,
        details: Vec<Value>,
    }

    Vote {
        id: String,
        user_id: String,
        user: User,
        activity_id: String,
        selection: VoteSelection,
        /// The body that was stamped.
        message: String,
        public_key: String,
        signature: String,
        scheme: String,
        created_at: WireTime,
    }
}

/// How an auth proxy works. Source: the protocol's `UPDATE_AUTH_PROXY_CONFIG`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthProxyConfig {
    /// Web origins that may use it: exact ones, or `*`.
    pub allowed_origins: Vec<String>,
    /// Methods that are on, of `email`, `sms`, `passkey`, `wallet`, `oauth`.
    pub allowed_auth_methods: Vec<String>,
    /// Sender of e-mails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_from_email_address: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_from_email_sender_name: Option<String>,
    /// Where answers go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to_email_address: Option<String>,
    /// Template of e-mails with a bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_auth_template_id: Option<String>,
    /// Template of e-mails with a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otp_template_id: Option<String>,
    /// Name of the application, logo and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_customization_params: Option<EmailCustomizationParams>,
    /// Text of SMS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms_customization_params: Option<SmsCustomizationParams>,
    /// What wallet kits show.
    pub wallet_kit_settings: WalletKitSettings,
    /// Life of a code in seconds.
    pub otp_expiration_seconds: u64,
    /// Whether codes have letters.
    pub otp_alphanumeric: bool,
    /// Characters of a code, 6 to 9.
    pub otp_length: u8,
    /// Life of a verification token in seconds.
    pub verification_token_expiration_seconds: u64,
    /// Life of a session in seconds.
    pub session_expiration_seconds: u64,
    /// Whether an account is looked up by contact only with a token that proves the contact.
    pub verification_token_required_for_get_account_pii: bool,
    /// Clients whose users may be linked by their e-mail address.
    pub social_linking_client_ids: Vec<String>,
    /// Whether a captcha is asked for.
    pub captcha_enabled: bool,
}

impl Default for AuthProxyConfig {
    fn default() -> Self {
        let all = ["email", "sms", "passkey", "wallet", "oauth"];
        Self {
            allowed_origins: vec!["*".to_owned()],
            allowed_auth_methods: all.map(str::to_owned).to_vec(),
            send_from_email_address: None,
            send_from_email_sender_name: None,
            reply_to_email_address: None,
            email_auth_template_id: None,
            otp_template_id: None,
            email_customization_params: None,
            sms_customization_params: None,
            wallet_kit_settings: WalletKitSettings::default(),
            otp_expiration_seconds: 300,
            otp_alphanumeric: true,
            otp_length: 9,
            verification_token_expiration_seconds: 3600,
            session_expiration_seconds: 900,
            verification_token_required_for_get_account_pii: false,
            social_linking_client_ids: Vec::new(),
            captcha_enabled: false,
        }
    }
}

/// What wallet kits show of an auth proxy.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WalletKitSettings {
    /// Of `google`, `apple`, `facebook`, `discord`, `x`.
    pub enabled_social_providers: Vec<String>,
    /// Client ids by provider.
    pub oauth_client_ids: BTreeMap<String, String>,
    /// Where providers send the browser back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_redirect_url: Option<String>,
}

/// An activity as it is shown.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    pub id: String,
    pub organization_id: String,
    pub status: ActivityStatus,
    #[serde(rename = "type")]
    pub kind: String,
    /// One member, named for the type: the parameters as they were understood.
    #[schemars(with = "Value")]
    pub intent: Box<RawValue>,
    /// One member, named for the type; `null` until completed.
    #[schemars(with = "Value")]
    pub result: Option<Box<RawValue>>,
    pub votes: Vec<Vote>,
    /// `sha256:` and the hash of the body that made the activity, hex.
    pub fingerprint: String,
    pub can_approve: bool,
    pub can_reject: bool,
    pub created_at: WireTime,
    pub updated_at: WireTime,
    pub failure: Option<Failure>,
}

/// What every submission answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct ActivityResponse {
    pub activity: Activity,
}

impl From<EmailAuthCustomizationParams> for EmailCustomizationParams {
    fn from(current: EmailAuthCustomizationParams) -> Self {
        Self {
            app_name: Some(current.app_name),
            logo_url: current.logo_url,
            magic_link_template: current.magic_link_template,
            template_variables: current.template_variables,
            template_id: current.template_id,
        }
    }
}

/// A policy.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Its id.
    pub policy_id: String,
    /// Its name.
    pub policy_name: String,
    /// What it does where it matches.
    pub effect: Effect,
    /// When it was made.
    pub created_at: WireTime,
    /// When it was last changed.
    pub updated_at: WireTime,
    /// For people.
    pub notes: String,
    /// Who, as it was written; empty for everybody.
    pub consensus: String,
    /// What it is about, as it was written; empty for everything.
    pub condition: String,
    /// When, as it was written; absent for always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Beyond the protocol: what it lets through in a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetParams>,
    /// Beyond the protocol: `ON_ERROR_DENY` where a policy that denies denies also where it errs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<String>,
}

/// What the policies said of an activity after one vote.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityPolicyEvaluation {
    /// Its id.
    pub id: String,
    /// The activity.
    pub activity_id: String,
    /// Its organization.
    pub organization_id: String,
    /// The vote.
    pub vote_id: String,
    /// What became of each policy.
    pub policy_evaluations: Vec<PolicyEvaluation>,
    /// When.
    pub created_at: WireTime,
}

/// What became of a policy.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyEvaluation {
    /// The policy.
    pub policy_id: String,
    /// What became of it.
    pub outcome: Outcome,
}
