//! A relay that was set back to a backup, and two accounts that share a chart there: over HTTP and real files.
#![allow(clippy::unwrap_used)]

use holdfast::sharing::Role;
use holdfast::{Budget, ChartStanding, Config, Engine, LogRequest};
use holdfast_tests::people::{codes, holds, invitation, let_in, member, person, standing};
use holdfast_tests::scene::{Scene, held, settle};

fn hold(note: &str) -> LogRequest {
    held("childs-pose", 30, note)
}

fn warned(engine: &Engine) -> Vec<&'static str> {
    engine.doctor(false).unwrap().findings.into_iter().map(|finding| finding.code).collect()
}

#[test]
fn what_a_partner_wrote_after_the_backup_comes_back_and_nobody_is_alarmed() {
    let mut scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let view = let_in(&ana, &ben, "Ben", Role::Partner);
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
    let view = let_in(&ana, &ben, "Ben", Role::Partner);
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

#[test]
fn what_waits_in_a_chart_that_a_restored_relay_forgot_says_so_instead_of_waiting() {
    let mut scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    settle(&[&ana, &ben]);
    let backup = scene.back_up_relay();
    // Ben came in after the backup, and Ana, who could say so again, is away for good.
    let view = let_in(&ana, &ben, "Ben", Role::Partner);
    drop(ana);
    scene.set_relay_back(&backup, true);
    view.log(&hold("nobody can take this")).unwrap();
    for _ in 0..3 {
        ben.sync_once(&Budget::default()).unwrap();
    }
    let report = ben.sync_once(&Budget::default()).unwrap();
    assert!(codes(&report).contains(&"not_sendable"), "{report:?}");
    assert_eq!((standing(&view), holds(&view)), (ChartStanding::Gone, 1));
    assert!(warned(&ben).contains(&"not_sendable"));
}

#[test]
fn an_invite_that_a_restored_relay_had_lost_hands_out_its_keys_again() {
    let mut scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    ana.log(&hold("before")).unwrap();
    settle(&[&ana, &ben]);
    let backup = scene.back_up_relay();
    let invited = ana.invite(&invitation("Ben", Role::Partner)).unwrap();

    scene.set_relay_back(&backup, true);
    settle(&[&ana]);
    let chart = ben.accept_invite(&invited.link).unwrap();
    settle(&[&ben, &ana]);
    assert_eq!(holds(&ben.chart(&chart.id).unwrap()), 1);
    assert!(warned(&ben).is_empty(), "{:?}", ben.doctor(false));
}

#[test]
fn an_invite_gets_the_keys_of_a_removal_that_a_restored_relay_had_lost() {
    let mut scene = Scene::new();
    let (ana, ben, cruz) = (person(&scene, "Ana"), person(&scene, "Ben"), person(&scene, "Cruz"));
    let _cruz = let_in(&ana, &cruz, "Cruz", Role::Partner);
    let invited = ana.invite(&invitation("Ben", Role::Partner)).unwrap();
    settle(&[&ana, &cruz]);
    let backup = scene.back_up_relay();
    // Nobody but Ana's phone knows the keys that come with it.
    ana.remove_member(&member(&ana, "Cruz").unwrap().account).unwrap();
    ana.log(&hold("under the new keys")).unwrap();
    settle(&[&ana]);

    scene.set_relay_back(&backup, true);
    settle(&[&ana]);
    let chart = ben.accept_invite(&invited.link).unwrap();
    settle(&[&ben, &ana]);
    assert_eq!(holds(&ben.chart(&chart.id).unwrap()), 1);
    assert!(warned(&ben).is_empty(), "{:?}", ben.doctor(false));
}

#[test]
fn a_pairing_link_that_a_restored_relay_had_lost_hands_out_the_accounts_secret_again() {
    const HOUR_MS: u64 = 3_600_000;
    let mut scene = Scene::new();
    let ana = person(&scene, "Ana");
    ana.log(&hold("before")).unwrap();
    settle(&[&ana]);
    let backup = scene.back_up_relay();
    let pairing = ana.pair(HOUR_MS).unwrap();

    scene.set_relay_back(&backup, true);
    settle(&[&ana]);
    let config = Config::command_line(scene.home("tablet"));
    let tablet = Engine::join(config, &pairing.link, "tablet").unwrap();
    settle(&[&tablet]);
    assert_eq!(holds(&tablet), 1);
    assert!(warned(&tablet).is_empty(), "{:?}", tablet.doctor(false));
}
