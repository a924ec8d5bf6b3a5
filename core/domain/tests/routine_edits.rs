//! Routines from templates, their edits and their file form.

#![allow(clippy::unwrap_used)]

mod routines;

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::dose::Range;
use holdfast_domain::ids::{BlockId, ConditionId, ExerciseId, Slot, TemplateId};
use holdfast_domain::routine::{
    BadSchedule, EditRefusal, FromTemplate, NewStep, Place, Position, Rhythm, Routine,
    RoutineRefusal, Schedule, Span, StepChange, TemplateRefusal,
};
use holdfast_domain::vocabulary::{BlockOrder, Mode, Side, SideRule, Weekday};
use proptest::prelude::*;
use routines::{add, from, id_of, ids, routine_of};

fn exercises(routine: &Routine) -> Vec<&str> {
    routine.steps().map(|step| step.exercise.as_str()).collect()
}

fn exercise(id: &str) -> ExerciseId {
    ExerciseId::new(id).unwrap()
}

fn templated(template: &str, options: &FromTemplate) -> Result<Routine, TemplateRefusal> {
    let catalogue = Catalogue::built_in();
    let template = catalogue.template(&TemplateId::new(template).unwrap()).unwrap();
    Routine::from_template(template, catalogue, options, &mut ids())
}

#[test]
fn a_template_becomes_a_routine_with_its_doses_sides_and_name() {
    let routine = from("runner-daily-10");
    assert_eq!(routine.version, 1);
    assert_eq!(routine.from_template.as_ref().unwrap().as_str(), "runner-daily-10");
    let step = |id: &str| routine.step(&id_of(&routine, id)).unwrap();
    let psoas = step("psoas-release-hook");
    assert_eq!((psoas.side, psoas.dose.hold_s.to_play()), (SideRule::Both, Some(90)));
    assert_eq!((psoas.dose.hold_s.min(), psoas.dose.hold_s.open_ended()), (Some(30), true));
    let realign = step("pelvic-realign-supine");
    assert_eq!(realign.side, SideRule::Ask);
    assert_eq!((realign.dose.hold_s.to_play(), realign.dose.reps.to_play()), (Some(2), Some(10)));
    assert!(!step("back-of-hip-release-ball").is_on(), "optional steps are off until chosen");
    assert!(step("pelvic-realign-supine").is_on());
}

#[test]
fn the_choices_of_a_template_are_taken() {
    let options = FromTemplate {
        name: Some("Tonight".to_owned()),
        realign_side: Some(Side::Right),
        chosen: vec![ConditionId::new("tool-ball").unwrap()],
        include: vec![exercise("kneeling-hip-flexor")],
        ..FromTemplate::default()
    };
    let routine = templated("bedtime-10", &options).unwrap();
    assert_eq!(routine.name, "Tonight");
    let played: Vec<_> = routine
        .blocks
        .iter()
        .filter(|block| routine.is_chosen(block))
        .flat_map(|block| block.steps.iter().filter(|step| step.is_on()))
        .map(|step| (step.exercise.as_str(), step.side))
        .collect();
    assert_eq!(
        played,
        [
            ("psoas-release-ball", SideRule::Both),
            ("kneeling-hip-flexor", SideRule::Both),
            ("back-of-hip-release-ball", SideRule::Both),
            ("pelvic-realign-supine", SideRule::Right),
        ]
    );
    let hook = routine.blocks[0].id.clone();
    let back = routine.with_choice(&hook).unwrap();
    assert!(back.is_chosen(&back.blocks[0]) && !back.is_chosen(&back.blocks[1]));
}

#[test]
fn a_choice_the_template_does_not_offer_is_refused() {
    let wrong = |options: FromTemplate| templated("bedtime-10", &options).unwrap_err().to_string();
    let chosen = vec![ConditionId::new("floor-ok").unwrap()];
    let text = wrong(FromTemplate { chosen, ..FromTemplate::default() });
    assert!(text.contains("tool-hook, tool-ball"), "{text}");
    let include = vec![exercise("pigeon")];
    assert!(wrong(FromTemplate { include, ..FromTemplate::default() }).contains("pigeon"));
    let principle = templated("master-order", &FromTemplate::default()).unwrap_err();
    assert!(matches!(principle, TemplateRefusal::NoSteps(_)));
}

#[test]
fn the_json_of_a_routine_is_the_one_scripts_read_and_reads_back() {
    let routine = from("bedtime-10");
    let json = serde_json::to_value(&routine).unwrap();
    let step = &json["blocks"][0]["steps"][0];
    assert_eq!(json["blocks"][0]["order"], "side_major");
    assert_eq!(step["exercise"], "psoas-release-hook");
    assert_eq!(step["side"], "both");
    assert_eq!(step["dose"]["hold_s"]["default"], 90);
    assert!(step["step_id"].is_string() && json["name"].is_string() && json["version"] == 1);
    assert_eq!(serde_json::from_value::<Routine>(json).unwrap(), routine);
}

#[test]
fn a_file_without_positions_keeps_its_order_and_what_newer_versions_wrote() {
    let json = serde_json::json!({
        "id": "r9", "name": "By hand", "mood": "calm",
        "blocks": [{"block_id": "b1", "order": "step_major", "steps": [
            {"step_id": "z", "exercise": "pigeon", "side": "both", "dose": {"mode": "timed"}},
            {"step_id": "a", "exercise": "butterfly", "side": "no_side",
             "dose": {"mode": "timed", "hold_s": {"min": 30}}, "colour": "blue"},
        ]}],
    });
    let read: Routine = serde_json::from_value(json).unwrap();
    let routine = read.checked(Catalogue::built_in()).unwrap();
    assert_eq!(exercises(&routine), ["pigeon", "butterfly"]);
    assert!(routine.steps().all(|step| step.position.is_placed()));
    let again = serde_json::to_value(&routine).unwrap();
    assert_eq!(again["mood"], "calm");
    assert_eq!(again["blocks"][0]["steps"][1]["colour"], "blue");
}

#[test]
fn a_file_that_is_no_routine_is_refused_with_the_reason() {
    let catalogue = Catalogue::built_in();
    let good = serde_json::to_value(from("hip-opener-set")).unwrap();
    let refused = |pointer: &str, value: serde_json::Value| {
        let mut json = good.clone();
        *json.pointer_mut(pointer).unwrap() = value;
        match serde_json::from_value::<Routine>(json) {
            Ok(routine) => routine.checked(catalogue).unwrap_err().to_string(),
            Err(error) => error.to_string(),
        }
    };
    let step = "/blocks/0/steps/0";
    let at = |field: &str| format!("{step}/{field}");
    for (pointer, value, reason) in [
        (at("exercise"), serde_json::json!("hip-hop"), "There is no exercise hip-hop."),
        (at("side"), serde_json::json!("no_side"), "Say left, right, both or ask"),
        ("/blocks/0/steps/1/side".into(), serde_json::json!("left"), "Leave the side out"),
        (at("dose/hold_s"), serde_json::json!({"min": 90, "max": 30}), "runs backwards"),
        (at("dose/hold_s"), serde_json::json!({"default": 0}), "hold of 0 is not possible"),
        (at("dose/hold_s"), serde_json::json!({"default": 99999}), "from 1 to 14400"),
        (at("dose/reps"), serde_json::json!({"default": 5000}), "from 1 to 999"),
        (at("position"), serde_json::json!("a-b"), "is not a position"),
        ("/name".into(), serde_json::json!("  "), "needs a name"),
        ("/name".into(), serde_json::json!("a\nb"), "on one line"),
        (at("step_id"), good.pointer("/blocks/0/steps/1/step_id").unwrap().clone(), "stands twice"),
    ] {
        let text = refused(&pointer, value);
        assert!(text.contains(reason), "{pointer}: {text}");
    }
    let many = serde_json::json!({"rule": "realign-one-sided", "reason": "x"});
    let mut routine = from("hip-opener-set");
    routine.overrides = vec![serde_json::from_value(many).unwrap()];
    assert!(matches!(routine.checked(catalogue), Err(RoutineRefusal::UnknownRule(_))));
}

#[test]
fn the_iliacus_added_after_the_psoas_shares_its_side_major_block() {
    let pair = routine_of(&["psoas-release-hook", "iliacus-release-hook"]);
    assert_eq!(pair.blocks.len(), 1);
    assert_eq!(pair.blocks[0].order, BlockOrder::SideMajor);
    // Behind a step among others, only the pair goes side by side.
    let three = routine_of(&["psoas-release-ball", "psoas-release-hook", "pigeon"]);
    assert_eq!(three.blocks.len(), 1);
    let after = Place::After(id_of(&three, "psoas-release-hook"));
    let (four, _) = add(&three, "iliacus-release-hook", &after);
    let blocks: Vec<_> = four.blocks.iter().map(|b| (b.order, b.steps.len())).collect();
    use BlockOrder::{SideMajor, StepMajor};
    assert_eq!(blocks, [(StepMajor, 1), (SideMajor, 2), (StepMajor, 1)]);
    // What is added after the pair is not drawn into it.
    let (longer, _) = add(&pair, "pigeon", &Place::End);
    assert_eq!(longer.blocks[0].steps.len(), 2);
    assert_eq!(exercises(&longer), ["psoas-release-hook", "iliacus-release-hook", "pigeon"]);
}

#[test]
fn a_step_goes_where_it_is_told() {
    let catalogue = Catalogue::built_in();
    let routine = routine_of(&["pigeon", "butterfly", "childs-pose"]);
    let id = |e: &str| id_of(&routine, e);
    let moved = |step: &str, place: Place| {
        let routine = routine.with_step_moved(&id(step), &place, catalogue, &mut ids()).unwrap();
        exercises(&routine).join(" ")
    };
    assert_eq!(moved("childs-pose", Place::Start), "childs-pose pigeon butterfly");
    assert_eq!(moved("pigeon", Place::After(id("butterfly"))), "butterfly pigeon childs-pose");
    assert_eq!(moved("pigeon", Place::End), "butterfly childs-pose pigeon");
    let itself = Place::After(id("pigeon"));
    let refused = routine.with_step_moved(&id("pigeon"), &itself, catalogue, &mut ids());
    assert_eq!(refused, Err(EditRefusal::AfterItself));
}

#[test]
fn a_move_changes_the_position_of_the_moved_step_alone() {
    let catalogue = Catalogue::built_in();
    let routine = routine_of(&["pigeon", "butterfly", "childs-pose", "frog-stretch"]);
    let place = Place::After(id_of(&routine, "pigeon"));
    let frog = id_of(&routine, "frog-stretch");
    let moved = routine.with_step_moved(&frog, &place, catalogue, &mut ids()).unwrap();
    assert_eq!(exercises(&moved), ["pigeon", "frog-stretch", "butterfly", "childs-pose"]);
    for step in routine.steps().filter(|step| step.id != frog) {
        assert_eq!(moved.step(&step.id), Some(step));
    }
    assert_eq!(moved.version, routine.version + 1);
}

#[test]
fn two_devices_that_insert_at_the_same_place_keep_both_steps_and_go_on() {
    let catalogue = Catalogue::built_in();
    let routine = routine_of(&["pigeon", "childs-pose"]);
    let place = Place::After(id_of(&routine, "pigeon"));
    let (mut merged, one) = add(&routine, "butterfly", &place);
    let (other, two) = add(&routine, "frog-stretch", &place);
    merged.blocks[0].steps.push(other.step(&two).unwrap().clone());
    let merged = merged.settled();
    let same = |id| merged.step(id).unwrap().position.clone();
    assert_eq!(same(&one), same(&two));
    assert_eq!(merged.steps().count(), 4);
    // Inserting between the two equal ones still finds room.
    let first = merged.steps().nth(1).unwrap().id.clone();
    let (between, new) = add(&merged, "seated-hip-stretch", &Place::After(first));
    assert_eq!(between.steps().nth(2).unwrap().id, new);
    assert_eq!(between.clone().settled(), between);
    assert!(between.checked(catalogue).is_ok());
}

#[test]
fn a_slot_is_filled_with_an_exercise_and_takes_its_dose_and_sides() {
    let catalogue = Catalogue::built_in();
    let routine = from("runner-three-stage");
    let slot = id_of(&routine, "hip-mobility-first");
    assert_eq!(routine.step(&slot).unwrap().dose.mode, Mode::Slot);
    let fill = StepChange { exercise: Some(exercise("pigeon")), ..StepChange::default() };
    let filled = routine.with_step_changed(&slot, fill, catalogue).unwrap();
    let step = filled.step(&slot).unwrap();
    assert_eq!((step.side, step.dose.mode), (SideRule::Both, Mode::Timed));
    assert_eq!(step.dose.hold_s.to_play(), Some(30));
}

#[test]
fn an_edit_that_makes_no_sense_is_refused_and_changes_nothing() {
    let catalogue = Catalogue::built_in();
    let routine = routine_of(&["butterfly"]);
    let step = id_of(&routine, "butterfly");
    let side = StepChange { side: Some(SideRule::Left), ..StepChange::default() };
    let refused = routine.with_step_changed(&step, side, catalogue).unwrap_err();
    assert_eq!(refused.to_string(), "butterfly has no sides to choose. Leave the side out.");
    let unknown = NewStep::of(exercise("hip-hop"));
    let refused = routine.with_step(unknown, &Place::End, catalogue, &mut ids()).unwrap_err();
    assert!(matches!(refused, EditRefusal::Refused(RoutineRefusal::UnknownExercise(_))));
    let nowhere = Place::After("no-such".parse().unwrap());
    let new = NewStep::of(exercise("pigeon"));
    let refused = routine.with_step(new, &nowhere, catalogue, &mut ids()).unwrap_err();
    assert!(matches!(refused, EditRefusal::NoSuchStep(_)));
    assert!(routine.renamed("").is_err());
    let alone = routine.with_choice(&routine.blocks[0].id);
    assert!(matches!(alone, Err(EditRefusal::NoAlternatives(_))));
    let none = BlockId::new("no-such").unwrap();
    assert!(matches!(routine.with_choice(&none), Err(EditRefusal::NoSuchBlock(_))));
}

#[test]
fn the_last_step_of_a_block_takes_the_block_along() {
    let routine = from("bedtime-10");
    let realign = id_of(&routine, "pelvic-realign-supine");
    let without = routine.without_step(&realign).unwrap();
    assert_eq!(without.blocks.len(), routine.blocks.len() - 1);
    assert!(without.step(&realign).is_none());
}

#[test]
fn a_schedule_that_makes_no_sense_is_refused() {
    let slot = |name: &str| Slot::new(name).unwrap();
    let times = |min, max, per| {
        Some(Rhythm::Times { count: Range::new(Some(min), None, Some(max), false).unwrap(), per })
    };
    let good = Schedule {
        rhythm: times(1, 2, Span::Day),
        weekdays: vec![Weekday::Monday, Weekday::Friday],
        slots: vec![slot("morning"), slot("bedtime")],
        ..Schedule::default()
    };
    let since = "2026-03-01".parse().unwrap();
    let routine = routine_of(&["pigeon"]).scheduled(Some(good.clone()), since).unwrap();
    let json = serde_json::to_value(&routine).unwrap();
    assert_eq!(json["schedules"]["2026-03-01"], json["schedule"]);
    assert_eq!(json["schedule"]["rhythm"]["times"]["per"], "day");
    assert_eq!(serde_json::from_value::<Routine>(json).unwrap(), routine);
    let bad = |schedule: Schedule| schedule.checked().unwrap_err();
    assert_eq!(bad(Schedule::default()), BadSchedule::Empty);
    assert_eq!(
        bad(Schedule { rhythm: times(0, 0, Span::Week), ..good.clone() }),
        BadSchedule::Zero
    );
    let few = Schedule { rhythm: times(1, 3, Span::Day), ..good.clone() };
    assert_eq!(bad(few), BadSchedule::TooFewSlots { times: 3, slots: 2 });
    let week = |least, most, days: usize| Schedule {
        rhythm: times(least, most, Span::Week),
        weekdays: Weekday::ALL[..days].to_vec(),
        ..Schedule::default()
    };
    assert_eq!(bad(week(8, 8, 0)), BadSchedule::TooManyDays(8));
    assert_eq!(bad(week(3, 5, 2)), BadSchedule::TooFewDays { times: 3, days: 2 });
    assert!(week(3, 5, 3).checked().is_ok());
    let every = Some(Rhythm::Every { days: Range::exactly(2) });
    let named = Schedule { rhythm: every, weekdays: vec![Weekday::Monday], ..Schedule::default() };
    assert_eq!(bad(named), BadSchedule::DaysAndRhythm);
    let rare = Some(Rhythm::Every { days: Range::exactly(400) });
    assert_eq!(bad(Schedule { rhythm: rare, ..Schedule::default() }), BadSchedule::TooRare(400));
    let unnamed = Schedule { rhythm: times(5, 5, Span::Day), ..Schedule::default() };
    assert_eq!(bad(unnamed), BadSchedule::TooFewSlots { times: 5, slots: 0 });
    let stray = [(slot("lunch"), "12:00".parse().unwrap())].into();
    let stray = Schedule { times: stray, ..good.clone() };
    assert_eq!(bad(stray), BadSchedule::TimeWithoutSlot(slot("lunch")));
    let twice = Schedule { slots: vec![slot("bedtime"), slot("bedtime")], ..good };
    assert_eq!(bad(twice), BadSchedule::Twice("bedtime".to_owned()));
}

#[derive(Debug, Clone)]
enum Act {
    Add(usize, usize),
    Move(usize, usize),
    Remove(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => (0..84usize, 0..40usize).prop_map(|(e, at)| Act::Add(e, at)),
        2 => (0..40usize, 0..40usize).prop_map(|(from, to)| Act::Move(from, to)),
        1 => (0..40usize).prop_map(Act::Remove),
    ];
    prop::collection::vec(act, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_run_of_edits_keeps_the_routine_whole_and_each_step_right_after_its_place(acts in acts()) {
        let catalogue = Catalogue::built_in();
        let mut routine = from("bedtime-10");
        for act in acts {
            let steps: Vec<_> = routine.steps().map(|step| step.id.clone()).collect();
            let at = |n: usize| steps.get(n % steps.len().max(1)).cloned();
            let place = |n: usize| match n % (steps.len() + 2) {
                0 => Place::Start,
                1 => Place::End,
                n => Place::After(steps[n - 2].clone()),
            };
            let (next, put) = match act {
                Act::Add(e, n) => {
                    let new = NewStep::of(catalogue.exercises()[e % catalogue.exercises().len()].id.clone());
                    let (next, id) = routine.with_step(new, &place(n), catalogue, &mut ids()).unwrap();
                    (next, Some((id, place(n))))
                }
                Act::Move(from, to) => {
                    let Some(id) = at(from) else { continue };
                    match routine.with_step_moved(&id, &place(to), catalogue, &mut ids()) {
                        Ok(next) => (next, Some((id, place(to)))),
                        Err(refusal) => {
                            prop_assert_eq!(refusal, EditRefusal::AfterItself);
                            continue;
                        }
                    }
                }
                Act::Remove(n) => {
                    let Some(id) = at(n) else { continue };
                    (routine.without_step(&id).unwrap(), None)
                }
            };
            let order: Vec<_> = next.steps().map(|step| step.id.clone()).collect();
            if let Some((id, place)) = put {
                let here = order.iter().position(|other| *other == id).unwrap();
                match place {
                    Place::Start => prop_assert_eq!(here, 0),
                    Place::End => prop_assert_eq!(here, order.len() - 1),
                    Place::After(other) => prop_assert_eq!(&order[here - 1], &other),
                }
            }
            let whole = next.clone().checked(catalogue);
            prop_assert_eq!(whole.as_ref(), Ok(&next), "settled already");
            prop_assert_eq!(next.version, routine.version + 1);
            prop_assert!(next.steps().all(|step| step.position != Position::default()));
            routine = next;
        }
    }
}
