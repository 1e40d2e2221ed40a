//! Mnemonic phrases and the seeds they stand for.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA512};
use bip39::Language;
use rand_core::CryptoRng;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::Secret;

/// Text that is not a mnemonic phrase. Never names a word.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum InvalidMnemonic {
    /// Not 12, 15, 18, 21 or 24 words.
    #[error("mnemonic must have 12, 15, 18, 21 or 24 words")]
    WordCount,
    /// The words are not all in one of the word lists.
    #[error("mnemonic has a word that is in no word list")]
    UnknownWord,
    /// The words are good, but not in this combination.
    #[error("mnemonic checksum does not match")]
    Checksum,
}

/// The language of a word list.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MnemonicLanguage {
    /// English.
    English,
    /// Chinese, simplified.
    SimplifiedChinese,
    /// Chinese, traditional.
    TraditionalChinese,
    /// Czech.
    Czech,
    /// French.
    French,
    /// Italian.
    Italian,
    /// Japanese.
    Japanese,
    /// Korean.
    Korean,
    /// Spanish.
    Spanish,
}

/// A mnemonic phrase with a valid checksum. As closed as [`Secret`].
///
/// Source: BIP-39.
pub struct Mnemonic {
    phrase: Zeroizing<String>,
    language: MnemonicLanguage,
}

impl Mnemonic {
    /// Draws an English phrase of `words` words: 32 bits of entropy for every three.
    ///
    /// # Errors
    ///
    /// [`InvalidMnemonic::WordCount`] when `words` is not 12, 15, 18, 21 or 24.
    pub fn generate(words: usize, rng: &mut dyn CryptoRng) -> Result<Self, InvalidMnemonic> {
        let length = match words {
            12 => 16,
            15 => 20,
            18 => 24,
            21 => 28,
            24 => 32,
            _ => return Err(InvalidMnemonic::WordCount),
        };
        let mut entropy = Zeroizing::new([0_u8; 32]);
        let entropy = entropy.get_mut(..length).ok_or(InvalidMnemonic::WordCount)?;
        rng.fill_bytes(entropy);
        let mnemonic = bip39::Mnemonic::from_entropy(entropy);
        Ok(Self::new(&mnemonic.map_err(|_| InvalidMnemonic::WordCount)?, MnemonicLanguage::English))
    }

    /// Reads a phrase in any of the nine languages.
    ///
    /// Blanks around it are dropped, runs of blanks (U+3000 included) count as one, and any Unicode
    /// normalisation form is taken. English must be lower case.
    ///
    /// A phrase that is good in two languages gives the same seed in both; the first in the order of
    /// [`MnemonicLanguage`] is taken.
    ///
    /// # Errors
    ///
    /// What is wrong with it, by [`InvalidMnemonic`]'s variants.
    pub fn parse(text: &str) -> Result<Self, InvalidMnemonic> {
        let text = normalize(text);
        let mut error = InvalidMnemonic::UnknownWord;
        for (language, list) in LANGUAGES {
            match bip39::Mnemonic::parse_in_normalized(list, &text) {
                Ok(mnemonic) => return Ok(Self::new(&mnemonic, language)),
                Err(bip39::Error::BadWordCount(_)) => return Err(InvalidMnemonic::WordCount),
                Err(bip39::Error::InvalidChecksum) => error = InvalidMnemonic::Checksum,
                Err(_) => {}
            }
        }
        Err(error)
    }

    /// The words, one space between them, in Unicode form NFKD. Say at the call why they leave the
    /// wrapper.
    pub fn phrase(&self) -> &str {
        &self.phrase
    }

    /// The language of the words.
    pub fn language(&self) -> MnemonicLanguage {
        self.language
    }

    /// Stretches the phrase and a passphrase, which may be empty, into the seed: about a millisecond.
    pub fn to_seed(&self, passphrase: &str) -> Seed {
        let passphrase = normalize(passphrase);
        let mut salt = Zeroizing::new(Vec::with_capacity(8_usize.saturating_add(passphrase.len())));
        salt.extend_from_slice(b"mnemonic");
        salt.extend_from_slice(passphrase.as_bytes());
        let mut seed = Secret::zeroed();
        pbkdf2::derive(
            PBKDF2_HMAC_SHA512,
            ROUNDS,
            &salt,
            self.phrase.as_bytes(),
            seed.expose_mut(),
        );
        Seed(seed)
    }

    fn new(mnemonic: &bip39::Mnemonic, language: MnemonicLanguage) -> Self {
        // The exact capacity, so that growing leaves no piece of the phrase behind.
        let length = mnemonic.words().map(|word| word.len().saturating_add(1)).sum();
        let mut phrase = Zeroizing::new(String::with_capacity(length));
        for word in mnemonic.words() {
            if !phrase.is_empty() {
                phrase.push(' ');
            }
            phrase.push_str(word);
        }
        Self { phrase, language }
    }
}

/// The 64 bytes that a mnemonic phrase stands for: the root of a wallet. As closed as [`Secret`].
pub struct Seed(Secret<64>);

impl Seed {
    /// Takes over a seed that was stored.
    pub fn new(bytes: Secret<64>) -> Self {
        Self(bytes)
    }

    /// The bytes themselves. Say at the call why they leave the wrapper.
    pub fn expose(&self) -> &[u8; 64] {
        self.0.expose()
    }
}

const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(2047);

const LANGUAGES: [(MnemonicLanguage, Language); 9] = [
    (MnemonicLanguage::English, Language::English),
    (MnemonicLanguage::SimplifiedChinese, Language::SimplifiedChinese),
    (MnemonicLanguage::TraditionalChinese, Language::TraditionalChinese),
    (MnemonicLanguage::Czech, Language::Czech),
    (MnemonicLanguage::French, Language::French),
    (MnemonicLanguage::Italian, Language::Italian),
    (MnemonicLanguage::Japanese, Language::Japanese),
    (MnemonicLanguage::Korean, Language::Korean),
    (MnemonicLanguage::Spanish, Language::Spanish),
];

/// NFKD, in a buffer of the exact size, so that growing leaves no piece of a secret behind.
fn normalize(text: &str) -> Zeroizing<String> {
    let length = text.nfkd().map(char::len_utf8).sum();
    let mut normal = Zeroizing::new(String::with_capacity(length));
    normal.extend(text.nfkd());
    normal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededRng;

    const ABOUT: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                         abandon abandon about";

    fn error(text: &str) -> Option<InvalidMnemonic> {
        Mnemonic::parse(text).err()
    }

    #[test]
    fn draws_phrases_of_every_length() {
        for words in [12, 15, 18, 21, 24] {
            let mut rng = SeededRng::from_seed([1; 32]);
            let mnemonic = Mnemonic::generate(words, &mut rng).ok().unwrap();
            assert_eq!(mnemonic.phrase().split(' ').count(), words);
            assert_eq!(mnemonic.language(), MnemonicLanguage::English);
            let read = Mnemonic::parse(mnemonic.phrase()).ok().unwrap();
            assert_eq!(read.phrase(), mnemonic.phrase());
            let again = Mnemonic::generate(words, &mut rng).ok().unwrap();
            assert_ne!(again.phrase(), mnemonic.phrase());
        }
        for words in [0, 11, 13, 25, usize::MAX] {
            let drawn = Mnemonic::generate(words, &mut SeededRng::from_seed([1; 32]));
            assert_eq!(drawn.err(), Some(InvalidMnemonic::WordCount));
        }
    }

    /// Published vectors; the file says where they come from.
    #[test]
    fn phrases_and_seeds_are_the_published_ones() {
        let vectors = include_str!("../testdata/mnemonics.json");
        let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
        let mut cases = 0;
        for row in vectors["rows"].as_array().unwrap() {
            let text = |name: &str| row[name].as_str().unwrap();
            let entropy = hex::decode(text("entropy")).unwrap();
            let drawn = bip39::Mnemonic::from_entropy(&entropy).unwrap();
            let drawn = Mnemonic::new(&drawn, MnemonicLanguage::English);
            let read = Mnemonic::parse(text("mnemonic")).ok().unwrap();
            assert_eq!((drawn.phrase(), read.phrase()), (text("mnemonic"), text("mnemonic")));
            assert_eq!(hex::encode(read.to_seed("TREZOR").expose()), text("seed"));
            cases += 1;
        }
        assert_eq!(cases, 24);
    }

    #[test]
    fn passphrases_are_normalised() {
        let mnemonic = Mnemonic::parse(ABOUT).ok().unwrap();
        let (composed, decomposed) = (mnemonic.to_seed("Zo\u{eb}"), mnemonic.to_seed("Zoe\u{308}"));
        assert_eq!(composed.expose(), decomposed.expose());
        assert_ne!(composed.expose(), mnemonic.to_seed("Zoe").expose());
        assert_ne!(mnemonic.to_seed(" ").expose(), mnemonic.to_seed("").expose());
    }

    #[test]
    fn blanks_do_not_matter() {
        let spread = format!("\n\t {} \u{3000}\r\n", ABOUT.replace(' ', " \u{3000}\u{a0} "));
        assert_eq!(Mnemonic::parse(&spread).ok().unwrap().phrase(), ABOUT);
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(error(""), Some(InvalidMnemonic::WordCount));
        assert_eq!(error("abandon"), Some(InvalidMnemonic::WordCount));
        assert_eq!(error(&ABOUT.replace("about", "abandon")), Some(InvalidMnemonic::Checksum));
        assert_eq!(error(&ABOUT.replace("about", "abuot")), Some(InvalidMnemonic::UnknownWord));
        assert_eq!(error(&ABOUT.replace("about", "About")), Some(InvalidMnemonic::UnknownWord));
        assert_eq!(error(&ABOUT.replace("about", "ábaco")), Some(InvalidMnemonic::UnknownWord));
        // Portuguese has a word list in some software, but not here.
        let portuguese = bip39::Mnemonic::from_entropy_in(Language::Portuguese, &[9; 16]).unwrap();
        assert_eq!(error(&portuguese.to_string()), Some(InvalidMnemonic::UnknownWord));
    }

    #[test]
    fn reads_phrases_that_two_languages_share() {
        // The list of simplified Chinese shares words with that of traditional Chinese.
        let (simplified, traditional) =
            (Language::SimplifiedChinese.word_list(), Language::TraditionalChinese.word_list());
        let shared: Vec<_> = simplified.iter().filter(|word| traditional.contains(word)).collect();
        let mut found = 0;
        for first in shared.iter().take(40) {
            let text = format!("{first} ").repeat(11);
            for last in &shared {
                if let Ok(mnemonic) = Mnemonic::parse(&format!("{text}{last}")) {
                    let languages =
                        [MnemonicLanguage::SimplifiedChinese, MnemonicLanguage::TraditionalChinese];
                    assert!(languages.contains(&mnemonic.language()));
                    found += 1;
                }
            }
        }
        assert!(found > 0);
    }
}
