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

/// What a device has of its chart's log, from a place on: the entries' bytes.
fn entries_after(home: &Path, after: u64) -> Vec<Vec<u8>> {
    let db = rusqlite::Connection::open(home.join("holdfast.db")).unwrap();
    let sql = "SELECT bytes FROM entry JOIN space ON space.no = entry.space
               WHERE seq > ?1 AND entry.kind = 1 AND entry.class = 3 ORDER BY seq";
    let mut found = db.prepare(sql).unwrap();
    let rows = found.query_map([after], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn a_relay_that_shows_two_devices_two_histories_cannot_rejoin_them_unnoticed() {
    use holdfast_protocol::entry::Entry;
    use holdfast_protocol::hash::next_running;
    use holdfast_protocol::ids::SpaceId;
    use holdfast_protocol::sync::{Item, SpacePage, SyncResponse};
    use holdfast_protocol::wire;

    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_directory(&dir.path().join("relay"));
    let (phone, _) = first_device(&dir.path().join("phone"), &relay);
    let link = phone.pair(HOUR).unwrap().link;
    let home = dir.path().join("tablet");
    drop(Engine::join(config(&home, &relay), &link, "tablet").unwrap());
    sync(&phone);
    copy(&dir.path().join("relay"), &dir.path().join("other"));
    let other = NearRelay::in_directory(&dir.path().join("other"));
    let tablet = Engine::open(config(&home, &other)).unwrap();
    log(&tablet, "tablet", 30);
    sync(&tablet);
    let common = entries_after(&dir.path().join("phone"), 0).len();
    for n in 0..2 {
        log(&phone, &format!("phone-{n}"), 40);
        sync(&phone);
    }
    let hidden = entries_after(&dir.path().join("phone"), 0).split_off(common);
    assert_eq!(hidden.len(), 2);

    // Every signature and every sum is right; what the phone had seen when it wrote is not.
    let db = rusqlite::Connection::open(home.join("holdfast.db")).unwrap();
    let sql = "SELECT space.id, seq, running FROM entry JOIN space ON space.no = entry.space
               WHERE entry.class = 3 ORDER BY seq DESC LIMIT 1";
    let (space, seq, running): (Vec<u8>, u64, Vec<u8>) =
        db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let space = SpaceId::from_slice(&space).unwrap();
    let mut head = holdfast_protocol::entry::Position {
        seq,
        running: holdfast_protocol::ids::RunningHash::from_slice(&running).unwrap(),
    };
    let mut items = Vec::new();
    for bytes in hidden {
        head.seq += 1;
        head.running = next_running(head.running, Entry::from_bytes(&bytes).unwrap().hash());
        items.push(Item::Entry { seq: head.seq, bytes });
    }
    let noted = Vec::new();
    let page =
        SpacePage { space, starting_at: None, checkpoint: None, items, head, more: false, noted };
    other.meddle(move |ask, answer| {
        if ask.path != "/v1/sync" {
            return Ok(answer);
        }
        let mut response: SyncResponse = wire::decode("answer", &answer.body).unwrap();
        response.spaces.retain(|page| page.space != space);
        response.spaces.push(page.clone());
        let body = wire::encode(&response);
        Ok(holdfast::sync::transport::Answer { status: 200, body })
    });
    let report = tablet.sync_once(&Budget::default()).unwrap();
    assert!(report.problems.iter().any(|problem| problem.code == "fork"), "{report:#?}");
    // What is signed is kept all the same, and the device works on.
    assert_eq!(shown(&tablet).len(), 3);
    log(&tablet, "afterwards", 20);

    // Shown the phone's log instead of its own, it takes nothing of it.
    let tablet = Engine::open(config(&home, &relay)).unwrap();
    let report = tablet.sync_once(&Budget::default()).unwrap();
    assert!(report.problems.iter().any(|p| p.code == "relay_rolled_back"), "{report:#?}");
}
