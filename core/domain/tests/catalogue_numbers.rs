//! Proves that the comparison with the project's notes would notice any number that changed, in the
//! notes or in the catalogue's own files, and that the sentences say the same numbers as the notes.

#[path = "protocols/facts.rs"]
mod facts;
#[path = "protocols/mod.rs"]
mod protocols;
#[allow(dead_code, reason = "the word lists are compared by another test")]
#[path = "protocols/typed.rs"]
mod typed;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use facts::{facts, lean};
use holdfast_domain::catalogue::*;
use holdfast_domain::safety::{AskFirst, RedFlag, SafetyRule};
use holdfast_domain::words::Words;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Reads a record of a data file the way the program does and writes it in the form of the notes;
/// nothing where the program would not read it.
type Read = fn(&Value) -> Option<Value>;

fn read<T: DeserializeOwned>(record: &Value, write: impl Fn(&T) -> Value) -> Option<Value> {
    let typed: T = serde_json::from_value(record.clone()).ok()?;
    Some(lean(write(&typed)))
}

/// Every section: its name in the notes, its data file, its name there, how it is read.
const SECTIONS: [(&str, &str, &str, Read); 14] = [
    ("exercises", "exercises", "records", |v| read::<Exercise>(v, typed::exercise)),
    ("routines", "templates", "records", |v| read::<Template>(v, typed::template)),
    ("rules", "rules", "rules", |v| read::<Rule>(v, typed::rule)),
    ("gates", "rules", "gates", |v| read::<Gate>(v, typed::gate)),
    ("conditions", "rules", "conditions", |v| read::<Condition>(v, typed::condition)),
    ("pain_rules", "rules", "pain_rules", |v| read::<PainRule>(v, typed::pain_rule)),
    ("self_tests", "self-tests", "records", |v| read::<SelfTest>(v, typed::self_test)),
    ("signs", "background", "signs", |v| read::<Sign>(v, typed::sign)),
    ("conflicts", "background", "conflicts", |v| read::<Conflict>(v, typed::conflict)),
    ("figures", "background", "figures", |v| read::<Figure>(v, typed::figure)),
    ("track", "background", "track", |v| read::<Tracked>(v, typed::tracked)),
    ("safety", "safety", "rules", |v| read::<SafetyRule>(v, typed::safety_rule)),
    ("stop_rules", "safety", "stop_rules", |v| read::<SafetyRule>(v, typed::safety_rule)),
    ("red_flags", "safety", "red_flags", |v| read::<RedFlag>(v, typed::red_flag)),
];

fn data(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(format!("{file}.json"));
    serde_json::from_str(&fs::read_to_string(path).expect("a data file")).expect("JSON")
}

/// Every record of the catalogue's files beside the notes' record of it.
fn pairs(notes: &Value) -> Vec<(&'static str, Value, Value, Read)> {
    let mut pairs = Vec::new();
    for (section, file, name, read) in SECTIONS {
        let ours = data(file);
        let ours = ours[name].as_array().unwrap_or_else(|| panic!("{file} has no {name}"));
        let theirs = notes[section].as_array().unwrap_or_else(|| panic!("no {section}"));
        assert_eq!(ours.len(), theirs.len(), "{section}: number of records");
        for (our, note) in ours.iter().zip(theirs) {
            pairs.push((section, our.clone(), note.clone(), read));
        }
    }
    let card = |v: &Value| read::<AskFirst>(v, typed::ask_first);
    pairs.push((
        "ask_first",
        data("safety")["ask_first"].clone(),
        notes["ask_first"].clone(),
        card,
    ));
    pairs
}

/// The places of all numbers in a value, as JSON pointers.
fn numbers(value: &Value, at: &str, into: &mut Vec<String>) {
    match value {
        Value::Number(_) => into.push(at.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                numbers(item, &format!("{at}/{index}"), into);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                numbers(field, &format!("{at}/{name}"), into);
            }
        }
        _ => {}
    }
}

/// The record with another number at a place.
fn changed(record: &Value, at: &str) -> Value {
    let mut changed = record.clone();
    let number = changed.pointer_mut(at).expect("a place of the record");
    *number = match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => json!(whole + 1),
        (None, Some(other)) => json!(other + 1.0),
        (None, None) => panic!("no number at {at}"),
    };
    changed
}

#[test]
fn any_number_changed_in_the_notes_would_be_noticed() {
    let Some(notes) = protocols::read() else { return };
    let mut tried = 0;
    for (section, our, note, read) in pairs(&notes) {
        let ours = read(&our).unwrap_or_else(|| panic!("{section}: {our} does not read"));
        assert_eq!(ours, lean(facts(&note)), "{section}: ours is on the left");
        let mut places = Vec::new();
        numbers(&note, "", &mut places);
        for at in places {
            tried += 1;
            assert_ne!(ours, lean(facts(&changed(&note, &at))), "{section} {}: {at}", note["id"]);
        }
    }
    assert!(tried > 240, "the notes hold hundreds of numbers, and {tried} were tried");
}

#[test]
fn any_number_changed_in_the_catalogue_would_be_noticed() {
    let Some(notes) = protocols::read() else { return };
    let mut tried = 0;
    for (section, our, note, read) in pairs(&notes) {
        let theirs = lean(facts(&note));
        let mut places = Vec::new();
        numbers(&our, "", &mut places);
        for at in places {
            tried += 1;
            // What the program would not even read is noticed by every test.
            if let Some(read) = read(&changed(&our, &at)) {
                assert_ne!(read, theirs, "{section} {}: {at}", our["id"]);
            }
        }
    }
    assert!(tried > 240, "the catalogue holds hundreds of numbers, and {tried} were tried");
}

/// The numbers a text says, without the short ids of sources (three digits, the first a 0).
fn said(text: &str) -> BTreeSet<String> {
    let parts = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    let numbers = parts.map(|part| part.trim_matches('.')).filter(|part| !part.is_empty());
    let source = |number: &&str| number.len() == 3 && number.starts_with('0');
    numbers.filter(|number| !source(number)).map(str::to_owned).collect()
}

/// The texts of a record of the notes: not ids, not lists of ids.
fn texts(value: &Value, name: &str, into: &mut String) {
    match value {
        Value::String(text) if text.contains(' ') || name == "unit" => {
            into.push_str(text);
            into.push(' ');
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, name, into)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| texts(field, name, into)),
        _ => {}
    }
}

/// The English sentences of the codes that a record of ours names.
fn sentences(value: &Value, into: &mut String) {
    match value {
        Value::String(code) => {
            into.push_str(Words::english().find(code).unwrap_or_default());
            into.push(' ');
        }
        Value::Array(items) => items.iter().for_each(|item| sentences(item, into)),
        Value::Object(fields) => fields.values().for_each(|field| sentences(field, into)),
        _ => {}
    }
}

/// Numbers of the notes' texts that number the notes themselves: a stage, a step, a format.
const ORDINALS: [(&str, &str); 3] =
    [("hip-mobility-first", "1"), ("bedtime-10", "1"), ("stiff-neck-quick", "1")];

#[test]
fn the_sentences_say_the_numbers_of_the_notes_and_no_others() {
    let Some(notes) = protocols::read() else { return };
    for (section, our, note, _) in pairs(&notes) {
        let (mut theirs, mut ours) = (String::new(), String::new());
        texts(&note, "", &mut theirs);
        sentences(&our, &mut ours);
        let id = note["id"].as_str().unwrap_or_default();
        let ordinal = |number: &String| ORDINALS.contains(&(id, number.as_str()));
        let theirs: BTreeSet<String> = said(&theirs).into_iter().filter(|n| !ordinal(n)).collect();
        assert_eq!(said(&ours), theirs, "{section} {id}: ours is on the left");
    }
}
