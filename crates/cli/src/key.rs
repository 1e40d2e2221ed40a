//! API keys of any curve that stamps requests.

use clap::ValueEnum;
use keyward_crypto::{CryptoRng, Ed25519PrivateKey, P256PrivateKey, Secp256k1PrivateKey, Secret};
use keyward_protocol::stamp::make;

use crate::failure::Failure;

/// A curve that stamps requests.
#[derive(Clone, Copy, Default, PartialEq, ValueEnum)]
pub(crate) enum Curve {
    #[default]
    P256,
    Secp256k1,
    Ed25519,
}

impl Curve {
    /// Its name on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::Secp256k1 => "secp256k1",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// An API key.
pub(crate) enum KeyPair {
    P256(P256PrivateKey),
    Secp256k1(Secp256k1PrivateKey),
    Ed25519(Ed25519PrivateKey),
}

impl KeyPair {
    pub(crate) fn generate(curve: Curve, rng: &mut dyn CryptoRng) -> Self {
        match curve {
            Curve::P256 => Self::P256(P256PrivateKey::generate(rng)),
            Curve::Secp256k1 => Self::Secp256k1(Secp256k1PrivateKey::generate(rng)),
            Curve::Ed25519 => Self::Ed25519(Ed25519PrivateKey::generate(rng)),
        }
    }

    /// Reads the private half: 32 bytes, hex.
    pub(crate) fn parse(curve: Curve, text: &str) -> Result<Self, Failure> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| Failure::PrivateKey)?;
        let bytes = Secret::new(bytes);
        let bytes = bytes.expose();
        match curve {
            Curve::P256 => P256PrivateKey::from_bytes(bytes).map(Self::P256),
            Curve::Secp256k1 => Secp256k1PrivateKey::from_bytes(bytes).map(Self::Secp256k1),
            Curve::Ed25519 => Ed25519PrivateKey::from_bytes(bytes).map(Self::Ed25519),
        }
        .map_err(|_| Failure::PrivateKey)
    }

    /// The public half: 33 bytes compressed, 32 for Ed25519; hex.
    pub(crate) fn public_key(&self) -> String {
        match self {
            Self::P256(key) => hex::encode(key.public_key().compressed()),
            Self::Secp256k1(key) => hex::encode(key.public_key().compressed()),
            Self::Ed25519(key) => hex::encode(key.public_key().to_bytes()),
        }
    }

    /// The private half, hex. It leaves the process, to be handed to whoever asked for it.
    pub(crate) fn private_key(&self) -> String {
        let bytes = match self {
            Self::P256(key) => key.expose_bytes(),
            Self::Secp256k1(key) => key.expose_bytes(),
            Self::Ed25519(key) => key.expose_bytes(),
        };
        hex::encode(bytes.expose())
    }

    /// The value of `X-Stamp` for these bytes.
    pub(crate) fn stamp(&self, body: &[u8]) -> String {
        match self {
            Self::P256(key) => make::p256(key, body),
            Self::Secp256k1(key) => make::secp256k1(key, body),
            Self::Ed25519(key) => make::ed25519(key, body),
        }
    }
}

#[cfg(test)]
mod tests {
    use keyward_crypto::SeededRng;

    use super::*;

    #[test]
    fn every_curve_reads_what_it_wrote() {
        for curve in Curve::value_variants() {
            let made = KeyPair::generate(*curve, &mut SeededRng::from_seed([3; 32]));
            let read = KeyPair::parse(*curve, &made.private_key()).unwrap();
            assert_eq!(read.public_key(), made.public_key());
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_the_key() {
        let Err(failure) = KeyPair::parse(Curve::P256, "c0ffee") else { panic!("no key at all") };
        assert!(!failure.to_string().contains("c0ffee"), "{failure}");
    }
}
