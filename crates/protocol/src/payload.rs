//! Raw payloads: from the text of a request to what a key signs, and the signature as it travels.

mod authorization;
mod typed_data;
mod value;

use std::error::Error;

use keyward_crypto::{CryptoRng, Curve, PrivateKey, RecoverableSignature, keccak256, sha256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::authorization::{Authorization, AuthorizationError};
pub use self::typed_data::{TypedData, TypedDataError, TypedValue};
pub use self::value::Json;
use crate::address::wire_curve;
use crate::wire::enums::{AddressFormat, HashFunction, PayloadEncoding};
use crate::wire::{InvalidRequest, RequestError, TurnkeyErrorCode};

/// What a key signs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ToSign {
    /// A digest, for ECDSA and Schnorr.
    Prehash([u8; 32]),
    /// A message of any length, for Ed25519, which hashes by itself.
    Message(Vec<u8>),
}

/// Why a payload stands for nothing that can be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// The empty text.
    #[error("payload must not be empty")]
    Empty,
    /// Several payloads were announced and none came.
    #[error("payloads must not be empty")]
    NoPayloads,
    /// Not an encoding.
    #[error("invalid payload encoding")]
    UnknownEncoding,
    /// Not a hash function.
    #[error("invalid hash function")]
    UnknownHashFunction,
    /// An odd number of digits, or something that is no digit.
    #[error("invalid payload encoding: not hexadecimal")]
    Hexadecimal,
    /// No typed data, or data of another type than it says.
    #[error("invalid payload encoding: not EIP-712 typed data")]
    TypedData(#[from] TypedDataError),
    /// No authorization.
    #[error("invalid payload encoding: not an EIP-7702 authorization")]
    Authorization(#[from] AuthorizationError),
    /// The three do not go together.
    #[error(
        "invalid hash function: {} does not go with {} on {}",
        hash_function.as_str(), encoding.as_str(), wire_curve(*curve).as_str()
    )]
    Combination {
        /// How the payload is written.
        encoding: PayloadEncoding,
        /// What is to be done to it.
        hash_function: HashFunction,
        /// The curve of the key.
        curve: Curve,
    },
    /// What is to be signed as it is has another length.
    #[error("expected a 32-bytes-long digest, got {0} bytes")]
    DigestLength(usize),
}

impl PayloadError {
    /// The finer name of the refusal.
    pub const fn name(&self) -> TurnkeyErrorCode {
        TurnkeyErrorCode::RequestInvalid
    }
}

impl From<PayloadError> for InvalidRequest {
    fn from(error: PayloadError) -> Self {
        Self::named(error.name(), with_causes(&error))
    }
}

impl From<PayloadError> for RequestError {
    fn from(error: PayloadError) -> Self {
        InvalidRequest::from(error).into()
    }
}

/// The encoding of this name, as one that is unknown is refused with a documented text.
///
/// # Errors
///
/// [`PayloadError::UnknownEncoding`] for any other text.
pub fn encoding_named(name: &str) -> Result<PayloadEncoding, PayloadError> {
    let mut all = PayloadEncoding::ALL.iter().copied();
    all.find(|encoding| encoding.as_str() == name).ok_or(PayloadError::UnknownEncoding)
}

/// The hash function of this name, as one that is unknown is refused with a documented text.
///
/// # Errors
///
/// [`PayloadError::UnknownHashFunction`] for any other text.
pub fn hash_function_named(name: &str) -> Result<HashFunction, PayloadError> {
    let mut all = HashFunction::ALL.iter().copied();
    all.find(|function| function.as_str() == name).ok_or(PayloadError::UnknownHashFunction)
}

/// Reads a payload for a key on `curve`.
///
/// ECDSA signs a digest: the hash of the bytes, the bytes themselves when they are 32 and the hash
/// function is `NO_OP`, or the digest that EIP-712 or EIP-7702 defines, which is never hashed again.
/// Ed25519 signs the bytes, with `NOT_APPLICABLE` and nothing else.
///
/// # Errors
///
/// [`PayloadError::Combination`] when the three don't go together, whatever the payload;
/// [`PayloadError::DigestLength`] for `NO_OP` over other than 32 bytes; the others when the text is not
/// what the encoding says.
pub fn decode(
    encoding: PayloadEncoding,
    hash_function: HashFunction,
    curve: Curve,
    payload: &str,
) -> Result<ToSign, PayloadError> {
    use HashFunction as H;
    use PayloadEncoding as E;

    let bytes = || match encoding {
        E::Hexadecimal => decode_hexadecimal(payload).ok_or(PayloadError::Hexadecimal),
        E::TextUtf8 | E::Eip712 | E::Eip7702Authorization => Ok(payload.as_bytes().to_vec()),
    };
    if payload.is_empty() {
        return Err(PayloadError::Empty);
    }
    Ok(match (encoding, hash_function, curve) {
        (E::Hexadecimal | E::TextUtf8, H::NotApplicable, Curve::Ed25519) => {
            ToSign::Message(bytes()?)
        }
        (E::Hexadecimal | E::TextUtf8, H::NoOp, Curve::Secp256k1 | Curve::P256) => {
            let digest = <[u8; 32]>::try_from(bytes()?)
                .map_err(|bytes| PayloadError::DigestLength(bytes.len()))?;
            ToSign::Prehash(digest)
        }
        (E::Hexadecimal | E::TextUtf8, H::Sha256, Curve::Secp256k1 | Curve::P256) => {
            ToSign::Prehash(sha256(&bytes()?))
        }
        (E::Hexadecimal | E::TextUtf8, H::Keccak256, Curve::Secp256k1 | Curve::P256) => {
            ToSign::Prehash(keccak256(&bytes()?))
        }
        (E::Eip712, H::NoOp, Curve::Secp256k1 | Curve::P256) => {
            ToSign::Prehash(*TypedData::parse(payload)?.digest())
        }
        (E::Eip7702Authorization, H::NoOp, Curve::Secp256k1 | Curve::P256) => {
            ToSign::Prehash(Authorization::parse(payload)?.digest())
        }
        _ => return Err(PayloadError::Combination { encoding, hash_function, curve }),
    })
}

/// Reads several payloads for one key, all of them or none.
///
/// # Errors
///
/// [`PayloadError::NoPayloads`] when there is none, else as [`decode`] for the first that is refused.
pub fn decode_all(
    encoding: PayloadEncoding,
    hash_function: HashFunction,
    curve: Curve,
    payloads: &[String],
) -> Result<Vec<ToSign>, PayloadError> {
    if payloads.is_empty() {
        return Err(PayloadError::NoPayloads);
    }
    payloads.iter().map(|payload| decode(encoding, hash_function, curve, payload)).collect()
}

/// A signature as it travels: lower-case hex, no `0x`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct RawSignature {
    /// 64 characters: `r` of ECDSA, the first half of a Schnorr or Ed25519 signature.
    pub r: String,
    /// 64 characters: `s` of ECDSA, the second half of a Schnorr or Ed25519 signature.
    pub s: String,
    /// 2 characters: the recovery id of ECDSA, else `00`.
    pub v: String,
}

impl From<RecoverableSignature> for RawSignature {
    fn from(signature: RecoverableSignature) -> Self {
        Self {
            r: hex::encode(signature.r),
            s: hex::encode(signature.s),
            v: hex::encode([signature.recovery_id]),
        }
    }
}

/// Schnorr's and Ed25519's, which have nothing to recover a key by.
impl From<[u8; 64]> for RawSignature {
    fn from(signature: [u8; 64]) -> Self {
        let (r, s) = signature.split_at(32);
        Self { r: hex::encode(r), s: hex::encode(s), v: "00".to_owned() }
    }
}

/// Why a key signs nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// A digest for a key that signs messages, or a message for a key that signs digests.
    #[error("payload was not prepared for a key on {}", wire_curve(*.0).as_str())]
    WrongCurve(Curve),
}

impl From<SignError> for RequestError {
    fn from(error: SignError) -> Self {
        InvalidRequest::new(error.to_string()).into()
    }
}

/// Signs as the key's curve says: the scheme of a private key named by its id. See [`sign_as`] for
/// addresses.
///
/// # Errors
///
/// [`SignError::WrongCurve`] when `to_sign` was read for the other kind of curve.
pub fn sign(key: &PrivateKey, to_sign: &ToSign) -> Result<RawSignature, SignError> {
    match (key, to_sign) {
        (PrivateKey::Secp256k1(key), ToSign::Prehash(digest)) => {
            Ok(key.sign_prehash(digest).into())
        }
        (PrivateKey::P256(key), ToSign::Prehash(digest)) => Ok(key.sign_prehash(digest).into()),
        (PrivateKey::Ed25519(key), ToSign::Message(message)) => Ok(key.sign(message).into()),
        _ => Err(SignError::WrongCurve(key.curve())),
    }
}

/// Signs as an address of `format` does, since the format decides the scheme.
///
/// Addresses of taproot sign with Schnorr by their output key, those of Spark with Schnorr by the key
/// itself, both with auxiliary randomness from `rng`. All others sign as [`sign`] does.
///
/// # Errors
///
/// [`SignError::WrongCurve`] as [`sign`] does, and when the scheme is Schnorr and the key not on
/// secp256k1.
///
/// Source: BIP-340; BIP-341 and BIP-86 for the output key.
pub fn sign_as(
    format: AddressFormat,
    key: &PrivateKey,
    to_sign: &ToSign,
    rng: &mut dyn CryptoRng,
) -> Result<RawSignature, SignError> {
    use AddressFormat as F;
    let is_taproot = match format {
        F::BitcoinMainnetP2tr
        | F::BitcoinTestnetP2tr
        | F::BitcoinSignetP2tr
        | F::BitcoinRegtestP2tr => true,
        F::SparkMainnet | F::SparkRegtest => false,
        _ => return sign(key, to_sign),
    };
    match (key, to_sign) {
        (PrivateKey::Secp256k1(key), ToSign::Prehash(digest)) if is_taproot => {
            Ok(key.sign_taproot(digest, None, rng).into())
        }
        (PrivateKey::Secp256k1(key), ToSign::Prehash(digest)) => {
            Ok(key.sign_schnorr(digest, rng).into())
        }
        _ => Err(SignError::WrongCurve(key.curve())),
    }
}

/// Reads hexadecimal digits of either case, after a `0x` or none.
pub(crate) fn decode_hexadecimal(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()
}

/// The text of an error and of all its causes, as a refusal shows them.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use keyward_crypto::{Secp256k1PrivateKey, Secp256k1PublicKey, SeededRng};
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "c30809a962194873af120326bf861755e58065e4de1e78e91cd748070727b0c0";
    const AUTHORIZATION: &str =
        r#"{"address":"0x2a31eF110e4Cdb9C332aA1d8633510214299c48B","chainId":1,"nonce":0}"#;
    const TYPED_DATA: &str = r#"{"types":{"M":[]},"primaryType":"M","message":{}}"#;
    const CURVES: [Curve; 3] = [Curve::Secp256k1, Curve::P256, Curve::Ed25519];

    /// A payload that is right for the encoding.
    fn example(encoding: PayloadEncoding) -> &'static str {
        match encoding {
            PayloadEncoding::Hexadecimal => DIGEST,
            PayloadEncoding::TextUtf8 => "thirty-two bytes of ASCII text!!",
            PayloadEncoding::Eip712 => TYPED_DATA,
            PayloadEncoding::Eip7702Authorization => AUTHORIZATION,
        }
    }

    #[test]
    fn the_matrix_of_combinations_is_the_documented_one() {
        let mut accepted = Vec::new();
        for &encoding in PayloadEncoding::ALL {
            for &hash_function in HashFunction::ALL {
                for curve in CURVES {
                    match decode(encoding, hash_function, curve, example(encoding)) {
                        Ok(_) => accepted.push(format!("{encoding:?} {hash_function:?} {curve:?}")),
                        Err(PayloadError::Combination { .. }) => {}
                        Err(other) => panic!("{encoding:?} {hash_function:?} {curve:?}: {other}"),
                    }
                }
            }
        }
        insta::assert_snapshot!(accepted.join("\n"), @r"
        Hexadecimal NoOp Secp256k1
        Hexadecimal NoOp P256
        Hexadecimal Sha256 Secp256k1
        Hexadecimal Sha256 P256
        Hexadecimal Keccak256 Secp256k1
        Hexadecimal Keccak256 P256
        Hexadecimal NotApplicable Ed25519
        TextUtf8 NoOp Secp256k1
        TextUtf8 NoOp P256
        TextUtf8 Sha256 Secp256k1
        TextUtf8 Sha256 P256
        TextUtf8 Keccak256 Secp256k1
        TextUtf8 Keccak256 P256
        TextUtf8 NotApplicable Ed25519
        Eip712 NoOp Secp256k1
        Eip712 NoOp P256
        Eip7702Authorization NoOp Secp256k1
        Eip7702Authorization NoOp P256
        ");
    }

    #[test]
    fn zero_bytes_are_a_payload_and_no_text_is_none() {
        let read = |hash_function, payload| {
            decode(PayloadEncoding::Hexadecimal, hash_function, Curve::Secp256k1, payload)
        };
        assert_eq!(read(HashFunction::Sha256, "0x").unwrap(), ToSign::Prehash(sha256(&[])));
        assert!(matches!(read(HashFunction::NoOp, "0x"), Err(PayloadError::DigestLength(0))));
        assert!(matches!(read(HashFunction::Sha256, ""), Err(PayloadError::Empty)));
        for bad in ["0", "0x0", "zz", "0x0x00", "0X00", " 00", "00 "] {
            assert!(
                matches!(read(HashFunction::Sha256, bad), Err(PayloadError::Hexadecimal)),
                "{bad}"
            );
        }
    }

    #[test]
    fn refusals_have_the_documented_texts() {
        use {HashFunction as H, PayloadEncoding as E};

        let text = |error: PayloadError| InvalidRequest::from(error).to_string();
        let read = |encoding, hash_function, payload| {
            text(decode(encoding, hash_function, Curve::Secp256k1, payload).unwrap_err())
        };
        insta::assert_snapshot!(text(PayloadError::Empty), @"payload must not be empty");
        insta::assert_snapshot!(text(PayloadError::NoPayloads), @"payloads must not be empty");
        insta::assert_snapshot!(text(encoding_named("X").unwrap_err()), @"invalid payload encoding");
        insta::assert_snapshot!(text(hash_function_named("X").unwrap_err()), @"invalid hash function");
        insta::assert_snapshot!(read(E::Hexadecimal, H::NoOp, "z"), @"invalid payload encoding: not hexadecimal");
        insta::assert_snapshot!(read(E::Hexadecimal, H::NoOp, "00"), @"expected a 32-bytes-long digest, got 1 bytes");
        insta::assert_snapshot!(read(E::Eip712, H::Sha256, "{}"), @"invalid hash function: HASH_FUNCTION_SHA256 does not go with PAYLOAD_ENCODING_EIP712 on CURVE_SECP256K1");
        insta::assert_snapshot!(read(E::Eip712, H::NoOp, "{}"), @"invalid payload encoding: not EIP-712 typed data: types is missing or not an object");
        insta::assert_snapshot!(read(E::Eip7702Authorization, H::NoOp, "{}"), @"invalid payload encoding: not an EIP-7702 authorization: address must be 0x and 40 hexadecimal digits");
    }

    #[test]
    fn several_payloads_are_read_all_or_not_at_all() {
        let read = |payloads: &[&str]| {
            let payloads: Vec<String> = payloads.iter().copied().map(String::from).collect();
            let encoding = PayloadEncoding::Hexadecimal;
            decode_all(encoding, HashFunction::Sha256, Curve::P256, &payloads)
        };
        let both = [ToSign::Prehash(sha256(&[0])), ToSign::Prehash(sha256(&[1]))];
        assert_eq!(read(&["00", "01"]).unwrap(), both);
        assert!(matches!(read(&["00", "zz"]), Err(PayloadError::Hexadecimal)));
        assert!(matches!(read(&[]), Err(PayloadError::NoPayloads)));
    }

    #[test]
    fn names_are_read_back() {
        for &encoding in PayloadEncoding::ALL {
            assert_eq!(encoding_named(encoding.as_str()).unwrap(), encoding);
        }
        for &hash_function in HashFunction::ALL {
            assert_eq!(hash_function_named(hash_function.as_str()).unwrap(), hash_function);
        }
    }

    #[test]
    fn a_key_refuses_what_was_read_for_another_kind_of_curve() {
        for curve in CURVES {
            let key = PrivateKey::from_bytes(curve, &[7; 32]).unwrap();
            let (right, wrong) = match curve {
                Curve::Ed25519 => (ToSign::Message(vec![1]), ToSign::Prehash([1; 32])),
                _ => (ToSign::Prehash([1; 32]), ToSign::Message(vec![1])),
            };
            let signed = sign(&key, &right).unwrap();
            assert_eq!((signed.r.len(), signed.s.len(), signed.v.len()), (64, 64, 2));
            assert_eq!(sign(&key, &wrong), Err(SignError::WrongCurve(curve)));
        }
    }

    #[test]
    fn the_format_of_the_address_decides_the_scheme() {
        let mut rng = SeededRng::from_seed([1; 32]);
        let key = Secp256k1PrivateKey::from_bytes(&[7; 32]).unwrap();
        let (plain, output) =
            (key.public_key().x_only(), key.public_key().taproot_output_key(None));
        let key = PrivateKey::Secp256k1(key);
        let digest = ToSign::Prehash([1; 32]);
        let ecdsa = sign(&key, &digest).unwrap();
        for &format in AddressFormat::ALL {
            let name = format.as_str();
            let signed = sign_as(format, &key, &digest, &mut rng).unwrap();
            let mut bytes = [0; 64];
            hex::decode_to_slice(format!("{}{}", signed.r, signed.s), &mut bytes).unwrap();
            let verifies = |key| Secp256k1PublicKey::verify_schnorr(key, &[1; 32], &bytes);
            assert_eq!(verifies(&output), name.ends_with("P2TR"), "{name}");
            assert_eq!(verifies(&plain), name.contains("SPARK"), "{name}");
            let is_schnorr = verifies(&output) || verifies(&plain);
            assert_eq!(signed == ecdsa, !is_schnorr, "{name}");
            assert!(!is_schnorr || signed.v == "00", "{name}");
        }
    }

    #[test]
    fn schnorr_is_for_secp256k1_alone() {
        let mut rng = SeededRng::from_seed([1; 32]);
        for format in [AddressFormat::BitcoinMainnetP2tr, AddressFormat::SparkMainnet] {
            for curve in CURVES {
                let key = PrivateKey::from_bytes(curve, &[7; 32]).unwrap();
                let mut signed = |to_sign| sign_as(format, &key, &to_sign, &mut rng);
                let refused = Err(SignError::WrongCurve(curve));
                assert_eq!(signed(ToSign::Message(vec![1])), refused);
                let digest = signed(ToSign::Prehash([1; 32]));
                assert_eq!(digest == refused, curve != Curve::Secp256k1, "{curve:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*", encoding in 0..4_usize, function in 0..4_usize) {
            for curve in CURVES {
                let _ = decode(
                    PayloadEncoding::ALL[encoding],
                    HashFunction::ALL[function],
                    curve,
                    &text,
                );
            }
        }

        #[test]
        fn hexadecimal_is_read_back(bytes in prop::collection::vec(any::<u8>(), 1..64)) {
            for text in [hex::encode(&bytes), hex::encode_upper(&bytes), format!("0x{}", hex::encode(&bytes))] {
                let read = decode(PayloadEncoding::Hexadecimal, HashFunction::NotApplicable, Curve::Ed25519, &text);
                prop_assert_eq!(read.unwrap(), ToSign::Message(bytes.clone()));
            }
        }
    }
}
