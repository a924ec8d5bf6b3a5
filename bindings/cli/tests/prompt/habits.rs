//! Habits, runs and walks, pain between sessions: days as people live them, with the clock given.

use serde_json::{Value, json};

use crate::home::Home;

/// Runs at a local time of Berlin and gives the answer.
fn at(home: &Home, time: &str, line: &str) -> Value {
    home.json(&format!("--now {time}[Europe/Berlin] {line}"))
}

fn text_at(home: &Home, time: &str, line: &str) -> String {
    let ran = home.run(&format!("--now {time}[Europe/Berlin] {line}"));
    assert_eq!(ran.code, 0, "{line}: {ran:?}");
    let narrow = ran.stdout.lines().all(|line| line.chars().count() <= 80);
    assert!(narrow, "{line}: wider than 80 columns:\n{}", ran.stdout);
    ran.stdout
}

fn clock(times: &Value) -> Vec<&str> {
    let texts = times.as_array().unwrap().iter();
    texts.map(|time| &time.as_str().unwrap()[11..16]).collect()
}

fn find<'a>(habits: &'a Value, id: &str) -> &'a Value {
    let all = habits["habits"].as_array().unwrap();
    all.iter().find(|habit| habit["habit"] == id).unwrap()
}

#[test]
fn a_desk_days_sit_breaks() {
    let home = Home::made();
    let day = |time: &str| format!("2026-03-02T{time}:00+01:00");
    let plan = "habit plan sit-break --every 50 --between 09:00-12:30";
    let planned = at(&home, &day("08:55"), plan);
    assert_eq!(clock(&planned["habit"]["next"]), ["09:50", "10:40", "11:30", "12:20"]);
    assert_eq!(planned["habit"]["frequency_stated"], false);
    let said = text_at(&home, &day("08:55"), plan);
    assert!(said.contains("No source gives an interval"), "{said}");
    // The first is missed and done late: the next is 50 minutes after it.
    let due = at(&home, &day("10:00"), "habit list");
    assert_eq!(&find(&due, "sit-break")["due_since"].as_str().unwrap()[11..16], "09:50");
    assert_eq!(due["habits"][0]["habit"], "sit-break", "what is planned comes first");
    let done = at(&home, &day("10:05"), "habit done sit-break");
    assert_eq!(clock(&done["habit"]["next"]), ["10:55", "11:45"]);
    assert_eq!(done["habit"]["due_since"], Value::Null, "quiet once done");
    at(&home, &day("10:55"), "habit done sit-break --count 2");
    let late = at(&home, &day("12:00"), "habit done sit-break");
    assert_eq!((&late["habit"]["done"], &late["habit"]["next"]), (&json!(4), &json!([])));
    let shown = text_at(&home, &day("12:00"), "habit list");
    assert!(shown.contains("every 50 min, 09:00 to 12:30"), "{shown}");
    // Habits stand beside the routines: the history of holds knows nothing of them.
    assert_eq!(home.json("history")["holds"], json!([]));
    // The next day begins anew, and the evening is quiet.
    let next = at(&home, "2026-03-03T09:00:00+01:00", "habit list");
    assert_eq!(find(&next, "sit-break")["done"], 0);
    assert_eq!(clock(&find(&next, "sit-break")["next"]).len(), 4);
    let evening = at(&home, "2026-03-03T20:00:00+01:00", "habit list");
    assert_eq!(find(&evening, "sit-break")["due_since"], Value::Null);
    let ended = at(&home, "2026-03-03T20:00:00+01:00", "habit unplan sit-break");
    assert_eq!(ended["habit"]["plan"], Value::Null);
    let again = home.refused("habit unplan sit-break", 1);
    assert_eq!(again["code"], "not_planned");
}

#[test]
fn a_bedtime_after_midnight_belongs_to_its_evening() {
    let home = Home::made();
    let plan = "habit plan sleep-side --per-day 1";
    assert_eq!(at(&home, "2026-03-02T20:00:00+01:00", plan)["habit"]["left"], 1);
    let ticked = at(&home, "2026-03-03T00:40:00+01:00", "habit done sleep-side");
    assert_eq!(ticked["tick"]["local_day"], "2026-03-02");
    assert_eq!((&ticked["habit"]["done"], &ticked["habit"]["left"]), (&json!(1), &json!(0)));
    let again = at(&home, "2026-03-03T01:10:00+01:00", "habit done sleep-side");
    assert_eq!((&again["already"], &again["habit"]["done"]), (&json!(true), &json!(1)));
    let tonight = at(&home, "2026-03-03T22:00:00+01:00", "habit list");
    assert_eq!(find(&tonight, "sleep-side")["left"], 1, "the next night is its own");
    // A night when the clocks change is one night like any other.
    let spring = at(&home, "2026-03-29T03:30:00+02:00", "habit done sleep-side");
    assert_eq!(spring["tick"]["local_day"], "2026-03-29");
    let before = at(&home, "2026-03-29T01:59:00+01:00", "habit done sleep-side");
    assert_eq!(before["tick"]["local_day"], "2026-03-28");
    let hours = at(&home, "2026-03-03T08:00:00+01:00", "habit done sleep-hours --value 7.5");
    assert_eq!((&hours["habit"]["value"], &hours["habit"]["done"]), (&json!(7.5), &json!(1)));
    let undone = at(
        &home,
        "2026-03-03T22:00:00+01:00",
        &format!("habit undo {}", ticked["tick"]["id"].as_str().unwrap()),
    );
    assert_eq!(undone["habit"]["done"], 0);
    let shown = text_at(&home, "2026-03-03T22:00:00+01:00", "habit show sleep-side");
    assert!(shown.contains("Lie on the hip that does not hurt. [001]"), "{shown}");
}

#[test]
fn days_of_recovery_after_a_very_long_run_are_told_as_the_source_states_them() {
    let home = Home::made();
    let run = at(&home, "2026-03-01T11:00:00+01:00", "event add run --minutes 150");
    let recovery = &run["recovery"];
    assert_eq!(
        (&recovery["from"], &recovery["to_younger"], &recovery["to_older"]),
        (&json!("2026-03-02"), &json!("2026-03-03"), &json!("2026-03-04"))
    );
    assert_eq!(recovery["sources"], json!(["000"]));
    assert_eq!(&run["cool_down_until"].as_str().unwrap()[11..16], "11:20");
    at(&home, "2026-03-02T20:00:00+01:00", "habit done run-recovery-days");
    let second = at(&home, "2026-03-03T20:00:00+01:00", "habit list");
    assert_eq!(second["recovery"][0]["taken"], json!(["2026-03-02"]));
    let after = at(&home, "2026-03-05T20:00:00+01:00", "habit list");
    assert_eq!(after["recovery"], json!([]));
    let shown = text_at(&home, "2026-03-04T20:00:00+01:00", "habit list");
    assert!(shown.contains("For an older runner"), "{shown}");
    let short = at(&home, "2026-03-10T11:00:00+01:00", "event add run --minutes 60");
    assert_eq!((&short["recovery"], &short["walk_first"]), (&Value::Null, &json!(false)));
}

#[test]
fn events_are_listed_and_taken_back() {
    let home = Home::made();
    at(&home, "2026-03-01T11:00:00+01:00", "event add run --minutes 40 --note 'along the river'");
    at(&home, "2026-03-02T11:00:00+01:00", "event add walk --minutes 15");
    let pain = at(&home, "2026-03-02T21:00:00+01:00", "pain front-hip 6 --side right");
    let event = &pain["event"];
    assert_eq!(
        (&event["kind"], &event["site"], &event["side"], &event["score"]),
        (&json!("pain"), &json!("front-hip"), &json!("right"), &json!(6))
    );
    let list = |line: &str| home.json(line)["events"].as_array().unwrap().len();
    assert_eq!(list("event list"), 3);
    assert_eq!(list("event list --only pain"), 1);
    assert_eq!(list("event list --since 2026-03-02 --until 2026-03-02"), 2);
    let shown = text_at(&home, "2026-03-02T21:00:00+01:00", "event list");
    assert!(shown.contains("Run of 40 min") && shown.contains("along the river"), "{shown}");
    let id = event["id"].as_str().unwrap();
    assert_eq!(home.json(&format!("event remove {id}"))["removed"], id);
    assert_eq!(list("event list"), 2);
    assert_eq!(home.refused(&format!("event remove {id}"), 1)["code"], "not_found");
    assert_eq!(
        home.refused("event list --since 2026-03-09 --until 2026-03-01", 2)["field"],
        "until"
    );
}

#[test]
fn what_cannot_be_is_refused_with_a_sentence_and_nothing_is_written() {
    let home = Home::made();
    for (line, field) in [
        ("habit done no-such-habit", "habit"),
        ("habit done psoas-release-hook", "habit"),
        ("habit done sit-break --value 3", "value"),
        ("habit done sleep-hours --count 7", "value"),
        ("habit done sleep-hours", "value"),
        ("habit done sleep-hours --value 25", "value"),
        ("habit done sleep-hours --value much", "value"),
        ("habit done sit-break --count 0", "count"),
        ("habit done sit-break --count -1", "count"),
        ("habit done sleep-side --count 2", "count"),
        ("habit done sit-break --at 2999-01-01T10:00", "at"),
        ("habit plan sit-break --every 50 --between 17:00-09:00", "between"),
        ("habit plan sit-break --every 50 --between 09:00-09:00", "between"),
        ("habit plan sit-break --every 50 --between 9-17", "between"),
        ("habit plan sit-break --every 500 --between 09:00-17:00", "every"),
        ("habit plan sit-break --every 0 --between 09:00-17:00", "every"),
        ("habit plan sit-break --per-day 0", "per_day"),
        ("habit plan sleep-side --per-day 2", "per_day"),
        ("event add run --minutes 0", "minutes"),
        ("event add run --minutes 100000", "minutes"),
        ("event add run --minutes long", "minutes"),
        ("event add walk --minutes 10 --at 2999-01-01T10:00", "at"),
        ("pain elbow 3", "site"),
        ("pain Front_Hip! 3", "site"),
    ] {
        assert_eq!(home.refused(line, 2)["field"], field, "{line}");
    }
    for line in [
        "habit plan sit-break",
        "habit plan sit-break --every 50",
        "habit plan sit-break --between 09:00-17:00",
        "habit done sit-break --count 1 --value 2",
    ] {
        home.refused(line, 2);
    }
    let pain = home.refused("pain front-hip 11", 2);
    assert!(pain["message"].as_str().unwrap().contains("0 to 10"), "{pain}");
    assert_eq!(home.json("event list")["events"], json!([]));
    let habits = home.json("habit list");
    let touched = |habit: &Value| habit["done"] != 0 || habit["plan"] != Value::Null;
    assert!(!habits["habits"].as_array().unwrap().iter().any(touched), "{habits}");
}

#[test]
fn after_105_minutes_of_running_a_walk_comes_before_any_stretch() {
    let home = Home::made();
    let rule = "walk-after-long-run";
    home.json("routine new Runner");
    home.json("routine step Runner add kneeling-hip-flexor --side both");
    let run = at(&home, "2026-03-01T18:30:00+01:00", "event add run --minutes 105");
    assert_eq!(run["walk_first"], true);
    let found = |time: &str| {
        let checked = at(&home, time, "routine check Runner");
        let findings = checked["findings"].as_array().unwrap().clone();
        findings.iter().any(|finding| finding["rule"] == rule && finding["severity"] == "hard")
    };
    let noted = |time: &str| {
        let logged = at(&home, time, "log kneeling-hip-flexor --side left --held 30");
        let findings = logged["holds"][0]["findings"].as_array().unwrap().clone();
        findings.iter().any(|finding| finding["rule"] == rule)
    };
    assert!(found("2026-03-01T18:40:00+01:00") && noted("2026-03-01T18:40:00+01:00"));
    let play = "--now 2026-03-01T18:45:00+01:00[Europe/Berlin] play Runner --fast 1000";
    let stopped = home.refused(play, 1);
    assert_eq!(stopped["findings"][0]["rule"], rule, "{stopped}");
    // Past the three hours it is no longer asked for; within them a walk satisfies it.
    assert!(!found("2026-03-01T21:31:00+01:00"));
    at(&home, "2026-03-01T19:00:00+01:00", "event add walk --minutes 10");
    assert!(!found("2026-03-01T19:05:00+01:00") && !noted("2026-03-01T19:05:00+01:00"));
}

#[test]
fn after_105_minutes_of_running_a_runners_ten_minutes_are_told_what_is_said_of_stretching() {
    let home = Home::made();
    let rule = "release-after-long-run";
    home.json("profile set pregnant=no ask_first=no prone_ok=yes");
    home.json("routine add runner-daily-10 --name Ten --realign-side right");
    at(&home, "2026-03-01T18:30:00+01:00", "event add run --minutes 105");
    let found = |time: &str| {
        let checked = at(&home, time, "routine check Ten");
        let findings = checked["findings"].as_array().unwrap().clone();
        findings.into_iter().filter(|finding| finding["rule"] == rule).collect::<Vec<_>>()
    };
    let told = found("2026-03-01T18:40:00+01:00");
    assert_eq!(told.len(), 1, "once: {told:?}");
    let (severity, ours) = (&told[0]["severity"], &told[0]["ours"]);
    assert_eq!((severity, ours, &told[0]["source"]), (&json!("info"), &json!(true), &json!([])));
    let says = told[0]["sentence"].as_str().unwrap();
    for part in ["longer than 90 minutes", "walk, and only then stretch", "[000]", "(ours)"] {
        assert!(says.contains(part), "{part}: {says}");
    }
    // It stops nothing, is said before the first release, and is noted with that hold alone.
    let clock = "--now 2026-03-01T18:45:00+01:00[Europe/Berlin]";
    let played = home.json(&format!("{clock} play Ten --fast 1000 --mute"));
    let findings = played["findings"].as_array().unwrap();
    assert!(findings.iter().any(|finding| finding["rule"] == rule), "{played}");
    let noted = |time: &str, side: &str| {
        let line =
            format!("log psoas-release-hook --side {side} --held 60 --routine Ten --slot late");
        let logged = at(&home, time, &line);
        let findings = logged["holds"][0]["findings"].as_array().unwrap().clone();
        findings.iter().any(|finding| finding["rule"] == rule && finding["severity"] == "info")
    };
    assert!(noted("2026-03-01T19:50:00+01:00", "left"));
    assert!(!noted("2026-03-01T19:52:00+01:00", "right"), "once is enough");
    let text = "log back-of-hip-release-ball --side left --held 60";
    let text = home.run(&format!("--now 2026-03-01T19:55:00+01:00[Europe/Berlin] {text}")).stdout;
    assert!(text.contains("Of releases they say nothing"), "{text}");
    // A walk, or three hours, and it is no matter any more.
    assert!(found("2026-03-01T21:31:00+01:00").is_empty());
    at(&home, "2026-03-01T20:00:00+01:00", "event add walk --minutes 10");
    assert!(found("2026-03-01T20:05:00+01:00").is_empty());
}
