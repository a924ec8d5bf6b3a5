//! What somebody proposes, how it differs, and what accepting it makes.
#![allow(clippy::unwrap_used)]

mod routines;

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::dose::Range;
use holdfast_domain::ids::{AccountName, PrescriptionId};
use holdfast_domain::prescription::{
    Change, MAX_REASON_CHARS, Prescription, PrescriptionRefusal, Settled, Standing, differences,
};
use holdfast_domain::routine::{Override, Place, Rhythm, Routine, Schedule, Span};
use holdfast_domain::units::{LocalDay, Moment};
use holdfast_domain::words::Words;
use proptest::prelude::*;
use routines::{add, from, id_of, routine_of};

fn moment(utc_ms: i64) -> Moment {
    Moment { utc_ms, offset_s: 0, zone: "Etc/UTC".into() }
}

fn day(text: &str) -> LocalDay {
    text.parse().unwrap()
}

fn proposal(id: &str, routine: &Routine, based_on: Option<u64>, at_ms: i64) -> Prescription {
    Prescription {
        id: PrescriptionId::new(id).unwrap(),
        revision: 0,
        routine: routine.clone(),
        based_on,
        based_on_digest: None,
        exercises: Vec::new(),
        reason: None,
        proposed_at: moment(at_ms),
        unknown: serde_json::Map::new(),
    }
}

fn per_day(times: u32) -> Schedule {
    let rhythm = Rhythm::Times { count: Range::exactly(times), per: Span::Day };
    Schedule { rhythm: Some(rhythm), ..Schedule::default() }
}

fn with_hold(routine: &Routine, exercise: &str, secs: u32) -> Routine {
    let id = id_of(routine, exercise);
    let mut changed = routine.clone();
    let steps = changed.blocks.iter_mut().flat_map(|block| &mut block.steps);
    for step in steps.filter(|step| step.id == id) {
        step.dose.hold_s = Range::exactly(secs);
    }
    changed
}

#[test]
fn every_difference_is_named_in_a_line_a_person_can_decide_by() {
    let catalogue = Catalogue::built_in();
    let before = from("runner-daily-10");
    let longer = with_hold(&before, "psoas-release-hook", 120);
    let (more, _) = add(&longer, "kneeling-hip-flexor", &Place::End);
    let after = more.without_step(&id_of(&more, "pelvic-realign-supine")).unwrap();
    let mut after = after.renamed("Ten minutes").unwrap();
    after.timetable = after.timetable.with(Some(per_day(2)), day("2026-03-01")).unwrap();
    let lines: Vec<String> = differences(&before, &after)
        .iter()
        .map(|difference| difference.say(Words::english(), catalogue))
        .collect();
    assert_eq!(lines[0], "Name: Ten minutes a day for runners → Ten minutes.");
    assert!(lines.contains(&"Another schedule.".to_owned()), "{lines:#?}");
    let dose = lines.iter().find(|line| line.contains("120 s")).unwrap();
    assert!(dose.contains('→') && !dose.contains('{'), "{dose}");
    assert!(lines.iter().any(|line| line.ends_with("is gone.")), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("is new")), "{lines:#?}");
    let german = Words::for_language("de");
    assert!(differences(&before, &after).iter().any(|d| d.say(german, catalogue).contains("neu")));
}

#[test]
fn a_step_that_moved_is_one_difference_and_its_neighbours_are_none() {
    let catalogue = Catalogue::built_in();
    let before = routine_of(&["childs-pose", "cat-cow", "kneeling-hip-flexor", "pigeon"]);
    let last = id_of(&before, "pigeon");
    let after =
        before.with_step_moved(&last, &Place::Start, catalogue, &mut routines::ids()).unwrap();
    let found = differences(&before, &after);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0].step, &found[0].change), (&Some(last), &Change::Moved));
}

#[test]
fn a_proposal_that_changes_nothing_or_says_too_much_is_refused() {
    let routine = routine_of(&["childs-pose"]);
    let catalogue = Catalogue::built_in();
    let same = proposal("p1", &routine, Some(1), 1);
    let refused = same.clone().checked(Some(&routine), catalogue);
    assert_eq!(refused, Err(PrescriptionRefusal::NoDifference));
    assert!(same.clone().checked(None, catalogue).is_ok(), "a new routine is a difference");
    let reason = Some("x".repeat(MAX_REASON_CHARS + 1));
    let long = Prescription { reason, ..same };
    let given = MAX_REASON_CHARS + 1;
    let refused = long.checked(None, catalogue);
    assert_eq!(refused, Err(PrescriptionRefusal::ReasonTooLong { given }));
}

#[test]
fn accepting_makes_it_the_routine_from_that_day_on_and_leaves_earlier_days_alone() {
    let catalogue = Catalogue::built_in();
    let mut mine = routine_of(&["childs-pose", "cat-cow"]);
    mine.timetable = mine.timetable.with(Some(per_day(1)), day("2026-02-01")).unwrap();
    mine.version = 7;
    let mut better = with_hold(&mine, "childs-pose", 75);
    better.timetable = better.timetable.with(Some(per_day(2)), day("2026-02-20")).unwrap();
    let proposed = proposal("p1", &better, Some(7), 5).checked(Some(&mine), catalogue).unwrap();
    let open = proposed.standing([], Some(&mine), None);
    assert_eq!(open, Standing::Open { moved_on: false });
    let on = day("2026-03-01");
    let now = proposed.accept(&open, Some(&mine), on, catalogue).unwrap();
    assert_eq!(now.version, 8);
    assert_eq!(now.timetable.on(day("2026-02-25")), Some(&per_day(1)), "as it was asked then");
    assert_eq!(now.timetable.on(on), Some(&per_day(2)));
    assert!(differences(&now, &better).is_empty());

    // Decided, superseded, or edited since: each is said, and nothing is accepted twice.
    let settled = proposed.standing([], Some(&now), Some(Settled::Accepted { on }));
    let again = proposed.accept(&settled, Some(&now), on, catalogue);
    assert_eq!(again, Err(PrescriptionRefusal::SettledBefore));
    let later = proposal("p2", &with_hold(&mine, "childs-pose", 80), Some(7), 6);
    let standing = proposed.standing([&proposed, &later], Some(&mine), None);
    assert_eq!(standing, Standing::Superseded { by: later.id.clone() });
    let refused = proposed.accept(&standing, Some(&mine), on, catalogue);
    assert_eq!(refused, Err(PrescriptionRefusal::Superseded { by: later.id.clone() }));
    // A clock that was set back makes no version the earlier one.
    let mut newest = proposal("p3", &with_hold(&mine, "childs-pose", 85), Some(7), 1);
    newest.revision = 1;
    let by = newest.id.clone();
    assert_eq!(later.standing([&newest], Some(&mine), None), Standing::Superseded { by });
    assert!(matches!(newest.standing([&later], Some(&mine), None), Standing::Open { .. }));
    let moved = later.standing([&proposed, &later], Some(&now), None);
    assert_eq!(moved, Standing::Open { moved_on: true });
}

#[test]
fn a_proposal_whose_routine_was_removed_since_says_so_and_a_new_one_does_not() {
    let routine = routine_of(&["childs-pose"]);
    let based = proposal("p1", &routine, Some(3), 1);
    assert_eq!(based.standing([], None, None), Standing::Open { moved_on: true });
    let new = proposal("p2", &routine, None, 1);
    assert_eq!(new.standing([], None, None), Standing::Open { moved_on: false });
}

#[test]
fn a_proposal_is_its_authors_whatever_it_says_and_what_was_broken_before_stays_whose_it_was() {
    let broken = |reason: &str, by: &str| Override {
        rule: "iliacus-after-psoas".parse().unwrap(),
        step: None,
        reason: reason.into(),
        author: Some(by.into()),
    };
    let mut mine = routine_of(&["childs-pose"]);
    mine.author = Some("ana".into());
    mine.overrides = vec![broken("mine", "ana")];
    let mut theirs = with_hold(&mine, "childs-pose", 75);
    theirs.overrides = vec![broken("mine", "mallory"), broken("new", "ana")];
    let cruz = AccountName::new("cruz").unwrap();
    let said = proposal("p1", &theirs, Some(1), 1).by(&cruz, Some(&mine)).routine;
    assert_eq!(said.author.as_deref(), Some("cruz"));
    let authors: Vec<_> = said.overrides.iter().map(|one| one.author.as_deref()).collect();
    assert_eq!(authors, [Some("ana"), Some("cruz")]);
}

#[test]
fn of_what_two_devices_settled_at_once_accepting_stands_and_the_earliest_day() {
    let (early, late) = (day("2026-03-01"), day("2026-03-02"));
    let (accepted, kept) = (Settled::Accepted { on: late }, Settled::Kept { on: early });
    assert_eq!(Settled::together([accepted, kept]), Some(accepted));
    assert_eq!(Settled::together([kept, accepted]), Some(accepted));
    let first = Settled::Accepted { on: early };
    assert_eq!(Settled::together([accepted, first]), Some(first));
    assert_eq!(Settled::together([]), None);
}

#[test]
fn a_proposal_reads_back_from_its_json_with_what_a_newer_version_wrote() {
    let mut proposed = proposal("p1", &from("bedtime-10"), None, 9);
    proposed.unknown.insert("colour".into(), "blue".into());
    let json = serde_json::to_string(&proposed).unwrap();
    assert_eq!(serde_json::from_str::<Prescription>(&json).unwrap(), proposed);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_routine_differs_from_itself_in_nothing_and_from_a_shuffled_one_in_what_was_moved(
        moves in prop::collection::vec((0usize..5, 0usize..6), 0..6),
    ) {
        let before = routine_of(&["childs-pose", "cat-cow", "kneeling-hip-flexor", "pigeon", "half-pigeon"]);
        prop_assert!(differences(&before, &before).is_empty());
        let mut after = before.clone();
        for (which, to) in &moves {
            let ids: Vec<_> = after.steps().map(|step| step.id.clone()).collect();
            let place = match ids.get(*to) {
                Some(after) if *after != ids[*which] => Place::After(after.clone()),
                _ => Place::Start,
            };
            after = after.with_step_moved(&ids[*which], &place, Catalogue::built_in(), &mut routines::ids()).unwrap();
        }
        let found = differences(&before, &after);
        prop_assert!(found.iter().all(|d| d.change == Change::Moved));
        prop_assert!(found.len() <= moves.len());
    }
}
