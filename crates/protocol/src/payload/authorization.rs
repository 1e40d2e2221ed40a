//! EIP-7702 authorizations: an account allows its code to be that of a contract.

use alloy_primitives::{Address, U256};
use alloy_rlp::{Encodable, Header};
use keyward_crypto::keccak256;

use super::value::{Json, address, integer};

/// First byte of what is hashed. Source: EIP-7702, `MAGIC`.
const MAGIC: u8 = 0x05;

/// What the account allows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Authorization {
    /// On which chain; 0 for any.
    pub chain_id: U256,
    /// Whose code.
    pub address: Address,
    /// Nonce of the account.
    pub nonce: u64,
}

/// Why a text is no authorization.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// Not JSON.
    #[error("not JSON")]
    Json(#[source] serde_json::Error),
    /// Absent, or not 20 bytes.
    #[error("address must be 0x and 40 hexadecimal digits")]
    Address,
    /// Absent, or not an integer in range.
    #[error("{0} must be an integer in range")]
    Integer(&'static str),
}

impl Authorization {
    /// Reads `{address, chainId, nonce}`; numbers as JSON numbers, or as decimal or `0x` strings.
    ///
    /// # Errors
    ///
    /// By [`AuthorizationError`]'s variants: all three members must be there.
    pub fn parse(text: &str) -> Result<Self, AuthorizationError> {
        let document = Json::parse(text).map_err(AuthorizationError::Json)?;
        let unsigned = |name| {
            let integer = integer(document.get(name)?)?;
            (!integer.negative).then_some(integer.magnitude)
        };
        Ok(Self {
            address: document
                .get("address")
                .and_then(address)
                .ok_or(AuthorizationError::Address)?,
            chain_id: unsigned("chainId").ok_or(AuthorizationError::Integer("chainId"))?,
            nonce: unsigned("nonce")
                .and_then(|nonce| u64::try_from(nonce).ok())
                .ok_or(AuthorizationError::Integer("nonce"))?,
        })
    }

    /// What the account signs. Source: EIP-7702, `keccak(MAGIC || rlp([chain_id, address, nonce]))`.
    pub fn digest(&self) -> [u8; 32] {
        let payload_length = self.chain_id.length() + self.address.length() + self.nonce.length();
        let mut hashed = vec![MAGIC];
        Header { list: true, payload_length }.encode(&mut hashed);
        self.chain_id.encode(&mut hashed);
        self.address.encode(&mut hashed);
        self.nonce.encode(&mut hashed);
        keccak256(&hashed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_text() {
        let address = "0x2a31eF110e4Cdb9C332aA1d8633510214299c48B";
        let parse = |chain_id: &str, nonce: &str| {
            let text = format!(r#"{{"address":"{address}","chainId":{chain_id},"nonce":{nonce}}}"#);
            Authorization::parse(&text)
        };
        let plain = parse("10", "255").unwrap();
        assert_eq!(parse(r#""10""#, r#""0xff""#).unwrap(), plain);
        assert_eq!((plain.chain_id, plain.nonce), (U256::from(10), 255));
        for bad in [
            "-1",
            "1.5",
            "1e3",
            "null",
            r#""""#,
            r#""0x""#,
            r#""ten""#,
            r#""18446744073709551616""#,
        ] {
            assert!(matches!(parse("1", bad), Err(AuthorizationError::Integer("nonce"))), "{bad}");
        }
    }
}
