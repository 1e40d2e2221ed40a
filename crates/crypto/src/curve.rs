//! Curves, and what is wrong with keys on them.

use thiserror::Error;

/// Bytes that are not a key.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum InvalidKey {
    /// Not as many bytes as the key has, or a prefix that does not go with the length.
    #[error("key has the wrong length or prefix")]
    Encoding,
    /// A public key that is no point of the curve.
    #[error("key is not a point of the curve")]
    NotOnCurve,
    /// A private key that is zero or not below the group order.
    #[error("private key is out of range")]
    OutOfRange,
    /// An RSA key outside the supported sizes.
    #[error("unsupported RSA key size")]
    UnsupportedSize,
}

/// The curves on which wallets hold keys.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Curve {
    /// secp256k1: Bitcoin, Ethereum and their relatives.
    Secp256k1,
    /// NIST P-256, also called secp256r1 or prime256v1.
    P256,
    /// Ed25519: Solana, Sui, Aptos and others.
    Ed25519,
}

/// A point of a 256-bit curve, SEC1 uncompressed, as SEC1 compressed. Source: SEC 1 §2.3.3.
pub(crate) fn compress(point: &[u8; 65]) -> [u8; 33] {
    let mut compressed = [0; 33];
    let ([prefix, x @ ..], [_, coordinates @ ..]) = (&mut compressed, point);
    let (source, y) = coordinates.split_at(32);
    x.copy_from_slice(source);
    *prefix = 2 | (y.last().copied().unwrap_or_default() & 1);
    compressed
}
