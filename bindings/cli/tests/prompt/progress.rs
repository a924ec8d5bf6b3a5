//! How it goes, as days in the life show it: a first evening, a week on two devices, two sides of the world.

use serde_json::{Value, json};

use crate::home::Home;
use crate::sync::{paired, sync_twice};

/// Runs a line at half past nine in the evening of a day in March 2026, in Berlin.
fn evening(day: u32, line: &str) -> String {
    format!("--now 2026-03-{day:02}T21:30:00+01:00[Europe/Berlin] {line}")
}

fn late(day: u32, line: &str) -> String {
    format!("--now 2026-03-{day:02}T22:30:00+01:00[Europe/Berlin] {line}")
}

/// The figures of one of the four numbers.
fn figure(progress: &Value, name: &str) -> (u64, u64, Option<u64>) {
    let figure = &progress["adherence"][name];
    let number = |key: &str| figure[key].as_u64();
    (number("done").unwrap(), number("due").unwrap(), number("pct"))
}

#[test]
fn anas_first_evening() {
    let home = Home::empty();
    home.json(&evening(2, "init --name Ana --device phone"));
    home.json(&evening(2, "profile set pregnant=no prone_ok=yes ask_first=no"));
    let nothing = home.json(&evening(2, "progress"));
    assert_eq!(figure(&nothing, "sessions"), (0, 0, None), "nothing due is no percentage");
    assert_eq!((&nothing["counted_from"], &nothing["pain"]["n"]), (&Value::Null, &json!(0)));

    home.json(&evening(2, "routine add bedtime-10 --name Bedtime --realign-side right"));
    home.json(&evening(2, "routine schedule Bedtime --per-day 1 --slots bedtime"));
    let before = home.json(&evening(2, "progress"));
    assert_eq!(figure(&before, "sessions"), (0, 0, None), "the evening is not over");
    assert_eq!(before["streak"], json!({"days": 0, "weeks": null, "rest_ok": false}));

    let inputs = home.beside("inputs.txt");
    std::fs::write(&inputs, "0 start\n100 pain before 6\n3600000 pain after 3\n").unwrap();
    let play = format!("play Bedtime --inputs {} --fast 5000", inputs.display());
    let played = home.run(&evening(2, &play));
    assert_eq!(played.code, 0, "{played:?}");
    let last = played.stdout.lines().last().unwrap();
    assert!(last.contains("6 → 3") && last.contains("held."), "{last}");
    assert!(last.ends_with("Saved here; no second copy yet."), "{last}");
    home.json(&late(2, "log pec-minor-release --side left --held 60"));

    assert_eq!(
        home.json(&late(2, "history --by session"))["sessions"].as_array().unwrap().len(),
        2
    );
    let progress = home.json(&late(2, "progress"));
    assert_eq!(figure(&progress, "sessions"), (1, 1, Some(100)));
    assert_eq!(figure(&progress, "active_days"), (1, 1, Some(100)));
    let (done, due, pct) = figure(&progress, "exercises");
    assert!(due > 4 && done == due && pct == Some(100), "{progress}");
    let (held, asked, _) = figure(&progress, "hold_seconds");
    assert!(held == asked && held > 300, "{progress}");
    assert_eq!(
        (&progress["streak"]["days"], &progress["streak"]["rest_ok"]),
        (&json!(1), &json!(true))
    );
    let pain = &progress["pain"];
    assert_eq!(
        (&pain["before"], &pain["after"], &pain["n"]),
        (&json!(6.0), &json!(3.0), &json!(1))
    );
    assert_eq!(pain["change"], "much_better");
    assert_eq!(progress["counted_from"], "2026-03-02");
    assert_eq!(progress["totals"]["sessions"], 2);

    let said = home.run(&late(2, "progress --days 7")).stdout;
    assert!(said.is_ascii(), "a locale that is not UTF-8 gets plain characters:\n{said}");
    assert!(said.lines().all(|line| line.len() <= 80), "{said}");
    assert!(said.contains("1 of 1  100 %") && said.contains("6 -> 3"), "{said}");
    assert!(said.contains("1 day in a row. A rest today keeps it."), "{said}");
    assert!(!said.contains('!') && !said.to_lowercase().contains("miss"), "no guilt:\n{said}");
}

#[test]
fn a_week_on_phone_and_tablet_with_a_missed_day() {
    let (mut relay, phone, tablet) = paired();
    let alone = Home::made();
    let lines = [
        evening(2, "routine new Night"),
        evening(2, "routine step Night add psoas-release-hook --hold 60 --side both"),
        evening(2, "routine schedule Night --per-day 1 --slots bedtime"),
    ];
    for line in &lines {
        phone.json(line);
        alone.json(line);
    }
    sync_twice([&phone, &tablet]);
    relay.down();
    let log = |day: u32, side: &str, pain: &str| {
        let line = format!(
            "log psoas-release-hook --routine Night --slot bedtime --side {side} --held 60 {pain}"
        );
        evening(day, &line)
    };
    let (before, after) = ("--pain-before 6 --pain-after 5", "--pain-before 5 --pain-after 4");
    for day in [2, 3, 4, 6, 7, 8] {
        // One side on each device: one session of two holds.
        phone.json(&log(day, "left", before));
        tablet.json(&log(day, "right", after));
        alone.json(&log(day, "left", before));
        alone.json(&log(day, "right", after));
    }
    // The same hold once more on the other device: it counts once.
    tablet.json(&log(8, "left", before));
    relay.back();
    sync_twice([&tablet, &phone]);

    let progress = phone.json(&late(8, "progress --days 7"));
    assert_eq!(figure(&progress, "sessions"), (6, 7, Some(85)));
    assert_eq!(figure(&progress, "exercises"), (12, 14, Some(85)));
    assert_eq!(figure(&progress, "hold_seconds"), (720, 840, Some(85)));
    assert_eq!(figure(&progress, "active_days"), (6, 7, Some(85)));
    assert_eq!(
        (&progress["streak"]["days"], &progress["streak"]["rest_ok"]),
        (&json!(3), &json!(true))
    );
    assert_eq!(progress["pain"]["n"], 6);
    assert_eq!(progress["by_day"][3]["kind"], "asked");
    assert_eq!(progress, tablet.json(&late(8, "progress --days 7")), "the same on both devices");
    assert_eq!(progress, alone.json(&late(8, "progress --days 7")), "and as on one alone");
    // Looked at from the other side of the world, where the next day has begun.
    let far = "--now 2026-03-09T06:30:00+09:00[Asia/Tokyo] progress --days 7";
    assert_eq!(progress, tablet.json(far));
}

#[test]
fn tokyo_to_los_angeles_and_back_breaks_nothing() {
    let home = Home::empty();
    home.json("--now 2026-06-08T21:00:00+09:00[Asia/Tokyo] init --name Ana --device phone");
    home.json("--now 2026-06-08T21:00:00+09:00[Asia/Tokyo] routine new Night");
    let step = "routine step Night add psoas-release-hook --hold 60 --side left";
    home.json(&format!("--now 2026-06-08T21:00:00+09:00[Asia/Tokyo] {step}"));
    let schedule = "routine schedule Night --per-day 1";
    home.json(&format!("--now 2026-06-08T21:00:00+09:00[Asia/Tokyo] {schedule}"));
    let log = |at: &str| {
        home.json(&format!(
            "--now {at} log psoas-release-hook --routine Night --side left --held 60"
        ));
    };
    log("2026-06-08T21:00:00+09:00[Asia/Tokyo]");
    log("2026-06-09T21:00:00+09:00[Asia/Tokyo]");
    // The same date again, after the flight.
    log("2026-06-09T21:00:00-07:00[America/Los_Angeles]");
    log("2026-06-10T21:00:00-07:00[America/Los_Angeles]");
    let there = "--now 2026-06-10T22:00:00-07:00[America/Los_Angeles] progress --days 7";
    let progress = home.json(there);
    assert_eq!(figure(&progress, "active_days"), (3, 3, Some(100)), "a date twice counts once");
    assert_eq!(progress["streak"]["days"], 3);
    // And back: the eleventh went by in the air.
    log("2026-06-12T21:00:00+09:00[Asia/Tokyo]");
    let back = home.json("--now 2026-06-12T22:00:00+09:00[Asia/Tokyo] progress --days 7");
    assert_eq!(figure(&back, "active_days"), (4, 4, Some(100)), "{back}");
    assert_eq!(back["streak"]["days"], 4);
    assert_eq!(back["by_day"][5]["kind"], "skipped");
}

#[test]
fn a_number_of_days_that_cannot_be_is_refused() {
    let home = Home::made();
    for days in ["0", "3661"] {
        let error = home.refused(&format!("progress --days {days}"), 2);
        assert_eq!((&error["field"], &error["code"]), (&json!("days"), &json!("bad_days")));
        assert!(error["message"].as_str().unwrap().contains("1 to 3660"), "{error}");
    }
    assert_eq!(figure(&home.json("progress --days 3660"), "sessions"), (0, 0, None));
}

#[test]
fn a_routine_that_was_removed_keeps_what_it_asked_for() {
    let home = Home::made();
    home.json(&evening(2, "routine new Night"));
    home.json(&evening(2, "routine step Night add psoas-release-hook --hold 60 --side both"));
    home.json(&evening(2, "routine schedule Night --per-day 1"));
    home.json(&evening(2, "log psoas-release-hook --routine Night --side both --held 60"));
    let before = home.json(&late(5, "progress --days 3 --until 2026-03-04"));
    assert_eq!(figure(&before, "sessions"), (1, 3, Some(33)));
    assert_eq!(figure(&before, "exercises"), (2, 6, Some(33)));
    assert_eq!(figure(&before, "hold_seconds"), (120, 360, Some(33)));
    home.json(&evening(5, "routine remove Night"));
    assert_eq!(home.json(&late(5, "progress --days 3 --until 2026-03-04")), before);
    let after = home.json(&late(8, "progress --days 7"));
    assert_eq!(figure(&after, "sessions"), (1, 3, Some(33)), "nothing is due after it: {after}");
}

#[test]
fn a_step_added_later_is_not_missed_before() {
    let home = Home::made();
    home.json(&evening(2, "routine new Night"));
    home.json(&evening(2, "routine step Night add psoas-release-hook --hold 60 --side left"));
    home.json(&evening(2, "routine schedule Night --per-day 1"));
    for day in [2, 3] {
        let log = "log psoas-release-hook --routine Night --side left --held 60";
        home.json(&evening(day, log));
    }
    home.json(&evening(10, "routine step Night add pec-minor-release --hold 60 --side left"));
    // The fourth was missed with one step, the ninth with two.
    let near = home.json(&late(10, "progress --days 1 --until 2026-03-04"));
    assert_eq!(figure(&near, "exercises"), (0, 1, Some(0)), "{near}");
    let far = home.json(&late(10, "progress --days 1 --until 2026-03-09"));
    assert_eq!(figure(&far, "exercises"), (0, 2, Some(0)), "{far}");
}

#[test]
fn self_tests_a_paused_plan_and_a_weekly_goal_are_shown() {
    let home = Home::made();
    home.json(&evening(2, "routine new Night"));
    home.json(&evening(2, "routine step Night add psoas-release-hook --hold 60 --side left"));
    home.json(&evening(2, "routine schedule Night --per-week 3"));
    home.json(&evening(2, "routine new Neck"));
    home.json(&evening(2, "routine step Neck add pec-minor-release --hold 60 --side left"));
    for day in [2, 4, 6] {
        home.json(&evening(day, "log pec-minor-release --routine Neck --side left --held 60"));
    }
    let weeks = |home: &Home, day| home.json(&late(day, "progress"))["streak"]["weeks"].clone();
    assert_eq!(weeks(&home, 9), 0, "the other routine's days are not its own");
    for day in [2, 4, 6] {
        home.json(&evening(day, "log psoas-release-hook --routine Night --side left --held 60"));
    }
    assert_eq!(weeks(&home, 9), 1);

    for (day, value) in [(2, "22"), (9, "31")] {
        let test = format!("test record hip-flexor-strength-test --side left --value {value}");
        home.json(&evening(day, &test));
    }
    home.json(&evening(9, "plan pause --from 2026-03-09 --until 2026-03-15"));
    let progress = home.json(&late(16, "progress --days 15"));
    let series = &progress["tests"][0];
    assert_eq!(series["test"], "hip-flexor-strength-test");
    assert_eq!((&series["first"], &series["last"]), (&json!(22.0), &json!(31.0)), "{series}");
    assert_eq!(progress["paused_days"], 7);
    assert_eq!(figure(&progress, "sessions"), (3, 3, Some(100)), "{progress}");
    let said = home.run(&late(16, "progress --days 15")).stdout;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("22 s to 31 s") && said.contains("Paused on 7 days."), "{said}");
    assert!(said.contains("1 week with its goal reached."), "{said}");
}
