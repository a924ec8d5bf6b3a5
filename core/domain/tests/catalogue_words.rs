//! Proves that everything has words, that no words lie unused, and that they are our own.

#[path = "protocols/mod.rs"]
mod protocols;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::profile::Question;
use holdfast_domain::vocabulary::{
    Assistant, BlockOrder, EndedBy, Kind, Laterality, Mode, Per, Position, Pressure, ProfileField,
    Severity, Side, SideRule, Source, Tag, Weekday, When,
};
use holdfast_domain::words::{Named, Words};
use serde_json::Value;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, into)),
        _ => {}
    }
}

/// Every code that the data files name: a text whose first part is a section of the words.
fn codes_in_data() -> BTreeSet<String> {
    let sections: BTreeSet<&str> =
        Words::english().codes().filter_map(|code| code.split_once('.')).map(|(s, _)| s).collect();
    let mut all = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("data")).expect("data") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ext| ext == "json") {
            let file = fs::read_to_string(path).expect("a data file");
            texts(&serde_json::from_str(&file).expect("JSON"), &mut all);
        }
    }
    let is_code = |text: &String| {
        let section = text.split_once('.').map(|(section, _)| section);
        !text.contains(' ') && section.is_some_and(|section| sections.contains(section))
    };
    all.into_iter().filter(is_code).collect()
}

fn named<'a, T: Named + 'a>(all: impl IntoIterator<Item = &'a T>) -> Vec<String> {
    all.into_iter().map(|named| named.name_code().to_string()).collect()
}

/// The names of every word list.
fn codes_of_names() -> BTreeSet<String> {
    let catalogue = Catalogue::built_in();
    let vocabulary = catalogue.vocabulary();
    let phases = catalogue.exercises().iter().flat_map(|exercise| &exercise.dose.tempo);
    [
        named(Assistant::ALL),
        named(BlockOrder::ALL),
        named(EndedBy::ALL),
        named(Kind::ALL),
        named(Laterality::ALL),
        named(Mode::ALL),
        named(Per::ALL),
        named(Position::ALL),
        named(Pressure::ALL),
        named(ProfileField::ALL),
        named(Question::ALL),
        named(Severity::ALL),
        named(Side::ALL),
        named(SideRule::ALL),
        named(Source::ALL),
        named(Tag::ALL),
        named(Weekday::ALL),
        named(When::ALL),
        named(&vocabulary.muscles),
        named(&vocabulary.regions),
        named(&vocabulary.tools),
        named(phases),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn rust_sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            rust_sources(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            into.push_str(&fs::read_to_string(path).expect("a source file"));
        }
    }
}

/// Everything that is written in Rust and may say a code.
fn code_of_the_project() -> String {
    let mut sources = String::new();
    for folder in ["core/domain/src", "core/engine/src", "bindings/cli/src", "bindings/ffi/src"] {
        let before = sources.len();
        rust_sources(&repository().join(folder), &mut sources);
        assert!(sources.len() > before, "no source in {folder}; this test needs the whole project");
    }
    sources
}

#[test]
fn every_code_the_data_names_has_words() {
    let words = Words::english();
    let codes = codes_in_data();
    assert!(codes.len() > 600, "only {} codes found", codes.len());
    let missing: Vec<_> = codes.iter().filter(|code| !words.knows(code)).collect();
    assert!(missing.is_empty(), "no words for {missing:?}");
}

#[test]
fn every_word_list_has_names() {
    let words = Words::english();
    let missing: Vec<_> = codes_of_names().into_iter().filter(|code| !words.knows(code)).collect();
    assert!(missing.is_empty(), "no words for {missing:?}");
}

#[test]
fn every_code_written_in_rust_has_words() {
    let words = Words::english();
    let sections: BTreeSet<&str> =
        words.codes().filter_map(|c| Some(c.split_once('.')?.0)).collect();
    let mut missing = BTreeSet::new();
    let sources = code_of_the_project();
    for line in sources.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for literal in line.split('"').skip(1).step_by(2) {
            let Some((section, rest)) = literal.split_once('.') else { continue };
            let file = [".json", ".csv", ".db"].iter().any(|ext| literal.ends_with(ext));
            let is_code = !file
                && sections.contains(&section)
                && !rest.is_empty()
                && rest
                    .bytes()
                    .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.'));
            if is_code && !words.knows(literal) && !words.knows(&format!("{literal}.other")) {
                missing.insert(literal.to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "no words for {missing:?}");
}

#[test]
fn no_words_lie_unused() {
    let mut used = codes_in_data();
    used.extend(codes_of_names());
    used.insert("language.name".to_owned());
    let sources = code_of_the_project();
    let written = |code: &str| {
        let counted = code.strip_suffix(".one").or_else(|| code.strip_suffix(".other"));
        sources.contains(&format!("\"{code}\""))
            || counted.is_some_and(|code| sources.contains(&format!("\"{code}\"")))
    };
    // The command line makes the codes of its help from its commands, and proves each used.
    let help = |code: &&str| code.starts_with("help.");
    let unused: Vec<&str> = Words::english()
        .codes()
        .filter(|code| !help(code) && !used.contains(*code) && !written(code))
        .collect();
    assert!(unused.is_empty(), "nothing says {unused:?}");
}

#[test]
fn every_sentence_is_calm_and_whole() {
    let words = Words::english();
    for code in words.codes() {
        let sentence = words.find(code).expect("its sentence");
        assert!(!sentence.trim().is_empty(), "{code} is empty");
        assert!(!sentence.contains('!'), "{code} cheers or shouts: {sentence}");
        if !code.ends_with(".separator") {
            assert_eq!(sentence.trim(), sentence, "{code} has space around it");
        }
    }
    for language in Words::languages() {
        let unknown: Vec<&str> = language.codes().filter(|code| !words.knows(code)).collect();
        assert!(unknown.is_empty(), "{} says what English does not: {unknown:?}", language.tag());
    }
}

/// The words of a text, without case and punctuation.
fn bare(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// A text and each of its sentences, those longer than four words.
fn long_sentences(text: &str) -> Vec<String> {
    std::iter::once(text)
        .chain(text.split_inclusive(['.', ';', ':', '?']))
        .map(bare)
        .filter(|words| words.len() > 4)
        .map(|words| words.join(" "))
        .collect()
}

#[test]
fn no_sentence_is_taken_from_the_notes() {
    let Some(notes) = protocols::read() else { return };
    let mut theirs = Vec::new();
    texts(&notes, &mut theirs);
    let theirs: BTreeSet<String> = theirs.iter().flat_map(|text| long_sentences(text)).collect();
    assert!(theirs.len() > 500, "only {} sentences in the notes", theirs.len());
    let words = Words::english();
    for code in words.codes() {
        for sentence in long_sentences(words.find(code).expect("its sentence")) {
            assert!(!theirs.contains(&sentence), "{code} is the notes' sentence: {sentence}");
        }
    }
}

#[test]
fn no_brand_is_named() {
    let Some(notes) = protocols::read() else { return };
    let mut theirs = Vec::new();
    texts(&notes, &mut theirs);
    let brands: BTreeSet<String> = theirs
        .iter()
        .filter_map(|text| text.split_once("Brand: "))
        .flat_map(|(_, rest)| names(rest.split('.').next().unwrap_or_default()))
        .collect();
    assert!(brands.len() >= 5, "only {} brands in the notes", brands.len());
    let words = Words::english();
    for code in words.codes() {
        let sentence = words.find(code).expect("its sentence");
        for brand in &brands {
            let said = if brand.contains(' ') {
                sentence.to_lowercase().contains(&brand.to_lowercase())
            } else {
                sentence.split(|c: char| !c.is_alphanumeric() && c != '-').any(|w| w == brand)
            };
            assert!(!said, "{code} names the brand {brand}");
        }
    }
}

/// Runs of capitalised words.
fn names(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut run = String::new();
    for word in text.split_inclusive([' ', '(', ')', ',']) {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        if bare.starts_with(|c: char| c.is_ascii_uppercase()) {
            if !run.is_empty() {
                run.push(' ');
            }
            run.push_str(bare);
        }
        let broken =
            !bare.starts_with(|c: char| c.is_ascii_uppercase()) || word.ends_with(['(', ')', ',']);
        if broken && !run.is_empty() {
            names.push(std::mem::take(&mut run));
        }
    }
    names.extend((!run.is_empty()).then_some(run));
    names
}
