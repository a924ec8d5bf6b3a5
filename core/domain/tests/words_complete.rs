//! Holds a language to what it says is complete: every code is there, with the same arguments.

use std::collections::BTreeSet;

use holdfast_domain::words::Words;

/// Sections that German still lacks, with those below them. A feature may stand here while it is
/// being made, and no longer.
const GERMAN_LACKS: &[&str] = &[];

fn within(code: &str, section: &str) -> bool {
    code.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The names in braces.
fn arguments(sentence: &str) -> BTreeSet<&str> {
    let names = sentence.split('{').skip(1);
    names.filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn german_is_complete() {
    let (english, german) = (Words::english(), Words::for_language("de-AT"));
    assert_eq!(german.tag(), "de");
    let own: BTreeSet<&str> = german.codes().collect();
    let lacks = |code: &&str| !own.contains(*code);
    let missing: Vec<&str> = english
        .codes()
        .filter(|code| !GERMAN_LACKS.iter().any(|section| within(code, section)))
        .filter(lacks)
        .collect();
    assert!(missing.is_empty(), "German lacks {missing:?}");
    for section in GERMAN_LACKS {
        let any = english.codes().filter(|code| within(code, section)).any(|code| lacks(&code));
        assert!(any, "German has all of {section}: take it from the list");
    }
}

#[test]
fn every_language_has_the_arguments_of_english_and_does_not_shout() {
    let english = Words::english();
    for language in Words::languages() {
        for code in language.codes() {
            let of = |words: &'static Words| arguments(words.find(code).expect("its sentence"));
            assert_eq!(of(language), of(english), "{code} in {}", language.tag());
            let sentence = language.find(code).expect("its sentence");
            assert!(!sentence.contains('!') && !sentence.trim().is_empty(), "{code}: {sentence}");
        }
    }
}

#[test]
fn a_range_and_a_dose_read_as_german() {
    use holdfast_domain::dose::Range;
    use holdfast_domain::words::Measure;
    let german = Words::for_language("de_DE");
    let range = Range::new(Some(30), Some(90), None, true).expect("a range");
    assert_eq!(german.range(range, Measure::Seconds), "30–90 s oder länger");
    assert_eq!(german.range(Range::exactly(3), Measure::Sets), "3 Sätze");
}
