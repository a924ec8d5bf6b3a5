//! Routines: made of templates or from nothing, changed step by step, judged by the rules.

use serde_json::{Value, json};

use crate::home::Home;

fn steps(routine: &Value) -> Vec<&Value> {
    let blocks = routine["routine"]["blocks"].as_array().unwrap();
    blocks.iter().flat_map(|block| block["steps"].as_array().unwrap()).collect()
}

fn exercises(routine: &Value) -> Vec<&str> {
    steps(routine).iter().map(|step| step["exercise"].as_str().unwrap()).collect()
}

#[test]
fn a_template_becomes_a_routine_with_the_side_that_was_said() {
    let home = Home::made();
    let added = home.json("routine add bedtime-10 --name Night --realign-side right");
    let routine = &added["routine"];
    assert_eq!((&routine["name"], &routine["version"]), (&json!("Night"), &json!(1)));
    assert!(routine["id"].is_string() && routine["author"].is_string(), "{routine}");
    assert_eq!(routine["blocks"][0]["order"], "side_major");
    let realign =
        steps(&added).into_iter().find(|s| s["exercise"] == "pelvic-realign-supine").unwrap();
    assert_eq!(realign["side"], "right");
    assert_eq!(home.json("routine show Night")["routine"], *routine);
    let listed = home.json("routine list");
    assert_eq!(listed["routines"][0]["name"], "Night");
    assert_eq!(home.json("routine show Night"), home.json("routine show night"));
}

#[test]
fn realignment_on_both_sides_cannot_even_be_asked_for() {
    let home = Home::made();
    let error = home.refused("routine add bedtime-10 --realign-side both", 2);
    assert_eq!(error["field"], "realign_side");
    assert!(error["message"].as_str().unwrap().contains("one side"), "{error}");
    home.json("routine new Mine");
    let error = home.refused("routine step Mine add pelvic-realign-supine --side both", 1);
    assert_eq!(error["findings"][0]["rule"], "realign-one-side", "{error}");
}

#[test]
fn steps_are_added_changed_moved_and_removed() {
    let home = Home::made();
    home.json("routine new Evening");
    home.json("routine step Evening add psoas-release-hook --hold 30-60-90 --note 'slowly'");
    let two = home.json("routine step Evening add pec-minor-release");
    assert_eq!(exercises(&two), ["psoas-release-hook", "pec-minor-release"]);
    let step = steps(&two)[0];
    assert_eq!(step["dose"]["hold_s"], json!({ "min": 30, "default": 60, "max": 90 }));
    let (first, second) =
        (step["step_id"].as_str().unwrap(), steps(&two)[1]["step_id"].as_str().unwrap());
    let set = home.json(&format!("routine step Evening set {first} --hold 45 --side left"));
    assert_eq!(steps(&set)[0]["dose"]["hold_s"], json!({ "default": 45 }));
    assert_eq!(steps(&set)[0]["side"], "left");
    let moved = home.json(&format!("routine step Evening move {first} --after {second}"));
    assert_eq!(exercises(&moved), ["pec-minor-release", "psoas-release-hook"]);
    let removed = home.json(&format!("routine step Evening remove {second}"));
    assert_eq!(exercises(&removed), ["psoas-release-hook"]);
    assert_eq!(removed["routine"]["version"].as_u64().map(|v| v >= 6), Some(true));
}

#[test]
fn a_hard_order_is_kept_unless_somebody_says_why_not() {
    let home = Home::made();
    home.json("routine new Evening");
    let line = "routine step Evening add iliacus-release-hook";
    let error = home.refused(line, 1);
    assert!(error["message"].as_str().unwrap().contains("iliacus-after-psoas"), "{error}");
    assert_eq!(steps(&home.json("routine show Evening")).len(), 0, "nothing half-written");
    let overridden = "--override iliacus-after-psoas --reason 'my therapist said so'";
    home.json(&format!("{line} {overridden}"));
    let findings = home.json("routine check Evening")["findings"].clone();
    let finding = findings
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["rule"] == "iliacus-after-psoas")
        .unwrap();
    for name in ["severity", "rule", "step", "side", "sentence", "source", "overridable"] {
        assert!(finding.get(name).is_some(), "{name}: {finding}");
    }
    assert_eq!(finding["severity"], "hard");
    assert_eq!(home.refused(&format!("{line} --override iliacus-after-psoas"), 2)["code"], "usage");
}

#[test]
fn bad_values_change_nothing() {
    let home = Home::made();
    home.json("routine new Evening");
    let before = home.json("routine show Evening");
    for (line, code) in [
        ("routine step Evening add psoas-release-hook --hold 90-30", 2),
        ("routine step Evening add no-such-exercise", 2),
        ("routine step Evening add childs-pose --side left", 2),
        ("routine step Evening set zzz --hold 30", 1),
        ("routine add no-such-template", 2),
        ("routine show Nothing", 1),
        ("routine schedule Evening --per-day 0", 2),
        ("routine schedule Evening --days someday", 2),
        ("routine rename Evening ''", 2),
    ] {
        home.refused(line, code);
    }
    assert_eq!(home.json("routine show Evening"), before);
    let reversed = home.refused("routine step Evening add psoas-release-hook --hold 90-30", 2);
    assert!(reversed["message"].as_str().unwrap().contains("90 is above 30"), "{reversed}");
}

#[test]
fn a_routine_is_named_by_its_name_its_id_or_the_beginning_of_that() {
    let home = Home::made();
    let made = home.json("routine new Evening");
    assert_eq!(home.refused("routine new evening", 2)["field"], "name");
    let id = made["routine"]["id"].as_str().unwrap();
    for key in [id, &id[..6], "EVENING"] {
        assert_eq!(home.json(&format!("routine show {key}"))["routine"]["id"], id, "{key}");
    }
    home.json("routine new Evenings");
    assert_eq!(home.json("routine show Evening")["routine"]["id"], id, "the whole name wins");
}

#[test]
fn a_schedule_is_set_shown_and_cleared() {
    let home = Home::made();
    home.json("routine new Evening");
    let set =
        home.json("routine schedule Evening --per-week 3-5 --days mon,wed,fri --slots bedtime");
    assert!(set["due"].is_array(), "{set}");
    let shown = home.json("routine show Evening");
    assert_eq!(shown["routine"]["schedule"]["slots"], json!(["bedtime"]));
    assert_eq!(shown["routine"]["schedule"]["weekdays"].as_array().unwrap().len(), 3);
    home.json("routine schedule Evening --clear");
    assert!(
        home.json("routine show Evening")["routine"].get("schedule").is_none_or(Value::is_null)
    );
}

#[test]
fn a_removed_routine_is_gone_and_what_was_done_of_it_stays() {
    let home = Home::made();
    home.json("routine new Evening");
    home.json("routine step Evening add psoas-release-hook");
    home.json("log psoas-release-hook --routine Evening --slot bedtime --side left --held 60");
    home.json("routine rename Evening 'Before bed'");
    home.json("routine remove 'Before bed'");
    assert_eq!(home.json("routine list")["routines"], json!([]));
    assert_eq!(home.json("history")["holds"].as_array().unwrap().len(), 1);
}

#[test]
fn a_routine_reads_well_without_colour() {
    let home = Home::made();
    home.json("routine add bedtime-10 --name Night");
    let text = home.run("routine show Night").stdout;
    assert!(text.contains("Psoas, hook") && text.contains("left and right"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}
