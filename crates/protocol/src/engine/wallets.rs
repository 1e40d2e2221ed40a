//! Wallets, their accounts, and private keys: making them and taking them in.

use std::collections::HashSet;

use keyward_crypto::{
    CryptoRng, Derivation, DeriveError, InvalidMnemonic, Mnemonic, MnemonicLanguage, PrivateKey,
    SecretBytes, Seed,
};

use super::context::Changes;
use super::credentials::check_tags;
use super::model::{self, Organization, Wallet, WalletAccount, limits};
use crate::address;
use crate::parameters::{NewAccount, NewPrivateKey, NewWallet};
use crate::wire::enums::{self, Curve, TagType};
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
    let phrase = RecoveryPhrase::generate(new.words, rng)?;
    let wallet = KeptWallet { name: new.name, accounts: new.accounts, phrase, imported: false };
    keep_wallet(organization, changes, wallet, now, rng)
}

/// A wallet whose recovery phrase there is already.
pub struct KeptWallet {
    /// Its name.
    pub name: String,
    /// Accounts to derive at once.
    pub accounts: Vec<NewAccount>,
    /// What it is derived from.
    pub phrase: RecoveryPhrase,
    /// Whether it comes from outside.
    pub imported: bool,
}

/// Keeps a wallet; else as [`create_wallet`].
pub fn keep_wallet(
    organization: &mut Organization,
    changes: &mut Changes,
    new: KeptWallet,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(WalletId, Vec<String>), RequestError> {
    if organization.wallets.len() >= limits::WALLETS {
        return Err(RequestError::LimitReached("organization has exceeded maximum wallets".into()));
    }
    check_wallet_name(organization, &new.name)?;
    let wallet = WalletId::generate(now, rng);
    let accounts =
        derive_accounts(&new.phrase.seed(), organization, wallet, new.accounts, now, rng)?;
    let addresses = accounts.iter().map(|(account, _)| account.address.clone()).collect();
    organization.wallets.push(Wallet {
        id: wallet,
        name: new.name,
        created_at: now,
        updated_at: now,
        exported: false,
        imported: new.imported,
    });
    changes.secrets.push((organization.id, wallet.0, new.phrase.to_bytes()));
    changes.accounts.extend(accounts);
    Ok((wallet, addresses))
}

/// What a wallet is derived from: a mnemonic and a passphrase, which is empty for most. Source: BIP-39.
pub struct RecoveryPhrase {
    mnemonic: Mnemonic,
    /// UTF-8.
    passphrase: SecretBytes,
}

impl RecoveryPhrase {
    /// Between a mnemonic and its passphrase, as import frames write them.
    const SEPARATOR: &'static str = "\n--PASS--\n";

    /// Draws an English mnemonic of so many words, without passphrase.
    ///
    /// # Errors
    ///
    /// Numbers other than 12, 15, 18, 21 and 24.
    pub fn generate(words: usize, rng: &mut dyn CryptoRng) -> Result<Self, InvalidRequest> {
        let mnemonic = Mnemonic::generate(words, rng);
        let mnemonic = mnemonic.map_err(|_| InvalidRequest::new("invalid mnemonic length"))?;
        Ok(Self { mnemonic, passphrase: SecretBytes::new(Vec::new()) })
    }

    /// Reads a mnemonic, and the passphrase that may follow it: after a line `--PASS--`, else in the second
    /// line.
    ///
    /// # Errors
    ///
    /// What is wrong with the mnemonic, without naming a word of it.
    pub fn parse(text: &SecretBytes) -> Result<Self, InvalidRequest> {
        // The secret leaves its wrapper to be read as text.
        let text = std::str::from_utf8(text.expose())
            .map_err(|_| InvalidRequest::new("invalid mnemonic: not UTF-8"))?;
        let text = text.trim_start();
        let parts = text.split_once(Self::SEPARATOR).or_else(|| text.split_once('\n'));
        let (phrase, passphrase) = parts.unwrap_or((text, ""));
        let mnemonic = Mnemonic::parse(phrase).map_err(|reason: InvalidMnemonic| {
            InvalidRequest::new(format!("invalid mnemonic: {reason}"))
        })?;
        Ok(Self { mnemonic, passphrase: SecretBytes::new(passphrase.as_bytes().to_vec()) })
    }

    /// The language of the mnemonic.
    pub fn language(&self) -> MnemonicLanguage {
        self.mnemonic.language()
    }

    /// The root of the wallet; takes a millisecond.
    pub fn seed(&self) -> Seed {
        // Text once, so text still.
        self.mnemonic.to_seed(std::str::from_utf8(self.passphrase.expose()).unwrap_or_default())
    }

    /// As it is kept and exported: the mnemonic, and the passphrase in a second line if there is one.
    pub fn to_bytes(&self) -> SecretBytes {
        let (phrase, passphrase) = (self.mnemonic.phrase(), self.passphrase.expose());
        // The exact capacity, so that growing leaves no piece behind.
        let length = phrase.len().saturating_add(passphrase.len()).saturating_add(1);
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(phrase.as_bytes());
        if !passphrase.is_empty() {
            bytes.push(b'\n');
            bytes.extend_from_slice(passphrase);
        }
        SecretBytes::new(bytes)
    }

    /// Whether both give the same wallet.
    pub fn is_same_wallet(&self, other: &Self) -> bool {
        // Stretching both to seeds costs time and is seldom needed.
        self.mnemonic.phrase() == other.mnemonic.phrase()
            && self.seed().expose() == other.seed().expose()
    }
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
    let mut derivation = Derivation::new(seed);
    // Accounts are listed by id; those of one instant stay in the order they were asked for in.
    let mut ids: Vec<_> = new.iter().map(|_| WalletAccountId::generate(now, rng)).collect();
    ids.sort_unstable();
    for (id, new) in ids.into_iter().zip(new) {
        let key = derivation
            .key(new.curve.into(), &new.path)
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
    let key = PrivateKey::generate(new.curve.into(), rng);
    keep_private_key(organization, changes, new, &key, now, rng)
}

/// Keeps a private key that comes from outside.
///
/// # Errors
///
/// As [`create_private_key`], and a key that the organization has already.
pub fn import_private_key(
    organization: &mut Organization,
    changes: &mut Changes,
    new: NewPrivateKey,
    key: &PrivateKey,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<PrivateKeyId, RequestError> {
    let public_key = address::private_key_public_hex(&key.public_key());
    let same =
        |known: &&model::PrivateKey| known.curve == new.curve && known.public_key == public_key;
    if let Some(known) = organization.private_keys.iter().find(same) {
        return Err(RequestError::AlreadyExists(format!(
            "private key with ID {} has already been imported in this organization",
            known.id
        )));
    }
    let id = keep_private_key(organization, changes, new, key, now, rng)?;
    organization.private_key_mut(id)?.imported = true;
    Ok(id)
}

fn keep_private_key(
    organization: &mut Organization,
    changes: &mut Changes,
    new: NewPrivateKey,
    key: &PrivateKey,
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

impl From<MnemonicLanguage> for enums::MnemonicLanguage {
    fn from(language: MnemonicLanguage) -> Self {
        match language {
            MnemonicLanguage::English => Self::English,
            MnemonicLanguage::SimplifiedChinese => Self::SimplifiedChinese,
            MnemonicLanguage::TraditionalChinese => Self::TraditionalChinese,
            MnemonicLanguage::Czech => Self::Czech,
            MnemonicLanguage::French => Self::French,
            MnemonicLanguage::Italian => Self::Italian,
            MnemonicLanguage::Japanese => Self::Japanese,
            MnemonicLanguage::Korean => Self::Korean,
            MnemonicLanguage::Spanish => Self::Spanish,
        }
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
