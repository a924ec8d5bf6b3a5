//! Why a command did not do what was asked, as a sentence for people and a code for scripts.
//! It knows nothing of how either is printed.

use std::borrow::Cow;
use std::fmt::Display;

use holdfast::HoldfastError;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::commands::routine::show;
use crate::output::words;

/// What a process ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The state forbids it, or it failed.
    Failed = 1,
    /// A usage error or a bad value.
    Usage = 2,
}

/// An error as it goes to stderr.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Failure(Box<Told>);

/// What is told of an error.
#[derive(Debug, Clone, Serialize)]
struct Told {
    /// A stable word for scripts.
    code: Cow<'static, str>,
    /// What happened, on what, and what to do: whole sentences.
    message: String,
    /// The argument at fault, as JSON names it (`pain_before`).
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What to try.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// What else a script may want: who has the home, which rules are broken.
    #[serde(flatten)]
    more: Map<String, Value>,
    #[serde(skip)]
    exit: Exit,
}

/// What every command gives.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    fn new(code: impl Into<Cow<'static, str>>, message: impl Display, exit: Exit) -> Self {
        let (code, message) = (code.into(), sentence(&message.to_string()));
        Self(Box::new(Told { code, message, field: None, hint: None, more: Map::new(), exit }))
    }

    /// The state forbids it, or it failed.
    pub fn state(code: &'static str, message: impl Display) -> Self {
        Self::new(code, message, Exit::Failed)
    }

    /// A value that cannot be.
    pub fn bad_value(field: &str, message: impl Display) -> Self {
        Self::new("bad_value", message, Exit::Usage).field(field)
    }

    /// Arguments that do not go together.
    pub fn usage(message: impl Display) -> Self {
        Self::new("usage", message, Exit::Usage)
    }

    /// The same under a finer code.
    pub fn coded(mut self, code: &'static str) -> Self {
        self.0.code = Cow::Borrowed(code);
        self
    }

    /// The same under a finer code, where it is that nothing answers to a name.
    pub fn coded_if_unknown(self, code: &'static str) -> Self {
        if self.code() == "unknown" { self.coded(code) } else { self }
    }

    /// The same, about an argument.
    pub fn field(mut self, field: &str) -> Self {
        self.0.field = Some(field.to_owned());
        self
    }

    /// The same, with something to try.
    pub fn hint(mut self, hint: impl Display) -> Self {
        self.0.hint = Some(sentence(&hint.to_string()));
        self
    }

    /// The same with one more thing to try.
    pub fn and_hint(mut self, hint: &str) -> Self {
        let hint = sentence(hint);
        self.0.hint = Some(match self.0.hint.take() {
            Some(before) => format!("{before} {hint}"),
            None => hint,
        });
        self
    }

    /// The same with something else that a script may want.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.more.insert(name.to_owned(), value.into());
        self
    }

    /// The stable word for scripts.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// What happened, in whole sentences.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the process ends with.
    pub fn exit(&self) -> Exit {
        self.0.exit
    }

    /// The sentences for a person.
    pub fn paragraphs(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.0.message.as_str()).chain(self.0.hint.as_deref())
    }
}

impl From<HoldfastError> for Failure {
    fn from(error: HoldfastError) -> Self {
        let exit = if error.is_bad_input() { Exit::Usage } else { Exit::Failed };
        let mut failure = Self::new(error.code().to_owned(), error.said(words::reader()), exit);
        failure.0.field = error.field().map(str::to_owned);
        failure.0.hint = error.hint().map(|hint| sentence(&words::reader().say(&hint)));
        match &error {
            HoldfastError::HomeInUse { pid, command, .. } => {
                failure.with("pid", *pid).with("command", command.clone())
            }
            HoldfastError::Broken { findings, .. } => {
                failure.with("findings", show::findings_json(findings))
            }
            _ => failure,
        }
    }
}

/// A text as a sentence: a capital where it begins with a word, a full stop where it has none.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let first = text.split_whitespace().next().unwrap_or_default();
    let first = first.trim_end_matches([',', ':', '.', '?', '!']);
    let mut sentence = String::with_capacity(text.len() + 1);
    let mut letters = text.chars();
    if first.chars().all(char::is_lowercase)
        && let Some(letter) = letters.next()
    {
        sentence.extend(letter.to_uppercase());
    }
    sentence.push_str(letters.as_str());
    if !sentence.ends_with(['.', '?', '!', ':', ')']) && !sentence.is_empty() {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn a_fragment_becomes_a_sentence_and_an_id_keeps_its_letters() {
        assert_eq!(sentence("there is no hold 3fa9"), "There is no hold 3fa9.");
        assert_eq!(sentence("psoas-release-hook has sides"), "psoas-release-hook has sides.");
        assert_eq!(sentence("/home/ana is a file."), "/home/ana is a file.");
        assert_eq!(sentence("http://127.0.0.1:7377"), "http://127.0.0.1:7377.");
        assert_eq!(sentence("really?"), "Really?");
    }
}
