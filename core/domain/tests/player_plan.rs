//! What can be played and what cannot.
#![allow(clippy::unwrap_used)]

mod player_plans;

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::dose::{Dose, Range, TempoPhase};
use holdfast_domain::ids::StepId;
use holdfast_domain::player::{
    MAX_HOLDS, PacedPhase, Plan, PlanError, PlannedHold, StepOnSide, Timing, Work,
};
use holdfast_domain::units::Millis;
use holdfast_domain::vocabulary::{Mode, Side};
use holdfast_domain::words::Arg;
use player_plans::{hold, timed};

fn refused(holds: Vec<PlannedHold>) -> PlanError {
    Plan::new(Timing::default(), holds).unwrap_err()
}

fn step(id: &str, side: Side, dose: Dose) -> StepOnSide {
    let exercise = id.parse().unwrap();
    StepOnSide {
        step: StepId::new("s").unwrap(),
        exercise,
        name: id.into(),
        side,
        dose,
        ease_check: false,
        tool: None,
    }
}

/// A step as the catalogue doses it.
fn catalogued(id: &str, side: Side) -> Vec<PlannedHold> {
    let dose = Catalogue::built_in().exercise(&id.parse().unwrap()).unwrap().dose.clone();
    step(id, side, dose).holds().unwrap()
}

#[test]
fn the_realignment_is_ten_pushes_of_2_s_with_10_s_between() {
    let holds = catalogued("pelvic-realign-supine", Side::Left);
    assert_eq!(holds, {
        let mut expected = player_plans::realignment(Side::Left);
        for hold in &mut expected {
            hold.step = StepId::new("s").unwrap();
            hold.name = "pelvic-realign-supine".into();
        }
        expected
    });
}

#[test]
fn a_dose_nobody_stated_is_open_and_a_count_nobody_stated_is_left_to_the_person() {
    assert_eq!(catalogued("frog-stretch", Side::None)[0].work, Work::Open);
    let march = catalogued("supine-march", Side::None);
    assert_eq!((march.len(), &march[0].work), (1, &Work::Reps { target: None }));
    let squat = catalogued("pause-squat", Side::None);
    assert!(matches!(&squat[0].work, Work::Tempo { phases, reps: None } if phases.len() == 3));
    assert_eq!((march[0].rep, squat[0].rep), (0, 0));
}

#[test]
fn the_phases_of_a_tempo_are_said_in_the_readers_language_where_they_have_words() {
    let phase = |name: &str| TempoPhase { name: name.to_owned(), secs: Some(2) };
    let dose = Dose {
        mode: Mode::Tempo,
        hold_s: Range::UNSTATED,
        reps: Range::exactly(3),
        sets: Range::UNSTATED,
        rest_s: Range::UNSTATED,
        tempo: vec![phase("eccentric"), phase("left"), phase("wobble")],
    };
    let holds = step("a", Side::None, dose).holds().unwrap();
    let Work::Tempo { phases, reps: Some(3) } = &holds[0].work else { panic!("{holds:?}") };
    let names: Vec<&Arg> = phases.iter().map(|phase| &phase.name).collect();
    let (eccentric, left) = (Arg::code("tempo.eccentric"), Arg::code("side.left"));
    assert_eq!(names, [&eccentric, &left, &Arg::from("wobble")]);
}

#[test]
fn every_exercise_that_is_no_slot_and_no_test_can_be_played_as_dosed() {
    let mut played = 0;
    for exercise in Catalogue::built_in().exercises() {
        let side = Side::None;
        let step = step(exercise.id.as_str(), side, exercise.dose.clone());
        match exercise.dose.mode {
            Mode::Slot => assert!(matches!(step.holds(), Err(PlanError::UnfilledSlot(_)))),
            Mode::Test => assert!(matches!(step.holds(), Err(PlanError::SelfTest(_)))),
            _ => {
                Plan::new(Timing::default(), step.holds().unwrap()).unwrap();
                played += 1;
            }
        }
    }
    assert!(played > 60, "{played}");
}

#[test]
fn sets_and_repetitions_have_their_rests_between_them() {
    let dose = Dose {
        mode: Mode::Timed,
        hold_s: Range::exactly(30),
        reps: Range::exactly(2),
        sets: Range::exactly(2),
        rest_s: Range::exactly(20),
        tempo: Vec::new(),
    };
    let holds = step("a", Side::Left, dose).holds().unwrap();
    let laid_out: Vec<_> =
        holds.iter().map(|hold| (hold.set, hold.rep, hold.rest_before.as_secs())).collect();
    assert_eq!(laid_out, [(1, 1, 0), (1, 2, 20), (2, 1, 20), (2, 2, 20)]);
}

#[test]
fn what_cannot_be_played_is_refused_with_its_step() {
    assert_eq!(refused(Vec::new()), PlanError::Empty);
    let many = (0..=MAX_HOLDS).map(|i| timed(&format!("s{i}"), Side::Left, 1)).collect();
    assert_eq!(refused(many), PlanError::TooLong(MAX_HOLDS + 1));
    let s = || StepId::new("s").unwrap();
    assert_eq!(refused(vec![timed("s", Side::Left, 0)]), PlanError::Zero(s()));
    assert_eq!(refused(vec![timed("s", Side::Left, 5 * 3600)]), PlanError::TooMuch(s()));
    let twice = vec![timed("s", Side::Left, 5), timed("s", Side::Left, 5)];
    assert_eq!(refused(twice), PlanError::Twice { step: s(), set: 1, rep: 1 });
    let long = (0..7).map(|i| timed(&format!("s{i}"), Side::Left, 4 * 3600)).collect();
    assert_eq!(refused(long), PlanError::LongerThanADay);
    let numbering = PlannedHold { rep: 0, ..timed("s", Side::Left, 5) };
    assert_eq!(refused(vec![numbering]), PlanError::Numbering(s()));
    let eases = PlannedHold { ease_check: true, ..hold("s", Side::Left, Work::Tick) };
    assert_eq!(refused(vec![eases]), PlanError::NothingEases(s()));
    let quick = vec![PacedPhase { name: "up".into(), length: Millis(100) }];
    let tempo = hold("s", Side::None, Work::Tempo { phases: quick, reps: None });
    assert_eq!(refused(vec![tempo]), PlanError::TooFast(s()));
}

#[test]
fn a_huge_dose_is_refused_and_not_laid_out() {
    let dose = |sets, reps| Dose {
        mode: Mode::Timed,
        hold_s: Range::exactly(u32::MAX),
        reps: Range::exactly(reps),
        sets: Range::exactly(sets),
        rest_s: Range::UNSTATED,
        tempo: Vec::new(),
    };
    for (sets, reps) in [(u32::MAX, 1), (1, u32::MAX), (999, 999), (0, 1), (1, 0)] {
        assert!(step("a", Side::Left, dose(sets, reps)).holds().is_err(), "{sets} × {reps}");
    }
    let holds = step("a", Side::Left, dose(1, 1)).holds().unwrap();
    assert!(matches!(refused(holds), PlanError::TooMuch(_)));
}

#[test]
fn a_plan_is_checked_again_when_it_is_read() {
    let plan = player_plans::hook_pair_and_realignment();
    let mut json = serde_json::to_value(&plan).unwrap();
    assert_eq!(serde_json::from_value::<Plan>(json.clone()).unwrap(), plan);
    json["holds"][0]["work"]["target"] = 0.into();
    assert!(serde_json::from_value::<Plan>(json).is_err());
}
