//! What is to be said, as data: a code and its arguments. It knows no language.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The code of a sentence (`cue.go`, `exercise.psoas-release-hook.name`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(String);

impl Code {
    /// A code. Whether any language has a sentence for it is asked of [`super::Words`].
    #[must_use]
    pub fn new(code: impl Into<String>) -> Self {
        Self(code.into())
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Code {
    fn from(code: &str) -> Self {
        Self::new(code)
    }
}

impl From<String> for Code {
    fn from(code: String) -> Self {
        Self(code)
    }
}

/// What stands in a sentence for a name in braces.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Arg {
    /// A whole number.
    Number(i64),
    /// A text in no particular language: an id, a name somebody typed.
    Text(String),
    /// A sentence or name of its own, said in the reader's language.
    Message(Message),
    /// Several, said one after the other with what the language puts between.
    List(Vec<Arg>),
}

impl Arg {
    /// A sentence or name that has a code of its own.
    #[must_use]
    pub fn code(code: impl Into<Code>) -> Self {
        Self::Message(Message::new(code))
    }

    /// Several, said one after the other.
    #[must_use]
    pub fn list(items: impl IntoIterator<Item = impl Into<Self>>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl From<Message> for Arg {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

macro_rules! whole_numbers {
    ($($number:ty),+) => { $(
        impl From<$number> for Arg {
            fn from(number: $number) -> Self {
                Self::Number(number.into())
            }
        }
    )+ };
}

whole_numbers!(u8, u16, u32, i32, i64);

/// A sentence to be said: its code and its arguments. Findings, refusals and cues carry these.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    /// Which sentence.
    pub code: Code,
    /// What stands in it, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Arg>,
}

impl From<String> for Message {
    /// A text that has no code, said as it is in every language.
    fn from(text: String) -> Self {
        Self::new("said.as_it_is").with("text", text)
    }
}

impl fmt::Display for Message {
    /// In English.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::Words::english().say(self))
    }
}

impl Message {
    /// A sentence without arguments.
    #[must_use]
    pub fn new(code: impl Into<Code>) -> Self {
        Self { code: code.into(), args: BTreeMap::new() }
    }

    /// The sentence for a number: `code.one` for 1, otherwise `code.other`, with the number as `n`.
    #[must_use]
    pub fn counted(code: &str, n: u64) -> Self {
        let form = if n == 1 { "one" } else { "other" };
        Self::new(format!("{code}.{form}")).with("n", n)
    }

    /// The same with one more argument.
    #[must_use]
    pub fn with(mut self, name: &str, arg: impl Into<Arg>) -> Self {
        self.args.insert(name.to_owned(), arg.into());
        self
    }
}
