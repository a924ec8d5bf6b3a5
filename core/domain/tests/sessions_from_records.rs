//! How the records of several devices become one session.

#![allow(clippy::unwrap_used)]

use holdfast_domain::ids::{AccountName, DeviceName};
use holdfast_domain::record::{
    Author, Authored, Change, Correction, SessionRecord, Target, merge_sessions,
};
use proptest::prelude::*;

fn by(account: &str, device: &str) -> Author {
    Author {
        account: AccountName::new(account).unwrap(),
        device: DeviceName::new(device).unwrap(),
        is_subject: account == "ana",
    }
}

fn record(
    author: Author,
    key: &str,
    start: i64,
    changes: serde_json::Value,
) -> Authored<SessionRecord> {
    let mut json = serde_json::json!({
        "key": key, "routine": "r1", "routine_version": start,
        "started_at": {"utc_ms": start, "offset_s": 0, "zone": "UTC"},
    });
    json.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    Authored { author, value: serde_json::from_value(json).unwrap() }
}

fn ended(at: i64, by: &str, hold_s: u32) -> serde_json::Value {
    serde_json::json!({
        "ended_at": {"utc_ms": at, "offset_s": 0, "zone": "UTC"},
        "assisted_by": by, "finished": at > 50,
        "steps": [{"step": "step:s1", "exercise": "pigeon", "side": "both",
                   "dose": {"mode": "timed", "hold_s": {"default": hold_s}}}],
    })
}

const KEY: &str = "at:2026-03-01:bedtime:r1";

#[test]
fn two_offline_devices_meet_in_one_scheduled_session() {
    let records = [
        record(by("ana", "phone"), KEY, 20, ended(40, "Ben", 30)),
        record(by("ben", "tablet"), KEY, 10, ended(60, "Cruz", 60)),
        record(by("ana", "phone"), "own-1", 5, serde_json::json!({})),
    ];
    let sessions = merge_sessions(&records, &[]);
    assert_eq!(sessions.len(), 2);
    let session = &sessions[1];
    assert_eq!(session.started_at.utc_ms, 10);
    assert_eq!(session.ended_at.as_ref().unwrap().utc_ms, 60);
    assert_eq!(session.assisted_by, ["Ben", "Cruz"]);
    assert!(session.finished);
    assert_eq!(session.steps.len(), 1);
    assert_eq!(session.steps[0].dose.hold_s.to_play(), Some(60), "of the record that began first");
    assert_eq!(session.recorded_by.len(), 2);
}

#[test]
fn a_removed_session_is_gone_and_the_next_one_under_its_key_is_not() {
    let at = |author, at| Authored {
        author,
        value: Correction {
            id: "c1".to_owned(),
            target: Target::Session(KEY.parse().unwrap()),
            seen: vec![],
            counter: 1,
            change: Change::Remove,
            at: record(by("ana", "phone"), KEY, at, serde_json::json!({})).value.started_at,
            unknown: serde_json::Map::new(),
        },
    };
    let first = record(by("ana", "phone"), KEY, 10, serde_json::json!({}));
    let again = record(by("ana", "phone"), KEY, 30, serde_json::json!({}));
    let one = std::slice::from_ref(&first);
    assert!(merge_sessions(one, &[at(by("ana", "phone"), 20)]).is_empty());
    assert_eq!(merge_sessions(one, &[at(by("cruz", "clinic"), 20)]).len(), 1);
    let both = merge_sessions(&[first, again], &[at(by("ana", "phone"), 20)]);
    assert_eq!(both[0].started_at.utc_ms, 30);
}

proptest! {
    #[test]
    fn order_and_repeats_change_nothing(
        (records, shuffled) in prop::collection::vec((0..3usize, 0..2usize, 0..80i64, 30..33u32), 0..8)
            .prop_map(|many| many.into_iter().map(|(who, key, at, hold)| {
                let author = [by("ana", "phone"), by("ana", "tablet"), by("ben", "x")][who].clone();
                record(author, [KEY, "own-1"][key], at, ended(at + 10, "Ben", hold))
            }).collect::<Vec<_>>())
            .prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
    ) {
        let doubled: Vec<_> = shuffled.iter().chain(&records).cloned().collect();
        prop_assert_eq!(merge_sessions(&records, &[]), merge_sessions(&doubled, &[]));
    }
}
