//! Addresses: how each format writes a public key, and how the texts of addresses are compared.

use alloy_primitives::{Address, B256};
use bitcoin::bech32::{self, Bech32, Hrp, hrp, segwit};
use keyward_crypto::{Curve, PublicKey, hash160, keccak256};

use crate::wire::enums::{self, AddressFormat};
use crate::wire::{InvalidRequest, RequestError};

/// Why a key has no address in a format.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Keys on this curve have no address in the format.
    #[error("invalid address format: {} does not go with {}", format.as_str(), wire_curve(*curve).as_str())]
    WrongCurve {
        /// The format asked for.
        format: AddressFormat,
        /// The curve of the key.
        curve: Curve,
    },
    /// Known to the protocol, not to this server yet.
    #[error("{} is not implemented", .0.as_str())]
    NotImplemented(AddressFormat),
}

impl From<AddressError> for RequestError {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::NotImplemented(format) => Self::Unimplemented(format.as_str().into()),
            AddressError::WrongCurve { .. } => InvalidRequest::new(error.to_string()).into(),
        }
    }
}

/// Writes the address of a key.
///
/// # Errors
///
/// [`AddressError::WrongCurve`] when the format is for other curves, whether implemented or not;
/// [`AddressError::NotImplemented`] when this server cannot write it yet.
pub fn encode(format: AddressFormat, key: &PublicKey) -> Result<String, AddressError> {
    let (curves, encoder) = rule(format);
    let curve = key.curve();
    if !curves.contains(&curve) {
        return Err(AddressError::WrongCurve { format, curve });
    }
    encoder.map(|encode| encode(key)).ok_or(AddressError::NotImplemented(format))
}

/// The curves whose keys have an address in this format.
pub const fn curves(format: AddressFormat) -> &'static [Curve] {
    rule(format).0
}

/// The public key of a wallet account: lower-case hex, SEC1 compressed (66 characters), or the 32 bytes
/// of Ed25519 (64 characters), whatever the address format.
pub fn public_key_hex(key: &PublicKey) -> String {
    hex::encode(key.compressed())
}

/// The public key of a private key: lower-case hex, SEC1 uncompressed (130 characters), or the 32 bytes
/// of Ed25519 (64 characters).
pub fn private_key_public_hex(key: &PublicKey) -> String {
    hex::encode(key.uncompressed())
}

/// The form under which addresses are looked up.
///
/// `0x` with 40 hexadecimal digits and bare public keys in hexadecimal read the same in either case, and
/// become lower case. In base58, bech32 and base64 the case is part of the value, so everything else is
/// left alone. Whoever finds several resources prefers the one whose own text is exactly equal.
pub fn lookup_key(address: &str) -> String {
    let is_hex = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let ignores_case = match address.strip_prefix("0x") {
        Some(digits) => digits.len() == 40 && is_hex(digits),
        None => matches!(address.len(), 64 | 66 | 130) && is_hex(address),
    };
    if ignores_case { address.to_ascii_lowercase() } else { address.to_owned() }
}

/// The protocol's name for a curve.
pub(crate) const fn wire_curve(curve: Curve) -> enums::Curve {
    match curve {
        Curve::Secp256k1 => enums::Curve::Secp256k1,
        Curve::P256 => enums::Curve::P256,
        Curve::Ed25519 => enums::Curve::Ed25519,
    }
}

type Encoder = fn(&PublicKey) -> String;

const ANY: &[Curve] = &[Curve::Secp256k1, Curve::P256, Curve::Ed25519];
const SEC1: &[Curve] = &[Curve::Secp256k1, Curve::P256];
const SECP256K1: &[Curve] = &[Curve::Secp256k1];
const ED25519: &[Curve] = &[Curve::Ed25519];

/// The table of formats: the curves, and the encoder where there is one. Encoders see only those curves.
const fn rule(format: AddressFormat) -> (&'static [Curve], Option<Encoder>) {
    use AddressFormat as F;
    match format {
        F::Compressed => (ANY, Some(public_key_hex)),
        F::Uncompressed => (SEC1, Some(private_key_public_hex)),
        F::Ethereum => (SECP256K1, Some(ethereum)),
        F::Solana => (ED25519, Some(|key| bs58::encode(key.compressed()).into_string())),
        F::Cosmos => (SECP256K1, Some(|key| cosmos(key, "cosmos"))),
        F::Sei => (SECP256K1, Some(|key| cosmos(key, "sei"))),
        F::BitcoinMainnetP2wpkh => (SECP256K1, Some(|key| p2wpkh(key, hrp::BC))),
        F::BitcoinTestnetP2wpkh | F::BitcoinSignetP2wpkh => {
            (SECP256K1, Some(|key| p2wpkh(key, hrp::TB)))
        }
        F::BitcoinRegtestP2wpkh => (SECP256K1, Some(|key| p2wpkh(key, hrp::BCRT))),
        F::Tron
        | F::BitcoinMainnetP2pkh
        | F::BitcoinMainnetP2sh
        | F::BitcoinMainnetP2wsh
        | F::BitcoinMainnetP2tr
        | F::BitcoinTestnetP2pkh
        | F::BitcoinTestnetP2sh
        | F::BitcoinTestnetP2wsh
        | F::BitcoinTestnetP2tr
        | F::BitcoinSignetP2pkh
        | F::BitcoinSignetP2sh
        | F::BitcoinSignetP2wsh
        | F::BitcoinSignetP2tr
        | F::BitcoinRegtestP2pkh
        | F::BitcoinRegtestP2sh
        | F::BitcoinRegtestP2wsh
        | F::BitcoinRegtestP2tr
        | F::DogeMainnet
        | F::DogeTestnet
        | F::Xrp
        | F::SparkMainnet
        | F::SparkRegtest => (SECP256K1, None),
        F::Sui | F::Aptos | F::Xlm | F::TonV3r2 | F::TonV4r2 | F::TonV5r1 => (ED25519, None),
    }
}

/// The last 20 bytes of the Keccak-256 of X ‖ Y, with the checksum in the case of the letters.
///
/// Source: Yellow Paper §4.1; EIP-55.
fn ethereum(key: &PublicKey) -> String {
    let sec1 = key.uncompressed();
    let point = sec1.get(1..).unwrap_or_default();
    Address::from_word(B256::from(keccak256(point))).to_checksum(None)
}

/// Bech32 of the hash160 of the compressed key. Source: Cosmos ADR-028, BIP-173.
#[expect(clippy::expect_used, reason = "bech32 refuses long texts only, and this one is short")]
fn cosmos(key: &PublicKey, prefix: &str) -> String {
    let hash = hash160(&key.compressed());
    bech32::encode::<Bech32>(Hrp::parse_unchecked(prefix), &hash).expect("20 bytes fit")
}

/// A version 0 witness program of 20 bytes. Source: BIP-141, BIP-173.
#[expect(clippy::expect_used, reason = "20 bytes are a version 0 witness program")]
fn p2wpkh(key: &PublicKey, network: Hrp) -> String {
    segwit::encode_v0(network, &hash160(&key.compressed())).expect("20 bytes fit")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The group's generator, that is the key of scalar 1; BIP-173 uses it in its examples.
    fn generator() -> PublicKey {
        let sec1 =
            hex::decode("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
        PublicKey::from_bytes(Curve::Secp256k1, &sec1.unwrap()).unwrap()
    }

    #[test]
    fn writes_the_examples_of_bip_173() {
        for (format, expected) in [
            (AddressFormat::BitcoinMainnetP2wpkh, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
            (AddressFormat::BitcoinTestnetP2wpkh, "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
        ] {
            assert_eq!(encode(format, &generator()).unwrap(), expected);
        }
    }

    #[test]
    fn the_curve_is_checked_even_where_nothing_is_implemented() {
        let key = PublicKey::from_bytes(Curve::Ed25519, &[1; 32]).unwrap();
        for &format in AddressFormat::ALL {
            if curves(format).contains(&Curve::Ed25519) {
                continue;
            }
            let refused = encode(format, &key).unwrap_err();
            assert_eq!(refused, AddressError::WrongCurve { format, curve: Curve::Ed25519 });
        }
    }

    #[test]
    fn refusals_name_what_they_are_about() {
        let wrong = AddressError::WrongCurve { format: AddressFormat::Solana, curve: Curve::P256 };
        insta::assert_snapshot!(wrong, @"invalid address format: ADDRESS_FORMAT_SOLANA does not go with CURVE_P256");
        let absent = AddressError::NotImplemented(AddressFormat::Tron);
        insta::assert_snapshot!(absent, @"ADDRESS_FORMAT_TRON is not implemented");
        assert!(matches!(RequestError::from(absent), RequestError::Unimplemented(_)));
        assert!(matches!(RequestError::from(wrong), RequestError::Invalid(_)));
    }

    #[test]
    fn only_hexadecimal_addresses_ignore_case() {
        let checksummed = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        assert_eq!(lookup_key(checksummed), checksummed.to_ascii_lowercase());
        let compressed = public_key_hex(&generator());
        assert_eq!(lookup_key(&compressed.to_uppercase()), compressed);
        let uncompressed = private_key_public_hex(&generator());
        assert_eq!(lookup_key(&uncompressed.to_uppercase()), uncompressed);
        for kept in [
            "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk",
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            "0XF39FD6E51AAD88F6F4CE6AB8827279CFFFB92266",
            "0xABCDEF",
            "",
        ] {
            assert_eq!(lookup_key(kept), kept);
        }
    }

    proptest! {
        #[test]
        fn lookup_keys_are_stable(text in ".*") {
            let once = lookup_key(&text);
            prop_assert_eq!(lookup_key(&once), once.clone());
            prop_assert!(once.eq_ignore_ascii_case(&text));
        }
    }
}
