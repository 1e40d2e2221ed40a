//! Bitcoin's transactions, as partially signed ones (PSBT, version 0).
//!
//! Sources: BIP-174, BIP-371; BIP-143 and BIP-341 for what is signed.

use bitcoin::hashes::Hash;
use bitcoin::psbt::{Input, Psbt};
use bitcoin::script::Instruction;
use bitcoin::secp256k1::{ecdsa, schnorr};
use bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use bitcoin::{Address, Network, Script, TxOut};
use keyward_crypto::{CryptoRng, Secp256k1PrivateKey, Secp256k1PublicKey};

use super::TransactionError;
use crate::address::bitcoin::{p2pkh, p2tr, p2wpkh};
use crate::wire::enums::AddressFormat;

/// A transaction of which all inputs are known.
#[derive(Clone, Debug, PartialEq)]
pub struct BitcoinTransaction {
    psbt: Psbt,
    /// What the inputs spend, in their order.
    spent: Vec<TxOut>,
    fee: u64,
}

/// An output. Amounts are in satoshi.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BitcoinOutput {
    /// How much.
    pub value: u64,
    /// Its script, hex.
    pub script_pubkey: String,
    /// Its address; empty for scripts without.
    pub address: String,
    /// `p2pkh`, `p2sh`, `p2wpkh`, `p2wsh`, `p2tr`; empty without an address.
    pub address_type: String,
}

impl BitcoinTransaction {
    /// Reads one transaction and nothing after it.
    ///
    /// # Errors
    ///
    /// [`TransactionError::Malformed`] unless it is a PSBT of version 0 that says what every input spends,
    /// asks for signatures over all of it, has no segregated witness within P2SH, and spends no more than
    /// there is.
    pub fn parse(bytes: &[u8]) -> Result<Self, TransactionError> {
        let malformed = TransactionError::Malformed;
        let psbt = Psbt::deserialize(bytes).map_err(|_| malformed("it is no PSBT"))?;
        // The library does not say whether something follows.
        if psbt.serialize().len() != bytes.len() {
            return Err(malformed("bytes after its end, or numbers not in the shortest form"));
        }
        if psbt.inputs.is_empty() || psbt.unsigned_tx.output.is_empty() {
            return Err(malformed("it has no inputs or no outputs"));
        }
        let inputs = psbt.inputs.iter().zip(&psbt.unsigned_tx.input);
        let mut spent = Vec::with_capacity(psbt.inputs.len());
        for (input, txin) in inputs {
            let earlier = match &input.non_witness_utxo {
                Some(earlier) if earlier.compute_txid() != txin.previous_output.txid => {
                    return Err(malformed("the transaction that an input spends is another"));
                }
                Some(earlier) => {
                    let place = usize::try_from(txin.previous_output.vout).unwrap_or(usize::MAX);
                    Some(earlier.output.get(place).ok_or(malformed("an input spends nothing"))?)
                }
                None => None,
            };
            let utxo = match (earlier, &input.witness_utxo) {
                (Some(one), Some(other)) if one != other => {
                    return Err(malformed("an input says two things of what it spends"));
                }
                (Some(utxo), _) | (None, Some(utxo)) => utxo,
                (None, None) => return Err(malformed("an input does not say what it spends")),
            };
            let is_nested =
                input.redeem_script.as_ref().is_some_and(|script| script.is_witness_program());
            if utxo.script_pubkey.is_p2sh() && is_nested {
                return Err(malformed("it has a segregated witness within P2SH"));
            }
            check_sighash(input, utxo.script_pubkey.is_p2tr())?;
            spent.push(utxo.clone());
        }
        let sum = |outputs: &[TxOut]| {
            let mut values = outputs.iter().map(|output| output.value.to_sat());
            values.try_fold(0_u64, u64::checked_add)
        };
        let fee = sum(&spent).zip(sum(&psbt.unsigned_tx.output));
        let fee = fee.and_then(|(inputs, outputs)| inputs.checked_sub(outputs));
        let fee = fee.ok_or(malformed("it spends more than there is"))?;
        Ok(Self { psbt, spent, fee })
    }

    /// Its version.
    pub fn version(&self) -> i32 {
        self.psbt.unsigned_tx.version.0
    }

    /// Of each input: the transaction it spends from, which output of it, and its sequence number.
    pub fn inputs(&self) -> impl Iterator<Item = (String, u32, u32)> {
        self.psbt.unsigned_tx.input.iter().map(|input| {
            let spends = input.previous_output;
            (spends.txid.to_string(), spends.vout, input.sequence.0)
        })
    }

    /// Its outputs, with addresses as the network of `format` writes them.
    pub fn outputs(&self, format: Option<AddressFormat>) -> impl Iterator<Item = BitcoinOutput> {
        let network = network(format);
        self.psbt.unsigned_tx.output.iter().map(move |output| {
            let address = Address::from_script(&output.script_pubkey, network).ok();
            let kind = address.as_ref().and_then(Address::address_type);
            BitcoinOutput {
                value: output.value.to_sat(),
                script_pubkey: output.script_pubkey.to_hex_string(),
                address: address.map(|address| address.to_string()).unwrap_or_default(),
                address_type: kind.map(|kind| kind.to_string()).unwrap_or_default(),
            }
        })
    }

    /// Until when it must wait, and whether that is a block rather than a time in seconds.
    pub fn locktime(&self) -> (u32, bool) {
        let locktime = self.psbt.unsigned_tx.lock_time;
        (locktime.to_consensus_u32(), locktime.is_block_height())
    }

    /// What it leaves to the miner, in satoshi.
    pub const fn fee(&self) -> u64 {
        self.fee
    }

    /// The PSBT with the signatures of a key on all inputs that are its own.
    ///
    /// # Errors
    ///
    /// [`TransactionError::NotASigner`] when there is none; [`TransactionError::Malformed`] when one lacks
    /// what its kind must have.
    pub fn with_signatures(
        &self,
        key: &Secp256k1PrivateKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, TransactionError> {
        let malformed = TransactionError::Malformed;
        let public_key = key.public_key();
        let mut signed = self.psbt.clone();
        let mut cache = SighashCache::new(&self.psbt.unsigned_tx);
        let mut has_signed = false;
        let inputs = self.psbt.inputs.iter().zip(&self.spent).zip(&mut signed.inputs);
        for (place, ((input, utxo), filled)) in inputs.enumerate() {
            let Some(own) = Own::find(&public_key, input, utxo)? else { continue };
            has_signed = true;
            let failed = || malformed("an input can't be signed");
            let all = EcdsaSighashType::All;
            let digest = match own {
                Own::Taproot => {
                    let prevouts = Prevouts::All(&self.spent);
                    let kind = TapSighashType::Default;
                    let digest = cache
                        .taproot_key_spend_signature_hash(place, &prevouts, kind)
                        .map_err(|_| failed())?;
                    let signature = key.sign_taproot(&digest.to_byte_array(), None, rng);
                    let signature =
                        schnorr::Signature::from_slice(&signature).map_err(|_| failed())?;
                    filled.tap_key_sig =
                        Some(bitcoin::taproot::Signature { signature, sighash_type: kind });
                    continue;
                }
                Own::WitnessKey => cache
                    .p2wpkh_signature_hash(place, &utxo.script_pubkey, utxo.value, all)
                    .map_err(|_| failed())?
                    .to_byte_array(),
                Own::WitnessScript(script) => cache
                    .p2wsh_signature_hash(place, script, utxo.value, all)
                    .map_err(|_| failed())?
                    .to_byte_array(),
                Own::Legacy(script) => cache
                    .legacy_signature_hash(place, script, all.to_u32())
                    .map_err(|_| failed())?
                    .to_byte_array(),
            };
            let signature = key.sign_prehash(&digest).signature().to_bytes();
            let signature = ecdsa::Signature::from_compact(&signature).map_err(|_| failed())?;
            let compressed = bitcoin::PublicKey::from_slice(&public_key.compressed());
            let signature = bitcoin::ecdsa::Signature { signature, sighash_type: all };
            filled.partial_sigs.insert(compressed.map_err(|_| failed())?, signature);
        }
        if has_signed { Ok(signed.serialize()) } else { Err(TransactionError::NotASigner) }
    }
}

/// Why an input is a key's own: how it is signed.
enum Own<'a> {
    Taproot,
    WitnessKey,
    WitnessScript(&'a Script),
    /// With the script that stands for the output's.
    Legacy(&'a Script),
}

impl<'a> Own<'a> {
    fn find(
        key: &Secp256k1PublicKey,
        input: &'a Input,
        utxo: &'a TxOut,
    ) -> Result<Option<Self>, TransactionError> {
        let malformed = TransactionError::Malformed;
        let compressed = key.compressed();
        let output = &utxo.script_pubkey;
        let is_owned = |script: &Script| {
            script.instructions().any(|instruction| match instruction {
                Ok(Instruction::PushBytes(bytes)) => bytes.as_bytes() == compressed,
                _ => false,
            })
        };
        let own = if output.is_p2tr() {
            let is_own = *output == p2tr(key);
            let has_scripts = !input.tap_scripts.is_empty()
                || input.tap_merkle_root.is_some()
                || !input.tap_script_sigs.is_empty();
            if is_own && has_scripts {
                return Err(malformed("a taproot input has scripts"));
            }
            is_own.then_some(Own::Taproot)
        } else if output.is_p2wpkh() {
            (*output == p2wpkh(key)).then_some(Own::WitnessKey)
        } else if output.is_p2pkh() {
            (*output == p2pkh(key)).then_some(Own::Legacy(output))
        } else if output.is_p2wsh() {
            let script = input.witness_script.as_deref().filter(|script| is_owned(script));
            if script.is_some_and(|script| *output != script.to_p2wsh()) {
                return Err(malformed("a witness script is not the one of its output"));
            }
            script.map(Own::WitnessScript)
        } else if output.is_p2sh() {
            let script = input.redeem_script.as_deref().filter(|script| is_owned(script));
            if script.is_some_and(|script| *output != script.to_p2sh()) {
                return Err(malformed("a redeem script is not the one of its output"));
            }
            script.map(Own::Legacy)
        } else {
            None
        };
        match &own {
            // Only the whole transaction proves the amount to who signs so.
            Some(Own::Legacy(_)) if input.non_witness_utxo.is_none() => {
                Err(malformed("an input needs the transaction that it spends"))
            }
            Some(Own::Taproot | Own::WitnessKey | Own::WitnessScript(_))
                if input.witness_utxo.is_none() =>
            {
                Err(malformed("an input needs the output that it spends"))
            }
            _ => Ok(own),
        }
    }
}

fn check_sighash(input: &Input, is_taproot: bool) -> Result<(), TransactionError> {
    let whole =
        if is_taproot { TapSighashType::Default.into() } else { EcdsaSighashType::All.into() };
    if input.sighash_type.is_none_or(|kind| kind == whole) {
        Ok(())
    } else {
        Err(TransactionError::Malformed("an input asks for a signature over a part of it"))
    }
}

/// The network of an address format; the main one for those of other chains.
fn network(format: Option<AddressFormat>) -> Network {
    let name = format.map_or("", AddressFormat::as_str);
    if name.contains("BITCOIN_TESTNET") {
        Network::Testnet
    } else if name.contains("BITCOIN_SIGNET") {
        Network::Signet
    } else if name.contains("BITCOIN_REGTEST") {
        Network::Regtest
    } else {
        Network::Bitcoin
    }
}
