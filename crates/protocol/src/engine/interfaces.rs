//! How calls of contracts are read: what an organization uploaded of them. Source: policy language §14.

pub mod abi;
pub mod idl;
#[cfg(test)]
mod tests;

use self::abi::Abi;
use self::idl::Idl;
use super::model::{Organization, SmartContractInterface};
use crate::wire::enums::SmartContractInterfaceType;
use crate::wire::id::SmartContractInterfaceId;
use crate::wire::{InvalidRequest, RequestError};

/// Longest interface, in bytes.
pub const LONGEST: usize = 400_000;

/// An interface, read.
#[derive(Clone, Debug, PartialEq)]
pub enum Interface {
    /// Of a contract with Ethereum's virtual machine.
    Abi(Abi),
    /// Of a program on Solana.
    Idl(Idl),
}

/// Why a text is no interface.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InterfaceError {
    /// Too long.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// Not JSON.
    #[error("it is not JSON")]
    Json,
    /// A part is absent or of another kind.
    #[error("{0}")]
    Malformed(&'static str),
    /// An IDL needs this member.
    #[error("key '{0}' not found in uploaded IDL")]
    MissingKey(&'static str),
    /// A type that can't be read.
    #[error("type {0} is not supported")]
    Unsupported(String),
    /// A type contains itself.
    #[error("type {0} contains itself")]
    Recursive(String),
    /// Types within types.
    #[error("types nest too deep")]
    TooDeep,
    /// What must have names of their own has not.
    #[error("{0} has two parameters or accounts of one name")]
    SameName(String),
    /// Which of them is called can't be told.
    #[error("{0} can't be told from another function or instruction")]
    Ambiguous(String),
}

impl Interface {
    /// Reads the text of an interface.
    ///
    /// # Errors
    ///
    /// By [`InterfaceError`]'s variants.
    pub fn parse(kind: SmartContractInterfaceType, text: &str) -> Result<Self, InterfaceError> {
        if text.len() > LONGEST {
            return Err(InterfaceError::TooLong);
        }
        match kind {
            SmartContractInterfaceType::Ethereum => Abi::parse(text).map(Self::Abi),
            SmartContractInterfaceType::Solana => Idl::parse(text).map(Self::Idl),
        }
    }
}

/// Refuses what is no address of a contract or program.
pub fn check_address(
    kind: SmartContractInterfaceType,
    address: &str,
) -> Result<(), InvalidRequest> {
    let (is_address, rule) = match kind {
        SmartContractInterfaceType::Ethereum => {
            let digits = address.strip_prefix("0x").unwrap_or_default();
            let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            (digits.len() == 40 && is_hex, "must be 0x and 40 hexadecimal digits")
        }
        SmartContractInterfaceType::Solana => {
            let key = bs58::decode(address).into_vec();
            (key.is_ok_and(|key| key.len() == 32), "must be 32 bytes in base58")
        }
    };
    if is_address {
        return Ok(());
    }
    let field = "smartContractAddress";
    Err(InvalidRequest::new(format!("invalid {field}: {rule}")).at(field, rule))
}

impl SmartContractInterface {
    /// Whether it is for this contract or program.
    pub fn is_for(&self, kind: SmartContractInterfaceType, address: &str) -> bool {
        self.kind == kind
            && match kind {
                SmartContractInterfaceType::Ethereum => self.address.eq_ignore_ascii_case(address),
                SmartContractInterfaceType::Solana => self.address == address,
            }
    }
}

impl Organization {
    /// The interface with this id.
    pub fn smart_contract_interface(
        &self,
        id: SmartContractInterfaceId,
    ) -> Result<&SmartContractInterface, RequestError> {
        self.smart_contract_interfaces.iter().find(|known| known.id == id).ok_or_else(|| {
            let text = format!("could not find smart contract interface with ID {id}");
            RequestError::NotFound(text)
        })
    }

    /// The ABI of a contract, where there is one.
    pub fn abi_of(&self, address: &str) -> Option<&Abi> {
        match self.interface_of(SmartContractInterfaceType::Ethereum, address)? {
            Interface::Abi(abi) => Some(abi),
            Interface::Idl(_) => None,
        }
    }

    /// The IDL of a program, where there is one.
    pub fn idl_of(&self, address: &str) -> Option<&Idl> {
        match self.interface_of(SmartContractInterfaceType::Solana, address)? {
            Interface::Idl(idl) => Some(idl),
            Interface::Abi(_) => None,
        }
    }

    fn interface_of(&self, kind: SmartContractInterfaceType, address: &str) -> Option<&Interface> {
        let mut all = self.smart_contract_interfaces.iter();
        let known = all.find(|known| known.is_for(kind, address))?;
        known.parsed.get_or(|| Interface::parse(known.kind, &known.interface).ok()).as_ref()
    }
}

/// Whether two of them are equal.
fn has_repetition<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().any(|name| !seen.insert(name))
}
