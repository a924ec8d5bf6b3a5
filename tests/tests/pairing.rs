//! Pairing links that are mangled, expired or used twice, and devices that were revoked.

#![allow(clippy::unwrap_used)]

use holdfast::{Budget, SyncOutcome};
use holdfast::{Config, Engine};
use holdfast_tests::bare_client::BareClient;
use holdfast_tests::scene::{PAIR_MS, Scene, carry, held, history_json, settle, sync};

fn join(scene: &Scene, link: &str, home: &str) -> Result<Engine, holdfast::HoldfastError> {
    Engine::join(Config::command_line(scene.home(home)), link, home)
}

#[test]
fn a_mangled_link_is_refused_before_anything_is_written_or_asked() {
    let mut scene = Scene::new();
    let first = scene.create("first");
    let link = first.pair(PAIR_MS).unwrap().link.to_string();
    scene.stop_relay();
    let cut = &link[..link.len() - 7];
    let turned = format!("{}{}", &link[..40], link[40..].chars().rev().collect::<String>());
    for mangled in ["", "holdfast:pair#", "https://example.org", cut, turned.as_str()] {
        let error = join(&scene, mangled, "second").unwrap_err();
        assert!(error.to_string().contains("link"), "{error}");
        assert!(!scene.home("second").exists(), "nothing is half-made");
    }
}

#[test]
fn a_link_works_once() {
    let scene = Scene::new();
    let first = scene.create("first");
    let link = first.pair(PAIR_MS).unwrap().link.to_string();
    let second = join(&scene, &link, "second").unwrap();
    let error = join(&scene, &link, "third").unwrap_err();
    assert!(error.to_string().contains("used"), "{error}");
    settle(&[&first, &second]);
    assert_eq!(first.devices().unwrap().len(), 3, "two devices and the phrase");
}

#[test]
fn an_expired_link_says_so() {
    let scene = Scene::new();
    let first = scene.create("first");
    let link = first.pair(1).unwrap().link.to_string();
    std::thread::sleep(std::time::Duration::from_millis(50));
    let error = join(&scene, &link, "second").unwrap_err();
    assert!(error.to_string().contains("ended"), "{error}");
}

#[test]
fn a_revoked_device_reads_nothing_new_and_says_so() {
    let scene = Scene::new();
    let (first, second) = scene.two_devices();
    first.log(&held("childs-pose", 30, "both read this")).unwrap();
    settle(&[&first, &second]);
    let lost = second.identity().unwrap().device;
    first.revoke_device(&lost).unwrap();
    sync(&first);
    first.log(&held("childs-pose", 31, "only the first reads this")).unwrap();
    sync(&first);

    let report = second.sync_once(&Budget::default()).unwrap();
    assert_ne!(report.outcome, SyncOutcome::Done, "{report:?}");
    assert!(!report.problems.is_empty(), "it says why");
    assert_eq!(history_json(&second).as_array().unwrap().len(), 1, "what it had stays");
    second.log(&held("childs-pose", 32, "written after the revocation")).unwrap();
    let _ = second.sync_once(&Budget::default()).unwrap();
    sync(&first);
    assert_eq!(history_json(&first).as_array().unwrap().len(), 2, "and nothing of it slips in");
    assert!(first.doctor(false).unwrap().ok);
}

#[test]
fn a_thief_with_the_keys_of_a_revoked_device_gets_no_token_and_opens_no_later_entry() {
    let scene = Scene::new();
    let first = scene.create("first");
    sync(&first);
    let mut carry = carry(&scene.url());
    let link = first.pair(PAIR_MS).unwrap().link.to_string();
    let mut thief = BareClient::join(&link, &mut carry).unwrap();
    sync(&first);
    first.revoke_device(&thief.keys.id().to_hex()).unwrap();
    sync(&first);
    first.log(&held("childs-pose", 31, "after the theft")).unwrap();
    sync(&first);

    let url = scene.url();
    let refused = thief.sign_in(&mut carry, &url).unwrap_err();
    assert!(refused.contains("UnknownDevice"), "{refused}");
    let old = BareClient::request(Vec::new());
    assert!(thief.sync(&mut carry, &old).is_err(), "the token it had is void");
    // Even with the relay's disk in hand the entries do not open.
    let disk = rusqlite::Connection::open(scene.relay_directory().join("relay.sqlite3")).unwrap();
    let bodies: Vec<Vec<u8>> = disk
        .prepare("SELECT body FROM entry WHERE body IS NOT NULL ORDER BY place")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut newest = None;
    for bytes in &bodies {
        if let Ok(entry) = holdfast_protocol::entry::Entry::from_bytes(bytes)
            && entry.header().class == holdfast_protocol::ids::Class::Log
        {
            newest = Some(entry);
        }
    }
    let newest = newest.expect("the hold after the theft is on the relay");
    let (epoch, key) = &thief.class_keys[&holdfast_protocol::ids::Class::Log];
    assert!(newest.header().epoch > *epoch, "the key was rotated");
    assert!(newest.open(key).is_err());
}
