//! A therapist with thirty charts.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;

use holdfast::sharing::Role;
use holdfast::{Budget, Engine};
use holdfast_protocol::ids::{DeviceId, SpaceId};
use holdfast_tests::fuse::Fuse;
use holdfast_tests::near_relay::{NearRelay, config};
use holdfast_tests::people::{HOUR, chart_in, holds, let_in, near};
use holdfast_tests::scene::{held, settle, sync};

/// Where each log ends that a home knows, by space.
fn places(home: &Path) -> BTreeMap<Vec<u8>, u64> {
    let database = rusqlite::Connection::open(home.join("holdfast.db")).unwrap();
    let sql = "SELECT id, max(seq) FROM entry JOIN space ON space.no = entry.space GROUP BY id";
    let mut found = database.prepare(sql).unwrap();
    let rows = found.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn thirty_charts_are_quiet_a_new_phone_touches_none_and_a_revoked_one_is_cut_off_in_all() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let cruz = near(dir.path(), "Cruz", &relay);
    let owners: Vec<Engine> =
        (0..30).map(|n| near(dir.path(), &format!("Patient {n}"), &relay)).collect();
    let charts: Vec<Engine> =
        owners.iter().map(|owner| let_in(owner, &cruz, "Cruz", Role::Therapist)).collect();
    let link = cruz.pair(HOUR).unwrap().link;
    let at = |owner: usize| {
        let id = owners[owner].current_chart().unwrap().id;
        chart_in(&dir.path().join(format!("Patient {owner}")), &id)
    };
    let touched = |owner: usize| at(owner).epochs.values().map(Vec::len).sum::<usize>();
    let before: Vec<usize> = (0..30).map(touched).collect();
    settle(&[&cruz]);
    let logs = places(&dir.path().join("Cruz"));
    let lost = Engine::join(config(&dir.path().join("lost"), &relay), &link, "lost").unwrap();
    assert_eq!(lost.charts().unwrap().len(), 31);
    settle(&[&cruz, &lost]);
    for owner in &owners {
        // Its first word in any of them would have been told by now.
        sync(owner);
    }
    for engine in [&cruz, &lost] {
        let quiet = sync(engine);
        assert_eq!((quiet.round_trips, quiet.pushed, quiet.pulled), (1, 0, 0), "{quiet:?}");
        assert!(quiet.bytes_sent + quiet.bytes_received <= 200, "{quiet:?}");
    }
    // A new device reads all of them, and no log of theirs is longer for it: only that of the account itself.
    let own = cruz.identity().unwrap().account;
    let mine = SpaceId::from_hex(&own).unwrap().0.to_vec();
    let after = places(&dir.path().join("Cruz"));
    assert_eq!((logs.len(), after.len()), (32, 32), "the account, the own chart and thirty others");
    for (space, end) in &after {
        assert_eq!(logs[space] == *end, *space != mine, "{} {end}", logs[space]);
    }
    assert!((0..30).all(|n| touched(n) == before[n]));

    let device = lost.identity().unwrap().device;
    cruz.revoke_device(&device).unwrap();
    // The process dies while it signs what is to be said in the thirty charts: what is signed is kept.
    drop((charts, cruz));
    let home = dir.path().join("Cruz");
    let fuse = Fuse::new();
    let dying = Engine::open(fuse.config(&home, &relay)).unwrap();
    fuse.light(70);
    assert!(dying.sync_once(&Budget::default()).is_err() && fuse.burnt());
    drop(dying);
    let signed = {
        let database = rusqlite::Connection::open(home.join("holdfast.db")).unwrap();
        let sql = "SELECT count(*) FROM sealed WHERE kind = 0 AND refused IS NULL";
        database.query_row(sql, [], |row| row.get::<_, u64>(0)).unwrap()
    };
    assert!((1..30).contains(&signed), "{signed} of thirty were signed when it died");
    let cruz = Engine::open(config(&home, &relay)).unwrap();
    let mut asked = 0;
    relay.meddle(move |_, answer| {
        asked += 1;
        if asked % 3 == 0 {
            Err(holdfast::sync::transport::TransportError::TimedOut)
        } else {
            Ok(answer)
        }
    });
    let ids: Vec<String> = owners.iter().map(|o| o.current_chart().unwrap().id).collect();
    let lost_id = DeviceId::from_hex(&device).unwrap();
    for _ in 0..12 {
        // A little at a time, and each answer may be lost.
        let budget = Budget { max_bytes: 60_000, ..Budget::default() };
        cruz.sync_once(&budget).unwrap();
    }
    relay.stop_meddling();
    sync(&cruz);
    for (n, owner) in owners.iter().enumerate() {
        sync(owner);
        let chart = at(n);
        assert!(chart.cuts.contains_key(&lost_id), "{n}");
        let keys: usize = chart.epochs.values().map(Vec::len).sum();
        assert_eq!(keys, before[n] + 3, "{n}: new keys of what Cruz reads, once");
        owner.log(&held("childs-pose", 60, "afterwards")).unwrap();
        sync(owner);
    }
    sync(&cruz);
    for id in &ids {
        assert_eq!(holds(&cruz.chart(id).unwrap()), 1);
    }
    lost.sync_once(&Budget::default()).unwrap();
    for chart in lost.charts().unwrap() {
        assert_eq!(holds(&lost.chart(&chart.id).unwrap()), 0);
    }
}
