//! Long histories: packed by the device that wrote them, fetched by one that comes later.
#![allow(clippy::unwrap_used)]

use holdfast::{Engine, ExportFormat};
use holdfast_tests::history;
use holdfast_tests::near_relay::{NearRelay, config, first_device, log, shown, sync};

const HOUR: u64 = 60 * 60 * 1000;

fn saved_bytes(engine: &Engine, at: &std::path::Path) -> u64 {
    engine.export(ExportFormat::Automerge, at).unwrap();
    let mut bytes = 0;
    let mut folders = vec![at.to_owned()];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let file = file.unwrap();
            if file.file_type().unwrap().is_dir() {
                folders.push(file.path());
            } else if file.path().extension().is_some_and(|e| e == "automerge") {
                bytes += file.metadata().unwrap().len();
            }
        }
    }
    bytes
}

#[test]
fn a_device_that_comes_late_fetches_packs_and_shows_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, _) = first_device(&dir.path().join("phone"), &relay);
    let sessions = history::years(7, 1, jiff::civil::date(2026, 1, 1));
    let text = history::document(&sessions[..240]);
    phone.import_json(&text).unwrap();
    let pushed = sync(&phone);
    assert!(pushed.pushed > 240, "{pushed:?}");
    let quiet = sync(&phone);
    assert_eq!((quiet.pushed, quiet.round_trips), (0, 1), "{quiet:?}");

    let link = phone.pair(HOUR).unwrap().link;
    let before = relay.answered_bytes();
    let tablet = Engine::join(config(&dir.path().join("tablet"), &relay), &link, "tablet").unwrap();
    let fetched = relay.answered_bytes() - before;
    let saved = saved_bytes(&phone, &dir.path().join("export"));
    let ratio = fetched as f64 / saved as f64;
    println!("fetched {fetched} bytes, saved {saved}: {ratio:.2}");
    assert!(ratio <= 0.7, "{ratio}");
    assert_eq!(shown(&tablet), shown(&phone));
    assert!(tablet.doctor(false).unwrap().ok, "{:?}", tablet.doctor(false));
    sync(&tablet);

    // Both go on, in packed sessions too, and a third one reads all of it.
    log(&phone, "afterwards", 20);
    log(&tablet, "afterwards-too", 30);
    for engine in [&phone, &tablet, &phone] {
        sync(engine);
    }
    assert_eq!(shown(&tablet), shown(&phone));
    let link = tablet.pair(HOUR).unwrap().link;
    let third = Engine::join(config(&dir.path().join("third"), &relay), &link, "third").unwrap();
    assert_eq!(shown(&third), shown(&phone));
}

#[test]
fn an_empty_relay_gets_packed_history_back_too() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, _) = first_device(&dir.path().join("phone"), &relay);
    let sessions = history::years(7, 1, jiff::civil::date(2026, 1, 1));
    phone.import_json(&history::document(&sessions[..45])).unwrap();
    sync(&phone);
    let link = phone.pair(HOUR).unwrap().link;
    let tablet = Engine::join(config(&dir.path().join("tablet"), &relay), &link, "tablet").unwrap();
    log(&tablet, "tablet", 30);
    sync(&tablet);
    sync(&phone);
    let db = rusqlite::Connection::open(dir.path().join("phone/holdfast.db")).unwrap();
    let sql = "SELECT count(*) FROM entry WHERE kind = 2";
    let packs: u64 = db.query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(packs > 0, "nothing was packed");
    let before = shown(&phone);
    relay.replace(holdfast_relay::RelayConfig::in_memory(), false);
    log(&phone, "afterwards", 40);
    for engine in [&phone, &tablet, &phone, &tablet] {
        sync(engine);
    }
    assert_eq!(shown(&phone).len(), before.len() + 1);
    assert_eq!(shown(&phone), shown(&tablet));
    let link = phone.pair(HOUR).unwrap().link;
    let third = Engine::join(config(&dir.path().join("third"), &relay), &link, "third").unwrap();
    assert_eq!(shown(&third), shown(&phone));
    assert!(third.doctor(false).unwrap().ok);
}
