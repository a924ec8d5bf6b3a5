//! When things are due: schedules of every sort, pauses, slots, and what cannot be.

use serde_json::{Value, json};

use crate::home::Home;

/// Noon of Monday, 2026-03-02, in Berlin.
const MONDAY: &str = "--now 2026-03-02T12:00+01:00[Europe/Berlin]";

fn evening() -> Home {
    let home = Home::made();
    home.json("routine new Evening");
    home.json("routine step Evening add psoas-release-hook --hold 60");
    home
}

fn due(home: &Home, line: &str) -> Vec<Value> {
    home.json(line)["due"].as_array().unwrap().clone()
}

fn days(due: &[Value]) -> Vec<&str> {
    due.iter().map(|due| due["day"].as_str().unwrap()).collect()
}

#[test]
fn what_is_due_comes_with_its_day_slot_and_instant() {
    let home = evening();
    home.json(&format!("{MONDAY} routine schedule Evening --per-day 2 --slots morning,bedtime"));
    let first = due(&home, &format!("{MONDAY} schedule --days 1"));
    assert_eq!(first.len(), 2, "{first:?}");
    let morning = &first[0];
    assert_eq!((&morning["slot"], &morning["state"]), (&json!("morning"), &json!("late")));
    assert_eq!(morning["at"], "2026-03-02T08:00:00+01:00");
    assert_eq!(
        (&first[1]["at"], &first[1]["state"]),
        (&json!("2026-03-02T22:00:00+01:00"), &json!("upcoming"))
    );
    assert_eq!(
        (&first[1]["name"], &first[1]["zone"]),
        (&json!("Evening"), &json!("Europe/Berlin"))
    );
    assert_eq!(due(&home, &format!("{MONDAY} schedule")).len(), 14);
    // The same instants wherever one looks from; the clock shows them there.
    let text = home.run(&format!("{MONDAY} schedule --days 2")).stdout;
    assert!(
        text.contains("today") && text.contains("tomorrow") && text.contains("22:00"),
        "{text}"
    );
    assert!(text.contains("still open today"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn what_is_done_is_quiet_and_what_is_late_is_due_until_its_day_ends() {
    let home = evening();
    home.json(&format!("{MONDAY} routine schedule Evening --slots morning,bedtime"));
    let night = "--now 2026-03-03T01:30+01:00[Europe/Berlin]";
    let late = due(&home, &format!("{night} schedule --days 1"));
    assert_eq!(days(&late), ["2026-03-02", "2026-03-02"], "the day lasts until three at night");
    assert!(late.iter().all(|due| due["state"] == "late"), "{late:?}");
    let log = "log psoas-release-hook --routine Evening --slot bedtime --side left --held 60";
    home.json(&format!("{night} {log}"));
    let left = due(&home, &format!("{night} schedule --days 1"));
    assert_eq!((left.len(), &left[0]["slot"]), (1, &json!("morning")));
    let next = "--now 2026-03-03T03:00+01:00[Europe/Berlin]";
    let next = due(&home, &format!("{next} schedule --days 1"));
    assert_eq!(days(&next), ["2026-03-03", "2026-03-03"], "a new day");
    // What was taken out again is due again.
    let session = home.json("history --by session")["sessions"][0]["id"].clone();
    home.json(&format!("session remove {}", session.as_str().unwrap()));
    assert_eq!(due(&home, &format!("{night} schedule --days 1")).len(), 2);
}

#[test]
fn a_count_a_week_names_no_day_and_counts_down() {
    let home = evening();
    home.json(&format!("{MONDAY} routine schedule Evening --per-week 3-5"));
    let week = due(&home, &format!("{MONDAY} schedule"));
    assert_eq!(week.len(), 1, "{week:?}");
    assert_eq!((&week[0]["day"], &week[0]["times"]), (&Value::Null, &json!(3)));
    assert_eq!((&week[0]["from"], &week[0]["to"]), (&json!("2026-03-02"), &json!("2026-03-08")));
    for day in ["2026-03-02", "2026-03-02", "2026-03-03"] {
        let log = "log psoas-release-hook --routine Evening --side left --held 60";
        home.json(&format!("{MONDAY} {log} --date {day}"));
    }
    let tuesday = "--now 2026-03-03T12:00+01:00[Europe/Berlin]";
    let left = due(&home, &format!("{tuesday} schedule --days 2"));
    assert_eq!(left[0]["times"], 1, "twice on one day without slots is one doing: {left:?}");
    home.json(&format!(
        "{tuesday} log psoas-release-hook --routine Evening --side left --held 60 --date 2026-03-04"
    ));
    assert!(due(&home, &format!("{tuesday} schedule --days 2")).is_empty(), "the floor is enough");
    let text = home.run(&format!("{tuesday} schedule --days 2")).stdout;
    assert!(text.contains("Nothing is due"), "{text}");
}

#[test]
fn every_so_many_days_dates_and_weekdays_fall_on_their_days() {
    let home = evening();
    for (given, expected) in [
        ("--every 3", &["2026-03-02", "2026-03-05", "2026-03-08"][..]),
        ("--days tue,sat --slots bedtime", &["2026-03-03", "2026-03-07"]),
        ("--dates 2026-03-04,2026-03-06", &["2026-03-04", "2026-03-06"]),
    ] {
        home.json(&format!("{MONDAY} routine schedule Evening {given}"));
        assert_eq!(days(&due(&home, &format!("{MONDAY} schedule"))), expected, "{given}");
    }
    home.json(&format!("{MONDAY} routine schedule Evening --off"));
    assert!(due(&home, &format!("{MONDAY} schedule")).is_empty());
    // One that was begun earlier goes on counting from its own first day.
    home.json(&format!("{MONDAY} routine schedule Evening --every 3"));
    let wednesday = "--now 2026-03-04T12:00+01:00[Europe/Berlin] schedule --days 4";
    let due = due(&home, wednesday);
    assert_eq!(days(&due), ["2026-03-04", "2026-03-05"], "{due:?}");
    assert_eq!(due[0]["to"], "2026-03-04", "still in the first three days");
}

#[test]
fn slots_have_times_of_the_chart_and_of_the_routine() {
    let home = evening();
    home.json(&format!("{MONDAY} plan slot bedtime 23:15"));
    home.json(&format!("{MONDAY} plan slot lunch 12:15"));
    home.json(&format!("{MONDAY} routine schedule Evening --slots morning=06:45,lunch,bedtime"));
    let at = |home: &Home| -> Vec<String> {
        due(home, &format!("{MONDAY} schedule --days 1"))
            .iter()
            .map(|due| due["at"].as_str().unwrap()[11..16].to_owned())
            .collect()
    };
    assert_eq!(at(&home), ["06:45", "12:15", "23:15"]);
    home.json(&format!("{MONDAY} plan slot bedtime --default"));
    assert_eq!(at(&home), ["06:45", "12:15", "22:00"]);
    assert_eq!(home.json("plan show")["slots"]["lunch"], "12:15");
    let shown = home.run("routine show Evening").stdout;
    assert!(shown.contains("morning (06:45)"), "{shown}");
}

#[test]
fn a_pause_asks_for_nothing_until_it_is_resumed() {
    let home = evening();
    home.json(&format!("{MONDAY} routine schedule Evening --slots bedtime"));
    let paused = home.json(&format!("{MONDAY} plan pause --from 2026-03-03 --until 2026-03-05"));
    assert_eq!(paused["pauses"], json!([{ "from": "2026-03-03", "until": "2026-03-05" }]));
    let week = due(&home, &format!("{MONDAY} schedule"));
    assert_eq!(days(&week), ["2026-03-02", "2026-03-06", "2026-03-07", "2026-03-08"]);
    let during = "--now 2026-03-04T12:00+01:00[Europe/Berlin]";
    let text = home.run(&format!("{during} schedule --days 1")).stdout;
    assert!(text.contains("rests today"), "{text}");
    let resumed = home.json(&format!("{during} plan resume"));
    assert_eq!(resumed["pauses"], json!([{ "from": "2026-03-03", "until": "2026-03-03" }]));
    assert_eq!(
        days(&due(&home, &format!("{during} schedule --days 2"))),
        ["2026-03-04", "2026-03-05"]
    );
    home.json(&format!("{during} plan pause --from today"));
    assert!(due(&home, &format!("{during} schedule --days 30")).is_empty(), "no end");
    home.json(&format!("{during} plan resume"));
    assert_eq!(home.json(&format!("{during} plan show"))["paused"], false);
    // Where none holds, one that is planned is taken back, and named.
    home.json(&format!("{during} plan pause --from 2026-03-20 --until 2026-03-21"));
    let said = home.run(&format!("{during} plan resume")).stdout;
    assert!(said.contains("The pause from 2026-03-20 is taken back."), "{said}");
}

#[test]
fn what_cannot_be_is_refused_in_a_sentence_and_changes_nothing() {
    let home = evening();
    home.json(&format!("{MONDAY} routine schedule Evening --slots bedtime"));
    home.json(&format!("{MONDAY} plan pause --from 2026-04-01"));
    let state = |home: &Home| {
        let routine = home.json("routine show Evening");
        (
            routine,
            home.json(&format!("{MONDAY} plan show")),
            home.json(&format!("{MONDAY} schedule")),
        )
    };
    let before = state(&home);
    for (line, code, said) in [
        ("routine schedule Evening --per-week 8", 2, "7 days"),
        ("routine schedule Evening --per-week 3 --days mon,tue", 2, "needs 3 days"),
        ("routine schedule Evening --per-week 0", 2, "0 times"),
        ("routine schedule Evening --per-day 0", 2, "0 times"),
        ("routine schedule Evening --every 0", 2, "0 days"),
        ("routine schedule Evening --every 400", 2, "400"),
        ("routine schedule Evening --days mon,mon", 2, "twice"),
        ("routine schedule Evening --days mon,someday", 2, "someday"),
        ("routine schedule Evening --per-day 3 --slots morning,bedtime", 2, "3 slots"),
        ("routine schedule Evening --per-day 5", 2, "5"),
        ("routine schedule Evening --every 2 --days mon", 2, "named already"),
        ("routine schedule Evening --slots siesta", 2, "siesta=12:15"),
        ("routine schedule Evening --slots bedtime=25:00", 2, "25:00"),
        ("routine schedule Evening --slots 'Bed Time'", 2, "not a slot"),
        ("plan pause --from 2026-03-10 --until 2026-03-08", 2, "before it begins"),
        ("plan pause --from 2026-03-20 --until 2026-04-03", 2, "2026-04-01"),
        ("plan pause --from 2026-04-10", 2, "paused from 2026-04-01"),
        ("plan slot bedtime 7", 2, "22:30"),
        ("plan slot siesta --default", 2, "no time of its own"),
        ("schedule --days 0", 2, "1 to"),
        ("schedule --days 9999", 2, "1 to"),
    ] {
        let error = home.refused(&format!("{MONDAY} {line}"), code);
        assert!(error["message"].as_str().unwrap().contains(said), "{line}: {error}");
    }
    assert_eq!(state(&home), before);
    let fresh = Home::made();
    let error = fresh.refused("plan resume", 1);
    assert!(error["message"].as_str().unwrap().contains("nothing to resume"), "{error}");
}

#[test]
fn schedules_pauses_and_slots_go_out_and_come_in_again() {
    let home = evening();
    home.json(&format!("{MONDAY} routine schedule Evening --slots bedtime"));
    let later = "--now 2026-03-09T12:00+01:00[Europe/Berlin]";
    home.json(&format!("{later} routine schedule Evening --per-week 3-5"));
    home.json("plan pause --from 2026-04-01 --until 2026-04-08");
    home.json("plan slot bedtime 23:15");
    for format in ["json", "automerge"] {
        let out = home.beside(&format!("out-{format}"));
        home.json(&format!("export --format {format} --out {}", out.display()));
        let other = Home::made();
        let report = other.json(&format!("import {}", out.display()));
        assert_eq!((&report["added"], &report["refused"]), (&json!(3), &json!([])), "{report}");
        let again = other.json(&format!("import {}", out.display()));
        assert_eq!((&again["added"], &again["unchanged"]), (&json!(0), &json!(3)), "{again}");
        let schedules =
            |home: &Home| home.json("routine show Evening")["routine"]["schedules"].clone();
        assert_eq!(schedules(&other), schedules(&home));
        assert_eq!(schedules(&other).as_object().unwrap().len(), 2);
        let (one, two) =
            (home.beside(&format!("one-{format}")), home.beside(&format!("two-{format}")));
        home.json(&format!("export --format json --out {}", one.display()));
        other.json(&format!("export --format json --out {}", two.display()));
        assert_eq!(std::fs::read(one).unwrap(), std::fs::read(two).unwrap());
    }
}
