//! What policies, session scopes and MFA conditions see of a request.

mod bitcoin;
mod charge;
mod ethereum;
mod solana;
mod subject;
mod tempo;
mod tron;
mod typed_data;

use keyward_policy::{Bindings, Charge, Keyword, Value};

use self::subject::Signer;
use super::model::{Organization, WalletAccount};
use crate::activities::Request;
use crate::parameters::{Payload, SignWith};
use crate::payload::{Authorization, PayloadError, TypedData};
use crate::transaction::UnsignedTransaction;
use crate::wire::RequestError;
use crate::wire::enums::{Action, PayloadEncoding};
use crate::wire::id::{PrivateKeyId, SecretId, WalletAccountId, WalletId};

/// What an activity is about, as far as policies may see it.
#[derive(Clone, Debug, PartialEq)]
pub enum Concerns<'a> {
    /// Nothing but itself.
    Nothing,
    /// A key, and what it is to sign.
    Signing {
        /// The key.
        with: &'a SignWith,
        /// What it signs, at least one.
        what: Vec<Signs<'a>>,
    },
    /// Keys that sign one transaction together.
    SigningTogether {
        /// The keys, at least one.
        with: &'a [SignWith],
        /// What they sign.
        what: Signs<'a>,
    },
    /// One wallet.
    Wallet(WalletId),
    /// Several wallets.
    Wallets(&'a [WalletId]),
    /// Wallet accounts, and the wallets they are of.
    Accounts(&'a [WalletAccountId]),
    /// A wallet account by its address, and its wallet.
    Account(&'a str),
    /// One private key.
    PrivateKey(PrivateKeyId),
    /// Secrets, each for itself.
    Secrets(&'a [SecretId]),
}

/// What a key is to sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Signs<'a> {
    /// A transaction.
    Transaction(&'a UnsignedTransaction),
    /// A transaction that is signed already, and only sent.
    Signed(&'a UnsignedTransaction),
    /// A payload.
    Payload(&'a Payload),
}

impl<'a> Concerns<'a> {
    /// The keys that sign.
    pub fn signers(&self) -> &'a [SignWith] {
        match self {
            Self::Signing { with, .. } => std::slice::from_ref(*with),
            Self::SigningTogether { with, .. } => with,
            _ => &[],
        }
    }
}

/// The wallet accounts that a request is about: those that [`Concerns::signers`] name, as far as they are some, and
/// those of [`Concerns::Accounts`] and [`Concerns::Account`]. The shell fetches them.
pub type Subjects = Vec<WalletAccount>;

/// One thing that a request asks for: a transaction, a secret, or the request as a whole.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// What conditions see of it.
    pub bindings: Bindings,
    /// What it takes from budgets.
    pub charge: Charge,
}

/// What a request asks for, one by one; never none.
///
/// # Errors
///
/// A payload that can't be shown as what it says it is.
pub fn items(
    organization: &Organization,
    request: &Request,
    subjects: &Subjects,
) -> Result<Vec<Item>, RequestError> {
    let mut bindings = Bindings::default().with(Keyword::Activity, show_activity(request));
    // What leaves the server may be used for anything.
    let is_export = request.policy().is_some_and(|(_, action)| action == Action::Export);
    let item = |bindings| {
        let charge = Charge { is_accountable: !is_export, ..Charge::default() };
        vec![Item { bindings, charge }]
    };
    let wallets = |ids: &[WalletId]| subject::show_wallets(organization, ids);
    Ok(match request.concerns() {
        Concerns::Nothing => item(bindings),
        Concerns::Signing { with, what } => {
            let signer = Signer::find(organization, with, subjects);
            if let Some(signer) = &signer {
                signer.bind(organization, &mut bindings);
            }
            let items = what.iter().map(|signs| {
                let mut bindings = bindings.clone();
                if let Some((keyword, value)) = show_signed(organization, *signs, signer.as_ref())?
                {
                    bindings.bind(keyword, value);
                }
                Ok(Item { bindings, charge: charge::of(*signs) })
            });
            items.collect::<Result<_, RequestError>>()?
        }
        Concerns::SigningTogether { with, what } => {
            // Each of them must be allowed to; what is moved is moved once.
            let items = with.iter().enumerate().map(|(place, with)| {
                let mut bindings = bindings.clone();
                let signer = Signer::find(organization, with, subjects);
                if let Some(signer) = &signer {
                    signer.bind(organization, &mut bindings);
                }
                if let Some((keyword, value)) = show_signed(organization, what, signer.as_ref())? {
                    bindings.bind(keyword, value);
                }
                let mut charge = charge::of(what);
                if place > 0 {
                    charge.moved.clear();
                    charge.counterparties.clear();
                }
                Ok(Item { bindings, charge })
            });
            items.collect::<Result<_, RequestError>>()?
        }
        Concerns::Wallet(id) => {
            if let Ok(wallet) = organization.wallet(id) {
                bindings.bind(Keyword::Wallet, subject::show_wallet(wallet));
            }
            item(bindings)
        }
        Concerns::Wallets(ids) => {
            if let Some(wallets) = wallets(ids) {
                bindings.bind(Keyword::Wallets, wallets);
            }
            item(bindings)
        }
        Concerns::Accounts(ids) => {
            if let Some(wallets) = subject::wallets_of(ids, subjects).as_deref().and_then(wallets) {
                bindings.bind(Keyword::Wallets, wallets);
            }
            item(bindings)
        }
        Concerns::Account(_) => {
            if let Some(account) = subjects.first() {
                Signer::Account(account).bind(organization, &mut bindings);
            }
            item(bindings)
        }
        Concerns::Secrets(ids) => {
            let items = ids.iter().map(|id| {
                let mut bindings = bindings.clone();
                if let Ok(secret) = organization.secret(*id) {
                    bindings.bind(Keyword::Secret, subject::show_secret(secret));
                }
                item(bindings)
            });
            items.flatten().collect()
        }
        Concerns::PrivateKey(id) => {
            if let Ok(key) = organization.private_key(id) {
                bindings.bind(Keyword::PrivateKey, subject::show_private_key(key));
            }
            item(bindings)
        }
    })
}

/// Whether a key is there to sign with.
pub fn has_signer(organization: &Organization, with: &SignWith, subjects: &Subjects) -> bool {
    Signer::find(organization, with, subjects).is_some()
}

fn show_activity(request: &Request) -> Value {
    let mut fields =
        vec![("type", Value::text(request.kind())), ("params", Value::structure(request.params()))];
    if let Some((resource, action)) = request.policy() {
        fields.push(("kind", Value::text(kind_of(request.kind()))));
        fields.push(("resource", Value::text(resource.as_str())));
        fields.push(("action", Value::text(action.as_str())));
    }
    Value::structure(fields)
}

/// What is signed; nothing for what no keyword stands for.
fn show_signed(
    organization: &Organization,
    signs: Signs<'_>,
    signer: Option<&Signer<'_>>,
) -> Result<Option<(Keyword, Value)>, RequestError> {
    Ok(match signs {
        Signs::Transaction(transaction) | Signs::Signed(transaction) => {
            Some(show_transaction(organization, transaction, signer))
        }
        Signs::Payload(payload) => match (payload.encoding, &payload.document) {
            (PayloadEncoding::Eip712, Some(document)) => {
                let data = TypedData::parse(document).map_err(PayloadError::from)?;
                Some((Keyword::EthEip712, typed_data::show(&data)))
            }
            (PayloadEncoding::Eip7702Authorization, Some(document)) => {
                let authorization = Authorization::parse(document).map_err(PayloadError::from)?;
                let shown = ethereum::show_authorization(&authorization);
                Some((Keyword::EthEip7702Authorization, shown))
            }
            _ => None,
        },
    })
}

fn show_transaction(
    organization: &Organization,
    transaction: &UnsignedTransaction,
    signer: Option<&Signer<'_>>,
) -> (Keyword, Value) {
    match transaction {
        UnsignedTransaction::Ethereum(transaction) => {
            let from = signer.and_then(Signer::ethereum_address);
            (Keyword::EthTx, ethereum::show_transaction(organization, transaction, from))
        }
        UnsignedTransaction::Solana(transaction) => {
            (Keyword::SolanaTx, solana::show_transaction(organization, transaction))
        }
        UnsignedTransaction::Tron(transaction) => {
            (Keyword::TronTx, tron::show_transaction(transaction))
        }
        UnsignedTransaction::Bitcoin(transaction) => {
            let format = signer.and_then(Signer::address_format);
            (Keyword::BitcoinTx, bitcoin::show_transaction(transaction, format))
        }
        UnsignedTransaction::Tempo(transaction) => {
            let from = signer.and_then(Signer::ethereum_address);
            (Keyword::TempoTx, tempo::show_transaction(transaction, from))
        }
    }
}

/// The name of an activity without its version: `activity.kind`.
pub fn kind_of(activity_type: &str) -> &str {
    let name = activity_type.strip_prefix("ACTIVITY_TYPE_").unwrap_or(activity_type);
    match name.rsplit_once("_V") {
        Some((kind, version)) if version.bytes().all(|byte| byte.is_ascii_digit()) => kind,
        _ => name,
    }
}

#[cfg(test)]
mod tests;
