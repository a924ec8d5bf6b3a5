//! Six things that cannot be, each refused by the program with exit code 2 and a sentence, and nothing
//! written.

use crate::home::{Home, refusal};

const NOW: &str = "--now 2026-03-02T12:00+01:00[Europe/Berlin]";

/// Everything the home holds.
fn all(home: &Home) -> Vec<u8> {
    let out = home.beside("all.json");
    home.json(&format!("{NOW} export --format json --out {}", out.display()));
    let bytes = std::fs::read(&out).unwrap();
    std::fs::remove_file(out).unwrap();
    bytes
}

/// Runs a line that must be refused with exit code 2 at `field`, in a sentence that says `said`.
#[track_caller]
fn refused(line: &str, field: &str, said: &str) {
    let home = Home::made();
    home.json(&format!("{NOW} routine new Evening"));
    home.json(&format!("{NOW} routine step Evening add psoas-release-hook --hold 60"));
    home.json(&format!("{NOW} profile set due_date=2026-05-17"));
    let before = all(&home);
    let error = refusal(line, &home.run(&format!("--json {NOW} {line}")), 2);
    assert_eq!(error["field"], field, "{line}: {error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(said), "{line}: {message}");
    let text = home.run(&format!("{NOW} {line}"));
    assert_eq!((text.code, text.stdout.as_str()), (2, ""), "{line}: {text:?}");
    assert!(text.stderr.contains(said), "{line}: {text:?}");
    assert!(all(&home) == before, "{line}: nothing is written");
}

#[test]
fn a_due_date_in_the_past() {
    refused("profile set due_date=2026-02-28", "due_date", "is over");
}

#[test]
fn a_trimester_that_contradicts_the_due_date() {
    refused("profile set trimester=1", "trimester", "due date");
}

#[test]
fn a_schedule_of_eight_days_a_week() {
    refused("routine schedule Evening --per-week 8", "schedule", "7 days");
}

#[test]
fn a_test_result_of_the_wrong_kind() {
    refused("test record hip-flexor-strength-test --side left --result pass", "result", "pass");
}

#[test]
fn a_load_without_a_unit() {
    refused("log weighted-psoas-march --side left --reps 10 --load 20", "load", "kg or lb");
}

#[test]
fn a_tick_in_the_future() {
    refused("habit done sit-break --at 2026-03-03T09:00", "at", "not happened yet");
}
