//! How observations and corrections of several devices become holds: the laws, and the cases the
//! domain model names.

#![allow(clippy::unwrap_used)]

use holdfast_domain::ids::{AccountName, DeviceName, ExerciseId, ObservationId};
use holdfast_domain::record::{
    Attempt, Author, Authored, Change, Correction, Edit, EditField, HoldKey, Observation,
    PainRating, Reporter, SessionKey, StepRef, Target, merge,
};
use holdfast_domain::units::{Millis, Moment, Nrs};
use holdfast_domain::vocabulary::{EndedBy, Side, Source};
use proptest::prelude::*;

const MIN: i64 = 60_000;

fn moment(utc_ms: i64) -> Moment {
    Moment { utc_ms, offset_s: 3600, zone: "Europe/Berlin".to_owned() }
}

fn who(account: &str, device: &str) -> Author {
    Author {
        account: AccountName::new(account).unwrap(),
        device: DeviceName::new(device).unwrap(),
        is_subject: account == "ana",
    }
}

fn key(side: Side, set: u16, rep: u16) -> HoldKey {
    HoldKey {
        session: "at:2026-03-01:bedtime:r1".parse::<SessionKey>().unwrap(),
        step: "step:s1".parse::<StepRef>().unwrap(),
        side,
        set,
        rep,
    }
}

fn seen(author: Author, id: &str, at_min: i64, held_s: u64) -> Authored<Observation> {
    let value = Observation {
        id: ObservationId::new(id).unwrap(),
        revision: 0,
        key: key(Side::Left, 1, 1),
        exercise: ExerciseId::new("psoas-release-hook").unwrap(),
        routine: None,
        routine_version: None,
        target: Some(Millis::from_secs(90)),
        dose: None,
        attempts: vec![Attempt { held: Millis::from_secs(held_s), ..Attempt::default() }],
        took: None,
        paused: Millis::ZERO,
        extended: Millis::ZERO,
        reps: None,
        load: None,
        tempo: vec![],
        pain_before: None,
        pain_after: None,
        tool: None,
        ended_by: EndedBy::Target,
        assisted_by: None,
        logged_by: None,
        started_at: moment(at_min * MIN),
        source: Source::Timer,
        findings: vec![],
        note: None,
        unknown: serde_json::Map::new(),
    };
    Authored { author, value }
}

fn fix(
    author: Author,
    on: &str,
    counter: u64,
    at_min: i64,
    change: Change,
) -> Authored<Correction> {
    let target = Target::Observation(ObservationId::new(on).unwrap());
    fix_target(author, target, counter, at_min, change)
}

fn fix_target(
    author: Author,
    target: Target,
    counter: u64,
    at_min: i64,
    change: Change,
) -> Authored<Correction> {
    let id = format!("fix-{counter}-{}", author.device);
    let value = Correction {
        id,
        target,
        seen: vec![],
        counter,
        change,
        at: moment(at_min * MIN),
        unknown: serde_json::Map::new(),
    };
    Authored { author, value }
}

fn held(secs: u64) -> Change {
    Change::Edit(Box::new(Edit { held: Some(Millis::from_secs(secs)), ..Edit::default() }))
}

fn pain(nrs: u8, reported_by: Reporter) -> PainRating {
    PainRating { nrs: Nrs::try_from(nrs).unwrap(), site: None, reported_by }
}

#[test]
fn the_same_hold_logged_on_two_offline_devices_is_one_hold_the_longer_with_both_notes() {
    let mut a = seen(who("ana", "phone"), "o1", 0, 60);
    let mut b = seen(who("ben", "tablet"), "o2", 2, 90);
    a.value.note = Some("left felt tight".to_owned());
    b.value.note = Some("pressed lightly".to_owned());
    let holds = merge(&[a, b], &[]);
    assert_eq!(holds.len(), 1);
    let hold = &holds[0];
    assert_eq!(hold.held, Millis::from_secs(90));
    assert_eq!(hold.device().as_str(), "tablet");
    let notes: Vec<_> = hold.notes.iter().map(|n| (n.by.as_str(), n.text.as_str())).collect();
    assert_eq!(notes, [("ana", "left felt tight"), ("ben", "pressed lightly")]);
    let listed: Vec<_> = hold.observations.iter().map(|o| o.id.as_str()).collect();
    assert_eq!(listed, ["o2", "o1"]);
    assert_eq!((hold.doing.n, hold.doing.of, hold.counts), (1, 1, true));
}

#[test]
fn half_an_hour_apart_is_one_hold_and_longer_is_two_doings_of_which_one_counts() {
    let ana = || who("ana", "phone");
    // The first lasts one minute, so the gap runs from minute 1.
    let near = merge(&[seen(ana(), "o1", 0, 60), seen(ana(), "o2", 31, 60)], &[]);
    assert_eq!(near.len(), 1);
    let far = merge(&[seen(ana(), "o1", 0, 60), seen(ana(), "o2", 32, 60)], &[]);
    assert_eq!(far.len(), 2);
    let doings: Vec<_> = far.iter().map(|h| (h.doing.n, h.doing.of, h.counts)).collect();
    assert_eq!(doings, [(1, 2, true), (2, 2, false)]);
    assert_eq!(far[0].hold_id, near[0].hold_id);
    assert_eq!(far[1].hold_id.as_str(), format!("{}-2", near[0].hold_id));
}

#[test]
fn records_that_bridge_a_gap_make_one_hold_of_both_ends() {
    let ana = || who("ana", "phone");
    let ends = [seen(ana(), "o1", 0, 60), seen(ana(), "o3", 50, 60)];
    assert_eq!(merge(&ends, &[]).len(), 2);
    let [a, b] = ends;
    assert_eq!(merge(&[a, seen(who("ben", "x"), "o2", 25, 60), b], &[]).len(), 1);
}

#[test]
fn the_subjects_own_pain_rating_wins_over_anothers() {
    let mut ana = seen(who("ana", "phone"), "o1", 0, 30);
    let mut ben = seen(who("ben", "tablet"), "o2", 0, 90);
    ana.value.pain_after = Some(pain(3, Reporter::Subject));
    ben.value.pain_after = Some(pain(6, Reporter::Other("Ben".to_owned())));
    ben.value.pain_before = Some(pain(7, Reporter::Other("Ben".to_owned())));
    let hold = merge(&[ana.clone(), ben.clone()], &[]).remove(0);
    assert_eq!(hold.held, Millis::from_secs(90));
    assert_eq!(hold.pain_after, Some(pain(3, Reporter::Subject)));
    assert_eq!(hold.pain_before, Some(pain(7, Reporter::Other("Ben".to_owned()))));
    // What somebody else says the subject said stands behind what the subject wrote.
    ben.value.pain_after = Some(pain(9, Reporter::Subject));
    let hold = merge(&[ana, ben], &[]).remove(0);
    assert_eq!(hold.pain_after, Some(pain(3, Reporter::Subject)));
}

#[test]
fn a_correction_beats_every_uncorrected_record_and_a_later_one_an_earlier() {
    let ana = |device| who("ana", device);
    let records = [seen(ana("phone"), "o1", 0, 60), seen(who("ben", "tablet"), "o2", 1, 90)];
    let first = fix(ana("phone"), "o1", 1, 5, held(45));
    let hold = merge(&records, std::slice::from_ref(&first)).remove(0);
    assert_eq!((hold.held, hold.corrected()), (Millis::from_secs(45), true));
    assert_eq!(hold.observations.len(), 2);

    let second = fix(ana("desk"), "o1", 2, 6, held(50));
    let tie = fix(ana("phone"), "o2", 2, 6, held(55));
    let value = |fixes: &[_]| merge(&records, fixes).remove(0).held.as_secs();
    assert_eq!(value(&[first.clone(), second.clone()]), 50);
    assert_eq!(value(&[tie, second, first]), 55, "at the same counter the later device name");
}

#[test]
fn an_edit_changes_only_its_fields_and_two_edits_add_up() {
    let mut record = seen(who("ana", "phone"), "o1", 0, 60);
    record.value.pain_before = Some(pain(5, Reporter::Subject));
    record.value.note = Some("before".to_owned());
    let note = Edit {
        note: Some("after".to_owned()),
        clear: [EditField::PainBefore].into(),
        ..Edit::default()
    };
    let fixes = [
        fix(who("ana", "phone"), "o1", 1, 5, held(80)),
        fix(who("ana", "phone"), "o1", 2, 6, Change::Edit(Box::new(note))),
    ];
    let hold = merge(&[record], &fixes).remove(0);
    assert_eq!(hold.held, Millis::from_secs(80));
    assert_eq!(hold.under_pressure, Millis::from_secs(80));
    assert_eq!(hold.pain_before, None);
    assert_eq!(hold.notes.iter().map(|n| n.text.as_str()).collect::<Vec<_>>(), ["after"]);
}

#[test]
fn nobody_but_the_subject_and_the_author_can_correct_a_record() {
    let records = [seen(who("ana", "phone"), "o1", 0, 60)];
    for change in [held(1), Change::Remove] {
        let stranger = fix(who("cruz", "clinic"), "o1", 9, 50, change.clone());
        assert_eq!(merge(&records, &[stranger]), merge(&records, &[]));
        let whole_key = Target::Hold(key(Side::Left, 1, 1));
        let stranger = fix_target(who("cruz", "clinic"), whole_key, 9, 50, change.clone());
        assert_eq!(merge(&records, &[stranger]), merge(&records, &[]));
    }
}

#[test]
fn a_partner_takes_back_only_what_the_partner_wrote() {
    let records = [seen(who("ana", "phone"), "o1", 0, 60), seen(who("ben", "tablet"), "o2", 1, 90)];
    let back = fix(who("ben", "tablet"), "o2", 1, 5, Change::Remove);
    let hold = merge(&records, &[back]).remove(0);
    assert_eq!(hold.held, Millis::from_secs(60));
    let listed: Vec<_> = hold.observations.iter().map(|o| (o.id.as_str(), o.removed)).collect();
    assert_eq!(listed, [("o1", false), ("o2", true)]);
    // Taking back an edited record takes the edit along.
    let edited = fix(who("ben", "tablet"), "o2", 1, 4, held(10));
    let back = fix(who("ben", "tablet"), "o2", 2, 5, Change::Remove);
    assert_eq!(merge(&records, &[edited, back]).remove(0).held, Millis::from_secs(60));
}

#[test]
fn the_subject_removes_the_hold_and_what_others_saw_of_it_but_not_what_is_done_afterwards() {
    let ana = || who("ana", "phone");
    let removal = fix(ana(), "o1", 1, 5, Change::Remove);
    let late = seen(who("ben", "tablet"), "o2", 1, 90);
    let before = [seen(ana(), "o1", 0, 60), late];
    assert!(merge(&before, std::slice::from_ref(&removal)).is_empty());
    // Logged anew right away under the same key.
    let again = [before[0].clone(), before[1].clone(), seen(ana(), "o3", 4, 70)];
    let holds = merge(&again, std::slice::from_ref(&removal));
    assert_eq!(holds.len(), 1);
    assert_eq!(holds[0].held, Millis::from_secs(70));
    assert_eq!(holds[0].observations.len(), 3);
    // A later edit by the subject brings the hold back, one by somebody else does not.
    let by_ben = fix(who("ben", "tablet"), "o2", 2, 6, held(80));
    assert!(merge(&before, &[removal.clone(), by_ben]).is_empty());
    let by_ana = fix(ana(), "o1", 3, 7, held(75));
    assert_eq!(merge(&before, &[removal, by_ana])[0].held, Millis::from_secs(75));
}

#[test]
fn an_edit_of_what_was_logged_anew_does_not_bring_back_what_was_removed_before() {
    let ana = || who("ana", "phone");
    let records = [seen(ana(), "o1", 0, 60), seen(ana(), "o2", 4, 70)];
    let removal = fix(ana(), "o1", 1, 2, Change::Remove);
    let mut edit = fix(ana(), "o2", 2, 6, held(40));
    edit.value.seen = vec![ObservationId::new("o2").unwrap()];
    let hold = merge(&records, &[removal.clone(), edit]).remove(0);
    assert_eq!(hold.held, Millis::from_secs(40));
    let out: Vec<_> = hold.observations.iter().filter(|o| o.removed).map(|o| &o.id).collect();
    assert_eq!(out, [&records[0].value.id]);
    // One that was made with both in sight, by a device that did not know of the removal, does.
    let mut unaware = fix(ana(), "o2", 2, 6, held(40));
    unaware.value.seen = records.iter().map(|record| record.value.id.clone()).collect();
    let hold = merge(&records, &[removal, unaware]).remove(0);
    assert!(hold.observations.iter().all(|o| !o.removed));
}

#[test]
fn removing_a_session_removes_its_holds() {
    let ana = || who("ana", "phone");
    let mut other_session = seen(ana(), "o2", 0, 60);
    other_session.value.key.session = "own-1".parse().unwrap();
    let records = [seen(ana(), "o1", 0, 60), other_session];
    let target = Target::Session(records[0].value.key.session.clone());
    let mut removal = fix_target(ana(), target, 1, 10, Change::Remove);
    removal.value.seen = vec![ObservationId::new("o1").unwrap()];
    let holds = merge(&records, &[removal]);
    assert_eq!(holds.len(), 1);
    assert_eq!(holds[0].session_id().as_str(), "own-1");
}

#[test]
fn taking_anothers_record_id_displaces_nothing() {
    let mine = seen(who("ana", "phone"), "o1", 0, 60);
    let forged = seen(who("cruz", "clinic"), "o1", 300, 1);
    let holds = merge(&[mine.clone(), forged], &[]);
    assert_eq!(holds.len(), 2);
    assert_eq!(holds[0].held, Millis::from_secs(60));
    assert_eq!(holds[0].author, mine.author);
}

#[test]
fn the_record_of_a_whole_set_counts_only_what_is_not_logged_singly() {
    let ana = || who("ana", "phone");
    let mut set = seen(ana(), "o1", 0, 2);
    set.value.key = key(Side::Right, 1, 0);
    set.value.reps = Some(10);
    let singles = (1..=3u16).map(|rep| {
        let mut single = seen(ana(), &format!("s{rep}"), 1, 2);
        single.value.key = key(Side::Right, 1, rep);
        single
    });
    let mut skipped = seen(ana(), "s4", 1, 0);
    skipped.value.key = key(Side::Right, 1, 4);
    skipped.value.ended_by = EndedBy::Skipped;
    let records: Vec<_> = singles.chain([set, skipped]).collect();
    let holds = merge(&records, &[]);
    let counted = |rep: u16| holds.iter().find(|h| h.key.rep == rep).map(|h| h.reps_counted);
    assert_eq!((counted(0), counted(1), counted(4)), (Some(7), Some(1), Some(0)));
    assert_eq!(holds.iter().map(|h| h.reps_counted).sum::<u16>(), 10);
}

#[test]
fn of_one_record_written_anew_the_highest_revision_stands_whole() {
    let first = seen(who("ana", "phone"), "o1", 0, 90);
    let mut second = seen(who("ana", "phone"), "o1", 0, 40);
    second.value.revision = 1;
    for records in [[first.clone(), second.clone()], [second, first]] {
        let holds = merge(&records, &[]);
        assert_eq!(holds.len(), 1);
        assert_eq!(holds[0].held, Millis::from_secs(40));
        assert_eq!(holds[0].observations.len(), 1);
    }
}

#[test]
fn what_a_newer_version_wrote_survives_reading_and_writing() {
    let mut json = serde_json::to_value(seen(who("ana", "phone"), "o1", 0, 60).value).unwrap();
    json["heart_rate"] = serde_json::json!({"bpm": 61});
    let read: Observation = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), json);
}

fn authors() -> impl Strategy<Value = Author> {
    prop::sample::select(vec![
        who("ana", "phone"),
        who("ana", "tablet"),
        who("ben", "ben-phone"),
        who("cruz", "clinic"),
    ])
}

fn observations() -> impl Strategy<Value = Vec<Authored<Observation>>> {
    let one = (authors(), 0..6u8, 0..20i64, 0..120u64, 0..2u16, any::<bool>(), 0..4u8);
    prop::collection::vec(one, 0..12).prop_map(|many| {
        many.into_iter()
            .map(|(author, id, at, held, rep, left, extra)| {
                let mut o = seen(author, &format!("o{id}"), at * 10, held);
                o.value.key = key(if left { Side::Left } else { Side::Right }, 1, rep);
                o.value.revision = u32::from(extra == 3);
                o.value.reps = (rep == 0).then_some(u16::from(id));
                o.value.note = (extra == 1).then(|| format!("note {held}"));
                o.value.pain_after = (extra == 2).then(|| pain(id, Reporter::Subject));
                o
            })
            .collect()
    })
}

fn corrections() -> impl Strategy<Value = Vec<Authored<Correction>>> {
    let target = prop_oneof![
        4 => (0..6u8).prop_map(|id| Target::Observation(ObservationId::new(format!("o{id}")).unwrap())),
        1 => any::<bool>().prop_map(|l| Target::Hold(key(if l { Side::Left } else { Side::Right }, 1, 1))),
        1 => Just(Target::Session(key(Side::Left, 1, 1).session)),
    ];
    let change = prop_oneof![
        (0..200u64).prop_map(held),
        Just(Change::Remove),
        Just(Change::Edit(Box::new(Edit { note: Some("put right".into()), ..Edit::default() }))),
    ];
    let one = (authors(), target, 1..5u64, 0..200i64, change);
    prop::collection::vec(one, 0..6).prop_map(|many| {
        many.into_iter()
            .map(|(author, target, counter, at, change)| {
                fix_target(author, target, counter, at, change)
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_give_the_same_holds(
        (records, shuffled) in observations().prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())),
        (fixes, shuffled_fixes) in corrections().prop_flat_map(|c| (Just(c.clone()), Just(c).prop_shuffle())),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    ) {
        let holds = merge(&records, &fixes);
        let mut repeated = shuffled;
        let mut repeated_fixes = shuffled_fixes;
        for index in again {
            if !records.is_empty() {
                repeated.push(index.get(&records).clone());
            }
            if !fixes.is_empty() {
                repeated_fixes.push(index.get(&fixes).clone());
            }
        }
        prop_assert_eq!(&holds, &merge(&repeated, &repeated_fixes));
        // What two devices hold between them is what one would have held.
        let (here, there) = records.split_at(records.len() / 2);
        let joined: Vec<_> = there.iter().chain(here).chain(&records).cloned().collect();
        prop_assert_eq!(&holds, &merge(&joined, &fixes));
    }

    #[test]
    fn every_record_that_is_not_removed_stays_listed_in_exactly_one_hold(records in observations()) {
        let mut given: Vec<_> =
            records.iter().map(|r| (r.value.id.clone(), r.author.clone())).collect();
        given.sort();
        given.dedup();
        let holds = merge(&records, &[]);
        let mut listed: Vec<_> = holds
            .iter()
            .flat_map(|h| &h.observations)
            .map(|o| (o.id.clone(), o.author.clone()))
            .collect();
        listed.sort();
        prop_assert_eq!(given, listed);
    }

    #[test]
    fn hold_ids_are_unique_and_each_key_counts_once(
        records in observations(),
        fixes in corrections(),
    ) {
        let holds = merge(&records, &fixes);
        let mut ids: Vec<_> = holds.iter().map(|h| h.hold_id.clone()).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), holds.len());
        let mut keys: Vec<_> = holds.iter().map(|h| h.key.clone()).collect();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), holds.iter().filter(|h| h.counts).count());
    }

    #[test]
    fn nothing_a_third_party_corrects_changes_the_subjects_holds(
        records in observations(),
        fixes in corrections(),
    ) {
        let records: Vec<_> = records.into_iter().filter(|r| r.author.is_subject).collect();
        let own: Vec<_> = fixes.iter().filter(|f| f.author.is_subject).cloned().collect();
        prop_assert_eq!(merge(&records, &fixes), merge(&records, &own));
    }
}
