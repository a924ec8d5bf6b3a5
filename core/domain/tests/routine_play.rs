//! From a routine to the player's plan: the sequence the sources give, sides, doses, refusals.

#![allow(clippy::unwrap_used)]

mod routines;

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::ids::ExerciseId;
use holdfast_domain::player::{Timing, Work};
use holdfast_domain::routine::{Choices, PlayRefusal, Playable, Routine, StepChange};
use holdfast_domain::rules::{Profile, admit_play};
use holdfast_domain::units::Millis;
use holdfast_domain::vocabulary::{Mode, Side, SideRule};
use holdfast_domain::words::Arg;
use routines::{from, id_of, routine_of};

fn play(routine: &Routine, choices: &Choices) -> Result<Playable, PlayRefusal> {
    routine.to_plan(Catalogue::built_in(), choices, Timing::default())
}

/// Exercise, side and seconds of each hold, repetitions of one step on one side told once.
fn told(playable: &Playable) -> Vec<(&str, Side, usize, Option<u64>)> {
    let mut told: Vec<(&str, Side, usize, Option<u64>)> = Vec::new();
    for hold in playable.plan.holds() {
        let (exercise, secs) = (hold.exercise.as_str(), hold.work.target().map(Millis::as_secs));
        match told.last_mut() {
            Some(last) if (last.0, last.1) == (exercise, hold.side) => last.2 += 1,
            _ => told.push((exercise, hold.side, 1, secs)),
        }
    }
    told
}

fn said(routine: &Routine, exercise: &str, side: Side) -> Choices {
    Choices { sides: [(id_of(routine, exercise), side)].into(), ..Choices::default() }
}

#[test]
fn the_runners_ten_minutes_are_the_hook_pair_side_by_side_then_the_realignment_on_one_side() {
    let routine = from("runner-daily-10");
    let playable = play(&routine, &said(&routine, "pelvic-realign-supine", Side::Right)).unwrap();
    use Side::{Left, Right};
    assert_eq!(
        told(&playable),
        [
            ("psoas-release-hook", Left, 1, Some(90)),
            ("iliacus-release-hook", Left, 1, Some(90)),
            ("psoas-release-hook", Right, 1, Some(90)),
            ("iliacus-release-hook", Right, 1, Some(90)),
            ("pelvic-realign-supine", Right, 10, Some(2)),
        ]
    );
    // 2 x (90 + 90) s of release and 10 x 2 s of pushes. source: protocols.md, time check.
    let held: Millis = playable.plan.holds().iter().filter_map(|h| h.work.target()).sum();
    assert_eq!(held.as_secs(), 380);
    let rests = playable.plan.holds().iter().filter(|h| h.rest_before.as_secs() == 10).count();
    assert_eq!(rests, 9, "between the ten pushes");
    let eased: Vec<_> = playable.plan.holds().iter().map(|hold| hold.ease_check).collect();
    assert_eq!(eased[..4], [true; 4]);
    assert!(eased[4..].iter().all(|ease| !ease));
}

#[test]
fn bedtime_releases_front_then_back_then_realigns() {
    let routine = from("bedtime-10");
    let playable = play(&routine, &said(&routine, "pelvic-realign-supine", Side::Left)).unwrap();
    let order: Vec<_> = told(&playable).into_iter().map(|(e, side, ..)| (e, side)).collect();
    use Side::{Left, Right};
    assert_eq!(
        order,
        [
            ("psoas-release-hook", Left),
            ("iliacus-release-hook", Left),
            ("psoas-release-hook", Right),
            ("iliacus-release-hook", Right),
            ("back-of-hip-release-ball", Left),
            ("back-of-hip-release-ball", Right),
            ("pelvic-realign-supine", Left),
        ]
    );
    let left_out: Vec<_> =
        playable.left_out.iter().map(|id| routine.step(id).unwrap().exercise.as_str()).collect();
    let optional = ["yoga-flow-optional", "kneeling-hip-flexor", "piriformis-release-sciatica"];
    assert_eq!(left_out, [["psoas-release-ball"].as_slice(), &optional].concat());
    assert_eq!(playable.steps.len(), 4);
}

#[test]
fn a_person_may_begin_with_the_right() {
    let routine = routine_of(&["psoas-release-hook", "iliacus-release-hook"]);
    let choices = Choices { first_side: Some(Side::Right), ..Choices::default() };
    let sides: Vec<_> = told(&play(&routine, &choices).unwrap()).iter().map(|t| t.1).collect();
    assert_eq!(sides, [Side::Right, Side::Right, Side::Left, Side::Left]);
}

#[test]
fn a_side_that_is_asked_must_be_said_before_play() {
    let routine = from("bedtime-10");
    let realign = id_of(&routine, "pelvic-realign-supine");
    let refused = play(&routine, &Choices::default()).unwrap_err();
    assert_eq!(refused, PlayRefusal::SidesToSay(vec![realign]));
    let none = said(&routine, "pelvic-realign-supine", Side::None);
    assert!(play(&routine, &none).is_err(), "none is no answer");
}

#[test]
fn the_affected_side_of_the_profile_is_used() {
    let routine = routine_of(&["crossover-piriformis"]);
    assert!(matches!(play(&routine, &Choices::default()), Err(PlayRefusal::SidesToSay(_))));
    let choices = Choices { affected: Some(Side::Right), ..Choices::default() };
    // Three sets of 30 s. source: protocols.md, crossover-piriformis.
    assert_eq!(
        told(&play(&routine, &choices).unwrap()),
        [("crossover-piriformis", Side::Right, 3, Some(30))]
    );
}

#[test]
fn a_slot_must_be_filled_before_play() {
    let routine = from("runner-three-stage");
    let refused = play(&routine, &Choices::default()).unwrap_err();
    let PlayRefusal::SlotsToFill(slots) = &refused else { panic!("{refused}") };
    assert_eq!(slots.len(), 2);
    let fill = |e: &str| StepChange {
        exercise: Some(ExerciseId::new(e).unwrap()),
        ..StepChange::default()
    };
    let catalogue = Catalogue::built_in();
    let mut filled = routine.with_step_changed(&slots[0], fill("cat-cow"), catalogue).unwrap();
    filled = filled.with_step_changed(&slots[1], fill("bodyweight-squat"), catalogue).unwrap();
    assert!(play(&filled, &Choices::default()).is_ok());
}

#[test]
fn a_menu_of_optional_steps_plays_what_is_chosen() {
    let routine = from("sciatica-release-set");
    let refused = play(&routine, &Choices::default()).unwrap_err();
    assert!(matches!(&refused, PlayRefusal::NothingChosen(steps) if steps.len() == 5), "{refused}");
    let include = [id_of(&routine, "ql-release")].into();
    let playable = play(&routine, &Choices { include, ..Choices::default() }).unwrap();
    assert_eq!(
        told(&playable),
        [("ql-release", Side::Left, 1, Some(90)), ("ql-release", Side::Right, 1, Some(90))]
    );
    assert_eq!(playable.left_out.len(), 4);
}

#[test]
fn a_time_nobody_states_is_open_and_a_count_nobody_states_is_the_persons() {
    let playable = play(&routine_of(&["childs-pose"]), &Choices::default()).unwrap();
    assert_eq!(playable.plan.holds()[0].work, Work::Open);
    let playable = play(&routine_of(&["bodyweight-squat"]), &Choices::default()).unwrap();
    assert_eq!(playable.plan.holds()[0].work, Work::Reps { target: None });
    assert_eq!(playable.plan.holds()[0].rep, 0, "the record of a whole set");
}

#[test]
fn alternating_repetitions_count_per_side_and_both_sides_get_their_time() {
    let playable = play(&routine_of(&["knee-to-chest"]), &Choices::default()).unwrap();
    let [hold] = playable.plan.holds() else { panic!("{:?}", playable.plan) };
    let Work::Tempo { phases, reps } = &hold.work else { panic!("{:?}", hold.work) };
    let phases: Vec<_> = phases.iter().map(|p| (p.name.clone(), p.length.as_secs())).collect();
    let side = |side| (Arg::code(format!("side.{side}")), 3);
    assert_eq!((phases, *reps), (vec![side(Side::Left), side(Side::Right)], Some(10)));
    assert_eq!(hold.side, Side::None);
}

#[test]
fn steps_meant_under_a_condition_are_played_and_named() {
    let routine = from("neck-sequence");
    let playable = play(&routine, &Choices::default()).unwrap();
    assert_eq!(playable.conditional, [id_of(&routine, "upper-trap-release")]);
    let leave_out = [id_of(&routine, "upper-trap-release")].into();
    let without = play(&routine, &Choices { leave_out, ..Choices::default() }).unwrap();
    assert_eq!(without.plan.holds().len(), playable.plan.holds().len() - 2);
}

#[test]
fn every_template_can_be_played_once_its_questions_are_answered() {
    let catalogue = Catalogue::built_in();
    let mut played = 0;
    for template in catalogue.templates().iter().filter(|t| t.steps().next().is_some()) {
        let routine = from(template.id.as_str());
        let asks = |rule| routine.steps().filter(move |s| s.side == rule);
        let choices = Choices {
            sides: asks(SideRule::Ask).map(|s| (s.id.clone(), Side::Left)).collect(),
            affected: Some(Side::Left),
            // The yoga flow is a place to fill, and optional.
            include: routine
                .steps()
                .filter(|s| s.dose.mode != Mode::Slot)
                .map(|s| s.id.clone())
                .collect(),
            ..Choices::default()
        };
        let profile = Profile {
            pregnant: Some(false),
            can_lie_prone: Some(true),
            ask_first_any: Some(false),
            suspected_serious_injury: Some(false),
            strain: Some(false),
            hip_flexor_pain: Some(false),
            tight_hip_flexors: Some(false),
            ..Profile::default()
        };
        assert!(
            admit_play(&routine, catalogue, &profile, &choices, &[]).is_ok(),
            "{}",
            template.id
        );
        match play(&routine, &choices) {
            Ok(playable) => {
                played += 1;
                let ones = playable
                    .plan
                    .holds()
                    .iter()
                    .filter(|h| h.exercise.as_str() == "pelvic-realign-supine");
                assert!(ones.map(|h| h.side).all(|side| side == Side::Left));
            }
            Err(PlayRefusal::SlotsToFill(_)) => {
                assert_eq!(template.id.as_str(), "runner-three-stage")
            }
            Err(refused) => panic!("{}: {refused}", template.id),
        }
    }
    assert_eq!(played, 14);
}
