//! A relay that lost something: restored from a backup and honest about it, empty under the same name, or rolled
//! back without a word.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use holdfast::{Budget, Engine, SyncOutcome};
use holdfast_relay::RelayConfig;
use holdfast_tests::near_relay::{NearRelay, config, first_device, log, shown, sync};

const HOUR: u64 = 60 * 60 * 1000;

struct World {
    dir: tempfile::TempDir,
    relay: Arc<NearRelay>,
    phone: Engine,
    tablet: Engine,
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_name() != "relay.lock" {
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

/// Two devices, a backup of the relay, and then more on both devices.
fn world() -> (World, RelayConfig) {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("relay");
    let relay = NearRelay::in_directory(&store);
    let (phone, _) = first_device(&dir.path().join("phone"), &relay);
    let link = phone.pair(HOUR).unwrap().link;
    let tablet = Engine::join(config(&dir.path().join("tablet"), &relay), &link, "tablet").unwrap();
    log(&phone, "before", 10);
    sync(&phone);
    let backup = dir.path().join("backup");
    copy(&store, &backup);
    for n in 0..5 {
        log(&phone, &format!("phone-{n}"), 20 + n);
        sync(&phone);
        log(&tablet, &format!("tablet-{n}"), 40 + n);
        sync(&tablet);
    }
    sync(&phone);
    (World { dir, relay, phone, tablet }, RelayConfig::in_directory(backup))
}

#[test]
fn a_restored_relay_is_given_back_what_it_lost() {
    let (world, backup) = world();
    let before = shown(&world.phone);
    assert_eq!(before.len(), 11);
    world.relay.replace(backup, true);
    log(&world.tablet, "meanwhile", 70);
    for engine in [&world.phone, &world.tablet, &world.phone, &world.tablet] {
        sync(engine);
    }
    assert_eq!(shown(&world.phone).len(), 12);
    assert_eq!(shown(&world.phone), shown(&world.tablet));
    let link = world.phone.pair(HOUR).unwrap().link;
    let third = config(&world.dir.path().join("third"), &world.relay);
    let third = Engine::join(third, &link, "third").unwrap();
    assert_eq!(shown(&third), shown(&world.phone));
}

#[test]
fn a_restored_relay_is_given_back_what_it_lost_by_the_device_that_comes_second_too() {
    let (world, backup) = world();
    world.relay.replace(backup, true);
    log(&world.tablet, "meanwhile", 70);
    log(&world.phone, "meanwhile-too", 71);
    for engine in [&world.tablet, &world.phone, &world.tablet, &world.phone] {
        sync(engine);
    }
    assert_eq!(shown(&world.phone).len(), 13);
    assert_eq!(shown(&world.phone), shown(&world.tablet));
}

#[test]
fn an_empty_relay_under_the_same_name_is_filled_again_by_the_first_device() {
    let (world, _) = world();
    world.relay.replace(RelayConfig::in_memory(), false);
    for engine in [&world.phone, &world.tablet, &world.phone, &world.tablet] {
        sync(engine);
    }
    assert_eq!(shown(&world.phone), shown(&world.tablet));
    log(&world.tablet, "afterwards", 33);
    sync(&world.tablet);
    sync(&world.phone);
    assert_eq!(shown(&world.phone).len(), 12);
    let link = world.phone.pair(HOUR).unwrap().link;
    let third = config(&world.dir.path().join("third"), &world.relay);
    let third = Engine::join(third, &link, "third").unwrap();
    assert_eq!(shown(&third), shown(&world.phone));
}

#[test]
fn a_relay_that_rolls_back_without_a_word_raises_an_alarm_and_the_device_works_on() {
    let (world, backup) = world();
    let before = shown(&world.phone);
    world.relay.replace(backup, false);
    let report = world.phone.sync_once(&Budget::default()).unwrap();
    assert_eq!(report.outcome, SyncOutcome::Offline, "{report:?}");
    assert!(report.problems.iter().any(|p| p.code == "relay_rolled_back"), "{report:?}");
    log(&world.phone, "afterwards", 33);
    assert_eq!(shown(&world.phone).len(), before.len() + 1);
    let report = world.phone.sync_once(&Budget::default()).unwrap();
    assert!(report.queued > 0 && report.outcome == SyncOutcome::Offline, "{report:?}");
}
