//! Wallets, wallet accounts and private keys, as policies see them.

use keyward_crypto::{DerivationPath, PublicKey};
use keyward_policy::{Bindings, Int, Keyword, Value};

use super::Subjects;
use crate::address;
use crate::engine::model::{Organization, PrivateKey, StoredSecret, Wallet, WalletAccount};
use crate::parameters::SignWith;
use crate::wire::enums::AddressFormat;
use crate::wire::id::{WalletAccountId, WalletId};

/// Set in the number of a hardened child. Source: BIP-32.
const HARDENED: u32 = 1 << 31;

/// The key that a request signs with.
pub(super) enum Signer<'a> {
    /// An account of a wallet.
    Account(&'a WalletAccount),
    /// A private key, and the format of the address it was named by.
    PrivateKey(&'a PrivateKey, Option<AddressFormat>),
}

impl<'a> Signer<'a> {
    /// Looks for it as signing does: among the accounts first.
    pub(super) fn find(
        organization: &'a Organization,
        with: &SignWith,
        subjects: &'a Subjects,
    ) -> Option<Self> {
        if let SignWith::Address(wanted) = with {
            let wanted = address::lookup_key(wanted);
            let named = |account: &&WalletAccount| address::lookup_key(&account.address) == wanted;
            if let Some(account) = subjects.iter().find(named) {
                return Some(Self::Account(account));
            }
        }
        organization.private_key_named(with).map(|(key, format)| Self::PrivateKey(key, format))
    }

    /// Binds what signs.
    pub(super) fn bind(&self, organization: &Organization, bindings: &mut Bindings) {
        match self {
            Self::Account(account) => {
                if let Ok(wallet) = organization.wallet(account.wallet) {
                    bindings.bind(Keyword::Wallet, show_wallet(wallet));
                }
                bindings.bind(Keyword::WalletAccount, show_account(account));
            }
            Self::PrivateKey(key, _) => bindings.bind(Keyword::PrivateKey, show_private_key(key)),
        }
    }

    /// The format of the address that it was named by.
    pub(super) fn address_format(&self) -> Option<AddressFormat> {
        match self {
            Self::Account(account) => Some(account.address_format),
            Self::PrivateKey(_, format) => *format,
        }
    }

    /// The address that it has on Ethereum, if it is a key for that.
    pub(super) fn ethereum_address(&self) -> Option<String> {
        let text = match self {
            Self::Account(account) => &account.public_key,
            Self::PrivateKey(key, _) => &key.public_key,
        };
        let curve = match self {
            Self::Account(account) => account.curve,
            Self::PrivateKey(key, _) => key.curve,
        };
        let key = PublicKey::from_bytes(curve.into(), &hex::decode(text).ok()?).ok()?;
        address::encode(AddressFormat::Ethereum, &key).ok()
    }
}

pub(super) fn show_wallet(wallet: &Wallet) -> Value {
    Value::structure([
        ("id", Value::text(wallet.id.to_string())),
        ("label", Value::text(wallet.name.as_str())),
        ("imported", wallet.imported.into()),
        ("exported", wallet.exported.into()),
    ])
}

/// Several wallets; `None` where one of them is not there.
pub(super) fn show_wallets(organization: &Organization, ids: &[WalletId]) -> Option<Value> {
    let wallets = ids.iter().map(|id| organization.wallet(*id).ok().map(show_wallet));
    wallets.collect::<Option<Vec<_>>>().map(Value::list)
}

/// The wallets that accounts are of, each once; `None` where an account is not there.
pub(super) fn wallets_of(ids: &[WalletAccountId], subjects: &Subjects) -> Option<Vec<WalletId>> {
    let mut wallets = Vec::new();
    for id in ids {
        let account = subjects.iter().find(|account| account.id == *id)?;
        if !wallets.contains(&account.wallet) {
            wallets.push(account.wallet);
        }
    }
    Some(wallets)
}

fn show_account(account: &WalletAccount) -> Value {
    let mut fields = vec![
        ("address", Value::text(account.address.as_str())),
        ("wallet_id", Value::text(account.wallet.to_string())),
        ("curve", Value::text(account.curve.as_str())),
        ("address_format", Value::text(account.address_format.as_str())),
    ];
    if let Ok(path) = DerivationPath::parse(&account.path) {
        let indexes = path.indices().iter().map(|index| index & !HARDENED);
        let hardened = path.indices().iter().map(|index| index & HARDENED != 0);
        let indexes = indexes.map(|index| Value::int(Int::from(u64::from(index))));
        fields.push(("path_indexes", Value::list(indexes)));
        fields.push(("path_hardened", Value::list(hardened.map(Value::from))));
    }
    Value::structure(fields)
}

pub(super) fn show_secret(secret: &StoredSecret) -> Value {
    let properties = secret.static_properties.iter();
    let properties = properties.map(|(key, value)| (key.clone(), Value::text(value.as_str())));
    Value::structure([("static_properties", Value::map(properties))])
}

pub(super) fn show_private_key(key: &PrivateKey) -> Value {
    Value::structure([
        ("id", Value::text(key.id.to_string())),
        ("label", Value::text(key.name.as_str())),
        ("tags", Value::list(key.tags.iter().map(|tag| Value::text(tag.to_string())))),
        ("imported", key.imported.into()),
        ("exported", key.exported.into()),
    ])
}
