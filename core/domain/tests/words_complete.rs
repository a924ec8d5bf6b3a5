//! Holds a language to what it says is complete: every code is there, with the same arguments.

use std::collections::BTreeSet;

use holdfast_domain::words::Words;

/// What German says completely. A star is one part of a code.
const GERMAN: &[&str] = &[
    // Names.
    "assistant",
    "block_order",
    "ended_by",
    "exercise.*.name",
    "kind",
    "laterality",
    "language",
    "list",
    "mode",
    "muscle",
    "per",
    "position",
    "pressure",
    "profile",
    "recorded_by",
    "region",
    "severity",
    "side",
    "side_rule",
    "tag",
    "template.*.name",
    "tempo",
    "tool",
    "unit",
    "weekday",
    "when",
    // How it is done, and what to mind.
    "condition",
    "cue",
    "dose",
    "exercise.*.cue",
    "frequency",
    "gate",
    "rule",
    "safety",
    // What the rules find, and what is refused.
    "day_record",
    "finding",
    "ignored",
    "range",
    "record",
    // The course of a session at the prompt.
    "prompt.closing",
    "prompt.dose",
    "prompt.field",
    "prompt.history",
    "prompt.hold",
    "prompt.key",
    "prompt.length",
    "prompt.lines",
    "prompt.log",
    "prompt.ours",
    "prompt.pain",
    "prompt.place",
    "prompt.play",
    "prompt.player",
    "prompt.range",
    "prompt.record",
    "prompt.safety",
    "prompt.session",
    "prompt.side",
    "prompt.status",
    "prompt.value",
    "prompt.when",
];

fn within(code: &str, section: &str) -> bool {
    let mut parts = code.split('.');
    section
        .split('.')
        .all(|wanted| parts.next().is_some_and(|part| wanted == "*" || wanted == part))
}

/// The names in braces.
fn arguments(sentence: &str) -> BTreeSet<&str> {
    let names = sentence.split('{').skip(1);
    names.filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn german_is_complete_where_it_says_so() {
    let (english, german) = (Words::english(), Words::for_language("de-AT"));
    assert_eq!(german.tag(), "de");
    let own: BTreeSet<&str> = german.codes().collect();
    for section in GERMAN {
        let codes: Vec<&str> = english.codes().filter(|code| within(code, section)).collect();
        assert!(!codes.is_empty(), "there is no section {section}");
        let missing: Vec<_> = codes.iter().filter(|code| !own.contains(**code)).collect();
        assert!(missing.is_empty(), "German lacks {missing:?}");
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
