//! A therapist prescribes over a real relay: proposed, looked at, accepted or not, and what it counts from.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use holdfast::clock::FakeClock;
use holdfast::domain::dose::Range;
use holdfast::domain::prescription::{Change, Settled, Standing};
use holdfast::domain::routine::{Rhythm, Schedule, Span};
use holdfast::domain::units::LocalDay;
use holdfast::domain::vocabulary::{Kind, Laterality};
use holdfast::prescription::{
    AcceptOptions, PrescriptionView, Proposal, ProposedFrom, RoutineEdit,
};
use holdfast::routine::{DoseEdit, RuleOverride, StepEdit, StepPlace, StepRequest};
use holdfast::sharing::Role;
use holdfast::{
    Config, Engine, ExportFormat, GrantRequest, HoldfastError, Invitation, Key, NewAccount,
    OwnRequest, ProgressQuery,
};
use holdfast_tests::near_relay::{NearRelay, URL};
use holdfast_tests::scene::{Scene, settle, sync};

const HOUR: u64 = 60 * 60 * 1000;
const DAY: i64 = 24 * 60 * 60 * 1000;

fn person(scene: &Scene, name: &str) -> Engine {
    let account = NewAccount {
        name: name.to_owned(),
        device_name: format!("{name}'s phone"),
        relay: Some(scene.url()),
    };
    Engine::create(Config::command_line(scene.home(name)), account).unwrap().0
}

/// Lets somebody into the own chart. Gives it as they see it.
fn let_in(owner: &Engine, guest: &Engine, name: &str, role: Role) -> Engine {
    let invitation = Invitation {
        name: Some(name.to_owned()),
        grant: GrantRequest::of(role),
        valid_ms: HOUR,
        confirm_first: false,
    };
    let link = owner.invite(&invitation).unwrap().link;
    let chart = guest.accept_invite(&link).unwrap();
    sync(owner);
    guest.chart(&chart.id).unwrap()
}

/// Ana with a routine of two stretches, Dr. Cruz, and Ana's chart as Dr. Cruz sees it.
fn ana_and_cruz(scene: &Scene) -> (Engine, Engine, Engine) {
    let (ana, cruz) = (person(scene, "Ana"), person(scene, "Dr. Cruz"));
    let hers = routine_and_therapist(&ana, &cruz);
    (ana, cruz, hers)
}

fn routine_and_therapist(ana: &Engine, cruz: &Engine) -> Engine {
    ana.new_routine("Evening hips").unwrap();
    for exercise in ["kneeling-hip-flexor", "childs-pose"] {
        let step = StepRequest { exercise: exercise.to_owned(), ..StepRequest::default() };
        ana.add_step("Evening hips", &step, &StepPlace::End, &[]).unwrap();
    }
    sync(ana);
    let hers = let_in(ana, cruz, "Dr. Cruz", Role::Therapist);
    sync(cruz);
    hers
}

fn hold(step: &str, seconds: u32) -> RoutineEdit {
    let dose = DoseEdit { hold_s: Some(Range::exactly(seconds)), ..DoseEdit::default() };
    let edit = Box::new(StepEdit { dose, ..StepEdit::default() });
    RoutineEdit::SetStep { step: step.to_owned(), edit }
}

fn per_day(times: u32) -> RoutineEdit {
    let rhythm = Rhythm::Times { count: Range::exactly(times), per: Span::Day };
    RoutineEdit::Schedule(Some(Schedule { rhythm: Some(rhythm), ..Schedule::default() }))
}

/// A proposal about Ana's routine.
fn of_hips(edits: Vec<RoutineEdit>) -> Proposal {
    Proposal { routine: Some("Evening hips".to_owned()), edits, ..Proposal::default() }
}

fn plainly() -> AcceptOptions {
    AcceptOptions::default()
}

fn code(error: &HoldfastError) -> &str {
    error.code()
}

fn accepted(view: &PrescriptionView) -> Option<LocalDay> {
    match view.standing {
        Standing::Settled(Settled::Accepted { on }) => Some(on),
        _ => None,
    }
}

fn is_open(view: &PrescriptionView) -> bool {
    matches!(view.standing, Standing::Open { .. })
}

fn held_for(engine: &Engine, exercise: &str) -> Option<u32> {
    let view = engine.routine("Evening hips").unwrap();
    let step = view.routine.steps().find(|step| step.exercise.as_str() == exercise).cloned();
    step.and_then(|step| step.dose.hold_s.to_play())
}

#[test]
fn what_a_therapist_proposes_is_seen_step_by_step_and_becomes_the_routine_once_accepted() {
    let scene = Scene::new();
    let (ana, cruz, hers) = ana_and_cruz(&scene);
    let before = ana.routine("Evening hips").unwrap().routine;
    let reason = Some("slower, and twice a day".to_owned());
    let edits = vec![hold("childs-pose", 120), per_day(2)];
    let proposed = hers.propose(&Proposal { reason, ..of_hips(edits) }).unwrap();
    assert_eq!(proposed.based_on, Some(before.version));
    settle(&[&cruz, &ana]);

    let seen = ana.prescriptions().unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!((&seen[0].id, seen[0].by_name.as_deref()), (&proposed.id, Some("Dr. Cruz")));
    assert_eq!(seen[0].reason.as_deref(), Some("slower, and twice a day"));
    assert_eq!(seen[0].standing, Standing::Open { moved_on: false });
    assert_eq!(held_for(&ana, "childs-pose"), before.steps().nth(1).unwrap().dose.hold_s.to_play());
    let diff = ana.prescription_diff(&proposed.id[..8]).unwrap();
    assert_eq!(diff.differences.len(), 2, "{:?}", diff.differences);
    assert!(matches!(diff.differences[0].change, Change::Schedule { .. }));
    assert!(matches!(&diff.differences[1].change, Change::Dose { to, .. }
        if to.hold_s.to_play() == Some(120)));

    let done = ana.accept_prescription("Evening hips", &plainly()).unwrap();
    assert!(accepted(&done.prescription).is_some());
    assert_eq!(done.view.author_name.as_deref(), Some("Dr. Cruz"));
    assert_eq!(done.view.routine.author, proposed.by, "by the verified account");
    assert_eq!(done.view.routine.version, before.version + 1);
    assert_eq!(held_for(&ana, "childs-pose"), Some(120));
    let listed = ana.routines().unwrap();
    assert_eq!(listed[0].author_name.as_deref(), Some("Dr. Cruz"));
    assert!(ana.prescription_diff(&proposed.id).unwrap().differences.is_empty());

    settle(&[&ana, &cruz]);
    let told = hers.prescriptions().unwrap();
    assert!(accepted(&told[0]).is_some(), "the therapist sees what became of it");
    assert_eq!(held_for(&hers, "childs-pose"), Some(120));
    assert!(ana.doctor(false).unwrap().ok && cruz.doctor(false).unwrap().ok);
}

#[test]
fn a_version_made_of_an_older_plan_names_both_and_a_later_one_takes_the_place_of_the_earlier() {
    let scene = Scene::new();
    let (ana, cruz, hers) = ana_and_cruz(&scene);
    let version = ana.routine("Evening hips").unwrap().routine.version;
    let first = hers.propose(&of_hips(vec![hold("childs-pose", 90)])).unwrap();
    sync(&cruz);
    // Ana edits before she hears of it.
    let longer = StepEdit { note: Some(Some("with a pillow".into())), ..StepEdit::default() };
    ana.set_step("Evening hips", "childs-pose", &longer, &[]).unwrap();
    sync(&ana);
    let seen = ana.prescription_diff(&first.id).unwrap().prescription;
    assert_eq!(seen.standing, Standing::Open { moved_on: true });
    assert_eq!((seen.based_on, seen.current_version), (Some(version), Some(version + 1)));

    settle(&[&ana, &cruz]);
    let second = hers.propose(&of_hips(vec![hold("childs-pose", 75)])).unwrap();
    assert_eq!(second.standing, Standing::Open { moved_on: false });
    settle(&[&cruz, &ana]);
    let all = ana.prescriptions().unwrap();
    assert_eq!(all[0].id, second.id, "the newest first");
    let by = second.id.parse().unwrap();
    assert_eq!(all[1].standing, Standing::Superseded { by });
    let refused = ana.accept_prescription(&first.id, &plainly()).unwrap_err();
    assert_eq!(code(&refused), "superseded");
    assert!(refused.to_string().contains(&second.id), "{refused}");
    assert_eq!(code(&ana.keep_own(&first.id).unwrap_err()), "superseded");

    let kept = ana.keep_own("Evening hips").unwrap();
    assert!(matches!(kept.standing, Standing::Settled(Settled::Kept { .. })));
    assert_ne!(held_for(&ana, "childs-pose"), Some(75), "the own routine stays");
    for refused in [
        ana.accept_prescription(&second.id, &plainly()).unwrap_err(),
        ana.keep_own(&second.id).unwrap_err(),
    ] {
        assert_eq!(code(&refused), "settled_before");
    }
    // What she kept does not come back; a third version can be taken, even one of an old version.
    settle(&[&ana, &cruz]);
    let old = Proposal { based_on: Some(version), ..of_hips(vec![hold("childs-pose", 80)]) };
    let third = hers.propose(&old).unwrap();
    assert_eq!(third.standing, Standing::Open { moved_on: true });
    settle(&[&cruz, &ana]);
    ana.accept_prescription(&third.id, &plainly()).unwrap();
    assert_eq!(held_for(&ana, "childs-pose"), Some(80));
}

#[test]
fn two_devices_that_settle_one_proposal_at_once_come_to_the_same() {
    let scene = Scene::new();
    let (ana, cruz, hers) = ana_and_cruz(&scene);
    let tablet = scene.pair(&ana, "tablet");
    let proposed = hers.propose(&of_hips(vec![hold("childs-pose", 90), per_day(1)])).unwrap();
    settle(&[&cruz, &ana, &tablet]);
    ana.accept_prescription(&proposed.id, &plainly()).unwrap();
    tablet.keep_own(&proposed.id).unwrap();
    settle(&[&tablet, &ana]);
    for engine in [&ana, &tablet] {
        let seen = engine.prescriptions().unwrap();
        assert!(accepted(&seen[0]).is_some(), "the routine was written: it was accepted");
        assert_eq!(held_for(engine, "childs-pose"), Some(90));
        assert_eq!(code(&engine.keep_own(&proposed.id).unwrap_err()), "settled_before");
        assert!(engine.doctor(false).unwrap().ok);
    }
    // Both accept: one routine, nothing in conflict.
    settle(&[&ana, &cruz]);
    let again = hers.propose(&of_hips(vec![hold("childs-pose", 60)])).unwrap();
    settle(&[&cruz, &ana, &tablet]);
    ana.accept_prescription(&again.id, &plainly()).unwrap();
    tablet.accept_prescription(&again.id, &plainly()).unwrap();
    settle(&[&tablet, &ana]);
    let (one, other) =
        (ana.routine("Evening hips").unwrap(), tablet.routine("Evening hips").unwrap());
    assert_eq!(one.routine, other.routine);
    assert!(one.conflicts.is_empty(), "{:?}", one.conflicts);
    assert_eq!(held_for(&tablet, "childs-pose"), Some(60));
}

#[test]
fn a_new_routine_comes_from_an_own_chart_a_file_a_link_or_a_template_with_what_it_needs() {
    let scene = Scene::new();
    let (ana, cruz, hers) = ana_and_cruz(&scene);
    let own = OwnRequest::new("Wall lean", Kind::Stretch, Laterality::PerSide);
    cruz.add_exercise(&own).unwrap();
    cruz.new_routine("For the wall").unwrap();
    let step = StepRequest { exercise: "Wall lean".to_owned(), ..StepRequest::default() };
    cruz.add_step("For the wall", &step, &StepPlace::End, &[]).unwrap();
    cruz.new_routine("Plain").unwrap();
    let step = StepRequest { exercise: "childs-pose".to_owned(), ..StepRequest::default() };
    cruz.add_step("Plain", &step, &StepPlace::End, &[]).unwrap();
    let link = cruz.share_routine("Plain").unwrap().link;
    let file = cruz.routine_file("For the wall").unwrap();
    let rename = |name: &str| vec![RoutineEdit::Rename(name.to_owned())];
    let from = |from: ProposedFrom, edits| Proposal { from, edits, ..Proposal::default() };
    let of_own = from(ProposedFrom::Own("For the wall".to_owned()), vec![per_day(1)]);
    hers.propose(&of_own).unwrap();
    hers.propose(&from(ProposedFrom::Link(link), rename("By link"))).unwrap();
    let other = file.replace("\"id\": \"", "\"id\": \"x").replace("\"xown:", "\"own:");
    hers.propose(&from(ProposedFrom::File(other), rename("By file"))).unwrap();
    let template = ProposedFrom::Template("bedtime-10".to_owned(), Box::default());
    hers.propose(&from(template, rename("By template"))).unwrap();
    settle(&[&cruz, &ana]);

    let names = ["For the wall", "By link", "By file", "By template"];
    for name in names {
        let diff = ana.prescription_diff(name).unwrap();
        assert!(diff.current.is_none() && !diff.differences.is_empty(), "{name}");
        assert_eq!(diff.prescription.standing, Standing::Open { moved_on: false });
        ana.accept_prescription(name, &plainly()).unwrap_or_else(|no| panic!("{name}: {no}"));
        assert_eq!(ana.routine(name).unwrap().author_name.as_deref(), Some("Dr. Cruz"));
    }
    let wall = ana.routine("For the wall").unwrap();
    assert_eq!(wall.own_exercises[0].name, "Wall lean");
    assert!(wall.routine.schedule().is_some());
    assert!(ana.due(2).unwrap().iter().any(|due| due.name == "For the wall"));
}

#[test]
fn a_name_in_use_gives_way_and_a_removed_routine_comes_back_with_its_days() {
    let scene = Scene::new();
    let (ana, cruz, hers) = ana_and_cruz(&scene);
    cruz.add_template("bedtime-10", &Default::default()).unwrap();
    let name = cruz.routines().unwrap()[0].name.clone();
    hers.propose(&Proposal { from: ProposedFrom::Own(name.clone()), ..Proposal::default() })
        .unwrap();
    sync(&cruz);
    ana.new_routine(&name).unwrap();
    sync(&ana);
    let refused = ana.accept_prescription(&name, &plainly()).unwrap_err();
    assert_eq!(code(&refused), "name_in_use");
    let otherwise = AcceptOptions { name: Some("Of Dr. Cruz".into()), ..plainly() };
    let done = ana.accept_prescription(&name, &otherwise).unwrap();
    assert_eq!(done.view.routine.name, "Of Dr. Cruz");

    ana.schedule_routine(
        "Evening hips",
        match per_day(1) {
            RoutineEdit::Schedule(schedule) => schedule,
            _ => None,
        },
    )
    .unwrap();
    settle(&[&ana, &cruz]);
    let again = hers.propose(&of_hips(vec![hold("childs-pose", 90)])).unwrap();
    ana.remove_routine("Evening hips").unwrap();
    settle(&[&cruz, &ana]);
    let seen = ana.prescription_diff(&again.id).unwrap().prescription;
    assert_eq!(seen.standing, Standing::Open { moved_on: true });
    assert_eq!(seen.current_version, None);
    ana.accept_prescription(&again.id, &plainly()).unwrap();
    assert_eq!(held_for(&ana, "childs-pose"), Some(90));
    assert!(ana.routine("Evening hips").unwrap().routine.schedule().is_some());
}

#[test]
fn who_may_not_prescribe_read_or_decide_is_refused_with_the_reason() {
    let scene = Scene::new();
    let (ana, cruz, hers) = ana_and_cruz(&scene);
    let ben = person(&scene, "Ben");
    let at_anas = let_in(&ana, &ben, "Ben", Role::Partner);
    let eve = person(&scene, "Eve");
    let looking = let_in(&ana, &eve, "Eve", Role::Viewer);
    settle(&[&ben, &eve]);
    let edits = || vec![hold("childs-pose", 90)];
    let proposed = hers.propose(&of_hips(edits())).unwrap();
    settle(&[&cruz, &ana, &ben, &eve]);
    for outsider in [&at_anas, &looking] {
        assert_eq!(code(&outsider.propose(&of_hips(edits())).unwrap_err()), "not_given");
        assert_eq!(code(&outsider.prescriptions().unwrap_err()), "not_given");
        assert_eq!(code(&outsider.prescription_diff(&proposed.id).unwrap_err()), "not_given");
        let refused = outsider.accept_prescription(&proposed.id, &plainly()).unwrap_err();
        assert_eq!(code(&refused), "only_the_owner");
    }
    assert_eq!(code(&ana.propose(&of_hips(edits())).unwrap_err()), "own_chart");
    assert_eq!(code(&cruz.propose(&of_hips(edits())).unwrap_err()), "own_chart");
    assert_eq!(code(&hers.keep_own(&proposed.id).unwrap_err()), "only_the_owner");
    let unknown = ana.accept_prescription("nothing-like-it", &plainly()).unwrap_err();
    assert!(matches!(unknown, HoldfastError::NotFound { .. }), "{unknown:?}");
    // Nobody without the grant has the key, and an export of theirs has nothing of it.
    let out = scene.room().join("bens.json");
    at_anas.export(ExportFormat::Json, &out).unwrap();
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains("Evening hips") && !text.contains(&proposed.id), "{text}");
    // A therapist who was removed proposes no more; what was proposed can still be decided.
    ana.remove_member("Dr. Cruz").unwrap();
    sync(&ana);
    cruz.sync_once(&holdfast::Budget::default()).unwrap();
    assert_eq!(code(&hers.propose(&of_hips(edits())).unwrap_err()), "not_a_member");
    let done = ana.accept_prescription(&proposed.id, &plainly()).unwrap();
    assert_eq!(done.view.author_name.as_deref(), Some("Dr. Cruz"), "still by name");
}

#[test]
fn a_proposal_that_makes_no_sense_or_breaks_a_hard_rule_is_refused_with_what_was_found() {
    let scene = Scene::new();
    let (ana, cruz, hers) = ana_and_cruz(&scene);
    let iliacus = || RoutineEdit::AddStep {
        step: Box::new(StepRequest {
            exercise: "iliacus-release-hook".to_owned(),
            ..StepRequest::default()
        }),
        place: StepPlace::End,
    };
    let refused = hers.propose(&of_hips(vec![iliacus()])).unwrap_err();
    let HoldfastError::Broken { findings, hint, .. } = &refused else { panic!("{refused:?}") };
    assert!(!findings.is_empty() && hint.is_some());
    let rule = findings[0].rule.to_string();
    let refusals = [
        (of_hips(Vec::new()), "no_difference"),
        (
            Proposal { reason: Some("x".repeat(3_000)), ..of_hips(vec![per_day(1)]) },
            "reason_too_long",
        ),
        (Proposal { based_on: Some(99), ..of_hips(vec![per_day(1)]) }, "no_such_version"),
        (Proposal { routine: None, ..of_hips(vec![per_day(1)]) }, "of_nothing"),
        (of_hips(vec![RoutineEdit::Rename(" ".into())]), "bad_name"),
        (Proposal { from: ProposedFrom::File("{".into()), ..Proposal::default() }, "bad_routine"),
    ];
    for (proposal, expected) in refusals {
        let refused = hers.propose(&proposal).unwrap_err();
        assert_eq!(code(&refused), expected, "{refused}");
    }
    let link = Proposal { from: ProposedFrom::Link("holdfast".into()), ..Proposal::default() };
    assert!(matches!(hers.propose(&link), Err(HoldfastError::Link { .. })));
    assert!(hers.prescriptions().unwrap().is_empty(), "nothing was written");

    let overrides = vec![RuleOverride { rule, reason: "under my eyes".into() }];
    let taken_on = Proposal { overrides, ..of_hips(vec![iliacus()]) };
    hers.propose(&taken_on).unwrap();
    settle(&[&cruz, &ana]);
    let done = ana.accept_prescription("Evening hips", &plainly()).unwrap();
    let decided = &done.view.routine.overrides[0];
    assert_eq!(decided.author, done.prescription.by, "it is the therapist's to answer for");
}

#[test]
fn prescriptions_go_out_and_come_in_again_and_the_tables_tell_of_them() {
    let scene = Scene::new();
    let (ana, cruz, hers) = ana_and_cruz(&scene);
    hers.propose(&of_hips(vec![hold("childs-pose", 90)])).unwrap();
    settle(&[&cruz, &ana]);
    ana.accept_prescription("Evening hips", &plainly()).unwrap();
    settle(&[&ana, &cruz]);
    hers.propose(&of_hips(vec![hold("childs-pose", 60), per_day(1)])).unwrap();
    settle(&[&cruz, &ana]);
    for format in [ExportFormat::Json, ExportFormat::Automerge] {
        let out = scene.room().join(format!("{format:?}"));
        assert_eq!(ana.export(format, &out).unwrap().prescriptions, 2);
        let fresh = person(&scene, &format!("fresh{format:?}"));
        let report = fresh.import(&out, false).unwrap();
        assert!(report.refused.is_empty(), "{:?}", report.refused);
        assert_eq!(fresh.import(&out, false).unwrap().added, 0);
        let json = |engine: &Engine, name: &str| {
            let out = scene.room().join(name);
            engine.export(ExportFormat::Json, &out).unwrap();
            std::fs::read_to_string(out).unwrap()
        };
        let (one, two) =
            (json(&ana, &format!("a{format:?}")), json(&fresh, &format!("b{format:?}")));
        assert_eq!(one, two);
        let told = fresh.prescriptions().unwrap();
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|one| one.imported) && is_open(&told[0]));
        fresh.accept_prescription(&told[0].id, &plainly()).unwrap();
        assert_eq!(held_for(&fresh, "childs-pose"), Some(60));
        assert_eq!(ana.import(&out, false).unwrap().added, 0, "here it is verified already");
    }
    let tables = scene.room().join("tables");
    assert_eq!(ana.export_tables(&tables, false).unwrap().prescriptions, 2);
    let text = std::fs::read_to_string(tables.join("prescriptions.csv")).unwrap();
    assert!(text.contains("Dr. Cruz") && text.contains("accepted"), "{text}");
    assert!(ana.doctor(true).unwrap().findings.iter().all(|found| found.code != "projection"));
}

#[test]
fn whoever_listens_hears_of_a_prescription_and_of_what_became_of_it() {
    let scene = Scene::new();
    let (ana, cruz, hers) = ana_and_cruz(&scene);
    let heard = Arc::new(AtomicBool::new(false));
    let (first, tell) = (AtomicBool::new(true), Arc::clone(&heard));
    let _listening = ana.observe(move |keys| {
        // The first call says everything at once.
        if !first.swap(false, Ordering::AcqRel) && keys.has(Key::Prescriptions) {
            tell.store(true, Ordering::Release);
        }
    });
    let hears = || {
        for _ in 0..100 {
            if heard.swap(false, Ordering::AcqRel) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    };
    std::thread::sleep(Duration::from_millis(300));
    heard.store(false, Ordering::Release);
    hers.propose(&of_hips(vec![hold("childs-pose", 90)])).unwrap();
    sync(&cruz);
    sync(&ana);
    assert!(hears());
    ana.keep_own("Evening hips").unwrap();
    assert!(hears());
}

#[test]
fn adherence_counts_from_the_day_of_acceptance_and_earlier_days_keep_what_they_asked() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let clocks: Vec<Arc<FakeClock>> =
        (0..2).map(|_| Arc::new(FakeClock::new(1_772_312_400_000, "Europe/Berlin"))).collect();
    let engine = |n: usize, name: &str| {
        let config = Config {
            clock: clocks[n].clone(),
            transport: Some(relay.clone()),
            ..Config::command_line(dir.path().join(name))
        };
        let (name, device_name) = (name.to_owned(), format!("{name}'s phone"));
        let account = NewAccount { name, device_name, relay: Some(URL.to_owned()) };
        Engine::create(config, account).unwrap().0
    };
    let (ana, cruz) = (engine(0, "Ana"), engine(1, "Dr. Cruz"));
    let hers = routine_and_therapist(&ana, &cruz);
    hers.propose(&of_hips(vec![per_day(1)])).unwrap();
    settle(&[&cruz, &ana]);
    let pass = |days: i64| {
        relay.advance(days * DAY);
        for clock in &clocks {
            clock.advance((days * DAY).unsigned_abs());
        }
    };
    pass(3);
    let progress = || ana.progress(&ProgressQuery { days: Some(14), until: None }).unwrap();
    assert_eq!((progress().counted_from, progress().adherence.sessions.due), (None, 0));
    let done = ana.accept_prescription("Evening hips", &plainly()).unwrap();
    let on = accepted(&done.prescription).unwrap();
    assert_eq!(on.to_string(), "2026-03-03");
    assert!(ana.due(1).unwrap().iter().any(|due| due.name == "Evening hips"));
    pass(4);
    let now = progress();
    assert_eq!(now.counted_from, Some(on), "not from the day it was proposed");
    assert_eq!(now.adherence.sessions.due, 4, "today is not over");
    // A second one asks for more from its own day on, and leaves the days before alone.
    settle(&[&ana, &cruz]);
    hers.propose(&of_hips(vec![per_day(3)])).unwrap();
    settle(&[&cruz, &ana]);
    ana.accept_prescription("Evening hips", &plainly()).unwrap();
    pass(1);
    assert_eq!(progress().adherence.sessions.due, 4 + 3);
    settle(&[&ana, &cruz]);
    let followed = hers.progress(&ProgressQuery { days: Some(14), until: None }).unwrap();
    assert_eq!(followed.counted_from, Some(on), "the therapist follows the same figures");
    assert_eq!(followed.adherence.sessions.due, 7);
}
