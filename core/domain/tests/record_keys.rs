//! Session and hold keys: one text, both ways; and what an entry without set or rep takes.

#![allow(clippy::unwrap_used)]

use holdfast_domain::ids::{RoutineId, SessionId, Slot};
use holdfast_domain::record::{HoldKey, SessionKey, StepRef, next_free};
use holdfast_domain::units::LocalDay;
use holdfast_domain::vocabulary::Side;
use proptest::prelude::*;

const ID: &str = "[a-z0-9_.:-]{1,40}";

proptest! {
    #[test]
    fn a_scheduled_session_reads_back_from_its_text(
        routine in ID, slot in ID, year in -9000i16..9000, month in 1i8..=12, day in 1i8..=28,
    ) {
        let key = SessionKey::Scheduled {
            routine: RoutineId::new(routine).unwrap(),
            day: LocalDay(jiff::civil::date(year, month, day)),
            slot: Slot::new(slot).unwrap(),
        };
        prop_assert_eq!(&key.to_string().parse::<SessionKey>().unwrap(), &key);
        prop_assert_eq!(SessionKey::from_id(key.id()), key);
    }

    #[test]
    fn any_session_id_is_one_key_and_stays_itself(id in "(at:)?[a-z0-9_.:-]{1,60}") {
        let id = SessionId::new(id).unwrap();
        prop_assert_eq!(SessionKey::from_id(id.clone()).id(), id);
    }

    #[test]
    fn a_hold_key_reads_back_from_its_text(
        session in ID, step in ID, of_step: bool, side in 0..3usize, set in 1u16.., rep: u16,
    ) {
        let step = if of_step { format!("step:{step}") } else { format!("exercise:{step}") };
        let key = HoldKey {
            session: session.parse().unwrap(),
            step: step.parse::<StepRef>().unwrap(),
            side: Side::ALL[side],
            set,
            rep,
        };
        prop_assert_eq!(&key.to_string().parse::<HoldKey>().unwrap(), &key);
        let json = serde_json::to_string(&key).unwrap();
        prop_assert_eq!(serde_json::from_str::<HoldKey>(&json).unwrap(), key);
    }

    #[test]
    fn a_text_that_reads_as_a_hold_key_is_written_the_same(text in "[a-z:]{1,12}/(step|exercise):[a-z]{1,3}/(left|right|none)/[0-9+]{1,5}/[0-9]{1,5}") {
        if let Ok(key) = text.parse::<HoldKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn a_free_set_and_rep_is_never_taken(
        taken in prop::collection::vec((1u16..5, 0u16..5), 0..20),
        set in prop::option::of(1u16..5),
        per_set in prop::option::of(1u16..5),
        whole: bool,
    ) {
        let pair = next_free(&taken, set, None, per_set, whole).unwrap();
        if !(whole && set.is_some()) {
            prop_assert!(!taken.contains(&pair), "{:?}", pair);
        }
    }
}

#[test]
fn the_text_forms_are_the_ones_other_devices_write() {
    let key: HoldKey = "at:2026-03-01:after_.work:r:1/step:s1/left/2/3".parse().unwrap();
    assert_eq!(key.session.slot().unwrap().as_str(), "after:work");
    assert_eq!(key.session.routine().unwrap().as_str(), "r:1");
    assert_eq!(key.hold_id().as_str().len(), 16);
    assert_eq!(key.hold_id().as_str(), "7j2swmj6bqz5dewn");
    assert_eq!(key.doing_id(2).as_str(), format!("{}-2", key.hold_id()));
}

#[test]
fn what_looks_almost_like_a_scheduled_key_is_a_session_of_its_own() {
    for text in
        ["at:2026-3-1:bedtime:r1", "at:2026-02-30:bedtime:r1", "at:2026-03-01:a_b:r1", "at:"]
    {
        assert!(text.parse::<SessionKey>().unwrap().routine().is_none(), "{text}");
    }
}

#[test]
fn sets_fill_up_before_the_next_begins() {
    let taken = [(1, 1), (1, 2)];
    assert_eq!(next_free(&taken, None, None, Some(3), false), Some((1, 3)));
    assert_eq!(next_free(&taken, None, None, Some(2), false), Some((2, 1)));
    assert_eq!(next_free(&taken, None, None, None, false), Some((2, 1)));
    assert_eq!(next_free(&taken, Some(1), None, None, false), Some((1, 3)));
    assert_eq!(next_free(&taken, None, Some(1), None, false), Some((2, 1)));
    assert_eq!(next_free(&taken, None, None, None, true), Some((2, 0)));
    assert_eq!(next_free(&[(1, 0)], None, None, Some(10), false), Some((2, 1)));
    let full: Vec<_> = (1..=999).map(|set| (set, 1)).collect();
    assert_eq!(next_free(&full, None, None, None, false), None);
}
