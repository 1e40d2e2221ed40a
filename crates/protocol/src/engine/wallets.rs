//! Wallets, their accounts, and private keys: making them.

use std::collections::HashSet;

use keyward_crypto::{CryptoRng, DeriveError, Mnemonic, PrivateKey, SecretBytes, Seed, derive};

use super::context::Changes;
use super::credentials::check_tags;
use super::model::{self, Organization, Wallet, WalletAccount, limits};
use crate::address;
use crate::parameters::{NewAccount, NewPrivateKey, NewWallet};
use crate::wire::enums::{Curve, TagType};
use crate::wire::id::{PrivateKeyId, WalletAccountId, WalletId};
use crate::wire::{InvalidRequest, RequestError, Timestamp};

/// Makes a wallet with a fresh mnemonic and derives its first accounts. Returns their addresses in
/// order.
///
/// # Errors
///
/// The limit of wallets, a name that is taken, an address format that does not go with its curve, two
/// accounts that are the same.
pub fn create_wallet(
    organization: &mut Organization,
    changes: &mut Changes,
    new: NewWallet,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(WalletId, Vec<String>), RequestError> {
    let mnemonic = Mnemonic::generate(new.words, rng)
        .map_err(|_| InvalidRequest::new("invalid mnemonic length"))?;
    keep_wallet(organization, changes, new, &mnemonic, now, rng)
}

/// Keeps a wallet with this mnemonic; else as [`create_wallet`].
pub fn keep_wallet(
    organization: &mut Organization,
    changes: &mut Changes,
    new: NewWallet,
    mnemonic: &Mnemonic,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(WalletId, Vec<String>), RequestError> {
    if organization.wallets.len() >= limits::WALLETS {
        return Err(RequestError::LimitReached("organization has exceeded maximum wallets".into()));
    }
    check_wallet_name(organization, &new.name)?;
    let wallet = WalletId::generate(now, rng);
    let accounts =
        derive_accounts(&mnemonic.to_seed(""), organization, wallet, new.accounts, now, rng)?;
    let addresses = accounts.iter().map(|(account, _)| account.address.clone()).collect();
    organization.wallets.push(Wallet {
        id: wallet,
        name: new.name,
        created_at: now,
        updated_at: now,
        exported: false,
        imported: false,
    });
    changes.secrets.push((
        organization.id,
        wallet.0,
        SecretBytes::new(mnemonic.phrase().as_bytes().to_vec()),
    ));
    changes.accounts.extend(accounts);
    Ok((wallet, addresses))
}

/// The seed of a wallet, from its mnemonic as it is kept.
pub fn seed(phrase: &SecretBytes) -> Result<Seed, RequestError> {
    // The secret leaves its wrapper to be read as text.
    let text = std::str::from_utf8(phrase.expose()).map_err(RequestError::internal)?;
    Ok(Mnemonic::parse(text).map_err(RequestError::internal)?.to_seed(""))
}

/// Refuses a wallet name that is taken.
pub fn check_wallet_name(organization: &Organization, name: &str) -> Result<(), RequestError> {
    if organization.wallets.iter().any(|wallet| wallet.name == name) {
        return Err(InvalidRequest::new("wallet label must be unique").into());
    }
    Ok(())
}

/// Derives accounts, each with its key. Whether they exist already is for the store to say.
///
/// # Errors
///
/// An address format that does not go with its curve, or two accounts that are the same.
pub fn derive_accounts(
    seed: &Seed,
    organization: &Organization,
    wallet: WalletId,
    new: Vec<NewAccount>,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<(WalletAccount, PrivateKey)>, RequestError> {
    let mut accounts: Vec<(WalletAccount, PrivateKey)> = Vec::with_capacity(new.len());
    let mut slots = HashSet::with_capacity(new.len());
    let mut names = HashSet::new();
    // Accounts are listed by id; those of one instant stay in the order they were asked for in.
    let mut ids: Vec<_> = new.iter().map(|_| WalletAccountId::generate(now, rng)).collect();
    ids.sort_unstable();
    for (id, new) in ids.into_iter().zip(new) {
        let key = derive(seed, new.curve.into(), &new.path)
            .map_err(|source: DeriveError| RequestError::internal(source))?;
        let public_key = key.public_key();
        let account = WalletAccount {
            id,
            organization: organization.id,
            wallet,
            curve: new.curve,
            path_format: new.path_format,
            path: new.path_text,
            address_format: new.address_format,
            address: address::encode(new.address_format, &public_key)?,
            public_key: address::public_key_hex(&public_key),
            name: new.name,
            exported: false,
            created_at: now,
        };
        if !slots.insert(account.slot()) {
            return Err(RequestError::AlreadyExists(format!(
                "path already exists in this request: {}",
                account.path
            )));
        }
        if account.name.clone().is_some_and(|name| !names.insert(name)) {
            return Err(InvalidRequest::new("wallet account label must be unique").into());
        }
        accounts.push((account, key));
    }
    Ok(accounts)
}

/// Makes a private key.
///
/// # Errors
///
/// The limit of private keys, a name that is taken, an unknown tag, an address format that does not go
/// with the curve.
pub fn create_private_key(
    organization: &mut Organization,
    changes: &mut Changes,
    new: NewPrivateKey,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<PrivateKeyId, RequestError> {
    if organization.private_keys.len() >= limits::PRIVATE_KEYS {
        return Err(RequestError::LimitReached(
            "organization has exceeded maximum private keys".into(),
        ));
    }
    check_private_key_name(organization, &new.name)?;
    check_tags(organization, TagType::PrivateKey, &new.tags)?;
    let key = PrivateKey::generate(new.curve.into(), rng);
    let public_key = key.public_key();
    let addresses = new
        .address_formats
        .into_iter()
        .map(|format| Ok((format, address::encode(format, &public_key)?)))
        .collect::<Result<_, RequestError>>()?;
    let id = PrivateKeyId::generate(now, rng);
    organization.private_keys.push(model::PrivateKey {
        id,
        name: new.name,
        curve: new.curve,
        public_key: address::private_key_public_hex(&public_key),
        addresses,
        tags: new.tags,
        created_at: now,
        updated_at: now,
        exported: false,
        imported: false,
    });
    changes.secrets.push((
        organization.id,
        id.0,
        SecretBytes::new(key.expose_bytes().expose().to_vec()),
    ));
    Ok(id)
}

/// Refuses a name of a private key that is taken.
pub fn check_private_key_name(
    organization: &Organization,
    name: &str,
) -> Result<(), InvalidRequest> {
    if organization.private_keys.iter().any(|key| key.name == name) {
        return Err(InvalidRequest::new("private key label must be unique"));
    }
    Ok(())
}

impl WalletAccount {
    /// What no two accounts of an organization share: wallet, path as it is meant, curve, format.
    pub fn slot(&self) -> String {
        let curve: keyward_crypto::Curve = self.curve.into();
        let path = keyward_crypto::DerivationPath::parse(&self.path)
            .map_or_else(|_| self.path.clone(), |path| path.canonical_for(curve).to_string());
        format!("{}/{path}/{}/{}", self.wallet, self.curve.as_str(), self.address_format.as_str())
    }
}

impl From<Curve> for keyward_crypto::Curve {
    fn from(curve: Curve) -> Self {
        match curve {
            Curve::Secp256k1 => Self::Secp256k1,
            Curve::Ed25519 => Self::Ed25519,
            Curve::P256 => Self::P256,
        }
    }
}
