//! What a hold, and opening, cost over a long history. Not a benchmark: `cargo xtask bench` measures.
//! Run by hand: `cargo test -p holdfast --lib --release speed -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use holdfast_domain::record::{HoldKey, Observation, SessionKey, StepRef};
use holdfast_domain::vocabulary::Side;

use super::tests::{EVENING, PSOAS, home, left};
use crate::config::Config;
use crate::documents::strand::Record;
use crate::{Engine, HistoryQuery, Inner};

/// Fills a home with sessions of 60 holds each, one a day back from the evening.
fn fill(inner: &Inner, sessions: u16) {
    for n in 0..sessions {
        let day = jiff::civil::date(2026, 2, 28).checked_sub(jiff::Span::new().days(n)).unwrap();
        let session: SessionKey = format!("at:{day}:bedtime:seeded").parse().unwrap();
        let at = EVENING - i64::from(n + 1) * 86_400_000;
        let hold = |set: u16| -> Record {
            let key = HoldKey {
                session: session.clone(),
                step: StepRef::Exercise(PSOAS.parse().unwrap()),
                side: if set.is_multiple_of(2) { Side::Left } else { Side::Right },
                set: 1 + set / 2,
                rep: 1,
            };
            let observation: Observation = serde_json::from_value(serde_json::json!({
                "id": inner.record_id(), "key": key, "exercise": PSOAS, "target_ms": 90_000,
                "attempts": [{ "held_ms": 80_000 + u64::from(set) * 100 }], "paused_ms": 0,
                "pain_after": { "nrs": 2, "reported_by": "subject" }, "ended_by": "target",
                "started_at":
                    { "utc_ms": at + i64::from(set) * 100_000, "offset_s": 3600,
                      "zone": "Europe/Berlin" },
                "source": "timer",
            }))
            .unwrap();
            Record::Observation(Box::new(observation))
        };
        let records: Vec<Record> = (0..60).map(hold).collect();
        inner
            .command("fill", |tx, journal| {
                journal.write(tx, inner.who.chart, &session, &records).map(|_| ())
            })
            .unwrap();
    }
}

/// The processor's time this thread has had: unlike the wall's, the same on a busy machine.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap())
}

fn percentiles(mut all: Vec<Duration>) -> (Duration, Duration) {
    all.sort();
    (all[all.len() / 2], all[all.len() * 99 / 100])
}

#[test]
#[ignore = "measures; run by hand"]
fn speed() {
    for sessions in [0, 20, 900] {
        let home = home();
        let started = Instant::now();
        fill(&home.engine.inner, sessions);
        let filled = started.elapsed();
        let mut logs = Vec::new();
        let before = cpu();
        for n in 0..1000_u64 {
            if n % 60 == 0 {
                home.clock.advance(86_400_000);
            }
            home.clock.advance(90_000);
            let started = Instant::now();
            home.engine.log(&left(60)).unwrap();
            logs.push(started.elapsed());
        }
        let cpu_each = (cpu() - before) / 1000;
        let directory = home.engine.home().to_owned();
        let mut opens = Vec::new();
        for _ in 0..50 {
            let started = Instant::now();
            let engine = Engine::open(Config::command_line(&directory)).unwrap();
            let query = HistoryQuery { limit: Some(50), ..HistoryQuery::default() };
            assert_eq!(engine.history(&query).unwrap().holds.unwrap().len(), 50);
            opens.push(started.elapsed());
        }
        let (log50, log99) = percentiles(logs);
        let (open50, open99) = percentiles(opens);
        let size = std::fs::metadata(directory.join("holdfast.db")).unwrap().len() >> 20;
        println!(
            "{:>6} holds: filled in {filled:.1?}, {size} MB; log p50 {log50:.2?} p99 {log99:.2?} \
             processor {cpu_each:.2?}; \
             open + first page p50 {open50:.2?} p99 {open99:.2?}",
            u32::from(sessions) * 60
        );
    }
}
