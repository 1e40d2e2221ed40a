//! Bitcoin: the scripts that a key alone unlocks, and their addresses.

use bitcoin::hashes::Hash;
use bitcoin::opcodes::all::OP_CHECKSIG;
use bitcoin::script::Builder;
use bitcoin::{Address, Network, PubkeyHash, ScriptBuf, WPubkeyHash};
use keyward_crypto::{Secp256k1PublicKey, hash160};

/// How the main network writes a script.
pub(super) fn mainnet(script: &ScriptBuf) -> String {
    address(script, Network::Bitcoin)
}

/// How the test networks write a script, signet among them.
pub(super) fn testnet(script: &ScriptBuf) -> String {
    address(script, Network::Testnet)
}

/// How a network of one's own writes a script.
pub(super) fn regtest(script: &ScriptBuf) -> String {
    address(script, Network::Regtest)
}

/// Sources: BIP-13, BIP-173, BIP-350.
#[expect(clippy::expect_used, reason = "the scripts below are of kinds that have an address")]
fn address(script: &ScriptBuf, network: Network) -> String {
    Address::from_script(script, network).expect("a script with an address").to_string()
}

/// To the hash of the key.
pub(crate) fn p2pkh(key: &Secp256k1PublicKey) -> ScriptBuf {
    ScriptBuf::new_p2pkh(&PubkeyHash::from_byte_array(hash160(&key.compressed())))
}

/// To the hash of the key, with a segregated witness. Source: BIP-141.
pub(crate) fn p2wpkh(key: &Secp256k1PublicKey) -> ScriptBuf {
    ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array(hash160(&key.compressed())))
}

/// To the hash of a script, and that is [`p2wpkh`]'s. Source: BIP-49.
pub(super) fn p2sh(key: &Secp256k1PublicKey) -> ScriptBuf {
    p2wpkh(key).to_p2sh()
}

/// To the hash of a script with a segregated witness, and that is `<key> OP_CHECKSIG`. Source: BIP-141;
/// `wsh(pk(key))` in the words of BIP-382.
pub(super) fn p2wsh(key: &Secp256k1PublicKey) -> ScriptBuf {
    let script = Builder::new().push_slice(key.compressed()).push_opcode(OP_CHECKSIG);
    script.into_script().to_p2wsh()
}

/// To the taproot output key over the key, without scripts. Sources: BIP-341, BIP-86.
pub(crate) fn p2tr(key: &Secp256k1PublicKey) -> ScriptBuf {
    Builder::new().push_int(1).push_slice(key.taproot_output_key(None)).into_script()
}
