//! Addresses: how each format writes a public key, and how the texts of addresses are compared.

pub(crate) mod bitcoin;
mod ton;

use ::bitcoin::base58;
use ::bitcoin::bech32::{self, Bech32, Bech32m, Checksum, Hrp};
use alloy_primitives::{Address, B256};
use data_encoding::BASE32_NOPAD;
use keyward_crypto::{
    Curve, Ed25519PublicKey, PublicKey, Secp256k1PublicKey, blake2b_256, hash160, keccak256,
    sha3_256, sha256d,
};

use self::bitcoin::{mainnet, p2pkh, p2sh, p2tr, p2wpkh, p2wsh, regtest, testnet};
use self::ton::Contract;
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
}

impl From<AddressError> for RequestError {
    fn from(error: AddressError) -> Self {
        InvalidRequest::new(error.to_string()).into()
    }
}

/// Writes the address of a key.
///
/// # Errors
///
/// [`AddressError::WrongCurve`] when the format is for other curves.
pub fn encode(format: AddressFormat, key: &PublicKey) -> Result<String, AddressError> {
    match (rule(format).encoder, key) {
        (Encoder::Any(encode), key)
        | (Encoder::Sec1(encode), key @ (PublicKey::Secp256k1(_) | PublicKey::P256(_))) => {
            Ok(encode(key))
        }
        (Encoder::Secp256k1(encode), PublicKey::Secp256k1(key)) => Ok(encode(key)),
        (Encoder::Ed25519(encode), PublicKey::Ed25519(key)) => Ok(encode(key)),
        _ => Err(AddressError::WrongCurve { format, curve: key.curve() }),
    }
}

/// The curves whose keys have an address in this format.
pub const fn curves(format: AddressFormat) -> &'static [Curve] {
    match rule(format).encoder {
        Encoder::Any(_) => &[Curve::Secp256k1, Curve::P256, Curve::Ed25519],
        Encoder::Sec1(_) => &[Curve::Secp256k1, Curve::P256],
        Encoder::Secp256k1(_) => &[Curve::Secp256k1],
        Encoder::Ed25519(_) => &[Curve::Ed25519],
    }
}

/// The documented path of a wallet's first account in this format.
///
/// For clients and examples: the engine never fills it in.
pub const fn default_path(format: AddressFormat) -> &'static str {
    rule(format).path
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

/// What there is to know of a format.
struct Rule {
    path: &'static str,
    encoder: Encoder,
}

/// How addresses are written, and of which keys.
enum Encoder {
    Any(fn(&PublicKey) -> String),
    /// Of keys that SEC1 can write.
    Sec1(fn(&PublicKey) -> String),
    Secp256k1(fn(&Secp256k1PublicKey) -> String),
    Ed25519(fn(&Ed25519PublicKey) -> String),
}

const fn secp256k1(path: &'static str, encode: fn(&Secp256k1PublicKey) -> String) -> Rule {
    Rule { path, encoder: Encoder::Secp256k1(encode) }
}

const fn ed25519(path: &'static str, encode: fn(&Ed25519PublicKey) -> String) -> Rule {
    Rule { path, encoder: Encoder::Ed25519(encode) }
}

/// The table of formats. Signet writes addresses as testnet does. Coin types in paths: SLIP-44.
const fn rule(format: AddressFormat) -> Rule {
    use AddressFormat as F;
    match format {
        F::Compressed => Rule { path: "m/0'/0", encoder: Encoder::Any(public_key_hex) },
        F::Uncompressed => Rule { path: "m/0'/0", encoder: Encoder::Sec1(private_key_public_hex) },
        F::Ethereum => secp256k1("m/44'/60'/0'/0/0", ethereum),
        F::Solana => ed25519("m/44'/501'/0'/0'", solana),
        F::Cosmos => secp256k1("m/44'/118'/0'/0/0", |key| cosmos(key, "cosmos")),
        F::Sei => secp256k1("m/44'/118'/0'/0/0", |key| cosmos(key, "sei")),
        F::Tron => secp256k1("m/44'/195'/0'/0/0", tron),
        F::Sui => ed25519("m/44'/784'/0'/0'/0'", sui),
        F::Aptos => ed25519("m/44'/637'/0'/0'/0'", aptos),
        F::Xlm => ed25519("m/44'/148'/0'", stellar),
        F::Xrp => secp256k1("m/44'/144'/0'/0/0", xrp),
        F::DogeMainnet => secp256k1("m/44'/3'/0'/0/0", |key| doge(key, 0x1e)),
        F::DogeTestnet => secp256k1("m/44'/1'/0'/0/0", |key| doge(key, 0x71)),
        F::TonV3r2 => ed25519("m/44'/607'/0'/0'/0'", |key| ton::address(key, Contract::V3R2)),
        F::TonV4r2 => ed25519("m/44'/607'/0'/0'/0'", |key| ton::address(key, Contract::V4R2)),
        F::TonV5r1 => ed25519("m/44'/607'/0'/0'/0'", |key| ton::address(key, Contract::V5R1)),
        F::SparkMainnet => secp256k1("m/8797555'/0'/0'", |key| spark(key, "spark")),
        F::SparkRegtest => secp256k1("m/8797555'/0'/0'", |key| spark(key, "sparkrt")),
        F::BitcoinMainnetP2pkh => secp256k1("m/44'/0'/0'/0/0", |key| mainnet(&p2pkh(key))),
        F::BitcoinMainnetP2sh => secp256k1("m/49'/0'/0'/0/0", |key| mainnet(&p2sh(key))),
        F::BitcoinMainnetP2wpkh => secp256k1("m/84'/0'/0'/0/0", |key| mainnet(&p2wpkh(key))),
        F::BitcoinMainnetP2wsh => secp256k1("m/48'/0'/0'/2'/0/0", |key| mainnet(&p2wsh(key))),
        F::BitcoinMainnetP2tr => secp256k1("m/86'/0'/0'/0/0", |key| mainnet(&p2tr(key))),
        F::BitcoinTestnetP2pkh | F::BitcoinSignetP2pkh => {
            secp256k1("m/44'/1'/0'/0/0", |key| testnet(&p2pkh(key)))
        }
        F::BitcoinTestnetP2sh | F::BitcoinSignetP2sh => {
            secp256k1("m/49'/1'/0'/0/0", |key| testnet(&p2sh(key)))
        }
        F::BitcoinTestnetP2wpkh | F::BitcoinSignetP2wpkh => {
            secp256k1("m/84'/1'/0'/0/0", |key| testnet(&p2wpkh(key)))
        }
        F::BitcoinTestnetP2wsh | F::BitcoinSignetP2wsh => {
            secp256k1("m/48'/1'/0'/2'/0/0", |key| testnet(&p2wsh(key)))
        }
        F::BitcoinTestnetP2tr | F::BitcoinSignetP2tr => {
            secp256k1("m/86'/1'/0'/0/0", |key| testnet(&p2tr(key)))
        }
        F::BitcoinRegtestP2pkh => secp256k1("m/44'/1'/0'/0/0", |key| regtest(&p2pkh(key))),
        F::BitcoinRegtestP2sh => secp256k1("m/49'/1'/0'/0/0", |key| regtest(&p2sh(key))),
        F::BitcoinRegtestP2wpkh => secp256k1("m/84'/1'/0'/0/0", |key| regtest(&p2wpkh(key))),
        F::BitcoinRegtestP2wsh => secp256k1("m/48'/1'/0'/2'/0/0", |key| regtest(&p2wsh(key))),
        F::BitcoinRegtestP2tr => secp256k1("m/86'/1'/0'/0/0", |key| regtest(&p2tr(key))),
    }
}

/// The last 20 bytes of the Keccak-256 of X ‖ Y. Source: Yellow Paper §7, appendix F.
fn ethereum_account(key: &Secp256k1PublicKey) -> Address {
    let [_, point @ ..] = key.uncompressed();
    Address::from_word(B256::from(keccak256(&point)))
}

/// With the checksum in the case of the letters. Source: EIP-55.
fn ethereum(key: &Secp256k1PublicKey) -> String {
    ethereum_account(key).to_checksum(None)
}

/// Base58check of `41` and the account on Ethereum. Source: Tron's documentation, "Account address format".
fn tron(key: &Secp256k1PublicKey) -> String {
    base58::encode_check(&[&[0x41][..], ethereum_account(key).as_slice()].concat())
}

/// Base58 of the key. Source: Solana's documentation, "Accounts".
fn solana(key: &Ed25519PublicKey) -> String {
    bs58::encode(key.to_bytes()).into_string()
}

/// Bech32 of the hash160 of the compressed key. Source: Cosmos ADR-028, BIP-173.
fn cosmos(key: &Secp256k1PublicKey, prefix: &'static str) -> String {
    bech32::<Bech32>(prefix, &hash160(&key.compressed()))
}

/// Bech32m of a protobuf message whose only field, 1, is the compressed key.
///
/// Source: Spark's SDK, `SparkAddress.identity_public_key`; BIP-350.
fn spark(key: &Secp256k1PublicKey, prefix: &'static str) -> String {
    bech32::<Bech32m>(prefix, &[&[0x0a, 33][..], &key.compressed()].concat())
}

#[expect(clippy::expect_used, reason = "bech32 refuses long texts only, and these are short")]
fn bech32<C: Checksum>(prefix: &'static str, data: &[u8]) -> String {
    bech32::encode::<C>(Hrp::parse_unchecked(prefix), data).expect("at most 35 bytes fit")
}

/// Base58check of a version byte and the hash160 of the compressed key, as Bitcoin's first addresses are.
///
/// Source: Dogecoin Core, `chainparams.cpp`, `PUBKEY_ADDRESS`.
fn doge(key: &Secp256k1PublicKey, version: u8) -> String {
    base58::encode_check(&[&[version][..], &hash160(&key.compressed())].concat())
}

/// The same with version zero and an alphabet of its own, in which that is an `r`.
///
/// Source: XRP Ledger's documentation, "Addresses" and "Base58 Encodings".
fn xrp(key: &Secp256k1PublicKey) -> String {
    let mut bytes = [&[0][..], &hash160(&key.compressed())].concat();
    let checksum = sha256d(&bytes);
    bytes.extend(checksum.iter().take(4));
    bs58::encode(bytes).with_alphabet(bs58::Alphabet::RIPPLE).into_string()
}

/// `BLAKE2b`-256 of the scheme's flag, zero, and the key. Source: Sui's documentation, "Keys and Addresses".
fn sui(key: &Ed25519PublicKey) -> String {
    format!("0x{}", hex::encode(blake2b_256(&[&[0][..], &key.to_bytes()].concat())))
}

/// SHA3-256 of the key and the scheme's flag, zero. Source: AIP-40 and Aptos' documentation, "Accounts".
fn aptos(key: &Ed25519PublicKey) -> String {
    format!("0x{}", hex::encode(sha3_256(&[&key.to_bytes()[..], &[0]].concat())))
}

/// Base32 of a version byte, the key and a little-endian checksum. Source: SEP-23.
fn stellar(key: &Ed25519PublicKey) -> String {
    let mut bytes = [&[6 << 3][..], &key.to_bytes()].concat();
    bytes.extend(crc16(&bytes).to_le_bytes());
    BASE32_NOPAD.encode(&bytes)
}

/// CRC-16/XMODEM: polynomial 0x1021, starting at zero. Source: SEP-23; the same in TEP-2.
fn crc16(data: &[u8]) -> u16 {
    data.iter().fold(0, |remainder, byte| {
        (0..8).fold(remainder ^ (u16::from(*byte) << 8), |remainder, _| {
            let shifted = remainder << 1;
            if remainder >> 15 == 0 { shifted } else { shifted ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use keyward_crypto::{DerivationPath, PrivateKey};
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
    fn every_format_writes_the_keys_of_its_curves_and_no_others() {
        for curve in [Curve::Secp256k1, Curve::P256, Curve::Ed25519] {
            let key = PrivateKey::from_bytes(curve, &[1; 32]).unwrap().public_key();
            for &format in AddressFormat::ALL {
                let written = encode(format, &key);
                if curves(format).contains(&curve) {
                    assert!(written.is_ok(), "{format:?} {curve:?}");
                } else {
                    assert_eq!(written, Err(AddressError::WrongCurve { format, curve }));
                }
            }
        }
    }

    #[test]
    fn default_paths_are_the_ones_in_the_documentation() {
        let page = include_str!("../../../docs/wallets.md");
        for &format in AddressFormat::ALL {
            let path = DerivationPath::parse(default_path(format)).unwrap();
            assert_eq!(path.to_string(), default_path(format));
            let name = format.as_str().trim_start_matches("ADDRESS_FORMAT_");
            if ["TESTNET_P2", "SIGNET_P2", "REGTEST_P2"].iter().any(|other| name.contains(other)) {
                continue;
            }
            let (name, path) = (format!("`{name}`"), format!("`{path}`"));
            let mut rows = page.lines().filter(|line| line.starts_with('|'));
            assert!(rows.any(|row| row.contains(&name) && row.contains(&path)), "{name} {path}");
        }
    }

    /// The example of SEP-23.
    #[test]
    fn writes_the_example_of_stellar() {
        let key = "3f0c34bf93ad0d9971d04ccc90f705511c838aad9734a4a2fb0d7a03fc7fe89a";
        let key = PublicKey::from_bytes(Curve::Ed25519, &hex::decode(key).unwrap()).unwrap();
        assert_eq!(
            encode(AddressFormat::Xlm, &key).unwrap(),
            "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"
        );
    }

    /// The check value of the catalogue of parametrised CRC algorithms.
    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }

    #[test]
    fn refusals_name_what_they_are_about() {
        let wrong = AddressError::WrongCurve { format: AddressFormat::Solana, curve: Curve::P256 };
        insta::assert_snapshot!(wrong, @"invalid address format: ADDRESS_FORMAT_SOLANA does not go with CURVE_P256");
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
