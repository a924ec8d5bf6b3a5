//! Records of days over a real relay: self-tests, ticks and events of two devices meet, what one takes back
//! is gone on both, and old days travel in packs.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use holdfast::domain::ids::{DayRecordId, HabitId};
use holdfast::domain::record::{
    Amount, DayFact, DayRecord, Event, HabitTick, TestAnswer, TestResult, ticked,
};
use holdfast::domain::units::{LocalDay, Moment, Nrs};
use holdfast::domain::vocabulary::{DayKind, Side, Source};
use holdfast::views::StatusKind;
use holdfast::{DayQuery, DayView, Engine, TestRequest};
use holdfast_tests::near_relay::{NearRelay, config, first_device, sync};

const HOUR: u64 = 60 * 60 * 1000;

fn thomas(engine: &Engine, side: Side, passed: bool) -> String {
    let request = TestRequest {
        test: "thomas-test".into(),
        side: Some(side),
        answers: [("full_extension".into(), TestAnswer::Bool(passed))].into(),
        at: None,
        note: Some("after the walk".into()),
    };
    engine.record_test(&request).unwrap().id
}

/// What a device shows, apart from how it travelled.
fn shown(engine: &Engine) -> Vec<(String, String, LocalDay, DayFact, Option<String>)> {
    let days = engine.days(&DayQuery::default()).unwrap();
    days.into_iter().map(|d: DayView| (d.id, d.at, d.local_day, d.what, d.note)).collect()
}

/// An export with one record of each kind on each of so many days.
fn export(days: i64) -> String {
    let mut records = Vec::new();
    for n in 0..days {
        let at =
            Moment { utc_ms: 1_750_000_000_000 + n * 86_400_000, offset_s: 0, zone: "UTC".into() };
        let facts = [
            DayFact::Test(TestResult {
                test: "hip-flexor-strength-test".parse().unwrap(),
                side: Side::Left,
                answers: [("held_s".into(), TestAnswer::Number(Amount::whole(20)))].into(),
            }),
            DayFact::Tick(HabitTick {
                habit: "sit-break".parse().unwrap(),
                count: 2,
                value: None,
                nightly: false,
            }),
            DayFact::Event(Event::Pain {
                site: "front-hip".parse().unwrap(),
                side: Side::Left,
                score: Nrs::try_from(4).unwrap(),
            }),
        ];
        for what in facts {
            records.push(DayRecord {
                id: DayRecordId::new(format!("{}-{n}", what.kind())).unwrap(),
                local_day: at.local_day(180),
                at: at.clone(),
                what,
                source: Source::Manual,
                note: None,
                unknown: serde_json::Map::new(),
            });
        }
    }
    let days = serde_json::to_value(records).unwrap();
    serde_json::json!({ "schema": 1, "kind": "holdfast-export", "days": days }).to_string()
}

fn breaks(engine: &Engine) -> BTreeMap<(HabitId, LocalDay), u32> {
    let query = DayQuery { kind: Some(DayKind::Tick), ..DayQuery::default() };
    let ticks: Vec<DayRecord> = engine
        .days(&query)
        .unwrap()
        .into_iter()
        .map(|view| DayRecord {
            id: view.id.parse().unwrap(),
            at: Moment { utc_ms: 0, offset_s: 0, zone: "UTC".into() },
            local_day: view.local_day,
            what: view.what,
            source: view.source,
            note: None,
            unknown: serde_json::Map::new(),
        })
        .collect();
    ticked(&ticks)
}

#[test]
fn what_two_devices_record_offline_meets_and_what_one_takes_back_is_gone_on_both() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, _) = first_device(&dir.path().join("phone"), &relay);
    let link = phone.pair(HOUR).unwrap().link;
    let tablet = Engine::join(config(&dir.path().join("tablet"), &relay), &link, "tablet").unwrap();
    relay.set_down(true);
    let wrong = thomas(&phone, Side::Left, false);
    thomas(&tablet, Side::Right, true);
    // Both bring the same export while they are apart: each record stands once.
    phone.import_json(&export(2)).unwrap();
    tablet.import_json(&export(2)).unwrap();
    phone.remove_day_record(Some(DayKind::Event), "event-1").unwrap();
    relay.set_down(false);
    for engine in [&phone, &tablet, &phone, &tablet, &phone] {
        sync(engine);
    }
    assert_eq!(shown(&phone), shown(&tablet));
    assert_eq!(shown(&phone).len(), 2 + 5, "{:?}", shown(&phone));
    assert_eq!(breaks(&tablet).into_values().collect::<Vec<_>>(), [2, 2]);
    let history = phone.test_history("thomas-test", None, None).unwrap();
    assert!(!history.imbalance.unwrap().fields[0].by.same);
    assert!(history.results.iter().all(|result| result.status == StatusKind::Seen));
    // The tablet takes back what the phone recorded: it is the same person's.
    tablet.remove_day_record(None, &wrong).unwrap();
    for engine in [&tablet, &phone] {
        sync(engine);
    }
    assert_eq!(phone.test_history("thomas-test", None, None).unwrap().results.len(), 1);
    for engine in [&phone, &tablet] {
        assert!(engine.doctor(false).unwrap().ok);
    }
}

#[test]
fn old_days_are_packed_and_a_device_that_comes_late_shows_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, _) = first_device(&dir.path().join("phone"), &relay);
    phone.import_json(&export(60)).unwrap();
    sync(&phone);
    sync(&phone);
    let db = rusqlite::Connection::open(dir.path().join("phone/holdfast.db")).unwrap();
    let sql = "SELECT count(*) FROM entry WHERE kind = 2";
    let packs: u64 = db.query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(packs > 0, "nothing was packed");
    let link = phone.pair(HOUR).unwrap().link;
    let tablet = Engine::join(config(&dir.path().join("tablet"), &relay), &link, "tablet").unwrap();
    assert_eq!(shown(&tablet).len(), 180);
    assert_eq!(shown(&tablet), shown(&phone));
    assert!(tablet.doctor(false).unwrap().ok, "{:?}", tablet.doctor(false));
    // Both go on in days that are packed, and what is packed can be taken back.
    tablet.remove_day_record(None, "tick-3").unwrap();
    thomas(&phone, Side::Left, true);
    for engine in [&tablet, &phone, &tablet] {
        sync(engine);
    }
    assert_eq!(shown(&tablet).len(), 180);
    assert_eq!(shown(&tablet), shown(&phone));
}
