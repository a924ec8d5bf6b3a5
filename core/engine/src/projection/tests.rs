//! The laws of the projection: rebuilt equals kept, whatever came in which order and how often.

use holdfast_domain::ids::{DayRecordId, ObservationId};
use holdfast_domain::record::{
    Attempt, Change, Correction, DayFact, DayRecord, Edit, HabitTick, HoldKey, Observation,
    SessionKey, SessionRecord, StepRef, Target,
};
use holdfast_domain::units::{Millis, Moment};
use holdfast_domain::vocabulary::{EndedBy, Side, Source};
use holdfast_protocol::content::DocId;
use holdfast_protocol::ids::{ActorId, Class, DeviceId};
use proptest::prelude::*;

use super::content::content;
use super::{Travelled, know_author, rebuild, refresh};
use crate::commands::tests::{Home, held, home};
use crate::documents::document::{Document, Written};
use crate::documents::name::DocName;
use crate::documents::strand::{Record, Strand};
use crate::store::{Priority, docs, outbox};
use crate::views::StatusKind;
use crate::{DayQuery, Done, HistoryQuery, HoldEdit, Inner, LogRequest, LogSide};

/// A paired device of the same account, as far as its documents go.
struct Other {
    device: DeviceId,
    actor: ActorId,
    strands: Vec<(DocId, Strand)>,
    /// What it wrote and this device has not seen, by document, in order.
    outgoing: Vec<(DocId, Vec<Written>)>,
    last: u64,
}

fn moment(utc_ms: i64) -> Moment {
    Moment { utc_ms, offset_s: 3600, zone: "Europe/Berlin".to_owned() }
}

fn tick(habit: &str, count: u32) -> DayFact {
    let habit = habit.parse().unwrap();
    DayFact::Tick(HabitTick { habit, count, value: None, nightly: false })
}

impl Other {
    fn new(home: &Home, n: u8) -> Self {
        let inner = &home.engine.inner;
        let device = DeviceId([n; 32]);
        inner
            .store
            .write(Priority::Sync, "sync", |tx| {
                know_author(tx, inner.who.chart, device, inner.who.account, true)
            })
            .unwrap();
        Self { device, actor: ActorId([n; 16]), strands: vec![], outgoing: vec![], last: 0 }
    }

    fn id(&mut self) -> String {
        self.last += 1;
        format!("{:?}-{}", self.device.0[0], self.last)
    }

    fn write(&mut self, session: &SessionKey, record: &Record) {
        let device = self.device.to_hex().parse().unwrap();
        self.write_in(&DocName::SessionStrand { session: session.id(), device }, record);
    }

    fn write_in(&mut self, name: &DocName, record: &Record) {
        let doc = name.to_id().unwrap();
        let place = self.strands.iter().position(|(known, _)| *known == doc);
        let place = place.unwrap_or_else(|| {
            self.strands.push((doc.clone(), Strand::new(self.actor)));
            self.strands.len() - 1
        });
        let Some(written) = self.strands[place].1.put(record).unwrap() else { return };
        match self.outgoing.iter_mut().find(|(known, _)| *known == doc) {
            Some((_, all)) => all.push(written),
            None => self.outgoing.push((doc, vec![written])),
        }
    }

    fn hold(&mut self, key: HoldKey, at_ms: i64, held_s: u64) -> ObservationId {
        let id = ObservationId::new(self.id()).unwrap();
        let session = key.session.clone();
        let observation = Observation {
            id: id.clone(),
            revision: 0,
            key,
            exercise: "psoas-release-hook".parse().unwrap(),
            routine: None,
            routine_version: None,
            target: Some(Millis::from_secs(90)),
            dose: None,
            attempts: vec![Attempt { held: Millis::from_secs(held_s), ..Attempt::default() }],
            took: None,
            paused: Millis::ZERO,
            extended: Millis::ZERO,
            reps: None,
            load: None,
            tempo: vec![],
            pain_before: None,
            pain_after: None,
            tool: None,
            ended_by: EndedBy::Target,
            assisted_by: None,
            logged_by: None,
            started_at: moment(at_ms),
            source: Source::Timer,
            findings: vec![],
            note: Some(format!("by {}", self.device.0[0])),
            unknown: serde_json::Map::new(),
        };
        self.write(&session, &Record::Observation(Box::new(observation)));
        id
    }

    fn session(&mut self, session: &SessionKey, at_ms: i64) {
        let record = SessionRecord {
            key: session.clone(),
            routine: None,
            routine_version: None,
            started_at: moment(at_ms),
            ended_at: None,
            paused: Millis::ZERO,
            finished: at_ms % 2 == 0,
            assisted_by: Some("Ben".into()),
            steps: vec![],
            findings: vec![],
            unknown: serde_json::Map::new(),
        };
        self.write(session, &Record::Session(Box::new(record)));
    }

    fn day_strand(&self, day: u8) -> DocName {
        let device = self.device.to_hex().parse().unwrap();
        DocName::DayStrand { day: format!("2026-03-{:02}", 1 + day % 3).parse().unwrap(), device }
    }

    /// A tick under an id that the other device may have as well, with the same or another count.
    fn tick(&mut self, id: u8, count: u32, at_ms: i64) {
        let strand = self.day_strand(id);
        let record = DayRecord {
            id: format!("t{id}").parse().unwrap(),
            at: moment(at_ms),
            local_day: "2026-03-01".parse().unwrap(),
            what: tick("sit-break", count),
            source: Source::Manual,
            note: None,
            unknown: serde_json::Map::new(),
        };
        self.write_in(&strand, &Record::Day(Box::new(record)));
    }

    fn take_back(&mut self, id: DayRecordId, at_ms: i64) {
        let strand = self.day_strand(0);
        let correction = self.correction(Target::DayRecord(id), Change::Remove, at_ms);
        self.write_in(&strand, &Record::Correction(Box::new(correction)));
    }

    fn correct(&mut self, session: &SessionKey, target: Target, change: Change, at_ms: i64) {
        let correction = self.correction(target, change, at_ms);
        self.write(session, &Record::Correction(Box::new(correction)));
    }

    fn correction(&mut self, target: Target, change: Change, at_ms: i64) -> Correction {
        Correction {
            id: self.id(),
            target,
            seen: vec![],
            counter: self.last,
            change,
            at: moment(at_ms),
            unknown: serde_json::Map::new(),
        }
    }

    /// Hands the next change of some document over, as a sync does.
    fn deliver(&mut self, inner: &Inner, pick: usize, seq: u64) {
        if self.outgoing.is_empty() {
            return;
        }
        let pick = pick % self.outgoing.len();
        let written = self.outgoing[pick].1.remove(0);
        let doc = self.outgoing[pick].0.clone();
        if self.outgoing[pick].1.is_empty() {
            self.outgoing.remove(pick);
        }
        deliver(inner, &doc, &written, self.actor, seq);
    }
}

fn deliver(inner: &Inner, doc: &DocId, written: &Written, author: ActorId, seq: u64) {
    let space = inner.who.chart;
    let (row, document) = inner
        .store
        .write(Priority::Sync, "sync", |tx| {
            let taken = inner.documents.take(tx.reader(), space, doc, inner.who.actor)?;
            let mut strand = Strand::from(taken.document);
            strand.apply_foreign(&written.bytes, author).unwrap();
            let row = docs::append_foreign(tx, space, Class::Log, doc, &written.bytes)?;
            let document = refresh(tx, space, doc, strand.into(), Travelled::Entry(seq))?;
            Ok((row, document))
        })
        .unwrap();
    inner.documents.keep(space, doc.clone(), row, document);
}

fn lines(inner: &Inner) -> Vec<String> {
    inner.store.read(content).unwrap()
}

fn rebuilt(inner: &Inner) -> Vec<String> {
    inner
        .store
        .rehearse("test", |tx| {
            assert!(rebuild(tx)?.is_empty());
            content(tx.reader())
        })
        .unwrap()
}

fn session(n: u8) -> SessionKey {
    match n % 3 {
        0 => "at:2026-03-01:bedtime:r1".parse().unwrap(),
        1 => "at:2026-03-02:bedtime:r1".parse().unwrap(),
        _ => "walk".parse().unwrap(),
    }
}

fn key(n: u8) -> HoldKey {
    let step = StepRef::Exercise("psoas-release-hook".parse().unwrap());
    let side = if n.is_multiple_of(2) { Side::Left } else { Side::Right };
    HoldKey { session: session(n), step, side, set: 1 + u16::from(n / 6 % 2), rep: 1 }
}

#[derive(Debug, Clone)]
enum Act {
    Log(u8, u64),
    Edit(usize, u64),
    Remove(usize),
    RemoveSession(usize),
    Theirs(bool, u8, u64),
    TheirSession(bool, u8),
    TheirEdit(bool, u8, u64),
    TheyRemove(bool, u8),
    TheyRemoveSession(bool, u8),
    Deliver(bool, usize),
    Tick(u32),
    TakeBack(usize),
    TheirTick(bool, u8, u32),
    TheyTakeBack(bool, u8),
    TheyTakeBackOurs(bool, usize),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let n = || 0..12_u8;
    let who = any::<bool>;
    prop_oneof![
        4 => (n(), 1..200_u64).prop_map(|(n, s)| Act::Log(n, s)),
        2 => (0..20_usize, 1..200_u64).prop_map(|(n, s)| Act::Edit(n, s)),
        1 => (0..20_usize).prop_map(Act::Remove),
        1 => (0..5_usize).prop_map(Act::RemoveSession),
        4 => (who(), n(), 1..200_u64).prop_map(|(w, n, s)| Act::Theirs(w, n, s)),
        1 => (who(), n()).prop_map(|(w, n)| Act::TheirSession(w, n)),
        1 => (who(), n(), 1..200_u64).prop_map(|(w, n, s)| Act::TheirEdit(w, n, s)),
        1 => (who(), n()).prop_map(|(w, n)| Act::TheyRemove(w, n)),
        1 => (who(), n()).prop_map(|(w, n)| Act::TheyRemoveSession(w, n)),
        6 => (who(), 0..9_usize).prop_map(|(w, n)| Act::Deliver(w, n)),
        2 => (1..4_u32).prop_map(Act::Tick),
        1 => (0..6_usize).prop_map(Act::TakeBack),
        3 => (who(), 0..4_u8, 1..3_u32).prop_map(|(w, n, c)| Act::TheirTick(w, n, c)),
        1 => (who(), 0..4_u8).prop_map(|(w, n)| Act::TheyTakeBack(w, n)),
        1 => (who(), 0..6_usize).prop_map(|(w, n)| Act::TheyTakeBackOurs(w, n)),
        1 => (0..4_000_000_u64).prop_map(Act::Wait),
    ]
}

fn perform(home: &Home, others: &mut [Other; 2], act: Act, seq: u64) {
    let now = home.engine.now().utc_ms;
    let known = || home.engine.history(&HistoryQuery::default()).unwrap().holds.unwrap();
    match act {
        Act::Log(n, secs) => {
            let key = key(n);
            let request = LogRequest {
                session: Some(key.session.to_string()),
                side: Some(if key.side == Side::Left { LogSide::Left } else { LogSide::Right }),
                set: Some(key.set),
                rep: Some(1),
                yes: true,
                done: Done::Held(Millis::from_secs(secs)),
                ..held("psoas-release-hook", 1)
            };
            home.engine.log(&request).unwrap();
        }
        Act::Edit(n, secs) => {
            if let Some(hold) = known().get(n) {
                let held = Some(Millis::from_secs(secs));
                let edit = HoldEdit { held, yes: true, ..HoldEdit::default() };
                home.engine.edit_hold(&hold.hold_id, &edit).unwrap();
            }
        }
        Act::Remove(n) => {
            if let Some(hold) = known().get(n) {
                home.engine.remove_hold(&hold.hold_id).unwrap();
            }
        }
        Act::RemoveSession(n) => {
            let query = HistoryQuery { by_session: true, ..HistoryQuery::default() };
            let sessions = home.engine.history(&query).unwrap().sessions.unwrap();
            if let Some(session) = sessions.get(n) {
                home.engine.remove_session(&session.id).unwrap();
            }
        }
        Act::Theirs(who, n, secs) => {
            others[usize::from(who)].hold(key(n), now, secs);
        }
        Act::TheirSession(who, n) => others[usize::from(who)].session(&session(n), now),
        Act::TheirEdit(who, n, secs) => {
            let held = Some(Millis::from_secs(secs));
            let change = Change::Edit(Box::new(Edit { held, ..Edit::default() }));
            others[usize::from(who)].correct(&session(n), Target::Hold(key(n)), change, now);
        }
        Act::TheyRemove(who, n) => {
            let about = ObservationId::new(format!("{}-{n}", 7 + u8::from(!who))).unwrap();
            let target = Target::Observation(about);
            others[usize::from(who)].correct(&session(n), target, Change::Remove, now);
        }
        Act::TheyRemoveSession(who, n) => {
            let target = Target::Session(session(n));
            others[usize::from(who)].correct(&session(n), target, Change::Remove, now);
        }
        Act::Deliver(who, pick) => {
            others[usize::from(who)].deliver(&home.engine.inner, pick, seq);
        }
        Act::Tick(count) => {
            let inner = &home.engine.inner;
            let what = tick("sit-break", count);
            inner
                .command("habit", |tx, journal| inner.record_day(tx, journal, None, what, None))
                .unwrap();
        }
        Act::TakeBack(n) => {
            if let Some(record) = home.engine.days(&DayQuery::default()).unwrap().get(n) {
                home.engine.remove_day_record(None, &record.id).unwrap();
            }
        }
        Act::TheirTick(who, id, count) => others[usize::from(who)].tick(id, count, now),
        Act::TheyTakeBack(who, id) => {
            others[usize::from(who)].take_back(format!("t{id}").parse().unwrap(), now);
        }
        Act::TheyTakeBackOurs(who, n) => {
            if let Some(record) = home.engine.days(&DayQuery::default()).unwrap().get(n) {
                others[usize::from(who)].take_back(record.id.parse().unwrap(), now);
            }
        }
        Act::Wait(ms) => home.clock.advance(ms),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn rebuilt_equals_kept(acts in proptest::collection::vec(act(), 1..40)) {
        let home = home();
        let mut others = [Other::new(&home, 7), Other::new(&home, 8)];
        for (seq, act) in (1..).zip(acts) {
            perform(&home, &mut others, act, seq);
        }
        let inner = &home.engine.inner;
        prop_assert_eq!(lines(inner), rebuilt(inner));
        for seq in 1000..1100 {
            others[usize::from(seq % 2 == 0)].deliver(inner, seq as usize, seq);
        }
        prop_assert_eq!(lines(inner), rebuilt(inner));
    }
}

#[test]
fn what_comes_later_or_in_another_order_gives_the_same_history() {
    let script = |home: &Home, order: &[usize]| {
        let mut other = Other::new(home, 7);
        let (a, b) = (session(0), session(1));
        let id = other.hold(key(0), 1_772_395_200_000, 60);
        other.hold(key(1), 1_772_395_300_000, 30);
        other.correct(&b, Target::Observation(id), Change::Remove, 1_772_395_400_000);
        other.session(&a, 1_772_395_200_000);
        for (seq, pick) in (1..).zip(order) {
            other.deliver(&home.engine.inner, *pick, seq);
        }
        lines(&home.engine.inner).into_iter().filter(|l| l.starts_with("Text(\"hold\")")).collect()
    };
    let (one, two) = (home(), home());
    let first: Vec<String> = script(&one, &[0, 0, 0, 0]);
    let second: Vec<String> = script(&two, &[1, 1, 0, 0]);
    // Two accounts: only the chart and the account's name may differ.
    let without = |lines: &[String], home: &Home| -> Vec<String> {
        let who = home.engine.inner.who;
        let chart = who.chart.to_hex().to_uppercase();
        let account = who.account.to_hex();
        lines.iter().map(|line| line.replace(&chart, "C").replace(&account, "A")).collect()
    };
    assert!(!first.is_empty());
    assert_eq!(without(&first, &one), without(&second, &two));
}

#[test]
fn a_tick_taken_back_stays_out_whichever_comes_first() {
    let stands = |order: &[usize]| {
        let home = home();
        let mut other = Other::new(&home, 7);
        other.tick(1, 2, 1_772_395_200_000);
        other.tick(2, 1, 1_772_395_200_000);
        other.take_back("t1".parse().unwrap(), 1_772_395_300_000);
        for (seq, pick) in (1..).zip(order) {
            other.deliver(&home.engine.inner, *pick, seq);
        }
        assert!(other.outgoing.is_empty());
        let days = home.engine.days(&DayQuery::default()).unwrap();
        days.into_iter().map(|record| record.id).collect::<Vec<_>>()
    };
    // Three documents: the two ticks' days and the correction's.
    assert_eq!(stands(&[0, 0, 0]), ["t2"]);
    assert_eq!(stands(&[2, 1, 0]), ["t2"]);
    assert_eq!(stands(&[2, 0, 0]), ["t2"]);
}

#[test]
fn the_same_tick_brought_by_two_devices_counts_once_and_others_add_up() {
    let home = home();
    let mut others = [Other::new(&home, 7), Other::new(&home, 8)];
    for other in &mut others {
        other.tick(1, 2, 1_772_395_200_000);
    }
    others[1].tick(2, 3, 1_772_395_200_000);
    for seq in 1..5 {
        others[usize::from(seq % 2 == 0)].deliver(&home.engine.inner, 0, seq);
        others[usize::from(seq % 2 == 1)].deliver(&home.engine.inner, 0, seq + 10);
    }
    let inner = &home.engine.inner;
    let rows = inner.store.read(|conn| inner.day_rows(conn, &Default::default())).unwrap();
    let records: Vec<DayRecord> = rows.into_iter().map(|row| row.record.value).collect();
    let counts: Vec<u32> = holdfast_domain::record::ticked(&records).into_values().collect();
    assert_eq!((records.len(), counts), (2, vec![5]));
    assert_eq!(lines(inner), rebuilt(inner));
}

#[test]
fn a_status_goes_from_saved_over_queued_and_relayed_to_seen() {
    let home = home();
    let inner = &home.engine.inner;
    let request = LogRequest { side: Some(LogSide::Left), ..held("psoas-release-hook", 60) };
    let hold = home.engine.log(&request).unwrap().remove(0);
    let status = || {
        let hold = home.engine.hold(&hold.hold_id).unwrap();
        (hold.status, hold.seen_by.into_iter().map(|seen| seen.device).collect::<Vec<_>>())
    };
    assert_eq!(status(), (StatusKind::Saved, vec![]));
    let write = |work: &dyn Fn(&crate::store::Tx<'_>) -> crate::error::Result<()>| {
        inner.store.write(Priority::Sync, "sync", |tx| work(tx)).unwrap();
    };
    write(&|tx| crate::store::meta::put(tx, crate::store::meta::RELAY, b"https://r"));
    assert_eq!(status(), (StatusKind::Queued, vec![]));
    let chart = inner.who.chart;
    write(&|tx| {
        let ids: Vec<i64> = outbox::pending(tx.reader(), chart, &Class::CHART, 99)?
            .iter()
            .map(|pending| pending.id)
            .collect();
        outbox::acknowledge(tx, &ids, 40)
    });
    assert_eq!(status(), (StatusKind::Relayed, vec![]));
    assert_eq!(
        inner.store.read(|conn| outbox::pending(conn, chart, &Class::CHART, 9)).unwrap(),
        []
    );
    let tablet = DeviceId([9; 32]);
    write(&|tx| outbox::seen_by(tx, chart, tablet, Class::Log, 39, 0));
    assert_eq!(status(), (StatusKind::Relayed, vec![]));
    write(&|tx| outbox::seen_by(tx, chart, tablet, Class::Log, 40, 0));
    assert_eq!(status(), (StatusKind::Seen, vec![tablet.to_hex()]));
    write(&|tx| outbox::seen_by(tx, chart, inner.who.device, Class::Log, 41, 0));
    assert_eq!(status(), (StatusKind::Seen, vec![tablet.to_hex()]));
    // Put right: the correction has its own way to go.
    let edit = HoldEdit { pain_after: Some(1), ..HoldEdit::default() };
    let edited = home.engine.edit_hold(&hold.hold_id, &edit).unwrap();
    assert_eq!(edited.status, StatusKind::Queued);
    assert_eq!(home.engine.hold_observations(&hold.hold_id).unwrap()[0].status, StatusKind::Seen);
    // How things travelled survives a rebuild.
    write(&|tx| rebuild(tx).map(|_| ()));
    assert_eq!(status().0, StatusKind::Queued);
    assert_eq!(home.engine.hold_observations(&hold.hold_id).unwrap()[0].status, StatusKind::Seen);
}

#[test]
fn a_record_of_a_device_nobody_knows_is_refused() {
    let home = home();
    let inner = &home.engine.inner;
    let mut other = Other::new(&home, 7);
    other.device = DeviceId([66; 32]);
    other.hold(key(0), 0, 9);
    let (doc, written) = other.outgoing.remove(0);
    let refused = inner.store.write(Priority::Sync, "sync", |tx| {
        let space = inner.who.chart;
        docs::append_foreign(tx, space, Class::Log, &doc, &written[0].bytes)?;
        let document = Document::replay(
            [written[0].bytes.as_slice()],
            inner.who.actor,
            crate::documents::foreign::Shape::Strand,
        );
        refresh(tx, space, &doc, document.unwrap(), Travelled::Entry(3)).map(|_| ())
    });
    assert!(matches!(refused, Err(crate::error::Error::UnknownAuthor { .. })), "{refused:?}");
    assert_eq!(lines(inner), [] as [&str; 0]);
}

#[test]
fn a_record_that_does_not_read_is_kept_and_told() {
    let home = home();
    let inner = &home.engine.inner;
    let mut other = Other::new(&home, 7);
    other.hold(key(0), 1_772_395_200_000, 60);
    let written = other.strands[0].1.document_mut().put("obs:bad", "{}").unwrap().unwrap();
    other.outgoing[0].1.push(written);
    other.deliver(inner, 0, 1);
    other.deliver(inner, 0, 2);
    assert_eq!(home.engine.history(&HistoryQuery::default()).unwrap().holds.unwrap().len(), 1);
    let report = home.engine.doctor(false).unwrap();
    assert!(report.ok, "{report:?}");
    assert!(report.findings.iter().any(|f| f.code == "unreadable"), "{report:?}");
}

/// Progress as it is a day after the evening of these tests.
fn progress_of(home: &Home) -> holdfast_domain::progress::Progress {
    let until = Some("2026-03-04".parse().unwrap());
    home.engine.progress(&crate::ProgressQuery { days: Some(7), until }).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn progress_is_the_same_in_whatever_order_and_on_however_many_devices(
        done in proptest::collection::vec((any::<bool>(), 0..12_u8, 1..200_u64), 1..24),
        picks in proptest::collection::vec((any::<bool>(), 0..9_usize), 24),
    ) {
        let (split, alone) = (home(), home());
        let mut two = [Other::new(&split, 7), Other::new(&split, 8)];
        let mut one = Other::new(&alone, 7);
        for (n, (who, key_of, secs)) in (0..).zip(&done) {
            // Far enough apart that two under one key are two doings on some, and one on others.
            let at = 1_772_395_200_000 + n * 700_000;
            two[usize::from(*who)].hold(key(*key_of), at, *secs);
            one.hold(key(*key_of), at, *secs);
        }
        for (seq, (who, pick)) in (1..).zip(picks) {
            two[usize::from(who)].deliver(&split.engine.inner, pick, seq);
        }
        for seq in 100..200 {
            two[usize::from(seq % 2 == 0)].deliver(&split.engine.inner, 0, seq);
            one.deliver(&alone.engine.inner, 0, seq);
        }
        prop_assert_eq!(progress_of(&split), progress_of(&alone));
        prop_assert_eq!(lines(&split.engine.inner), rebuilt(&split.engine.inner));
    }
}
