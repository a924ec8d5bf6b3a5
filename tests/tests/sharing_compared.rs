//! People who compare the words before or after somebody came into a chart.
#![allow(clippy::unwrap_used)]

use holdfast::sharing::Role;
use holdfast::{ChartStanding, Compared, Invitation, Pending};
use holdfast_tests::people::{holds, invitation, let_in, member, person, standing};
use holdfast_tests::scene::{Scene, held, settle, sync};

#[test]
fn whoever_is_to_be_compared_first_reads_and_writes_nothing_until_then() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    ana.log(&held("childs-pose", 60, "before")).unwrap();
    let first = Invitation { confirm_first: true, ..invitation("Ben", Role::Partner) };
    let chart = ben.accept_invite(&ana.invite(&first).unwrap().link).unwrap();
    assert_eq!(chart.standing, ChartStanding::Waiting);
    let hers = ben.chart(&chart.id).unwrap();
    assert_eq!(holds(&hers), 0);
    assert!(hers.log(&held("childs-pose", 45, "early")).is_err());
    sync(&ana);
    assert!(member(&ana, "Ben").unwrap().waiting);
    let (one, other) = (ana.phrase_with("Ben").unwrap(), hers.phrase_with("Ana").unwrap());
    assert_eq!(one.words, other.words);
    assert_eq!(one.words.len(), 7);

    assert_eq!(ana.verify("Ben", true).unwrap(), Compared::Verified);
    assert_eq!(member(&ana, "Ben").unwrap().pending, Some(Pending::Confirmation));
    settle(&[&ana, &ben]);
    let seen = member(&ana, "Ben").unwrap();
    assert!(seen.verified && !seen.waiting && seen.pending.is_none(), "{seen:?}");
    assert!(!member(&hers, "Ana").unwrap().verified, "each compares for oneself");
    assert_eq!(hers.verify("Ana", true).unwrap(), Compared::Verified);
    assert!(member(&hers, "Ana").unwrap().verified);
    assert_eq!(holds(&hers), 1);
    hers.log(&held("childs-pose", 45, "now")).unwrap();
    settle(&[&ben, &ana]);
    assert_eq!(holds(&ana), 2);
}

#[test]
fn words_that_differ_remove_the_member_again() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let hers = let_in(&ana, &ben, "Ben", Role::Viewer);
    assert_eq!(ana.verify("Ben", false).unwrap(), Compared::ToBeRemoved);
    assert_eq!(member(&ana, "Ben").unwrap().pending, Some(Pending::Removal));
    sync(&ana);
    assert!(member(&ana, "Ben").is_none());
    ana.log(&held("childs-pose", 60, "afterwards")).unwrap();
    settle(&[&ana, &ben]);
    assert_eq!(standing(&hers), ChartStanding::Gone);
    assert_eq!(holds(&hers), 0);
}

#[test]
fn whoever_waits_to_be_compared_says_nothing_of_a_lost_phone_before_it_is_over() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let lost = scene.pair(&ben, "lost");
    let first = Invitation { confirm_first: true, ..invitation("Ben", Role::Partner) };
    let chart = ben.accept_invite(&ana.invite(&first).unwrap().link).unwrap();
    let hers = ben.chart(&chart.id).unwrap();
    ben.revoke_device(&lost.identity().unwrap().device).unwrap();
    settle(&[&ben, &ana]);
    // It has no say there: nothing is said, refused and said again at every sync.
    let quiet = sync(&ben);
    assert!(quiet.problems.is_empty() && quiet.round_trips == 1, "{quiet:?}");
    assert_eq!(ana.verify("Ben", true).unwrap(), Compared::Verified);
    settle(&[&ana, &ben]);
    hers.log(&held("childs-pose", 45, "now")).unwrap();
    settle(&[&ben, &ana]);
    assert_eq!(holds(&ana), 1);
    assert!(sync(&ben).problems.is_empty());
}
