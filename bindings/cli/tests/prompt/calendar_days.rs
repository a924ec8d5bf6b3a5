//! Days in the life that the calendar makes hard: journeys over the date line, the nights when the
//! clocks change, a bedtime after midnight, and a week on two devices with a missed day.

use serde_json::{Value, json};

use crate::home::Home;
use crate::sync::{paired, sync_twice};

const HOLD: &str = "log psoas-release-hook --routine Evening --side left --held 60";

fn evening(home: &Home) {
    home.json("routine new Evening");
    home.json("routine step Evening add psoas-release-hook --hold 60");
}

fn due(home: &Home, now: &str, days: u32) -> Vec<Value> {
    let answer = home.json(&format!("--now {now} schedule --days {days}"));
    answer["due"].as_array().unwrap().clone()
}

fn days(due: &[Value]) -> Vec<&str> {
    due.iter().map(|due| due["day"].as_str().unwrap()).collect()
}

fn sessions(home: &Home) -> Vec<String> {
    let sessions = home.json("history --by session --limit 50")["sessions"].clone();
    let days = sessions.as_array().unwrap().iter();
    days.map(|session| session["local_day"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn tokyo_to_los_angeles_asks_once_for_the_date_that_comes_twice() {
    let home = Home::made();
    evening(&home);
    home.json("--now 2026-03-01T12:00+09:00[Asia/Tokyo] routine schedule Evening --slots bedtime");
    for day in ["01", "02", "03"] {
        home.json(&format!("--now 2026-03-{day}T22:10+09:00[Asia/Tokyo] {HOLD}"));
    }
    // On the evening of the third she flies; it is the third again, in the morning and at night.
    for now in ["2026-03-03T09:00-08:00", "2026-03-03T22:30-08:00", "2026-03-04T01:00-08:00"] {
        let due = due(&home, &format!("{now}[America/Los_Angeles]"), 2);
        assert_eq!(days(&due), ["2026-03-04"], "{now}: the third is done");
        assert_eq!(due[0]["at"], "2026-03-04T22:00:00-08:00", "where she is");
    }
    // Done again all the same, it is the same session.
    home.json(&format!("--now 2026-03-03T22:40-08:00[America/Los_Angeles] {HOLD}"));
    assert_eq!(sessions(&home), ["2026-03-03", "2026-03-02", "2026-03-01"]);
}

#[test]
fn los_angeles_to_tokyo_does_not_ask_for_the_date_that_is_skipped() {
    let home = Home::made();
    evening(&home);
    let here = "America/Los_Angeles";
    home.json(&format!(
        "--now 2026-03-02T12:00-08:00[{here}] routine schedule Evening --slots bedtime"
    ));
    home.json(&format!("--now 2026-03-03T22:10-08:00[{here}] {HOLD}"));
    // Half an hour before midnight she leaves, and lands in the morning of the fifth.
    let landed = due(&home, "2026-03-05T06:00+09:00[Asia/Tokyo]", 2);
    assert_eq!(days(&landed), ["2026-03-05", "2026-03-06"], "the fourth is not asked for");
    assert_eq!(landed[0]["at"], "2026-03-05T22:00:00+09:00");
    home.json(&format!("--now 2026-03-05T22:10+09:00[Asia/Tokyo] {HOLD}"));
    assert_eq!(sessions(&home), ["2026-03-05", "2026-03-03"]);
}

#[test]
fn half_past_two_is_asked_once_on_the_nights_the_clocks_change() {
    let home = Home::made();
    evening(&home);
    home.json(
        "--now 2026-03-01T12:00+01:00[Europe/Berlin] routine schedule Evening --slots bedtime=02:30",
    );
    let at = |now: &str| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let due = due(&home, now, 3);
        due.iter().map(|due| (text(&due["day"]), text(&due["at"]))).collect()
    };
    let pairs = |expected: [(&str, &str); 3]| expected.map(|(d, a)| (d.to_owned(), a.to_owned()));
    // 02:00 becomes 03:00: there is no 02:30. An hour later would be the next day.
    assert_eq!(
        at("2026-03-27T12:00+01:00[Europe/Berlin]"),
        pairs([
            ("2026-03-27", "2026-03-28T02:30:00+01:00"),
            ("2026-03-28", "2026-03-29T01:30:00+01:00"),
            ("2026-03-29", "2026-03-30T02:30:00+02:00"),
        ])
    );
    // 03:00 becomes 02:00: 02:30 comes twice, and is asked for the first time.
    assert_eq!(
        at("2026-10-23T12:00+02:00[Europe/Berlin]"),
        pairs([
            ("2026-10-23", "2026-10-24T02:30:00+02:00"),
            ("2026-10-24", "2026-10-25T02:30:00+02:00"),
            ("2026-10-25", "2026-10-26T02:30:00+01:00"),
        ])
    );
    // Done in the first half past two, the second one is quiet.
    home.json(&format!("--now 2026-10-25T02:35+02:00[Europe/Berlin] {HOLD}"));
    let second = due(&home, "2026-10-25T02:40+01:00[Europe/Berlin]", 1);
    assert!(second.is_empty(), "{second:?}");
    assert_eq!(sessions(&home), ["2026-10-24"]);
}

#[test]
fn a_bedtime_after_midnight_belongs_to_the_evening() {
    let home = Home::made();
    evening(&home);
    let berlin = "[Europe/Berlin]";
    home.json(&format!(
        "--now 2026-03-03T12:00+01:00{berlin} routine schedule Evening --slots bedtime=00:30"
    ));
    let tuesday = due(&home, &format!("2026-03-03T23:00+01:00{berlin}"), 1);
    assert_eq!(days(&tuesday), ["2026-03-03"]);
    assert_eq!(tuesday[0]["at"], "2026-03-04T00:30:00+01:00");
    let night = format!("2026-03-04T00:40+01:00{berlin}");
    assert_eq!(due(&home, &night, 1)[0]["state"], "late");
    home.json(&format!("--now {night} {HOLD}"));
    assert_eq!(sessions(&home), ["2026-03-03"]);
    assert!(due(&home, &night, 1).is_empty(), "Tuesday's is done");
    assert_eq!(days(&due(&home, &format!("2026-03-04T12:00+01:00{berlin}"), 1)), ["2026-03-04"]);
}

/// A week in Berlin: Monday and Tuesday on the phone, Wednesday missed, Thursday to Saturday on the
/// tablet, the two out of each other's sight until Sunday.
#[test]
fn a_week_on_phone_and_tablet_with_a_missed_day() {
    let (mut relay, phone, tablet) = paired();
    evening(&phone);
    phone.json(
        "--now 2026-03-02T08:00+01:00[Europe/Berlin] routine schedule Evening --slots bedtime",
    );
    sync_twice([&phone, &tablet]);
    relay.down();
    let night = |day: u32| format!("2026-03-{day:02}T22:05+01:00[Europe/Berlin]");
    for (day, home) in [(2, &phone), (3, &phone), (5, &tablet), (6, &tablet), (7, &tablet)] {
        assert_eq!(due(home, &night(day), 1).len(), 1, "{day}");
        home.json(&format!("--now {} {HOLD}", night(day)));
        assert!(due(home, &night(day), 1).is_empty(), "quiet once done: {day}");
    }
    // The phone does not know of the tablet's Saturday yet, and both did the Friday.
    assert_eq!(due(&phone, &night(7), 1).len(), 1);
    phone.json(&format!("--now {} {HOLD}", night(6)));
    // Meanwhile one device changes the schedule, and the other pauses the plan.
    phone.json("--now 2026-03-07T12:00+01:00[Europe/Berlin] routine schedule Evening --slots bedtime=23:00");
    tablet.json("--now 2026-03-07T12:00+01:00[Europe/Berlin] plan pause --from 2026-03-10 --until 2026-03-11");
    relay.back();
    sync_twice([&phone, &tablet]);
    for home in [&phone, &tablet] {
        assert!(due(home, &night(7), 1).is_empty(), "Saturday is done on both");
        assert_eq!(
            sessions(home),
            ["2026-03-07", "2026-03-06", "2026-03-05", "2026-03-03", "2026-03-02"],
            "five evenings, Friday's once"
        );
        let next = due(home, "2026-03-08T12:00+01:00[Europe/Berlin]", 5);
        assert_eq!(days(&next), ["2026-03-08", "2026-03-09", "2026-03-12"]);
        assert_eq!(next[0]["at"], "2026-03-08T23:00:00+01:00");
        let routine = home.json("routine show Evening");
        assert_eq!(routine["conflicts"], json!([]));
        let versions = routine["routine"]["schedules"].as_object().unwrap();
        assert_eq!(versions.keys().collect::<Vec<_>>(), ["2026-03-02", "2026-03-07"]);
        assert_eq!(home.json("doctor")["ok"], true);
    }
}
