//! ECDSA signatures and their encodings, for either 256-bit curve.

use thiserror::Error;

use crate::curve::compress;
use crate::platform::recover_secp256k1;

/// Bytes that are not an ECDSA signature.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("invalid signature encoding")]
pub struct InvalidSignature;

/// An ECDSA signature on a 256-bit curve.
///
/// Only an encoding: a zero or too large `r` or `s` can be held, and is refused by every `verify`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct EcdsaSignature {
    r: [u8; 32],
    s: [u8; 32],
}

impl EcdsaSignature {
    /// Reads ASN.1 DER with the tolerance that published signers need.
    ///
    /// A SEQUENCE whose one-byte length is exactly the rest, holding two INTEGERs of 1 to 33 bytes.
    /// Integers are read as unsigned: redundant leading zeros are dropped and a missing one is not
    /// missed, since common wallet software writes both.
    ///
    /// # Errors
    ///
    /// [`InvalidSignature`] for anything else: another tag, a long-form or wrong length, a value above
    /// 32 bytes, trailing bytes, or a raw `r ‖ s`.
    ///
    /// Source: X.690 §8.3, relaxed; SEC 1 §C.8.
    pub fn from_der_lenient(der: &[u8]) -> Result<Self, InvalidSignature> {
        let (header, body) = der.split_first_chunk().ok_or(InvalidSignature)?;
        let [SEQUENCE, length] = *header else { return Err(InvalidSignature) };
        if usize::from(length) != body.len() {
            return Err(InvalidSignature);
        }
        let (r, rest) = take_integer(body)?;
        let (s, rest) = take_integer(rest)?;
        if rest.is_empty() { Ok(Self { r, s }) } else { Err(InvalidSignature) }
    }

    /// Reads `r ‖ s`, 32 bytes each, big-endian.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        let mut signature = Self { r: [0; 32], s: [0; 32] };
        let (r, s) = bytes.split_at(32);
        signature.r.copy_from_slice(r);
        signature.s.copy_from_slice(s);
        signature
    }

    /// Puts a signature together from its two numbers, 32 bytes each, big-endian.
    pub fn from_scalars(r: [u8; 32], s: [u8; 32]) -> Self {
        Self { r, s }
    }

    /// `r ‖ s`, 32 bytes each, big-endian.
    pub fn to_bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        let (r, s) = bytes.split_at_mut(32);
        r.copy_from_slice(&self.r);
        s.copy_from_slice(&self.s);
        bytes
    }

    /// Minimal ASN.1 DER, 8 to 72 bytes. Source: X.690 §8.3.
    pub fn to_der(&self) -> Vec<u8> {
        self.to_der_buffer().as_slice().to_vec()
    }

    /// `r`, big-endian.
    pub fn r(&self) -> &[u8; 32] {
        &self.r
    }

    /// `s`, big-endian.
    pub fn s(&self) -> &[u8; 32] {
        &self.s
    }

    /// [`Self::to_der`] without the allocation.
    pub(crate) fn to_der_buffer(self) -> DerBuffer {
        let mut der = DerBuffer { bytes: [0; 72], length: 2 };
        der.push_integer(&self.r);
        der.push_integer(&self.s);
        let body = u8::try_from(der.length.saturating_sub(2)).unwrap_or(u8::MAX);
        if let Some(header) = der.bytes.first_chunk_mut() {
            *header = [SEQUENCE, body];
        }
        der
    }
}

/// An ECDSA signature with what is needed to recover the public key from it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct RecoverableSignature {
    /// `r`, big-endian.
    pub r: [u8; 32],
    /// `s`, big-endian.
    pub s: [u8; 32],
    /// Goes with this `s`: bit 0 is the parity of the nonce point's y, bit 1 says that its x was not
    /// below the group order (probability 2⁻¹²⁷ on secp256k1, 2⁻³² on P-256). Not 27 or 28.
    pub recovery_id: u8,
}

impl RecoverableSignature {
    /// Reads what wallets answer to `personal_sign`: `r ‖ s ‖ v`, with `v` 27 or 28, or 0 or 1.
    ///
    /// # Errors
    ///
    /// [`InvalidSignature`] for another `v`.
    ///
    /// Source: EIP-191, and the `v` of Ethereum's yellow paper, appendix F.
    pub fn from_ethereum(bytes: &[u8; 65]) -> Result<Self, InvalidSignature> {
        let [numbers @ .., v] = bytes;
        let recovery_id = match v {
            0 | 1 => *v,
            27 | 28 => v.saturating_sub(27),
            _ => return Err(InvalidSignature),
        };
        let EcdsaSignature { r, s } = EcdsaSignature::from_bytes(numbers);
        Ok(Self { r, s, recovery_id })
    }

    /// The secp256k1 key that made this signature over `prehash`, SEC1 compressed; `None` when there is
    /// none. For clients: with `Secp256k1PublicKey`, which wasm32 lacks, there is `recover_prehash`.
    ///
    /// Source: SEC 1 §4.1.6.
    pub fn recover_secp256k1(&self, prehash: &[u8; 32]) -> Option<[u8; 33]> {
        self.recover_secp256k1_uncompressed(prehash).map(|point| compress(&point))
    }

    /// As [`Self::recover_secp256k1`], SEC1 uncompressed: what an Ethereum address is the hash of.
    pub fn recover_secp256k1_uncompressed(&self, prehash: &[u8; 32]) -> Option<[u8; 65]> {
        recover_secp256k1(prehash, self)
    }

    /// The plain signature.
    pub fn signature(&self) -> EcdsaSignature {
        EcdsaSignature { r: self.r, s: self.s }
    }
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

/// Minimal DER of one signature, on the stack.
pub(crate) struct DerBuffer {
    bytes: [u8; 72],
    length: usize,
}

impl DerBuffer {
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn push_integer(&mut self, value: &[u8; 32]) {
        let digits = strip_zeros(value);
        // An INTEGER is signed: a set top bit takes a zero byte before it. Zero itself is one zero byte.
        let sign: &[u8] = if digits.first().is_none_or(|top| top & 0x80 != 0) { &[0] } else { &[] };
        let length = u8::try_from(sign.len().saturating_add(digits.len())).unwrap_or(u8::MAX);
        for part in [&[INTEGER, length], sign, digits] {
            let end = self.length.saturating_add(part.len());
            if let Some(target) = self.bytes.get_mut(self.length..end) {
                target.copy_from_slice(part);
                self.length = end;
            }
        }
    }
}

fn take_integer(input: &[u8]) -> Result<([u8; 32], &[u8]), InvalidSignature> {
    let (header, rest) = input.split_first_chunk().ok_or(InvalidSignature)?;
    let [INTEGER, length @ 1..=33] = *header else { return Err(InvalidSignature) };
    let (digits, rest) = rest.split_at_checked(length.into()).ok_or(InvalidSignature)?;
    let digits = strip_zeros(digits);
    let mut value = [0; 32];
    let start = value.len().checked_sub(digits.len()).ok_or(InvalidSignature)?;
    value.get_mut(start..).ok_or(InvalidSignature)?.copy_from_slice(digits);
    Ok((value, rest))
}

fn strip_zeros(mut digits: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = digits {
        digits = rest;
    }
    digits
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Secp256k1PrivateKey;

    /// Whether the lenient reader takes `der` and a strict one would not: an integer in it has a zero too
    /// many before it, or one too few.
    pub(crate) fn is_not_minimal(der: &[u8]) -> bool {
        EcdsaSignature::from_der_lenient(der).is_ok_and(|signature| signature.to_der() != der)
    }

    fn read(der: &str) -> Result<EcdsaSignature, InvalidSignature> {
        EcdsaSignature::from_der_lenient(&hex::decode(der).unwrap())
    }

    fn small(r: u8, s: u8) -> EcdsaSignature {
        let number = |low| {
            let mut number = [0; 32];
            number[31] = low;
            number
        };
        EcdsaSignature::from_scalars(number(r), number(s))
    }

    #[test]
    fn writes_minimal_der() {
        assert_eq!(hex::encode(small(1, 2).to_der()), "3006020101020102");
        assert_eq!(hex::encode(small(0, 0x80).to_der()), "300702010002020080");
        let largest = EcdsaSignature::from_bytes(&[0xff; 64]).to_der();
        assert_eq!(largest.len(), 72);
        assert_eq!(largest[..5], [0x30, 70, 2, 33, 0]);
    }

    #[test]
    fn takes_superfluous_and_missing_zeros() {
        assert_eq!(read("300702020001020102"), Ok(small(1, 2)));
        assert_eq!(read("30080203000001020102"), Ok(small(1, 2)));
        assert_eq!(read("3006020181020102"), Ok(small(0x81, 2)));
        assert_eq!(read("3006020100020100"), Ok(small(0, 0)));
        let padded = format!("3026022100{}020101", "ff".repeat(32));
        assert_eq!(read(&padded).map(|signature| *signature.r()), Ok([0xff; 32]));
    }

    #[test]
    fn refuses_everything_else() {
        for (der, why) in [
            ("", "nothing"),
            ("30", "no length"),
            ("3000", "no integers"),
            ("3003020101", "one integer"),
            ("3106020101020102", "a SET"),
            ("300602010102010200", "a trailing byte"),
            ("300702010102010200", "a trailing byte inside"),
            ("3007020101020102", "a length beyond the end"),
            ("3005020101020102", "a length before the end"),
            ("308106020101020102", "a long-form length"),
            ("30800201010201020000", "an indefinite length"),
            ("3006030101020102", "a BIT STRING"),
            ("30050200020102", "an empty integer"),
            ("3006020101020202", "an integer beyond the end"),
        ] {
            assert_eq!(read(der), Err(InvalidSignature), "{why}");
        }
        // 33 bytes with a value in all of them, and 34 bytes.
        for integer in [format!("022101{}", "00".repeat(32)), format!("0222{}", "00".repeat(34))] {
            let body = format!("{integer}020101");
            let der = format!("30{:02x}{body}", body.len() / 2);
            assert_eq!(read(&der), Err(InvalidSignature), "{der}");
        }
        assert_eq!(
            EcdsaSignature::from_der_lenient(&[7; 64]),
            Err(InvalidSignature),
            "a raw signature"
        );
    }

    #[test]
    fn an_ethereum_signature_leads_back_to_the_key() {
        let mut one = [0; 32];
        one[31] = 1;
        let key = Secp256k1PrivateKey::from_bytes(&one).unwrap();
        let signature = key.sign_prehash(&[7; 32]);
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.signature().to_bytes());
        for (base, taken) in [(0, true), (27, true), (2, false), (29, false), (35, false)] {
            bytes[64] = base + signature.recovery_id;
            let read = RecoverableSignature::from_ethereum(&bytes);
            assert_eq!(read.ok(), taken.then_some(signature), "{base}");
        }
        assert_eq!(signature.recover_secp256k1(&[7; 32]), Some(key.public_key().compressed()));
        assert_ne!(signature.recover_secp256k1(&[8; 32]), Some(key.public_key().compressed()));
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = EcdsaSignature::from_der_lenient(&bytes);
        }

        #[test]
        fn reading_what_looks_like_der_never_panics(
            lengths: [u8; 3],
            mut bytes in prop::collection::vec(any::<u8>(), 8..80),
        ) {
            (bytes[0], bytes[1], bytes[2], bytes[3]) = (0x30, lengths[0] % 80, 2, lengths[1] % 40);
            let second = 4 + usize::from(lengths[1] % 40);
            if let Some(header) = bytes.get_mut(second..second + 2) {
                header.copy_from_slice(&[2, lengths[2] % 40]);
            }
            let _ = EcdsaSignature::from_der_lenient(&bytes);
        }

        #[test]
        fn reading_what_was_written_changes_nothing(r: [u8; 32], s: [u8; 32], zeros in 0..33_usize) {
            let mut r = r;
            r[..zeros.min(32)].fill(0);
            let signature = EcdsaSignature::from_scalars(r, s);
            prop_assert_eq!(EcdsaSignature::from_der_lenient(&signature.to_der()), Ok(signature));
            prop_assert_eq!(EcdsaSignature::from_bytes(&signature.to_bytes()), signature);
        }
    }
}
