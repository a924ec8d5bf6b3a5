//! The words people read: one source a language, a code and named arguments in, a sentence out.
//! It knows no rule and no exercise; every other part keeps codes and never a sentence.
//!
//! # How to add a sentence
//!
//! 1. Put it in `core/domain/data/words/en/<part>.json`, in the file of your part (`cue`, `finding`,
//!    `habit` …); a new part adds a file. The nesting is the code: `{"cue": {"go": "Go."}}` is
//!    `cue.go`. A section may stand in several files, a code in one only. Arguments are names in
//!    braces: `"hold": "Hold for {seconds} seconds."`.
//! 2. Say it: `words.text("cue.hold", &[("seconds", 90.into())])`, or carry it as data in a
//!    [`Message`] and say it later with [`Words::say`]. The text of the command line is in the
//!    section `prompt`, said with its own `words::say` and `words::plain`. What the engine refuses
//!    is `Error::bad_value(field, message)` or `Error::forbidden(message)`.
//! 3. Write each code as one whole literal in the source. A test looks every literal of the known
//!    sections up, and refuses sentences that nothing uses.
//!
//! An argument may itself be a code ([`Arg::code`]), a message or a list: it is then said in the
//! reader's language. For numbers that change the sentence, give `code.one` and `code.other` and
//! call [`Words::counted`], or carry it as [`Message::counted`].
//!
//! # How to add a language
//!
//! Add a folder `core/domain/data/words/<tag>/` (a BCP 47 tag: `de`, `pt-br`) with files like those
//! of `en`. Nothing else. What it does not translate is said in English. German translates all of it,
//! and `core/domain/tests/words_complete.rs` holds it to that.
//!
//! `qps` is English with every letter marked. A test of the command line runs in it and finds text
//! that did not come from here.

mod dose;
mod marked;
mod message;
mod names;
mod refusal;
mod source;

use std::collections::BTreeMap;
use std::sync::OnceLock;

pub use dose::Measure;
pub use message::{Arg, Code, Message};
pub use names::Named;
pub(crate) use refusal::refusals_in_words;
pub use source::BadWords;

/// Tag and files of every language; written by the build script from `data/words`.
static FILES: &[(&str, &[&str])] = include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// The tag of the language everything falls back to.
pub const FALLBACK: &str = "en";

/// The languages in the order of [`FILES`], each read when it is first asked for.
static BUILT_IN: [OnceLock<Words>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

fn built_in(tag: &str) -> Option<&'static Words> {
    let place = FILES.iter().position(|(known, _)| *known == tag)?;
    let (tag, files) = FILES[place];
    Some(BUILT_IN[place].get_or_init(|| {
        Words::parse(tag, files).expect("a test parses every language file that is built in")
    }))
}

/// The sentences of one language. What it lacks is said in English.
#[derive(Debug, Clone)]
pub struct Words {
    tag: String,
    sentences: BTreeMap<String, String>,
}

impl Words {
    /// English.
    #[must_use]
    pub fn english() -> &'static Self {
        built_in(FALLBACK).expect("English is built in")
    }

    /// The language for a BCP 47 tag (`de-AT`, `en_US`): itself, else its primary language, else
    /// English.
    #[must_use]
    pub fn for_language(tag: &str) -> &'static Self {
        let mut tag = tag.to_ascii_lowercase().replace('_', "-");
        if tag == marked::TAG {
            return marked::words();
        }
        loop {
            if let Some(words) = built_in(&tag) {
                return words;
            }
            match tag.rfind('-') {
                Some(cut) => tag.truncate(cut),
                None => return Self::english(),
            }
        }
    }

    /// Every built-in language.
    pub fn languages() -> impl Iterator<Item = &'static Self> {
        FILES.iter().filter_map(|(tag, _)| built_in(tag))
    }

    /// Reads the files of one language: nested objects of sentences.
    ///
    /// # Errors
    /// [`BadWords`] when one is no such file, a code is said twice, in one file or in two, or a
    /// brace has no partner.
    pub fn parse(tag: &str, files: &[&str]) -> Result<Self, BadWords> {
        Ok(Self { tag: tag.to_ascii_lowercase(), sentences: source::sentences(files)? })
    }

    /// The language's tag.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Every code this language itself has a sentence for.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.sentences.keys().map(String::as_str)
    }

    /// The sentence as written, arguments still in braces; English where this language lacks it.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<&str> {
        match self.sentences.get(code) {
            Some(sentence) => Some(sentence),
            None if self.tag == FALLBACK => None,
            None => Self::english().find(code),
        }
    }

    /// Whether any sentence goes by this code.
    #[must_use]
    pub fn knows(&self, code: &str) -> bool {
        self.find(code).is_some()
    }

    /// The sentence of a code with its arguments filled in. An unknown code is its own text, and
    /// an argument nobody gave stays in braces: both are seen at once and neither hides content.
    #[must_use]
    pub fn text(&self, code: &str, args: &[(&str, Arg)]) -> String {
        match self.find(code) {
            Some(sentence) => self.fill(sentence, |name| {
                args.iter().find(|(given, _)| *given == name).map(|(_, arg)| arg)
            }),
            None => code.to_owned(),
        }
    }

    /// [`Self::text`] without arguments.
    #[must_use]
    pub fn plain(&self, code: &str) -> String {
        self.text(code, &[])
    }

    /// The sentence for a number: `code.one` for 1, otherwise `code.other`; `{n}` is the number.
    #[must_use]
    pub fn counted(&self, code: &str, n: u64, args: &[(&str, Arg)]) -> String {
        let form = format!("{code}.{}", if n == 1 { "one" } else { "other" });
        let mut all = vec![("n", Arg::from(n))];
        all.extend_from_slice(args);
        self.text(&form, &all)
    }

    /// A number written with a point, with the sign that the language puts there.
    #[must_use]
    pub fn decimal(&self, number: &str) -> String {
        number.replace('.', &self.plain("number.decimal"))
    }

    /// Says a message.
    #[must_use]
    pub fn say(&self, message: &Message) -> String {
        match self.find(message.code.as_str()) {
            Some(sentence) => self.fill(sentence, |name| message.args.get(name)),
            None => message.code.as_str().to_owned(),
        }
    }

    /// An argument as it stands in a sentence.
    #[must_use]
    pub fn said(&self, arg: &Arg) -> String {
        match arg {
            Arg::Number(number) => number.to_string(),
            Arg::Text(text) => text.clone(),
            Arg::Message(message) => self.say(message),
            Arg::List(items) => {
                let said: Vec<String> = items.iter().map(|item| self.said(item)).collect();
                said.join(&self.plain("list.separator"))
            }
        }
    }

    fn fill<'a>(&self, sentence: &str, arg: impl Fn(&str) -> Option<&'a Arg>) -> String {
        let mut said = String::with_capacity(sentence.len());
        let mut rest = sentence;
        while let Some((before, after)) = rest.split_once('{') {
            said.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                said.push('{');
                rest = after;
                continue;
            };
            match arg(name) {
                Some(arg) => said.push_str(&self.said(arg)),
                None => said.push_str(&format!("{{{name}}}")),
            }
            rest = after;
        }
        said.push_str(rest);
        said
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
