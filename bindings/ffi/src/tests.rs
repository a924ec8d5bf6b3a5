//! Every record is walked with a real one of the engine, and refuses a field it does not know: so nothing the
//! engine hands out is left behind. The whole story is told in `bindings/python/tests`.

use std::future::Future;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use crate::clock::ClockHandle;
use crate::days::{DayQuery, EventRequest, HabitPlan};
use crate::engine::{AccountRequest, EngineConfig, EngineHandle, create_engine, open_engine};
use crate::exercises::ExerciseRequest;
use crate::failure::Failure;
use crate::given::DoseRange;
use crate::holds::{HistoryQuery, HoldEdit, LogRequest};
use crate::keys::{KeyStore, KeyStoreError};
use crate::observe::ChangeListener;
use crate::play::PlayOptions;
use crate::play_values::PlayAction;
use crate::profile::ProfileChange;
use crate::routines::{RoutineImportOptions, Schedule, TemplateOptions};
use crate::routines_edit::{Place, StepRequest};

fn wait<T>(done: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(done)
}

fn config(directory: &std::path::Path) -> EngineConfig {
    EngineConfig {
        directory: directory.display().to_string(),
        keys: None,
        clock: Some(ClockHandle::fake(1_772_312_400_000, "Europe/Berlin".to_owned())),
        language: "en".to_owned(),
        extra_root_pem: None,
    }
}

fn home() -> (tempfile::TempDir, Arc<EngineHandle>) {
    let room = tempfile::tempdir().unwrap();
    let account =
        AccountRequest { name: "Ana".to_owned(), device_name: "phone".to_owned(), relay: None };
    let made = wait(create_engine(config(&room.path().join("home")), account)).unwrap();
    assert_eq!(made.phrase.len(), 12);
    (room, made.engine)
}

fn held(exercise: &str, held_ms: u64, side: Option<&str>) -> LogRequest {
    LogRequest {
        exercise: exercise.to_owned(),
        held_ms: Some(held_ms),
        reps: None,
        hold_each_ms: None,
        ticked: false,
        side: side.map(str::to_owned),
        routine: None,
        date: None,
        slot: None,
        step: None,
        session: None,
        set: None,
        rep: None,
        target_ms: None,
        pain_before: Some(4),
        pain_after: Some(2),
        pain_site: Some("hip".to_owned()),
        ended: None,
        eased_ms: Some(30_000),
        not_eased: false,
        moves: 1,
        paused_ms: 0,
        load: None,
        tempo: Vec::new(),
        tool: None,
        by: Some("Ben".to_owned()),
        at_ms: None,
        note: Some("quiet".to_owned()),
        yes: true,
    }
}

#[test]
fn holds_sessions_and_the_history_cross_whole() {
    let (_room, engine) = home();
    let logged = wait(engine.log(held("psoas-release-hook", 90_000, Some("both")))).unwrap();
    assert_eq!(logged.len(), 2);
    let edit = HoldEdit { held_ms: Some(80_000), eased_ms: Some(20_000), ..HoldEdit::default() };
    let edited = wait(engine.edit_hold(logged[0].hold_id.clone(), edit)).unwrap();
    assert!(edited.corrected && edited.held_ms == 80_000);
    assert_eq!(wait(engine.hold_records(edited.hold_id.clone())).unwrap().len(), 1);
    let session = wait(engine.session(edited.session_id)).unwrap();
    assert_eq!((session.session.holds, session.holds.len()), (2, 2));
    let by_session = HistoryQuery { by_session: true, ..HistoryQuery::default() };
    assert_eq!(wait(engine.history(by_session)).unwrap().sessions.len(), 1);
    let one = HistoryQuery { limit: Some(1), ..HistoryQuery::default() };
    assert!(wait(engine.history(one)).unwrap().next.is_some());
}

#[test]
fn routines_with_all_they_have_cross_whole() {
    let (_room, engine) = home();
    let view = wait(engine.new_routine("Evening".to_owned())).unwrap();
    let id = view.routine.id;
    let request = ExerciseRequest {
        name: Some("My stretch".to_owned()),
        kind: Some("stretch".to_owned()),
        sides: Some("per_side".to_owned()),
        note: Some("on the mat".to_owned()),
        ..ExerciseRequest::default()
    };
    let own = wait(engine.add_exercise(request)).unwrap();
    for exercise in ["childs-pose", own.id.as_str()] {
        let step = StepRequest {
            exercise: exercise.to_owned(),
            dose: None,
            side: None,
            tool: None,
            note: Some("slowly".to_owned()),
            optional: true,
        };
        wait(engine.add_step(id.clone(), step, Place::Last, Vec::new())).unwrap();
    }
    let once = DoseRange { min: Some(1), max: Some(2), ..DoseRange::default() };
    let schedule =
        Schedule { times: Some(once), per: Some("week".to_owned()), ..Schedule::default() };
    let view = wait(engine.schedule_routine(id.clone(), Some(schedule.clone()))).unwrap();
    assert_eq!(view.routine.schedule, Some(schedule));
    assert_eq!(view.own_exercises, [own.id]);
    assert_eq!(wait(engine.routines()).unwrap()[0].steps, 2);
    assert!(wait(engine.check_routine(id.clone())).is_ok());
    let text = wait(engine.routine_file(id.clone())).unwrap();
    let copy = RoutineImportOptions { as_copy: true, ..RoutineImportOptions::default() };
    assert_eq!(wait(engine.import_routine(text, copy)).unwrap().view.routine.name, "Evening");
    assert!(wait(engine.share_routine(id)).unwrap().bytes > 0);
    let handle = crate::catalogue::CatalogueHandle::new("de".to_owned());
    assert!(handle.exercises().unwrap().len() > 50 && handle.rules().len() > 5);
    let templates = handle.templates();
    let made = templates.iter().filter(|template| {
        let options =
            TemplateOptions { realign_side: Some("left".to_owned()), ..TemplateOptions::default() };
        wait(engine.add_template(template.id.clone(), options)).is_ok()
    });
    assert!(made.count() > 3);
    assert!(!wait(engine.due(14)).unwrap().is_empty());
}

#[test]
fn days_the_profile_and_progress_cross_whole() {
    let (_room, engine) = home();
    let habits = wait(engine.habits(None)).unwrap().habits;
    let every = HabitPlan {
        per_day: None,
        every_min: Some(60),
        from_time: Some("09:00".to_owned()),
        to_time: Some("17:00".to_owned()),
    };
    let planned = wait(engine.plan_habit(habits[0].habit.clone(), every.clone())).unwrap();
    assert_eq!(planned.plan, Some(every));
    wait(engine.tick_habit(habits[0].habit.clone(), None, None, None, None)).unwrap();
    let run = EventRequest {
        kind: "run".to_owned(),
        minutes: Some(200),
        site: None,
        side: None,
        score: None,
        at_ms: None,
        note: None,
    };
    assert!(wait(engine.add_event(run)).unwrap().recovery.is_some());
    assert_eq!(wait(engine.days(DayQuery::default())).unwrap().len(), 2);
    let answer = |key: &str, answer: &str| ProfileChange {
        key: key.to_owned(),
        answer: Some(answer.to_owned()),
    };
    let said = vec![answer("pregnant", "yes"), answer("due_date", "2026-06-01")];
    assert!(wait(engine.set_profile(said)).unwrap().pregnancy.is_some());
    wait(engine.log(held("psoas-release-hook", 90_000, Some("both")))).unwrap();
    let progress = wait(engine.progress(Some(7), None)).unwrap();
    assert_eq!((progress.totals.held_ms, progress.pain.n > 0), (180_000, true));
    assert!(wait(engine.self_tests()).unwrap().iter().all(|test| !test.fields.is_empty()));
    let paused = wait(engine.pause_plan("2026-03-01".to_owned(), None)).unwrap();
    assert_eq!(paused.pauses.len(), 1);
    assert_eq!(wait(engine.charts()).unwrap().len(), 1);
    assert_eq!(wait(engine.members()).unwrap().len(), 1);
    assert_eq!(wait(engine.devices()).unwrap().len(), 2);
    assert!(wait(engine.recovery()).unwrap().checked_at_ms.is_none());
    assert!(wait(engine.doctor(false)).unwrap().ok);
}

#[test]
fn a_session_s_inputs_do_not_wait_for_the_disk_and_all_of_them_get_there() {
    let (_room, engine) = home();
    let id = wait(engine.new_routine("x".to_owned())).unwrap().routine.id;
    let step = StepRequest {
        exercise: "childs-pose".to_owned(),
        dose: None,
        side: None,
        tool: None,
        note: None,
        optional: false,
    };
    wait(engine.add_step(id.clone(), step, Place::Last, Vec::new())).unwrap();
    let no = |key: &str| ProfileChange { key: key.to_owned(), answer: Some("no".to_owned()) };
    wait(engine.set_profile(vec![no("serious_injury"), no("strain")])).unwrap();
    let play = wait(engine.play(id, PlayOptions::default())).unwrap();
    play.apply(PlayAction::Start, None).unwrap();
    for _ in 0..20 {
        play.apply(PlayAction::Pause { reason: "person".to_owned() }, None).unwrap();
        play.apply(PlayAction::Resume, None).unwrap();
    }
    wait(play.saved()).unwrap();
    assert_eq!(play.save_state().state, "saved");
    assert!(wait(engine.unfinished_play()).unwrap().is_some());
    let result = wait(play.finish()).unwrap();
    assert!(result.end.is_some());
    assert!(wait(engine.unfinished_play()).unwrap().is_none());
    let no_reason = PlayAction::Pause { reason: "boredom".to_owned() };
    assert!(matches!(play.apply(no_reason, None), Err(Failure::BadInput { .. })));
}

#[test]
fn a_call_that_nobody_waits_for_is_not_begun_and_cancels_what_runs() {
    let cancel = holdfast::Cancel::new();
    let (began, begins) = mpsc::channel();
    let seen = cancel.clone();
    let mut call = Box::pin(crate::work::done(cancel, move || {
        began.send(()).unwrap();
        while !seen.is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }));
    wait(async {
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx)));
        assert!(polled.await.is_pending());
    });
    begins.recv_timeout(Duration::from_secs(5)).unwrap();
    drop(call);
}

#[test]
fn listeners_hear_everything_at_first_and_a_closed_engine_says_closed() {
    struct Heard(Mutex<mpsc::Sender<Vec<String>>>);
    impl ChangeListener for Heard {
        fn changed(&self, keys: Vec<String>) {
            let _ = self.0.lock().unwrap().send(keys);
        }
    }
    let (_room, engine) = home();
    let (send, heard) = mpsc::channel();
    let listening = engine.observe(Arc::new(Heard(Mutex::new(send)))).unwrap();
    let first = heard.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(first.len(), holdfast::Key::ALL.len());
    wait(engine.log(held("childs-pose", 30_000, None))).unwrap();
    assert!(heard.recv_timeout(Duration::from_secs(5)).unwrap().contains(&"history".to_owned()));
    wait(engine.shut());
    assert!(matches!(wait(engine.routines()), Err(Failure::Closed { .. })));
    listening.stop();
}

#[test]
fn a_panicking_command_is_an_error_and_no_more() {
    let done = wait(crate::work::done::<()>(holdfast::Cancel::new(), || panic!("a mistake")));
    assert!(matches!(done, Err(holdfast::HoldfastError::RestartNeeded { .. })));
}

/// Opens another home whenever it is asked: under a lock of the engine's that would hang.
struct Nosy {
    other: EngineConfig,
    key: Mutex<Option<Vec<u8>>>,
    marker: Mutex<Option<String>>,
}

impl KeyStore for Nosy {
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError> {
        wait(open_engine(self.other.clone())).map_err(|_| KeyStoreError::Lost)?;
        Ok(self.key.lock().unwrap().clone())
    }
    fn create(&self, key: Vec<u8>) -> Result<(), KeyStoreError> {
        *self.key.lock().unwrap() = Some(key);
        Ok(())
    }
    fn marker(&self) -> Result<Option<String>, KeyStoreError> {
        wait(open_engine(self.other.clone())).map_err(|_| KeyStoreError::Lost)?;
        Ok(self.marker.lock().unwrap().clone())
    }
    fn set_marker(&self, fresh: String) -> Result<(), KeyStoreError> {
        wait(open_engine(self.other.clone())).map_err(|_| KeyStoreError::Lost)?;
        *self.marker.lock().unwrap() = Some(fresh);
        Ok(())
    }
    fn forget(&self) -> Result<(), KeyStoreError> {
        *self.key.lock().unwrap() = None;
        Ok(())
    }
}

#[test]
fn a_key_store_is_called_under_no_lock_also_where_the_home_was_copied() {
    let (room, other) = home();
    drop(other);
    let keys = Arc::new(Nosy {
        other: config(&room.path().join("home")),
        key: Mutex::default(),
        marker: Mutex::default(),
    });
    let nosy = || EngineConfig {
        keys: Some(Arc::clone(&keys) as Arc<dyn KeyStore>),
        ..config(&room.path().join("nosy"))
    };
    let account =
        AccountRequest { name: "Ben".to_owned(), device_name: "phone".to_owned(), relay: None };
    let made = wait(create_engine(nosy(), account)).unwrap();
    wait(made.engine.shut());
    // Another marker is what a copied directory looks like: a new one is kept then.
    *keys.marker.lock().unwrap() = Some("elsewhere".to_owned());
    let (send, opened) = mpsc::channel();
    let again = nosy();
    std::thread::spawn(move || send.send(wait(open_engine(again)).is_ok()));
    assert!(opened.recv_timeout(Duration::from_secs(30)).unwrap());
    assert_ne!(keys.marker.lock().unwrap().as_deref(), Some("elsewhere"));
}
