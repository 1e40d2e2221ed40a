//! What can be held on a chain, as the operator lists it.

use std::str::FromStr;

use alloy_primitives::{Address, U256};

use crate::payload::decode_hexadecimal;
use crate::wire::chain::ChainId;
use crate::wire::sending::{AssetBalance, AssetBalanceDisplay, AssetMetadata};
use crate::wire::{InvalidRequest, RequestError};

/// Most decimals a token has: `decimals` is a `uint8` in ERC-20, and beyond this no amount has a whole coin.
const MOST_DECIMALS: u8 = 77;

/// What is said of something that can be held.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetLabel {
    /// Short name, as on exchanges.
    pub symbol: String,
    /// Name.
    pub name: String,
    /// How many digits of an amount come after the point.
    pub decimals: u8,
    /// Address of a picture; empty where there is none.
    pub logo_url: String,
    /// Whether it keeps to the value of a currency.
    pub is_stable: bool,
}

/// What is counted on a chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AssetKind {
    /// The chain's own coin.
    Native,
    /// An ERC-20 token, by its contract.
    Erc20(Address),
    /// An SPL token, by its mint in base58.
    Spl(String),
}

/// Something that can be held on a chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asset {
    /// Its CAIP-19 id.
    pub caip19: String,
    /// Which it is.
    pub kind: AssetKind,
    /// What is said of it.
    pub label: AssetLabel,
}

impl Asset {
    /// The chain's own coin, by its number in SLIP-44.
    ///
    /// # Errors
    ///
    /// More decimals than an amount has digits.
    pub fn native(chain: &ChainId, slip44: u32, label: AssetLabel) -> Result<Self, InvalidRequest> {
        Self::new(format!("{chain}/slip44:{slip44}"), AssetKind::Native, label)
    }

    /// A token, by the address of its contract or its mint.
    ///
    /// # Errors
    ///
    /// What is no address on such a chain; more decimals than an amount has digits.
    pub fn token(
        chain: &ChainId,
        address: &str,
        label: AssetLabel,
    ) -> Result<Self, InvalidRequest> {
        if chain.is_solana() {
            let key = solana_key(address)
                .ok_or_else(|| InvalidRequest::new(format!("no mint of Solana: {address}")))?;
            let mint = bs58::encode(key).into_string();
            return Self::new(format!("{chain}/token:{mint}"), AssetKind::Spl(mint), label);
        }
        let contract = ethereum_address("address", address)?;
        let text = format!("{chain}/erc20:{}", contract.to_checksum(None));
        Self::new(text, AssetKind::Erc20(contract), label)
    }

    fn new(caip19: String, kind: AssetKind, label: AssetLabel) -> Result<Self, InvalidRequest> {
        if label.decimals > MOST_DECIMALS {
            return Err(InvalidRequest::new(format!("{caip19} has too many decimals")));
        }
        Ok(Self { caip19, kind, label })
    }

    /// As it is listed.
    pub fn show(&self) -> AssetMetadata {
        let label = self.label.clone();
        AssetMetadata {
            caip19: self.caip19.clone(),
            symbol: label.symbol,
            decimals: label.decimals,
            logo_url: label.logo_url,
            name: label.name,
            stable: label.is_stable,
        }
    }

    /// So much of it, in its smallest unit.
    pub fn balance(&self, amount: U256) -> AssetBalance {
        let label = self.label.clone();
        AssetBalance {
            caip19: self.caip19.clone(),
            symbol: label.symbol,
            balance: amount.to_string(),
            decimals: label.decimals,
            display: AssetBalanceDisplay { usd: None, crypto: whole(amount, label.decimals) },
            name: label.name,
        }
    }
}

/// An amount in whole coins: no zeros at its end, and no point before nothing.
fn whole(amount: U256, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let digits = format!("{amount:0>width$}", amount = amount.to_string(), width = decimals + 1);
    let (whole, part) = digits.split_at_checked(digits.len() - decimals).unwrap_or_default();
    match part.trim_end_matches('0') {
        "" => whole.to_owned(),
        part => format!("{whole}.{part}"),
    }
}

/// An address on a chain with Ethereum's virtual machine: `0x` and 40 digits of either case.
///
/// # Errors
///
/// Anything else; the refusal names the member.
pub fn ethereum_address(field: &str, text: &str) -> Result<Address, InvalidRequest> {
    let mut bytes = [0; 20];
    let digits = text.strip_prefix("0x").unwrap_or_default();
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| {
        let rule = "must be 0x and 40 hexadecimal digits";
        InvalidRequest::new(format!("invalid {field}: {rule}")).at(field, rule)
    })?;
    Ok(Address::from(bytes))
}

/// A chain with Ethereum's virtual machine, and its number.
///
/// # Errors
///
/// Another one.
pub fn ethereum_chain(caip2: &str) -> Result<(ChainId, u64), InvalidRequest> {
    let chain = ChainId::parse(caip2)?;
    let number = chain.ethereum().ok_or_else(|| {
        let rule = "must be a chain of eip155";
        InvalidRequest::new(format!("invalid caip2: {rule}")).at("caip2", rule)
    })?;
    Ok((chain, number))
}

/// A whole number in decimal digits; `None` where it is absent or empty.
///
/// # Errors
///
/// Anything else, and what is too large; the refusal names the member.
pub fn unsigned<T: FromStr>(field: &str, text: Option<&str>) -> Result<Option<T>, InvalidRequest> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_decimal.then(|| text.parse().ok()).flatten();
    number.map(Some).ok_or_else(|| {
        let rule = "must be a whole number in decimal digits, and not too large";
        InvalidRequest::new(format!("invalid {field}: {rule}")).at(field, rule)
    })
}

/// Bytes in hexadecimal, after a `0x` or none; none where they are absent.
///
/// # Errors
///
/// Anything else; the refusal names the member.
pub fn hexadecimal(field: &str, text: Option<&str>) -> Result<Vec<u8>, InvalidRequest> {
    decode_hexadecimal(text.unwrap_or_default()).ok_or_else(|| {
        let rule = "must be hexadecimal";
        InvalidRequest::new(format!("invalid {field}: {rule}")).at(field, rule)
    })
}

/// A key or a hash of Solana's: 32 bytes in base58.
pub fn solana_key(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let length = bs58::decode(text).onto(&mut bytes).ok()?;
    (length == bytes.len()).then_some(bytes)
}

/// What can be held on a chain that is configured.
///
/// # Errors
///
/// A chain that is not.
pub(crate) fn assets<'a>(
    settings: &'a super::Settings,
    chain: &ChainId,
) -> Result<&'a [Asset], RequestError> {
    let assets = settings.assets.get(chain).ok_or_else(|| chain.not_configured())?;
    Ok(assets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(decimals: u8) -> AssetLabel {
        AssetLabel {
            symbol: "USDC".to_owned(),
            name: "USD Coin".to_owned(),
            decimals,
            logo_url: String::new(),
            is_stable: true,
        }
    }

    #[test]
    fn assets_have_ids_of_their_own() {
        let base = ChainId::parse("eip155:8453").unwrap();
        let solana = ChainId::parse("solana:mainnet").unwrap();
        let usdc = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48";
        let mint = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
        let ids = [
            Asset::native(&base, 60, label(18)).unwrap().caip19,
            Asset::token(&base, usdc, label(6)).unwrap().caip19,
            Asset::native(&solana, 501, label(9)).unwrap().caip19,
            Asset::token(&solana, mint, label(6)).unwrap().caip19,
        ];
        insta::assert_snapshot!(ids.join("\n"), @r"
        eip155:8453/slip44:60
        eip155:8453/erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48
        solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/slip44:501
        solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/token:EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v
        ");
        assert!(Asset::token(&base, mint, label(6)).is_err());
        assert!(Asset::token(&solana, usdc, label(6)).is_err());
        assert!(Asset::native(&base, 60, label(78)).is_err());
    }

    #[test]
    fn amounts_read_as_coins() {
        for (amount, decimals, text) in [
            (0_u64, 18, "0"),
            (1, 0, "1"),
            (100, 0, "100"),
            (1, 6, "0.000001"),
            (1_000_000, 6, "1"),
            (1_500_000, 6, "1.5"),
            (123_456_789, 6, "123.456789"),
            (1_000_000_000_000_000_000, 18, "1"),
        ] {
            assert_eq!(whole(U256::from(amount), decimals), text);
        }
        assert_eq!(whole(U256::MAX, 77).len(), 79);
    }
}
