//! Laws of the plan, over any edits by any of several devices: what is written is read back,
//! everybody ends with the same plan, and no dose is ever a mixture.

use std::collections::BTreeSet;

use holdfast_domain::routine::{NewStep, Override, Place, Schedule};
use holdfast_domain::units::LocalDay;
use holdfast_domain::vocabulary::SideRule;
use proptest::prelude::*;

use super::*;
use crate::documents::foreign::{self, tests::forge};

const LAPTOP: ActorId = ActorId([3; 16]);

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
    Schedule(bool, i64),
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
        1 => (any::<bool>(), 0..4_i64).prop_map(|(on, day)| Act::Schedule(on, day)),
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
        Act::Schedule(some, day) => {
            let slots = vec!["bedtime".parse().ok()?];
            let schedule = some.then(|| Schedule { slots, ..Schedule::default() });
            routine.scheduled(schedule, LocalDay::EPOCH.plus(*day)).ok()
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
                (Some(_), Act::Remove) => plan.remove(&start.id, None).unwrap().into_iter().collect(),
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

    /// A paired device that turns hostile: its changes and documents are real ones with bytes
    /// altered under a true checksum. Each is refused, or leaves a plan that reads and reloads.
    #[test]
    fn altered_changes_and_documents_never_brick_the_plan(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        whole in any::<bool>(),
    ) {
        let (mut phone, mut tablet, id, step) = shared();
        let note = |text: &str| {
            StepChange { note: Some(Some(text.to_owned())), ..StepChange::default() }
        };
        let a = edit(&mut phone, &id, |r| change_step(r, &step, note("slowly")));
        deliver(&a, PHONE, &mut [&mut tablet]);
        let hostile = edit(&mut tablet, &id, |r| {
            let change = StepChange { dose: Some(dose(5)), ..note("slow") };
            change_step(r, &step, change)
        });
        let (kind, bytes) =
            if whole { (0, tablet.save_nocompress()) } else { (1, hostile[0].bytes.clone()) };
        // Past magic, checksum and type, and the length, whose last byte has no high bit.
        let content = 9 + bytes[9..].iter().position(|b| b & 0x80 == 0).unwrap() + 1;
        let mut content = bytes[content..].to_vec();
        for (at, byte) in edits {
            let at = at.index(content.len());
            content[at] = byte;
        }
        let bytes = forge::chunk(kind, &content);
        if whole {
            if let Ok(mut loaded) = Plan::load(&bytes, PHONE) {
                let _ = loaded.read();
                loaded.document_mut().put("goal/1", "{}").unwrap();
                Plan::load(&loaded.save_nocompress(), PHONE).unwrap();
            }
        } else {
            let before = phone.clone();
            if phone.apply_foreign(&bytes, TABLET).is_err() {
                prop_assert_eq!(phone.heads(), before.heads());
                prop_assert_eq!(phone.read(), before.read());
            }
            let _ = phone.read();
            phone.document_mut().put("goal/1", "{}").unwrap();
            Plan::load(&phone.save_nocompress(), PHONE).unwrap();
        }
    }
}
