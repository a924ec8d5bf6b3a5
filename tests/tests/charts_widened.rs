//! A chart whose log is read once more, because more of it was given: over real HTTP and real files.
#![allow(clippy::unwrap_used)]

use holdfast::domain::profile::Change;
use holdfast::sharing::{Class, Role};
use holdfast::{Budget, Engine, GrantRequest};
use holdfast_tests::people::{findings, holds, let_in, person};
use holdfast_tests::scene::{Scene, held, settle, sync};

fn answer(engine: &Engine, key: &str, value: &str) {
    engine.set_profile(&[Change::parse(key, value).unwrap()]).unwrap();
}

fn wider() -> GrantRequest {
    GrantRequest { with: vec![Class::Profile], ..GrantRequest::of(Role::Partner) }
}

#[test]
fn what_came_before_the_rest_of_it_is_no_finding_once_the_log_was_read_again() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    answer(&ana, "knots", "yes");
    settle(&[&ana, &ben]);
    ana.change_grant("Ben", &wider()).unwrap();
    sync(&ana);
    // Ben hears of the grant and of this together, and has the first answer as a hash alone.
    answer(&ana, "hypermobile", "no");
    sync(&ana);
    sync(&ben);
    let known = |engine: &Engine| -> Vec<String> {
        let answers = engine.profile().unwrap().answers.into_iter();
        answers.filter(|a| a.value.is_some()).map(|a| format!("{:?}", a.key)).collect()
    };
    assert_eq!(known(&hers), known(&ana));
    assert_eq!(known(&hers).len(), 2);
    assert!(findings(&ben).is_empty(), "{:?}", findings(&ben));
}

#[test]
fn the_members_are_shown_while_the_log_is_read_again() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    answer(&ana, "knots", "yes");
    settle(&[&ana, &ben]);
    ana.change_grant("Ben", &wider()).unwrap();
    ana.log(&held("childs-pose", 60, "later")).unwrap();
    sync(&ana);
    // Broken off when the reading begins anew.
    let little = Budget { max_bytes: 1, ..Budget::default() };
    ben.sync_once(&little).unwrap();
    assert_eq!(hers.members().unwrap().len(), 2);
    settle(&[&ben]);
    assert_eq!((hers.members().unwrap().len(), holds(&hers)), (2, 1));
}
