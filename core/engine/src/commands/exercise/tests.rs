//! Own exercises: made, used, logged, merged between devices.

use holdfast_domain::dose::Range;
use holdfast_domain::vocabulary::{Kind, Laterality, Mode};

use super::{OwnEdit, OwnRequest};
use crate::commands::routine::{DoseEdit, ImportOptions, StepPlace, StepRequest};
use crate::commands::testing::{carry, devices};
use crate::{Done, Engine, HistoryQuery, LogRequest, LogSide};

fn lean(engine: &Engine) -> String {
    let mut request = OwnRequest::new("Wall lean", Kind::Stretch, Laterality::PerSide);
    request.dose.hold_s = Some(Range::exactly(40));
    engine.add_exercise(&request).unwrap().exercise.id.to_string()
}

fn held(exercise: &str) -> LogRequest {
    let done = Done::Held(holdfast_domain::units::Millis::from_secs(41));
    LogRequest { side: Some(LogSide::Left), ..LogRequest::new(exercise, done) }
}

#[test]
fn an_own_exercise_is_logged_and_shown_under_its_name_and_an_edit_rewrites_nothing() {
    let [home] = devices();
    let engine = home.open();
    let id = lean(&engine);
    let hold = engine.log(&held("wall lean")).unwrap().remove(0);
    assert_eq!((hold.exercise.as_str(), hold.target_ms), (id.as_str(), Some(40_000)));
    assert_eq!(hold.exercise_name.as_deref(), Some("Wall lean"));
    let longer = DoseEdit { hold_s: Some(Range::exactly(90)), ..DoseEdit::default() };
    let edit = OwnEdit { dose: longer, note: Some(Some("slowly".into())), ..OwnEdit::default() };
    let edited = engine.edit_exercise("Wall lean", &edit).unwrap().exercise;
    assert_eq!(edited.dose.hold_s, Range::exactly(90));
    assert_eq!(edited.dose.mode, Mode::Timed);
    assert_eq!(engine.hold(&hold.hold_id).unwrap(), hold, "history stands as it was recorded");
    engine.remove_exercise("Wall lean").unwrap();
    assert_eq!(engine.hold(&hold.hold_id).unwrap().exercise_name.as_deref(), Some("Wall lean"));
    let query = HistoryQuery { exercise: Some(id.clone()), ..HistoryQuery::default() };
    assert_eq!(engine.history(&query).unwrap().holds.unwrap().len(), 1);
    assert_eq!(engine.log(&held(&id)).unwrap_err().code(), "unknown_exercise");
    assert!(engine.own_exercises(false).unwrap().is_empty());
    engine.restore_exercise(&id).unwrap();
    engine.log(&held(&id)).unwrap();
}

#[test]
fn edits_of_different_fields_on_two_devices_merge_and_of_one_field_are_shown() {
    let [phone, tablet] = devices();
    let (phone, tablet) = (phone.open(), tablet.open());
    let id = lean(&phone);
    carry(&phone, &tablet);
    let name = |name: &str| OwnEdit { name: Some(name.into()), ..OwnEdit::default() };
    let dose = |secs| OwnEdit {
        dose: DoseEdit { hold_s: Some(Range::exactly(secs)), ..DoseEdit::default() },
        ..OwnEdit::default()
    };
    phone.edit_exercise(&id, &name("Door lean")).unwrap();
    tablet.edit_exercise(&id, &dose(60)).unwrap();
    for _ in 0..2 {
        carry(&phone, &tablet);
        carry(&tablet, &phone);
    }
    let (a, b) = (phone.own_exercise(&id).unwrap(), tablet.own_exercise(&id).unwrap());
    assert_eq!(a.exercise, b.exercise);
    assert_eq!(
        (a.exercise.name.as_str(), a.exercise.dose.hold_s),
        ("Door lean", Range::exactly(60))
    );
    assert!(a.conflicts.is_empty());

    phone.edit_exercise(&id, &dose(30)).unwrap();
    tablet.edit_exercise(&id, &dose(90)).unwrap();
    for _ in 0..2 {
        carry(&phone, &tablet);
        carry(&tablet, &phone);
    }
    let (a, b) = (phone.own_exercise(&id).unwrap(), tablet.own_exercise(&id).unwrap());
    assert_eq!(a.exercise, b.exercise, "one stands, the same on both");
    assert_eq!((a.conflicts.len(), a.conflicts[0].values.len()), (1, 2));
    phone.edit_exercise(&id, &dose(30)).unwrap();
    carry(&phone, &tablet);
    let settled = tablet.own_exercise(&id).unwrap();
    assert!(settled.conflicts.is_empty());
    assert_eq!(settled.exercise.dose.hold_s, Range::exactly(30));
}

#[test]
fn what_a_routine_uses_is_not_removed_nor_bent_under_it() {
    let [home] = devices();
    let engine = home.open();
    let id = lean(&engine);
    engine.new_routine("Evening").unwrap();
    let step = StepRequest { exercise: "wall lean".into(), ..StepRequest::default() };
    let (view, _) = engine.add_step("Evening", &step, &StepPlace::End, &[]).unwrap();
    assert_eq!(view.own_exercises[0].id.as_str(), id);
    let error = engine.remove_exercise(&id).unwrap_err();
    assert_eq!(error.code(), "in_use");
    assert!(error.to_string().contains("Evening"), "{error}");
    let edit = OwnEdit { sides: Some(Laterality::Bilateral), ..OwnEdit::default() };
    assert_eq!(engine.edit_exercise(&id, &edit).unwrap_err().code(), "no_longer_fits");
    assert!(engine.check_routine("Evening").unwrap().iter().all(|finding| !finding.blocks()));
    assert_eq!(engine.own_exercise(&id).unwrap().used_in, ["Evening"]);
    engine.remove_routine("Evening").unwrap();
    engine.remove_exercise(&id).unwrap();
    // The routine comes back whole: what it uses is known by its name.
    let back = engine.restore_routine(view.routine.id.as_str()).unwrap();
    assert_eq!(back.own_exercises[0].name, "Wall lean");
}

#[test]
fn names_are_free_only_once_and_the_catalogue_is_nobodys_to_edit() {
    let [home] = devices();
    let engine = home.open();
    lean(&engine);
    let request = |name: &str| OwnRequest::new(name, Kind::Stretch, Laterality::Bilateral);
    for taken in ["wall LEAN", "childs-pose"] {
        let error = engine.add_exercise(&request(taken)).unwrap_err();
        assert_eq!((error.code(), error.field()), ("name_taken", Some("name")), "{taken}");
    }
    assert_eq!(engine.add_exercise(&request(" ")).unwrap_err().field(), Some("name"));
    let edit = OwnEdit { kind: Some(Kind::Strength), ..OwnEdit::default() };
    assert_eq!(engine.edit_exercise("childs-pose", &edit).unwrap_err().code(), "not_own");
    assert_eq!(engine.remove_exercise("childs-pose").unwrap_err().code(), "not_own");
    assert_eq!(engine.remove_exercise("nothing").unwrap_err().code(), "not_found");
    assert_eq!(engine.own_exercises(true).unwrap().len(), 1);
}

#[test]
fn a_routine_file_brings_the_own_exercises_it_needs_and_nothing_about_the_person() {
    let [home, other] = devices();
    let (engine, other) = (home.open(), other.open());
    let id = lean(&engine);
    engine.new_routine("Evening").unwrap();
    let step = StepRequest { exercise: id.clone(), ..StepRequest::default() };
    engine.add_step("Evening", &step, &StepPlace::End, &[]).unwrap();
    engine.log(&held(&id)).unwrap();
    let file = engine.routine_file("Evening").unwrap();
    let identity = engine.identity().unwrap();
    for person in [&identity.account, &identity.device, &identity.name, &identity.zone] {
        assert!(!file.contains(person.as_str()), "{person} in {file}");
    }
    let dry = ImportOptions { dry_run: true, ..ImportOptions::default() };
    let looked = other.import_routine(&file, &dry).unwrap();
    assert_eq!((looked.added, &looked.exercises_added[..]), (true, &["Wall lean".to_owned()][..]));
    assert!(other.routines().unwrap().is_empty() && other.own_exercises(true).unwrap().is_empty());
    let taken = other.import_routine(&file, &ImportOptions::default()).unwrap();
    assert_eq!(taken.view.own_exercises[0].id.as_str(), id);
    assert!(!other.import_routine(&file, &ImportOptions::default()).unwrap().added);
    assert!(!engine.import_routine(&file, &ImportOptions::default()).unwrap().added);
    assert_eq!(other.routine_file("Evening").unwrap(), file, "what was taken in goes out the same");
}
