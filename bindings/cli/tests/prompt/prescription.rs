//! Dr. Cruz prescribes, Ana decides: real homes, a real relay, the program as it is typed.

use serde_json::Value;

use crate::home::{Home, program, ran, split};
use crate::people::{Two, flat};

const FIRST: &str = "--now 2026-03-01T18:00:00+00:00";
const ACCEPTED: &str = "--now 2026-03-04T18:00:00+00:00";
const LATER: &str = "--now 2026-03-07T18:00:00+00:00";

/// Ana with a routine of two stretches, and Dr. Cruz, who may prescribe.
fn ana_and_cruz() -> Two {
    let two = Two::sharing("Dr. Cruz", "--role therapist --for 'Dr. Cruz'");
    two.ana.json(&format!("{FIRST} routine new Evening"));
    for exercise in ["kneeling-hip-flexor", "childs-pose"] {
        two.ana.json(&format!("{FIRST} routine step Evening add {exercise}"));
    }
    settle(&two);
    two
}

fn settle(two: &Two) {
    for home in [&two.ana, &two.guest, &two.ana] {
        home.json("sync");
    }
}

fn propose(two: &Two, what: &str) -> Value {
    let made = two.guest.json(&format!("{FIRST} --chart Ana prescription propose {what}"));
    settle(two);
    made["prescription"].clone()
}

/// What it says to a person.
fn text(home: &Home, line: &str) -> String {
    let ran = home.run(line);
    assert_eq!(ran.code, 0, "{line}: {ran:?}");
    ran.stdout
}

fn in_german(home: &Home, line: &str) -> String {
    ran(program(&home.path()).env("HOLDFAST_LANG", "de").args(split(line))).stdout
}

fn hold_of(home: &Home, exercise: &str) -> Value {
    let routine = home.json("routine show Evening");
    let blocks = routine["routine"]["blocks"].as_array().unwrap().clone();
    let steps = blocks.iter().flat_map(|block| block["steps"].as_array().unwrap());
    let step = steps.into_iter().find(|step| step["exercise"] == exercise).unwrap();
    step["dose"]["hold_s"].clone()
}

#[test]
fn a_proposal_is_looked_at_step_by_step_accepted_and_counts_from_that_day() {
    let two = ana_and_cruz();
    let made = propose(
        &two,
        "Evening --step childs-pose --hold 90 --per-day 1 --reason 'slower, and daily'",
    );
    assert_eq!((&made["standing"], &made["moved_on"]), (&"open".into(), &false.into()));
    let listed = two.ana.json("prescription list");
    assert_eq!(listed["prescriptions"][0]["by_name"], "Dr. Cruz");
    let told = text(&two.ana, "prescription diff Evening");
    for part in [
        "Proposed by Dr. Cruz",
        "slower, and daily",
        "→",
        "Another schedule",
        "prescription accept",
    ] {
        assert!(flat(&told).contains(part), "{part} in {told}");
    }
    let diff = two.ana.json("prescription diff Evening");
    assert_eq!(diff["differences"].as_array().unwrap().len(), 2, "{diff}");
    assert!(diff["differences"][1]["sentence"].as_str().unwrap().contains("90"), "{diff}");

    let before = two.ana.json(&format!("{ACCEPTED} progress --days 14"));
    assert!(before["counted_from"].is_null(), "{before}");
    let said = text(&two.ana, &format!("{ACCEPTED} prescription accept Evening"));
    assert!(flat(&said).contains("Evening is now as Dr. Cruz proposed"), "{said}");
    assert_eq!(hold_of(&two.ana, "childs-pose")["default"], 90);
    let shown = text(&two.ana, "routine show Evening");
    assert!(shown.contains("Dr. Cruz"), "{shown}");
    assert!(text(&two.ana, "routine list").contains("Dr. Cruz"));
    let due = two.ana.json(&format!("{ACCEPTED} schedule"));
    assert!(due["due"].as_array().unwrap().iter().any(|due| due["name"] == "Evening"), "{due}");
    let after = two.ana.json(&format!("{LATER} progress --days 14"));
    assert_eq!(after["counted_from"], "2026-03-04", "{after}");
    assert_eq!(after["adherence"]["sessions"]["due"], 3, "{after}");
    settle(&two);
    let listed = two.guest.json("--chart Ana prescription list");
    assert_eq!(listed["prescriptions"][0]["settled"], "accepted", "{listed}");
    assert_eq!(listed["prescriptions"][0]["on"], "2026-03-04");
}

#[test]
fn a_version_made_of_an_older_one_names_both_and_the_own_routine_may_be_kept() {
    let two = ana_and_cruz();
    propose(&two, "Evening --step childs-pose --hold 90");
    two.ana.json(&format!("{FIRST} routine step Evening set childs-pose --note 'with a pillow'"));
    let told = flat(&text(&two.ana, "prescription diff Evening"));
    assert!(
        told.contains("made of version 3 of the routine; the routine is at version 4"),
        "{told}"
    );
    let json = two.ana.json("prescription diff Evening");
    let view = &json["prescription"];
    assert_eq!((&view["based_on"], &view["current_version"]), (&3.into(), &4.into()));
    settle(&two);
    let second = propose(&two, "Evening --step childs-pose --hold 75");
    let first = two.ana.json("prescription list")["prescriptions"][1].clone();
    assert_eq!((&first["standing"], &first["by"]), (&"superseded".into(), &second["id"]));
    let kept = text(&two.ana, &format!("{ACCEPTED} prescription keep Evening"));
    assert!(flat(&kept).contains("Your own routine stays"), "{kept}");
    assert_ne!(hold_of(&two.ana, "childs-pose")["default"], 75);
    for line in ["accept", "keep"] {
        let id = second["id"].as_str().unwrap();
        let refused = two.ana.refused(&format!("prescription {line} {id}"), 1);
        assert_eq!(refused["code"], "settled_before", "{refused}");
    }
    let first = first["id"].as_str().unwrap();
    let refused = two.ana.refused(&format!("prescription accept {first}"), 1);
    assert_eq!(refused["code"], "superseded", "{refused}");
}

#[test]
fn a_therapist_proposes_from_a_file_and_from_routines_of_the_own_chart() {
    let two = ana_and_cruz();
    let file = two.guest.beside("evening.json");
    let out = file.display();
    two.guest.json(&format!("--chart Ana routine export Evening --out '{out}'"));
    // Edited in the own chart, with the commands of any routine.
    two.guest.json(&format!("routine import '{out}'"));
    two.guest.json("routine step Evening set kneeling-hip-flexor --hold 45 --sets 2");
    let made = propose(&two, "--own Evening --reason 'two sets'");
    assert_eq!(made["based_on"], 3, "it is about the routine it was made of: {made}");
    let diff = two.ana.json("prescription diff Evening");
    assert_eq!(diff["differences"].as_array().unwrap().len(), 1, "{diff}");
    two.ana.json("prescription accept Evening");
    assert_eq!(hold_of(&two.ana, "kneeling-hip-flexor")["default"], 45);

    propose(&two, &format!("Evening --file '{out}' --name 'As it was'"));
    two.ana.json("routine new 'As it was'");
    let refused = two.ana.refused("prescription accept 'As it was'", 2);
    assert_eq!(refused["code"], "name_in_use", "{refused}");
    let done = two.ana.json("prescription accept 'As it was' --name Again");
    assert_eq!(done["routine"]["name"], "Again");
    propose(&two, "--template bedtime-10 --name 'Before bed' --per-day 1");
    two.ana.json("prescription accept 'Before bed'");
    assert_eq!(two.ana.json("routine list")["routines"].as_array().unwrap().len(), 3);
}

#[test]
fn what_cannot_be_proposed_or_decided_is_refused_with_a_sentence() {
    let two = ana_and_cruz();
    let refuse = |home: &Home, exit, line: &str, code: &str| {
        let refused = home.refused(line, exit);
        assert_eq!(refused["code"], code, "{line}: {refused}");
        refused
    };
    let (ana, cruz) = (&two.ana, &two.guest);
    let of = |rest: &str| format!("--chart Ana prescription propose Evening {rest}");
    refuse(ana, 1, "prescription accept nothing-like-it", "not_found");
    refuse(ana, 1, "prescription keep nothing-like-it", "not_found");
    refuse(ana, 1, "prescription diff nothing-like-it", "not_found");
    refuse(ana, 1, "prescription propose Evening --per-day 1", "own_chart");
    refuse(cruz, 1, &of(""), "no_difference");
    refuse(cruz, 2, &of("--step childs-pose --hold 60 --based-on 99"), "no_such_version");
    refuse(cruz, 2, &of("--hold 60"), "usage");
    refuse(cruz, 2, &of("--add no-such-exercise"), "unknown_exercise");
    refuse(cruz, 1, "--chart Ana prescription propose Morning --per-day 1", "not_found");
    let broken = refuse(cruz, 1, &of("--add iliacus-release-hook"), "hard_rule");
    assert!(!broken["findings"].as_array().unwrap().is_empty(), "{broken}");
    let partner = Two::sharing("Ben", "--role partner --for Ben");
    refuse(&partner.guest, 1, "--chart Ana prescription list", "not_given");
    refuse(&partner.guest, 1, "--chart Ana prescription propose x --per-day 1", "not_given");
    propose(&two, "Evening --per-day 2");
    refuse(cruz, 1, "--chart Ana prescription accept Evening", "only_the_owner");
    // A rule that was taken on with a reason goes through, and says whose reason it is.
    let override_ = "--override iliacus-after-psoas --reason 'under my eyes'";
    propose(&two, &format!("Evening --add iliacus-release-hook {override_}"));
    let done = ana.json("prescription accept Evening");
    let decided = &done["routine"]["overrides"][0];
    assert_eq!(decided["author"], done["prescription"]["by"], "{done}");
    assert_eq!(ana.json("doctor")["ok"], true);
}

#[test]
fn in_german_a_proposal_is_told_in_german() {
    let two = ana_and_cruz();
    propose(&two, "Evening --step childs-pose --hold 90 --reason langsamer");
    two.ana.json(&format!("{FIRST} routine step Evening set childs-pose --note Kissen"));
    let told = in_german(&two.ana, "prescription diff Evening");
    for part in ["Vorgeschlagen von Dr. Cruz", "Begründung: langsamer", "Fassung 3"] {
        assert!(flat(&told).contains(part), "{part} in {told}");
    }
}
