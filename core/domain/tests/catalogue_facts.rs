//! Proves that the catalogue says what the project's notes say: every number, id, source and
//! mark of ours, both ways. Sentences are compared by presence only: ours are written anew.

#[path = "protocols/facts.rs"]
mod facts;
#[path = "protocols/mod.rs"]
mod protocols;
#[path = "protocols/typed.rs"]
mod typed;

use facts::{facts, lean};
use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::safety::Safety;
use holdfast_domain::vocabulary::{Assistant, Kind, Laterality, Mode, Position, ProfileField, Tag};
use serde_json::{Value, json};

fn assert_same(section: &str, notes: &Value, ours: Vec<Value>) {
    let notes = notes.as_array().unwrap_or_else(|| panic!("the notes have no {section}"));
    assert_eq!(notes.len(), ours.len(), "{section}: number of records");
    for (note, our) in notes.iter().zip(ours) {
        assert_eq!(lean(our), lean(facts(note)), "{section}: ours is on the left");
    }
}

#[test]
fn every_record_states_exactly_what_the_notes_state() {
    let Some(notes) = protocols::read() else { return };
    let c = Catalogue::built_in();
    let all = |section: &str, ours: Vec<Value>| assert_same(section, &notes[section], ours);
    all("exercises", c.exercises().iter().map(typed::exercise).collect());
    all("routines", c.templates().iter().map(typed::template).collect());
    all("rules", c.rules().iter().map(typed::rule).collect());
    all("gates", c.gates().iter().map(typed::gate).collect());
    all("conditions", c.conditions().iter().map(typed::condition).collect());
    all("pain_rules", c.pain_rules().iter().map(typed::pain_rule).collect());
    all("self_tests", c.self_tests().iter().map(typed::self_test).collect());
    all("signs", c.signs().iter().map(typed::sign).collect());
    all("conflicts", c.conflicts().iter().map(typed::conflict).collect());
    all("figures", c.figures().iter().map(typed::figure).collect());
    all("track", c.track().iter().map(typed::tracked).collect());
    let safety = Safety::built_in();
    all("safety", safety.rules().iter().map(typed::safety_rule).collect());
    all("stop_rules", safety.stop_rules().iter().map(typed::safety_rule).collect());
    all("red_flags", safety.red_flags().iter().map(typed::red_flag).collect());
    let card = lean(typed::ask_first(safety.ask_first()));
    assert_eq!(card, lean(facts(&notes["ask_first"])), "ask_first");
}

#[test]
fn no_section_of_the_notes_is_left_out() {
    let Some(notes) = protocols::read() else { return };
    let compared = [
        "exercises",
        "routines",
        "rules",
        "gates",
        "conditions",
        "pain_rules",
        "self_tests",
        "signs",
        "conflicts",
        "figures",
        "track",
        "safety",
        "stop_rules",
        "red_flags",
        "ask_first",
        "vocabulary",
        "sources",
    ];
    // What the notes say about themselves; docs of the catalogue say it where it matters.
    let about_the_notes = ["format_version", "about", "conventions"];
    for section in notes.as_object().expect("the notes are an object").keys() {
        let known =
            compared.contains(&section.as_str()) || about_the_notes.contains(&section.as_str());
        assert!(known, "the notes have a section \"{section}\" that nothing compares");
    }
    assert_eq!(notes["format_version"], 2, "the notes changed their format");
}

#[test]
fn the_word_lists_are_those_of_the_notes() {
    let Some(notes) = protocols::read() else { return };
    let lists = &notes["vocabulary"];
    let v = Catalogue::built_in().vocabulary();
    let words = |words: &[&str]| json!(words);
    let closed = |key: &str, ours: Vec<&str>| assert_eq!(words(&ours), lists[key], "{key}");
    closed("kinds", Kind::ALL.iter().map(|w| w.as_str()).collect());
    closed("modes", Mode::ALL.iter().map(|w| w.as_str()).collect());
    closed("lateralities", Laterality::ALL.iter().map(|w| w.as_str()).collect());
    closed("positions", Position::ALL.iter().map(|w| w.as_str()).collect());
    closed("tags", Tag::ALL.iter().map(|w| w.as_str()).collect());
    closed("assistants", Assistant::ALL.iter().map(|w| w.as_str()).collect());
    closed("regions", v.regions.iter().map(|id| id.as_str()).collect());
    closed("tools", v.tools.iter().map(|id| id.as_str()).collect());
    let keys = |key: &str| -> Vec<String> {
        lists[key].as_object().expect("a map").keys().cloned().collect()
    };
    let mut muscles: Vec<&str> = v.muscles.iter().map(|id| id.as_str()).collect();
    muscles.sort_unstable();
    assert_eq!(muscles, keys("muscles"));
    let mut fields: Vec<&str> = ProfileField::ALL.iter().map(|w| w.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(fields, keys("profile"));
    for (group, members) in lists["muscle_groups"].as_object().expect("a map") {
        let ours = v.muscle_groups.iter().find(|(id, _)| id.as_str() == group);
        let ours: Vec<&str> = ours.expect("a group").1.iter().map(|id| id.as_str()).collect();
        assert_eq!(json!(ours), *members, "{group}");
    }
    assert_eq!(v.muscle_groups.len(), keys("muscle_groups").len());
    for (field, kind) in &v.profile {
        assert_eq!(typed::profile_kind(*kind), lists["profile"][field.as_str()], "{field}");
    }
}

#[test]
fn the_sources_are_those_of_the_notes() {
    let Some(notes) = protocols::read() else { return };
    let listed = notes["sources"].as_object().expect("a map");
    let ours = Catalogue::built_in().sources();
    assert_eq!(ours.len(), listed.len());
    for source in ours {
        let note = &listed[source.id.as_str()];
        assert_eq!(note["file"], source.file.as_str());
        assert_eq!(note["gaps"].as_array().map(Vec::len), Some(source.gaps.len()));
    }
}
