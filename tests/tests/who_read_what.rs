//! Who has read what of a chart, as signed cursors prove and the relay attests: by class, never more than was given, and
//! never that somebody did not read.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use holdfast::sharing::{Class, Role};
use holdfast::views::StatusKind;
use holdfast::{Config, Engine, GrantRequest, Invitation, NewAccount};
use holdfast_protocol::sync::SyncResponse;
use holdfast_protocol::wire;
use holdfast_tests::near_relay::{NearRelay, URL, config};
use holdfast_tests::scene::{Scene, held, settle, sync};

fn person(scene: &Scene, name: &str) -> Engine {
    let account = NewAccount {
        name: name.to_owned(),
        device_name: format!("{name}'s phone"),
        relay: Some(scene.url()),
    };
    Engine::create(Config::command_line(scene.home(name)), account).unwrap().0
}

fn let_in(owner: &Engine, guest: &Engine, name: &str, grant: GrantRequest) -> Engine {
    let invitation = Invitation {
        name: Some(name.to_owned()),
        grant,
        valid_ms: 3_600_000,
        confirm_first: false,
    };
    let invited = owner.invite(&invitation).unwrap();
    let chart = guest.accept_invite(&invited.link).unwrap();
    sync(owner);
    guest.chart(&chart.id).unwrap()
}

/// The first hold of a chart with its status.
fn first_hold(engine: &Engine) -> holdfast::views::HoldView {
    engine.history(&holdfast::HistoryQuery::default()).unwrap().holds.unwrap().remove(0)
}

fn read_by(engine: &Engine, name: &str) -> Vec<(&'static str, u64, Option<String>)> {
    let all = engine.readings().unwrap();
    let of = all.into_iter().filter(|one| one.name == name);
    of.map(|one| (one.class, one.not_said, one.day)).collect()
}

#[test]
fn a_hold_says_by_whom_it_was_seen_a_device_of_ones_own_or_a_person() {
    let scene = Scene::new();
    let ana = person(&scene, "Ana");
    ana.log(&held("childs-pose", 60, "for whoever reads")).unwrap();
    sync(&ana);
    assert_eq!(first_hold(&ana).status, StatusKind::Relayed);
    let tablet = scene.pair(&ana, "tablet");
    ana.name_device("tablet", "Kitchen tablet").ok();
    settle(&[&tablet, &ana]);
    let seen = first_hold(&ana);
    assert_eq!(seen.status, StatusKind::Seen);
    let seen: Vec<_> = seen.seen_by.into_iter().collect();
    assert!(seen.len() == 1 && seen[0].mine && seen[0].device_name.is_some(), "{seen:?}");

    let ben = person(&scene, "Ben");
    let hers = let_in(&ana, &ben, "Ben", GrantRequest::of(Role::Partner));
    settle(&[&ben, &ana]);
    let seen: Vec<_> = first_hold(&ana).seen_by.into_iter().collect();
    assert!(seen.iter().any(|by| !by.mine && by.name == "Ben"), "{seen:?}");
    // What Ben writes is seen by Ana's devices, whom he calls by her name.
    hers.log(&held("childs-pose", 30, "by Ben")).unwrap();
    settle(&[&ben, &ana, &tablet]);
    sync(&ben);
    let newest = first_hold(&hers);
    assert!(newest.seen_by.iter().all(|by| by.name == "Ana" || by.mine), "{newest:?}");
    assert!(newest.seen_by.iter().any(|by| by.name == "Ana"), "{newest:?}");
}

#[test]
fn readings_say_who_which_device_up_to_which_day_and_when_the_relay_heard() {
    let scene = Scene::new();
    let (ana, cruz) = (person(&scene, "Ana"), person(&scene, "Dr. Cruz"));
    ana.log(&held("childs-pose", 60, "one")).unwrap();
    let before = ana.now().utc_ms;
    let_in(&ana, &cruz, "Dr. Cruz", GrantRequest::of(Role::Therapist));
    settle(&[&cruz, &ana]);
    let readings = ana.readings().unwrap();
    let log = readings.iter().find(|one| one.class == "log").unwrap();
    assert_eq!((log.name.as_str(), log.mine, log.not_said), ("Dr. Cruz", false, 0));
    assert_eq!(log.device, cruz.identity().unwrap().device);
    assert_eq!(log.hold.as_deref(), Some(first_hold(&ana).hold_id.as_str()));
    assert_eq!(log.day.as_deref(), Some(first_hold(&ana).local_day.as_str()));
    assert!(log.relay_noted_ms >= u64::try_from(before).unwrap());
    // A therapist has neither notes nor the profile: their cursor says nothing of those.
    let classes: Vec<_> = readings.iter().map(|one| one.class).collect();
    assert!(!classes.contains(&"notes") && !classes.contains(&"profile"), "{classes:?}");

    // What was written since is not said to be read, and not said to be unread.
    ana.log(&held("childs-pose", 60, "two")).unwrap();
    sync(&ana);
    let told = read_by(&ana, "Dr. Cruz");
    assert!(told.iter().any(|(class, not_said, _)| *class == "log" && *not_said > 0), "{told:?}");
    let newest = first_hold(&ana);
    assert_eq!(newest.status, StatusKind::Relayed);
    settle(&[&cruz, &ana]);
    assert_eq!(first_hold(&ana).status, StatusKind::Seen);
}

#[test]
fn a_cursor_speaks_for_no_class_that_its_member_was_not_given() {
    let scene = Scene::new();
    let (ana, vera) = (person(&scene, "Ana"), person(&scene, "Vera"));
    ana.log(&held("childs-pose", 60, "one")).unwrap();
    let without_log =
        GrantRequest { without: vec![Class::Log], ..GrantRequest::of(Role::Therapist) };
    let hers = let_in(&ana, &vera, "Vera", without_log);
    settle(&[&vera, &ana]);
    assert_eq!(first_hold(&ana).status, StatusKind::Relayed, "her cursor stands above the hold");
    assert!(read_by(&ana, "Vera").iter().all(|(class, ..)| *class != "log"));
    // She is not told either who has read the log that she may not read.
    assert!(hers.readings().unwrap().iter().all(|one| one.mine || one.class != "log"));

    // Once she is given it, she reads it from its start, and only then it is said.
    ana.change_grant("Vera", &GrantRequest::of(Role::Therapist)).unwrap();
    sync(&ana);
    assert_eq!(first_hold(&ana).status, StatusKind::Relayed);
    settle(&[&vera, &ana]);
    assert_eq!(first_hold(&ana).status, StatusKind::Seen);

    // What comes after it was taken away again is not said to be read.
    let without_log =
        GrantRequest { without: vec![Class::Log], ..GrantRequest::of(Role::Therapist) };
    ana.change_grant("Vera", &without_log).unwrap();
    sync(&ana);
    ana.log(&held("childs-pose", 45, "after")).unwrap();
    settle(&[&ana, &vera, &ana]);
    assert_eq!(first_hold(&ana).status, StatusKind::Relayed);
    assert!(
        read_by(&ana, "Vera").iter().any(|(class, ..)| *class == "log"),
        "what she read stays said"
    );
}

#[test]
fn what_a_relay_says_of_others_without_their_signature_counts_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let near = |name: &str| {
        let account = NewAccount {
            name: name.to_owned(),
            device_name: format!("{name}'s phone"),
            relay: Some(URL.to_owned()),
        };
        Engine::create(config(&dir.path().join(name), &relay), account).unwrap().0
    };
    let (ana, ben) = (near("Ana"), near("Ben"));
    let_in(&ana, &ben, "Ben", GrantRequest::of(Role::Viewer));
    settle(&[&ben, &ana]);
    ana.log(&held("childs-pose", 60, "new")).unwrap();
    sync(&ana);
    // The relay pretends that Ben is further than he said.
    let lying = Arc::clone(&relay);
    lying.meddle(|ask, answer| {
        if ask.path != "/v1/sync" || answer.status != 200 {
            return Ok(answer);
        }
        let mut said: SyncResponse = wire::decode("answer", &answer.body).unwrap();
        for noted in &mut said.cursors {
            noted.cursor.position.seq += 5;
        }
        Ok(holdfast::sync::transport::Answer { body: wire::encode(&said), ..answer })
    });
    sync(&ben);
    sync(&ana);
    assert_eq!(first_hold(&ana).status, StatusKind::Relayed);
}
