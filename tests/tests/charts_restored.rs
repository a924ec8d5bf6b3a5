//! A relay that was set back to a backup, and two accounts that share a chart there: over HTTP and real files.
#![allow(clippy::unwrap_used)]

use holdfast::sharing::Role;
use holdfast::{Budget, Config, Engine, GrantRequest, Invitation, LogRequest, NewAccount};
use holdfast_tests::scene::{PAIR_MS, Scene, held, history_json, settle, sync};

fn person(scene: &Scene, name: &str) -> Engine {
    let account = NewAccount {
        name: name.to_owned(),
        device_name: format!("{name}'s phone"),
        relay: Some(scene.url()),
    };
    Engine::create(Config::command_line(scene.home(name)), account).unwrap().0
}

/// Lets somebody into the own chart as a partner. Gives it as they see it.
fn let_in(owner: &Engine, guest: &Engine) -> Engine {
    let invitation = Invitation {
        name: Some("Ben".to_owned()),
        grant: GrantRequest::of(Role::Partner),
        valid_ms: PAIR_MS,
        confirm_first: false,
    };
    let invited = owner.invite(&invitation).unwrap();
    let chart = guest.accept_invite(&invited.link).unwrap();
    sync(owner);
    guest.chart(&chart.id).unwrap()
}

fn hold(note: &str) -> LogRequest {
    held("childs-pose", 30, note)
}

fn holds(engine: &Engine) -> usize {
    history_json(engine).as_array().unwrap().len()
}

fn warned(engine: &Engine) -> Vec<&'static str> {
    engine.doctor(false).unwrap().findings.into_iter().map(|finding| finding.code).collect()
}

#[test]
fn what_a_partner_wrote_after_the_backup_comes_back_and_nobody_is_alarmed() {
    let mut scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let view = let_in(&ana, &ben);
    ana.log(&hold("before")).unwrap();
    settle(&[&ana, &ben]);
    let backup = scene.back_up_relay();
    ana.log(&hold("after, Ana")).unwrap();
    view.log(&hold("after, Ben")).unwrap();
    settle(&[&ana, &ben]);
    assert_eq!((holds(&ana), holds(&view)), (3, 3));

    scene.set_relay_back(&backup, true);
    view.log(&hold("after the restore")).unwrap();
    settle(&[&ana, &ben]);
    settle(&[&ben, &ana]);
    assert_eq!((holds(&ana), holds(&view)), (4, 4));
    let tablet = scene.pair(&ben, "tablet");
    settle(&[&tablet, &ana]);
    let charts = tablet.charts().unwrap();
    let anas = charts.iter().find(|chart| !chart.own).unwrap();
    assert_eq!(holds(&tablet.chart(&anas.id).unwrap()), 4, "a new device of Ben's finds all of it");
    for engine in [&ana, &ben, &tablet] {
        assert!(warned(engine).is_empty(), "{:?}", engine.doctor(false));
    }
}

#[test]
fn a_device_that_the_relay_forgot_is_shown_again_before_what_it_wrote_is_judged() {
    let mut scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let view = let_in(&ana, &ben);
    ana.log(&hold("before")).unwrap();
    settle(&[&ana, &ben]);
    let backup = scene.back_up_relay();
    // Ben's account grows after the backup, and the new device writes in Ana's chart.
    let tablet = scene.pair(&ben, "tablet");
    let charts = tablet.charts().unwrap();
    let anas = charts.iter().find(|chart| !chart.own).unwrap();
    let on_tablet = tablet.chart(&anas.id).unwrap();
    on_tablet.log(&hold("on the tablet")).unwrap();
    settle(&[&tablet, &ana, &ben]);
    assert_eq!(holds(&ana), 2);

    scene.set_relay_back(&backup, true);
    // The relay does not know the tablet until Ben's phone has said again that it is his.
    for _ in 0..4 {
        for engine in [&ana, &ben, &tablet] {
            engine.sync_once(&Budget::default()).unwrap();
        }
    }
    on_tablet.log(&hold("on the tablet, later")).unwrap();
    settle(&[&tablet, &ana, &ben]);
    assert_eq!((holds(&ana), holds(&view), holds(&on_tablet)), (3, 3, 3));
}
