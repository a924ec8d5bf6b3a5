//! A device that is stopped at any write of a sync, or of joining: opened again it goes on, and nothing is lost or
//! doubled.
#![allow(clippy::unwrap_used)]

use holdfast::{Budget, Engine, HoldfastError};
use holdfast_tests::fuse::Fuse;
use holdfast_tests::near_relay::{NearRelay, config, first_device, log, shown, sync};

const HOUR: u64 = 60 * 60 * 1000;

#[test]
fn stopped_at_any_write_of_a_sync_nothing_is_lost_or_doubled() {
    let mut at = 0;
    loop {
        let dir = tempfile::tempdir().unwrap();
        let relay = NearRelay::in_memory();
        let (phone, _) = first_device(&dir.path().join("phone"), &relay);
        log(&phone, "evening", 45);
        let link = phone.pair(HOUR).unwrap().link;
        let home = dir.path().join("tablet");
        drop(Engine::join(config(&home, &relay), &link, "tablet").unwrap());
        log(&phone, "evening", 50);
        log(&phone, "morning", 60);
        sync(&phone);

        let fuse = Fuse::new();
        let tablet = Engine::open(fuse.config(&home, &relay)).unwrap();
        log(&tablet, "tablet", 30);
        log(&tablet, "evening", 55);
        fuse.light(at);
        let outcome = tablet.sync_once(&Budget::default());
        let ended = !fuse.burnt();
        drop(tablet);
        if ended {
            outcome.unwrap();
            assert!(at > 30, "a sync has more writes than {at}");
            break;
        }
        let tablet = Engine::open(config(&home, &relay)).unwrap();
        for engine in [&tablet, &phone, &tablet] {
            sync(engine);
        }
        // The second of the evening was done on both: one hold.
        assert_eq!(shown(&tablet).len(), 4, "stopped at write {at}");
        assert_eq!(shown(&tablet), shown(&phone), "stopped at write {at}");
        assert!(tablet.doctor(false).unwrap().ok, "stopped at write {at}");
        at += 1;
    }
}

#[test]
fn stopped_at_any_write_of_joining_the_same_link_goes_on() {
    let mut at = 0;
    loop {
        let dir = tempfile::tempdir().unwrap();
        let relay = NearRelay::in_memory();
        let (phone, _) = first_device(&dir.path().join("phone"), &relay);
        log(&phone, "evening", 45);
        let link = phone.pair(HOUR).unwrap().link;
        let home = dir.path().join("tablet");
        let fuse = Fuse::new();
        fuse.light(at);
        let joined = Engine::join(fuse.config(&home, &relay), &link, "tablet");
        if !fuse.burnt() {
            joined.map(drop).unwrap();
            assert!(at > 30, "joining has more writes than {at}");
            break;
        }
        drop(joined);
        let tablet = match Engine::join(config(&home, &relay), &link, "tablet") {
            Ok(tablet) => tablet,
            Err(HoldfastError::AlreadyAHome { .. }) => Engine::open(config(&home, &relay)).unwrap(),
            Err(error) => panic!("stopped at write {at}: {error:?}"),
        };
        sync(&tablet);
        sync(&phone);
        assert_eq!(shown(&tablet), shown(&phone), "stopped at write {at}");
        let devices = phone.devices().unwrap();
        assert_eq!(devices.iter().filter(|d| !d.paper).count(), 2, "stopped at write {at}");
        at += 1;
    }
}
