//! The plan with real routines, edited on several devices at once.

use std::collections::BTreeSet;

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::dose::{Dose, Range};
use holdfast_domain::ids::StepId;
use holdfast_domain::routine::{FromTemplate, NewStep, Override, Place, Schedule, StepChange};
use holdfast_domain::vocabulary::{Mode, SideRule};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const PHONE: ActorId = ActorId([1; 16]);
const TABLET: ActorId = ActorId([2; 16]);
const LAPTOP: ActorId = ActorId([3; 16]);

fn catalogue() -> &'static Catalogue {
    Catalogue::built_in()
}

fn ids(prefix: &str) -> impl FnMut() -> String {
    let (prefix, mut n) = (prefix.to_owned(), 0);
    move || {
        n += 1;
        format!("{prefix}{n}")
    }
}

/// A routine of every template that has steps.
fn routines() -> Vec<Routine> {
    catalogue()
        .templates()
        .iter()
        .enumerate()
        .filter_map(|(i, template)| {
            let options = FromTemplate::default();
            Routine::from_template(template, catalogue(), &options, &mut ids(&format!("t{i}-")))
                .ok()
        })
        .collect()
}

/// A routine in the form in which it is read back.
fn settled(routine: &Routine) -> Routine {
    let mut routine = routine.clone().settled();
    routine.overrides.sort_by_key(|decided| (decided.rule.clone(), decided.step.clone()));
    routine
}

fn dose(seconds: u32) -> Dose {
    let none = Range::UNSTATED;
    let hold_s = Range::exactly(seconds);
    Dose { mode: Mode::Timed, hold_s, reps: none, sets: none, rest_s: none, tempo: Vec::new() }
}

/// Writes an edit of the routine as it is read now.
fn edit(plan: &mut Plan, id: &RoutineId, change: impl FnOnce(&Routine) -> Routine) -> Vec<Written> {
    let old = plan.read().routines[id].clone();
    let new = change(&old);
    plan.write(Some(&old), &new).unwrap()
}

fn change_step(routine: &Routine, step: &StepId, change: StepChange) -> Routine {
    routine.with_step_changed(step, change, catalogue()).unwrap()
}

fn routine_step_dose(plan: &Plan, id: &RoutineId, step: &StepId) -> Dose {
    plan.read().routines[id].step(step).unwrap().dose.clone()
}

fn deliver(written: &[Written], from: ActorId, to: &mut [&mut Plan]) {
    for plan in to {
        for change in written {
            plan.apply_foreign(&change.bytes, from).unwrap();
        }
    }
}

/// Two devices with the same routine, and its first step.
fn shared() -> (Plan, Plan, RoutineId, StepId) {
    let routine = routines().remove(0);
    let (mut phone, mut tablet) = (Plan::new(PHONE), Plan::new(TABLET));
    let written = phone.write(None, &routine).unwrap();
    deliver(&written, PHONE, &mut [&mut tablet]);
    let step = routine.steps().next().unwrap().id.clone();
    (phone, tablet, routine.id, step)
}

fn both(phone: &mut Plan, tablet: &mut Plan, a: &[Written], b: &[Written]) -> PlanReading {
    deliver(a, PHONE, &mut [tablet]);
    deliver(b, TABLET, &mut [phone]);
    assert_eq!(phone.read(), tablet.read());
    phone.read()
}

#[test]
fn every_template_reads_back_as_the_routine_it_was_written_as() {
    let mut plan = Plan::new(PHONE);
    let routines = routines();
    assert!(routines.len() > 3);
    for routine in &routines {
        let written = plan.write(None, routine).unwrap();
        let bytes: usize = written.iter().map(|w| w.bytes.len()).sum();
        println!("{}: {} steps, {bytes} B", routine.name, routine.steps().count());
        assert_eq!(plan.read().routines[&routine.id], settled(routine));
    }
    let reading = plan.read();
    assert_eq!(reading.routines.len(), routines.len());
    assert!(reading.conflicts.is_empty() && reading.unreadable.is_empty() && reading.newer == 0);
    println!("plan: save {} B, raw {} B", plan.save().len(), plan.save_nocompress().len());
    let again = Plan::load(&plan.save_nocompress(), TABLET).unwrap();
    assert_eq!(again.read(), reading);
}

#[test]
fn an_edit_touches_only_what_it_changed() {
    let (mut phone, _, id, step) = shared();
    let written = edit(&mut phone, &id, |routine| {
        change_step(routine, &step, StepChange { dose: Some(dose(75)), ..StepChange::default() })
    });
    assert_eq!(written.len(), 1);
    let checked = foreign::check_stored_changes(&written[0].bytes, 100_000, Shape::Plan).unwrap();
    assert_eq!(checked.as_slice()[0].ops, 2, "the dose and the version");
    assert!(edit(&mut phone, &id, Clone::clone).is_empty());
}

#[test]
fn edits_of_different_fields_and_steps_merge() {
    let (mut phone, mut tablet, id, step) = shared();
    let last = phone.read().routines[&id].steps().last().unwrap().id.clone();
    let a = edit(&mut phone, &id, |routine| {
        change_step(routine, &step, StepChange { dose: Some(dose(75)), ..StepChange::default() })
    });
    let b = edit(&mut tablet, &id, |routine| {
        let tool = Some(Some("ball".parse().unwrap()));
        let routine = change_step(routine, &step, StepChange { tool, ..StepChange::default() });
        routine.without_step(&last).unwrap().renamed("Evening").unwrap()
    });
    let reading = both(&mut phone, &mut tablet, &a, &b);
    let routine = &reading.routines[&id];
    assert_eq!(routine.name, "Evening");
    assert_eq!(routine.step(&step).unwrap().dose, dose(75));
    assert_eq!(routine.step(&step).unwrap().tool.as_ref().unwrap().as_str(), "ball");
    assert!(routine.step(&last).is_none());
    assert_eq!(reading.conflicts, []);
}

#[test]
fn two_doses_written_at_once_are_shown_and_never_mixed() {
    let (mut phone, mut tablet, id, step) = shared();
    let set = |seconds| StepChange { dose: Some(dose(seconds)), ..StepChange::default() };
    let a = edit(&mut phone, &id, |routine| change_step(routine, &step, set(75)));
    let b = edit(&mut tablet, &id, |routine| change_step(routine, &step, set(30)));
    let reading = both(&mut phone, &mut tablet, &a, &b);
    let [conflict] = &reading.conflicts[..] else { panic!("{:?}", reading.conflicts) };
    assert_eq!((conflict.step(), conflict.key.field.as_str()), (Some(&step), "dose"));
    let mut actors: Vec<ActorId> = conflict.values.iter().map(|value| value.actor).collect();
    actors.sort_unstable();
    assert_eq!(actors, [PHONE, TABLET]);
    let stands = conflict.values.iter().find(|value| value.stands).unwrap();
    let read = &reading.routines[&id].step(&step).unwrap().dose;
    assert_eq!(serde_json::to_value(read).unwrap(), stands.value["value"]);
    assert!([dose(75), dose(30)].contains(read));

    // Whichever of the two a person picks, it stands, and nothing is left to settle.
    for pick in 0..2 {
        let (mut phone, mut tablet) = (phone.clone(), tablet.clone());
        let picked = &conflict.values[pick];
        let written: Vec<Written> = phone.settle(conflict, picked).unwrap().into_iter().collect();
        let reading = both(&mut phone, &mut tablet, &written, &[]);
        let read = &reading.routines[&id].step(&step).unwrap().dose;
        assert_eq!(serde_json::to_value(read).unwrap(), picked.value["value"]);
        assert_eq!(reading.conflicts, []);
        Plan::load(&phone.save_nocompress(), PHONE).unwrap();
    }
}

#[test]
fn a_dose_edited_while_another_exercise_is_filled_in_does_not_become_its_dose() {
    for (first, second) in [(PHONE, TABLET), (TABLET, PHONE)] {
        let routine = routines().remove(0);
        let step = routine.steps().next().unwrap().id.clone();
        let (mut one, mut two) = (Plan::new(first), Plan::new(second));
        let written = one.write(None, &routine).unwrap();
        deliver(&written, first, &mut [&mut two]);
        let id = routine.id;
        let a = edit(&mut one, &id, |routine| {
            change_step(
                routine,
                &step,
                StepChange { dose: Some(dose(75)), ..StepChange::default() },
            )
        });
        let own = routine_step_dose(&one, &id, &step);
        let exercise = catalogue().exercises().iter().find(|e| e.dose != own).unwrap();
        let other = exercise.id.clone();
        let b = edit(&mut two, &id, |routine| {
            change_step(
                routine,
                &step,
                StepChange { exercise: Some(other.clone()), ..StepChange::default() },
            )
        });
        deliver(&a, first, &mut [&mut two]);
        deliver(&b, second, &mut [&mut one]);
        assert_eq!(one.read(), two.read());
        let reading = one.read();
        let read = reading.routines[&id].step(&step).unwrap();
        assert_eq!((&read.exercise, &read.dose), (&other, &exercise.dose));
        assert_eq!(reading.conflicts.len(), 1, "the edited dose is shown all the same");
    }
}

#[test]
fn a_dose_settled_for_one_exercise_is_not_used_for_another() {
    let (mut phone, mut tablet, id, step) = shared();
    let own = routine_step_dose(&phone, &id, &step);
    let mut others = catalogue().exercises().iter().filter(|e| e.dose != own);
    let (first, second) = (others.next().unwrap(), others.last().unwrap());
    let fill = |exercise: &holdfast_domain::catalogue::Exercise| StepChange {
        exercise: Some(exercise.id.clone()),
        ..StepChange::default()
    };
    let a = edit(&mut phone, &id, |r| change_step(r, &step, fill(first)));
    let b = edit(&mut tablet, &id, |r| change_step(r, &step, fill(second)));
    let reading = both(&mut phone, &mut tablet, &a, &b);
    let stands = reading.routines[&id].step(&step).unwrap();
    let pair = [(&first.id, &first.dose), (&second.id, &second.dose)];
    assert!(pair.contains(&(&stands.exercise, &stands.dose)));

    // The dose is settled on the one that stands, and then the exercise on the other.
    let field = |reading: &PlanReading, name: &str| {
        reading.conflicts.iter().find(|c| c.key.field == name).cloned().unwrap()
    };
    let conflict = field(&reading, "dose");
    phone.settle(&conflict, conflict.values.iter().find(|v| v.stands).unwrap()).unwrap();
    let conflict = field(&phone.read(), "exercise");
    phone.settle(&conflict, conflict.values.iter().find(|v| !v.stands).unwrap()).unwrap();
    let reading = phone.read();
    let read = reading.routines[&id].step(&step).unwrap();
    assert_ne!(read.exercise, stands.exercise);
    assert_eq!((read.dose.mode, read.dose.hold_s), (Mode::Open, Range::UNSTATED));
    let conflict = field(&reading, "dose");
    assert!(!conflict.values[0].stands, "it is shown, and does not count");
    phone.settle(&conflict, &conflict.values[0]).unwrap();
    assert_eq!(routine_step_dose(&phone, &id, &step), stands.dose);
    assert!(phone.read().conflicts.iter().all(|c| c.key.field != "dose"));
}

#[test]
fn a_note_edited_on_two_devices_keeps_both_edits() {
    let (mut phone, mut tablet, id, step) = shared();
    let note =
        |text: &str| StepChange { note: Some(Some(text.to_owned())), ..StepChange::default() };
    let a = edit(&mut phone, &id, |r| change_step(r, &step, note("breathe slowly")));
    both(&mut phone, &mut tablet, &a, &[]);
    let a = edit(&mut phone, &id, |r| change_step(r, &step, note("breathe slowly, jaw loose")));
    let b = edit(&mut tablet, &id, |r| change_step(r, &step, note("first: breathe slowly")));
    let reading = both(&mut phone, &mut tablet, &a, &b);
    let read = reading.routines[&id].step(&step).unwrap().note.clone();
    assert_eq!(read.as_deref(), Some("first: breathe slowly, jaw loose"));
    assert_eq!(reading.conflicts, []);
    let c = edit(&mut phone, &id, |r| {
        change_step(r, &step, StepChange { note: Some(None), ..StepChange::default() })
    });
    let reading = both(&mut phone, &mut tablet, &c, &[]);
    assert_eq!(reading.routines[&id].step(&step).unwrap().note, None);
}

#[test]
fn one_routine_made_on_two_devices_with_the_same_ids_loses_no_note() {
    let mut routine = routines().remove(0);
    let (mut phone, mut tablet) = (Plan::new(PHONE), Plan::new(TABLET));
    routine.blocks[0].steps[0].note = Some("from the phone".to_owned());
    let a = phone.write(None, &routine).unwrap();
    routine.blocks[0].steps[0].note = Some("from the tablet".to_owned());
    let b = tablet.write(None, &routine).unwrap();
    let reading = both(&mut phone, &mut tablet, &a, &b);
    let [conflict] = &reading.conflicts[..] else { panic!("{:?}", reading.conflicts) };
    assert_eq!(conflict.key.field, "note");
    let mut texts: Vec<&Value> = conflict.values.iter().map(|value| &value.value).collect();
    texts.sort_by_key(|text| text.to_string());
    assert_eq!(texts, [&json!("from the phone"), &json!("from the tablet")]);
    let loser = conflict.values.iter().find(|value| !value.stands).unwrap();
    let c: Vec<Written> = phone.settle(conflict, loser).unwrap().into_iter().collect();
    let reading = both(&mut phone, &mut tablet, &c, &[]);
    assert_eq!(reading.conflicts, []);
    let step = reading.routines[&routine.id].steps().next().unwrap().clone();
    assert_eq!(step.note.map(Value::from), Some(loser.value.clone()));
}

#[test]
fn a_removed_routine_stays_removed_under_edits_elsewhere_and_can_be_brought_back() {
    let (mut phone, mut tablet, id, step) = shared();
    let a: Vec<Written> = phone.remove(&id).unwrap().into_iter().collect();
    let b = edit(&mut tablet, &id, |r| {
        change_step(r, &step, StepChange { dose: Some(dose(75)), ..StepChange::default() })
    });
    let reading = both(&mut phone, &mut tablet, &a, &b);
    assert!(reading.routines.is_empty());
    assert_eq!(reading.removed, [id.clone()]);
    let c: Vec<Written> = phone.restore(&id).unwrap().into_iter().collect();
    let reading = both(&mut phone, &mut tablet, &c, &[]);
    assert_eq!(reading.routines[&id].step(&step).unwrap().dose, dose(75));
    assert!(reading.removed.is_empty());
}

#[test]
fn a_step_taken_out_and_put_back_is_there_again() {
    let (mut phone, _, id, step) = shared();
    let before = phone.read().routines[&id].clone();
    edit(&mut phone, &id, |routine| routine.without_step(&step).unwrap());
    assert!(phone.read().routines[&id].step(&step).is_none());
    edit(&mut phone, &id, |_| before.clone());
    assert_eq!(phone.read().routines[&id], before);
}

#[test]
fn a_routine_file_of_a_newer_version_keeps_its_fields_and_never_touches_ours() {
    let mut routine = routines().remove(0);
    routine.unknown.insert("removed".into(), json!(true));
    routine.unknown.insert("goal / for whom?".into(), json!({ "by": "June" }));
    routine.blocks[0].unknown.insert("colour".into(), json!("green"));
    routine.blocks[0].steps[0].unknown.insert("place".into(), json!("floor"));
    let mut plan = Plan::new(PHONE);
    plan.write(None, &routine).unwrap();
    let reading = plan.read();
    assert_eq!(reading.routines[&routine.id], settled(&routine));
    assert!(reading.unreadable.is_empty() && reading.newer == 0);
}

#[test]
fn a_plan_of_a_newer_version_is_read_but_not_written() {
    let (mut phone, _, id, _) = shared();
    phone.document_mut().put("min_reader", "7").unwrap();
    assert_eq!(phone.too_new(), Some(7));
    let old = phone.read().routines[&id].clone();
    let refused = phone.write(Some(&old), &old.renamed("Evening").unwrap());
    assert_eq!(refused, Err(WriteError::TooNew { needs: 7 }));
    assert_eq!(phone.read().routines[&id], old);
}

#[test]
fn parts_that_do_not_read_are_named_and_cost_only_themselves() {
    let (mut phone, _, id, step) = shared();
    let whole = phone.read().routines[&id].clone();
    let block = whole.blocks.last().unwrap().id.clone();
    for (key, text) in [
        (format!("routine/{id}/step/{step}/place"), "{\"block\":7}"),
        (format!("routine/{id}/block/{block}/order"), "\"sideways\""),
        (format!("routine/{id}/override/some-rule"), "[]"),
        (format!("routine/{id}/step/ghost/dose"), "{}"),
        ("goal/1".to_owned(), "{}"),
        ("routine/UPPER/name".to_owned(), "\"x\""),
    ] {
        phone.document_mut().put(&key, text).unwrap();
    }
    let reading = phone.read();
    let routine = &reading.routines[&id];
    assert_eq!(routine.steps().count(), whole.steps().count() - 1);
    assert!(routine.step(&step).is_none());
    assert_eq!(reading.newer, 2);
    assert!(reading.unreadable.len() >= 3, "{:?}", reading.unreadable);
}

#[test]
fn very_long_notes_are_written_in_several_commits() {
    let mut routine = routines().into_iter().max_by_key(|r| r.steps().count()).unwrap();
    for step in routine.blocks.iter_mut().flat_map(|block| &mut block.steps) {
        step.note = Some("ä".repeat(1_900));
    }
    let (mut phone, mut tablet) = (Plan::new(PHONE), Plan::new(TABLET));
    let written = phone.write(None, &routine).unwrap();
    assert!(written.len() > 1);
    deliver(&written, PHONE, &mut [&mut tablet]);
    assert_eq!(tablet.read().routines[&routine.id], settled(&routine));
}

#[derive(Debug, Clone)]
enum Act {
    Dose(usize, u32),
    Side(usize, bool),
    Exercise(usize, usize),
    Note(usize, String),
    BlockNote(usize, String),
    Add(usize, usize),
    Move(usize, usize),
    TakeOut(usize),
    Rename(String),
    Schedule(bool),
    Override(bool),
    Remove,
    Settle(usize, usize),
}

fn act() -> impl Strategy<Value = Act> {
    let n = 0..40_usize;
    prop_oneof![
        4 => (n.clone(), 1..600_u32).prop_map(|(i, s)| Act::Dose(i, s)),
        1 => (n.clone(), any::<bool>()).prop_map(|(i, left)| Act::Side(i, left)),
        2 => (n.clone(), n.clone()).prop_map(|(i, e)| Act::Exercise(i, e)),
        2 => (n.clone(), "[a-e ]{0,12}").prop_map(|(i, text)| Act::Note(i, text)),
        1 => (n.clone(), "[a-e ]{0,12}").prop_map(|(i, text)| Act::BlockNote(i, text)),
        2 => (n.clone(), n.clone()).prop_map(|(i, e)| Act::Add(i, e)),
        2 => (n.clone(), n.clone()).prop_map(|(i, j)| Act::Move(i, j)),
        2 => n.clone().prop_map(Act::TakeOut),
        1 => "[A-Z][a-z]{1,9}".prop_map(Act::Rename),
        1 => any::<bool>().prop_map(Act::Schedule),
        1 => any::<bool>().prop_map(Act::Override),
        1 => Just(Act::Remove),
        2 => (n.clone(), n).prop_map(|(i, j)| Act::Settle(i, j)),
    ]
}

/// The routine after an act; nothing where the act does not fit it.
fn after(routine: &Routine, act: &Act, fresh: &mut dyn FnMut() -> String) -> Option<Routine> {
    let steps: Vec<StepId> = routine.steps().map(|step| step.id.clone()).collect();
    let step = |i: &usize| steps.get(i % steps.len().max(1));
    let exercises = catalogue().exercises();
    let exercise = |e: &usize| exercises[e % exercises.len()].id.clone();
    let change = |i: &usize, change| routine.with_step_changed(step(i)?, change, catalogue()).ok();
    match act {
        Act::Dose(i, s) => change(i, StepChange { dose: Some(dose(*s)), ..StepChange::default() }),
        Act::Side(i, left) => {
            let side = if *left { SideRule::Left } else { SideRule::Right };
            change(i, StepChange { side: Some(side), ..StepChange::default() })
        }
        Act::Exercise(i, e) => {
            change(i, StepChange { exercise: Some(exercise(e)), ..StepChange::default() })
        }
        Act::Note(i, text) => {
            let note = Some(Some(text.clone()).filter(|text| !text.is_empty()));
            change(i, StepChange { note, ..StepChange::default() })
        }
        Act::BlockNote(i, text) => {
            let mut routine = routine.clone();
            let count = routine.blocks.len();
            let block = routine.blocks.get_mut(i % count.max(1))?;
            block.note = Some(text.clone()).filter(|text| !text.is_empty());
            Some(routine)
        }
        Act::Add(i, e) => {
            let place = step(i).cloned().map_or(Place::Start, Place::After);
            let new = NewStep::of(exercise(e));
            routine.with_step(new, &place, catalogue(), fresh).ok().map(|(routine, _)| routine)
        }
        Act::Move(i, j) => {
            let place = Place::After(step(j)?.clone());
            routine.with_step_moved(step(i)?, &place, catalogue(), fresh).ok()
        }
        Act::TakeOut(i) => routine.without_step(step(i)?).ok(),
        Act::Rename(name) => routine.renamed(name).ok(),
        Act::Schedule(some) => {
            let slots = vec!["bedtime".parse().ok()?];
            routine.scheduled(some.then(|| Schedule { slots, ..Schedule::default() })).ok()
        }
        Act::Override(some) => {
            let rule = catalogue().rules()[0].id.clone();
            let reason = "as I was told".to_owned();
            let decided = Override { rule: rule.clone(), step: None, reason, author: None };
            let mut routine = routine.clone();
            routine.overrides.retain(|decided| decided.rule != rule);
            routine.overrides.extend(some.then_some(decided));
            Some(routine)
        }
        Act::Remove | Act::Settle(..) => None,
    }
}

fn doses(routine: &Routine) -> impl Iterator<Item = (StepId, String)> + '_ {
    routine.steps().map(|step| {
        (step.id.clone(), serde_json::to_string(&(&step.exercise, &step.dose)).unwrap())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn written_then_read_is_the_routine(
        which in 0..8_usize,
        acts in proptest::collection::vec(act(), 0..12),
    ) {
        let mut all = routines();
        let start = all.remove(which % all.len());
        let mut plan = Plan::new(PHONE);
        plan.write(None, &start).unwrap();
        let mut fresh = ids("n");
        let mut routine = plan.read().routines[&start.id].clone();
        for act in &acts {
            let Some(new) = after(&routine, act, &mut fresh) else { continue };
            for written in plan.write(Some(&routine), &new).unwrap() {
                let checked = foreign::check_stored_changes(&written.bytes, 1 << 20, Shape::Plan);
                prop_assert!(checked.is_ok(), "{checked:?}");
            }
            routine = plan.read().routines[&start.id].clone();
            prop_assert_eq!(&routine, &settled(&new));
        }
        let reading = plan.read();
        prop_assert!(reading.conflicts.is_empty() && reading.unreadable.is_empty());
    }

    /// Three devices edit at once and exchange what they have now and then; in the end everybody
    /// gets everything, in any order and twice.
    #[test]
    fn devices_converge_and_no_dose_is_ever_mixed(
        acts in proptest::collection::vec((0..3_usize, act(), 0..4_u8), 1..24),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..60),
    ) {
        let actors = [PHONE, TABLET, LAPTOP];
        let mut plans = actors.map(Plan::new);
        let start = routines().remove(0);
        let mut log: Vec<(ActorId, Vec<u8>)> = plans[0]
            .write(None, &start)
            .unwrap()
            .into_iter()
            .map(|written| (PHONE, written.bytes))
            .collect();
        for plan in &mut plans[1..] {
            for (from, bytes) in &log {
                plan.apply_foreign(bytes, *from).unwrap();
            }
        }
        let mut written_doses: BTreeSet<(StepId, String)> = doses(&start).collect();
        let mut fresh = ids("n");
        for (who, act, exchange) in &acts {
            let plan = &mut plans[*who];
            let reading = plan.read();
            let written: Vec<Written> = match (reading.routines.get(&start.id), act) {
                (_, Act::Settle(i, j)) if !reading.conflicts.is_empty() => {
                    let conflict = &reading.conflicts[i % reading.conflicts.len()];
                    let value = &conflict.values[j % conflict.values.len()];
                    let written = plan.settle(conflict, value).unwrap().into_iter().collect();
                    // The person decided: what they picked is now this exercise's dose.
                    written_doses.extend(plan.read().routines.values().flat_map(doses));
                    written
                }
                (Some(_), Act::Remove) => plan.remove(&start.id).unwrap().into_iter().collect(),
                (None, _) => plan.restore(&start.id).unwrap().into_iter().collect(),
                (Some(old), act) => match after(old, act, &mut fresh) {
                    Some(new) => {
                        written_doses.extend(doses(&new));
                        plan.write(Some(old), &new).unwrap()
                    }
                    None => Vec::new(),
                },
            };
            log.extend(written.into_iter().map(|written| (actors[*who], written.bytes)));
            if *exchange == 0 {
                for plan in &mut plans {
                    for (from, bytes) in &log {
                        let taken = plan.apply_foreign(bytes, *from);
                        prop_assert!(taken.is_ok(), "{taken:?}");
                    }
                }
            }
        }
        for plan in &mut plans {
            // In an order of its own; what comes too early is refused and tried again.
            let mut rest = log.clone();
            for at in &order {
                let (from, bytes) = rest[at.index(rest.len())].clone();
                let _ = plan.apply_foreign(&bytes, from);
                rest.rotate_left(1);
            }
            let mut left = rest.len();
            while !rest.is_empty() {
                rest.retain(|(from, bytes)| plan.apply_foreign(bytes, *from).is_err());
                prop_assert!(rest.len() < left, "stuck with {} changes", rest.len());
                left = rest.len();
            }
        }
        let reading = plans[0].read();
        prop_assert_eq!(&reading, &plans[1].read());
        prop_assert_eq!(&reading, &plans[2].read());
        prop_assert_eq!(plans[0].heads(), plans[2].heads());
        prop_assert!(reading.unreadable.is_empty(), "{:?}", reading.unreadable);
        for (step, dose) in reading.routines.values().flat_map(doses) {
            prop_assert!(written_doses.contains(&(step, dose)), "a dose nobody wrote");
        }
        let loaded = Plan::load(&plans[1].save_nocompress(), PHONE).unwrap();
        prop_assert_eq!(loaded.read(), reading);
    }
}
