//! The recovery phrase: twelve BIP-39 words that stand for one more device, on paper.

use bip39::{Language, Mnemonic};
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::keys::DeviceKeys;
use crate::secret::Secret32;

/// How many words a phrase has (128 bits and a checksum).
pub const WORDS: usize = 12;

/// Why words are not a recovery phrase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPhrase {
    /// Too few or too many words.
    #[error("a recovery phrase has {WORDS} words; this one has {0}")]
    WordCount(usize),
    /// A word that is not on the list.
    #[error("word {position}, \"{word}\", is not on the list of recovery words{}", nearest.as_ref().map(|n| format!("; did you mean \"{n}\"?")).unwrap_or_default())]
    UnknownWord {
        /// Counted from 1.
        position: usize,
        /// The word as typed.
        word: String,
        /// The closest word on the list, where one is close.
        nearest: Option<String>,
    },
    /// Every word is on the list, yet the phrase does not add up.
    #[error(
        "every word is on the list, but together they are not a phrase: a word is wrong or two have changed places"
    )]
    Checksum,
}

/// A recovery phrase. It is zeroized when dropped and never printed by Debug.
pub struct Phrase(Zeroizing<String>);

impl std::fmt::Debug for Phrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Phrase(…)")
    }
}

impl Phrase {
    /// A new phrase.
    #[must_use]
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        let mut bits = Zeroizing::new([0u8; 16]);
        entropy.fill(bits.as_mut());
        let mnemonic = Mnemonic::from_entropy_in(Language::English, bits.as_ref())
            .expect("16 bytes are a valid entropy length");
        Self(Zeroizing::new(mnemonic.to_string()))
    }

    /// Reads words as a person types them: any spacing, any case.
    ///
    /// # Errors
    /// [`BadPhrase`], naming the word where it can.
    pub fn parse(text: &str) -> Result<Self, BadPhrase> {
        let words: Zeroizing<Vec<String>> =
            Zeroizing::new(text.split_whitespace().map(str::to_lowercase).collect());
        if words.len() != WORDS {
            return Err(BadPhrase::WordCount(words.len()));
        }
        for (index, word) in words.iter().enumerate() {
            if Language::English.find_word(word).is_none() {
                return Err(BadPhrase::UnknownWord {
                    position: index + 1,
                    word: word.clone(),
                    nearest: nearest_word(word),
                });
            }
        }
        let joined = Zeroizing::new(words.join(" "));
        Mnemonic::parse_in_normalized(Language::English, &joined)
            .map_err(|_| BadPhrase::Checksum)?;
        Ok(Self(joined))
    }

    /// The words, to show once to the person.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.0
    }

    /// The device that the phrase stands for.
    #[must_use]
    pub fn device(&self) -> DeviceKeys {
        let mnemonic = Mnemonic::parse_in_normalized(Language::English, &self.0)
            .expect("a Phrase holds a valid phrase");
        let (entropy, length) = mnemonic.to_entropy_array();
        let entropy = Zeroizing::new(entropy);
        let mut ikm = Zeroizing::new([0u8; 32]);
        ikm[..length].copy_from_slice(&entropy[..length]);
        DeviceKeys::from_seed(Secret32::from_bytes(*ikm).derive(&[b"paper device"]))
    }
}

fn nearest_word(word: &str) -> Option<String> {
    Language::English
        .word_list()
        .iter()
        .map(|known| (edits(word, known), *known))
        .min()
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, known)| known.to_owned())
}

/// Levenshtein distance of two short words.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_phrase_read_back_in_any_case_is_the_same_device() {
        let phrase = Phrase::generate(&mut SystemEntropy);
        let again = Phrase::parse(&phrase.words().to_uppercase().replace(' ', "  \n")).unwrap();
        assert_eq!(phrase.device().id(), again.device().id());
        assert!(!format!("{phrase:?}").contains(phrase.words()));
    }

    #[test]
    fn a_typo_is_named_with_its_place_and_the_nearest_word() {
        let phrase = Phrase::generate(&mut SystemEntropy);
        let mut words: Vec<&str> = phrase.words().split(' ').collect();
        words[4] = "abandn";
        match Phrase::parse(&words.join(" ")) {
            Err(BadPhrase::UnknownWord { position: 5, nearest: Some(near), .. }) => {
                assert_eq!(near, "abandon");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(Phrase::parse("one two").unwrap_err(), BadPhrase::WordCount(2));
        let wrong = "abandon ".repeat(12);
        assert_eq!(Phrase::parse(&wrong).unwrap_err(), BadPhrase::Checksum);
    }
}
