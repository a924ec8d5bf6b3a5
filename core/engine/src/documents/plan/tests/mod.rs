//! The plan with real routines, edited on several devices at once.

mod laws;

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::dose::{Dose, Range};
use holdfast_domain::ids::StepId;
use holdfast_domain::routine::{FromTemplate, StepChange};
use holdfast_domain::vocabulary::Mode;
use serde_json::{Value, json};

use super::*;
use crate::documents::actor::ActorId;
use crate::documents::foreign;

const PHONE: ActorId = ActorId([1; 16]);
const TABLET: ActorId = ActorId([2; 16]);

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
    let (first, second) = (others.next().unwrap(), others.next_back().unwrap());
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
    let a: Vec<Written> = phone.remove(&id, None).unwrap().into_iter().collect();
    let b = edit(&mut tablet, &id, |r| {
        change_step(r, &step, StepChange { dose: Some(dose(75)), ..StepChange::default() })
    });
    let reading = both(&mut phone, &mut tablet, &a, &b);
    assert!(reading.routines.is_empty());
    assert_eq!(reading.removed, std::slice::from_ref(&id));
    let c: Vec<Written> = phone.restore(&id).unwrap().into_iter().collect();
    let reading = both(&mut phone, &mut tablet, &c, &[]);
    assert_eq!(reading.routines[&id].step(&step).unwrap().dose, dose(75));
    assert!(reading.removed.is_empty());
}

#[test]
fn a_conflict_settled_again_and_again_never_outgrows_what_is_taken_from_elsewhere() {
    let (mut phone, mut tablet) = (Plan::new(PHONE), Plan::new(TABLET));
    let key = "routine/r/removed";
    for n in 0..300 {
        let text = if n % 2 == 0 { "true" } else { "false" };
        let a = phone.document_mut().put(key, text).unwrap();
        let b = tablet.document_mut().put(key, text).unwrap();
        let (a, b) = (a.into_iter().collect::<Vec<_>>(), b.into_iter().collect::<Vec<_>>());
        both(&mut phone, &mut tablet, &a, &b);
        let settled: Vec<Written> =
            phone.document_mut().put(key, text).unwrap().into_iter().collect();
        assert_eq!(settled.len(), 1, "it deletes the other");
        both(&mut phone, &mut tablet, &settled, &[]);
    }
    assert_eq!(phone.changes(), 900);
    Plan::load(&phone.save_nocompress(), PHONE).unwrap();
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
