//! What a person decides about a routine: to break a rule, to let it hold again, and which of two values
//! written at once stands.

use serde_json::{Value, json};

use crate::home::Home;
use crate::sync::{paired, sync_twice};

fn findings(home: &Home) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found = home.json("routine check Evening")["findings"].clone();
    let found = found.as_array().unwrap().iter();
    found.map(|finding| (text(&finding["rule"]), text(&finding["severity"]))).collect()
}

#[test]
fn a_rule_that_was_overridden_holds_again_once_it_is_enforced() {
    let home = Home::made();
    home.json("routine new Evening");
    let rule = "iliacus-after-psoas";
    let broken = home.refused("routine step Evening add iliacus-release-hook", 1);
    assert_eq!(broken["code"], "hard_rule", "{broken}");
    let nothing = home.refused(&format!("routine override Evening {rule} --reason 'as told'"), 2);
    assert_eq!(nothing["code"], "nothing_to_override", "{nothing}");
    home.json(&format!(
        "routine step Evening add iliacus-release-hook --override {rule} --reason 'as told'"
    ));
    let shown = home.json("routine show Evening");
    assert_eq!(shown["routine"]["overrides"][0]["rule"], rule);
    assert_eq!(shown["routine"]["overrides"][0]["reason"], "as told");
    assert!(home.run("routine show Evening").stdout.contains("as told"));

    let needed = home.refused(&format!("routine enforce Evening {rule}"), 1);
    assert_eq!(needed["code"], "hard_rule", "what breaks it is still there: {needed}");
    // On one side alone, and after the psoas, there is nothing more to break.
    let step = shown["routine"]["blocks"][0]["steps"][0]["step_id"].as_str().unwrap().to_owned();
    home.json(&format!("routine step Evening set {step} --side left"));
    home.json("routine step Evening add psoas-release-hook --first --side left");
    home.json(&format!("routine enforce Evening {rule}"));
    let shown = home.json("routine show Evening");
    assert!(shown["routine"]["overrides"].as_array().is_none_or(Vec::is_empty), "{shown}");
    let psoas = shown["routine"]["blocks"][0]["steps"][0]["step_id"].as_str().unwrap().to_owned();
    let holds = home.refused(&format!("routine step Evening remove {psoas}"), 1);
    assert_eq!(holds["code"], "hard_rule", "it holds again: {holds}");
    let none = home.run(&format!("--json routine enforce Evening {rule}"));
    assert_ne!(none.code, 0, "there is no override any more: {none:?}");
    assert!(home.refused("routine enforce Evening no-such-rule", 1)["message"].is_string());
}

#[test]
fn a_rule_that_two_devices_broke_together_is_found_and_can_be_overridden_with_a_reason() {
    let (_relay, phone, tablet) = paired();
    let rule = "iliacus-after-psoas";
    phone.json("routine new Evening");
    let psoas = phone.json("routine step Evening add psoas-release-hook");
    let psoas = psoas["routine"]["blocks"][0]["steps"][0]["step_id"].as_str().unwrap().to_owned();
    sync_twice([&phone, &tablet]);
    phone.json("routine step Evening add iliacus-release-hook");
    tablet.json(&format!("routine step Evening remove {psoas}"));
    sync_twice([&phone, &tablet]);
    assert!(findings(&tablet).contains(&(rule.to_owned(), "hard".to_owned())));
    let without = tablet.run(&format!("--json routine override Evening {rule}"));
    assert_eq!(without.code, 2, "a reason is asked for: {without:?}");
    tablet.json(&format!("routine override Evening {rule} --reason 'my therapist said so'"));
    sync_twice([&phone, &tablet]);
    for home in [&phone, &tablet] {
        let shown = home.json("routine show Evening");
        let reasons = shown["routine"]["overrides"].to_string();
        assert!(reasons.contains("my therapist said so"), "{shown}");
    }
}

#[test]
fn two_doses_written_at_once_are_shown_on_both_devices_and_settled_by_one_of_them() {
    let (_relay, phone, tablet) = paired();
    phone.json("routine new Evening");
    let step = phone.json("routine step Evening add childs-pose --hold 30");
    let step = step["routine"]["blocks"][0]["steps"][0]["step_id"].as_str().unwrap().to_owned();
    sync_twice([&phone, &tablet]);
    phone.json(&format!("routine step Evening set {step} --hold 45"));
    tablet.json(&format!("routine step Evening set {step} --hold 60"));
    sync_twice([&phone, &tablet]);
    let shown = phone.json("routine show Evening");
    let conflicts = shown["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 1, "{shown}");
    let conflict = &conflicts[0];
    let id = conflict["id"].as_str().unwrap();
    let values = conflict["values"].as_array().unwrap();
    assert_eq!(values.len(), 2, "{conflict}");
    let there = tablet.json("routine show Evening")["conflicts"][0].clone();
    assert_eq!(there["id"], conflict["id"], "both devices name it alike");
    assert_eq!(there["values"].as_array().unwrap().len(), 2);
    let text = phone.run("routine show Evening").stdout;
    assert!(text.contains("45") && text.contains("60"), "both values are said: {text}");

    let pick = 1 + values.iter().position(|value| value.to_string().contains("45")).unwrap();
    assert_ne!(phone.run(&format!("--json routine settle Evening {id} 3")).code, 0);
    assert_ne!(phone.run(&format!("--json routine settle Evening {id} 0")).code, 0);
    assert_ne!(phone.run("--json routine settle Evening nothing 1").code, 0);
    phone.json(&format!("routine settle Evening {id} {pick}"));
    sync_twice([&phone, &tablet]);
    for home in [&phone, &tablet] {
        let shown = home.json("routine show Evening");
        assert_eq!(shown["conflicts"], json!([]), "{shown}");
        let dose = &shown["routine"]["blocks"][0]["steps"][0]["dose"]["hold_s"];
        assert_eq!(dose["default"], 45, "{shown}");
    }
    assert_ne!(phone.run(&format!("--json routine settle Evening {id} 1")).code, 0, "it is over");
}
