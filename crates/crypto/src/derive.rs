//! Hierarchical derivation: BIP-32 on secp256k1, SLIP-10 on P-256 and Ed25519.

use hmac::Mac;
use hmac::digest::FixedOutput;
use thiserror::Error;

use crate::hash::new_hmac_sha512;
use crate::path::HARDENED;
use crate::{
    Curve, DerivationPath, Ed25519PrivateKey, P256PrivateKey, PrivateKey, Secp256k1PrivateKey,
    Secret, Seed,
};

/// A path that leads nowhere.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum DeriveError {
    /// BIP-32 has no key at one of the path's elements, or none for the seed (probability 2⁻¹²⁷).
    #[error("no key at this path")]
    NoSuchKey,
}

/// Derives one key from a wallet's seed. For several, there is [`Derivation`].
///
/// # Errors
///
/// As [`Derivation::key`].
pub fn derive(seed: &Seed, curve: Curve, path: &DerivationPath) -> Result<PrivateKey, DeriveError> {
    Derivation::new(seed).key(curve, path)
}

/// Derives keys from a wallet's seed, one after the other. What a path begins with alike to the one before,
/// on the same curve, is not derived again.
///
/// - secp256k1: BIP-32.
/// - P-256: SLIP-10, hardened and normal children, with its rule of hashing again when a number is out of
///   range.
/// - Ed25519: SLIP-10, where every level counts as hardened, since it has no other.
///
/// Source: BIP-32, SLIP-0010.
pub struct Derivation<'a> {
    seed: &'a [u8],
    secp256k1: Trail<Secp256k1PrivateKey>,
    p256: Trail<P256PrivateKey>,
    ed25519: Trail<Ed25519Seed>,
}

impl<'a> Derivation<'a> {
    /// From the seed of a wallet.
    pub fn new(seed: &'a Seed) -> Self {
        Self::from_bytes(seed.expose())
    }

    /// From a seed of any length, as the published vectors have them.
    fn from_bytes(seed: &'a [u8]) -> Self {
        Self { seed, secp256k1: Trail::new(), p256: Trail::new(), ed25519: Trail::new() }
    }

    /// The key at `path`.
    ///
    /// # Errors
    ///
    /// [`DeriveError::NoSuchKey`], on secp256k1 only. The next index is not tried.
    pub fn key(&mut self, curve: Curve, path: &DerivationPath) -> Result<PrivateKey, DeriveError> {
        let indices = path.indices();
        match curve {
            Curve::Secp256k1 => self.secp256k1.key(self.seed, indices).map(PrivateKey::Secp256k1),
            Curve::P256 => self.p256.key(self.seed, indices).map(PrivateKey::P256),
            Curve::Ed25519 => {
                let Ed25519Seed(seed) = self.ed25519.key(self.seed, indices)?;
                let key = Ed25519PrivateKey::from_bytes(seed.expose());
                key.map(PrivateKey::Ed25519).map_err(|_| DeriveError::NoSuchKey)
            }
        }
    }
}

/// The nodes above the last key, from the master node down.
struct Trail<K> {
    nodes: Vec<Node<K>>,
    /// How each node but the master is reached from the one before.
    indices: Vec<u32>,
}

impl<K: Scheme> Trail<K> {
    const fn new() -> Self {
        Self { nodes: Vec::new(), indices: Vec::new() }
    }

    fn key(&mut self, seed: &[u8], path: &[u32]) -> Result<K, DeriveError> {
        let Some((last, above)) = path.split_last() else { return Ok(master(seed)?.key) };
        if self.nodes.is_empty() {
            self.nodes.push(master(seed)?);
        }
        let alike = self.indices.iter().zip(above).take_while(|(one, other)| one == other).count();
        self.indices.truncate(alike);
        self.nodes.truncate(alike.saturating_add(1));
        let parent = |nodes: &[Node<K>], index| nodes.last().map(|node| node.child(index));
        for index in above.iter().skip(alike) {
            let node = parent(&self.nodes, *index).ok_or(DeriveError::NoSuchKey)??;
            self.nodes.push(node);
            self.indices.push(*index);
        }
        Ok(parent(&self.nodes, *last).ok_or(DeriveError::NoSuchKey)??.key)
    }
}

fn master<K: Scheme>(seed: &[u8]) -> Result<Node<K>, DeriveError> {
    let mut hashed = hmac_sha512(K::MASTER, &[seed]);
    loop {
        match K::master(hashed.left()) {
            Some(key) => return Ok(Node { key, chain_code: hashed.chain_code() }),
            None if K::RETRIES => hashed = hmac_sha512(K::MASTER, &[hashed.0.expose()]),
            None => return Err(DeriveError::NoSuchKey),
        }
    }
}

struct Node<K> {
    key: K,
    chain_code: Secret<32>,
}

impl<K: Scheme> Node<K> {
    fn child(&self, index: u32) -> Result<Self, DeriveError> {
        let chain_code = self.chain_code.expose();
        let point = if index & HARDENED == 0 { self.key.point() } else { None };
        let (mut hashed, number) = if let Some(point) = point {
            let number = index.to_be_bytes();
            (hmac_sha512(chain_code, &[&point, &number]), number)
        } else {
            let number = (index | HARDENED).to_be_bytes();
            (hmac_sha512(chain_code, &[&[0], self.key.bytes().expose(), &number]), number)
        };
        loop {
            match self.key.child(hashed.left()) {
                Some(key) => return Ok(Self { key, chain_code: hashed.chain_code() }),
                None if K::RETRIES => {
                    let again = hashed.chain_code();
                    hashed = hmac_sha512(chain_code, &[&[1], again.expose(), &number]);
                }
                None => return Err(DeriveError::NoSuchKey),
            }
        }
    }
}

/// What tells the curves apart.
trait Scheme: Sized {
    /// The HMAC key for the master node.
    const MASTER: &'static [u8];
    /// Whether a number out of range is hashed again, or is an error.
    const RETRIES: bool;

    /// The master key from the left half of the hash; `None` when out of range.
    fn master(left: &[u8; 32]) -> Option<Self>;
    /// The child key from the left half of the hash; `None` when out of range.
    fn child(&self, left: &[u8; 32]) -> Option<Self>;
    /// The private key, for hardened children.
    fn bytes(&self) -> Secret<32>;
    /// The public key, SEC1 compressed, for normal children; `None` when there are only hardened ones.
    fn point(&self) -> Option<[u8; 33]>;
}

impl Scheme for Secp256k1PrivateKey {
    const MASTER: &'static [u8] = b"Bitcoin seed";
    const RETRIES: bool = false;

    fn master(left: &[u8; 32]) -> Option<Self> {
        Self::from_bytes(left).ok()
    }

    fn child(&self, left: &[u8; 32]) -> Option<Self> {
        self.add(left)
    }

    fn bytes(&self) -> Secret<32> {
        self.expose_bytes()
    }

    fn point(&self) -> Option<[u8; 33]> {
        Some(self.public_key().compressed())
    }
}

impl Scheme for P256PrivateKey {
    const MASTER: &'static [u8] = b"Nist256p1 seed";
    const RETRIES: bool = true;

    fn master(left: &[u8; 32]) -> Option<Self> {
        Self::from_bytes(left).ok()
    }

    fn child(&self, left: &[u8; 32]) -> Option<Self> {
        self.add(left)
    }

    fn bytes(&self) -> Secret<32> {
        self.expose_bytes()
    }

    fn point(&self) -> Option<[u8; 33]> {
        Some(self.public_key().compressed())
    }
}

/// An Ed25519 seed on the way down; only the last one becomes a key.
struct Ed25519Seed(Secret<32>);

impl Scheme for Ed25519Seed {
    const MASTER: &'static [u8] = b"ed25519 seed";
    const RETRIES: bool = false;

    fn master(left: &[u8; 32]) -> Option<Self> {
        Secret::from_slice(left).map(Self)
    }

    fn child(&self, left: &[u8; 32]) -> Option<Self> {
        Self::master(left)
    }

    fn bytes(&self) -> Secret<32> {
        // Copied for the hash only, and wiped with it.
        Secret::new(*self.0.expose())
    }

    fn point(&self) -> Option<[u8; 33]> {
        None
    }
}

/// The 64 bytes that a node is made of.
struct Hashed(Secret<64>);

impl Hashed {
    fn left(&self) -> &[u8; 32] {
        self.0.expose().first_chunk().unwrap_or(&[0; 32])
    }

    fn chain_code(&self) -> Secret<32> {
        let mut chain_code = Secret::zeroed();
        if let Some(right) = self.0.expose().last_chunk() {
            *chain_code.expose_mut() = *right;
        }
        chain_code
    }
}

fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> Hashed {
    let mut mac = new_hmac_sha512(key);
    for part in parts {
        mac.update(part);
    }
    let mut hashed = Secret::zeroed();
    mac.finalize_into(hashed.expose_mut().into());
    Hashed(hashed)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Published vectors; the file says where they come from.
    const VECTORS: &str = include_str!("../testdata/derivation.json");

    #[test]
    fn keys_are_the_published_ones() {
        let vectors: Value = serde_json::from_str(VECTORS).unwrap();
        let mut cases = 0;
        for row in vectors["rows"].as_array().unwrap() {
            let text = |name: &str| row[name].as_str().unwrap();
            let curve = match text("curve") {
                "secp256k1" => Curve::Secp256k1,
                "p256" => Curve::P256,
                "ed25519" => Curve::Ed25519,
                other => panic!("{other}"),
            };
            let seed = hex::decode(text("seed")).unwrap();
            let path = DerivationPath::parse(text("path")).unwrap();
            let key = Derivation::from_bytes(&seed).key(curve, &path).unwrap();
            assert_eq!(hex::encode(key.expose_bytes().expose()), text("privateKey"), "{row}");
            if row.get("publicKey").is_some() {
                assert_eq!(hex::encode(key.public_key().compressed()), text("publicKey"), "{row}");
            }
            cases += 1;
        }
        assert_eq!(cases, 57);
    }

    /// SLIP-0010 hashes again when a number is out of range; BIP-32 has no key there.
    #[test]
    fn only_slip_10_tries_again() {
        let mut order = [0xff; 64];
        order[..32].copy_from_slice(
            &hex::decode("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
                .unwrap(),
        );
        let out_of_range = order.first_chunk().unwrap();
        assert!(<Secp256k1PrivateKey as Scheme>::master(out_of_range).is_none());
        assert!(<P256PrivateKey as Scheme>::master(&[0xff; 32]).is_none());
        assert!(<Ed25519Seed as Scheme>::master(&[0; 32]).is_some());
        const {
            assert!(!<Secp256k1PrivateKey as Scheme>::RETRIES);
            assert!(<P256PrivateKey as Scheme>::RETRIES);
        }
    }

    #[test]
    fn keys_are_the_same_one_by_one_and_one_after_the_other() {
        let seed = Seed::new(Secret::new([7; 64]));
        let mut derivation = Derivation::new(&seed);
        for path in ["m/0'/1", "m/0'/2", "m/0'/2/3", "m/1'/2/3", "m", "m/0'", "m/0'/1", "m/4/2/3"] {
            let path = DerivationPath::parse(path).unwrap();
            for curve in [Curve::Secp256k1, Curve::P256, Curve::Ed25519] {
                let key = derivation.key(curve, &path).unwrap().public_key();
                assert_eq!(key, derive(&seed, curve, &path).unwrap().public_key(), "{path}");
            }
        }
    }

    #[test]
    fn soft_levels_are_hardened_on_ed25519() {
        let seed = Seed::new(Secret::new([7; 64]));
        let derive = |curve, path| {
            let key = derive(&seed, curve, &DerivationPath::parse(path).unwrap()).unwrap();
            key.public_key()
        };
        let (soft, hard) = ("m/44'/501'/0'/0", "m/44'/501'/0'/0'");
        assert_eq!(derive(Curve::Ed25519, soft), derive(Curve::Ed25519, hard));
        assert_ne!(derive(Curve::P256, soft), derive(Curve::P256, hard));
        assert_ne!(derive(Curve::Secp256k1, soft), derive(Curve::Secp256k1, hard));
    }
}
