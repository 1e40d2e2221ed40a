//! What the keywords of an expression stand for in one request.

use crate::value::Value;

/// A root of the language. Source: `Roots`, policy language §7.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Keyword {
    /// `activity`.
    Activity,
    /// `wallet`.
    Wallet,
    /// `wallets`.
    Wallets,
    /// `wallet_account`.
    WalletAccount,
    /// `private_key`.
    PrivateKey,
    /// `secret`.
    Secret,
    /// `eth.tx`.
    EthTx,
    /// `eth.eip_712`.
    EthEip712,
    /// `eth.eip_7702_authorization`.
    EthEip7702Authorization,
    /// `solana.tx`.
    SolanaTx,
    /// `tron.tx`.
    TronTx,
    /// `bitcoin.tx`.
    BitcoinTx,
    /// `tempo.tx`.
    TempoTx,
    /// `approvers`: bound by [`decide`](crate::decide).
    Approvers,
    /// `credentials`: bound by [`decide`](crate::decide).
    Credentials,
    /// `time.now`: bound by [`decide`](crate::decide).
    TimeNow,
}

const KEYWORDS: usize = 16;

/// The keywords that are bound, each with its value. Reading one that is not is an error.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    values: [Option<Value>; KEYWORDS],
}

impl Bindings {
    /// Binds a keyword.
    #[must_use]
    pub fn with(mut self, keyword: Keyword, value: Value) -> Self {
        self.bind(keyword, value);
        self
    }

    /// Binds a keyword.
    pub fn bind(&mut self, keyword: Keyword, value: Value) {
        if let Some(slot) = self.values.get_mut(slot(keyword)) {
            *slot = Some(value);
        }
    }

    /// What a keyword stands for.
    pub fn get(&self, keyword: Keyword) -> Option<&Value> {
        self.values.get(slot(keyword))?.as_ref()
    }
}

#[expect(clippy::as_conversions, reason = "the number of a variant is its place")]
const fn slot(keyword: Keyword) -> usize {
    keyword as usize
}
