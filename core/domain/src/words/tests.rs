use super::{Arg, BadWords, Message, Words};

#[test]
fn every_built_in_language_reads() {
    let tags: Vec<&str> = Words::languages().map(Words::tag).collect();
    assert!(tags.contains(&"en"), "{tags:?}");
}

#[test]
fn arguments_are_filled_in_by_name() {
    let words = Words::parse("en", &[r#"{"a": {"b": "{who} holds {n} s, {who}."}}"#]).unwrap();
    assert_eq!(
        words.text("a.b", &[("n", 90.into()), ("who", "Ana".into())]),
        "Ana holds 90 s, Ana."
    );
}

#[test]
fn an_argument_can_be_a_sentence_with_a_code_of_its_own() {
    let words = Words::parse("en", &[r#"{"x": "Next: {what}.", "y": "psoas"}"#]).unwrap();
    assert_eq!(words.say(&Message::new("x").with("what", Arg::code("y"))), "Next: psoas.");
}

#[test]
fn an_argument_can_be_a_message_or_a_list() {
    let words = Words::parse(
        "en",
        &[r#"{"x": "{what}.", "list.separator": ", ", "s": {"one": "{n} side", "other": "{n} sides"}}"#],
    )
    .unwrap();
    assert_eq!(words.say(&Message::new("x").with("what", Message::counted("s", 2))), "2 sides.");
    let list = Arg::list([Arg::from("left"), Message::counted("s", 1).into()]);
    assert_eq!(words.say(&Message::new("x").with("what", list)), "left, 1 side.");
}

#[test]
fn a_section_may_stand_in_several_files() {
    let files = [r#"{"s": {"one": "1"}}"#, r#"{"s": {"two": "2"}, "t": "3"}"#];
    let words = Words::parse("xx", &files).unwrap();
    assert_eq!(words.codes().collect::<Vec<_>>(), ["s.one", "s.two", "t"]);
}

#[test]
fn what_is_missing_is_shown_and_hides_nothing() {
    let words = Words::parse("en", &[r#"{"x": "Hold {seconds} s."}"#]).unwrap();
    assert_eq!(words.plain("x"), "Hold {seconds} s.");
    assert_eq!(words.plain("no.such.code"), "no.such.code");
}

#[test]
fn text_in_an_argument_is_not_read_as_an_argument() {
    let words = Words::parse("en", &[r#"{"x": "{a}{b}"}"#]).unwrap();
    assert_eq!(words.text("x", &[("a", "{b}".into()), ("b", "!".into())]), "{b}!");
}

#[test]
fn a_second_language_falls_back_to_english_sentence_by_sentence() {
    let english = Words::english().plain("kind.release");
    let words = Words::parse("xx", &[r#"{"kind": {"stretch": "xx-stretch"}}"#]).unwrap();
    assert_eq!(words.plain("kind.stretch"), "xx-stretch");
    assert_eq!(words.plain("kind.release"), english);
}

#[test]
fn a_tag_finds_its_primary_language_and_an_unknown_one_english() {
    assert_eq!(Words::for_language("en_US").tag(), "en");
    assert_eq!(Words::for_language("en-GB-oxendict").tag(), "en");
    assert_eq!(Words::for_language("zz").tag(), "en");
}

#[test]
fn one_and_many_have_their_own_sentences() {
    let words =
        Words::parse("en", &[r#"{"s": {"one": "{n} side", "other": "{n} sides"}}"#]).unwrap();
    assert_eq!(words.counted("s", 1, &[]), "1 side");
    assert_eq!(words.counted("s", 0, &[]), "0 sides");
}

#[test]
fn a_language_file_with_a_mistake_is_refused() {
    assert!(matches!(Words::parse("en", &["{"]), Err(BadWords::Unreadable(_))));
    assert!(matches!(Words::parse("en", &[r#"{"a": 3}"#]), Err(BadWords::Unreadable(_))));
    let twice = Words::parse("en", &[r#"{"a": {"b": "1"}, "a.b": "2"}"#]);
    assert!(matches!(twice, Err(BadWords::Twice { code }) if code == "a.b"));
    let two_files = Words::parse("en", &[r#"{"a": {"b": "1"}}"#, r#"{"a": {"b": "2"}}"#]);
    assert!(matches!(two_files, Err(BadWords::Twice { code }) if code == "a.b"));
    for sentence in ["{", "}", "a } b {c}", "{}", "{A}", "{a{b}"] {
        let file = format!(r#"{{"a": "{sentence}"}}"#);
        assert!(matches!(Words::parse("en", &[&file]), Err(BadWords::Braces { .. })), "{sentence}");
    }
}

#[test]
fn a_message_survives_json() {
    let message =
        Message::new("kind.stretch").with("seconds", 90).with("what", Arg::code("kind.release"));
    let json = serde_json::to_string(&message).unwrap();
    assert_eq!(serde_json::from_str::<Message>(&json).unwrap(), message);
}
