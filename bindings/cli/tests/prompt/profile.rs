//! The profile at the prompt: shown, set, refused, and what it stops; the ten minutes of somebody in the
//! thirtieth week.

use serde_json::{Value, json};

use crate::home::{Home, refusal};

const EVENING: &str = "--now 2026-03-01T21:00:00+01:00[Europe/Berlin]";

fn answer(profile: &Value, key: &str) -> Value {
    let answers = profile["answers"].as_array().unwrap();
    answers.iter().find(|answer| answer["key"] == key).unwrap().clone()
}

fn rules(findings: &Value) -> Vec<&str> {
    findings.as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect()
}

fn of_rule<'a>(findings: &'a Value, rule: &str) -> &'a Value {
    let found = findings.as_array().unwrap().iter().find(|finding| finding["rule"] == rule);
    found.unwrap_or_else(|| panic!("{rule} is not in {findings}"))
}

#[test]
fn unknown_is_shown_as_unknown_with_what_it_would_decide() {
    let home = Home::made();
    let shown = home.json("profile show");
    let pregnant = answer(&shown, "pregnant");
    assert_eq!(pregnant["value"], Value::Null);
    assert!(pregnant["decides"].as_array().unwrap().contains(&json!("pregnancy-front-pressure")));
    let text = home.run("profile show").stdout;
    for part in ["Not known", "Are you pregnant? (pregnant)", "It stops play until answered"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    home.json("profile set pregnant=no forward_side=left day_start=04:00");
    let shown = home.json("profile show");
    assert_eq!(answer(&shown, "pregnant")["value"], false);
    assert_eq!(answer(&shown, "forward_side")["value"], "left");
    assert_eq!(shown["day_start"], "04:00");
    home.json("profile unset pregnant");
    assert_eq!(answer(&home.json("profile show"), "pregnant")["value"], Value::Null);
}

#[test]
fn an_answer_that_cannot_be_is_refused_by_its_key_and_exits_with_two() {
    let home = Home::made();
    for (line, code, field) in [
        ("profile set due_date=2026-02-28", "due_date_in_the_past", "due_date"),
        ("profile set due_date=2027-01-01", "due_date_too_far", "due_date"),
        (
            "profile set due_date=2026-05-17 trimester=1",
            "trimester_contradicts_due_date",
            "trimester",
        ),
        ("profile set pregnant=no due_date=2026-05-17", "not_pregnant", "due_date"),
        ("profile set pregnant=perhaps", "not_yes_or_no", "pregnant"),
        ("profile set day_start=25:00", "not_a_time_of_day", "day_start"),
        ("profile set mood=good", "unknown_question", "key"),
        ("profile set pregnant", "bad_value", "answers"),
        ("profile unset mood", "unknown_question", "key"),
    ] {
        let ran = home.run(&format!("--json {EVENING} {line}"));
        let error = refusal(line, &ran, 2);
        assert_eq!((&error["code"], &error["field"]), (&json!(code), &json!(field)), "{line}");
    }
    assert!(answer(&home.json("profile show"), "due_date")["value"].is_null());
}

#[test]
fn ten_minutes_in_the_thirtieth_week() {
    let home = Home::made();
    let set = home.json(&format!("{EVENING} profile set due_date=2026-05-17"));
    assert_eq!(set["pregnancy"], json!({ "trimester": 3, "week": 30, "due_date": "2026-05-17" }));
    home.json("routine add pregnancy-10 --name Ten");
    let walk = home.run(&format!("{EVENING} routine check Ten"));
    assert_eq!(walk.code, 0, "{walk:?}");

    // What the source gives for her needs nobody's word: it can be played.
    let nothing = home.beside("nothing.txt");
    std::fs::write(&nothing, "").unwrap();
    let nothing = nothing.to_str().unwrap();
    home.json("profile set serious_injury=no");
    let ready = home.run(&format!("--json {EVENING} play Ten --fast 1000 --inputs {nothing}"));
    assert_eq!(ready.code, 0, "{ready:?}");

    // The hook on the front of the belly waits for her doctor, and for whether she can lie prone.
    home.json("routine new Front");
    home.json("routine step Front add psoas-release-hook --hold 30 --side left");
    let asked = home.run(&format!("--json {EVENING} play Front --inputs {nothing}"));
    let error = refusal("asked", &asked, 1);
    assert_eq!(error["code"], "unanswered");
    assert!(error["hint"].as_str().unwrap().contains("doctor_ok_front=…"), "{error}");
    let front = of_rule(&error["findings"], "front-pressure-in-pregnancy");
    assert_eq!(front["asks"], "doctor_ok_front");
    assert_eq!(front["instead"]["exercises"], json!(["piriformis-release-ball-supine"]));
    assert_eq!(of_rule(&error["findings"], "needs-prone")["asks"], "prone_ok");
    assert_eq!(of_rule(&error["findings"], "ask-first-front")["ours"], true);

    home.json(&format!("{EVENING} profile set doctor_ok_front=no prone_ok=no ask_first=no"));
    let stopped = home.run(&format!("--json {EVENING} play Front --inputs {nothing}"));
    let error = refusal("stopped", &stopped, 1);
    assert_eq!(error["code"], "hard_rule");
    assert_eq!(rules(&error["findings"]), ["front-pressure-in-pregnancy", "needs-prone"]);
    let front = of_rule(&error["findings"], "front-pressure-in-pregnancy");
    assert_eq!(front["source"], json!(["000"]));
    let positions = front["dispute"]["positions"].as_array().unwrap();
    let sources: Vec<&Value> = positions.iter().map(|position| &position["source"]).collect();
    assert_eq!(sources, [&json!(["001"]), &json!(["000"])], "both are said, neither is chosen");
    let words = error["message"].as_str().unwrap();
    assert!(words.contains("Instead:") && words.contains("disagree"), "{words}");

    // Editing is never refused for how she is, and what she did is noted, not refused.
    home.json("routine step Front add iliacus-release-hook --hold 30 --side left");
    let line = format!("{EVENING} log psoas-release-hook --side right --held 30");
    let logged = home.json(&line);
    assert!(rules(&logged["holds"][0]["findings"]).contains(&"front-pressure-in-pregnancy"));
    let check = home.json(&format!("{EVENING} routine check Front"));
    assert!(rules(&check["findings"]).contains(&"needs-prone"), "{check}");

    // With the doctor's word and while lying on the stomach is possible, it plays.
    home.json(&format!("{EVENING} profile set doctor_ok_front=yes prone_ok=yes"));
    home.json(&format!("{EVENING} play Front --fast 1000 --inputs {nothing}"));
    // Child's pose gets its modified form in the third trimester.
    home.json("routine new Pose");
    home.json("routine step Pose add childs-pose");
    let check = home.json(&format!("{EVENING} routine check Pose"));
    let pose = of_rule(&check["findings"], "third-trimester-childs-pose");
    assert_eq!(pose["instead"]["exercises"], json!(["modified-childs-pose"]));
    assert_eq!(pose["severity"], "info");
}

#[test]
fn a_gate_is_confirmed_for_this_once_and_the_confirmation_is_kept() {
    let home = Home::made();
    home.json("profile set strain=yes hip_flexor_pain=no tight_hip_flexors=no");
    home.json("routine new March");
    home.json("routine step March add supine-march");
    let inputs = home.beside("inputs.txt");
    std::fs::write(&inputs, "0 start\n2000 stop\n").unwrap();
    let inputs = inputs.to_str().unwrap();
    let error = home.refused(&format!("play March --inputs {inputs}"), 1);
    assert_eq!(rules(&error["findings"]), ["strained-muscle"]);
    assert!(error["hint"].as_str().unwrap().contains("--ack"), "{error}");
    let line = format!("play March --ack strain-no-load --fast 100 --inputs {inputs}");
    let played = home.json(&line);
    let noted = of_rule(&played["session"]["findings"], "strained-muscle").clone();
    assert!(noted["overridden_reason"].as_str().unwrap().contains("acknowledged"), "{noted}");
    home.refused(&format!("play March --inputs {inputs}"), 1);
}

#[test]
fn stop_rules_come_before_the_first_release_and_red_flags_with_a_hold_that_hurt() {
    let home = Home::made();
    home.json("profile set pregnant=no prone_ok=yes");
    home.json("routine new Front");
    home.json("routine step Front add psoas-release-ball --hold 60 --side left");
    let inputs = home.beside("inputs.txt");
    std::fs::write(&inputs, "0 start\n20000 stop pain 8\n").unwrap();
    let play = format!("play Front --ack ask-first-front --fast 200 --inputs {}", inputs.display());
    let played = home.json(&play);
    let stop = played["stop_rules"].as_array().unwrap();
    assert!(stop.contains(&json!("rise-stays")) && stop.contains(&json!("numb-or-pulse")));
    let flags = played["red_flags"].as_array().unwrap();
    assert!(flags.contains(&json!("front-hip-strain")), "{flags:?}");
    assert!(!flags.contains(&json!("arm-numbness")), "only those of the site: {flags:?}");
    let told = home.run(&play);
    assert!(told.stderr.contains("Stop when") && told.stderr.contains("(ours)"), "{told:?}");
    assert!(told.stdout.contains("See somebody when"), "{told:?}");
}

#[test]
fn a_long_run_that_was_written_down_stops_a_stretch_until_a_walk() {
    let home = Home::made();
    home.json("profile set serious_injury=no");
    home.json("routine new Hips");
    home.json("routine step Hips add pigeon");
    home.json(&format!("{EVENING} event add run --minutes 105"));
    let line = format!("--json {EVENING} play Hips --fast 1000");
    let error = refusal("after the run", &home.run(&line), 1);
    assert_eq!(rules(&error["findings"]), ["walk-after-long-run"]);
}
