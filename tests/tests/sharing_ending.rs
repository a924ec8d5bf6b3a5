//! What a member may do becomes less over a real relay: narrowed, for a time, removed, gone of one's own accord.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use holdfast::sharing::{Class, Role};
use holdfast::{Budget, ChartStanding, ExportFormat, GrantRequest, Invitation, Pending};
use holdfast_tests::people::{
    chart_in, epochs, holds, invitation, let_in, member, person, standing,
};
use holdfast_tests::scene::{Scene, held, history_json, settle, sync};

fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

#[test]
fn a_narrowed_member_keeps_what_is_left_and_loses_the_rest_at_once() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    hers.log(&held("childs-pose", 45, "allowed")).unwrap();
    sync(&ben);
    sync(&ana);
    let narrowed = ana.change_grant("Ben", &GrantRequest::of(Role::Viewer)).unwrap();
    assert_eq!((narrowed.role, narrowed.pending), (Some("partner"), Some(Pending::Grant)));
    settle(&[&ana, &ben]);
    let seen = member(&ana, "Ben").unwrap();
    assert_eq!((seen.role, seen.pending), (Some("viewer"), None));
    assert!(hers.log(&held("childs-pose", 45, "too late")).is_err());
    ana.log(&held("childs-pose", 60, "still read")).unwrap();
    settle(&[&ana, &ben]);
    assert_eq!((holds(&ana), holds(&hers)), (2, 2));
    // And wider again.
    let wide = GrantRequest { with: vec![Class::Notes], ..GrantRequest::of(Role::Partner) };
    let own = ana.current_chart().unwrap().id;
    assert_eq!(epochs(&chart_in(&scene.home("Ana"), &own)), [1, 1, 1], "it read on all it had");
    ana.change_grant("Ben", &wide).unwrap();
    settle(&[&ana, &ben]);
    assert_eq!(epochs(&chart_in(&scene.home("Ana"), &own)), [1, 1, 2]);
    hers.log(&held("childs-pose", 45, "again")).unwrap();
    settle(&[&ben, &ana]);
    assert_eq!(holds(&ana), 3);
    assert_eq!(member(&ana, "Ben").unwrap().grants.get("notes"), Some(&"write"));
}

#[test]
fn what_was_given_for_a_time_ends_and_an_owner_makes_new_keys() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let past = GrantRequest { until_ms: Some(1), ..GrantRequest::of(Role::Viewer) };
    let refused = ana.invite(&Invitation { grant: past, ..invitation("Ben", Role::Viewer) });
    assert_eq!(refused.unwrap_err().code(), "end_in_the_past");
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    let until_ms = Some(now_ms() + 1_500);
    let ending = GrantRequest { until_ms, ..GrantRequest::of(Role::Partner) };
    ana.change_grant("Ben", &ending).unwrap();
    settle(&[&ana, &ben]);
    assert_eq!(member(&ana, "Ben").unwrap().until_ms, until_ms);
    std::thread::sleep(Duration::from_millis(8_000));
    ana.log(&held("childs-pose", 60, "after the end")).unwrap();
    settle(&[&ana, &ben]);
    assert!(member(&ana, "Ben").is_none(), "an owner's device removes whose time is over");
    assert!(hers.log(&held("childs-pose", 45, "late")).is_err());
    assert_eq!(holds(&hers), 0);
}

#[test]
fn a_removed_member_reads_nothing_new_writes_nothing_and_is_told_so() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    ana.log(&held("childs-pose", 60, "shared")).unwrap();
    settle(&[&ana, &ben]);
    hers.log(&held("childs-pose", 45, "not sent in time")).unwrap();
    let removed = ana.remove_member("Ben").unwrap();
    assert_eq!(removed.pending, Some(Pending::Removal), "not yet in force");
    assert!(ana.change_grant("Ben", &GrantRequest::of(Role::Viewer)).is_ok());
    assert_eq!(member(&ana, "Ben").unwrap().pending, Some(Pending::Removal), "removal beats it");
    sync(&ana);
    assert!(member(&ana, "Ben").is_none());
    ana.log(&held("childs-pose", 60, "after the removal")).unwrap();
    sync(&ana);
    for _ in 0..2 {
        ben.sync_once(&Budget::default()).unwrap();
    }
    sync(&ana);
    assert_eq!(standing(&hers), ChartStanding::Gone);
    let told = history_json(&hers).to_string();
    assert!(told.contains("shared") && !told.contains("after the removal"), "{told}");
    assert!(!history_json(&ana).to_string().contains("not sent in time"));
    assert!(hers.log(&held("childs-pose", 45, "later")).is_err());
    // Invited again, it reads on.
    let again = let_in(&ana, &ben, "Ben again", Role::Viewer);
    assert!(history_json(&again).to_string().contains("after the removal"));
    assert!(ana.remove_member("nobody").is_err());
    assert!(hers.remove_member("Ana").is_err());
}

#[test]
fn whoever_leaves_is_gone_and_the_last_owner_stays_or_closes() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    assert_eq!(ana.leave().unwrap_err().code(), "last_owner");
    assert_eq!(hers.close_chart().unwrap_err().code(), "owners_only");
    let own = ana.current_chart().unwrap().id;
    let before = chart_in(&scene.home("Ana"), &own);
    hers.log(&held("childs-pose", 45, "the last thing")).unwrap();
    hers.leave().unwrap();
    settle(&[&ben, &ana]);
    assert_eq!(holds(&ana), 1, "what was written before is sent before");
    let after = chart_in(&scene.home("Ana"), &own);
    assert!(after.due.is_empty(), "an owner's device made new keys of what Ben had read");
    let [plan, log, notes] = epochs(&before);
    assert_eq!(epochs(&after), [plan + 1, log + 1, notes]);
    assert!(member(&ana, "Ben").is_none());
    assert_eq!(standing(&hers), ChartStanding::Gone);
    let cruz = person(&scene, "Cruz");
    let theirs = let_in(&ana, &cruz, "Cruz", Role::Therapist);
    ana.close_chart().unwrap();
    settle(&[&ana, &cruz]);
    assert_eq!(standing(&theirs), ChartStanding::Closed);
    assert_eq!(standing(&ana), ChartStanding::Closed);
    assert!(ana.invite(&invitation("Ben", Role::Viewer)).is_err());
}

#[test]
fn what_was_taken_from_somebody_does_not_come_back_when_they_are_removed_or_leave() {
    for leaves in [false, true] {
        let scene = Scene::new();
        let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
        ana.log(&held("childs-pose", 60, "hers")).unwrap();
        ana.new_routine("Evening").unwrap();
        let hers = let_in(&ana, &ben, "Ben", Role::Viewer);
        settle(&[&ana, &ben]);
        assert_eq!(holds(&hers), 1);
        let narrow = GrantRequest { without: vec![Class::Log], ..GrantRequest::of(Role::Viewer) };
        ana.change_grant("Ben", &narrow).unwrap();
        settle(&[&ana, &ben]);
        assert_eq!(holds(&hers), 0);
        if leaves {
            hers.leave().unwrap();
        } else {
            ana.remove_member("Ben").unwrap();
        }
        settle(&[&ana, &ben]);
        let _ = ben.sync_once(&Budget::default());
        assert_eq!(standing(&hers), ChartStanding::Gone);
        // The plan stays; the log was gone before.
        assert_eq!((holds(&hers), hers.routines().unwrap().len()), (0, 1), "leaves: {leaves}");
        let path = scene.room().join("after.json");
        let after = hers.export(ExportFormat::Json, &path).unwrap();
        assert_eq!((after.observations, after.sessions, after.routines), (0, 0, 1));
        assert!(!std::fs::read_to_string(&path).unwrap().contains("hers"));
    }
}

#[test]
fn of_a_session_that_others_recorded_too_only_the_own_part_is_exported_as_unsent() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let together = |seconds: u32, note: &str| {
        let mut request = held("childs-pose", seconds, note);
        request.session = Some("abend".to_owned());
        request
    };
    ana.log(&together(60, "hers")).unwrap();
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    settle(&[&ana, &ben]);
    std::thread::sleep(Duration::from_millis(1_200));
    hers.log(&together(30, "his")).unwrap();
    let started = |path: &std::path::Path| -> serde_json::Value {
        let text = std::fs::read_to_string(path).unwrap();
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(file["sessions"].as_array().unwrap().len(), 1, "{text}");
        file["sessions"][0]["started_at"].clone()
    };
    let (own, whole) = (scene.room().join("own.json"), scene.room().join("whole.json"));
    assert_eq!(hers.export_unsent(&own).unwrap().observations, 1);
    hers.export(ExportFormat::Json, &whole).unwrap();
    assert!(!started(&own).is_null());
    assert_ne!(started(&own), started(&whole), "she began, and that is hers to say");
}
