//! Logging, showing, correcting: one device, no network.

use serde_json::{Value, json};

use crate::home::Home;

const HOOK: &str = "psoas-release-hook";

fn holds(document: &Value) -> &Vec<Value> {
    document["holds"].as_array().unwrap()
}

#[test]
fn init_makes_a_home_and_prints_the_phrase_once() {
    let home = Home::empty();
    let made = home.json("init --name Ana");
    for name in ["home", "account", "device", "zone", "recovery_phrase"] {
        assert!(made[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {made}");
    }
    assert_eq!(made["relay"], Value::Null);
    assert_eq!(made["zone"], "Europe/Berlin");
    assert_eq!(made["recovery_phrase"].as_str().unwrap().split(' ').count(), 12);
    let again = home.refused("init --name Ana", 1);
    assert_eq!(again["code"], "already_a_home");
}

#[test]
fn a_logged_hold_has_every_name_of_the_contract() {
    let home = Home::made();
    let logged = home.json(&format!(
        "log {HOOK} --side right --held 90 --target 90 --pain-before 6 --pain-after 3 \
         --pain-site front-hip --eased 40 --paused 5 --tool hook-tool --by Ben --note 'slow breath' \
         --at 2026-03-01T21:30"
    ));
    let hold = &holds(&logged)[0];
    for (name, value) in [
        ("exercise", json!(HOOK)),
        ("side", json!("right")),
        ("set", json!(1)),
        ("target_ms", json!(90_000)),
        ("held_ms", json!(90_000)),
        ("under_pressure_ms", json!(90_000)),
        ("paused_ms", json!(5_000)),
        ("eased_ms", json!(40_000)),
        ("pain_before", json!(6)),
        ("pain_after", json!(3)),
        ("pain_site", json!("front-hip")),
        ("tool", json!("hook-tool")),
        ("local_day", json!("2026-03-01")),
        ("assisted_by", json!("Ben")),
        ("corrected", json!(false)),
        ("status", json!("saved")),
    ] {
        assert_eq!(hold[name], value, "{name}: {hold}");
    }
    for name in [
        "hold_id",
        "session_id",
        "routine",
        "step",
        "rep",
        "attempts",
        "reps",
        "load",
        "tempo",
        "ended_by",
        "started_at",
        "utc_offset",
        "logged_by",
        "device",
        "note",
        "observations",
        "findings",
    ] {
        assert!(hold.get(name).is_some(), "{name} is missing: {hold}");
    }
    let shown = home.json(&format!("hold show {}", hold["hold_id"].as_str().unwrap()));
    assert_eq!(&shown["hold"], hold);
    assert_eq!(&home.json("history")["holds"], &logged["holds"]);
}

#[test]
fn both_sides_are_two_holds_and_a_bilateral_exercise_has_none() {
    let home = Home::made();
    let both = home.json(&format!("log {HOOK} --side both --held 60"));
    let sides: Vec<&str> = holds(&both).iter().map(|h| h["side"].as_str().unwrap()).collect();
    assert_eq!(sides, ["left", "right"]);
    assert_eq!(home.refused("log childs-pose --side left --held 30", 2)["field"], "side");
    assert_eq!(home.refused(&format!("log {HOOK} --held 60"), 2)["field"], "side");
}

#[test]
fn bad_values_are_refused_and_nothing_is_written() {
    let home = Home::made();
    for (line, field) in [
        ("log no-such-exercise --held 60", "exercise"),
        ("log psoas-release-hook --side right --held -1", "held"),
        ("log psoas-release-hook --side right --held 60 --pain-after 11", "pain_after"),
        ("log psoas-release-hook --side right --held 60 --pain-before -1", "pain_before"),
        ("log psoas-release-hook --side up --held 60", "side"),
        ("log psoas-release-hook --side right --held 60 --at soon", "at"),
        ("log psoas-release-hook --side right --held 60 --at 2026-03-01", "at"),
        ("log psoas-release-hook --side right --held 60 --ended badly", "ended"),
        ("log psoas-release-hook --side right --held 60 --eased 90", "eased"),
        ("log psoas-release-hook --side right --held 60 --set 0", "set"),
    ] {
        assert_eq!(home.refused(line, 2)["field"], field, "{line}");
    }
    assert_eq!(home.refused("log psoas-release-hook --side right", 2)["code"], "usage");
    assert_eq!(holds(&home.json("history")), &Vec::<Value>::new());
}

#[test]
fn three_times_the_target_is_asked_before_it_is_taken() {
    let home = Home::made();
    let line = format!("log {HOOK} --side left --held 400 --target 90");
    let asked = home.refused(&line, 1);
    assert_eq!((&asked["code"], &asked["field"]), (&json!("needs_confirmation"), &json!("held")));
    assert!(asked["hint"].as_str().unwrap().contains("--yes"), "{asked}");
    assert_eq!(holds(&home.json(&format!("{line} --yes")))[0]["held_ms"], 400_000);
}

#[test]
fn realignment_on_both_sides_of_one_session_is_refused() {
    let home = Home::made();
    let first = home.json("log pelvic-realign-supine --side right --reps 10");
    let session = holds(&first)[0]["session_id"].as_str().unwrap();
    home.refused(
        &format!("log pelvic-realign-supine --side left --reps 10 --session {session}"),
        1,
    );
    home.refused("log pelvic-realign-supine --side both --reps 10", 2);
    assert_eq!(holds(&home.json("history")).len(), 1);
}

#[test]
fn history_is_narrowed_by_day_exercise_and_side_and_comes_in_pages() {
    let home = Home::made();
    for day in 1..=5 {
        home.json(&format!("log {HOOK} --side both --held 60 --at 2026-03-0{day}T21:30"));
    }
    home.json("log pec-minor-release --side left --held 60 --at 2026-03-06T02:30");
    let count = |line: &str| holds(&home.json(line)).len();
    assert_eq!(count("history"), 11);
    assert_eq!(count("history --since 2026-03-02 --until 2026-03-03"), 4, "until includes its day");
    assert_eq!(count("history --until 2026-03-05"), 11, "half past two is still the day before");
    assert_eq!(count(&format!("history --exercise {HOOK} --side left")), 5);
    let mut seen = Vec::new();
    let mut line = "history --limit 4".to_owned();
    loop {
        let page = home.json(&line);
        seen.extend(holds(&page).iter().map(|h| h["hold_id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        line = format!("history --limit 4 --after {next}");
    }
    seen.dedup();
    assert_eq!(seen.len(), 11);
    assert_eq!(home.refused("history --since 2026-03-09 --until 2026-03-01", 2)["field"], "until");
    assert_eq!(home.refused("history --limit 501", 2)["field"], "limit");
    assert_eq!(home.refused("history --after nonsense", 2)["field"], "after");
}

#[test]
fn an_id_is_its_unambiguous_beginning() {
    let home = Home::made();
    let logged = home.json(&format!("log {HOOK} --side both --held 60"));
    let id = holds(&logged)[0]["hold_id"].as_str().unwrap();
    let other = holds(&logged)[1]["hold_id"].as_str().unwrap();
    let unlike = id.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count() + 1;
    assert_eq!(home.json(&format!("hold show {}", &id[..unlike]))["hold"]["hold_id"], id);
    if unlike > 1 {
        let error = home.refused(&format!("hold show {}", &id[..unlike - 1]), 1);
        assert_eq!(error["code"], "ambiguous");
        assert!(error["message"].as_str().unwrap().contains(id), "{error}");
    }
    assert_eq!(home.refused("hold show zzz", 1)["code"], "not_found");
}

#[test]
fn a_correction_stands_and_the_observation_stays() {
    let home = Home::made();
    let logged = home.json(&format!("log {HOOK} --side left --held 60 --pain-after 5"));
    let id = holds(&logged)[0]["hold_id"].as_str().unwrap().to_owned();
    let edited = home.json(&format!("hold edit {id} --held 75 --pain-after 2 --note 'miscounted'"));
    assert_eq!(edited["hold"]["held_ms"], 75_000);
    let shown = home.json(&format!("hold show {id} --observations"));
    assert_eq!(
        (&shown["hold"]["corrected"], &shown["hold"]["pain_after"]),
        (&json!(true), &json!(2))
    );
    assert_eq!(shown["observations"].as_array().unwrap().len(), 1);
    assert_eq!(shown["observations"][0]["held_ms"], 60_000);
    home.json(&format!("hold remove {id}"));
    assert_eq!(holds(&home.json("history")).len(), 0);
}

#[test]
fn a_session_is_shown_and_removed_as_one() {
    let home = Home::made();
    let logged = home.json(&format!("log {HOOK} --side both --held 60"));
    let session = holds(&logged)[0]["session_id"].as_str().unwrap().to_owned();
    assert_eq!(holds(&logged)[1]["session_id"], session.as_str());
    let shown = home.json(&format!("session show {session}"));
    assert_eq!(shown["session"]["id"], session.as_str());
    assert_eq!(holds(&shown).len(), 2);
    assert_eq!(home.json("history --by session")["sessions"].as_array().unwrap().len(), 1);
    home.json(&format!("session remove {session}"));
    assert_eq!(holds(&home.json("history")).len(), 0);
}

#[test]
fn a_frozen_clock_says_when_and_a_clock_set_back_loses_nothing() {
    let home = Home::made();
    home.json(&format!("--now 2026-03-01T21:30:00+01:00 log {HOOK} --side left --held 60"));
    home.json(&format!("--now 2026-02-01T21:30:00+01:00 log {HOOK} --side left --held 45"));
    let history = home.json("history");
    let days: Vec<&str> =
        holds(&history).iter().map(|h| h["local_day"].as_str().unwrap()).collect();
    assert!(days.contains(&"2026-03-01") && days.contains(&"2026-02-01"), "{days:?}");
}

#[test]
fn what_is_written_by_a_clock_that_was_set_is_marked_so() {
    let home = Home::made();
    let clock_set = |line: &str| {
        let logged = home.json(line);
        let id = holds(&logged)[0]["hold_id"].as_str().unwrap().to_owned();
        home.json(&format!("hold show {id} --observations"))["observations"][0]["clock_set"].clone()
    };
    let log = format!("log {HOOK} --side left --held 60");
    assert_eq!(clock_set(&log), false);
    assert_eq!(clock_set(&format!("--now 2026-03-01T21:30:00+01:00 {log}")), true);
}

#[test]
fn text_is_calm_and_quiet_can_be_asked_for() {
    let home = Home::made();
    let line = format!("log {HOOK} --side right --held 90 --pain-before 6 --pain-after 3");
    let said = home.run(&line);
    assert!(said.stdout.contains("90 s") || said.stdout.contains("1 min 30 s"), "{said:?}");
    assert!(said.stdout.contains("6 → 3"), "{said:?}");
    assert_eq!(home.run(&format!("-q {line}")).stdout, "");
    let history = home.run("history");
    assert!(history.stdout.lines().all(|line| line.chars().count() <= 80), "{}", history.stdout);
}
