//! An organization and everything bounded that belongs to it.
//!
//! This is also its stored form: members are only added, with a default, and a change that can't be
//! made so raises [`FORMAT`].

use std::collections::BTreeMap;
use std::sync::OnceLock;

use keyward_crypto::P256PublicKey;
use serde::{Deserialize, Serialize};

use crate::address;
use crate::parameters::SignWith;
use crate::wire::enums::{
    AddressFormat, ApiKeyCurve, AuthenticatorTransport, CredentialType, Curve, FeatureName,
    PathFormat, TagType,
};
use crate::wire::id::{
    ApiKeyId, AuthenticatorId, OrganizationId, PrivateKeyId, SessionId, TagId, UserId,
    WalletAccountId, WalletId,
};
use crate::wire::{RequestError, Timestamp};

/// Number of the stored form.
pub const FORMAT: u8 = 1;

/// Users, wallets and the like that an organization may have. Source: the protocol's limits.
pub mod limits {
    /// Users of an organization.
    pub const USERS: usize = 100;
    /// Wallets of an organization.
    pub const WALLETS: usize = 100;
    /// Private keys of an organization.
    pub const PRIVATE_KEYS: usize = 1_000;
    /// Tags of a parent organization.
    pub const PARENT_TAGS: usize = 100;
    /// Tags of a sub-organization.
    pub const SUB_ORGANIZATION_TAGS: usize = 10;
    /// Credentials of one kind that a user may have: authenticators, API keys that do not expire, API
    /// keys that do, read-only sessions.
    pub const CREDENTIALS: usize = 10;
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

    /// The kind and the value, for a keyed hash.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Name(value) => ("name", value),
            Self::Username(value) => ("username", value),
            Self::Email(value) => ("email", value),
            Self::PhoneNumber(value) => ("phone_number", value),
            Self::PublicKey(value) => ("public_key", value),
            Self::CredentialId(value) => ("credential_id", value),
            Self::ReadOnlySession(value) => ("read_only_session", value),
            Self::WalletAccountAddress(value) => ("wallet_account_address", value),
        }
    }
}

impl Organization {
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
            keys.extend(user.email.iter().map(|email| IndexKey::Email(email.to_lowercase())));
            keys.extend(user.phone_number.iter().cloned().map(IndexKey::PhoneNumber));
            keys.extend(
                user.api_keys.iter().map(|key| IndexKey::PublicKey(key.public_key.clone())),
            );
            keys.extend(
                user.authenticators
                    .iter()
                    .map(|passkey| IndexKey::CredentialId(passkey.credential_id.clone())),
            );
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

impl User {
    /// Whether it has a credential that does not expire.
    pub fn has_lasting_credential(&self) -> bool {
        !self.authenticators.is_empty()
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
