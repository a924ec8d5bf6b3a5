//! Routines on a real database: every edit, what is refused, and two devices that edit one plan.

use std::sync::{Arc, Mutex};

use holdfast_domain::dose::Range;
use holdfast_domain::routine::{Rhythm, Schedule, Span};
use holdfast_domain::vocabulary::{BlockOrder, Mode, Severity, SideRule};

use super::*;
use crate::commands::testing::{carry, devices};
use crate::{Key, Keys};

const HOOK_PAIR: [&str; 2] = ["psoas-release-hook", "iliacus-release-hook"];

fn step(exercise: &str) -> StepRequest {
    StepRequest { exercise: exercise.to_owned(), ..StepRequest::default() }
}

fn because(rule: &str) -> Vec<RuleOverride> {
    vec![RuleOverride { rule: rule.to_owned(), reason: "my therapist says so".to_owned() }]
}

fn exercises(view: &RoutineView) -> Vec<String> {
    view.routine.steps().map(|step| step.exercise.to_string()).collect()
}

/// A routine with the hook pair.
fn pair(engine: &Engine) -> RoutineView {
    let routine = engine.new_routine("Evening").unwrap();
    for exercise in HOOK_PAIR {
        engine.add_step("Evening", &step(exercise), &StepPlace::End, &[]).unwrap();
    }
    engine.routine(routine.routine.id.as_str()).unwrap()
}

#[test]
fn a_template_becomes_a_routine_that_stays() {
    let [home] = devices();
    let options = TemplateOptions {
        realign_side: Some(SideRule::Right),
        name: Some("Tonight".to_owned()),
        ..TemplateOptions::default()
    };
    let made = home.open().add_template("bedtime-10", &options).unwrap();
    assert_eq!((made.routine.name.as_str(), made.status), ("Tonight", StatusKind::Saved));
    let engine = home.open();
    let found = engine.routine("tonight").unwrap();
    assert_eq!(found, made);
    assert_eq!(engine.routine(&made.routine.id.as_str()[..6]).unwrap(), made);
    let sides: Vec<SideRule> = found.routine.steps().map(|step| step.side).collect();
    assert!(sides.contains(&SideRule::Right));
    let list = engine.routines().unwrap();
    assert_eq!((list.len(), list[0].steps), (1, found.routine.steps().count()));
    assert!(!engine.check_routine("Tonight").unwrap().iter().any(Finding::blocks));
}

#[test]
fn every_template_with_steps_can_be_added_and_shown_and_imported_elsewhere() {
    let [home, other] = devices();
    let (engine, other) = (home.open(), other.open());
    for template in Catalogue::built_in().templates() {
        if template.steps().next().is_none() {
            let refused = engine.add_template(template.id.as_str(), &TemplateOptions::default());
            assert_eq!(refused.unwrap_err().field(), Some("template"));
            continue;
        }
        let made = engine.add_template(template.id.as_str(), &TemplateOptions::default()).unwrap();
        let file = serde_json::to_string(&engine.routine(made.routine.id.as_str()).unwrap());
        let taken = other.import_routine(&file.unwrap(), &ImportOptions::default()).unwrap();
        assert_eq!(taken.view.routine, made.routine);
    }
}

#[test]
fn the_hook_pair_shares_a_side_major_block_and_cannot_be_torn_apart() {
    let [home] = devices();
    let engine = home.open();
    let view = pair(&engine);
    let [block] = &view.routine.blocks[..] else { panic!("{:?}", view.routine.blocks) };
    assert_eq!((block.order, block.steps.len()), (BlockOrder::SideMajor, 2));
    let error =
        engine.order_block("Evening", block.id.as_str(), BlockOrder::StepMajor, &[]).unwrap_err();
    let HoldfastError::Broken { findings, hint, .. } = &error else { panic!("{error:?}") };
    assert_eq!(error.code(), "hard_rule");
    assert!(findings.iter().all(|f| f.severity == Severity::Hard && f.step.is_some()));
    assert!(hint.is_some());
    assert_eq!(engine.routine("Evening").unwrap(), view, "nothing was written");
}

#[test]
fn a_hard_rule_gives_way_to_a_reason_which_is_kept_with_its_author() {
    let [home] = devices();
    let engine = home.open();
    engine.new_routine("Evening").unwrap();
    let alone = step(HOOK_PAIR[1]);
    let error = engine.add_step("Evening", &alone, &StepPlace::End, &[]).unwrap_err();
    let HoldfastError::Broken { findings, .. } = &error else { panic!("{error:?}") };
    let rule = findings[0].rule.to_string();
    let (view, id) = engine.add_step("Evening", &alone, &StepPlace::End, &because(&rule)).unwrap();
    let [decided] = &view.routine.overrides[..] else { panic!("{:?}", view.routine.overrides) };
    assert_eq!(decided.reason, "my therapist says so");
    assert_eq!(decided.author, Some(engine.identity().unwrap().account));
    assert_eq!(decided.step.as_ref().map(|step| step.as_str()), Some(id.as_str()));
    let again =
        engine.add_step("Evening", &step("kneeling-hip-flexor"), &StepPlace::End, &because(&rule));
    assert_eq!(again.unwrap_err().code(), "nothing_to_override");
    assert!(engine.drop_override("Evening", &rule).is_err());
    engine.remove_step("Evening", &id, &[]).unwrap();
    assert!(engine.routine("Evening").unwrap().routine.overrides.is_empty());
}

#[test]
fn an_override_needs_a_reason() {
    let [home] = devices();
    let engine = home.open();
    engine.new_routine("Evening").unwrap();
    let alone = step(HOOK_PAIR[1]);
    let HoldfastError::Broken { findings, .. } =
        engine.add_step("Evening", &alone, &StepPlace::End, &[]).unwrap_err()
    else {
        panic!("not refused")
    };
    let silent = [RuleOverride { rule: findings[0].rule.to_string(), reason: "  ".to_owned() }];
    let error = engine.add_step("Evening", &alone, &StepPlace::End, &silent).unwrap_err();
    assert_eq!((error.code(), error.field()), ("no_reason", Some("reason")));
}

#[test]
fn steps_are_added_changed_moved_left_out_and_removed() {
    let [home] = devices();
    let engine = home.open();
    pair(&engine);
    let (_, couch) =
        engine.add_step("Evening", &step("kneeling-hip-flexor"), &StepPlace::Start, &[]).unwrap();
    let edit = StepEdit {
        dose: DoseEdit { hold_s: Some(Range::exactly(45)), ..DoseEdit::default() },
        side: Some(SideRule::Left),
        tool: Some(Some("pad".to_owned())),
        note: Some(Some("breathe".to_owned())),
        ..StepEdit::default()
    };
    let view = engine.set_step("Evening", &couch[..5], &edit, &[]).unwrap();
    let changed = view.routine.steps().next().unwrap();
    assert_eq!(changed.dose.hold_s, Range::exactly(45));
    assert_eq!((changed.side, changed.note.as_deref()), (SideRule::Left, Some("breathe")));
    let view = engine
        .move_step("Evening", "kneeling-hip-flexor", &StepPlace::After(HOOK_PAIR[1].into()), &[])
        .unwrap();
    assert_eq!(exercises(&view).last().map(String::as_str), Some("kneeling-hip-flexor"));
    let view = engine.include_step("Evening", &couch, false, &[]).unwrap();
    assert!(!view.routine.step(&couch.parse().unwrap()).unwrap().is_on());
    let cleared = StepEdit { note: Some(None), tool: Some(None), ..StepEdit::default() };
    let view = engine.set_step("Evening", &couch, &cleared, &[]).unwrap();
    let step = view.routine.step(&couch.parse().unwrap()).unwrap();
    assert_eq!((&step.note, &step.tool), (&None, &None));
    let view = engine.remove_step("Evening", &couch, &[]).unwrap();
    assert_eq!(exercises(&view), HOOK_PAIR);
    assert_eq!(home.open().routine("Evening").unwrap(), view);
}

#[test]
fn what_cannot_be_says_which_input_and_what_is_near() {
    let [home] = devices();
    let engine = home.open();
    pair(&engine);
    assert_eq!(engine.routine("enin").unwrap().routine.name, "Evening");
    let error = engine.routine("Evenimg").map(drop);
    assert!(error.is_err_and(|e| e.to_string().contains("did you mean Evening")));
    let error = engine
        .add_step("Evening", &step("psoas-relese-hook"), &StepPlace::End, &[])
        .map(drop)
        .unwrap_err();
    assert_eq!((error.code(), error.field()), ("unknown_exercise", Some("exercise")));
    assert!(error.to_string().contains("psoas-release-hook"), "{error}");
    let error = engine.add_template("bedtim-10", &TemplateOptions::default()).unwrap_err();
    assert!(error.to_string().contains("bedtime-10"), "{error}");
    let error = parse_range("hold", "90-30").unwrap_err();
    assert_eq!((error.code(), error.field()), ("reversed_range", Some("hold")));
    assert!(error.to_string().contains("90"));
    for bad in ["", "x", "1-2-3-4", "-5", "5..6"] {
        assert!(parse_range("hold", bad).is_err(), "{bad}");
    }
    assert_eq!(parse_range("hold", "60+").unwrap().min(), Some(60));
    let zero = StepEdit {
        dose: DoseEdit { hold_s: Some(Range::exactly(0)), ..DoseEdit::default() },
        ..StepEdit::default()
    };
    let error = engine.set_step("Evening", HOOK_PAIR[0], &zero, &[]).unwrap_err();
    assert_eq!(error.field(), Some("hold"));
    let sided = StepRequest { side: Some(SideRule::Left), ..step("butterfly") };
    let error = engine.add_step("Evening", &sided, &StepPlace::End, &[]).map(drop).unwrap_err();
    assert_eq!(error.field(), Some("side"), "{error}");
    let error = engine.new_routine("evening").unwrap_err();
    assert_eq!((error.code(), error.field()), ("name_in_use", Some("name")));
    assert_eq!(engine.new_routine("  ").unwrap_err().field(), Some("name"));
    let both = TemplateOptions { realign_side: Some(SideRule::Both), ..TemplateOptions::default() };
    let error = engine.add_template("bedtime-10", &both).unwrap_err();
    assert_eq!(error.field(), Some("realign-side"));
}

#[test]
fn an_ambiguous_beginning_lists_what_it_could_mean() {
    let [home] = devices();
    let engine = home.open();
    engine.new_routine("Evening").unwrap();
    let error = engine.add_step("Evening", &step("psoas"), &StepPlace::End, &[]).unwrap_err();
    let HoldfastError::NotFound { candidates, .. } = &error else { panic!("{error:?}") };
    assert_eq!(error.code(), "ambiguous");
    assert!(candidates.len() > 1 && candidates.iter().all(|id| id.starts_with("psoas")));
}

#[test]
fn a_schedule_is_set_checked_and_taken_away() {
    let [home] = devices();
    let engine = home.open();
    pair(&engine);
    let nightly = Schedule {
        rhythm: Some(Rhythm::Times { count: Range::exactly(1), per: Span::Day }),
        slots: vec!["bedtime".parse().unwrap()],
        ..Schedule::default()
    };
    let view = engine.schedule_routine("Evening", Some(nightly.clone())).unwrap();
    assert_eq!(view.routine.schedule(), Some(&nightly));
    let error = engine.schedule_routine("Evening", Some(Schedule::default())).unwrap_err();
    assert_eq!(error.field(), Some("schedule"));
    let view = engine.schedule_routine("Evening", None).unwrap();
    assert_eq!(view.routine.schedule(), None);
}

#[test]
fn a_file_is_taken_in_once_and_refused_when_it_breaks_a_rule_or_is_none() {
    let [home] = devices();
    let engine = home.open();
    let view = pair(&engine);
    let file = serde_json::to_string(&view).unwrap();
    let again = engine.import_routine(&file, &ImportOptions::default()).unwrap();
    assert_eq!((again.view, again.added), (view.clone(), false));
    let changed = file.replace("Evening", "Night");
    let error = engine.import_routine(&changed, &ImportOptions::default()).unwrap_err();
    assert_eq!(error.code(), "routine_exists");
    let copy = ImportOptions { as_copy: true, ..ImportOptions::default() };
    let copied = engine.import_routine(&changed, &copy).unwrap();
    assert_ne!(copied.view.routine.id, view.routine.id);
    let torn = serde_json::to_string(&view).unwrap().replace("side_major", "step_major");
    let copy = ImportOptions { name: Some("Torn".into()), ..copy };
    assert_eq!(engine.import_routine(&torn, &copy).unwrap_err().code(), "hard_rule");
    for bad in ["", "{", "[]", "{\"routine\":7}", &file[..file.len() / 2]] {
        let error = engine.import_routine(bad, &ImportOptions::default()).unwrap_err();
        assert_eq!(error.field(), Some("routine"), "{bad}");
    }
    assert_eq!(engine.routines().unwrap().len(), 2);
}

#[test]
fn a_removed_routine_is_gone_and_comes_back_when_asked_for_or_imported() {
    let [home] = devices();
    let engine = home.open();
    let view = pair(&engine);
    let file = serde_json::to_string(&view).unwrap();
    engine.remove_routine("Evening").unwrap();
    assert!(engine.routines().unwrap().is_empty());
    assert_eq!(engine.routine("Evening").unwrap_err().code(), "not_found");
    assert_eq!(engine.restore_routine(view.routine.id.as_str()).unwrap(), view);
    engine
        .set_step(
            "Evening",
            HOOK_PAIR[0],
            &StepEdit { note: Some(Some("slowly".into())), ..StepEdit::default() },
            &[],
        )
        .unwrap();
    engine.remove_routine("Evening").unwrap();
    let back = engine.import_routine(&file, &ImportOptions::default()).unwrap();
    assert_eq!(back.view.routine, view.routine);
}

#[test]
fn two_devices_that_edit_one_plan_offline_come_to_the_same() {
    let [phone, tablet] = devices();
    let (phone, tablet) = (phone.open(), tablet.open());
    pair(&phone);
    carry(&phone, &tablet);
    let note = StepEdit { note: Some(Some("left first".into())), ..StepEdit::default() };
    phone.set_step("Evening", HOOK_PAIR[0], &note, &[]).unwrap();
    tablet.add_step("Evening", &step("kneeling-hip-flexor"), &StepPlace::End, &[]).unwrap();
    tablet.rename_routine("Evening", "Night").unwrap();
    carry(&phone, &tablet);
    carry(&tablet, &phone);
    carry(&phone, &tablet);
    let (a, b) = (phone.routine("Night").unwrap(), tablet.routine("Night").unwrap());
    assert_eq!(a.routine, b.routine);
    assert_eq!(exercises(&a).len(), 3);
    assert_eq!(a.routine.steps().next().unwrap().note.as_deref(), Some("left first"));
    assert!(a.conflicts.is_empty() && b.conflicts.is_empty());
}

/// Two devices that gave one step two doses.
fn in_conflict() -> ([crate::commands::testing::Home; 2], Engine, Engine) {
    let homes: [_; 2] = devices();
    let (phone, tablet) = (homes[0].open(), homes[1].open());
    pair(&phone);
    carry(&phone, &tablet);
    for (engine, seconds) in [(&phone, 75), (&tablet, 45)] {
        let hold_s = Some(Range::exactly(seconds));
        let dose = DoseEdit { hold_s, ..DoseEdit::default() };
        let edit = StepEdit { dose, ..StepEdit::default() };
        engine.set_step("Evening", HOOK_PAIR[0], &edit, &[]).unwrap();
    }
    carry(&phone, &tablet);
    carry(&tablet, &phone);
    (homes, phone, tablet)
}

#[test]
fn two_doses_written_at_once_are_shown_until_somebody_settles_them() {
    for pick in 0..2 {
        let (_homes, phone, tablet) = in_conflict();
        let view = phone.routine("Evening").unwrap();
        let [conflict] = &view.conflicts[..] else { panic!("{:?}", view.conflicts) };
        assert_eq!((conflict.field.as_str(), conflict.values.len()), ("dose", 2));
        assert_eq!(conflict.values.iter().filter(|value| value.this_device).count(), 1);
        let wanted = conflict.values[pick].value["value"].clone();
        let settled = phone.settle_routine("Evening", &conflict.id, pick, &[]).unwrap();
        assert!(settled.conflicts.is_empty());
        let dose = settled.routine.steps().next().unwrap().dose.clone();
        assert_eq!(serde_json::to_value(&dose).unwrap(), wanted);
        carry(&phone, &tablet);
        let there = tablet.routine("Evening").unwrap();
        assert!(there.conflicts.is_empty());
        assert_eq!(there.routine, settled.routine);
        let gone = phone.settle_routine("Evening", &conflict.id, pick, &[]).unwrap_err();
        assert_eq!(gone.code(), "not_found");
    }
}

#[test]
fn saying_the_dose_anew_settles_it_also_where_it_is_the_one_that_stands() {
    let (_homes, phone, tablet) = in_conflict();
    let stands = phone.routine("Evening").unwrap().routine.steps().next().unwrap().dose.clone();
    let dose = DoseEdit { hold_s: Some(stands.hold_s), ..DoseEdit::default() };
    let edit = StepEdit { dose, ..StepEdit::default() };
    let view = phone.set_step("Evening", HOOK_PAIR[0], &edit, &[]).unwrap();
    assert!(view.conflicts.is_empty());
    carry(&phone, &tablet);
    assert_eq!(tablet.routine("Evening").unwrap().routine, view.routine);
}

#[test]
fn an_edit_sees_what_another_process_wrote() {
    let [home] = devices();
    let (one, other) = (home.open(), home.open());
    pair(&one);
    other.add_step("Evening", &step("kneeling-hip-flexor"), &StepPlace::End, &[]).unwrap();
    assert_eq!(exercises(&one.routine("Evening").unwrap()).len(), 3);
    one.rename_routine("Evening", "Night").unwrap();
    assert_eq!(exercises(&other.routine("Night").unwrap()).len(), 3);
}

#[test]
fn a_plan_of_many_edits_is_folded_and_stays_what_it_was() {
    let [home] = devices();
    let engine = home.open();
    pair(&engine);
    for n in 0..150 {
        let note = StepEdit { note: Some(Some(format!("note {n}"))), ..StepEdit::default() };
        engine.set_step("Evening", HOOK_PAIR[0], &note, &[]).unwrap();
    }
    let again = home.open();
    let note = StepEdit { note: Some(Some("folded".into())), ..StepEdit::default() };
    again.set_step("Evening", HOOK_PAIR[0], &note, &[]).unwrap();
    let stored = again
        .inner
        .store
        .read(|conn| docs::load(conn, again.inner.who.chart, &plan_doc()))
        .unwrap()
        .unwrap();
    assert!(stored.saved.is_some() && stored.changes.is_empty());
    let view = again.routine("Evening").unwrap();
    assert_eq!(view, engine.routine("Evening").unwrap());
    assert_eq!(view.routine.steps().next().unwrap().note.as_deref(), Some("folded"));
}

#[test]
fn a_change_is_told_to_who_observes_and_an_edit_that_changes_nothing_writes_nothing() {
    let [home] = devices();
    let engine = home.open();
    pair(&engine);
    let heard: Arc<Mutex<Vec<Keys>>> = Arc::default();
    let (tx, rx) = std::sync::mpsc::channel();
    let listening = {
        let heard = Arc::clone(&heard);
        engine.observe(move |keys| {
            heard.lock().unwrap().push(keys);
            tx.send(()).unwrap();
        })
    };
    rx.recv().unwrap();
    let version = engine.routine("Evening").unwrap().routine.version;
    engine.rename_routine("Evening", "Evening").unwrap();
    assert_eq!(engine.routine("Evening").unwrap().routine.version, version);
    engine.rename_routine("Evening", "Night").unwrap();
    rx.recv().unwrap();
    let told = heard.lock().unwrap().clone();
    assert_eq!(told.len(), 2, "the edit that changed nothing was not told");
    assert!(told[1].has(Key::Routines) && !told[1].has(Key::History));
    drop(listening);
}

#[test]
fn a_figure_given_to_a_step_nobody_timed_makes_it_timed() {
    let open = holdfast_domain::dose::Dose {
        mode: Mode::Open,
        hold_s: Range::UNSTATED,
        reps: Range::UNSTATED,
        sets: Range::UNSTATED,
        rest_s: Range::UNSTATED,
        tempo: Vec::new(),
    };
    let hold = DoseEdit { hold_s: Some(Range::exactly(30)), ..DoseEdit::default() };
    assert_eq!(hold.over(&open).mode, Mode::Timed);
    let paced = DoseEdit { tempo: Some(vec![3, 2, 1]), ..DoseEdit::default() };
    let dose = paced.over(&open);
    assert_eq!((dose.mode, dose.tempo.len()), (Mode::Tempo, 3));
    let said = DoseEdit { mode: Some(Mode::UntilEased), ..hold };
    assert_eq!(said.over(&open).mode, Mode::UntilEased);
}
