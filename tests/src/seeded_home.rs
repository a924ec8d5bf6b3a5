//! A real home with years of holds in it, made through the public door: an import.

use std::path::Path;

use holdfast::domain::units::LocalDay;
use holdfast::{Config, Engine, NewAccount};
use jiff::civil::Date;

use crate::history::{self, SeededSession};

/// The day that seeded histories end before.
pub const UNTIL: Date = jiff::civil::date(2026, 3, 1);

/// The sessions as one JSON export.
///
/// # Panics
/// Never: every record has a JSON form.
#[must_use]
pub fn export_text(sessions: &[SeededSession]) -> String {
    let records: Vec<_> = sessions.iter().map(|s| &s.session).collect();
    let holds: Vec<_> = sessions.iter().flat_map(|s| &s.holds).collect();
    let document = serde_json::json!({
        "schema": 1,
        "kind": "holdfast-export",
        "routines": [],
        "sessions": records,
        "observations": holds,
        "corrections": [],
    });
    document.to_string()
}

/// Makes a home in `directory` with `sessions` in it. Gives the engine and how many records it took.
///
/// # Panics
/// When the home cannot be made, or refuses a record.
#[must_use]
pub fn make(
    directory: &Path,
    sessions: &[SeededSession],
    relay: Option<String>,
) -> (Engine, usize) {
    let account = NewAccount { name: "Seeded".to_owned(), device_name: "first".to_owned(), relay };
    let (engine, _) =
        Engine::create(Config::command_line(directory), account).expect("a home is made");
    let report = engine.import_json(&export_text(sessions)).expect("the history is taken");
    assert!(report.refused.is_empty(), "refused: {:?}", report.refused.first());
    (engine, report.added)
}

/// The last `days` of a history: three sessions each.
#[must_use]
pub fn days(sessions: &[SeededSession], days: usize) -> &[SeededSession] {
    &sessions[sessions.len().saturating_sub(days * 3)..]
}

/// Years of sessions that end before [`UNTIL`].
#[must_use]
pub fn years(seed: u64, years: u16) -> Vec<SeededSession> {
    history::years(seed, years, UNTIL)
}

/// The last day of seeded histories.
///
/// # Panics
/// Never: it is within the calendar.
#[must_use]
pub fn last_day() -> LocalDay {
    LocalDay(UNTIL.yesterday().expect("a day in 2026 has one before it"))
}

/// The seeded routines as one JSON export: each asked for once a day since long before.
#[must_use]
pub fn plan_text() -> String {
    let once = serde_json::json!({ "min": 1, "max": 1 });
    let routine = |slot: &str| {
        let rhythm = serde_json::json!({ "times": { "count": once, "per": "day" } });
        let schedule = serde_json::json!({ "rhythm": rhythm, "slots": [slot] });
        serde_json::json!({
            "id": format!("seeded-{slot}"), "name": slot, "version": 1, "blocks": [],
            "schedules": { "2020-01-01": schedule },
        })
    };
    let routines = ["morning", "midday", "bedtime"].map(routine);
    serde_json::json!({ "schema": 1, "kind": "holdfast-export", "routines": routines }).to_string()
}
