//! A device that is stopped at its writes while it comes into somebody's chart, or while it removes somebody: opened
//! again it goes on, and nothing is half in force.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use holdfast::sharing::Role;
use holdfast::{Budget, Engine, GrantRequest, Invitation, NewAccount};
use holdfast_tests::fuse::Fuse;
use holdfast_tests::near_relay::{NearRelay, URL, config};
use holdfast_tests::scene::{held, history_json, settle};

const HOUR: u64 = 60 * 60 * 1000;

fn person(home: &Path, name: &str, relay: &Arc<NearRelay>) -> Engine {
    let account = NewAccount {
        name: name.to_owned(),
        device_name: "phone".to_owned(),
        relay: Some(URL.to_owned()),
    };
    Engine::create(config(home, relay), account).unwrap().0
}

fn invitation() -> Invitation {
    Invitation {
        name: Some("Ben".to_owned()),
        grant: GrantRequest::of(Role::Partner),
        valid_ms: HOUR,
        confirm_first: false,
    }
}

fn holds(engine: &Engine) -> usize {
    history_json(engine).as_array().unwrap().len()
}

#[test]
fn stopped_anywhere_on_the_way_into_a_chart_the_same_link_goes_on() {
    let mut at = 0;
    loop {
        let dir = tempfile::tempdir().unwrap();
        let relay = NearRelay::in_memory();
        let (hers, his) = (dir.path().join("Ana"), dir.path().join("Ben"));
        let ana = person(&hers, "Ana", &relay);
        ana.log(&held("childs-pose", 60, "before")).unwrap();
        let link = ana.invite(&invitation()).unwrap().link;
        drop(person(&his, "Ben", &relay));
        let fuse = Fuse::new();
        let ben = Engine::open(fuse.config(&his, &relay)).unwrap();
        fuse.light(at);
        let came = ben.accept_invite(&link);
        drop(ben);
        if !fuse.burnt() {
            came.unwrap();
            assert!(at > 30, "coming in has more writes than {at}");
            break;
        }
        let ben = Engine::open(config(&his, &relay)).unwrap();
        if let Err(error) = ben.accept_invite(&link) {
            panic!("stopped at write {at}: {error:?}");
        }
        ben.sync_once(&Budget::default()).unwrap();
        let charts = ben.charts().unwrap();
        let chart = charts.iter().find(|chart| !chart.own).unwrap();
        let theirs = ben.chart(&chart.id).unwrap();
        assert_eq!(holds(&theirs), 1, "stopped at write {at}");
        theirs.log(&held("childs-pose", 45, "by Ben")).unwrap();
        settle(&[&ben, &ana]);
        assert_eq!((holds(&ana), ana.members().unwrap().len()), (2, 2), "stopped at write {at}");
        // Each costs three homes: every third write is tried.
        at += 3;
    }
}

#[test]
fn stopped_at_any_write_of_a_removal_it_comes_into_force_all_the_same() {
    let mut at = 0;
    loop {
        let dir = tempfile::tempdir().unwrap();
        let relay = NearRelay::in_memory();
        let (hers, his) = (dir.path().join("Ana"), dir.path().join("Ben"));
        let ana = person(&hers, "Ana", &relay);
        let ben = person(&his, "Ben", &relay);
        let chart = ben.accept_invite(&ana.invite(&invitation()).unwrap().link).unwrap();
        settle(&[&ana]);
        drop(ana);
        let fuse = Fuse::new();
        let ana = Engine::open(fuse.config(&hers, &relay)).unwrap();
        fuse.light(at);
        let wished = ana.remove_member("Ben");
        if wished.is_ok() {
            let _ = ana.sync_once(&Budget::default());
        }
        drop(ana);
        let ana = Engine::open(config(&hers, &relay)).unwrap();
        let pending = ana.members().unwrap().iter().any(|member| member.pending.is_some());
        settle(&[&ana]);
        let gone = ana.members().unwrap().len() == 1;
        // Said is done: only a wish that was never written down is not heard.
        assert!(gone || (wished.is_err() && !pending), "stopped at write {at}");
        if gone {
            ana.log(&held("childs-pose", 60, "afterwards")).unwrap();
            settle(&[&ana]);
            let _ = ben.sync_once(&Budget::default());
            assert_eq!(holds(&ben.chart(&chart.id).unwrap()), 0, "stopped at write {at}");
        }
        if !fuse.burnt() {
            assert!(gone && at > 10, "a removal has more writes than {at}");
            break;
        }
        at += 1;
    }
}
