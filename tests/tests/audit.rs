//! The audit of a chart: who was invited, let in, narrowed, removed, and what was exported and read, with who and when.
#![allow(clippy::unwrap_used)]

use holdfast::audit::{AuditEvent, AuditQuery, Clocked};
use holdfast::sharing::{Class, Role};
use holdfast::{Config, Engine, ExportFormat, GrantRequest, Invitation, NewAccount};
use holdfast_tests::scene::{Scene, held, settle, sync};

fn person(scene: &Scene, name: &str) -> Engine {
    let account = NewAccount {
        name: name.to_owned(),
        device_name: format!("{name}'s phone"),
        relay: Some(scene.url()),
    };
    Engine::create(Config::command_line(scene.home(name)), account).unwrap().0
}

fn invitation(name: &str, role: Role) -> Invitation {
    Invitation {
        name: Some(name.to_owned()),
        grant: GrantRequest::of(role),
        valid_ms: 3_600_000,
        confirm_first: false,
    }
}

fn let_in(owner: &Engine, guest: &Engine, name: &str, role: Role) -> Engine {
    let invited = owner.invite(&invitation(name, role)).unwrap();
    let chart = guest.accept_invite(&invited.link).unwrap();
    sync(owner);
    guest.chart(&chart.id).unwrap()
}

fn audit(engine: &Engine) -> Vec<AuditEvent> {
    engine.audit(&AuditQuery::default()).unwrap()
}

fn one<'a>(events: &'a [AuditEvent], event: &str) -> &'a AuditEvent {
    let found: Vec<_> = events.iter().filter(|one| one.event == event).collect();
    assert_eq!(found.len(), 1, "{event}: {events:#?}");
    found[0]
}

#[test]
fn everything_said_about_members_is_listed_with_who_place_and_the_relays_time() {
    let scene = Scene::new();
    let (ana, ben, cruz) =
        (person(&scene, "Ana"), person(&scene, "Ben"), person(&scene, "Dr. Cruz"));
    let before = ana.now().utc_ms;
    let bens = let_in(&ana, &ben, "Ben", Role::Partner);
    let_in(&ana, &cruz, "Dr. Cruz", Role::Therapist);
    let lost = ana.invite(&invitation("Dora", Role::Viewer)).unwrap();
    ana.revoke_invite(&lost.invite).unwrap();
    sync(&ana);
    let narrow = GrantRequest { without: vec![Class::Plan], ..GrantRequest::of(Role::Therapist) };
    ana.change_grant("Dr. Cruz", &narrow).unwrap();
    sync(&ana);
    ana.remove_member("Dr. Cruz").unwrap();
    sync(&ana);
    bens.leave().unwrap();
    sync(&ben);
    sync(&ana);
    sync(&ana);

    let events = audit(&ana);
    let invited: Vec<_> = events.iter().filter(|one| one.event == "invited").collect();
    let whom: Vec<_> = invited.iter().map(|one| one.about_name.clone().unwrap()).collect();
    assert_eq!(whom, ["Ben", "Dr. Cruz", "Dora"]);
    assert_eq!(invited[1].role, Some("therapist"));
    assert_eq!(one(&events, "invite_closed").about_name.as_deref(), Some("Dora"));
    let came: Vec<_> = events.iter().filter(|one| one.event == "came_in").collect();
    assert_eq!(came[0].by.as_deref(), Some(ben.identity().unwrap().account.as_str()));
    assert_eq!(came[0].invite, invited[0].invite);
    let granted = one(&events, "granted");
    assert_eq!(granted.about_name.as_deref(), Some("Dr. Cruz"));
    assert!(!granted.grants.contains_key("plan") && granted.role.is_none());
    assert_eq!(granted.classes, ["plan"], "a reduction brings new keys along");
    let removed = one(&events, "removed");
    assert_eq!(removed.by_device.as_deref(), Some(ana.identity().unwrap().device.as_str()));
    assert!(!removed.classes.is_empty());
    assert_eq!(one(&events, "left").about_name.as_deref(), Some("Ben"));
    assert!(events.iter().any(|one| one.event == "keys_renewed"), "the owner renews them");
    assert!(events.iter().any(|one| one.event == "keys_kept"));

    for event in events.iter().filter(|one| one.log == Some("chart") && one.event != "founded") {
        assert_eq!(event.clock, Some(Clocked::Relay), "{event:?}");
        assert!(event.at_ms.unwrap() >= before && event.entry.is_some(), "{event:?}");
        assert!(event.by_name.is_some(), "{event:?}");
    }
    let places: Vec<_> =
        events.iter().filter(|one| one.log == Some("chart")).map(|one| one.seq.unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    // What was before a day is left out when only later is asked for.
    let later = AuditQuery { since_ms: Some(removed.at_ms.unwrap()) };
    let later = ana.audit(&later).unwrap();
    assert!(later.iter().all(|one| one.event != "invited") && one(&later, "removed") == removed);
}

#[test]
fn an_export_is_told_to_the_devices_of_who_made_it_and_to_nobody_else() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    ana.log(&held("childs-pose", 60, "one")).unwrap();
    let bens = let_in(&ana, &ben, "Ben", Role::Viewer);
    bens.export(ExportFormat::Json, &scene.room().join("bens.json")).unwrap();
    bens.export_tables(&scene.room().join("bens"), false).unwrap();
    let tablet = scene.pair(&ben, "bens-tablet");
    settle(&[&ben, &tablet, &ana]);
    let id = bens.current_chart().unwrap().id;
    for device in [&ben, &tablet] {
        let events = audit(&device.chart(&id).unwrap());
        let made: Vec<_> = events.iter().filter(|one| one.event == "exported").collect();
        let formats: Vec<_> = made.iter().map(|one| one.format.as_deref().unwrap()).collect();
        assert_eq!(formats, ["json", "csv"]);
        assert!(made.iter().all(|one| one.clock == Some(Clocked::Device)));
        assert_eq!(made[0].by_device.as_deref(), Some(ben.identity().unwrap().device.as_str()));
    }
    assert!(audit(&ben).iter().all(|one| one.event != "exported"), "not of his own chart");
    assert!(audit(&ana).iter().all(|one| one.event != "exported"));
}

#[test]
fn a_member_sees_the_log_of_members_and_the_readings_of_what_it_may_read_itself() {
    let scene = Scene::new();
    let (ana, ben, vera) = (person(&scene, "Ana"), person(&scene, "Ben"), person(&scene, "Vera"));
    ana.log(&held("childs-pose", 60, "one")).unwrap();
    let bens = let_in(&ana, &ben, "Ben", Role::Partner);
    let veras = let_in(&ana, &vera, "Vera", Role::Viewer);
    settle(&[&ana, &ben, &vera]);
    let whole = audit(&ana);
    assert!(whole.iter().any(|one| one.event == "read" && one.by_name.as_deref() == Some("Ben")));
    let told = audit(&veras);
    let came: Vec<_> = told.iter().filter(|one| one.event == "came_in").collect();
    assert_eq!(came.len(), 2, "who came in stands in the log that every member holds");
    // Whom an invite was for is the owner's own knowledge.
    assert!(told.iter().filter(|one| one.event == "invited").all(|one| one.about_name.is_none()));
    let may = bens.current_chart().unwrap().grants;
    for one in audit(&bens).iter().filter(|one| one.event == "read") {
        assert!(one.classes.iter().all(|class| may.contains_key(class)), "{one:?}");
    }
    let _ = vera;
}

#[test]
fn the_devices_of_the_account_stand_in_the_audit_of_the_own_chart() {
    let scene = Scene::new();
    let ana = person(&scene, "Ana");
    let tablet = scene.pair(&ana, "tablet");
    settle(&[&ana, &tablet]);
    let id = tablet.identity().unwrap().device;
    ana.revoke_device(&id).unwrap();
    sync(&ana);
    sync(&ana);
    let events = audit(&ana);
    assert_eq!(one(&events, "device_admitted").device.as_deref(), Some(id.as_str()));
    let revoked = one(&events, "device_revoked");
    assert_eq!((revoked.log, revoked.device.as_deref()), (Some("account"), Some(id.as_str())));
    let cut = one(&events, "device_cut");
    assert_eq!((cut.log, cut.device.as_deref()), (Some("chart"), Some(id.as_str())));
    assert!(!cut.classes.is_empty());
}
