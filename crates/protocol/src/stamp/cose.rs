//! The public key of a passkey, as `COSE_Key`: ES256 and RS256, nothing else.

use std::collections::BTreeMap;

use ciborium::Value;
use keyward_crypto::{P256PublicKey, RsaPublicKey};

/// COSE algorithm numbers. Source: IANA COSE Algorithms.
pub(super) const ES256: i128 = -7;
pub(super) const RS256: i128 = -257;

// Labels and values of RFC 9053 §7.1 and RFC 8230 §4. Those below zero mean another thing with each
// key type.
pub(super) const KEY_TYPE: i128 = 1;
pub(super) const ALGORITHM: i128 = 3;
pub(super) const EC2: i128 = 2;
pub(super) const EC2_CURVE: i128 = -1;
pub(super) const EC2_X: i128 = -2;
pub(super) const EC2_Y: i128 = -3;
pub(super) const CURVE_P256: i128 = 1;
pub(super) const RSA: i128 = 3;
pub(super) const RSA_N: i128 = -1;
pub(super) const RSA_E: i128 = -2;

/// Why bytes are not a key that a passkey may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CoseError {
    /// Not one CBOR map of integer labels, each there once, or without an algorithm.
    #[error("not a COSE key")]
    Unreadable,
    /// Neither ES256 nor RS256.
    #[error("unsupported COSE algorithm {0}")]
    UnsupportedAlgorithm(i128),
    /// A member is missing, too many, or of the wrong kind; or the point or modulus is no key.
    #[error("COSE key does not fit its algorithm")]
    InvalidKey,
}

/// A public key, by its algorithm.
#[derive(Clone)]
pub(super) enum CredentialPublicKey {
    /// ECDSA P-256 over SHA-256, DER.
    Es256(P256PublicKey),
    /// RSASSA-PKCS1-v1_5 over SHA-256.
    Rs256(RsaPublicKey),
}

impl CredentialPublicKey {
    /// Reads a `COSE_Key` that takes up all of `cose`.
    ///
    /// Source: WebAuthn §6.5.1.1, which also says that there are no other members.
    pub(super) fn from_cose(cose: &[u8]) -> Result<Self, CoseError> {
        let members = members(cose).ok_or(CoseError::Unreadable)?;
        let algorithm = integer(&members, ALGORITHM).ok_or(CoseError::Unreadable)?;
        match algorithm {
            ES256 => es256(&members),
            RS256 => rs256(&members),
            other => return Err(CoseError::UnsupportedAlgorithm(other)),
        }
        .ok_or(CoseError::InvalidKey)
    }
}

type Members = BTreeMap<i128, Value>;

fn members(cose: &[u8]) -> Option<Members> {
    let (Value::Map(pairs), []) = split_first_item(cose)? else { return None };
    let count = pairs.len();
    let members = pairs
        .into_iter()
        .map(|(label, value)| Some((i128::from(label.as_integer()?), value)))
        .collect::<Option<Members>>()?;
    (members.len() == count).then_some(members)
}

/// The first CBOR item of `bytes`, and what follows it.
pub(super) fn split_first_item(mut bytes: &[u8]) -> Option<(Value, &[u8])> {
    let item = ciborium::from_reader(&mut bytes).ok()?;
    Some((item, bytes))
}

fn es256(members: &Members) -> Option<CredentialPublicKey> {
    has_exactly(members, [KEY_TYPE, ALGORITHM, EC2_CURVE, EC2_X, EC2_Y])?;
    if integer(members, KEY_TYPE)? != EC2 || integer(members, EC2_CURVE)? != CURVE_P256 {
        return None;
    }
    let (x, y) = (bytes(members, EC2_X)?, bytes(members, EC2_Y)?);
    if (x.len(), y.len()) != (32, 32) {
        return None;
    }
    P256PublicKey::from_sec1(&[&[4], x, y].concat()).ok().map(CredentialPublicKey::Es256)
}

fn rs256(members: &Members) -> Option<CredentialPublicKey> {
    has_exactly(members, [KEY_TYPE, ALGORITHM, RSA_N, RSA_E])?;
    if integer(members, KEY_TYPE)? != RSA {
        return None;
    }
    let key = RsaPublicKey::from_components(bytes(members, RSA_N)?, bytes(members, RSA_E)?);
    key.ok().map(CredentialPublicKey::Rs256)
}

fn has_exactly<const N: usize>(members: &Members, labels: [i128; N]) -> Option<()> {
    (members.len() == N && labels.iter().all(|label| members.contains_key(label))).then_some(())
}

fn integer(members: &Members, label: i128) -> Option<i128> {
    members.get(&label)?.as_integer().map(i128::from)
}

fn bytes(members: &Members, label: i128) -> Option<&[u8]> {
    members.get(&label)?.as_bytes().map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use keyward_crypto::SeededRng;
    use proptest::prelude::*;

    use super::*;
    use crate::stamp::SoftwareAuthenticator;

    fn es256_key() -> Vec<u8> {
        let mut rng = SeededRng::from_seed([3; 32]);
        SoftwareAuthenticator::generate(&mut rng, "example.com", "https://example.com").cose_key()
    }

    /// The map with the value of one label replaced, or taken out.
    fn with(label: i64, value: Option<Value>) -> Vec<u8> {
        let (Value::Map(mut pairs), []) = split_first_item(&es256_key()).unwrap() else {
            panic!("not a map");
        };
        pairs.retain(|(key, _)| *key != Value::from(label));
        pairs.extend(value.map(|value| (Value::from(label), value)));
        encoded(&Value::Map(pairs))
    }

    fn encoded(value: &Value) -> Vec<u8> {
        let mut cose = Vec::new();
        ciborium::into_writer(value, &mut cose).unwrap();
        cose
    }

    fn refusal(cose: &[u8]) -> Option<CoseError> {
        CredentialPublicKey::from_cose(cose).err()
    }

    #[test]
    fn refuses_every_other_algorithm() {
        // EdDSA, ES384, PS256, RS1.
        for algorithm in [-8_i64, -35, -37, -65535, 7] {
            let expected = CoseError::UnsupportedAlgorithm(algorithm.into());
            assert_eq!(refusal(&with(3, Some(algorithm.into()))), Some(expected));
        }
        assert_eq!(refusal(&with(3, None)), Some(CoseError::Unreadable));
    }

    #[test]
    fn refuses_members_that_do_not_fit() {
        for (label, value) in [
            (1, None),
            (1, Some(Value::from(3))),
            (-1, Some(Value::from(2))),
            (-2, None),
            (-2, Some(Value::Bytes(vec![1; 31]))),
            (-2, Some(Value::Bytes(vec![0; 33]))),
            (-3, Some(Value::Bool(true))),
            (-3, Some(Value::Bytes(vec![1; 32]))),
            (4, Some(Value::Array(Vec::new()))),
            (3, Some(Value::from(-257))),
        ] {
            let cose = with(label, value.clone());
            assert_eq!(refusal(&cose), Some(CoseError::InvalidKey), "{label} {value:?}");
        }
    }

    #[test]
    fn refuses_what_is_not_one_map_with_each_label_once() {
        let mut longer = es256_key();
        longer.push(0);
        let (Value::Map(mut pairs), []) = split_first_item(&es256_key()).unwrap() else {
            panic!("not a map");
        };
        pairs.push(pairs[0].clone());
        let twice = encoded(&Value::Map(pairs));
        let text_label = encoded(&Value::Map(vec![(Value::from("3"), Value::from(-7))]));
        for cose in [longer.as_slice(), &twice, &text_label, &[0x80], &[]] {
            assert_eq!(refusal(cose), Some(CoseError::Unreadable), "{cose:02x?}");
        }
    }

    #[test]
    fn lengths_that_lie_and_deep_nesting_cost_nothing() {
        let mut lies: Vec<Vec<u8>> = [0x5b, 0x7b, 0x9b, 0xbb]
            .map(|major| [&[major][..], &[0x0f; 8], &[0; 16]].concat())
            .to_vec();
        lies.extend([0x81, 0x9f, 0xa1, 0xbf, 0xc1].map(|nested| vec![nested; 100_000]));
        for cbor in lies {
            assert_eq!(refusal(&cbor), Some(CoseError::Unreadable), "{:02x?}", cbor.first());
        }
    }

    proptest! {
        #[test]
        fn never_panics(cose: Vec<u8>) {
            let _ = CredentialPublicKey::from_cose(&cose);
        }

        #[test]
        fn never_panics_on_a_damaged_key(at in any::<prop::sample::Index>(), with: u8) {
            let mut cose = es256_key();
            let at = at.index(cose.len());
            cose[at] = with;
            let _ = CredentialPublicKey::from_cose(&cose);
        }
    }
}
