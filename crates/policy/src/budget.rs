//! Limits on what may be signed and moved in a while, and the ledger that keeps them.
//!
//! A window rolls: no stretch of time of its length, wherever it begins, holds more than the limits say. An
//! entry stops counting once the window has passed since it. To stay small, a [`Ledger`] puts entries
//! that are less than a 254th of the window apart together, and they stop counting together, when the
//! newest of them does: room may come back that much later than it could, never earlier.
//!
//! The ledger's time never goes back: with a clock that does, entries count from the latest instant seen.

use std::collections::BTreeMap;

use ruint::aliases::U256;
use serde::{Deserialize, Serialize};

use crate::value::Instant;

/// At most this many groups of entries in a ledger.
const BUCKETS: usize = 256;
/// What a window is divided by to get the length of time whose entries are put together: two more lengths
/// can be begun than fit into a window, at either end.
const DIVISIONS: u64 = 254;
const SHORTEST_WINDOW_SECONDS: u64 = 60;
const LONGEST_WINDOW_SECONDS: u64 = 90 * 24 * 60 * 60;
const MOST_ASSETS: usize = 50;
const MOST_COUNTERPARTIES: u32 = 1_000;
const NANOSECONDS_PER_MILLISECOND: i128 = 1_000_000;

/// Something whose amount can be limited.
#[derive(Clone, Debug, Deserialize, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Asset {
    /// The coin that a chain's fees are paid in.
    Native {
        /// CAIP-2: `eip155:1`.
        chain: String,
    },
    /// A token moved by its contract.
    Erc20 {
        /// CAIP-2.
        chain: String,
        /// The contract's address: `0x` and 40 hex digits of either case.
        contract: String,
    },
    /// A token of Solana's token programs.
    Spl {
        /// The mint's address, base58.
        mint: String,
    },
}

impl PartialEq for Asset {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Native { chain }, Self::Native { chain: other }) => chain == other,
            (Self::Erc20 { chain, contract }, Self::Erc20 { chain: other, contract: theirs }) => {
                chain == other && contract.eq_ignore_ascii_case(theirs)
            }
            (Self::Spl { mint }, Self::Spl { mint: other }) => mint == other,
            _ => false,
        }
    }
}

impl std::fmt::Display for Asset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Native { chain } => write!(f, "the native coin of {chain}"),
            Self::Erc20 { chain, contract } => write!(f, "the token {contract} of {chain}"),
            Self::Spl { mint } => write!(f, "the token {mint} of Solana"),
        }
    }
}

impl Asset {
    fn check(&self) -> Result<(), BudgetError> {
        match self {
            Self::Native { chain } => check_chain(chain),
            Self::Erc20 { chain, contract } => {
                check_chain(chain)?;
                let digits = contract.strip_prefix("0x").unwrap_or_default();
                if digits.len() != 40 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(BudgetError::Contract(contract.clone()));
                }
                Ok(())
            }
            Self::Spl { mint } => {
                let is_base58 = |byte: u8| {
                    byte.is_ascii_alphanumeric() && !matches!(byte, b'0' | b'I' | b'O' | b'l')
                };
                if !(32..=44).contains(&mint.len()) || !mint.bytes().all(is_base58) {
                    return Err(BudgetError::Mint(mint.clone()));
                }
                Ok(())
            }
        }
    }
}

/// Namespace and reference. Source: CAIP-2.
fn check_chain(chain: &str) -> Result<(), BudgetError> {
    let is_chain = chain.split_once(':').is_some_and(|(namespace, reference)| {
        let is_small =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_any = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (3..=8).contains(&namespace.len())
            && namespace.bytes().all(is_small)
            && (1..=32).contains(&reference.len())
            && reference.bytes().all(is_any)
    });
    if is_chain { Ok(()) } else { Err(BudgetError::Chain(chain.to_owned())) }
}

/// How much of an asset may be moved.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetCap {
    /// Of what.
    pub asset: Asset,
    /// Wei, lamports, raw units of the token. Stored as decimal text.
    #[serde(with = "decimal")]
    pub max: U256,
}

/// Limits over a rolling window.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// The length of the window.
    pub window_seconds: u64,
    /// At most this many signatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_signatures: Option<u64>,
    /// At most these amounts, and of nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<AssetCap>,
    /// At most this many different counterparties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_counterparties: Option<u32>,
}

/// Why a budget is none.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetError {
    /// Too short or too long.
    #[error(
        "the window must be from {SHORTEST_WINDOW_SECONDS} seconds to {LONGEST_WINDOW_SECONDS} seconds (90 days)"
    )]
    Window,
    /// It limits nothing.
    #[error("a budget must limit signatures, an asset or counterparties")]
    Empty,
    /// Too many assets.
    #[error("a budget may limit at most {MOST_ASSETS} assets")]
    Assets,
    /// Two limits of one asset.
    #[error("a budget limits {0} twice")]
    Twice(Asset),
    /// Too many counterparties.
    #[error("a budget may admit at most {MOST_COUNTERPARTIES} counterparties")]
    Counterparties,
    /// Not the id of a chain.
    #[error("not a CAIP-2 chain id: {0}")]
    Chain(String),
    /// Not the address of a contract.
    #[error("not a contract address: {0}")]
    Contract(String),
    /// Not the address of a mint.
    #[error("not a mint address: {0}")]
    Mint(String),
}

impl Budget {
    /// The longest window there can be, in seconds.
    pub const LONGEST_WINDOW_SECONDS: u64 = LONGEST_WINDOW_SECONDS;

    /// Whether it can be kept.
    ///
    /// # Errors
    ///
    /// [`BudgetError`]: the first thing that is wrong.
    pub fn check(&self) -> Result<(), BudgetError> {
        if !(SHORTEST_WINDOW_SECONDS..=LONGEST_WINDOW_SECONDS).contains(&self.window_seconds) {
            return Err(BudgetError::Window);
        }
        let limits_nothing = self.max_signatures.is_none()
            && self.assets.is_empty()
            && self.max_counterparties.is_none();
        if limits_nothing {
            return Err(BudgetError::Empty);
        }
        if self.assets.len() > MOST_ASSETS {
            return Err(BudgetError::Assets);
        }
        if self.max_counterparties.is_some_and(|max| max > MOST_COUNTERPARTIES) {
            return Err(BudgetError::Counterparties);
        }
        for (place, cap) in self.assets.iter().enumerate() {
            cap.asset.check()?;
            if self.assets.iter().take(place).any(|earlier| earlier.asset == cap.asset) {
                return Err(BudgetError::Twice(cap.asset.clone()));
            }
        }
        Ok(())
    }

    fn window_ms(&self) -> i64 {
        i64::try_from(self.window_seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)
    }

    /// The length of time whose entries are put together.
    fn grain_ms(&self) -> i64 {
        let grain = self.window_seconds.saturating_mul(1_000).div_ceil(DIVISIONS);
        i64::try_from(grain).unwrap_or(i64::MAX)
    }
}

/// What a request takes from a budget.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Charge {
    /// How many signatures it makes.
    pub signatures: u64,
    /// What it moves, the same asset as often as it is moved.
    pub moved: Vec<(Asset, U256)>,
    /// To whom: addresses in one spelling each.
    pub counterparties: Vec<String>,
    /// Whether that is known to be everything it moves and everybody it moves it to: a raw payload's is
    /// not.
    pub is_accountable: bool,
}

/// Why a charge does not fit.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetRefusal {
    /// Too many signatures.
    #[error("{used} of {max} signatures are used")]
    Signatures {
        /// Made in the window.
        used: u64,
        /// The limit.
        max: u64,
    },
    /// Too much of an asset.
    #[error("{used} of {max} of {asset} are used")]
    Asset {
        /// Which.
        asset: Asset,
        /// Moved in the window.
        used: U256,
        /// The limit.
        max: U256,
    },
    /// An asset without a limit.
    #[error("the budget does not admit {0}")]
    Unlisted(Asset),
    /// Too many counterparties.
    #[error("{used} of {max} counterparties are used")]
    Counterparties {
        /// In the window.
        used: usize,
        /// The limit.
        max: u32,
    },
    /// What the request moves can't be told.
    #[error("what the request moves, and to whom, can't be told")]
    Unaccountable,
}

/// Entries that stop counting together.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Bucket {
    /// Milliseconds since the beginning of 1970, of the first entry.
    first: i64,
    /// Of the last one.
    last: i64,
    signatures: u64,
    /// By place in `Ledger::assets`.
    moved: BTreeMap<u32, Amount>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Amount(#[serde(with = "decimal")] U256);

/// The sums that count against a budget.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Spent {
    /// Signatures made.
    pub signatures: u64,
    /// Amounts moved, for each asset that the budget limits.
    pub moved: Vec<(Asset, U256)>,
    /// How many counterparties.
    pub counterparties: usize,
}

/// What was taken from a budget and still counts.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ledger {
    /// Milliseconds: the latest instant seen.
    latest: i64,
    /// Oldest first.
    buckets: Vec<Bucket>,
    /// Those that buckets name by place.
    assets: Vec<Asset>,
    /// When each was last dealt with.
    counterparties: BTreeMap<String, i64>,
}

impl Ledger {
    /// Whether a charge fits.
    ///
    /// A budget that limits assets admits only what is accountable and moves nothing but them; one that limits
    /// counterparties, only what is accountable. What a charge takes nothing of does not stand in its way, even
    /// where the limit was lowered below what is used.
    ///
    /// # Errors
    ///
    /// [`BudgetRefusal`]: the first limit it does not fit under. A sum too large to be told fits under none.
    pub fn fits(
        &self,
        budget: &Budget,
        charge: &Charge,
        now: Instant,
    ) -> Result<(), BudgetRefusal> {
        let horizon = self.at(now).0.saturating_sub(budget.window_ms());
        let counting = || self.buckets.iter().filter(|bucket| bucket.last > horizon);
        let limits_moves = !budget.assets.is_empty() || budget.max_counterparties.is_some();
        if limits_moves && !charge.is_accountable {
            return Err(BudgetRefusal::Unaccountable);
        }
        if let Some(max) = budget.max_signatures {
            let used = counting().fold(0u64, |sum, bucket| sum.saturating_add(bucket.signatures));
            let sum = used.checked_add(charge.signatures);
            if charge.signatures > 0 && sum.is_none_or(|sum| sum > max) {
                return Err(BudgetRefusal::Signatures { used, max });
            }
        }
        if !budget.assets.is_empty() {
            let is_unlisted = |(asset, amount): &&(Asset, U256)| {
                !amount.is_zero() && budget.assets.iter().all(|cap| cap.asset != *asset)
            };
            if let Some((asset, _)) = charge.moved.iter().find(is_unlisted) {
                return Err(BudgetRefusal::Unlisted(asset.clone()));
            }
        }
        for cap in &budget.assets {
            let is_asked =
                |(asset, amount): &&(Asset, U256)| *asset == cap.asset && !amount.is_zero();
            let mut asked = charge.moved.iter().filter(is_asked).peekable();
            if asked.peek().is_none() {
                continue;
            }
            let used = match self.place(&cap.asset) {
                Some(place) => counting()
                    .filter_map(|bucket| bucket.moved.get(&place))
                    .fold(U256::ZERO, |sum, amount| sum.saturating_add(amount.0)),
                None => U256::ZERO,
            };
            let sum = asked.try_fold(used, |sum, (_, amount)| sum.checked_add(*amount));
            if sum.is_none_or(|sum| sum > cap.max) {
                return Err(BudgetRefusal::Asset { asset: cap.asset.clone(), used, max: cap.max });
            }
        }
        if let Some(max) = budget.max_counterparties {
            let counts =
                |name: &str| self.counterparties.get(name).is_some_and(|last| *last > horizon);
            let used = self.counterparties.values().filter(|last| **last > horizon).count();
            let mut new: Vec<&str> = charge.counterparties.iter().map(String::as_str).collect();
            new.sort_unstable();
            new.dedup();
            new.retain(|name| !counts(name));
            let most = usize::try_from(max.min(MOST_COUNTERPARTIES)).unwrap_or(usize::MAX);
            if !new.is_empty() && used.saturating_add(new.len()) > most {
                return Err(BudgetRefusal::Counterparties { used, max });
            }
        }
        Ok(())
    }

    /// What counts against a budget at an instant.
    pub fn spent(&self, budget: &Budget, now: Instant) -> Spent {
        let horizon = self.at(now).0.saturating_sub(budget.window_ms());
        let counting = || self.buckets.iter().filter(|bucket| bucket.last > horizon);
        let moved = budget.assets.iter().map(|cap| {
            let amounts = counting().filter_map(|bucket| {
                self.place(&cap.asset).and_then(|place| bucket.moved.get(&place))
            });
            let sum = amounts.fold(U256::ZERO, |sum, amount| sum.saturating_add(amount.0));
            (cap.asset.clone(), sum)
        });
        Spent {
            signatures: counting().fold(0, |sum, bucket| sum.saturating_add(bucket.signatures)),
            moved: moved.collect(),
            counterparties: self.counterparties.values().filter(|last| **last > horizon).count(),
        }
    }

    /// Adds a charge that fits. Changes nothing when it does not.
    ///
    /// # Errors
    ///
    /// As [`fits`](Self::fits).
    pub fn charge(
        &mut self,
        budget: &Budget,
        charge: &Charge,
        now: Instant,
    ) -> Result<(), BudgetRefusal> {
        self.fits(budget, charge, now)?;
        let (now_ms, entry_ms) = self.at(now);
        self.forget(now_ms.saturating_sub(budget.window_ms()));
        self.latest = entry_ms;
        let mut amounts = Vec::new();
        for cap in &budget.assets {
            let moved = charge.moved.iter().filter(|(asset, _)| *asset == cap.asset);
            let amount = moved.fold(U256::ZERO, |sum, (_, amount)| sum.saturating_add(*amount));
            if !amount.is_zero() {
                amounts.push((self.place_for(&cap.asset), amount));
            }
        }
        let bucket = self.bucket_for(entry_ms, budget.grain_ms());
        bucket.last = entry_ms;
        bucket.signatures = bucket.signatures.saturating_add(charge.signatures);
        for (place, amount) in amounts {
            let sum = bucket.moved.entry(place).or_insert(Amount(U256::ZERO));
            sum.0 = sum.0.saturating_add(amount);
        }
        if budget.max_counterparties.is_some() {
            let names = charge.counterparties.iter().map(|name| (name.clone(), entry_ms));
            self.counterparties.extend(names);
        }
        Ok(())
    }

    /// The instant in milliseconds, rounded down to tell what still counts and up to enter: what is entered
    /// never stops counting early. Never before the latest instant seen.
    fn at(&self, now: Instant) -> (i64, i64) {
        let floor = now.0.div_euclid(NANOSECONDS_PER_MILLISECOND);
        let ceiling =
            if now.0.rem_euclid(NANOSECONDS_PER_MILLISECOND) == 0 { floor } else { floor + 1 };
        let saturate =
            |ms: i128| i64::try_from(ms).unwrap_or(if ms < 0 { i64::MIN } else { i64::MAX });
        (saturate(floor).max(self.latest), saturate(ceiling).max(self.latest))
    }

    fn forget(&mut self, horizon: i64) {
        self.buckets.retain(|bucket| bucket.last > horizon);
        self.counterparties.retain(|_, last| *last > horizon);
        if self.assets.len() > MOST_ASSETS {
            self.forget_assets();
        }
    }

    /// Forgets assets that no bucket names: what is left of budgets that limited others.
    fn forget_assets(&mut self) {
        let assets = std::mem::take(&mut self.assets);
        for (place, asset) in (0..).zip(assets) {
            let mut is_named = false;
            let new = u32::try_from(self.assets.len()).unwrap_or(u32::MAX);
            for bucket in &mut self.buckets {
                // The new place is never after the old one, and those before it are already taken.
                if let Some(amount) = bucket.moved.remove(&place) {
                    bucket.moved.insert(new, amount);
                    is_named = true;
                }
            }
            if is_named {
                self.assets.push(asset);
            }
        }
    }

    fn place(&self, asset: &Asset) -> Option<u32> {
        (0..).zip(&self.assets).find(|(_, known)| *known == asset).map(|(place, _)| place)
    }

    fn place_for(&mut self, asset: &Asset) -> u32 {
        if let Some(place) = self.place(asset) {
            return place;
        }
        let place = u32::try_from(self.assets.len()).unwrap_or(u32::MAX);
        self.assets.push(asset.clone());
        place
    }

    /// The bucket that an entry goes to, at the end: time does not go back.
    fn bucket_for(&mut self, entry_ms: i64, grain_ms: i64) -> &mut Bucket {
        let begins =
            self.buckets.last().is_none_or(|last| entry_ms.saturating_sub(last.first) >= grain_ms);
        if begins {
            if self.buckets.len() >= BUCKETS {
                self.join_oldest();
            }
            self.buckets.push(Bucket {
                first: entry_ms,
                last: entry_ms,
                signatures: 0,
                moved: BTreeMap::new(),
            });
        }
        let place = self.buckets.len().saturating_sub(1);
        #[expect(clippy::indexing_slicing, reason = "there is a last bucket")]
        &mut self.buckets[place]
    }

    /// Puts the two oldest buckets together: needed only when a budget's window was made longer, because
    /// otherwise fewer than [`BUCKETS`] count.
    fn join_oldest(&mut self) {
        if self.buckets.len() < 2 {
            return;
        }
        let oldest = self.buckets.remove(0);
        if let Some(next) = self.buckets.first_mut() {
            next.first = oldest.first;
            next.signatures = next.signatures.saturating_add(oldest.signatures);
            for (place, amount) in oldest.moved {
                let sum = next.moved.entry(place).or_insert(Amount(U256::ZERO));
                sum.0 = sum.0.saturating_add(amount.0);
            }
        }
    }
}

/// Numbers as decimal text.
mod decimal {
    use ruint::aliases::U256;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &U256, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<U256, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(D::Error::custom("not a decimal number"));
        }
        U256::from_str_radix(&text, 10).map_err(|_| D::Error::custom("a number beyond 256 bits"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Instant {
        Instant(i128::from(ms) * NANOSECONDS_PER_MILLISECOND)
    }

    fn ether() -> Asset {
        Asset::Native { chain: "eip155:1".to_owned() }
    }

    fn token(contract: &str) -> Asset {
        Asset::Erc20 { chain: "eip155:1".to_owned(), contract: contract.to_owned() }
    }

    fn signatures(window_seconds: u64, max: u64) -> Budget {
        Budget {
            window_seconds,
            max_signatures: Some(max),
            assets: Vec::new(),
            max_counterparties: None,
        }
    }

    fn one_signature() -> Charge {
        Charge { signatures: 1, ..Charge::default() }
    }

    fn moves(amount: u64) -> Charge {
        Charge {
            signatures: 1,
            moved: vec![(ether(), U256::from(amount))],
            counterparties: Vec::new(),
            is_accountable: true,
        }
    }

    fn ether_budget(max: u64) -> Budget {
        Budget {
            window_seconds: 60,
            max_signatures: None,
            assets: vec![AssetCap { asset: ether(), max: U256::from(max) }],
            max_counterparties: None,
        }
    }

    #[test]
    fn room_comes_back_when_the_window_has_passed() {
        let budget = signatures(60, 2);
        let mut ledger = Ledger::default();
        ledger.charge(&budget, &one_signature(), at(1_000)).unwrap();
        ledger.charge(&budget, &one_signature(), at(31_000)).unwrap();
        let refused = ledger.charge(&budget, &one_signature(), at(60_999));
        assert_eq!(refused, Err(BudgetRefusal::Signatures { used: 2, max: 2 }));
        ledger.charge(&budget, &one_signature(), at(61_000)).unwrap();
        assert!(ledger.charge(&budget, &one_signature(), at(61_001)).is_err());
    }

    #[test]
    fn a_clock_that_goes_back_frees_nothing() {
        let budget = signatures(60, 1);
        let mut ledger = Ledger::default();
        ledger.charge(&budget, &one_signature(), at(100_000)).unwrap();
        assert!(ledger.charge(&budget, &one_signature(), at(1_000)).is_err());
        assert!(ledger.charge(&budget, &one_signature(), at(159_999)).is_err());
        ledger.charge(&budget, &one_signature(), at(160_000)).unwrap();
        assert!(ledger.charge(&budget, &one_signature(), at(-5)).is_err());
        assert!(ledger.charge(&budget, &one_signature(), at(219_999)).is_err());
    }

    #[test]
    fn a_part_of_a_millisecond_frees_nothing() {
        let budget = signatures(60, 1);
        let mut ledger = Ledger::default();
        ledger.charge(&budget, &one_signature(), Instant(900_000)).unwrap();
        assert!(ledger.charge(&budget, &one_signature(), Instant(60_000_000_000)).is_err());
        ledger.charge(&budget, &one_signature(), Instant(60_001_000_000)).unwrap();
    }

    #[test]
    fn amounts_are_summed_within_a_charge_and_over_charges() {
        let budget = ether_budget(10);
        let mut ledger = Ledger::default();
        let mut twice = moves(5);
        twice.moved.push((ether(), U256::from(6)));
        assert!(ledger.charge(&budget, &twice, at(0)).is_err());
        ledger.charge(&budget, &moves(7), at(0)).unwrap();
        let refused = ledger.charge(&budget, &moves(4), at(1));
        let (used, max) = (U256::from(7), U256::from(10));
        assert_eq!(refused, Err(BudgetRefusal::Asset { asset: ether(), used, max }));
        ledger.charge(&budget, &moves(3), at(2)).unwrap();
    }

    #[test]
    fn a_sum_beyond_256_bits_does_not_fit() {
        let mut budget = ether_budget(0);
        budget.assets[0].max = U256::MAX;
        let mut ledger = Ledger::default();
        let mut charge = moves(0);
        charge.moved = vec![(ether(), U256::MAX)];
        ledger.charge(&budget, &charge, at(0)).unwrap();
        assert!(ledger.charge(&budget, &moves(1), at(1)).is_err());
        charge.moved.push((ether(), U256::MAX));
        assert!(Ledger::default().charge(&budget, &charge, at(0)).is_err());
        let budget = signatures(60, u64::MAX);
        let most = Charge { signatures: u64::MAX, ..Charge::default() };
        ledger.charge(&budget, &most, at(90_000)).unwrap();
        assert!(ledger.charge(&budget, &one_signature(), at(90_001)).is_err());
    }

    #[test]
    fn what_cant_be_told_or_is_not_listed_is_not_admitted() {
        let budget = ether_budget(10);
        let ledger = Ledger::default();
        let raw = Charge { is_accountable: false, ..moves(0) };
        assert_eq!(ledger.fits(&budget, &raw, at(0)), Err(BudgetRefusal::Unaccountable));
        let other = token("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
        let mut charge = moves(1);
        charge.moved.push((other.clone(), U256::from(1)));
        assert_eq!(ledger.fits(&budget, &charge, at(0)), Err(BudgetRefusal::Unlisted(other)));
        charge.moved[1].1 = U256::ZERO;
        assert_eq!(ledger.fits(&budget, &charge, at(0)), Ok(()));
        assert_eq!(ledger.fits(&signatures(60, 1), &raw, at(0)), Ok(()));
    }

    #[test]
    fn a_contract_is_the_same_in_any_case() {
        let budget = Budget {
            assets: vec![AssetCap {
                asset: token("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
                max: U256::from(1),
            }],
            ..ether_budget(0)
        };
        let charge = Charge {
            moved: vec![(token("0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"), U256::from(1))],
            ..moves(0)
        };
        let mut ledger = Ledger::default();
        ledger.charge(&budget, &charge, at(0)).unwrap();
        assert!(ledger.charge(&budget, &charge, at(1)).is_err());
    }

    #[test]
    fn counterparties_are_counted_once_each() {
        let budget = Budget {
            window_seconds: 60,
            max_signatures: None,
            assets: Vec::new(),
            max_counterparties: Some(2),
        };
        let to = |names: &[&str]| Charge {
            counterparties: names.iter().map(|name| (*name).to_owned()).collect(),
            is_accountable: true,
            ..Charge::default()
        };
        let mut ledger = Ledger::default();
        ledger.charge(&budget, &to(&["a", "a"]), at(0)).unwrap();
        ledger.charge(&budget, &to(&["b"]), at(30_000)).unwrap();
        ledger.charge(&budget, &to(&["a", "b"]), at(31_000)).unwrap();
        let refused = ledger.charge(&budget, &to(&["c"]), at(60_000));
        assert_eq!(refused, Err(BudgetRefusal::Counterparties { used: 2, max: 2 }));
        ledger.charge(&budget, &to(&["c", "d"]), at(91_000)).unwrap();
    }

    #[test]
    fn a_lowered_limit_lets_pass_what_takes_nothing() {
        let mut ledger = Ledger::default();
        ledger.charge(&ether_budget(10), &moves(9), at(0)).unwrap();
        assert!(ledger.charge(&ether_budget(5), &moves(1), at(1)).is_err());
        ledger.charge(&ether_budget(5), &moves(0), at(1)).unwrap();
    }

    #[test]
    fn survives_being_stored() {
        let budget = ether_budget(10);
        let mut ledger = Ledger::default();
        ledger.charge(&budget, &moves(9), at(0)).unwrap();
        let text = serde_json::to_string(&ledger).unwrap();
        let mut again: Ledger = serde_json::from_str(&text).unwrap();
        assert_eq!(ledger, again);
        assert!(again.charge(&budget, &moves(2), at(1)).is_err());
        let text = serde_json::to_string(&budget).unwrap();
        assert_eq!(budget, serde_json::from_str(&text).unwrap());
    }

    #[test]
    fn a_longer_window_joins_old_entries_and_frees_nothing() {
        let mut ledger = Ledger::default();
        let short = signatures(60, 1_000);
        for second in 0..254 {
            ledger.charge(&short, &one_signature(), at(second * 237)).unwrap();
        }
        let long = signatures(90 * 24 * 60 * 60, 1_000);
        for day in 1..80 {
            ledger.charge(&long, &one_signature(), at(day * 86_400_000)).unwrap();
        }
        assert!(ledger.buckets.len() <= BUCKETS);
        let refused = ledger.fits(&signatures(90 * 24 * 60 * 60, 1), &one_signature(), at(0));
        assert_eq!(refused, Err(BudgetRefusal::Signatures { used: 254 + 79, max: 1 }));
    }

    #[test]
    fn assets_no_longer_counted_are_forgotten() {
        let mut ledger = Ledger::default();
        for number in 0..200u32 {
            let asset = token(&format!("0x{number:040x}"));
            let budget = Budget {
                assets: vec![AssetCap { asset: asset.clone(), max: U256::from(1) }],
                ..ether_budget(0)
            };
            let charge = Charge { moved: vec![(asset, U256::from(1))], ..moves(0) };
            ledger.charge(&budget, &charge, at(i64::from(number) * 10_000)).unwrap();
            assert!(ledger.charge(&budget, &charge, at(i64::from(number) * 10_000 + 1)).is_err());
            assert!(ledger.assets.len() <= MOST_ASSETS + 1);
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_budget() {
        let good = ether_budget(1);
        assert_eq!(good.check(), Ok(()));
        let cap = |asset| AssetCap { asset, max: U256::from(1) };
        let with = |assets| Budget { assets, ..good.clone() }.check();
        let day = 24 * 60 * 60;
        for window_seconds in [0, 59, 90 * day + 1, u64::MAX] {
            let budget = Budget { window_seconds, ..good.clone() };
            assert_eq!(budget.check(), Err(BudgetError::Window));
        }
        assert_eq!(with(Vec::new()), Err(BudgetError::Empty));
        let upper = token("0xABABABABABABABABABABABABABABABABABABABAB");
        let lower = token("0xabababababababababababababababababababab");
        assert_eq!(with(vec![cap(upper), cap(lower.clone())]), Err(BudgetError::Twice(lower)));
        let many = (0..51u32).map(|n| cap(token(&format!("0x{n:040x}")))).collect();
        assert_eq!(with(many), Err(BudgetError::Assets));
        assert!(matches!(with(vec![cap(token("0x12"))]), Err(BudgetError::Contract(_))));
        let chain = Asset::Native { chain: "ethereum".to_owned() };
        assert!(matches!(with(vec![cap(chain)]), Err(BudgetError::Chain(_))));
        let mint = Asset::Spl { mint: "0x00".to_owned() };
        assert!(matches!(with(vec![cap(mint)]), Err(BudgetError::Mint(_))));
        let budget = Budget { max_counterparties: Some(1_001), ..good };
        assert_eq!(budget.check(), Err(BudgetError::Counterparties));
    }

    /// What a ledger would be if it kept every entry.
    #[derive(Default)]
    struct Everything {
        entries: Vec<(i64, Charge)>,
    }

    impl Everything {
        fn within(&self, after: i64) -> impl Iterator<Item = &Charge> {
            self.entries.iter().filter(move |(at, _)| *at > after).map(|(_, charge)| charge)
        }

        /// Signatures, ether and counterparties of a stretch of time, with a charge added.
        fn sums(&self, after: i64, more: Option<&Charge>) -> (u64, U256, usize) {
            let charges: Vec<&Charge> = self.within(after).chain(more).collect();
            let ether = charges.iter().flat_map(|charge| &charge.moved).map(|(_, amount)| *amount);
            let mut names: Vec<&String> =
                charges.iter().flat_map(|charge| &charge.counterparties).collect();
            names.sort();
            names.dedup();
            (
                charges.iter().map(|charge| charge.signatures).sum(),
                ether.fold(U256::ZERO, |sum, amount| sum + amount),
                names.len(),
            )
        }
    }

    fn steps() -> impl Strategy<Value = Vec<(i64, u64, u64, u8)>> {
        let step = prop_oneof![
            4 => 0..2_000i64,
            3 => 0..30_000i64,
            1 => 55_000..70_000i64,
            1 => -20_000..0i64,
        ];
        proptest::collection::vec((step, 0..3u64, 0..5u64, 0..6u8), 1..120)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn no_window_holds_more_than_the_limits(steps in steps(), window_seconds in 60..75u64) {
            let budget = Budget {
                window_seconds,
                max_signatures: Some(12),
                assets: vec![AssetCap { asset: ether(), max: U256::from(20) }],
                max_counterparties: Some(3),
            };
            let window = budget.window_ms();
            let (mut ledger, mut model) = (Ledger::default(), Everything::default());
            let (mut clock, mut latest) = (0i64, 0i64);
            for (step, signatures, amount, name) in steps {
                clock += step;
                let effective = clock.max(latest);
                let charge = Charge {
                    signatures,
                    moved: vec![(ether(), U256::from(amount))],
                    counterparties: vec![name.to_string()],
                    is_accountable: true,
                };
                let fits = ledger.fits(&budget, &charge, at(clock)).is_ok();
                let before = ledger.clone();
                prop_assert_eq!(ledger.charge(&budget, &charge, at(clock)).is_ok(), fits);
                prop_assert!(ledger.buckets.len() <= BUCKETS);
                prop_assert!(ledger.counterparties.len() <= 3);
                if fits {
                    latest = effective;
                    model.entries.push((effective, charge));
                    let (signatures, ether, names) = model.sums(effective - window, None);
                    prop_assert!(signatures <= 12 && ether <= U256::from(20) && names <= 3);
                } else {
                    prop_assert_eq!(&ledger, &before);
                    // With as much more time as entries may be put together for, it would not fit either.
                    let after = effective - window - budget.grain_ms();
                    let (signatures, ether, names) = model.sums(after, Some(&charge));
                    prop_assert!(signatures > 12 || ether > U256::from(20) || names > 3);
                }
            }
            let emptied = at(latest + window);
            let all = Charge { signatures: 12, ..moves(20) };
            prop_assert_eq!(ledger.fits(&budget, &all, emptied), Ok(()));
        }
    }
}
