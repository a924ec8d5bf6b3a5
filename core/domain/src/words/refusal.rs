//! Refusals are codes and arguments too: what a person reads of one comes from the words.

/// For a refusal with `sentence()`, the code of its words, and `message()`, the whole of what it
/// says: its short code for scripts, and its English text as an error.
macro_rules! refusals_in_words {
    ($($refusal:ty),+ $(,)?) => { $(
        impl $refusal {
            /// The stable code, as scripts read it.
            #[must_use]
            pub fn code(&self) -> &'static str {
                let sentence = self.sentence();
                sentence.split_once('.').map_or(sentence, |(_, code)| code)
            }
        }

        impl std::fmt::Display for $refusal {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&$crate::words::Words::english().say(&self.message()))
            }
        }

        impl std::error::Error for $refusal {}
    )+ };
}

pub(crate) use refusals_in_words;
