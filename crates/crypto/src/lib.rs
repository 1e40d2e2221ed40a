#![doc = include_str!("../README.md")]

#[cfg(all(feature = "engine", target_arch = "wasm32"))]
compile_error!("the feature `engine` needs AWS-LC and libsecp256k1, which wasm32 can't have");

mod bundle;
mod curve;
#[cfg(feature = "engine")]
mod derive;
#[cfg(not(target_arch = "wasm32"))]
mod ed25519;
mod hash;
#[cfg(feature = "engine")]
mod jws;
#[cfg(feature = "engine")]
mod key;
#[cfg(feature = "engine")]
mod mnemonic;
mod p256;
mod path;
mod platform;
#[cfg(feature = "engine")]
mod quorum;
mod rng;
#[cfg(feature = "engine")]
mod rsa;
#[cfg(feature = "engine")]
mod seal;
#[cfg(not(target_arch = "wasm32"))]
mod secp256k1;
mod secret;
mod signature;

pub use rand_core::CryptoRng;

pub use crate::bundle::{
    BundleError, SealedMessage, open_credential_bundle, open_message, open_text_bundle,
    seal_credential_bundle, seal_message, seal_text_bundle,
};
pub use crate::curve::{Curve, InvalidKey};
#[cfg(feature = "engine")]
pub use crate::derive::{Derivation, DeriveError, derive};
#[cfg(not(target_arch = "wasm32"))]
pub use crate::ed25519::{Ed25519PrivateKey, Ed25519PublicKey};
#[cfg(feature = "engine")]
pub use crate::hash::{blake2b_256, hash160, sha3_256};
pub use crate::hash::{hmac_sha256, keccak256, sha256, sha256d, sha512};
#[cfg(feature = "engine")]
pub use crate::jws::{JwsAlgorithm, JwsKey};
#[cfg(feature = "engine")]
pub use crate::key::{PrivateKey, PublicKey};
#[cfg(feature = "engine")]
pub use crate::mnemonic::{InvalidMnemonic, Mnemonic, MnemonicLanguage, Seed};
pub use crate::p256::{P256PrivateKey, P256PublicKey};
pub use crate::path::{DerivationPath, InvalidPath};
#[cfg(feature = "engine")]
pub use crate::quorum::{open_quorum_envelope, seal_quorum_envelope};
pub use crate::rng::{OsRng, SeededRng, os_rng};
#[cfg(feature = "engine")]
pub use crate::rsa::{RsaPrivateKey, RsaPublicKey};
#[cfg(feature = "engine")]
pub use crate::seal::{IndexKey, OpenError, SealingKey, derive_secret};
#[cfg(not(target_arch = "wasm32"))]
pub use crate::secp256k1::{Secp256k1PrivateKey, Secp256k1PublicKey};
pub use crate::secret::{Secret, SecretBytes};
pub use crate::signature::{EcdsaSignature, InvalidSignature, RecoverableSignature};
