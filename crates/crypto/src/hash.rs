//! Hash functions and HMAC.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use sha3::Keccak256;

/// SHA-256. Source: FIPS 180-4.
pub fn sha256(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

/// SHA-256 of the SHA-256, as Bitcoin hashes.
pub fn sha256d(data: &[u8]) -> [u8; 32] {
    sha256(&sha256(data))
}

/// SHA-512. Source: FIPS 180-4.
pub fn sha512(data: &[u8]) -> [u8; 64] {
    Sha512::digest(data).into()
}

/// Keccak-256 with the original padding, as Ethereum hashes. Not SHA3-256.
pub fn keccak256(data: &[u8]) -> [u8; 32] {
    Keccak256::digest(data).into()
}

/// SHA3-256. Source: FIPS 202.
#[cfg(feature = "engine")]
pub fn sha3_256(data: &[u8]) -> [u8; 32] {
    sha3::Sha3_256::digest(data).into()
}

/// `BLAKE2b` with 32 bytes of output and no key. Source: RFC 7693.
#[cfg(feature = "engine")]
pub fn blake2b_256(data: &[u8]) -> [u8; 32] {
    blake2::Blake2b256::digest(data).into()
}

/// RIPEMD-160 of the SHA-256: Bitcoin's key and script hash.
#[cfg(feature = "engine")]
pub fn hash160(data: &[u8]) -> [u8; 20] {
    use bitcoin::hashes::{Hash, hash160};

    hash160::Hash::hash(data).to_byte_array()
}

/// HMAC-SHA256 under a key of any length. Compare tags in constant time.
///
/// Source: RFC 2104, FIPS 198-1.
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut mac = new_hmac_sha256(key);
    mac.update(data);
    mac.finalize().into_bytes().into()
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length; RFC 2104 §2")]
pub(crate) fn new_hmac_sha256(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("a key of any length")
}

#[cfg(feature = "engine")]
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length; RFC 2104 §2")]
pub(crate) fn new_hmac_sha512(key: &[u8]) -> Hmac<Sha512> {
    Hmac::new_from_slice(key).expect("a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4 example "abc"; NIST's example of SHA3-256 over nothing; the Keccak team's, the BLAKE2 team's
    /// and Bitcoin's well-known values.
    #[test]
    fn hashes_are_the_published_ones() {
        assert_eq!(
            hex::encode(sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hex::encode(sha256d(b"hello")),
            "9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50"
        );
        assert_eq!(
            hex::encode(sha512(b"abc")),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
        assert_eq!(
            hex::encode(keccak256(b"")),
            "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        );
        assert_eq!(
            hex::encode(sha3_256(b"")),
            "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"
        );
        assert_eq!(
            hex::encode(blake2b_256(b"abc")),
            "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"
        );
        // The hash160 of the generator point: the address 1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH.
        let generator =
            hex::decode("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
                .unwrap();
        assert_eq!(hex::encode(hash160(&generator)), "751e76e8199196d454941c45d1b3a323f1433bd6");
    }

    /// RFC 4231, test cases 2 and 6.
    #[test]
    fn hmac_is_the_published_one() {
        assert_eq!(
            hex::encode(hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex::encode(hmac_sha256(
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First"
            )),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
