//! Two devices of one account over a real relay: pairing, recovering, meeting in one record, removing one.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use holdfast::views::StatusKind;
use holdfast::{Budget, DeviceStanding, Engine, HistoryQuery, HoldfastError, SyncOutcome};
use holdfast_tests::near_relay::{NearRelay, config, first_device, log, shown, sync};

const HOUR: u64 = 60 * 60 * 1000;

fn second_device(home: &Path, relay: &Arc<NearRelay>, first: &Engine) -> Engine {
    let link = first.pair(HOUR).unwrap().link;
    Engine::join(config(home, relay), &link, "tablet").unwrap()
}

fn link_code(error: &HoldfastError) -> &str {
    match error {
        HoldfastError::Link { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_paired_device_shows_the_record_and_both_go_on_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, _) = first_device(&dir.path().join("phone"), &relay);
    log(&phone, "evening", 45);
    let tablet = second_device(&dir.path().join("tablet"), &relay, &phone);
    assert_eq!(shown(&tablet), shown(&phone));
    assert_eq!(tablet.identity().unwrap().name, "Ana");

    relay.set_down(true);
    log(&phone, "evening", 50);
    log(&tablet, "morning", 60);
    assert!(phone.sync_once(&Budget::default()).unwrap().outcome == SyncOutcome::Offline);
    relay.set_down(false);
    for engine in [&phone, &tablet, &phone, &tablet, &phone] {
        sync(engine);
    }
    assert_eq!(shown(&phone).len(), 3);
    assert_eq!(shown(&phone), shown(&tablet));
    let page = phone.history(&HistoryQuery::default()).unwrap();
    for hold in page.holds.iter().flatten() {
        assert_eq!(hold.status, StatusKind::Seen, "{hold:?}");
    }
    for engine in [&phone, &tablet] {
        let report = sync(engine);
        assert_eq!(report.round_trips, 1, "{report:?}");
        assert!(report.bytes_sent + report.bytes_received <= 200, "{report:?}");
        assert!(engine.doctor(false).unwrap().ok);
    }
    let names: Vec<String> = phone.devices().unwrap().into_iter().map(|d| d.name).collect();
    assert_eq!(names, ["phone", "tablet", "recovery phrase"]);
}

#[test]
fn a_link_admits_one_device_and_says_why_it_does_not_admit_another() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, _) = first_device(&dir.path().join("phone"), &relay);
    let link = phone.pair(HOUR).unwrap().link;
    Engine::join(config(&dir.path().join("tablet"), &relay), &link, "tablet").unwrap();

    let third = dir.path().join("third");
    let refused = |link: &str| {
        let error = Engine::join(config(&third, &relay), link, "third").map(drop).unwrap_err();
        assert!(!third.exists(), "something was half-written");
        error
    };
    assert_eq!(link_code(&refused(&link)), "link_used");
    assert_eq!(link_code(&refused(&link[..link.len() - 3])), "bad_link");
    assert_eq!(link_code(&refused("https://example.org")), "bad_link");
    let late = phone.pair(HOUR).unwrap().link;
    relay.advance(HOUR as i64 + 1);
    assert_eq!(link_code(&refused(&late)), "link_ended");
    let other = NearRelay::in_memory();
    let good = phone.pair(HOUR).unwrap().link;
    let error = Engine::join(config(&third, &other), &good, "third").map(drop).unwrap_err();
    assert_eq!(link_code(&error), "link_ended");
    relay.set_down(true);
    assert!(matches!(refused(&good), HoldfastError::Relay { .. }));
    relay.set_down(false);
    Engine::join(config(&third, &relay), &good, "third").unwrap();
}

#[test]
fn a_join_whose_answers_are_lost_goes_on_with_the_same_link() {
    for lost in 1..12 {
        let dir = tempfile::tempdir().unwrap();
        let relay = NearRelay::in_memory();
        let (phone, _) = first_device(&dir.path().join("phone"), &relay);
        log(&phone, "evening", 45);
        let link = phone.pair(HOUR).unwrap().link;
        let home = dir.path().join("tablet");
        let mut asked = 0;
        relay.meddle(move |_, answer| {
            asked += 1;
            if asked >= lost && asked < lost + 3 {
                Err(holdfast::sync::transport::TransportError::TimedOut)
            } else {
                Ok(answer)
            }
        });
        let mut tablet = Engine::join(config(&home, &relay), &link, "tablet");
        for _ in 0..5 {
            if let Err(error) = &tablet {
                if matches!(error, HoldfastError::AlreadyAHome { .. }) {
                    tablet = Engine::open(config(&home, &relay));
                    continue;
                }
                assert!(matches!(error, HoldfastError::Relay { .. }), "{lost}: {error:?}");
                tablet = Engine::join(config(&home, &relay), &link, "tablet");
            }
        }
        relay.stop_meddling();
        let tablet = tablet.unwrap_or_else(|error| panic!("{lost}: {error:?}"));
        sync(&tablet);
        assert_eq!(shown(&tablet), shown(&phone), "{lost}");
        let sound = tablet.devices().unwrap().iter().filter(|d| !d.paper).count();
        assert_eq!(sound, 2, "{lost}: a device too many was admitted");
    }
}

#[test]
fn the_phrase_brings_everything_back_on_a_new_device() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, phrase) = first_device(&dir.path().join("phone"), &relay);
    log(&phone, "evening", 45);
    sync(&phone);
    let before = shown(&phone);
    drop(phone);
    let words = phrase.words().to_uppercase();
    let url = holdfast_tests::near_relay::URL;
    let new = dir.path().join("new");
    let wrong = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                 abandon about";
    let refused = Engine::recover(config(&new, &relay), wrong, url, "new").map(drop).unwrap_err();
    assert_eq!(refused.code(), "unknown_phrase");
    let typo = words.replacen(' ', " qqqqq ", 1);
    let refused = Engine::recover(config(&new, &relay), &typo, url, "new").map(drop).unwrap_err();
    assert_eq!(refused.code(), "bad_phrase");
    assert!(!new.exists());
    let again = Engine::recover(config(&new, &relay), &words, url, "new phone").unwrap();
    assert_eq!(shown(&again), before);
    log(&again, "morning", 30);
    sync(&again);
    assert_eq!(again.devices().unwrap().len(), 3);
}

#[test]
fn a_removed_device_sends_nothing_and_reads_nothing_new() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, _) = first_device(&dir.path().join("phone"), &relay);
    log(&phone, "evening", 45);
    let tablet = second_device(&dir.path().join("tablet"), &relay, &phone);
    let third = second_device(&dir.path().join("third"), &relay, &phone);
    sync(&phone);
    log(&tablet, "morning", 33);
    sync(&tablet);

    let standing = |of: &str| {
        let all = phone.devices().unwrap();
        all.iter().find(|d| d.device == of).unwrap().standing
    };
    let tablet_id = tablet.identity().unwrap().device;
    assert_eq!(
        phone.revoke_device(&phone.identity().unwrap().device).unwrap_err().code(),
        "this_device"
    );
    assert_eq!(phone.revoke_device("recovery phrase").unwrap_err().code(), "recovery_phrase");
    phone.revoke_device(&tablet_id[..12]).unwrap();
    assert_eq!(standing(&tablet_id), DeviceStanding::RemovalPending);
    sync(&phone);
    assert_eq!(standing(&tablet_id), DeviceStanding::Removed);
    log(&phone, "later", 77);
    sync(&phone);

    let before = shown(&tablet);
    log(&tablet, "too-late", 99);
    let report = tablet.sync_once(&Budget::default()).unwrap();
    assert_eq!(report.outcome, SyncOutcome::Offline);
    assert_eq!(report.problems[0].code, "device_revoked", "{report:?}");
    assert_eq!(shown(&tablet).len(), before.len() + 1);

    for engine in [&third, &phone, &third] {
        sync(engine);
    }
    assert_eq!(shown(&third), shown(&phone));
    // What was there before the removal stays; what came too late does not.
    assert_eq!(shown(&phone).len(), 3);
    log(&third, "third", 20);
    sync(&third);
    sync(&phone);
    assert_eq!(shown(&phone).len(), 4);
    // A device that comes afterwards reads all of it, from before the rotation and after.
    let fourth = second_device(&dir.path().join("fourth"), &relay, &phone);
    assert_eq!(shown(&fourth), shown(&phone));
}

#[test]
fn two_devices_that_remove_a_third_at_once_agree() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, _) = first_device(&dir.path().join("phone"), &relay);
    let tablet = second_device(&dir.path().join("tablet"), &relay, &phone);
    let third = second_device(&dir.path().join("third"), &relay, &phone);
    log(&third, "third", 44);
    sync(&third);
    sync(&phone);
    sync(&tablet);
    let id = third.identity().unwrap().device;
    phone.revoke_device(&id).unwrap();
    tablet.revoke_device(&id).unwrap();
    for engine in [&phone, &tablet, &phone, &tablet] {
        sync(engine);
    }
    for (n, engine) in [&phone, &tablet].into_iter().enumerate() {
        let all = engine.devices().unwrap();
        let standing = all.iter().find(|d| d.device == id).unwrap().standing;
        assert_eq!(standing, DeviceStanding::Removed);
        log(engine, &format!("after-{n}"), 30);
        sync(engine);
    }
    sync(&phone);
    assert_eq!(shown(&phone), shown(&tablet));
    assert_eq!(shown(&phone).len(), 3);
}

#[test]
fn a_device_that_joins_after_a_removal_reads_what_was_written_before_and_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, _) = first_device(&dir.path().join("phone"), &relay);
    let tablet = second_device(&dir.path().join("tablet"), &relay, &phone);
    log(&tablet, "tablet", 33);
    sync(&tablet);
    sync(&phone);
    phone.revoke_device(&tablet.identity().unwrap().device).unwrap();
    let third = second_device(&dir.path().join("third"), &relay, &phone);
    let id = third.identity().unwrap().device;
    third.name_device(&id[..16], "kitchen").unwrap();
    sync(&third);
    let fourth = second_device(&dir.path().join("fourth"), &relay, &third);
    sync(&fourth);
    sync(&phone);
    assert_eq!(shown(&fourth), shown(&phone));
    let names = |engine: &Engine| {
        let mut names: Vec<_> = engine.devices().unwrap().into_iter().map(|d| d.name).collect();
        names.sort();
        names
    };
    assert_eq!(names(&fourth), ["kitchen", "phone", "recovery phrase", "tablet", "tablet"]);
    assert_eq!(names(&fourth), names(&phone));
}

#[test]
fn links_that_nobody_used_end_and_make_room_for_others() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, _) = first_device(&dir.path().join("phone"), &relay);
    for _ in 0..16 {
        drop(phone.pair(HOUR).unwrap());
    }
    assert_eq!(phone.pair(HOUR).unwrap_err().code(), "too_many_links");
    relay.advance(2 * HOUR as i64);
    sync(&phone);
    let tablet = second_device(&dir.path().join("tablet"), &relay, &phone);
    sync(&tablet);
    sync(&phone);
    assert_eq!(sync(&phone).round_trips, 1);
}
