//! Days of recovery after a very long run: kept in the schedule and in progress, as the range that the
//! source gives.

use serde_json::{Value, json};

use crate::home::Home;

fn at(home: &Home, day: u32, line: &str) -> Value {
    home.json(&format!("--now 2026-03-{day:02}T12:00:00+01:00[Europe/Berlin] {line}"))
}

fn text(home: &Home, day: u32, line: &str) -> String {
    let ran = home.run(&format!("--now 2026-03-{day:02}T12:00:00+01:00[Europe/Berlin] {line}"));
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.stdout
}

/// A text in one line.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A runner with a routine for every day from Monday, 2026-03-02, who ran 105 minutes on it.
fn runner() -> Home {
    let home = Home::made();
    at(&home, 2, "routine new Run");
    at(&home, 2, "routine step Run add psoas-release-hook --hold 60 --side both");
    at(&home, 2, "routine schedule Run --per-day 1");
    at(&home, 2, "log psoas-release-hook --routine Run --side both --held 60");
    at(&home, 2, "event add run --minutes 105");
    home
}

#[test]
fn the_schedule_says_which_days_may_wait_and_that_it_is_a_range() {
    let home = runner();
    let ahead = at(&home, 3, "schedule --days 3");
    let states: Vec<&Value> =
        ahead["due"].as_array().unwrap().iter().map(|due| &due["state"]).collect();
    assert_eq!(states, ["recovery", "recovery", "open"], "{ahead}");
    let recovery = &ahead["recovery"][0];
    assert_eq!(
        (&recovery["to_younger"], &recovery["to_older"]),
        (&json!("2026-03-04"), &json!("2026-03-05"))
    );
    assert_eq!(recovery["sources"], json!(["000"]));
    let said = text(&home, 3, "schedule --days 3");
    for part in ["recovery day, may wait", "for an older runner", "gives no age", "[000]"] {
        assert!(words(&said).contains(part), "{part}: {said}");
    }
    // Whoever ticks the third day says that the longer range is meant.
    at(&home, 5, "habit done run-recovery-days");
    assert_eq!(at(&home, 5, "schedule --days 1")["due"][0]["state"], "recovery");
    assert!(at(&home, 6, "schedule --days 1")["recovery"].as_array().unwrap().is_empty());
}

#[test]
fn in_progress_a_day_of_recovery_is_kept_and_not_missed() {
    let home = runner();
    at(&home, 6, "log psoas-release-hook --routine Run --side both --held 60");
    let younger = at(&home, 6, "progress --days 5");
    assert_eq!(younger["adherence"]["sessions"], json!({ "done": 2, "due": 3, "pct": 66 }));
    assert_eq!((&younger["recovery_days"], &younger["streak"]["days"]), (&json!(2), &json!(1)));
    assert_eq!(younger["by_day"][1]["kind"], "recovery");
    at(&home, 5, "habit done run-recovery-days");
    let older = at(&home, 6, "progress --days 5");
    assert_eq!(older["adherence"]["sessions"], json!({ "done": 2, "due": 2, "pct": 100 }));
    assert_eq!((&older["recovery_days"], &older["streak"]["days"]), (&json!(3), &json!(2)));
    assert_eq!(older["recovery"][0]["sources"], json!(["000"]));
    let said = text(&home, 6, "progress --days 5");
    for part in ["3 days of recovery are kept", "for a younger runner", "[000]", "(ours)"] {
        assert!(words(&said).contains(part), "{part}: {said}");
    }
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    // What is done on such a day counts, and a shorter run asks for none.
    at(&home, 4, "log psoas-release-hook --routine Run --side both --held 60 --date 2026-03-04");
    assert_eq!(at(&home, 6, "progress --days 5")["adherence"]["sessions"]["due"], 3);
    at(&home, 7, "event add run --minutes 60");
    assert_eq!(at(&home, 8, "schedule --days 1")["due"][0]["state"], "open");
}
