//! Several accounts in one chart, as the engine sees it: whose accounts it knows, what it may do there, and what it
//! takes from whom. The membership is made by hand; the relay and the homes are real.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use holdfast::domain::words::Words;
use holdfast::views::StatusKind;
use holdfast::{ChartStanding, Engine, ExportFormat, HistoryQuery, SyncOutcome, SyncReport};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::Class;
use holdfast_protocol::membership::{Access, Grant, Refusal, Role};
use holdfast_protocol::sync::{AccountOutline, Item, Outcome};
use holdfast_tests::near_relay::{config, log, shown, sync};
use holdfast_tests::two_people::{Two, has_problem, meddle, of_another, try_sync};

const HOUR: u64 = 60 * 60 * 1000;

#[test]
fn a_partner_sees_plan_and_log_and_what_both_log_is_one_record_with_its_authors() {
    let two = Two::new();
    two.ana.new_routine("Evening hips").unwrap();
    log(&two.ana, "evening", 45);
    sync(&two.ana);
    two.let_ben_in(Grant::preset(Role::Partner));

    let charts = two.ben.charts().unwrap();
    assert_eq!(charts.len(), 2);
    assert!(charts[0].own && charts[0].current && charts[0].role == Some("owner"));
    let anas = &charts[1];
    assert_eq!((anas.role, anas.standing), (Some("partner"), ChartStanding::Active));
    assert_eq!(anas.grants.get("plan"), Some(&"read"));
    assert_eq!(anas.grants.get("log"), Some(&"write"));
    assert_eq!(anas.grants.get("notes"), None);

    let view = two.anas();
    assert!(view.current_chart().unwrap().id == anas.id);
    assert_eq!(view.routines().unwrap()[0].name, "Evening hips");
    assert_eq!(shown(&view), shown(&two.ana));
    log(&view, "evening-2", 50);
    sync(&two.ben);
    sync(&two.ana);
    assert_eq!(shown(&two.ana).len(), 2);
    assert_eq!(shown(&view), shown(&two.ana));
    assert!(shown(&two.ben).is_empty(), "the own chart is another");
    assert!(two.ben.routines().unwrap().is_empty());

    let account = |engine: &Engine| engine.identity().unwrap().account;
    let authors = |engine: &Engine| -> BTreeSet<String> {
        let holds = engine.history(&HistoryQuery::default()).unwrap().holds.unwrap();
        let of = |id: &str| engine.hold_observations(id).unwrap();
        holds.iter().flat_map(|hold| of(&hold.hold_id)).map(|one| one.account).collect()
    };
    let both = BTreeSet::from([account(&two.ana), account(&two.ben)]);
    assert_eq!(authors(&two.ana), both);
    assert_eq!(authors(&view), both);
    // Each knows that the other has it, once the cursors went round.
    for engine in [&two.ben, &two.ana, &two.ben] {
        sync(engine);
    }
    for engine in [&two.ana, &view] {
        let holds = engine.history(&HistoryQuery::default()).unwrap().holds.unwrap();
        assert!(holds.iter().all(|hold| hold.status == StatusKind::Seen), "{holds:?}");
        let report = sync(engine);
        assert_eq!(report.round_trips, 1, "{report:?}");
        assert!(report.bytes_sent + report.bytes_received <= 200, "{report:?}");
        assert!(engine.doctor(false).unwrap().ok);
    }
}

#[test]
fn what_a_grant_does_not_give_is_refused_here_and_by_the_relay() {
    let two = Two::new();
    log(&two.ana, "evening", 45);
    sync(&two.ana);
    two.let_ben_in(Grant::preset(Role::Viewer));
    let view = two.anas();
    assert_eq!(shown(&view).len(), 1);
    let hold = &shown(&view)[0].0;
    assert_eq!(view.remove_hold(hold).unwrap_err().code(), "only_read");
    assert_eq!(view.new_routine("Mine").unwrap_err().code(), "only_the_owner");
    let request = holdfast_tests::scene::held("psoas-release-hook", 30, "no");
    assert_eq!(view.log(&request).unwrap_err().code(), "only_read");
    // What was refused left nothing behind.
    assert_eq!(sync(&two.ben).pushed, 0);

    let hand = two.hand("ben");
    let chart = two.hand("ana").chart;
    let state = hand.state(chart);
    for (class, key_of) in [(Class::Log, &hand), (Class::Plan, &hand)] {
        let epoch = state.epoch(class);
        let key = key_of.key(chart, class, epoch).expect("a viewer has the key to read with");
        let header = hand.header(&state, class, Kind::Change, epoch);
        let entry = Entry::seal(header, &key, b"?", 3, &hand.keys, &mut SystemEntropy);
        assert_eq!(hand.push(&entry, vec![]), Outcome::Never { why: Refusal::NoWriteGrant });
    }
}

#[test]
fn a_partner_logs_and_does_not_edit_the_plan() {
    let two = Two::new();
    let routine = two.ana.new_routine("Evening hips").unwrap();
    sync(&two.ana);
    two.let_ben_in(Grant::preset(Role::Partner));
    let view = two.anas();
    let refused = view.rename_routine(routine.routine.id.as_str(), "Mine now").unwrap_err();
    assert_eq!(refused.code(), "only_the_owner");
    assert_eq!(two.ben.charts().unwrap().len(), 2);
    assert_eq!(two.ben.chart("nobody's").unwrap_err().code(), "not_found");
    assert!(two.ben.chart("own").unwrap().current_chart().unwrap().own);
}

#[test]
fn what_was_not_granted_stays_unreadable_until_it_is_and_then_its_history_opens() {
    let two = Two::new();
    let ana = two.hand("ana");
    // A note of Ana's, before Ben came; another key follows, so that its history has two.
    let state = ana.state(ana.chart);
    let epoch = state.epoch(Class::Notes);
    let key = ana.key(ana.chart, Class::Notes, epoch).unwrap();
    let header = ana.header(&state, Class::Notes, Kind::Change, epoch);
    let note = Entry::seal(header, &key, b"not a document", 3, &ana.keys, &mut SystemEntropy);
    assert!(matches!(ana.push(&note, vec![]), Outcome::Stored { .. }));
    try_sync(&two.ana);

    two.hand("ana").let_in(&two.hand("ben"), Grant::preset(Role::Partner));
    try_sync(&two.ana);
    sync(&two.ben);
    let ben = two.hand("ben");
    assert!(ben.key(ana.chart, Class::Notes, epoch).is_none());
    let kinds = |home: &str| -> Vec<Option<i64>> {
        let path = two.dir.path().join(home).join("holdfast.db");
        let db = rusqlite::Connection::open(path).unwrap();
        let sql = "SELECT kind FROM entry WHERE hash = ?1";
        let mut found = db.prepare(sql).unwrap();
        found.query_map([note.hash().0], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(kinds("ben"), [None], "only its hash came");

    let mut wider = Grant::preset(Role::Partner);
    wider.classes.insert(Class::Notes, Access::Read);
    ana.change_grant(&ben, wider);
    try_sync(&two.ana);
    let report = try_sync(&two.ben);
    assert_eq!(report.outcome, SyncOutcome::Done, "{report:?}");
    assert!(
        ben.key(ana.chart, Class::Notes, epoch).is_some(),
        "the history opens with the new key"
    );
    assert_eq!(kinds("ben"), [Some(1)]);
    // It was opened and looked into: it is no document, and says so.
    assert!(has_problem(&report, "quarantined"), "{report:?}");
    assert_eq!(try_sync(&two.ben).round_trips, 1);
}

#[test]
fn a_new_device_of_a_partner_reads_the_chart_without_a_word_in_its_log() {
    let two = Two::new();
    log(&two.ana, "evening", 45);
    sync(&two.ana);
    two.let_ben_in(Grant::preset(Role::Partner));
    log(&two.anas(), "evening-2", 50);
    sync(&two.ben);
    let chart = two.hand("ana").chart;
    let before = two.hand("ben").state(chart).head();

    let link = two.ben.pair(HOUR).unwrap().link;
    let tablet =
        Engine::join(config(&two.dir.path().join("tablet"), &two.relay), &link, "Ben's tablet");
    let tablet = tablet.unwrap();
    sync(&tablet);
    let view = of_another(&tablet);
    assert_eq!(shown(&view), shown(&two.anas()));
    assert_eq!(shown(&view).len(), 2);
    assert_eq!(two.hand("tablet").state(chart).head(), before, "nothing new in the chart's log");

    // And what it writes there is taken by everybody, although nobody was told of it but by Ben's account.
    log(&view, "evening-3", 55);
    sync(&tablet);
    sync(&two.ana);
    sync(&two.ben);
    assert_eq!(shown(&two.ana).len(), 3);
    assert_eq!(shown(&two.anas()), shown(&two.ana));
    assert!(two.ana.doctor(false).unwrap().findings.is_empty());
}

#[test]
fn whoever_was_removed_keeps_what_is_there_and_is_told_why_nothing_is_sent() {
    let two = Two::new();
    log(&two.ana, "evening", 45);
    sync(&two.ana);
    two.let_ben_in(Grant::preset(Role::Partner));
    let view = two.anas();
    log(&view, "too-late", 50);
    two.hand("ana").remove(&two.hand("ben"));
    sync(&two.ana);
    let report = try_sync(&two.ben);
    assert_eq!(report.outcome, SyncOutcome::Done, "{report:?}");
    assert!(has_problem(&report, "not_sendable"), "{report:?}");
    assert!(!has_problem(&report, "device_revoked"), "{report:?}");

    let chart = view.current_chart().unwrap();
    assert_eq!(chart.standing, ChartStanding::Gone);
    let holds = view.history(&HistoryQuery::default()).unwrap().holds.unwrap();
    assert_eq!(holds.len(), 2, "nothing was wiped");
    let refused = |hold: &&holdfast::views::HoldView| hold.status == StatusKind::Refused;
    assert_eq!(holds.iter().filter(refused).count(), 1);
    let request = holdfast_tests::scene::held("psoas-release-hook", 30, "no");
    assert_eq!(view.log(&request).unwrap_err().code(), "not_a_member");
    let out = two.dir.path().join("export.json");
    assert_eq!(view.export(ExportFormat::Json, &out).unwrap().observations, 2);
    let findings = view.doctor(false).unwrap();
    assert!(findings.ok && findings.findings.iter().any(|one| one.code == "not_sendable"));
    // The own chart goes on, and the relay is not asked in vain.
    log(&two.ben, "mine", 20);
    let report = try_sync(&two.ben);
    assert_eq!(report.pushed, 2, "the hold, and the note of the export: {report:?}");
    assert_eq!(try_sync(&two.ben).round_trips, 1);
    assert_eq!(shown(&two.ana).len(), 1);
}

/// A problem is told, in English and in German.
fn assert_said(report: &SyncReport, code: &str, parts: [&str; 2]) {
    let problem = report.problems.iter().find(|problem| problem.code == code);
    let problem = problem.unwrap_or_else(|| panic!("{code}: {report:?}"));
    for (tag, part) in ["en", "de"].into_iter().zip(parts) {
        let said = Words::for_language(tag).say(&problem.message);
        assert!(said.contains(part) && !said.contains('{'), "{tag}: {said}");
    }
}

#[test]
fn an_account_that_the_relay_withholds_makes_a_chart_wait_and_never_lose_anything() {
    let two = Two::new();
    two.hand("ana").let_in(&two.hand("ben"), Grant::preset(Role::Partner));
    meddle(&two.relay, |response| response.accounts.clear());
    let head = two.hand("ana").state(two.hand("ana").chart).head();
    let report = try_sync(&two.ana);
    assert_said(&report, "account_missing", ["does not show", "zeigt die Mitgliedschaft"]);
    let now = two.hand("ana").state(two.hand("ana").chart);
    assert_eq!(now.head().seq, head.seq + 1, "the invite is read, the admission waits");
    assert!(!two.ana.doctor(false).unwrap().findings.iter().any(|one| one.code == "quarantined"));
    two.relay.stop_meddling();
    sync(&two.ana);
    let ana = two.hand("ana");
    let ben = two.hand("ben");
    assert!(ana.state(ana.chart).as_chart().unwrap().members.contains_key(&ben.account));
}

#[test]
fn an_account_that_lost_a_device_it_was_seen_with_is_an_alarm_and_not_taken() {
    let two = Two::new();
    two.let_ben_in(Grant::preset(Role::Partner));
    let bens = two.hand("ben").account;
    let pair = |name: &str| {
        let link = two.ben.pair(HOUR).unwrap().link;
        let home = two.dir.path().join(name);
        Engine::join(config(&home, &two.relay), &link, name).unwrap()
    };
    let shown_first: Arc<Mutex<Option<AccountOutline>>> = Arc::default();
    let kept = shown_first.clone();
    meddle(&two.relay, move |response| {
        let of_ben = response.accounts.iter().find(|shown| shown.account == bens);
        if let (Some(shown), empty @ None) = (of_ben, &mut *kept.lock().unwrap()) {
            *empty = Some(shown.clone());
        }
    });
    let _tablet = pair("tablet");
    sync(&two.ana);
    let older = shown_first.lock().unwrap().clone().unwrap();
    let _watch = pair("watch");
    sync(&two.ana);
    // Now the relay shows Ben again as he was before the watch.
    meddle(&two.relay, move |response| {
        for shown in response.accounts.iter_mut().filter(|shown| shown.account == bens) {
            *shown = older.clone();
        }
    });
    let third = pair("third");
    let report = try_sync(&two.ana);
    assert_said(&report, "account_rolled_back", ["another membership", "ältere oder andere"]);
    // What the third device writes waits until the relay shows it honestly; nothing is lost.
    sync(&third);
    log(&of_another(&third), "evening", 40);
    sync(&third);
    try_sync(&two.ana);
    assert!(shown(&two.ana).is_empty());
    two.relay.stop_meddling();
    let report = try_sync(&two.ana);
    assert!(!has_problem(&report, "account_rolled_back"), "{report:?}");
    assert_eq!(shown(&two.ana).len(), 1);
}

#[test]
fn an_account_that_came_damaged_once_and_then_as_it_was_is_no_alarm_any_more() {
    let two = Two::new();
    let bens = two.hand("ben").account;
    let shown: Arc<Mutex<Option<AccountOutline>>> = Arc::default();
    let kept = shown.clone();
    meddle(&two.relay, move |response| {
        let of_ben = response.accounts.iter().find(|shown| shown.account == bens).cloned();
        let mut kept = kept.lock().unwrap();
        *kept = kept.take().or(of_ben);
    });
    two.let_ben_in(Grant::preset(Role::Partner));
    let honest = shown.lock().unwrap().clone().unwrap();
    let mut damaged = honest.clone();
    let Some(Item::Entry { bytes, .. }) = damaged.membership.last_mut() else { panic!("an entry") };
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    meddle(&two.relay, move |response| response.accounts = vec![damaged.clone()]);
    let report = try_sync(&two.ana);
    assert_said(
        &report,
        "account_unreadable",
        ["cannot be taken (", "nicht angenommen werden kann ("],
    );
    let doctor = two.ana.doctor(false).unwrap();
    let said = doctor.findings.iter().map(|one| Words::for_language("de").say(&one.sentence));
    let account: String = bens.to_hex().chars().take(12).collect();
    assert!(said.into_iter().any(|said| said.contains(&format!("Konto {account} "))), "{doctor:?}");
    meddle(&two.relay, move |response| response.accounts = vec![honest.clone()]);
    let report = try_sync(&two.ana);
    assert!(report.problems.is_empty(), "{report:?}");
}
