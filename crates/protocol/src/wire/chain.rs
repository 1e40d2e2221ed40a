//! Chains, by their CAIP-2 ids.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::InvalidRequest;

/// Characters of a Solana genesis hash that are in the chain's id. Source: CAIP-2, namespace `solana`.
const SOLANA_REFERENCE: usize = 32;
/// Names that stand for Solana's chains. Source: the hosted service's API.
const SOLANA_ALIASES: [(&str, &str); 2] = [
    ("mainnet", "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"),
    ("devnet", "EtWTRABZaYq6iMfeYKouRu166VU2xqa1"),
];

/// A chain: `eip155:1`, `solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp`.
///
/// `solana:mainnet`, `solana:devnet` and whole genesis hashes are read as well, and mean the same as the short form.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChainId(String);

impl ChainId {
    /// Reads `caip2` of a request.
    ///
    /// # Errors
    ///
    /// Anything but an id of one of the two families, in its shortest form.
    pub fn parse(text: &str) -> Result<Self, InvalidRequest> {
        let known = match text.split_once(':') {
            Some(("eip155", reference)) => {
                let number = reference.parse::<u64>().ok();
                number.filter(|number| number.to_string() == reference).map(|_| text.to_owned())
            }
            Some(("solana", reference)) => solana(reference).map(|it| format!("solana:{it}")),
            _ => None,
        };
        known.map(Self).ok_or_else(|| {
            let rule =
                "must be eip155: and a number, or solana: and the beginning of a genesis hash";
            InvalidRequest::new(format!("invalid caip2: {rule}")).at("caip2", rule)
        })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number of a chain with Ethereum's virtual machine (EIP-155).
    pub fn ethereum(&self) -> Option<u64> {
        self.0.strip_prefix("eip155:")?.parse().ok()
    }

    /// Whether it is one of Solana's.
    pub fn is_solana(&self) -> bool {
        self.0.starts_with("solana:")
    }

    /// What is refused for want of a node to ask.
    pub fn not_configured(&self) -> InvalidRequest {
        InvalidRequest::new(format!("chain {self} is not configured on this server"))
    }
}

fn solana(reference: &str) -> Option<&str> {
    let alias = SOLANA_ALIASES.iter().find(|(alias, _)| *alias == reference);
    if let Some((_, short)) = alias {
        return Some(short);
    }
    let is_base58 = reference
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() && !matches!(byte, b'0' | b'O' | b'I' | b'l'));
    // 32 bytes in base58 are 32 to 44 characters.
    let is_whole = (SOLANA_REFERENCE..=44).contains(&reference.len());
    (is_base58 && is_whole).then(|| reference.get(..SOLANA_REFERENCE)).flatten()
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ChainId {
    type Error = InvalidRequest;

    fn try_from(text: String) -> Result<Self, InvalidRequest> {
        Self::parse(&text)
    }
}

impl From<ChainId> for String {
    fn from(chain: ChainId) -> Self {
        chain.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_solana_mean_its_chains() {
        let mainnet = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";
        let devnet = "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1";
        for (text, short) in [
            ("solana:mainnet", mainnet),
            (mainnet, mainnet),
            ("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d", mainnet),
            ("solana:devnet", devnet),
            ("solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG", devnet),
        ] {
            let chain = ChainId::parse(text).unwrap();
            assert_eq!((chain.as_str(), chain.is_solana(), chain.ethereum()), (short, true, None));
        }
    }

    #[test]
    fn any_number_is_a_chain_of_ethereums() {
        let chain = ChainId::parse("eip155:31337").unwrap();
        assert_eq!((chain.ethereum(), chain.is_solana()), (Some(31337), false));
        for wrong in [
            "",
            "1",
            "eip155:",
            "eip155:01",
            "eip155:+1",
            "eip155:x",
            "bip122:0",
            "solana:",
            "solana:testnet",
            "solana:0eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
            "eip155:18446744073709551616",
        ] {
            assert!(ChainId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
