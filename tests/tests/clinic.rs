//! What a therapist does in the clinic and writes down in the chart of whoever it was done with, over a real
//! relay: under the therapist's name, with the subject's own word on pain first.
#![allow(clippy::unwrap_used)]

use holdfast::domain::record::TestAnswer;
use holdfast::domain::units::Millis;
use holdfast::domain::vocabulary::Side;
use holdfast::sharing::Role;
use holdfast::views::HoldView;
use holdfast::{
    Config, DayQuery, Done, Engine, GrantRequest, HistoryQuery, Invitation, LogRequest, LogSide,
    NewAccount, TestRequest,
};
use holdfast_tests::scene::{Scene, settle, sync};

fn person(scene: &Scene, name: &str) -> Engine {
    let account = NewAccount {
        name: name.to_owned(),
        device_name: format!("{name}'s phone"),
        relay: Some(scene.url()),
    };
    Engine::create(Config::command_line(scene.home(name)), account).unwrap().0
}

/// Ana, Dr. Cruz, and Ana's chart as Dr. Cruz sees it.
fn ana_and_cruz(scene: &Scene) -> (Engine, Engine, Engine) {
    let (ana, cruz) = (person(scene, "Ana"), person(scene, "Dr. Cruz"));
    sync(&ana);
    let invitation = Invitation {
        name: Some("Dr. Cruz".to_owned()),
        grant: GrantRequest::of(Role::Therapist),
        valid_ms: 3_600_000,
        confirm_first: false,
    };
    let link = ana.invite(&invitation).unwrap().link;
    let chart = cruz.accept_invite(&link).unwrap();
    sync(&ana);
    let hers = cruz.chart(&chart.id).unwrap();
    (ana, cruz, hers)
}

fn pressed(seconds: u64, pain_after: u8) -> LogRequest {
    let held = Done::Held(Millis::from_secs(seconds));
    LogRequest {
        side: Some(LogSide::Right),
        pain_after: Some(pain_after),
        ..LogRequest::new("psoas-release-hook", held)
    }
}

fn holds(engine: &Engine) -> Vec<HoldView> {
    engine.history(&HistoryQuery::default()).unwrap().holds.unwrap_or_default()
}

#[test]
fn a_hold_that_the_therapist_presses_and_logs_stands_under_the_therapists_name() {
    let scene = Scene::new();
    let (ana, cruz, hers) = ana_and_cruz(&scene);
    hers.log(&LogRequest { by: Some("me".into()), ..pressed(90, 4) }).unwrap();
    ana.log(&LogRequest { by: Some("my neighbour".into()), ..pressed(45, 2) }).unwrap();
    settle(&[&cruz, &ana]);
    let account = cruz.identity().unwrap().account;
    let seen = holds(&ana);
    let theirs = seen.iter().find(|hold| hold.held_ms == 90_000).unwrap();
    assert_eq!(theirs.logged_by.as_deref(), Some("Dr. Cruz"));
    assert_eq!(theirs.logged_by_account.as_ref(), Some(&account));
    assert_eq!(theirs.assisted_by.as_deref(), Some("Dr. Cruz"));
    assert_eq!(theirs.assisted_by_account.as_ref(), Some(&account), "verified: she wrote it");
    let own = seen.iter().find(|hold| hold.held_ms == 45_000).unwrap();
    assert_eq!((own.logged_by.as_ref(), own.logged_by_account.as_ref()), (None, None));
    assert_eq!(own.assisted_by.as_deref(), Some("my neighbour"));
    assert_eq!(own.assisted_by_account, None, "a name that Ana gave is a name");
    let at_cruz = holds(&hers);
    let same = at_cruz.iter().find(|hold| hold.held_ms == 90_000).unwrap();
    assert_eq!(same.logged_by.as_deref(), Some("Dr. Cruz"));
}

#[test]
fn of_one_hold_that_both_log_the_subjects_own_pain_rating_stands() {
    let scene = Scene::new();
    let (ana, cruz, hers) = ana_and_cruz(&scene);
    // Both know of one session, and neither of the other's record of it.
    let both = |request: LogRequest| LogRequest { session: Some("clinic".into()), ..request };
    hers.log(&both(LogRequest { by: Some("me".into()), ..pressed(90, 2) })).unwrap();
    ana.log(&both(pressed(60, 6))).unwrap();
    settle(&[&cruz, &ana]);
    for engine in [&ana, &hers] {
        let seen = holds(engine);
        assert_eq!(seen.len(), 1, "it was one hold");
        assert_eq!(seen[0].held_ms, 90_000, "the longest held stands");
        assert_eq!(seen[0].pain_after.map(u8::from), Some(6), "and her own word on pain");
    }
    let observations = ana.hold_observations(&holds(&ana)[0].hold_id).unwrap();
    assert_eq!(observations.len(), 2, "both are kept");
}

#[test]
fn self_tests_in_the_clinic_are_recorded_under_the_therapists_name() {
    let scene = Scene::new();
    let (ana, cruz, hers) = ana_and_cruz(&scene);
    let thomas = |passed: bool| TestRequest {
        test: "thomas-test".into(),
        side: Some(Side::Left),
        answers: [("full_extension".to_owned(), TestAnswer::Bool(passed))].into(),
        at: None,
        note: None,
    };
    let made = hers.record_test(&thomas(false)).unwrap();
    assert_eq!(made.logged_by.as_deref(), Some("Dr. Cruz"));
    ana.record_test(&thomas(true)).unwrap();
    settle(&[&cruz, &ana]);
    let seen = ana.test_history("thomas-test", None, None).unwrap().results;
    let by: Vec<_> = seen.iter().map(|result| result.logged_by.as_deref()).collect();
    assert!(by.contains(&Some("Dr. Cruz")) && by.contains(&None), "{by:?}");
    let days = ana.days(&DayQuery::default()).unwrap();
    assert!(days.iter().any(|day| day.logged_by.as_deref() == Some("Dr. Cruz")));
    // What the therapist recorded the therapist takes back, and so may Ana.
    let theirs = seen.iter().find(|result| result.logged_by.is_some()).unwrap();
    ana.remove_day_record(None, &theirs.id).unwrap();
    settle(&[&ana, &cruz]);
    assert_eq!(hers.test_history("thomas-test", None, None).unwrap().results.len(), 1);
}
