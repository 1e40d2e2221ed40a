//! Keys whose curve is known only at run time: wallet accounts and stored private keys.

use rand_core::CryptoRng;

use crate::{
    Curve, Ed25519PrivateKey, Ed25519PublicKey, InvalidKey, P256PrivateKey, P256PublicKey,
    Secp256k1PrivateKey, Secp256k1PublicKey, Secret,
};

/// A private key on any of the curves.
pub enum PrivateKey {
    /// A secp256k1 scalar.
    Secp256k1(Secp256k1PrivateKey),
    /// A P-256 scalar.
    P256(P256PrivateKey),
    /// An Ed25519 seed.
    Ed25519(Ed25519PrivateKey),
}

impl PrivateKey {
    /// Draws a key: a uniform scalar in \[1, n−1\] by rejection, or 32 uniform bytes on Ed25519.
    pub fn generate(curve: Curve, rng: &mut dyn CryptoRng) -> Self {
        match curve {
            Curve::Secp256k1 => Self::Secp256k1(Secp256k1PrivateKey::generate(rng)),
            Curve::P256 => Self::P256(P256PrivateKey::generate(rng)),
            Curve::Ed25519 => Self::Ed25519(Ed25519PrivateKey::generate(rng)),
        }
    }

    /// Reads a big-endian scalar, or an Ed25519 seed.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::OutOfRange`] when the scalar is zero or not below the group order.
    pub fn from_bytes(curve: Curve, bytes: &[u8; 32]) -> Result<Self, InvalidKey> {
        Ok(match curve {
            Curve::Secp256k1 => Self::Secp256k1(Secp256k1PrivateKey::from_bytes(bytes)?),
            Curve::P256 => Self::P256(P256PrivateKey::from_bytes(bytes)?),
            Curve::Ed25519 => Self::Ed25519(Ed25519PrivateKey::from_bytes(bytes)?),
        })
    }

    /// The curve this key is on.
    pub fn curve(&self) -> Curve {
        match self {
            Self::Secp256k1(_) => Curve::Secp256k1,
            Self::P256(_) => Curve::P256,
            Self::Ed25519(_) => Curve::Ed25519,
        }
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        match self {
            Self::Secp256k1(key) => PublicKey::Secp256k1(key.public_key()),
            Self::P256(key) => PublicKey::P256(key.public_key()),
            Self::Ed25519(key) => PublicKey::Ed25519(key.public_key()),
        }
    }

    /// The scalar, big-endian, or the Ed25519 seed. Say at the call why it leaves the wrapper.
    pub fn expose_bytes(&self) -> Secret<32> {
        match self {
            Self::Secp256k1(key) => key.expose_bytes(),
            Self::P256(key) => key.expose_bytes(),
            Self::Ed25519(key) => key.expose_bytes(),
        }
    }
}

/// A public key on any of the curves.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PublicKey {
    /// A secp256k1 point.
    Secp256k1(Secp256k1PublicKey),
    /// A P-256 point.
    P256(P256PublicKey),
    /// An Ed25519 public key.
    Ed25519(Ed25519PublicKey),
}

impl PublicKey {
    /// Reads SEC1, compressed (33 bytes) or uncompressed (65 bytes), or the 32 bytes of Ed25519.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::Encoding`] for another length or prefix, [`InvalidKey::NotOnCurve`] for no point.
    pub fn from_bytes(curve: Curve, bytes: &[u8]) -> Result<Self, InvalidKey> {
        Ok(match curve {
            Curve::Secp256k1 => Self::Secp256k1(Secp256k1PublicKey::from_sec1(bytes)?),
            Curve::P256 => Self::P256(P256PublicKey::from_sec1(bytes)?),
            Curve::Ed25519 => Self::Ed25519(Ed25519PublicKey::from_bytes(
                bytes.try_into().map_err(|_| InvalidKey::Encoding)?,
            )),
        })
    }

    /// The curve this key is on.
    pub fn curve(&self) -> Curve {
        match self {
            Self::Secp256k1(_) => Curve::Secp256k1,
            Self::P256(_) => Curve::P256,
            Self::Ed25519(_) => Curve::Ed25519,
        }
    }

    /// SEC1 compressed, 33 bytes; Ed25519: its 32 bytes.
    pub fn compressed(&self) -> Vec<u8> {
        match self {
            Self::Secp256k1(key) => key.compressed().to_vec(),
            Self::P256(key) => key.compressed().to_vec(),
            Self::Ed25519(key) => key.to_bytes().to_vec(),
        }
    }

    /// SEC1 uncompressed, 65 bytes; Ed25519: its 32 bytes.
    pub fn uncompressed(&self) -> Vec<u8> {
        match self {
            Self::Secp256k1(key) => key.uncompressed().to_vec(),
            Self::P256(key) => key.uncompressed().to_vec(),
            Self::Ed25519(key) => key.to_bytes().to_vec(),
        }
    }
}
