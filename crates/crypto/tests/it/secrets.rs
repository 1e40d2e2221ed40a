//! What must not exist: ways for a secret into a log, a copy or an ordinary comparison.

use std::fmt::{Debug, Display};

use keyward_crypto::{
    Ed25519PrivateKey, IndexKey, Mnemonic, P256PrivateKey, PrivateKey, RsaPrivateKey, SealingKey,
    Secp256k1PrivateKey, Secret, SecretBytes, Seed, SeededRng,
};

/// Compiles only when none of the types implements any of the traits: where one does, there are two ways
/// to read the last line of [`refuse`], and the compiler will not choose.
macro_rules! refuse_all {
    ($($secret:ty),* $(,)?) => {
        $(
            refuse!($secret: Debug);
            refuse!($secret: Display);
            refuse!($secret: Clone);
            refuse!($secret: PartialEq);
            refuse!($secret: AsRef<[u8]>);
        )*

        #[test]
        fn secrets_cross_threads() {
            fn shared<T: Send + Sync>() {}
            $(shared::<$secret>();)*
        }
    };
}

macro_rules! refuse {
    ($secret:ty: $trait:path) => {
        const _: fn() = || {
            trait Ambiguous<A> {
                fn item() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct Implemented;
            impl<T: ?Sized + $trait> Ambiguous<Implemented> for T {}
            let _ = <$secret as Ambiguous<_>>::item;
        };
    };
}

refuse_all!(
    Ed25519PrivateKey,
    IndexKey,
    Mnemonic,
    P256PrivateKey,
    PrivateKey,
    RsaPrivateKey,
    SealingKey,
    Secp256k1PrivateKey,
    Secret<32>,
    SecretBytes,
    Seed,
    SeededRng,
);
