//! P1, P2 and P7: what logging, opening and looking at progress cost in a home of a month, or of nothing,
//! against one of five years.

use std::path::Path;
use std::time::Instant;

use holdfast::domain::units::Millis;
use holdfast::{Config, Done, Engine, HistoryQuery, LogRequest, LogSide, ProgressQuery};

use super::{Measure, percentile};
use crate::seeded_home;

/// Samples of a log in each home.
const LOGS: u32 = 400;
/// Samples of an open in each home.
const OPENS: usize = 21;
/// Samples of a look at progress in each home.
const LOOKS: usize = 101;

fn ms(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1000.0
}

/// One hold of an evening: ten in each session, as people log them.
fn request(n: u32) -> LogRequest {
    let mut request = LogRequest::new(
        "kneeling-hip-flexor",
        Done::Held(Millis::from_secs(30 + u64::from(n % 20))),
    );
    request.side = Some(if n.is_multiple_of(2) { LogSide::Left } else { LogSide::Right });
    request.session = Some(format!("bench-{}", n / 10));
    request.pain_before = Some(4);
    request.pain_after = Some(3);
    request.yes = true;
    request
}

/// What the disk alone asks for, in the same minute: one row of as many bytes as a logged hold writes, committed as
/// durably. A log cannot be faster, and its worst cases are no better than these.
struct Disk {
    conn: rusqlite::Connection,
    _directory: tempfile::TempDir,
}

/// What logging a hold writes, in bytes: 23 pages, counted by the growth of the write-ahead log. Indexes and the
/// projection's totals are most of it.
const LOGGED_BYTES: usize = 23 * 4096;

impl Disk {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a folder");
        let conn =
            rusqlite::Connection::open(directory.path().join("bare.db")).expect("a database");
        conn.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
             CREATE TABLE row (n INTEGER PRIMARY KEY, bytes BLOB);",
        )
        .expect("a table");
        Self { conn, _directory: directory }
    }

    fn commit(&self, n: u32) {
        self.conn
            .execute("INSERT INTO row VALUES (?1, zeroblob(?2))", (n, LOGGED_BYTES))
            .expect("a row");
    }
}

/// P1: logging one hold, with none and with five years before it. Both homes take turns, so that whatever
/// else the machine does hits both.
///
/// # Panics
/// When a hold is refused.
#[must_use]
pub fn logging(empty: &Engine, full: &Engine) -> Vec<Measure> {
    let mut samples = [Vec::new(), Vec::new()];
    let (disk, mut bare) = (Disk::new(), Vec::new());
    for n in 0..LOGS {
        for (engine, samples) in [empty, full].into_iter().zip(&mut samples) {
            let request = request(n);
            let begun = Instant::now();
            engine.log(&request).expect("a hold is logged");
            // The first ones fill caches, as they do in anybody's evening; they count in p99.
            samples.push(ms(begun));
        }
        let begun = Instant::now();
        disk.commit(n);
        bare.push(ms(begun));
    }
    let [mut empty, mut full] = samples;
    let (empty_50, full_50) = (percentile(&mut empty, 0.5), percentile(&mut full, 0.5));
    let (empty_99, full_99) = (percentile(&mut empty, 0.99), percentile(&mut full, 0.99));
    vec![
        Measure::told("P1a", "log one hold, p50, no history", empty_50, "ms"),
        Measure::told("P1b", "log one hold, p50, five years", full_50, "ms"),
        Measure::told("P1c", "log one hold, p99, no history", empty_99, "ms"),
        Measure::at_most("P1", "log one hold, p99, five years", full_99, "ms", 5.0),
        Measure::at_most("P1d", "five years ÷ no history, p50", full_50 / empty_50, "", 1.2),
        Measure::told(
            "P1e",
            "a bare durable commit of this disk, p50",
            percentile(&mut bare, 0.5),
            "ms",
        ),
        Measure::told(
            "P1f",
            "a bare durable commit of this disk, p99",
            percentile(&mut bare, 0.99),
            "ms",
        ),
    ]
}

/// P2: opening a home and reading the newest page of its history.
///
/// # Panics
/// When a home does not open.
#[must_use]
pub fn opening(month: &Path, years: &Path) -> Vec<Measure> {
    let mut samples = [Vec::new(), Vec::new()];
    for _ in 0..OPENS {
        for (home, samples) in [month, years].into_iter().zip(&mut samples) {
            let begun = Instant::now();
            let engine = Engine::open(Config::command_line(home)).expect("a home opens");
            let page = engine.history(&HistoryQuery::default()).expect("the history is read");
            samples.push(ms(begun));
            assert_eq!(page.holds.map(|holds| holds.len()), Some(100));
        }
    }
    let [mut month, mut years] = samples;
    let (month, years) = (percentile(&mut month, 0.5), percentile(&mut years, 0.5));
    vec![
        Measure::told("P2a", "open and first query, a month", month, "ms"),
        Measure::told("P2b", "open and first query, five years", years, "ms"),
        Measure::at_most("P2", "five years ÷ a month", years / month, "", 1.5),
    ]
}

/// P7: four weeks of progress, with a streak that reaches back to the first day. The seeded routines are
/// asked for every day, so that every day is judged.
///
/// # Panics
/// When a home does not open.
#[must_use]
pub fn progress(month: &Path, years: &Path) -> Vec<Measure> {
    let open = |home: &Path| {
        let engine = Engine::open(Config::command_line(home)).expect("a home opens");
        let report = engine.import_json(&seeded_home::plan_text()).expect("the plan is taken");
        assert!(report.refused.is_empty(), "refused: {:?}", report.refused.first());
        engine
    };
    let engines = [open(month), open(years)];
    let query = ProgressQuery { days: Some(28), until: Some(seeded_home::last_day()) };
    let mut samples = [Vec::new(), Vec::new()];
    let mut streaks = [0, 0];
    for _ in 0..LOOKS {
        for ((engine, samples), streak) in engines.iter().zip(&mut samples).zip(&mut streaks) {
            let begun = Instant::now();
            let found = engine.progress(&query).expect("progress is read");
            samples.push(ms(begun));
            assert_eq!(found.adherence.sessions.due, 84);
            *streak = found.streak.days;
        }
    }
    assert_eq!(streaks, [30, 5 * 365 + 1], "the streak reaches back to the first day");
    let [mut month, mut years] = samples;
    let (month, years) = (percentile(&mut month, 0.5), percentile(&mut years, 0.5));
    vec![
        Measure::told("P7a", "four weeks of progress, p50, a month", month, "ms"),
        Measure::told("P7b", "four weeks of progress, p50, five years", years, "ms"),
        Measure::at_most("P7", "progress, five years ÷ a month", years / month, "", 1.5),
    ]
}
