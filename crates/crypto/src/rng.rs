//! Sources of randomness, handed around as `&mut dyn CryptoRng`.

use std::convert::Infallible;

use chacha20::ChaCha20Rng;
use rand_core::{Rng, SeedableRng, TryCryptoRng, TryRng};

use crate::platform::fill_random;

/// The generator for production: per-thread AES-CTR-DRBG, seeded and reseeded from the operating system; on
/// wasm32 the browser's own.
///
/// A value without state; make one wherever it is needed with [`os_rng`].
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRng;

/// Randomness for production.
pub fn os_rng() -> OsRng {
    OsRng
}

impl TryRng for OsRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        fill_random(bytes);
        Ok(())
    }
}

impl TryCryptoRng for OsRng {}

/// A generator that repeats itself: the same seed gives the same bytes, on every platform and release.
///
/// `ChaCha20`, seed as key, stream 0. For tests and reproducible development servers; in production the
/// seed would have to be as secret as every key drawn from it.
pub struct SeededRng(ChaCha20Rng);

impl SeededRng {
    /// Starts the sequence that belongs to `seed`.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }
}

impl TryRng for SeededRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl TryCryptoRng for SeededRng {}

#[cfg(test)]
mod tests {
    use rand_core::CryptoRng;

    use super::*;

    fn draw(rng: &mut dyn CryptoRng) -> [u8; 32] {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        bytes
    }

    #[test]
    fn the_same_seed_repeats_itself() {
        let mut first = SeededRng::from_seed([3; 32]);
        let mut second = SeededRng::from_seed([3; 32]);
        assert_eq!(draw(&mut first), draw(&mut second));
        assert_ne!(draw(&mut first), draw(&mut SeededRng::from_seed([4; 32])));
    }

    /// The all-zero key and nonce of RFC 8439, appendix A.1, test vectors 1 and 2.
    #[test]
    fn the_sequence_is_the_published_one() {
        let mut rng = SeededRng::from_seed([0; 32]);
        assert_eq!(
            hex::encode(draw(&mut rng)),
            "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
        );
        draw(&mut rng);
        assert_eq!(
            hex::encode(draw(&mut rng)),
            "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
        );
    }

    #[test]
    fn the_operating_system_does_not_repeat_itself() {
        assert_ne!(draw(&mut os_rng()), draw(&mut os_rng()));
        assert_ne!(os_rng().next_u64(), os_rng().next_u64());
    }
}
