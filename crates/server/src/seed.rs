//! Seed files: organizations, keys and wallets to start a development server with, the same every time.
//!
//! What the file does not name, ids included, is drawn from a generator that is seeded with the file, so
//! that two servers that start from the same file are the same.

use keyward_crypto::{CryptoRng, P256PrivateKey, SecretBytes, SeededRng, sha256};
use keyward_protocol::engine::model::Organization;
use keyward_protocol::engine::wallets::{KeptWallet, RecoveryPhrase};
use keyward_protocol::engine::{Changes, ServerKeys, credentials, wallets};
use keyward_protocol::parameters::{NewApiKey, NewWallet};
use keyward_protocol::wire::enums::ApiKeyCurve;
use keyward_protocol::wire::id::{OrganizationId, UserId, WalletId};
use keyward_protocol::wire::objects::{WalletAccountParams, WalletParams};
use keyward_protocol::wire::{InvalidRequest, RequestError, Timestamp, value};
use serde::Deserialize;

use crate::beginning::{
    Beginning, BeginningError, Root, add_root_user, empty_organization, rename_user,
};

/// 2026-01-01T00:00:00Z: when everything in a seed was made.
const MADE: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// A seed file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Seed {
    /// The parent organization. Its first root user's key is the one that is handed out.
    pub organization: SeedOrganization,
    /// Its sub-organizations.
    #[serde(default)]
    pub sub_organizations: Vec<SeedOrganization>,
    /// Signs session tokens: P-256, hex.
    #[serde(default)]
    pub notarizer_private_key: Option<String>,
}

/// An organization of a seed file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SeedOrganization {
    /// Its id.
    #[serde(default)]
    pub organization_id: Option<OrganizationId>,
    /// Its name.
    pub organization_name: String,
    /// Its root users; a nameless one when absent.
    #[serde(default)]
    pub root_users: Vec<SeedUser>,
    /// Its wallets.
    #[serde(default)]
    pub wallets: Vec<SeedWallet>,
}

/// A root user of a seed file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SeedUser {
    /// Its id.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Its name.
    pub user_name: String,
    /// E-mail address.
    #[serde(default)]
    pub user_email: Option<String>,
    /// Its API key: P-256, hex.
    #[serde(default)]
    pub api_private_key: Option<String>,
    /// Its API key where only the public half is known: P-256, compressed, hex.
    #[serde(default)]
    pub api_public_key: Option<String>,
}

/// A wallet of a seed file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SeedWallet {
    /// Its id.
    #[serde(default)]
    pub wallet_id: Option<WalletId>,
    /// Its name.
    pub wallet_name: String,
    /// BIP-39.
    pub mnemonic: String,
    /// Its accounts.
    #[serde(default)]
    pub accounts: Vec<WalletAccountParams>,
}

/// Reads a seed file's text.
///
/// # Errors
///
/// [`BeginningError::Seed`], saying what is wrong with it.
pub fn read(text: &str) -> Result<Beginning, BeginningError> {
    let mut rng = SeededRng::from_seed(sha256(text.as_bytes()));
    let seed: Seed = serde_json::from_str(text)
        .map_err(|source| BeginningError::Seed(InvalidRequest::body(&source).into()))?;
    seed.into_beginning(&mut rng).map_err(BeginningError::Seed)
}

impl Seed {
    fn into_beginning(mut self, rng: &mut dyn CryptoRng) -> Result<Beginning, RequestError> {
        let mut changes = Changes::default();
        if self.organization.root_users.is_empty() {
            self.organization.root_users.push(SeedUser {
                user_id: None,
                user_name: "Root user".to_owned(),
                user_email: None,
                api_private_key: None,
                api_public_key: None,
            });
        }
        let api_key = match self.organization.root_users.first_mut() {
            Some(SeedUser { api_private_key: Some(key), .. }) => private_key(key)?,
            Some(user) => {
                let key = P256PrivateKey::generate(rng);
                user.api_private_key = Some(hex::encode(key.expose_bytes().expose()));
                key
            }
            None => return Err(InvalidRequest::new("quorum users missing").into()),
        };
        let notarizer = match &self.notarizer_private_key {
            Some(key) => private_key(key)?,
            None => P256PrivateKey::generate(rng),
        };
        let mut organizations = vec![self.organization.make(None, &mut changes, rng)?];
        let parent = organizations.first().map(|parent| parent.id);
        let user =
            organizations.first().and_then(|parent| parent.root_quorum.users.first().copied());
        let (Some(organization), Some(user)) = (parent, user) else {
            return Err(InvalidRequest::new("quorum users missing").into());
        };
        for sub_organization in self.sub_organizations {
            organizations.push(sub_organization.make(parent, &mut changes, rng)?);
        }
        let root = Root { organization, user, api_key };
        // Drawn last, so that a release that knows more keys makes the same ids.
        let keys = ServerKeys { notarizer, ..ServerKeys::generate(rng) };
        Ok(Beginning { organizations, changes, keys, root })
    }
}

impl SeedOrganization {
    fn make(
        self,
        parent: Option<OrganizationId>,
        changes: &mut Changes,
        rng: &mut dyn CryptoRng,
    ) -> Result<Organization, RequestError> {
        let mut organization = empty_organization(parent, &self.organization_name, MADE, rng);
        organization.id = self.organization_id.unwrap_or(organization.id);
        if self.root_users.is_empty() {
            return Err(InvalidRequest::new("quorum users missing").into());
        }
        for user in self.root_users {
            user.add_to(&mut organization, rng)?;
        }
        for wallet in self.wallets {
            wallet.add_to(&mut organization, changes, rng)?;
        }
        Ok(organization)
    }
}

impl SeedUser {
    fn add_to(
        self,
        organization: &mut Organization,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), RequestError> {
        let key = self.api_private_key.as_deref().map(private_key).transpose()?;
        let made = add_root_user(organization, &self.user_name, key.as_ref(), MADE, rng)?;
        if let Some(public_key) = &self.api_public_key {
            let key = NewApiKey {
                name: "API key".to_owned(),
                public_key: value::api_public_key(ApiKeyCurve::P256, public_key)?,
                curve: ApiKeyCurve::P256,
                expiration_seconds: None,
            };
            credentials::add_api_keys(organization, made, vec![key], MADE, rng)?;
        }
        let user = organization.user_mut(made)?;
        user.email = value::email(self.user_email)?;
        credentials::check_has_credential(organization, made)?;
        if let Some(id) = self.user_id {
            rename_user(organization, made, id)?;
        }
        Ok(())
    }
}

impl SeedWallet {
    fn add_to(
        self,
        organization: &mut Organization,
        changes: &mut Changes,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), RequestError> {
        let phrase = RecoveryPhrase::parse(&SecretBytes::new(self.mnemonic.into_bytes()))?;
        let new = NewWallet::try_from(WalletParams {
            wallet_name: self.wallet_name,
            accounts: self.accounts,
            mnemonic_length: None,
        })?;
        let wallet = KeptWallet { name: new.name, accounts: new.accounts, phrase, imported: false };
        let (made, _) = wallets::keep_wallet(organization, changes, wallet, MADE, rng)?;
        if let Some(id) = self.wallet_id {
            for wallet in organization.wallets.iter_mut().filter(|wallet| wallet.id == made) {
                wallet.id = id;
            }
            for (account, _) in
                changes.accounts.iter_mut().filter(|(account, _)| account.wallet == made)
            {
                account.wallet = id;
            }
            for (_, secret, _) in
                changes.secrets.iter_mut().filter(|(_, secret, _)| *secret == made.0)
            {
                *secret = id.0;
            }
        }
        Ok(())
    }
}

fn private_key(text: &str) -> Result<P256PrivateKey, RequestError> {
    let refusal = || InvalidRequest::new("invalid private key: must be P-256, 64 hex digits");
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| refusal())?;
    Ok(P256PrivateKey::from_bytes(&bytes).map_err(|_| refusal())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &str = include_str!("../../../docs/seed.example.json");

    #[test]
    fn the_same_file_makes_the_same_server() {
        let (one, other) = (read(SEED).unwrap(), read(SEED).unwrap());
        assert_eq!(one.organizations, other.organizations);
        assert_eq!(one.root.api_private_key(), other.root.api_private_key());
        let accounts = |beginning: &Beginning| -> Vec<_> {
            beginning.changes.accounts.iter().map(|(account, _)| account.clone()).collect()
        };
        assert_eq!(accounts(&one), accounts(&other));
        assert!(!accounts(&one).is_empty());
    }

    #[test]
    fn says_what_is_wrong() {
        for (bad, why) in [
            (r"{}", "missing field `organization`"),
            (r#"{"organization":{"organizationName":"A"},"colour":1}"#, "unknown field `colour`"),
            (
                r#"{"organization":{"organizationName":"A"},"subOrganizations":[{"organizationName":"B"}]}"#,
                "quorum users missing",
            ),
        ] {
            let Err(BeginningError::Seed(refusal)) = read(bad) else { panic!("{bad}") };
            assert!(refusal.to_string().contains(why), "{refusal}");
        }
    }
}
