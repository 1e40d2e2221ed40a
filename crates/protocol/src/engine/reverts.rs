//! Why contracts give up, as their answers say it. Sources: Solidity documentation, "Error handling" and "Panic via
//! assert and error via require".

use alloy_primitives::{Address, U256};

use crate::wire::sending::{
    EthFailureDetails, NativeRevertError, RevertChainEntry, TxError, UnknownRevertError,
};

/// `Error(string)`.
const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
/// `Panic(uint256)`.
const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];
/// Characters of what a contract says that are kept.
const LONGEST_MESSAGE: usize = 1_000;
/// Bytes of what it answers that are kept.
const LONGEST_DATA: usize = 4_096;

/// What the contract at an address meant that answered with `data` when it gave up.
pub fn explain(address: Address, data: &[u8]) -> TxError {
    let entry = entry(address, data);
    let chain = vec![entry.clone()];
    TxError {
        message: format!("the transaction was included and reverted: {}", entry.display_message),
        revert_chain: chain.clone(),
        eth: Some(EthFailureDetails { revert_chain: chain }),
        solana: None,
    }
}

fn entry(address: Address, data: &[u8]) -> RevertChainEntry {
    let base = |error_type: &str, display_message| RevertChainEntry {
        address: address.to_checksum(None),
        error_type: error_type.to_owned(),
        display_message,
        unknown: None,
        native: None,
    };
    let native = |display: String, native| RevertChainEntry {
        native: Some(native),
        ..base("native", display)
    };
    let Some((selector, arguments)) = data.split_first_chunk::<4>() else {
        if data.is_empty() {
            let text = "execution reverted".to_owned();
            let native_type = "execution_reverted".to_owned();
            return native(text, NativeRevertError { native_type, ..NativeRevertError::default() });
        }
        return RevertChainEntry {
            unknown: Some(unknown(String::new(), data)),
            ..base("unknown", "unknown error".to_owned())
        };
    };
    if let (&ERROR, Some(text)) = (selector, string(arguments)) {
        let message = Some(text.clone());
        let native_type = "error_string".to_owned();
        return native(text, NativeRevertError { native_type, message, panic_code: None });
    }
    if let (&PANIC, Ok(code)) = (selector, <[u8; 32]>::try_from(arguments)) {
        let code = U256::from_be_bytes(code);
        let native_type = "panic".to_owned();
        let panic_code = Some(format!("0x{code:02x}"));
        let text = format!("panic 0x{code:02x}: {}", panic_meaning(code));
        return native(text, NativeRevertError { native_type, message: None, panic_code });
    }
    let selector = format!("0x{}", hex::encode(selector));
    RevertChainEntry {
        display_message: format!("unknown error {selector}"),
        unknown: Some(unknown(selector, data)),
        ..base("unknown", String::new())
    }
}

fn unknown(selector: String, data: &[u8]) -> UnknownRevertError {
    let kept = data.get(..LONGEST_DATA).unwrap_or(data);
    UnknownRevertError { selector, data: format!("0x{}", hex::encode(kept)) }
}

/// The one argument of `Error(string)`: where the text begins, its length, the text.
fn string(arguments: &[u8]) -> Option<String> {
    let number = |at: usize| {
        let word: [u8; 32] = arguments.get(at..at.checked_add(32)?)?.try_into().ok()?;
        usize::try_from(U256::from_be_bytes(word)).ok()
    };
    let at = number(0)?;
    let length = number(at)?;
    let from = at.checked_add(32)?;
    let text = arguments.get(from..from.checked_add(length)?)?;
    Some(String::from_utf8_lossy(text).chars().take(LONGEST_MESSAGE).collect())
}

fn panic_meaning(code: U256) -> &'static str {
    match u8::try_from(code).unwrap_or(u8::MAX) {
        0x00 => "inserted by the compiler",
        0x01 => "assertion failed",
        0x11 => "arithmetic overflow or underflow",
        0x12 => "division or modulo by zero",
        0x21 => "conversion into an enum that has no such value",
        0x22 => "storage byte array that is incorrectly encoded",
        0x31 => "pop of an empty array",
        0x32 => "index out of bounds",
        0x41 => "too much memory allocated",
        0x51 => "call of an uninitialized function",
        _ => "unknown code",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(data: &str) -> (String, RevertChainEntry) {
        let error = explain(Address::from([0x70; 20]), &hex::decode(data).unwrap());
        assert_eq!(error.eth.unwrap().revert_chain, error.revert_chain);
        (error.message, error.revert_chain[0].clone())
    }

    #[test]
    fn reads_what_solidity_says() {
        let word = |number: u64| format!("{number:064x}");
        let text = format!("08c379a0{}{}{:0<64}", word(32), word(4), hex::encode("nope"));
        let (message, entry) = explained(&text);
        assert_eq!(message, "the transaction was included and reverted: nope");
        assert_eq!((entry.error_type.as_str(), entry.display_message.as_str()), ("native", "nope"));
        let (message, entry) = explained(&format!("4e487b71{}", word(0x11)));
        assert!(message.ends_with("panic 0x11: arithmetic overflow or underflow"), "{message}");
        assert_eq!(entry.native.unwrap().panic_code.unwrap(), "0x11");
        let (_, entry) = explained("");
        assert_eq!(entry.native.unwrap().native_type, "execution_reverted");
        let (_, entry) = explained(&format!("12345678{}", word(1)));
        assert_eq!(entry.unknown.unwrap().selector, "0x12345678");
        assert_eq!(entry.display_message, "unknown error 0x12345678");
        assert_eq!(explained("12").1.error_type, "unknown");
    }

    #[test]
    fn what_does_not_hold_together_is_unknown() {
        for odd in [
            "08c379a0",
            &format!("08c379a0{:064x}{:064x}", 32, 5),
            &format!("08c379a0{}", "ff".repeat(64)),
            "4e487b71",
        ] {
            assert_eq!(explained(odd).1.error_type, "unknown", "{odd}");
        }
    }
}
