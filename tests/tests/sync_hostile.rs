//! A paired device that turns hostile, and a relay in its pay: whatever comes, the record stays what it was and
//! stays writable, and the reason is there to be read.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use holdfast::sharing::Role;
use holdfast::sync::transport::{Answer, TransportError};
use holdfast::{Budget, Engine, SyncOutcome};
use holdfast_protocol::sync::{Item, SyncResponse};
use holdfast_protocol::wire;
use holdfast_tests::near_relay::{NearRelay, config, first_device, log, shown, sync};
use holdfast_tests::people::{codes, invitation, near};

const HOUR: u64 = 60 * 60 * 1000;

fn two(dir: &Path, relay: &Arc<NearRelay>) -> (Engine, Engine) {
    let (phone, _) = first_device(&dir.join("phone"), relay);
    let link = phone.pair(HOUR).unwrap().link;
    let tablet = Engine::join(config(&dir.join("tablet"), relay), &link, "tablet").unwrap();
    sync(&phone);
    (phone, tablet)
}

/// Lets `change` have its way with every answer to a sync.
fn change_answers(
    relay: &NearRelay,
    change: impl Fn(&mut SyncResponse) + Send + 'static,
) -> Arc<AtomicU32> {
    let times = Arc::new(AtomicU32::new(0));
    let count = times.clone();
    relay.meddle(move |ask, answer| {
        if ask.path != "/v1/sync" || answer.status != 200 {
            return Ok(answer);
        }
        let mut response: SyncResponse = wire::decode("answer", &answer.body).unwrap();
        let before = response.clone();
        change(&mut response);
        if response != before {
            count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Answer { status: 200, body: wire::encode(&response) })
    });
    times
}

#[test]
fn a_relay_that_alters_drops_or_reorders_is_noticed_and_nothing_of_it_is_taken() {
    type Change = fn(&mut SyncResponse);
    let changes: &[(&str, Change)] = &[
        ("a byte altered", |response| {
            for page in &mut response.spaces {
                for item in &mut page.items {
                    if let Item::Entry { bytes, .. } = item {
                        let middle = bytes.len() / 2;
                        bytes[middle] ^= 1;
                    }
                }
            }
        }),
        ("one left out", |response| {
            for page in &mut response.spaces {
                page.items.pop();
            }
        }),
        ("order changed", |response| {
            for page in &mut response.spaces {
                page.items.reverse();
            }
        }),
        ("numbers changed", |response| {
            for page in &mut response.spaces {
                for item in &mut page.items {
                    if let Item::Entry { seq, .. } = item {
                        *seq += 1;
                    }
                }
            }
        }),
        ("a false end", |response| {
            for page in &mut response.spaces {
                page.head.running.0[0] ^= 1;
            }
        }),
        ("hidden behind a stub of another hash", |response| {
            for page in &mut response.spaces {
                for item in &mut page.items {
                    let Item::Entry { seq, .. } = item else { continue };
                    let hash = holdfast_protocol::ids::EntryHash([7; 32]);
                    *item = Item::Stub { seq: *seq, hash };
                }
            }
        }),
        ("an older log", |response| {
            for page in &mut response.spaces {
                page.items.clear();
                page.head.seq = 1;
            }
        }),
    ];
    for (what, change) in changes {
        let dir = tempfile::tempdir().unwrap();
        let relay = NearRelay::in_memory();
        let (phone, tablet) = two(dir.path(), &relay);
        log(&phone, "evening", 45);
        log(&phone, "morning", 46);
        sync(&phone);
        let times = change_answers(&relay, *change);
        let report = tablet.sync_once(&Budget::default()).unwrap();
        assert!(times.load(Ordering::Relaxed) > 0, "{what}: nothing was changed");
        assert_eq!(report.outcome, SyncOutcome::Offline, "{what}: {report:?}");
        assert!(!report.problems.is_empty(), "{what}");
        assert!(shown(&tablet).is_empty(), "{what}");
        log(&tablet, "offline", 30);
        assert!(tablet.doctor(false).unwrap().ok, "{what}");
        relay.stop_meddling();
        sync(&tablet);
        sync(&phone);
        sync(&tablet);
        assert_eq!(shown(&tablet).len(), 3, "{what}");
        assert_eq!(shown(&tablet), shown(&phone), "{what}");
    }
}

/// A raw change of an Automerge document that sets one key, by some actor.
fn change_by(actor: &[u8]) -> automerge::Change {
    use automerge::transaction::Transactable;
    let mut doc = automerge::AutoCommit::new().with_actor(automerge::ActorId::from(actor));
    doc.put(automerge::ROOT, "session", "{}").unwrap();
    doc.commit();
    doc.get_last_local_change().unwrap()
}

/// The same chunk with another start of its operations, checksum made good.
fn with_start_op(change: &automerge::Change, start: u64) -> (Vec<u8>, [u8; 32]) {
    use sha2::{Digest, Sha256};
    fn uleb(mut n: u64) -> Vec<u8> {
        let mut out = Vec::new();
        loop {
            let byte = (n & 0x7f) as u8;
            n >>= 7;
            out.push(if n == 0 { byte } else { byte | 0x80 });
            if n == 0 {
                return out;
            }
        }
    }
    let raw = change.raw_bytes();
    // magic 4, checksum 4, kind 1, length (one or two bytes), then: no deps, actor of 16, seq 1, start op 1.
    let length_bytes = if raw[9] & 0x80 == 0 { 1 } else { 2 };
    let content = &raw[9 + length_bytes..];
    assert_eq!((content[0], content[1], content[18], content[19]), (0, 16, 1, 1));
    let mut altered = content[..19].to_vec();
    altered.extend_from_slice(&uleb(start));
    altered.extend_from_slice(&content[20..]);
    let mut tail = vec![1];
    tail.extend_from_slice(&uleb(altered.len() as u64));
    tail.extend_from_slice(&altered);
    let hash: [u8; 32] = Sha256::digest(&tail).into();
    let mut out = raw[..4].to_vec();
    out.extend_from_slice(&hash[..4]);
    out.extend_from_slice(&tail);
    (out, hash)
}

#[test]
fn hostile_bytes_from_a_paired_device_are_put_aside_and_the_record_stays_writable() {
    use holdfast_protocol::attest::{Attestation, actor_id};
    use holdfast_protocol::content::{DocChanges, DocId};
    use holdfast_protocol::sync::Outcome;
    use holdfast_tests::near_relay::HostileDevice;

    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, tablet) = two(dir.path(), &relay);
    log(&phone, "evening", 45);
    sync(&phone);
    sync(&tablet);
    let mut hostile = HostileDevice::of(&dir.path().join("tablet"), &relay);
    let (me, chart) = (hostile.keys.id(), hostile.chart);
    let phone_id = phone.identity().unwrap().device;
    let own = DocId::new(format!("session/evening/{me}")).unwrap();
    let others = DocId::new(format!("session/evening/{phone_id}")).unwrap();
    let honest = change_by(&actor_id(me, 9).0);
    let attest = |doc: &DocId, seq: u64, hash: [u8; 32]| {
        Attestation::sign(&hostile.keys, chart, doc, 9, seq, hash)
    };
    let content = |doc: &DocId, changes: Vec<u8>, attestation: Attestation| {
        DocChanges { doc: doc.clone(), changes, attestation }.to_bytes()
    };
    let forged = change_by(&actor_id(holdfast_protocol::ids::DeviceId([5; 32]), 1).0);
    let (far, far_hash) = with_start_op(&honest, 1 << 40);
    let mut deflated = honest.raw_bytes().to_vec();
    deflated[8] = 2;
    let good = attest(&own, 1, honest.hash().0);
    let attacks: Vec<(&str, Vec<u8>)> = vec![
        ("no content at all", b"nothing of the kind".to_vec()),
        ("a bomb", vec![0; 60 << 20]),
        ("a forged actor", {
            let bytes = forged.raw_bytes().to_vec();
            content(&own, bytes, attest(&own, 1, forged.hash().0))
        }),
        ("a huge start", content(&own, far, attest(&own, 1, far_hash))),
        ("deflated", content(&own, deflated, good.clone())),
        ("another's strand", {
            let bytes = honest.raw_bytes().to_vec();
            content(&others, bytes, attest(&others, 1, honest.hash().0))
        }),
        ("an attestation for another change", {
            content(&own, honest.raw_bytes().to_vec(), attest(&own, 1, [3; 32]))
        }),
        ("another document's attestation", {
            let plan = DocId::new("day/2026-03-01/x").unwrap();
            content(&plan, honest.raw_bytes().to_vec(), good.clone())
        }),
        ("a document of another class", {
            let plan = DocId::new("plan").unwrap();
            content(&plan, honest.raw_bytes().to_vec(), attest(&plan, 1, honest.hash().0))
        }),
    ];
    let before = shown(&phone);
    let count = attacks.len();
    for (what, content) in attacks {
        assert!(matches!(hostile.push(&content), Outcome::Stored { .. }), "{what}");
    }
    let report = phone.sync_once(&Budget::default()).unwrap();
    assert_eq!(report.outcome, SyncOutcome::Done, "{report:?}");
    let aside = report.problems.iter().filter(|p| p.code == "quarantined").count();
    assert_eq!(aside, count, "{report:#?}");
    assert_eq!(shown(&phone), before);
    log(&phone, "evening", 50);
    let report = phone.sync_once(&Budget::default()).unwrap();
    assert_eq!((report.outcome, report.queued), (SyncOutcome::Done, 0), "{report:?}");
    let found = phone.doctor(false).unwrap();
    assert!(found.ok, "{found:?}");

    // The same honest change is taken: it was the rest that was refused.
    let outcome = hostile.push(&content(&own, honest.raw_bytes().to_vec(), good));
    assert!(matches!(outcome, Outcome::Stored { .. }));
    let report = phone.sync_once(&Budget::default()).unwrap();
    let aside = report.problems.iter().filter(|p| p.code == "quarantined").count();
    assert_eq!(aside, count, "{report:#?}");
}

/// The document and the attestations that a home holds of a session of one device.
fn held(
    home: &Path,
    doc: &str,
) -> (automerge::Automerge, Vec<holdfast_protocol::content::AttestedTip>) {
    let db = rusqlite::Connection::open(home.join("holdfast.db")).unwrap();
    let (id, saved): (i64, Option<Vec<u8>>) = db
        .query_row("SELECT id, saved FROM doc WHERE name = ?1", [doc], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .unwrap();
    let mut all = saved.unwrap_or_default();
    let mut changes = db.prepare("SELECT bytes FROM doc_change WHERE doc = ?1 ORDER BY n").unwrap();
    for bytes in changes.query_map([id], |row| row.get::<_, Vec<u8>>(0)).unwrap() {
        all.extend(bytes.unwrap());
    }
    let mut tips = db.prepare("SELECT author, attestation FROM tip WHERE doc = ?1").unwrap();
    let tips = tips
        .query_map([doc], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)))
        .unwrap()
        .map(|row| {
            let (author, attestation) = row.unwrap();
            holdfast_protocol::content::AttestedTip {
                author: holdfast_protocol::ids::DeviceId::from_slice(&author).unwrap(),
                attestation: wire::decode("attestation", &attestation).unwrap(),
            }
        })
        .collect();
    (automerge::Automerge::load(&all).unwrap(), tips)
}

#[test]
fn a_pack_that_rewrites_or_hides_what_another_recorded_is_put_aside() {
    use automerge::ReadDoc;
    use automerge::transaction::Transactable;
    use holdfast_protocol::content::{DocId, Pack, PackedDoc};
    use holdfast_protocol::entry::{Kind, SeqRange};
    use holdfast_protocol::sync::Outcome;
    use holdfast_tests::near_relay::HostileDevice;

    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, tablet) = two(dir.path(), &relay);
    log(&phone, "evening", 45);
    sync(&phone);
    sync(&tablet);
    let home = dir.path().join("tablet");
    let phone_id = phone.identity().unwrap().device;
    let doc = format!("session/evening/{phone_id}");
    let (early, early_tips) = held(&home, &doc);
    log(&phone, "evening", 50);
    sync(&phone);
    sync(&tablet);
    let (late, late_tips) = held(&home, &doc);
    let places: Vec<u64> = {
        let db = rusqlite::Connection::open(home.join("holdfast.db")).unwrap();
        let mut all = db.prepare("SELECT seq FROM entry WHERE doc = ?1 ORDER BY seq").unwrap();
        all.query_map([&doc], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let covers = || SeqRange::from_sorted(places.iter().copied());
    assert_eq!(places.len(), 2);

    let mut rewritten = late.clone();
    let key = rewritten.keys(automerge::ROOT).find(|key| key.starts_with("obs:")).unwrap();
    let mut transaction = rewritten.transaction();
    transaction.put(automerge::ROOT, key.as_str(), "{\"held\":1}").unwrap();
    let _ = transaction.commit();
    let packed = |saved: &automerge::Automerge, tips: &[_]| {
        let doc = DocId::new(doc.clone()).unwrap();
        let saved = saved.save_nocompress();
        Pack { docs: vec![PackedDoc { doc, saved, tips: tips.to_vec() }] }.to_bytes()
    };
    let before = shown(&phone);
    let mut hostile = HostileDevice::of(&home, &relay);
    // What it does not cover, it may leave out; what it rewrites it may not.
    let outcome = hostile.push_as(Kind::Pack, Vec::new(), &packed(&rewritten, &late_tips));
    assert!(matches!(outcome, Outcome::Stored { .. }), "{outcome:?}");
    let outcome = hostile.push_as(Kind::Pack, covers(), &packed(&early, &early_tips));
    assert!(matches!(outcome, Outcome::Stored { .. }), "{outcome:?}");
    let report = phone.sync_once(&Budget::default()).unwrap();
    assert_eq!(report.outcome, SyncOutcome::Done, "{report:?}");
    let aside = report.problems.iter().filter(|p| p.code == "quarantined").count();
    assert_eq!(aside, 2, "{report:#?}");
    assert_eq!(shown(&phone), before);
    assert!(phone.doctor(false).unwrap().ok);
    log(&phone, "evening", 20);
    let report = phone.sync_once(&Budget::default()).unwrap();
    assert_eq!((report.outcome, report.queued), (SyncOutcome::Done, 0), "{report:?}");
    assert_eq!(shown(&phone).len(), 3);
}

#[test]
fn an_answer_to_another_request_is_refused_so_that_no_hash_stands_for_what_is_not_here() {
    let room = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let ana = near(room.path(), "Ana", &relay);
    sync(&ana);
    // The invite comes to the relay, its answer does not come back: nobody has the link, and Ana forgets it.
    let late: Arc<Mutex<Option<Answer>>> = Arc::default();
    let keep = Arc::clone(&late);
    relay.meddle(move |_, answer| {
        let mut keep = keep.lock().unwrap();
        let acks = wire::decode::<SyncResponse>("answer", &answer.body).map(|found| found.acks);
        if keep.is_none() && acks.is_ok_and(|acks| !acks.is_empty()) {
            *keep = Some(answer);
            return Err(TransportError::TimedOut);
        }
        Ok(answer)
    });
    ana.invite(&invitation("Ben", Role::Partner)).unwrap_err();
    let late = late.lock().unwrap().take().expect("the invite was sent");
    // In it the invite is a hash, because whoever sent it has it.
    relay.meddle(move |_, _| Ok(late.clone()));
    let report = ana.sync_once(&Budget::default()).unwrap();
    assert_eq!(report.outcome, SyncOutcome::Offline, "{report:?}");
    assert!(codes(&report).contains(&"relay_garbled"), "{report:?}");
    relay.stop_meddling();
    sync(&ana);
    assert_eq!(ana.invites().unwrap().len(), 1, "the log's invite is known, and can be taken back");
}

#[test]
fn an_answer_that_was_overtaken_is_asked_for_again_before_anybody_is_alarmed() {
    let room = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (phone, tablet) = two(room.path(), &relay);
    log(&phone, "first", 30);
    sync(&phone);
    let early: Arc<Mutex<Option<Answer>>> = Arc::default();
    let keep = Arc::clone(&early);
    relay.meddle(move |_, answer| {
        let shows = wire::decode::<SyncResponse>("answer", &answer.body)
            .is_ok_and(|found| found.spaces.iter().any(|page| !page.items.is_empty()));
        if shows {
            keep.lock().unwrap().get_or_insert_with(|| answer.clone());
        }
        Ok(answer)
    });
    sync(&tablet);
    relay.stop_meddling();
    log(&phone, "second", 30);
    sync(&phone);
    sync(&tablet);
    let mut early = early.lock().unwrap().take();
    assert!(early.is_some(), "the tablet was shown what the phone wrote");
    relay.meddle(move |_, answer| Ok(early.take().unwrap_or(answer)));
    let report = tablet.sync_once(&Budget::default()).unwrap();
    assert_eq!((report.outcome, codes(&report)), (SyncOutcome::Done, vec![]), "{report:?}");
    assert!(tablet.doctor(false).unwrap().ok);
    assert_eq!(shown(&tablet), shown(&phone));
}
