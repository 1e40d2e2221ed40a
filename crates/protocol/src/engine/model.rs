//! An organization and everything bounded that belongs to it.
//!
//! This is also its stored form: members are only added, with a default, and a change that can't be
//! made so raises [`FORMAT`].

use std::collections::BTreeMap;
use std::sync::OnceLock;

use keyward_crypto::P256PublicKey;
use keyward_policy::Budget;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::interfaces::Interface;
use crate::address;
use crate::parameters::SignWith;
use crate::wire::enums::{
    AccessType, AddressFormat, ApiKeyCurve, AuthenticationType, AuthenticatorTransport,
    CredentialType, Curve, Effect, FeatureName, Oauth2Provider, PathFormat,
    SmartContractInterfaceType, TagType, WebhookEventType,
};
use crate::wire::id::{
    ApiKeyId, AuthenticatorId, InvitationId, MfaPolicyId, Oauth2CredentialId, OauthProviderId,
    OrganizationId, PolicyId, PrivateKeyId, SecretId, SessionId, SessionProfileId,
    SmartContractInterfaceId, TagId, UserId, WalletAccountId, WalletId, WebhookEndpointId,
};
use crate::wire::{RequestError, Timestamp};

pub use crate::wire::objects::{AuthProxyConfig, WalletKitSettings};

/// Number of the stored form.
pub const FORMAT: u8 = 1;

/// Users, wallets and the like that an organization may have. Source: the protocol's limits.
pub mod limits {
    /// Users of an organization.
    pub const USERS: usize = 100;
    /// Policies of an organization.
    pub const POLICIES: usize = 100;
    /// Wallets of an organization.
    pub const WALLETS: usize = 100;
    /// Invitations of an organization.
    pub const INVITATIONS: usize = 100;
    /// Private keys of an organization.
    pub const PRIVATE_KEYS: usize = 1_000;
    /// Secrets of an organization. The protocol has no limit for these.
    pub const SECRETS: usize = 1_000;
    /// Tags of a parent organization.
    pub const PARENT_TAGS: usize = 100;
    /// Tags of a sub-organization.
    pub const SUB_ORGANIZATION_TAGS: usize = 10;
    /// Credentials of one kind that a user may have: authenticators, API keys that do not expire, API
    /// keys that do, read-only sessions.
    pub const CREDENTIALS: usize = 10;
    /// IP allowlists of an organization: its own and those of API keys.
    pub const IP_ALLOWLISTS: usize = 100;
    /// MFA policies of a user. The protocol has no limit for these.
    pub const MFA_POLICIES: usize = 100;
    /// Session profiles of an organization. The protocol has no limit for these.
    pub const SESSION_PROFILES: usize = 100;
    /// Clients of an organization at OAuth 2.0 providers. The protocol has no limit for these.
    pub const OAUTH2_CREDENTIALS: usize = 100;
    /// Contract interfaces of an organization. The protocol has no limit for these.
    pub const SMART_CONTRACT_INTERFACES: usize = 100;
    /// Bytes of all of them together, ten of the largest.
    pub const SMART_CONTRACT_INTERFACE_BYTES: usize = 4_000_000;
    /// Webhook endpoints of an organization. The protocol has no limit for these; each costs a request for
    /// each event.
    pub const WEBHOOK_ENDPOINTS: usize = 20;
}

/// An organization or sub-organization.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// The organization it is a sub-organization of.
    pub parent: Option<OrganizationId>,
    /// Its name; may be empty.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// In the order they were made.
    pub users: Vec<User>,
    /// Who may do everything.
    pub root_quorum: RootQuorum,
    /// Features that are on, with their value where they have one.
    pub features: BTreeMap<FeatureName, Option<String>>,
    /// In the order they were made.
    pub wallets: Vec<Wallet>,
    /// In the order they were made.
    pub private_keys: Vec<PrivateKey>,
    /// In the order they were made.
    pub tags: Vec<Tag>,
    /// What sessions of its users may not exceed; of a parent: those of its sub-organizations too.
    #[serde(default, skip_serializing_if = "SessionLimits::is_none")]
    pub session_limits: SessionLimits,
    /// Its clients at OAuth 2.0 providers, in the order they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oauth2_credentials: Vec<Oauth2Credential>,
    /// Who logs its end users in where it has no backend of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_proxy: Option<AuthProxy>,
    /// Who may do what, beside the root quorum, in the order they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Policy>,
    /// Whether every policy that denies also denies where it errs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub denies_on_error: bool,
    /// What sessions may be limited to, of a parent, in the order they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub session_profiles: Vec<SessionProfile>,
    /// How calls of contracts are read, in the order they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub smart_contract_interfaces: Vec<SmartContractInterface>,
    /// What it keeps for its owner, in the order it came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<StoredSecret>,
    /// Who was asked to join, in the order they were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invitations: Vec<Invitation>,
    /// From where its users may ask, of a parent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ip_allowlists: Vec<IpAllowlist>,
    /// Who is told of events, in the order they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhook_endpoints: Vec<WebhookEndpoint>,
}

/// A policy.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Policy {
    /// Its id.
    pub id: PolicyId,
    /// Its name, unique in the organization.
    pub name: String,
    /// What it does where it matches.
    pub effect: Effect,
    /// What it is about, as it was written.
    pub condition: Option<String>,
    /// Who, as it was written.
    pub consensus: Option<String>,
    /// When, as it was written.
    pub time: Option<String>,
    /// For people.
    pub notes: String,
    /// Whether it denies where it errs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub denies_on_error: bool,
    /// What it lets through in a while, of one that allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Its expressions, once somebody has asked for them.
    #[serde(skip)]
    pub parsed: Parsed<keyward_policy::Policy>,
}

/// What was read out of something that is stored as text, once somebody has asked for it. Whoever changes the
/// text puts an empty one in its place.
#[derive(Clone, Debug)]
pub struct Parsed<T>(OnceLock<T>);

impl<T> Default for Parsed<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T> PartialEq for Parsed<T> {
    /// It says nothing that the text does not.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Parsed<T> {
    /// What was read, or is read now.
    pub fn get_or(&self, read: impl FnOnce() -> T) -> &T {
        self.0.get_or_init(read)
    }
}

/// What a session may be limited to. Never changes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SessionProfile {
    /// Its id.
    pub id: SessionProfileId,
    /// Its name, unique in the organization.
    pub name: String,
    /// What its sessions may do: a condition, as it was written.
    pub scope: String,
    /// The longest life of its sessions, in seconds.
    pub expiration_seconds: Option<u64>,
    /// What each user may do in a while, with all its sessions of this profile together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// For people.
    pub notes: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its scope, once somebody has asked for it; nothing where that can't be read any more.
    #[serde(skip)]
    pub parsed: Parsed<Option<keyward_policy::Expression>>,
}

/// When a user must show several factors.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MfaPolicy {
    /// Its id.
    pub id: MfaPolicyId,
    /// Its name.
    pub name: String,
    /// What it is about, as it was written.
    pub condition: String,
    /// One method of each step.
    pub steps: Vec<Vec<MfaMethod>>,
    /// The lowest comes first.
    pub order: i64,
    /// For people.
    pub notes: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// It, ready to be judged by, once somebody has asked for it.
    #[serde(skip)]
    pub parsed: Parsed<keyward_policy::MfaPolicy>,
}

/// A factor.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MfaMethod {
    /// Its kind: one of the six that the protocol lists for MFA.
    pub kind: AuthenticationType,
    /// An authenticator, API key, session profile or OAuth provider; `None` for any.
    pub id: Option<Uuid>,
}

/// How calls of a contract are read.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SmartContractInterface {
    /// Its id.
    pub id: SmartContractInterfaceId,
    /// Of the contract or program.
    pub address: String,
    /// JSON: an ABI or an IDL.
    pub interface: String,
    /// Which of them.
    pub kind: SmartContractInterfaceType,
    /// Its name.
    pub label: String,
    /// For people.
    pub notes: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What it says, once somebody has asked for it; nothing where that can't be read any more.
    #[serde(skip)]
    pub parsed: Parsed<Option<Interface>>,
}

/// Somebody who was asked to join.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The name the user is to have.
    pub user_name: String,
    /// Where it was sent.
    pub email: String,
    /// Tags the user is to carry.
    pub tags: Vec<TagId>,
    /// How the user may come in.
    pub access: AccessType,
    /// Who asked.
    pub sender: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken back, else when it was made.
    pub updated_at: Timestamp,
    /// Whether it was taken back.
    pub revoked: bool,
}

/// A URL that is told of events.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// Where events are posted to.
    pub url: String,
    /// For people.
    pub name: String,
    /// Whether it is told of anything.
    pub is_active: bool,
    /// What it is told of; never changes.
    pub subscriptions: Vec<WebhookSubscription>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl WebhookEndpoint {
    /// Whether it is told of events of this kind.
    pub fn listens_to(&self, kind: WebhookEventType) -> bool {
        let mut subscriptions = self.subscriptions.iter();
        self.is_active && subscriptions.any(|known| known.is_active && known.event_type == kind)
    }
}

/// A kind of event that an endpoint is told of.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct WebhookSubscription {
    /// The kind; an endpoint has each once.
    pub event_type: WebhookEventType,
    /// Whether it counts.
    pub is_active: bool,
}

/// From where requests may come.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct IpAllowlist {
    /// For requests with this API key; `None` for all of the organization.
    pub public_key: Option<String>,
    /// Whether it is enforced.
    pub enabled: bool,
    /// What becomes of requests from an address that can't be told: `true` lets them in.
    pub allows_unknown: bool,
    /// CIDR blocks, each with its label.
    pub rules: Vec<IpRule>,
}

/// A CIDR block that requests may come from.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct IpRule {
    /// The block, normalized to its network address.
    pub cidr: String,
    /// For people; may be empty.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What sessions may not exceed, beside what they were opened with.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SessionLimits {
    /// Seconds after its last use that a session ends.
    pub idle_timeout_seconds: Option<u64>,
    /// Seconds after the log-in that a session ends, and every session that it was refreshed to.
    pub absolute_lifetime_seconds: Option<u64>,
}

impl SessionLimits {
    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The stricter of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let least = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Self {
            idle_timeout_seconds: least(self.idle_timeout_seconds, other.idle_timeout_seconds),
            absolute_lifetime_seconds: least(
                self.absolute_lifetime_seconds,
                other.absolute_lifetime_seconds,
            ),
        }
    }
}

/// A client that the organization has at an OAuth 2.0 provider.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Oauth2Credential {
    /// Its id.
    pub id: Oauth2CredentialId,
    /// The provider.
    pub provider: Oauth2Provider,
    /// What the provider knows the client by.
    pub client_id: String,
    /// The secret as it travelled, sealed to the server's key.
    pub encrypted_client_secret: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// The organization's auth proxy. It is found by the organization's own id, and its key is kept as a
/// secret under the id of its user.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct AuthProxy {
    /// The user it acts as.
    pub user: UserId,
    /// What it does, and how.
    pub config: AuthProxyConfig,
}

/// Root users and how many of them decide together.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RootQuorum {
    /// Approvals needed, at least 1.
    pub threshold: u32,
    /// Its members.
    pub users: Vec<UserId>,
}

/// A user.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number, E.164.
    pub phone_number: Option<String>,
    /// Tags it carries.
    pub tags: Vec<TagId>,
    /// API keys, those of sessions included.
    pub api_keys: Vec<ApiKey>,
    /// Passkeys.
    pub authenticators: Vec<Authenticator>,
    /// Read-only sessions.
    pub read_only_sessions: Vec<ReadOnlySession>,
    /// Accounts at identity providers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oauth_providers: Vec<OauthProvider>,
    /// Whether the e-mail address was proven to be the user's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub email_verified: bool,
    /// Whether the phone number was proven to be the user's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub phone_number_verified: bool,
    /// When it must show several factors, in the order they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mfa_policies: Vec<MfaPolicy>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A public key whose stamps speak for a user.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Its name.
    pub name: String,
    /// Lower-case hex: compressed SEC1, or the 32 bytes of an Ed25519 key.
    pub public_key: String,
    /// Its curve.
    pub curve: ApiKeyCurve,
    /// What made it.
    pub kind: CredentialType,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its life in seconds; `None` for a key that does not expire.
    pub expiration_seconds: Option<u64>,
    /// For a session's key: the credential that opened the session.
    pub opened_by: Option<CredentialId>,
    /// For a session's key: the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// The key itself, once somebody has asked for it.
    #[serde(skip)]
    pub parsed: ParsedKey,
}

/// A P-256 point that was taken apart before: finding `y` is a sixth of the work of verifying.
#[derive(Clone, Debug, Default)]
pub struct ParsedKey(OnceLock<Option<P256PublicKey>>);

impl PartialEq for ParsedKey {
    /// It says nothing that the text of the key does not.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl ApiKey {
    /// The key as a point of P-256, where it is one.
    pub fn p256(&self) -> Option<&P256PublicKey> {
        let parse = || {
            let bytes = hex::decode(&self.public_key).ok()?;
            P256PublicKey::from_sec1(&bytes).ok().filter(|_| self.curve == ApiKeyCurve::P256)
        };
        self.parsed.0.get_or_init(parse).as_ref()
    }

    /// When it ends.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expiration_seconds.map(|seconds| self.created_at.plus_seconds(seconds))
    }

    /// Whether it has ended.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }
}

/// A WebAuthn authenticator.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Authenticator {
    /// Its id.
    pub id: AuthenticatorId,
    /// Its name.
    pub name: String,
    /// Base64url without padding.
    pub credential_id: String,
    /// `COSE_Key` (RFC 9052 §7), base64url without padding.
    pub cose_key: String,
    /// SHA-256 of the relying party's id, hex.
    pub rp_id_hash: String,
    /// 16 bytes, base64url without padding.
    pub aaguid: String,
    /// Attestation statement format, such as `none`.
    pub attestation_type: String,
    /// As the browser named them.
    pub transports: Vec<AuthenticatorTransport>,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// A session that may read.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ReadOnlySession {
    /// Its id.
    pub id: SessionId,
    /// SHA-256 of the token, hex.
    pub token_hash: String,
    /// The credential that opened it; it ends with it.
    pub opened_by: CredentialId,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What else is known of it; nothing of those that an earlier release opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
}

/// What is known of a session, read-only or read-write.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Session {
    /// How the user logged in.
    pub method: AuthenticationType,
    /// The session that it was refreshed from.
    pub refreshed_from: Option<Uuid>,
    /// When the user logged in: the beginning of the first of a chain of refreshed sessions.
    pub logged_in_at: Timestamp,
    /// What the user calls it.
    pub label: Option<String>,
    /// As the client named itself at log-in; shown, never trusted.
    pub user_agent: Option<String>,
    /// Where the log-in came from; shown, never trusted.
    pub address: Option<String>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// What it is limited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<SessionProfileId>,
}

impl Session {
    /// What it is limited to; the nil profile, which limits nothing, where it is not.
    pub fn profile_or_nil(&self) -> SessionProfileId {
        self.profile.unwrap_or(SessionProfileId(Uuid::nil()))
    }
}

/// An account at an identity provider.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct OauthProvider {
    /// Its id.
    pub id: OauthProviderId,
    /// Its name.
    pub name: String,
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// `sub`.
    pub subject: String,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// A credential of a user.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum CredentialId {
    /// An API key.
    ApiKey(ApiKeyId),
    /// A passkey.
    Authenticator(AuthenticatorId),
    /// A read-only session.
    ReadOnlySession(SessionId),
    /// An account at an identity provider.
    OauthProvider(OauthProviderId),
    /// The e-mail address.
    Email,
    /// The phone number.
    PhoneNumber,
}

/// A seed of which accounts are derived. The accounts, being unbounded, are kept beside.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Wallet {
    /// Its id; its secret, the mnemonic, is kept under the same one.
    pub id: WalletId,
    /// Its name, unique in the organization.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Whether it ever left.
    pub exported: bool,
    /// Whether it came from outside.
    pub imported: bool,
}

/// A key that belongs to no wallet.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PrivateKey {
    /// Its id; its secret is kept under the same one.
    pub id: PrivateKeyId,
    /// Its name, unique in the organization.
    pub name: String,
    /// Its curve.
    pub curve: Curve,
    /// Lower-case hex: uncompressed SEC1, or the 32 bytes of an Ed25519 key.
    pub public_key: String,
    /// Its addresses, in the order they were asked for.
    pub addresses: Vec<(AddressFormat, String)>,
    /// Tags it carries.
    pub tags: Vec<TagId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Whether it ever left.
    pub exported: bool,
    /// Whether it came from outside.
    pub imported: bool,
}

/// Something that is kept for its owner and never used here; the secret itself is kept under its id.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct StoredSecret {
    /// Its id.
    pub id: SecretId,
    /// Its name, unique in the organization.
    pub name: Option<String>,
    /// What policies see of it.
    pub static_properties: BTreeMap<String, String>,
    /// When it came.
    pub created_at: Timestamp,
}

/// A label that users or private keys carry.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// Its name, unique among the tags of its kind.
    pub name: String,
    /// What it is put on.
    pub kind: TagType,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// One account of a wallet: a key at a path, written as an address.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WalletAccount {
    /// Its id.
    pub id: WalletAccountId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The wallet it is derived from.
    pub wallet: WalletId,
    /// Its curve.
    pub curve: Curve,
    /// How `path` is written.
    pub path_format: PathFormat,
    /// As it was given.
    pub path: String,
    /// How `address` is written.
    pub address_format: AddressFormat,
    /// Its address.
    pub address: String,
    /// Lower-case hex: compressed SEC1, or the 32 bytes of an Ed25519 key.
    pub public_key: String,
    /// Its name, unique in the organization.
    pub name: Option<String>,
    /// Whether its key ever left.
    pub exported: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What an organization can be found by, among the sub-organizations of its parent.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum IndexKey {
    /// Its own name.
    Name(String),
    /// The name of a user.
    Username(String),
    /// The e-mail address of a user, lower-case.
    Email(String),
    /// The phone number of a user.
    PhoneNumber(String),
    /// A registered API key, as in [`ApiKey::public_key`].
    PublicKey(String),
    /// A registered passkey.
    CredentialId(String),
    /// The e-mail address of a user who proved to have it, lower-case.
    VerifiedEmail(String),
    /// The phone number of a user who proved to have it.
    VerifiedPhoneNumber(String),
    /// An account at an identity provider: see [`IndexKey::identity`].
    Identity(String),
    /// A read-only session, by the hash of its token.
    ReadOnlySession(String),
    /// The address of a wallet account. These belong to the account, not to the organization's row.
    WalletAccountAddress(String),
}

impl IndexKey {
    /// The key for an address, however its letters are written where that makes no difference.
    pub fn wallet_account_address(address: &str) -> Self {
        Self::WalletAccountAddress(address::lookup_key(address))
    }

    /// The key for an account at an identity provider.
    pub fn identity(issuer: &str, audience: &str, subject: &str) -> Self {
        // No claim that is looked for holds the character that parts them.
        Self::Identity([issuer, audience, subject].join("\u{0}"))
    }

    /// The kind and the value, for a keyed hash.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Name(value) => ("name", value),
            Self::Username(value) => ("username", value),
            Self::Email(value) => ("email", value),
            Self::PhoneNumber(value) => ("phone_number", value),
            Self::PublicKey(value) => ("public_key", value),
            Self::CredentialId(value) => ("credential_id", value),
            Self::VerifiedEmail(value) => ("verified_email", value),
            Self::VerifiedPhoneNumber(value) => ("verified_phone_number", value),
            Self::Identity(value) => ("identity", value),
            Self::ReadOnlySession(value) => ("read_only_session", value),
            Self::WalletAccountAddress(value) => ("wallet_account_address", value),
        }
    }
}

impl Organization {
    /// An organization without anything in it. Its root quorum has no members yet.
    pub fn new(
        id: OrganizationId,
        parent: Option<OrganizationId>,
        name: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            parent,
            name,
            created_at: now,
            users: Vec::new(),
            root_quorum: RootQuorum { threshold: 1, users: Vec::new() },
            features: BTreeMap::new(),
            wallets: Vec::new(),
            private_keys: Vec::new(),
            tags: Vec::new(),
            session_limits: SessionLimits::default(),
            oauth2_credentials: Vec::new(),
            auth_proxy: None,
            policies: Vec::new(),
            denies_on_error: false,
            session_profiles: Vec::new(),
            smart_contract_interfaces: Vec::new(),
            secrets: Vec::new(),
            invitations: Vec::new(),
            ip_allowlists: Vec::new(),
            webhook_endpoints: Vec::new(),
        }
    }

    /// The user with this id.
    pub fn user(&self, id: UserId) -> Result<&User, RequestError> {
        self.users
            .iter()
            .find(|user| user.id == id)
            .ok_or_else(|| RequestError::user_not_found(id, self.id))
    }

    /// The user with this id, to change it.
    pub fn user_mut(&mut self, id: UserId) -> Result<&mut User, RequestError> {
        let organization = self.id;
        self.users
            .iter_mut()
            .find(|user| user.id == id)
            .ok_or_else(|| RequestError::user_not_found(id, organization))
    }

    /// The wallet with this id.
    pub fn wallet(&self, id: WalletId) -> Result<&Wallet, RequestError> {
        self.wallets
            .iter()
            .find(|wallet| wallet.id == id)
            .ok_or_else(|| RequestError::NotFound(format!("could not find wallet with ID {id}")))
    }

    /// The wallet with this id, to change it.
    pub fn wallet_mut(&mut self, id: WalletId) -> Result<&mut Wallet, RequestError> {
        self.wallets
            .iter_mut()
            .find(|wallet| wallet.id == id)
            .ok_or_else(|| RequestError::NotFound(format!("could not find wallet with ID {id}")))
    }

    /// The secret with this id.
    pub fn secret(&self, id: SecretId) -> Result<&StoredSecret, RequestError> {
        self.secrets
            .iter()
            .find(|secret| secret.id == id)
            .ok_or_else(|| RequestError::NotFound(format!("could not find secret with ID {id}")))
    }

    /// The private key with this id.
    pub fn private_key(&self, id: PrivateKeyId) -> Result<&PrivateKey, RequestError> {
        self.private_keys.iter().find(|key| key.id == id).ok_or_else(|| {
            RequestError::NotFound(format!("could not find private key with ID {id}"))
        })
    }

    /// The private key with this id, to change it.
    pub fn private_key_mut(&mut self, id: PrivateKeyId) -> Result<&mut PrivateKey, RequestError> {
        let text = format!("could not find private key with ID {id}");
        self.private_keys.iter_mut().find(|key| key.id == id).ok_or(RequestError::NotFound(text))
    }

    /// The private key that this names, and the format of the address it was named by. Wallet accounts
    /// are looked for elsewhere, and before.
    pub fn private_key_named(&self, by: &SignWith) -> Option<(&PrivateKey, Option<AddressFormat>)> {
        match by {
            SignWith::PrivateKey(id) => {
                self.private_keys.iter().find(|key| key.id == *id).map(|key| (key, None))
            }
            SignWith::Address(wanted) => {
                let wanted = address::lookup_key(wanted);
                self.private_keys.iter().find_map(|key| {
                    let named = |(_, address): &&(AddressFormat, String)| {
                        address::lookup_key(address) == wanted
                    };
                    key.addresses.iter().find(named).map(|(format, _)| (key, Some(*format)))
                })
            }
        }
    }

    /// The policy with this id.
    pub fn policy(&self, id: PolicyId) -> Result<&Policy, RequestError> {
        self.policies
            .iter()
            .find(|policy| policy.id == id)
            .ok_or_else(|| RequestError::NotFound(format!("could not find policy with ID {id}")))
    }

    /// The webhook endpoint with this id.
    pub fn webhook_endpoint(
        &self,
        id: WebhookEndpointId,
    ) -> Result<&WebhookEndpoint, RequestError> {
        let mut all = self.webhook_endpoints.iter();
        all.find(|known| known.id == id).ok_or_else(|| no_webhook_endpoint(id))
    }

    /// The webhook endpoint with this id, to change it.
    pub fn webhook_endpoint_mut(
        &mut self,
        id: WebhookEndpointId,
    ) -> Result<&mut WebhookEndpoint, RequestError> {
        let mut all = self.webhook_endpoints.iter_mut();
        all.find(|known| known.id == id).ok_or_else(|| no_webhook_endpoint(id))
    }

    /// The client at an OAuth 2.0 provider with this id.
    pub fn oauth2_credential(
        &self,
        id: Oauth2CredentialId,
    ) -> Result<&Oauth2Credential, RequestError> {
        let mut all = self.oauth2_credentials.iter();
        all.find(|known| known.id == id).ok_or(RequestError::Oauth2CredentialNotFound(id))
    }

    /// The client at an OAuth 2.0 provider with this id, to change it.
    pub fn oauth2_credential_mut(
        &mut self,
        id: Oauth2CredentialId,
    ) -> Result<&mut Oauth2Credential, RequestError> {
        let mut all = self.oauth2_credentials.iter_mut();
        all.find(|known| known.id == id).ok_or(RequestError::Oauth2CredentialNotFound(id))
    }

    /// Whether the user is the one that the auth proxy acts as.
    pub fn is_auth_proxy(&self, user: UserId) -> bool {
        self.auth_proxy.as_ref().is_some_and(|proxy| proxy.user == user)
    }

    /// The refusal where there is no auth proxy.
    pub fn no_auth_proxy(&self) -> RequestError {
        let feature = FeatureName::AuthProxy.as_str();
        RequestError::FeatureDisabled { feature, organization: self.id }
    }

    /// The tag of this kind with this id.
    pub fn tag(&self, kind: TagType, id: TagId) -> Result<&Tag, RequestError> {
        self.tags
            .iter()
            .find(|tag| tag.kind == kind && tag.id == id)
            .ok_or_else(|| RequestError::NotFound(format!("could not find tag with ID {id}")))
    }

    /// Whether this is a parent organization; the others are sub-organizations.
    pub fn is_parent(&self) -> bool {
        self.parent.is_none()
    }

    /// Whether the user is a member of the root quorum.
    pub fn is_root(&self, user: UserId) -> bool {
        self.root_quorum.users.contains(&user)
    }

    /// Everything it can be found by, sorted, without repetition. Only sub-organizations are indexed.
    pub fn index_keys(&self) -> Vec<IndexKey> {
        if self.is_parent() {
            return Vec::new();
        }
        let mut keys = vec![IndexKey::Name(self.name.clone())];
        for user in &self.users {
            keys.push(IndexKey::Username(user.name.clone()));
            keys.extend(user.email.iter().map(|email| IndexKey::Email(email.to_ascii_lowercase())));
            keys.extend(user.phone_number.iter().cloned().map(IndexKey::PhoneNumber));
            keys.extend(
                user.api_keys.iter().map(|key| IndexKey::PublicKey(key.public_key.clone())),
            );
            keys.extend(
                user.authenticators
                    .iter()
                    .map(|passkey| IndexKey::CredentialId(passkey.credential_id.clone())),
            );
            if user.email_verified {
                let email = user.email.iter().map(|email| email.to_ascii_lowercase());
                keys.extend(email.map(IndexKey::VerifiedEmail));
            }
            if user.phone_number_verified {
                keys.extend(user.phone_number.iter().cloned().map(IndexKey::VerifiedPhoneNumber));
            }
            keys.extend(user.oauth_providers.iter().map(|provider| {
                IndexKey::identity(&provider.issuer, &provider.audience, &provider.subject)
            }));
            keys.extend(
                user.read_only_sessions
                    .iter()
                    .map(|session| IndexKey::ReadOnlySession(session.token_hash.clone())),
            );
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

fn no_webhook_endpoint(id: WebhookEndpointId) -> RequestError {
    RequestError::NotFound(format!("could not find webhook endpoint with ID {id}"))
}

impl User {
    /// A user without any credential.
    pub fn new(id: UserId, name: String, now: Timestamp) -> Self {
        Self {
            id,
            name,
            email: None,
            phone_number: None,
            tags: Vec::new(),
            api_keys: Vec::new(),
            authenticators: Vec::new(),
            read_only_sessions: Vec::new(),
            oauth_providers: Vec::new(),
            email_verified: false,
            phone_number_verified: false,
            mfa_policies: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether this is the user's address, whatever the case of its letters.
    pub fn has_email(&self, address: &str) -> bool {
        self.email.as_ref().is_some_and(|email| email.eq_ignore_ascii_case(address))
    }

    /// Whether it has a credential that does not expire.
    pub fn has_lasting_credential(&self) -> bool {
        !self.authenticators.is_empty()
            || !self.oauth_providers.is_empty()
            || self.api_keys.iter().any(|key| key.expiration_seconds.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What format 1 wrote must open for ever, and mean the same when it is written again.
    #[test]
    fn format_1_still_opens() {
        let stored = include_str!("../../testdata/organization-1.json");
        let organization: Organization = serde_json::from_str(stored).unwrap();
        let again = serde_json::to_string(&organization).unwrap();
        assert_eq!(serde_json::from_str::<Organization>(&again).unwrap(), organization);
        let user = organization.users.first().unwrap();
        assert_eq!(organization.wallets.len(), 1);
        assert_eq!(organization.private_keys.len(), 1);
        assert_eq!(organization.tags.len(), 2);
        assert_eq!((user.api_keys.len(), user.authenticators.len()), (2, 1));
        assert_eq!(user.read_only_sessions.len(), 1);
        assert_eq!(FORMAT, 1, "a new format needs a golden file of its own, beside this one");
    }
}
