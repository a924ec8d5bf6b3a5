//! A day that starts at five in the morning: log, schedule, habits and progress mean the same day, in
//! the zone of the profile.

use serde_json::json;

use crate::home::Home;

/// Half past four in the morning of Tuesday, 2026-03-03, in Berlin.
const NIGHT: &str = "--now 2026-03-03T04:30+01:00[Europe/Berlin]";

fn bedtime() -> Home {
    let home = Home::made();
    let monday = "--now 2026-03-02T12:00+01:00[Europe/Berlin]";
    home.json("routine new Evening");
    home.json("routine step Evening add psoas-release-hook --hold 60");
    home.json(&format!("{monday} profile set pregnant=no"));
    home.json(&format!("{monday} routine schedule Evening --slots bedtime"));
    home
}

#[test]
fn a_bedtime_at_half_past_four_belongs_to_the_evening_everywhere() {
    let home = bedtime();
    home.json("profile set day_start=05:00");
    let due = |home: &Home| home.json(&format!("{NIGHT} schedule --days 1"))["due"].clone();
    assert_eq!(due(&home)[0]["day"], "2026-03-02", "still Monday's evening");
    assert_eq!(due(&home)[0]["state"], "late");
    let log = "log psoas-release-hook --routine Evening --slot bedtime --side left --held 60";
    let logged = home.json(&format!("{NIGHT} {log}"));
    assert_eq!(logged["holds"][0]["local_day"], "2026-03-02");
    let alone = home.json(&format!("{NIGHT} log psoas-release-hook --side right --held 60"));
    assert_eq!(alone["holds"][0]["local_day"], "2026-03-02");
    assert_eq!(due(&home), json!([]), "quiet once done");

    let ticked = home.json(&format!("{NIGHT} habit done sit-break"));
    assert_eq!(ticked["tick"]["local_day"], "2026-03-02");
    let today = home.json(&format!("{NIGHT} habit list"));
    assert_eq!(today["day"], "2026-03-02");
    let shown = home.json(&format!("{NIGHT} habit show sit-break --date today"));
    assert_eq!(shown["habit"]["done"], 1, "{shown}");
    let test = home.json(&format!("{NIGHT} test record thomas-test --side left --result pass"));
    assert_eq!(test["results"][0]["local_day"], "2026-03-02", "{test}");
    let pain = home.json(&format!("{NIGHT} pain front-hip 3"));
    assert_eq!(pain["event"]["local_day"], "2026-03-02", "{pain}");

    let progress = home.json(&format!("{NIGHT} progress --days 1"));
    assert_eq!(progress["until"], "2026-03-02");
    assert_eq!(progress["adherence"]["sessions"], json!({ "done": 1, "due": 1, "pct": 100 }));
    assert_eq!(progress["by_day"][0]["sessions"], 2, "{progress}");
    let history = home.json(&format!("{NIGHT} history --since today --by session"));
    assert_eq!(history["sessions"].as_array().unwrap().len(), 2, "{history}");
    // A pause that is resumed, and the plan: the same day.
    home.json(&format!("{NIGHT} plan pause --from today"));
    let resumed = home.json(&format!("{NIGHT} plan resume"));
    assert_eq!(resumed["pauses"], json!([]));

    // At five it is Tuesday, and the next evening is asked for.
    let five = "--now 2026-03-03T05:00+01:00[Europe/Berlin]";
    assert_eq!(home.json(&format!("{five} schedule --days 1"))["due"][0]["day"], "2026-03-03");
    assert_eq!(home.json(&format!("{five} habit list"))["day"], "2026-03-03");
}

#[test]
fn what_was_written_down_before_keeps_its_day() {
    let home = bedtime();
    let log = "log psoas-release-hook --side left --held 60";
    home.json(&format!("{NIGHT} {log}"));
    home.json(&format!("{NIGHT} habit done sit-break"));
    home.json(&format!("{NIGHT} profile set day_start=05:00"));
    let old = home.json("history");
    assert_eq!(old["holds"][0]["local_day"], "2026-03-03");
    let of = |day| home.json(&format!("{NIGHT} habit show sit-break --date {day}"));
    assert_eq!(of("2026-03-03")["habit"]["done"], 1);
    assert_eq!(of("2026-03-02")["habit"]["done"], 0);
    let noon = "--now 2026-03-03T12:00+01:00[Europe/Berlin]";
    let progress = home.json(&format!("{noon} progress --days 2"));
    let sessions: Vec<_> =
        progress["by_day"].as_array().unwrap().iter().map(|day| &day["sessions"]).collect();
    assert_eq!(sessions, [0, 1], "{progress}");
}

#[test]
fn the_zone_of_the_profile_says_what_a_time_means_and_which_day_it_is() {
    let home = bedtime();
    // The device is in Tokyo, where it is noon; at home it is four in the morning.
    let tokyo = "--now 2026-03-03T12:00+09:00[Asia/Tokyo]";
    home.json("profile set day_start=05:00 time_zone=Europe/Berlin");
    let due = home.json(&format!("{tokyo} schedule --days 1"))["due"].clone();
    assert_eq!((&due[0]["day"], &due[0]["zone"]), (&json!("2026-03-02"), &json!("Europe/Berlin")));
    assert_eq!(due[0]["at"], "2026-03-02T22:00:00+01:00");
    assert!(home.run(&format!("{tokyo} schedule --days 1")).stdout.contains("today"));
    assert_eq!(home.json(&format!("{tokyo} habit list"))["day"], "2026-03-02");
    let run = home.json(&format!("{tokyo} event add run --minutes 20 --at 2026-03-02T22:00"));
    assert_eq!(run["event"]["at"], "2026-03-02T22:00:00+01:00");
    let held = home.json(&format!(
        "{tokyo} log psoas-release-hook --side left --held 60 --at 2026-03-03T03:30"
    ));
    assert_eq!(held["holds"][0]["local_day"], "2026-03-02", "{held}");
    assert_eq!(home.json(&format!("{tokyo} progress --days 1"))["until"], "2026-03-02");
}
