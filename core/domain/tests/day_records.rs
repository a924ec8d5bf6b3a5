//! Records of days: what stands, what is taken back by whom, and numbers that come back as written.

#![allow(clippy::unwrap_used)]

use holdfast_domain::record::{
    Amount, Author, Authored, Change, Correction, DayFact, DayRecord, Event, HabitTick, Target,
    standing, ticked,
};
use holdfast_domain::units::Moment;
use holdfast_domain::vocabulary::Source;
use proptest::prelude::*;
use serde_json::Map;

fn moment(utc_ms: i64) -> Moment {
    Moment { utc_ms, offset_s: 3600, zone: "Europe/Berlin".to_owned() }
}

/// Account 0 is the subject, with two devices; others have one.
fn author(n: u8) -> Author {
    let account = n.saturating_sub(1);
    Author {
        account: format!("account-{account}").parse().unwrap(),
        device: format!("device-{n}").parse().unwrap(),
        is_subject: account == 0,
    }
}

fn tick(by: u8, id: u8, count: u32, nightly: bool) -> Authored<DayRecord> {
    let habit = HabitTick { habit: "sit-break".parse().unwrap(), count, value: None, nightly };
    let value = DayRecord {
        id: format!("t{id}").parse().unwrap(),
        at: moment(0),
        local_day: "2026-03-01".parse().unwrap(),
        what: DayFact::Tick(habit),
        source: Source::Manual,
        note: None,
        unknown: Map::new(),
    };
    Authored { author: author(by), value }
}

fn removal(by: u8, id: u8) -> Authored<Correction> {
    let value = Correction {
        id: format!("fix-{by}-{id}"),
        target: Target::DayRecord(format!("t{id}").parse().unwrap()),
        seen: vec![],
        counter: 1,
        change: Change::Remove,
        at: moment(1),
        unknown: Map::new(),
    };
    Authored { author: author(by), value }
}

fn stand(records: &[Authored<DayRecord>], fixes: &[Authored<Correction>]) -> Vec<String> {
    let stand = standing(records, fixes).into_iter();
    let mut texts: Vec<String> =
        stand.map(|place| serde_json::to_string(&records[place]).unwrap()).collect();
    texts.sort();
    texts
}

#[test]
fn the_subject_takes_any_record_back_and_another_only_its_own() {
    let records = [tick(0, 1, 1, false), tick(2, 2, 1, false), tick(3, 3, 1, false)];
    let left = |fixes: &[_]| standing(&records, fixes).into_iter().collect::<Vec<_>>();
    assert_eq!(left(&[removal(1, 2), removal(1, 3)]), [0], "the subject, from any device");
    assert_eq!(left(&[removal(2, 1), removal(2, 3)]), [0, 1, 2], "a stranger, nothing");
    assert_eq!(left(&[removal(2, 2)]), [0, 2], "a record's author, that record");
}

#[test]
fn ticks_add_up_and_nightly_ones_count_once() {
    let records = |nightly| [tick(0, 1, 2, nightly), tick(1, 2, 1, nightly)];
    let counts = |records: &[Authored<DayRecord>]| -> Vec<u32> {
        ticked(records.iter().map(|record| &record.value)).into_values().collect()
    };
    assert_eq!(counts(&records(false)), [3]);
    assert_eq!(counts(&records(true)), [1]);
}

#[test]
fn what_lies_ahead_or_is_nothing_is_refused_in_a_sentence() {
    let now = moment(5);
    let record = |what, at| DayRecord { what, at: moment(at), ..tick(0, 1, 1, false).value };
    let refused = |what, at| record(what, at).checked(&now).unwrap_err();
    let ahead = refused(DayFact::Event(Event::Walk { minutes: 10 }), 6);
    assert_eq!((ahead.code(), ahead.field()), ("in_future", "at"));
    let long = refused(DayFact::Event(Event::Run { minutes: 99_999 }), 5);
    assert!(long.to_string().contains("99999"), "{long}");
    assert_eq!(refused(tick(0, 1, 0, false).value.what, 5).field(), "count");
    assert!(record(DayFact::Event(Event::Walk { minutes: 10 }), 5).checked(&now).is_ok());
}

#[test]
fn fields_of_newer_versions_survive() {
    let mut value = serde_json::to_value(tick(0, 1, 1, false).value).unwrap();
    value["mood"] = "calm".into();
    let read: DayRecord = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), value);
}

proptest! {
    #[test]
    fn which_stand_does_not_depend_on_order_or_repeats(
        ticks in proptest::collection::vec((0..4_u8, 0..3_u8, 1..3_u32), 0..8),
        fixes in proptest::collection::vec((0..4_u8, 0..3_u8), 0..4),
        seed in any::<u64>(),
    ) {
        let records: Vec<_> = ticks.iter().map(|(by, id, n)| tick(*by, *id, *n, false)).collect();
        let fixes: Vec<_> = fixes.iter().map(|(by, id)| removal(*by, *id)).collect();
        let mut shuffled: Vec<_> = records.iter().chain(&records).cloned().collect();
        let turn = seed as usize % shuffled.len().max(1);
        shuffled.rotate_left(turn);
        if seed % 2 == 0 {
            shuffled.reverse();
        }
        let mut back = fixes.clone();
        back.reverse();
        prop_assert_eq!(stand(&records, &fixes), stand(&shuffled, &back));
    }

    #[test]
    fn a_number_comes_back_exactly_as_it_was_written(thousandths in any::<i64>()) {
        let number = Amount::from_thousandths(thousandths);
        let text = serde_json::to_string(&number).unwrap();
        prop_assert_eq!(serde_json::from_str::<Amount>(&text).unwrap(), number);
    }
}
