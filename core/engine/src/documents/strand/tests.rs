//! Strands with real records, and what happens to them when a paired device turns hostile.

use automerge::ROOT;
use automerge::transaction::Transactable;
use holdfast_domain::record::{Attempt, Target};
use holdfast_domain::units::Millis;
use proptest::prelude::*;

use super::*;
use crate::documents::actor::ActorId;
use crate::documents::document::Refused;
use crate::documents::foreign::ForeignBytes;
use crate::documents::foreign::tests::forge::{self, Change, run, unsigned};

const ME: ActorId = ActorId([1; 16]);
const CLONE: ActorId = ActorId([2; 16]);

pub(crate) fn observation(id: &str, held_s: u64) -> Observation {
    serde_json::from_value(serde_json::json!({
        "id": id,
        "key": "at:2026-03-01:bedtime:bedtime-10/step:psoas/left/1/0",
        "exercise": "psoas-release-hook",
        "routine": "bedtime-10",
        "routine_version": 3,
        "target_ms": 90_000,
        "attempts": [{ "held_ms": held_s * 1000, "eased_after_ms": 41_000 }],
        "paused_ms": 0,
        "pain_after": { "nrs": 2, "reported_by": "subject" },
        "ended_by": "target",
        "started_at": { "utc_ms": 1_772_312_400_000_i64, "offset_s": 3600, "zone": "Europe/Berlin" },
        "source": "timer",
    }))
    .unwrap()
}

fn hold(id: &str, held_s: u64) -> Record {
    Record::Observation(Box::new(observation(id, held_s)))
}

fn removal(id: &str) -> Record {
    let about = observation("o1", 1);
    Record::Correction(Box::new(Correction {
        id: id.to_owned(),
        target: Target::Observation(about.id),
        seen: Vec::new(),
        counter: 1,
        change: holdfast_domain::record::Change::Remove,
        at: about.started_at,
        unknown: serde_json::Map::new(),
    }))
}

fn read(strand: &Strand) -> Vec<Record> {
    strand
        .records()
        .into_iter()
        .map(|(key, stored)| match stored {
            Stored::Record(record) => record,
            other => panic!("{key}: {other:?}"),
        })
        .collect()
}

fn put(strand: &mut Strand, record: &Record) -> Written {
    strand.put(record).unwrap().unwrap()
}

#[test]
fn records_come_back_as_written_on_another_device() {
    let (mut mine, mut theirs) = (Strand::new(ME), Strand::new(CLONE));
    let records = [removal("c1"), hold("o1", 90), hold("o2", 30)];
    for record in &records {
        let written = put(&mut mine, record);
        assert_eq!(theirs.apply_foreign(&written.bytes, ME), Ok(1));
        assert_eq!(mine.tip(), Some(written.tip));
    }
    assert_eq!(read(&theirs), records);
    assert_eq!(theirs.heads(), mine.heads());
    assert_eq!(theirs.tip(), None);
}

#[test]
fn a_record_written_twice_is_one_change() {
    let mut strand = Strand::new(ME);
    put(&mut strand, &hold("o1", 90));
    assert_eq!(strand.put(&hold("o1", 90)), Ok(None));
    assert_eq!(strand.put_all(&[hold("o1", 90)]), Ok(None));
}

#[test]
fn a_saved_strand_loads_and_can_be_written_on() {
    let mut strand = Strand::new(ME);
    put(&mut strand, &hold("o1", 90));
    let mut again = Strand::load(&strand.save_nocompress(), ME).unwrap();
    assert_eq!(again.tip(), strand.tip());
    let written = put(&mut again, &hold("o2", 30));
    assert_eq!(written.tip.seq, 2);
    assert_eq!(strand.apply_foreign(&written.bytes, ME), Ok(1));
    assert!(Strand::load(&Strand::new(ME).save_nocompress(), ME).unwrap().records().is_empty());
    let standard = automerge::Automerge::load(&strand.save()).unwrap();
    assert_eq!(standard.get_heads().len(), 1);
}

#[test]
fn stored_changes_replay_to_the_same_strand() {
    let mut strand = Strand::new(ME);
    let changes: Vec<Vec<u8>> =
        (0..20).map(|i| put(&mut strand, &hold(&format!("o{i}"), i)).bytes).collect();
    let again = Strand::replay(changes.iter().map(Vec::as_slice), ME).unwrap();
    assert_eq!(again.texts(), strand.texts());
    assert_eq!(again.tip(), strand.tip());
}

#[test]
fn fields_of_a_newer_version_survive() {
    let mut newer = observation("o1", 90);
    newer.unknown.insert("grip".into(), serde_json::json!({ "kind": "hook" }));
    let mut strand = Strand::new(ME);
    put(&mut strand, &Record::Observation(Box::new(newer.clone())));
    assert_eq!(read(&strand), [Record::Observation(Box::new(newer))]);
}

#[test]
fn a_strand_of_a_newer_version_is_read_but_not_written() {
    let mut strand = Strand::new(ME);
    put(&mut strand, &hold("o1", 90));
    strand.document_mut().put(MIN_READER, "2").unwrap();
    strand.document_mut().too_new().unwrap();
    assert_eq!(strand.too_new(), Some(2));
    assert_eq!(strand.put(&hold("o2", 90)), Err(WriteError::TooNew { needs: 2 }));
    assert_eq!(read(&strand), [hold("o1", 90)]);
}

#[test]
fn what_does_not_read_is_kept_and_flagged() {
    let mut strand = Strand::new(ME);
    for (key, text) in [("obs:o1", "{"), ("obs:o2", "{}"), ("mood:1", "{}"), ("fix:c", "[1]")] {
        strand.document_mut().put(key, text).unwrap();
    }
    let hidden = serde_json::to_string(&observation("o1", 9)).unwrap();
    strand.document_mut().put("obs:o3", &hidden).unwrap();
    let stored: Vec<Stored> = strand.records().into_iter().map(|(_, stored)| stored).collect();
    assert!(matches!(
        stored[..],
        [
            Stored::Unreadable { .. },
            Stored::NewerKind,
            Stored::Unreadable { .. },
            Stored::Unreadable { .. },
            Stored::Unreadable { .. }
        ]
    ));
}

#[test]
fn two_clones_of_one_device_lose_nothing() {
    let (mut first, mut second) = (Strand::new(ME), Strand::new(CLONE));
    let a = put(&mut first, &hold("o1", 90));
    let b = put(&mut second, &hold("o1", 45));
    first.apply_foreign(&b.bytes, CLONE).unwrap();
    second.apply_foreign(&a.bytes, ME).unwrap();
    assert_eq!(read(&first), read(&second));
    assert_eq!(read(&first).len(), 2);
}

#[test]
fn a_key_or_value_beyond_its_limit_is_a_clear_error_and_writes_nothing() {
    let mut strand = Strand::new(ME);
    let mut long = observation("o1", 90);
    long.note = Some("n".repeat(70_000));
    let refused = strand.put(&Record::Observation(Box::new(long)));
    assert!(matches!(refused, Err(WriteError::ValueTooLong { .. })));
    assert!(matches!(strand.put(&removal(&"c".repeat(600))), Err(WriteError::KeyTooLong { .. })));
    let many: Vec<Record> = (0..4_097).map(|i| hold(&format!("o{i}"), 1)).collect();
    assert_eq!(strand.put_all(&many), Err(WriteError::TooManyOps));
    let mut large = observation("o1", 90);
    large.note = Some("n".repeat(60_000));
    let large: Vec<Record> = (0..80)
        .map(|i| Observation { id: format!("o{i}").parse().unwrap(), ..large.clone() })
        .map(|o| Record::Observation(Box::new(o)))
        .collect();
    assert!(strand.put_all(&large) == Err(WriteError::TooManyOps));
    assert!(strand.records().is_empty() && strand.tip().is_none());
    put(&mut strand, &hold("o1", 90));
}

#[test]
fn a_strand_stops_growing_before_nobody_could_load_it() {
    let mut strand = Strand::new(ME);
    let mut long = observation("o1", 90);
    long.note = Some("n".repeat(64_000));
    let mut n = 0;
    let full = loop {
        n += 1;
        long.id = format!("o{n}").parse().unwrap();
        match strand.put(&Record::Observation(Box::new(long.clone()))) {
            Ok(written) => assert!(written.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!(full, WriteError::Full);
    assert!(n > 100);
    let again = Strand::load(&strand.save_nocompress(), ME).unwrap();
    assert_eq!(again.heads(), strand.heads());
}

#[test]
fn the_size_of_a_hold_stays_small() {
    let mut strand = Strand::new(ME);
    let changes: Vec<usize> = (0..60)
        .map(|i| put(&mut strand, &hold(&format!("0198c2f0a1b2c3d4e5f6a7b8c9d0e1{i:02}"), 90)))
        .map(|written| written.bytes.len())
        .collect();
    let (saved, raw) = (strand.save().len(), strand.save_nocompress().len());
    println!("raw change {} B; 60 holds: save {saved} B, save_nocompress {raw} B", changes[1]);
    assert!((200..=700).contains(&changes[1]), "{} bytes", changes[1]);
}

/// A strand with one record, and a check that it still reads, writes and reloads.
fn victim() -> Strand {
    let mut strand = Strand::new(ME);
    put(&mut strand, &hold("o1", 90));
    strand
}

fn is_unharmed(mut strand: Strand) {
    assert_eq!(read(&strand), [hold("o1", 90)]);
    put(&mut strand, &hold("o2", 30));
    let again = Strand::load(&strand.save_nocompress(), ME).unwrap();
    assert_eq!(read(&again).len(), 2);
}

#[test]
fn a_hostile_entry_is_refused_and_the_record_stays_writable() {
    let head = victim().heads()[0].0;
    let next = |change: Change| Change { deps: vec![head], start_op: 2, ..change };
    let honest = next(Change::writes(CLONE, 1)).bytes();
    assert_eq!(victim().apply_foreign(&honest, CLONE), Ok(1), "but for the lies, it would pass");
    let hostile: Vec<(&str, Vec<u8>)> = vec![
        ("forged actor", next(Change::writes(ME, 1)).bytes()),
        ("huge start_op", Change { start_op: 4_000_000_000, ..Change::writes(CLONE, 1) }.bytes()),
        ("run-length bomb", Change::writes(CLONE, 90_000_000).with(0x57, vec![]).bytes()),
        ("deflate bomb", forge::chunk(2, &[0; 99])),
        ("start_op ahead of its time", next(Change::writes(CLONE, 1)).starting(9).bytes()),
        ("start_op behind its time", next(Change::writes(CLONE, 1)).starting(1).bytes()),
        ("sequence gap", Change { seq: 2, ..Change::writes(CLONE, 1) }.bytes()),
        ("missing dependency", Change { deps: vec![[5; 32]], ..Change::writes(CLONE, 1) }.bytes()),
        (
            "replaces what is not there",
            next(Change::writes(CLONE, 1))
                .with(0x70, run(1, &[1]))
                .with(0x71, run(1, &[0]))
                .with(0x73, run(1, &[1]))
                .bytes(),
        ),
        (
            "columns written in another way than Automerge writes them",
            next(Change::writes(CLONE, 2))
                .with(0x15, [forge::signed(-2), forge::text("k"), forge::text("k")].concat())
                .bytes(),
        ),
        (
            "actors that nothing refers to",
            next(Change { others: vec![ActorId([8; 16])], ..Change::writes(CLONE, 1) }).bytes(),
        ),
    ];
    for (what, bytes) in hostile {
        let mut strand = victim();
        let refused = strand.apply_foreign(&bytes, CLONE);
        assert!(refused.is_err(), "{what}: {refused:?}");
        println!("{what}: {}", refused.unwrap_err());
        is_unharmed(strand);
    }
}

#[test]
fn two_different_changes_in_one_place_are_a_fork() {
    let mut strand = victim();
    let (a, b) = (Change::writes(CLONE, 1), Change::writes(CLONE, 2));
    assert_eq!(strand.apply_foreign(&a.bytes(), CLONE), Ok(1));
    assert_eq!(strand.apply_foreign(&a.bytes(), CLONE), Ok(0));
    let refused = strand.apply_foreign(&b.bytes(), CLONE);
    assert_eq!(refused, Err(Refused::Forked { actor: CLONE, seq: 1 }));
}

#[test]
fn nested_containers_of_another_program_are_refused() {
    let mut foreign = automerge::Automerge::new().with_actor(automerge::ActorId::from(&CLONE.0));
    foreign
        .transact::<_, _, automerge::AutomergeError>(|t| {
            let map = t.put_object(ROOT, "holds", automerge::ObjType::Map)?;
            t.put(map, "o1", "{}")
        })
        .unwrap();
    let bytes = foreign.get_last_local_change().unwrap().raw_bytes().to_vec();
    let mut strand = victim();
    let refused = strand.apply_foreign(&bytes, CLONE);
    assert_eq!(refused, Err(Refused::Foreign(ForeignBytes::ForbiddenOp { action: 0 })));
    let deletes = Change::writes(CLONE, 1).with(0x42, run(1, &unsigned(3)));
    assert!(strand.apply_foreign(&deletes.bytes(), CLONE).is_err());
    is_unharmed(strand);
}

#[derive(Debug, Clone)]
enum Act {
    Hold(u8, u64, Option<String>),
    Remove(u8),
    Many(Vec<u8>),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0..12_u8, any::<u64>(), proptest::option::of(".{0,80}"))
            .prop_map(|(id, held, note)| Act::Hold(id, held, note)),
        (0..12_u8).prop_map(Act::Remove),
        proptest::collection::vec(0..40_u8, 1..30).prop_map(Act::Many),
    ]
}

fn perform(strand: &mut Strand, act: &Act) -> Option<Written> {
    match act {
        Act::Hold(id, held, note) => {
            let mut o = observation(&format!("o{id}"), 0);
            o.attempts = vec![Attempt { held: Millis(*held), ..Attempt::default() }];
            o.note.clone_from(note);
            strand.put(&Record::Observation(Box::new(o))).unwrap()
        }
        Act::Remove(id) => strand.put(&removal(&format!("c{id}"))).unwrap(),
        Act::Many(ids) => {
            let records: Vec<Record> =
                ids.iter().map(|id| hold(&format!("o{id}"), u64::from(*id))).collect();
            strand.put_all(&records).unwrap()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two incarnations of one device write at once, now and then exchanging what they have:
    /// every honest change passes every check, and so does the saved document.
    #[test]
    fn whatever_our_writers_make_passes_and_converges(
        acts in proptest::collection::vec((any::<bool>(), act(), any::<bool>()), 1..30),
    ) {
        let mut strands = [Strand::new(ME), Strand::new(CLONE)];
        let actors = [ME, CLONE];
        let mut logs: [Vec<Vec<u8>>; 2] = [Vec::new(), Vec::new()];
        let mut sent = [0, 0];
        for (who, act, exchange) in acts {
            let who = usize::from(who);
            logs[who].extend(perform(&mut strands[who], &act).map(|written| written.bytes));
            if exchange {
                for from in 0..2 {
                    let new = logs[from][sent[from]..].concat();
                    sent[from] = logs[from].len();
                    if !new.is_empty() {
                        let taken = strands[1 - from].apply_foreign(&new, actors[from]);
                        prop_assert!(taken.is_ok(), "{taken:?}");
                    }
                }
            }
        }
        for from in 0..2 {
            // With repeats: all of it again.
            for bytes in &logs[from] {
                let again = strands[1 - from].apply_foreign(bytes, actors[from]);
                prop_assert!(again.is_ok(), "{again:?}");
            }
        }
        prop_assert_eq!(strands[0].texts(), strands[1].texts());
        prop_assert_eq!(strands[0].heads(), strands[1].heads());
        let loaded = Strand::load(&strands[0].save_nocompress(), ME).unwrap();
        prop_assert_eq!(loaded.texts(), strands[0].texts());
        prop_assert_eq!(loaded.tip(), strands[0].tip());
    }
}
