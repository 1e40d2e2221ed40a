#![doc = include_str!("../README.md")]

mod bundle;
mod curve;
mod derive;
mod ed25519;
mod hash;
mod jws;
mod key;
mod mnemonic;
mod p256;
mod path;
mod quorum;
mod rng;
mod rsa;
mod seal;
mod secp256k1;
mod secret;
mod signature;

pub use rand_core::CryptoRng;

pub use crate::bundle::{
    BundleError, SealedMessage, open_credential_bundle, open_message, open_text_bundle,
    seal_credential_bundle, seal_message, seal_text_bundle,
};
pub use crate::curve::{Curve, InvalidKey};
pub use crate::derive::{DeriveError, derive};
pub use crate::ed25519::{Ed25519PrivateKey, Ed25519PublicKey};
pub use crate::hash::{hash160, hmac_sha256, keccak256, sha256, sha256d, sha512};
pub use crate::jws::{JwsAlgorithm, JwsKey};
pub use crate::key::{PrivateKey, PublicKey};
pub use crate::mnemonic::{InvalidMnemonic, Mnemonic, MnemonicLanguage, Seed};
pub use crate::p256::{P256PrivateKey, P256PublicKey};
pub use crate::path::{DerivationPath, InvalidPath};
pub use crate::quorum::{open_quorum_envelope, seal_quorum_envelope};
pub use crate::rng::{OsRng, SeededRng, os_rng};
pub use crate::rsa::{RsaPrivateKey, RsaPublicKey};
pub use crate::seal::{IndexKey, OpenError, SealingKey, derive_secret};
pub use crate::secp256k1::{Secp256k1PrivateKey, Secp256k1PublicKey};
pub use crate::secret::{Secret, SecretBytes};
pub use crate::signature::{EcdsaSignature, InvalidSignature, RecoverableSignature};
