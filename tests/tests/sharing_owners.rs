//! Several devices of an owner that say something about the members at once.
#![allow(clippy::unwrap_used)]

use holdfast::sharing::Role;
use holdfast::{Compared, Engine, GrantRequest};
use holdfast_tests::people::{chart_in, epochs, holds, invitation, let_in, person};
use holdfast_tests::scene::{Scene, held, history_json, settle, sync};

#[test]
fn two_devices_of_the_owner_that_change_the_members_at_once_come_to_one_membership() {
    let scene = Scene::new();
    let ana = person(&scene, "Ana");
    let tablet = scene.pair(&ana, "ana-tablet");
    let (ben, cruz, dee) = (person(&scene, "Ben"), person(&scene, "Cruz"), person(&scene, "Dee"));
    let _ = let_in(&ana, &ben, "Ben", Role::Partner);
    let _ = let_in(&ana, &cruz, "Cruz", Role::Partner);
    settle(&[&ana, &tablet]);
    // Neither has heard of what the other wants.
    let open = ana.invite(&invitation("Dee", Role::Viewer)).unwrap();
    ana.remove_member("Ben").unwrap();
    ana.change_grant("Cruz", &GrantRequest::of(Role::Viewer)).unwrap();
    tablet.remove_member("Ben").unwrap();
    tablet.remove_member("Cruz").unwrap();
    let chart = dee.accept_invite(&open.link).unwrap();
    std::thread::scope(|threads| {
        for engine in [&ana, &tablet] {
            threads.spawn(move || sync(engine));
        }
    });
    settle(&[&ana, &tablet, &ana, &tablet]);
    let names = |engine: &Engine| -> Vec<_> {
        engine.members().unwrap().into_iter().map(|member| (member.name, member.pending)).collect()
    };
    assert_eq!(names(&ana), [("Ana".to_owned(), None), ("Dee".to_owned(), None)]);
    assert_eq!(names(&tablet), names(&ana));
    ana.log(&held("childs-pose", 60, "for those who are left")).unwrap();
    settle(&[&ana, &tablet, &dee, &ben]);
    assert_eq!(history_json(&tablet), history_json(&ana));
    assert_eq!(holds(&dee.chart(&chart.id).unwrap()), 1);
    for engine in [&ana, &tablet, &dee] {
        assert!(sync(engine).problems.is_empty());
    }
}

#[test]
fn keys_that_two_devices_of_the_owner_would_renew_at_once_are_renewed_once() {
    let scene = Scene::new();
    let ana = person(&scene, "Ana");
    let tablet = scene.pair(&ana, "ana-tablet");
    let (ben, cruz) = (person(&scene, "Ben"), person(&scene, "Cruz"));
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    let open = ana.invite(&invitation("Cruz", Role::Partner)).unwrap();
    settle(&[&ana, &tablet, &ben]);
    let own = ana.current_chart().unwrap().id;
    let before = epochs(&chart_in(&scene.home("Ana"), &own));
    hers.leave().unwrap();
    sync(&ben);
    std::thread::scope(|threads| {
        for engine in [&ana, &tablet] {
            threads.spawn(move || sync(engine));
        }
    });
    settle(&[&ana, &tablet]);
    let after = epochs(&chart_in(&scene.home("Ana"), &own));
    assert_eq!(after, [before[0] + 1, before[1] + 1, before[2]]);
    assert_eq!(after, epochs(&chart_in(&scene.home("ana-tablet"), &own)));

    // The tablet is lost: it is cut off with new keys, and the open invite gives those.
    let device = tablet.identity().unwrap().device;
    drop(tablet);
    ana.revoke_device(&device).unwrap();
    settle(&[&ana]);
    ana.log(&held("childs-pose", 60, "with the newest keys")).unwrap();
    sync(&ana);
    let chart = cruz.accept_invite(&open.link).unwrap();
    let hers = cruz.chart(&chart.id).unwrap();
    assert_eq!(holds(&hers), 1);
    // Whoever came in and hears other words goes again.
    assert_eq!(hers.verify("Ana", false).unwrap(), Compared::Leaving);
    settle(&[&cruz, &ana]);
    assert_eq!(ana.members().unwrap().len(), 1);
}
