//! Transactions: read completely before anything is signed, and returned with the signature in place.

mod bitcoin;
mod ethereum;
mod solana;
mod tempo;
mod tron;

use keyward_crypto::{CryptoRng, Curve, PrivateKey};

pub use self::bitcoin::{BitcoinOutput, BitcoinTransaction};
pub use self::ethereum::{
    AccessListItem, EthereumTransaction, EthereumTransactionType, NewEthereumTransaction,
    SignedAuthorization,
};
pub(crate) use self::solana::FROM_TABLE;
pub use self::solana::{
    AddressTableLookup, SolanaAccount, SolanaInstruction, SolanaTransaction, SolanaTransfer,
    SplTransfer, TableAccount,
};
pub use self::tempo::{TempoAuthorization, TempoCall, TempoTransaction};
pub use self::tron::{TronCall, TronContract, TronPermission, TronResource, TronTransaction};
use crate::address::wire_curve;
use crate::payload::{decode_hexadecimal, with_causes};
use crate::wire::enums::TransactionType;
use crate::wire::{InvalidRequest, RequestError, TurnkeyErrorCode};

/// A transaction of which everything is known but the signature.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum UnsignedTransaction {
    /// For Ethereum and other chains with its virtual machine.
    Ethereum(EthereumTransaction),
    /// For Solana.
    Solana(SolanaTransaction),
    /// For Tron.
    Tron(TronTransaction),
    /// For Bitcoin.
    Bitcoin(Box<BitcoinTransaction>),
    /// For Tempo, of the type that only Tempo has.
    Tempo(Box<TempoTransaction>),
}

impl UnsignedTransaction {
    /// Its type.
    pub const fn kind(&self) -> TransactionType {
        match self {
            Self::Ethereum(_) => TransactionType::Ethereum,
            Self::Solana(_) => TransactionType::Solana,
            Self::Tron(_) => TransactionType::Tron,
            Self::Bitcoin(_) => TransactionType::Bitcoin,
            Self::Tempo(_) => TransactionType::Tempo,
        }
    }
}

/// Why a transaction is not signed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// Not a type of transaction.
    #[error("unsupported transaction type")]
    UnsupportedType,
    /// The empty text.
    #[error("failed to parse transaction: it is empty")]
    Empty,
    /// An odd number of digits, or something that is no digit.
    #[error("failed to parse transaction: not hexadecimal")]
    Hexadecimal,
    /// Not in the shortest form, truncated, too large, or a list in place of a string.
    #[error("failed to parse transaction")]
    Rlp(#[from] alloy_rlp::Error),
    /// Something else is wrong with its form.
    #[error("failed to parse transaction: {0}")]
    Malformed(&'static str),
    /// The key is on a curve that the chain does not have.
    #[error("{} cannot sign this transaction, it needs {}", wire_curve(*found).as_str(), wire_curve(*needed).as_str())]
    WrongCurve {
        /// The curve of the key.
        found: Curve,
        /// The curve of the chain.
        needed: Curve,
    },
    /// The transaction does not ask for a signature of this key.
    #[error("the signing key is not one of the transaction's required signers")]
    NotASigner,
}

impl TransactionError {
    /// The finer name of the refusal.
    pub const fn name(&self) -> TurnkeyErrorCode {
        match self {
            Self::UnsupportedType => TurnkeyErrorCode::UnsupportedTransactionType,
            Self::Empty | Self::WrongCurve { .. } => TurnkeyErrorCode::RequestInvalid,
            Self::Hexadecimal | Self::Rlp(_) | Self::Malformed(_) | Self::NotASigner => {
                TurnkeyErrorCode::InvalidTransaction
            }
        }
    }
}

impl From<TransactionError> for RequestError {
    fn from(error: TransactionError) -> Self {
        InvalidRequest::named(error.name(), with_causes(&error)).into()
    }
}

/// The type of this name, as one that is unknown is refused with a documented name.
///
/// # Errors
///
/// [`TransactionError::UnsupportedType`] for any other text.
pub fn type_named(name: &str) -> Result<TransactionType, TransactionError> {
    let mut all = TransactionType::ALL.iter().copied();
    all.find(|kind| kind.as_str() == name).ok_or(TransactionError::UnsupportedType)
}

/// Reads an unsigned transaction: hexadecimal digits of either case, after a `0x` or none.
///
/// # Errors
///
/// By [`TransactionError`]'s variants when the text is not exactly one unsigned transaction of the type.
pub fn parse(
    kind: TransactionType,
    unsigned: &str,
) -> Result<UnsignedTransaction, TransactionError> {
    if unsigned.is_empty() {
        return Err(TransactionError::Empty);
    }
    let bytes = decode_hexadecimal(unsigned).ok_or(TransactionError::Hexadecimal)?;
    Ok(match kind {
        TransactionType::Ethereum => {
            UnsignedTransaction::Ethereum(EthereumTransaction::parse(&bytes)?)
        }
        TransactionType::Solana => UnsignedTransaction::Solana(SolanaTransaction::parse(&bytes)?),
        TransactionType::Tron => UnsignedTransaction::Tron(TronTransaction::parse(&bytes)?),
        TransactionType::Bitcoin => {
            UnsignedTransaction::Bitcoin(Box::new(BitcoinTransaction::parse(&bytes)?))
        }
        TransactionType::Tempo => {
            UnsignedTransaction::Tempo(Box::new(TempoTransaction::parse(&bytes)?))
        }
    })
}

/// Signs a transaction. Returns the signed one: lower-case hex, no `0x`.
///
/// The format of the address by which the key was named does not matter, only the curve. Bitcoin's is a PSBT
/// with the signatures in it; `rng` is for those with Schnorr.
///
/// # Errors
///
/// [`TransactionError::WrongCurve`] when the chain has no signatures of that kind;
/// [`TransactionError::NotASigner`] when the transaction lists its signers and the key is none.
pub fn sign(
    transaction: &UnsignedTransaction,
    key: &PrivateKey,
    rng: &mut dyn CryptoRng,
) -> Result<String, TransactionError> {
    let wrong = |needed| TransactionError::WrongCurve { found: key.curve(), needed };
    match (transaction, key) {
        (UnsignedTransaction::Ethereum(transaction), PrivateKey::Secp256k1(key)) => {
            let signature = key.sign_prehash(transaction.digest());
            Ok(hex::encode(transaction.with_signature(&signature)))
        }
        (UnsignedTransaction::Solana(transaction), PrivateKey::Ed25519(key)) => {
            let slot =
                transaction.slot_of(&key.public_key()).ok_or(TransactionError::NotASigner)?;
            let signature = key.sign(transaction.message());
            Ok(hex::encode(transaction.with_signature(slot, &signature)))
        }
        (UnsignedTransaction::Tron(transaction), PrivateKey::Secp256k1(key)) => {
            let signature = key.sign_prehash(&transaction.digest());
            Ok(hex::encode(transaction.with_signature(&signature)))
        }
        (UnsignedTransaction::Bitcoin(transaction), PrivateKey::Secp256k1(key)) => {
            transaction.with_signatures(key, rng).map(hex::encode)
        }
        (UnsignedTransaction::Tempo(transaction), PrivateKey::Secp256k1(key)) => {
            let signature = key.sign_prehash(transaction.digest());
            Ok(hex::encode(transaction.with_signature(&signature)))
        }
        (
            UnsignedTransaction::Ethereum(_)
            | UnsignedTransaction::Tron(_)
            | UnsignedTransaction::Bitcoin(_)
            | UnsignedTransaction::Tempo(_),
            _,
        ) => Err(wrong(Curve::Secp256k1)),
        (UnsignedTransaction::Solana(_), _) => Err(wrong(Curve::Ed25519)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refusals_have_these_texts() {
        let text = |error: TransactionError| RequestError::from(error).to_string();
        let read = |unsigned| text(parse(TransactionType::Ethereum, unsigned).unwrap_err());
        insta::assert_snapshot!(text(type_named("X").unwrap_err()), @"unsupported transaction type");
        insta::assert_snapshot!(read(""), @"failed to parse transaction: it is empty");
        insta::assert_snapshot!(read("0x0"), @"failed to parse transaction: not hexadecimal");
        insta::assert_snapshot!(read("02c1"), @"failed to parse transaction: input too short");
        insta::assert_snapshot!(read("05c0"), @"failed to parse transaction: unknown type byte");
        insta::assert_snapshot!(
            text(TransactionError::WrongCurve { found: Curve::P256, needed: Curve::Ed25519 }),
            @"CURVE_P256 cannot sign this transaction, it needs CURVE_ED25519"
        );
        insta::assert_snapshot!(text(TransactionError::NotASigner), @"the signing key is not one of the transaction's required signers");
    }

    #[test]
    fn names_are_read_back() {
        for &kind in TransactionType::ALL {
            assert_eq!(type_named(kind.as_str()), Ok(kind));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*", kind in 0..5_usize) {
            let _ = parse(TransactionType::ALL[kind], &text);
        }
    }
}
