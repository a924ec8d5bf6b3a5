//! A relay that lies to somebody about a chart of several accounts, over real HTTP and real files: forging,
//! altering, replaying, splicing, rolling back, forking, withholding. What it says is not taken, and it is said why.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use holdfast::sharing::Role;
use holdfast::{Budget, Engine, SyncOutcome, SyncReport};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::{Class, SpaceId};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::sync::{Item, SyncResponse};
use holdfast_tests::by_hand::Hand;
use holdfast_tests::liar::{Liar, page};
use holdfast_tests::people::{codes, findings, holds, let_in, person, person_behind};
use holdfast_tests::scene::{Scene, held, history_json, settle, sync};

/// Ana's chart with Ben in it, who reaches the relay through somebody who may lie to him.
struct Lied {
    scene: Scene,
    ana: Engine,
    ben: Engine,
    /// Ben's view of Ana's chart.
    hers: Engine,
    liar: Arc<Liar>,
}

fn lied() -> Lied {
    let scene = Scene::new();
    let ana = person(&scene, "Ana");
    let liar = Liar::before(&scene.url());
    let ben = person_behind(&scene, "Ben", &liar);
    ana.log(&held("childs-pose", 60, "before")).unwrap();
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    settle(&[&ana, &ben]);
    assert_eq!(holds(&hers), 1);
    Lied { scene, ana, ben, hers, liar }
}

impl Lied {
    fn hand(&self, home: &str) -> Hand {
        Hand::over_http(&self.scene.home(home), &self.scene.url())
    }

    fn chart(&self) -> SpaceId {
        self.hand("Ana").chart
    }

    fn try_sync(&self) -> SyncReport {
        self.ben.sync_once(&Budget::default()).unwrap()
    }

    /// The relay is honest again: everything that Ana wrote is there, and Ben can write.
    fn is_whole_again(&self, what: &str) {
        self.liar.repent();
        self.hers.log(&held("childs-pose", 20, "afterwards")).unwrap();
        settle(&[&self.ben, &self.ana, &self.ben]);
        assert_eq!(history_json(&self.hers), history_json(&self.ana), "{what}");
    }
}

/// The sealed entries of a class that a home has of a log.
fn sealed(home: &Path, space: SpaceId, class: Class) -> Vec<Vec<u8>> {
    let db = rusqlite::Connection::open(home.join("holdfast.db")).unwrap();
    let sql = "SELECT bytes FROM entry JOIN space ON space.no = entry.space
               WHERE space.id = ?1 AND entry.class = ?2 AND bytes IS NOT NULL ORDER BY seq";
    let mut found = db.prepare(sql).unwrap();
    let rows = found.query_map((space.0, class as i64), |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn what_a_relay_alters_drops_reorders_or_hides_in_a_shared_chart_is_not_taken() {
    type Lie = fn(&mut SyncResponse);
    let lies: [(&str, &str, Lie); 4] = [
        ("a bit turned over", "relay_garbled", |response| {
            for item in response.spaces.iter_mut().flat_map(|page| &mut page.items) {
                if let Item::Entry { bytes, .. } = item {
                    let last = bytes.len() - 1;
                    bytes[last] ^= 1;
                }
            }
        }),
        ("the last one left out", "relay_garbled", |response| {
            response.spaces.iter_mut().for_each(|page| {
                page.items.pop();
            });
        }),
        ("order changed", "relay_garbled", |response| {
            response.spaces.iter_mut().for_each(|page| page.items.reverse());
        }),
        ("an entry behind another's hash", "relay_rolled_back", |response| {
            for item in response.spaces.iter_mut().flat_map(|page| &mut page.items) {
                if let Item::Entry { seq, .. } = item {
                    let hash = holdfast_protocol::ids::EntryHash([7; 32]);
                    *item = Item::Stub { seq: *seq, hash };
                }
            }
        }),
    ];
    for (what, code, lie) in lies {
        let lied = lied();
        lied.ana.log(&held("childs-pose", 50, "one")).unwrap();
        sync(&lied.ana);
        lied.ana.log(&held("childs-pose", 40, "two")).unwrap();
        sync(&lied.ana);
        lied.liar.lie(lie);
        let report = lied.try_sync();
        assert_eq!(report.outcome, SyncOutcome::Offline, "{what}: {report:?}");
        assert!(codes(&report).contains(&code), "{what}: {report:?}");
        assert_eq!(holds(&lied.hers), 1, "{what}");
        lied.is_whole_again(what);
        assert!(findings(&lied.ben).is_empty(), "{what}");
    }
}

/// Shows Ben one entry as the next of Ana's chart: he takes nothing of it and says why; and once the relay shows
/// what it really has, that is an alarm, for its history is another.
fn is_put_aside(lied: &Lied, what: &str, entry: Vec<u8>, why: &str) {
    let chart = lied.chart();
    let before = history_json(&lied.hers);
    let at = lied.hand("Ben").state(chart).head();
    lied.liar.splice(chart, at, &[entry]);
    let report = lied.try_sync();
    assert!(codes(&report).contains(&"quarantined"), "{what}: {report:?}");
    assert_eq!(history_json(&lied.hers), before, "{what}");
    let found = findings(&lied.ben).join("\n");
    assert!(found.contains(why), "{what}: {found}");
    lied.liar.repent();
    lied.ana.log(&held("childs-pose", 30, "goes on")).unwrap();
    sync(&lied.ana);
    let report = lied.try_sync();
    assert!(codes(&report).contains(&"relay_rolled_back"), "{what}: {report:?}");
    lied.hers.log(&held("childs-pose", 20, "he works on")).unwrap();
}

#[test]
fn what_a_relay_forges_in_a_shared_chart_is_put_aside_as_nobodys() {
    let lied = lied();
    let ana = lied.hand("Ana");
    let state = ana.state(ana.chart);
    let (stranger, key) = (DeviceKeys::generate(&mut SystemEntropy), Secret32::from_bytes([7; 32]));
    let header = ana.header(&state, Class::Log, Kind::Change, state.epoch(Class::Log));
    let forged = Entry::seal(header, &key, b"forged", 3, &stranger, &mut SystemEntropy);
    is_put_aside(&lied, "forged", forged.to_bytes(), "not a device of a member");
}

#[test]
fn what_a_relay_replays_in_a_shared_chart_is_put_aside_as_a_replay() {
    let lied = lied();
    let again = sealed(&lied.scene.home("Ana"), lied.chart(), Class::Log).pop().unwrap();
    is_put_aside(&lied, "replayed", again, "a replay");
}

#[test]
fn what_a_relay_splices_between_charts_is_put_aside_as_anothers() {
    let lied = lied();
    // Ben has a chart of his own, and Ana is in it: her entry there is as good as can be.
    let his = let_in(&lied.ben, &lied.ana, "Ana", Role::Partner);
    his.log(&held("childs-pose", 33, "in Ben's chart")).unwrap();
    settle(&[&lied.ana, &lied.ben]);
    let theirs = lied.hand("Ben").chart;
    let entry = sealed(&lied.scene.home("Ana"), theirs, Class::Log).pop().unwrap();
    is_put_aside(&lied, "spliced", entry, "belongs to another space");
}

#[test]
fn a_whole_page_of_another_chart_or_class_is_not_taken_for_the_asked_one() {
    let lied = lied();
    let chart = lied.chart();
    lied.ana.log(&held("childs-pose", 50, "one")).unwrap();
    lied.ana.new_routine("Evening hips").unwrap();
    sync(&lied.ana);
    let own = lied.hand("Ben").chart;
    // Ana's page under the name of Ben's own chart, and the other way round.
    lied.liar.lie(move |response| {
        for page in &mut response.spaces {
            page.space = if page.space == chart { own } else { chart };
        }
    });
    let report = lied.try_sync();
    assert_eq!(report.outcome, SyncOutcome::Offline, "{report:?}");
    assert!(codes(&report).contains(&"relay_rolled_back"), "{report:?}");
    assert_eq!((holds(&lied.hers), holds(&lied.ben)), (1, 0));
    lied.is_whole_again("swapped");
    assert_eq!(lied.hers.routines().unwrap().len(), 1);
}

#[test]
fn a_member_in_league_moves_no_sealed_body_to_another_author_class_or_document() {
    // Everything a class key protects is bound to its header: Ben, who has the keys, signs Ana's body as his own,
    // and as one of another class.
    for class in [Class::Log, Class::Plan] {
        let lied = lied();
        let (ben, chart) = (lied.hand("Ben"), lied.chart());
        let body = sealed(&lied.scene.home("Ana"), chart, Class::Log).pop().unwrap();
        let body = Entry::from_bytes(&body).unwrap().body().to_vec();
        let state = ben.state(chart);
        let header = ben.header(&state, class, Kind::Change, state.epoch(class));
        let moved = Entry::sign(header, body, &ben.keys);
        let at = lied.hand("Ana").state(chart).head();
        // To Ana this time: she reads the log and the plan.
        let liar = Liar::before(&lied.scene.url());
        liar.splice(chart, at, &[moved.to_bytes()]);
        drop(lied.ana);
        let home = holdfast::Config::command_line(lied.scene.home("Ana"));
        let config = holdfast::Config { transport: Some(liar), ..home };
        let ana = Engine::open(config).unwrap();
        let report = ana.sync_once(&Budget::default()).unwrap();
        assert!(codes(&report).contains(&"quarantined"), "{class:?}: {report:?}");
        assert_eq!(holds(&ana), 1);
        let found = findings(&ana).join("\n");
        let why = if class == Class::Plan { "may not write this" } else { "does not open" };
        assert!(found.contains(why), "{class:?}: {found}");
    }
}

#[test]
fn a_relay_set_back_without_a_word_is_an_alarm_for_everybody_in_the_chart() {
    let mut lied = lied();
    let backup = lied.scene.back_up_relay();
    lied.ana.log(&held("childs-pose", 50, "after the backup")).unwrap();
    settle(&[&lied.ana, &lied.ben]);
    lied.scene.set_relay_back(&backup, false);
    for (who, engine) in [("Ana", &lied.ana), ("Ben", &lied.ben)] {
        let report = engine.sync_once(&Budget::default()).unwrap();
        assert_eq!(report.outcome, SyncOutcome::Offline, "{who}: {report:?}");
        assert!(codes(&report).contains(&"relay_rolled_back"), "{who}: {report:?}");
    }
    assert_eq!(holds(&lied.hers), 2);
    lied.hers.log(&held("childs-pose", 20, "he works on")).unwrap();
    assert_eq!(holds(&lied.hers), 3);
}

#[test]
fn two_members_who_were_shown_two_histories_cannot_be_rejoined_unnoticed() {
    let mut lied = lied();
    let (chart, backup) = (lied.chart(), lied.scene.back_up_relay());
    // One history for Ana …
    for n in 0..2 {
        lied.ana.log(&held("childs-pose", 40 + n, &format!("Ana {n}"))).unwrap();
        sync(&lied.ana);
    }
    let hidden = sealed(&lied.scene.home("Ana"), chart, Class::Log).split_off(1);
    assert_eq!(hidden.len(), 2);
    // … and another for Ben, who writes in it.
    lied.scene.set_relay_back(&backup, false);
    lied.hers.log(&held("childs-pose", 20, "Ben")).unwrap();
    sync(&lied.ben);
    // Every signature and every sum is right; what Ana had seen when she wrote is not.
    let at = lied.hand("Ben").state(chart).head();
    lied.liar.splice(chart, at, &hidden);
    let report = lied.try_sync();
    assert!(codes(&report).contains(&"fork"), "{report:?}");
    let found = findings(&lied.ben).join("\n");
    assert!(found.contains("Alarm"), "{found}");
}

#[test]
fn what_a_relay_withholds_is_missing_only_as_long_as_it_does() {
    let lied = lied();
    let chart = lied.chart();
    lied.ana.log(&held("childs-pose", 50, "withheld")).unwrap();
    sync(&lied.ana);
    // It says that there is nothing.
    lied.liar.lie(move |response| response.spaces.retain(|page| page.space != chart));
    let report = lied.try_sync();
    assert_eq!((report.outcome, holds(&lied.hers)), (SyncOutcome::Done, 1), "as if she were away");
    // It shows what came later, and not what was before it.
    lied.liar.repent();
    lied.ana.log(&held("childs-pose", 40, "shown")).unwrap();
    sync(&lied.ana);
    let later = sealed(&lied.scene.home("Ana"), chart, Class::Log).pop().unwrap();
    let head = lied.hand("Ana").state(chart).head();
    let gap =
        page(chart, holdfast_protocol::entry::Position { seq: head.seq - 1, ..head }, &[later]);
    lied.liar.lie(move |response| {
        response.spaces.retain(|page| page.space != chart);
        response.spaces.push(gap.clone());
    });
    let report = lied.try_sync();
    assert_eq!(report.outcome, SyncOutcome::Offline, "{report:?}");
    assert!(codes(&report).contains(&"relay_garbled"), "{report:?}");
    assert_eq!(holds(&lied.hers), 1);
    lied.is_whole_again("withheld");
    assert_eq!(holds(&lied.hers), 4);
}
