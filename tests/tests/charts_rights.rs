//! What an engine does on its own side about rights: it asks before it writes and seals, and takes nothing from
//! whoever may not write it, whatever the relay lets through. The membership is made by hand.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use holdfast::sharing::Role as Preset;
use holdfast::{ChartStanding, Engine, GrantRequest, Key};
use holdfast_protocol::attest::Attestation;
use holdfast_protocol::content::{DocChanges, DocId};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::entry::{Entry, Kind, Position};
use holdfast_protocol::hash::next_running;
use holdfast_protocol::ids::Class;
use holdfast_protocol::membership::{Act, Grant, Role};
use holdfast_protocol::sync::{Item, Outcome, SpacePage};
use holdfast_tests::near_relay::{log, shown, sync};
use holdfast_tests::scene::held;
use holdfast_tests::two_people::{Two, has_problem, meddle, try_sync};

fn write_refused(view: &Engine) -> String {
    let refused = view.log(&held("psoas-release-hook", 30, "no")).unwrap_err();
    refused.code().to_owned()
}

fn standing(view: &Engine) -> ChartStanding {
    view.current_chart().unwrap().standing
}

fn said_by_doctor(engine: &Engine, what: &str) -> bool {
    let report = engine.doctor(false).unwrap();
    assert!(report.ok, "{report:?}");
    report.findings.iter().any(|finding| finding.sentence.to_string().contains(what))
}

#[test]
fn a_plan_change_by_a_partner_is_ignored_and_reported_even_when_the_relay_lets_it_through() {
    let two = Two::new();
    two.ana.new_routine("Evening hips").unwrap();
    sync(&two.ana);
    two.let_ben_in(Grant::preset(Role::Partner));
    let (ana, ben) = (two.hand("ana"), two.hand("ben"));
    let state = ben.state(ana.chart);
    let epoch = state.epoch(Class::Plan);
    let key = ben.key(ana.chart, Class::Plan, epoch).expect("a partner reads the plan");
    let header = ben.header(&state, Class::Plan, Kind::Change, epoch);
    let forged = Entry::seal(header, &key, b"?", 3, &ben.keys, &mut SystemEntropy);

    let warned = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&warned);
    let first = AtomicBool::new(true);
    let _listening = two.ana.observe(move |keys| {
        // The first call says everything at once.
        if !first.swap(false, Ordering::AcqRel) && keys.has(Key::Warnings) {
            heard.store(true, Ordering::Release);
        }
    });
    std::thread::sleep(Duration::from_millis(200));
    let at = ana.state(ana.chart).head();
    let (chart, forged_in) = (ana.chart, forged.clone());
    meddle(&two.relay, move |response| {
        let running = next_running(at.running, forged_in.hash());
        response.spaces = vec![SpacePage {
            space: chart,
            starting_at: None,
            checkpoint: None,
            items: vec![Item::Entry { seq: at.seq + 1, bytes: forged_in.to_bytes() }],
            head: Position { seq: at.seq + 1, running },
            more: false,
            noted: Vec::new(),
        }];
    });
    let report = try_sync(&two.ana);
    assert!(has_problem(&report, "quarantined"), "{report:?}");
    assert!(said_by_doctor(&two.ana, "may not write this"));
    // Who, with which device, and what of which chart.
    let device: String = ben.keys.id().to_hex().chars().take(12).collect();
    let about = format!("(device {device}) wrote into the plan of the chart");
    assert!(said_by_doctor(&two.ana, &about), "{:?}", two.ana.doctor(false));
    assert_eq!(two.ana.routines().unwrap().len(), 1);
    for _ in 0..50 {
        if warned.load(Ordering::Acquire) {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("nobody was told of it");
}

#[test]
fn what_a_partner_writes_into_the_owners_strand_is_put_aside_and_the_strand_stays_writable() {
    let two = Two::new();
    log(&two.ana, "evening", 45);
    sync(&two.ana);
    two.let_ben_in(Grant::preset(Role::Partner));
    let (ana, ben) = (two.hand("ana"), two.hand("ben"));
    let state = ben.state(ana.chart);
    let epoch = state.epoch(Class::Log);
    let key = ben.key(ana.chart, Class::Log, epoch).unwrap();
    let doc = DocId::new(format!("session/evening/{}", ana.keys.id())).unwrap();
    let attestation = Attestation::sign(&ben.keys, ana.chart, &doc, 1, 1, [7; 32]);
    let content = DocChanges { doc, changes: vec![1, 2, 3], attestation }.to_bytes();
    let header = ben.header(&state, Class::Log, Kind::Change, epoch);
    let entry = Entry::seal(header, &key, &content, 3, &ben.keys, &mut SystemEntropy);
    // The relay cannot see whose strand it is about.
    assert!(matches!(ben.push(&entry, vec![]), Outcome::Stored { .. }));
    try_sync(&two.ana);
    assert!(said_by_doctor(&two.ana, "may not write this document"));
    log(&two.ana, "evening", 60);
    assert_eq!(shown(&two.ana).len(), 2);
    let report = try_sync(&two.ana);
    assert_eq!((report.pushed, report.queued), (1, 0), "{report:?}");
    try_sync(&two.ben);
    assert_eq!(shown(&two.anas()), shown(&two.ana));
}

#[test]
fn before_the_phrase_is_compared_nothing_is_read_or_written_and_then_all_of_it_opens() {
    let two = Two::new();
    log(&two.ana, "evening", 45);
    sync(&two.ana);
    let partner = Grant::preset(Role::Partner);
    two.hand("ana").let_in_by(&two.hand("ben"), partner, true);
    sync(&two.ana);
    sync(&two.ben);
    let view = two.anas();
    assert_eq!(standing(&view), ChartStanding::Waiting);
    assert_eq!(write_refused(&view), "not_confirmed_yet");
    assert!(shown(&view).is_empty());
    two.hand("ana").confirm(&two.hand("ben"));
    sync(&two.ana);
    sync(&two.ben);
    assert_eq!(standing(&view), ChartStanding::Active);
    assert_eq!(shown(&view), shown(&two.ana), "what was written before is read with the new keys");
    log(&view, "evening-2", 50);
    sync(&two.ben);
    sync(&two.ana);
    assert_eq!(shown(&two.ana).len(), 2);
}

#[test]
fn a_grant_that_is_over_writes_nothing_and_keeps_what_waits_until_there_is_more_time() {
    let two = Two::new();
    log(&two.ana, "evening", 45);
    sync(&two.ana);
    let now = 1_772_312_400_000_u64;
    let partner = Grant::preset(Role::Partner);
    two.let_ben_in(Grant { until_ms: Some(now + 60_000), ..partner.clone() });
    let view = two.anas();
    assert_eq!(view.current_chart().unwrap().until_ms, Some(now + 60_000));
    assert_eq!(view.current_chart().unwrap().role, Some("partner"));
    log(&view, "evening-2", 50);
    two.relay.advance(120_000);
    // The relay's clock decides; the device hears of it with the next answer.
    try_sync(&two.ben);
    let report = try_sync(&two.ben);
    assert_eq!(standing(&view), ChartStanding::Ended);
    assert_eq!(write_refused(&view), "grant_ended");
    assert_eq!(shown(&view).len(), 2, "what is here stays");
    assert_eq!(report.queued, 1, "{report:?}");
    two.hand("ana").change_grant(&two.hand("ben"), partner);
    sync(&two.ana);
    try_sync(&two.ben);
    assert_eq!(standing(&view), ChartStanding::Active);
    let report = try_sync(&two.ben);
    assert_eq!(report.queued, 0, "{report:?}");
    sync(&two.ana);
    assert_eq!(shown(&two.ana).len(), 2);
}

#[test]
fn a_chart_that_its_owner_closed_stays_readable_and_takes_nothing_more() {
    let two = Two::new();
    log(&two.ana, "evening", 45);
    sync(&two.ana);
    two.let_ben_in(Grant::preset(Role::Partner));
    let view = two.anas();
    log(&view, "too-late", 50);
    let ana = two.hand("ana");
    let mut state = ana.state(ana.chart);
    ana.say(&mut state, Act::Close, Vec::new());
    let report = try_sync(&two.ben);
    assert!(has_problem(&report, "not_sendable"), "{report:?}");
    assert_eq!(standing(&view), ChartStanding::Closed);
    assert_eq!(write_refused(&view), "closed");
    assert_eq!(shown(&view).len(), 2);
    try_sync(&two.ana);
    assert_eq!(two.ana.current_chart().unwrap().standing, ChartStanding::Closed);
    assert_eq!(write_refused(&two.ana), "closed");
    assert_eq!(shown(&two.ana).len(), 1);
}

#[test]
fn what_was_taken_away_does_not_come_back_when_the_log_itself_shows_the_removal() {
    let two = Two::new();
    log(&two.ana, "evening", 45);
    two.ana.new_routine("Evening hips").unwrap();
    sync(&two.ana);
    two.let_ben_in(Grant::preset(Role::Viewer));
    let view = two.anas();
    assert_eq!(shown(&view).len(), 1);
    let name = two.ana.members().unwrap().into_iter().find(|one| !one.me).unwrap().account;
    let narrow = GrantRequest { without: vec![Class::Log], ..GrantRequest::of(Preset::Viewer) };
    two.ana.change_grant(&name, &narrow).unwrap();
    sync(&two.ana);
    sync(&two.ben);
    assert!(shown(&view).is_empty());
    let (ana, ben) = (two.hand("ana"), two.hand("ben"));
    let known = ben.state(ana.chart).head().seq;
    two.ana.remove_member(&name).unwrap();
    sync(&two.ana);
    // The relay hands the removal out, where an honest one says only that he is out.
    let head = ana.state(ana.chart).head();
    let database = rusqlite::Connection::open(two.dir.path().join("ana/holdfast.db")).unwrap();
    let sql = "SELECT seq, entry.bytes FROM entry JOIN space ON space.no = entry.space
               WHERE space.id = ?1 AND seq > ?2 ORDER BY seq";
    let mut found = database.prepare(sql).unwrap();
    let items: Vec<Item> = found
        .query_map((ana.chart.as_bytes(), known), |row| {
            Ok(Item::Entry { seq: row.get(0)?, bytes: row.get(1)? })
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(!items.is_empty());
    let chart = ana.chart;
    meddle(&two.relay, move |response| {
        response.gone.clear();
        response.spaces = vec![SpacePage {
            space: chart,
            starting_at: None,
            checkpoint: None,
            items: items.clone(),
            head,
            more: false,
            noted: Vec::new(),
        }];
    });
    try_sync(&two.ben);
    let state = two.hand("ben").state(chart);
    assert!(!state.as_chart().unwrap().members.contains_key(&ben.account), "the log shows it");
    assert_eq!(standing(&view), ChartStanding::Gone);
    assert!(shown(&view).is_empty(), "the log was taken from him before");
    assert_eq!(view.routines().unwrap().len(), 1, "the plan he could read to the end");
}
