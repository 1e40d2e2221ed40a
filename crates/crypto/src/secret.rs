//! Buffers for key material: wiped when dropped, impossible to print, copy or compare by accident.

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::platform::are_equal;

/// `N` secret bytes.
///
/// Lives on the heap, so moving the value copies a pointer and not the bytes; they are wiped on drop.
/// There is deliberately no `Debug`, `Display`, `Clone`, `PartialEq` or serde, and a struct that
/// holds a secret cannot derive them either:
///
/// ```compile_fail
/// #[derive(Debug)]
/// struct Account {
///     key: keyward_crypto::Secret<32>,
/// }
/// ```
///
/// ```compile_fail
/// fn twice(key: keyward_crypto::Secret<32>) -> [keyward_crypto::Secret<32>; 2] {
///     [key.clone(), key]
/// }
/// ```
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// Takes over `bytes`. The caller's own copy of the array, if any, is not wiped.
    pub fn new(mut bytes: [u8; N]) -> Self {
        let secret = Self(Box::new(bytes));
        bytes.zeroize();
        secret
    }

    /// Copies `bytes`; `None` when there are not exactly `N` of them.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; N] = bytes.try_into().ok()?;
        let mut secret = Self::zeroed();
        secret.0.copy_from_slice(bytes);
        Some(secret)
    }

    /// Draws `N` uniform bytes.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut secret = Self::zeroed();
        rng.fill_bytes(secret.expose_mut());
        secret
    }

    /// The bytes themselves. Say at the call why they leave the wrapper.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// Whether `other` is the same bytes. The time taken depends on the lengths only.
    pub fn matches(&self, other: &[u8]) -> bool {
        are_equal(self.0.as_slice(), other)
    }

    pub(crate) fn zeroed() -> Self {
        Self(Box::new([0; N]))
    }

    pub(crate) fn expose_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Zeroize for Secret<N> {
    fn zeroize(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for Secret<N> {}

/// Secret bytes of any length: an opened row, a decrypted message.
///
/// Wiped on drop, capacity included; as closed as [`Secret`]:
///
/// ```compile_fail
/// fn print(opened: keyward_crypto::SecretBytes) {
///     println!("{opened:?}");
/// }
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Takes over `bytes`. What the vector left behind when it grew is not wiped.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Draws `length` uniform bytes.
    pub fn generate(length: usize, rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = vec![0; length];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The bytes themselves. Say at the call why they leave the wrapper.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no byte at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `other` is the same bytes. The time taken depends on the lengths only.
    pub fn matches(&self, other: &[u8]) -> bool {
        are_equal(&self.0, other)
    }

    #[cfg(feature = "engine")]
    pub(crate) fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededRng;

    #[test]
    fn matches_only_the_same_bytes() {
        let secret = Secret::new([7; 32]);
        assert!(secret.matches(&[7; 32]));
        assert!(!secret.matches(&[7; 31]));
        assert!(!secret.matches(&[8; 32]));
        let bytes = SecretBytes::new(vec![1, 2, 3]);
        assert!(bytes.matches(&[1, 2, 3]));
        assert!(!bytes.matches(&[1, 2]));
        assert!(!bytes.matches(&[]));
    }

    #[test]
    fn takes_a_slice_of_the_right_length_only() {
        assert!(Secret::<4>::from_slice(&[1, 2, 3, 4]).is_some_and(|s| s.matches(&[1, 2, 3, 4])));
        assert!(Secret::<4>::from_slice(&[1, 2, 3]).is_none());
    }

    #[test]
    fn wipes_what_it_holds() {
        let mut secret = Secret::<32>::generate(&mut SeededRng::from_seed([1; 32]));
        assert!(!secret.matches(&[0; 32]));
        secret.zeroize();
        assert!(secret.matches(&[0; 32]));
        let mut bytes = SecretBytes::generate(9, &mut SeededRng::from_seed([1; 32]));
        bytes.zeroize();
        assert!(bytes.is_empty());
    }

    #[test]
    fn is_wiped_on_drop() {
        assert!(std::mem::needs_drop::<Secret<32>>());
        assert!(std::mem::needs_drop::<SecretBytes>());
    }
}
