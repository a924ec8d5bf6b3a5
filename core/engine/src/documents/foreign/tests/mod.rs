//! Hostile bytes, made by hand and by chance.

pub(crate) mod forge;

use automerge::transaction::Transactable;
use automerge::{ActorId as Theirs, Automerge, ROOT};
use proptest::prelude::*;

use super::*;
use forge::{Change, chunk, run, unsigned};

const ME: ActorId = ActorId([7; 16]);
const OTHER: ActorId = ActorId([9; 16]);

fn check(change: &Change) -> Result<CheckedChanges, ForeignBytes> {
    check_changes(&change.bytes(), ME, 0, Shape::Strand)
}

#[test]
fn a_forged_plain_change_passes_and_is_what_automerge_reads() {
    let bytes = Change::writes(ME, 3).bytes();
    let checked = check_changes(&bytes, ME, 0, Shape::Strand).unwrap();
    let change = &checked.as_slice()[0];
    let theirs = automerge::Change::try_from(&bytes[..]).unwrap();
    assert_eq!(change.hash, theirs.hash().into());
    assert_eq!((change.ops, change.max_op()), (theirs.len() as u64, theirs.max_op()));
    assert_eq!(change.bytes(), theirs.raw_bytes());
}

#[test]
fn a_change_in_anothers_name_is_refused() {
    assert!(matches!(check(&Change::writes(OTHER, 1)), Err(ForeignBytes::WrongActor { .. })));
}

#[test]
fn a_huge_start_op_is_refused() {
    let starting = |start_op| check(&Change { start_op, ..Change::writes(ME, 1) });
    assert!(starting(MAX_OP_JUMP).is_ok());
    for start in [MAX_OP_JUMP + 1, u64::from(u32::MAX), u64::MAX] {
        assert!(matches!(starting(start), Err(ForeignBytes::StartOpTooFar { .. })), "{start}");
    }
    assert_eq!(starting(0), Err(ForeignBytes::ZeroCounter));
}

#[test]
fn start_ops_cannot_climb_without_end_in_small_steps() {
    let near_the_end = Change { start_op: MAX_OP + 1, ..Change::writes(ME, 1) };
    let refused = check_changes(&near_the_end.bytes(), ME, MAX_OP, Shape::Strand);
    assert!(matches!(refused, Err(ForeignBytes::StartOpTooFar { .. })));
}

#[test]
fn a_run_length_bomb_is_refused_by_its_claim() {
    for count in [4_097, 10_000_000, i64::MAX] {
        let bytes = Change::writes(ME, count).with(0x57, Vec::new()).bytes();
        assert!(bytes.len() < 170, "{} bytes claim {count} operations", bytes.len());
        let before = std::time::Instant::now();
        let refused = check_changes(&bytes, ME, 0, Shape::Strand);
        assert_eq!(refused, Err(ForeignBytes::TooManyOps { limit: MAX_CHANGE_OPS }));
        assert!(before.elapsed().as_millis() < 100);
    }
    assert!(check(&Change::writes(ME, 4_096)).is_ok());
}

#[test]
fn runs_in_any_column_cannot_claim_more_rows_than_there_are_operations() {
    let one = Change::writes(ME, 1);
    let long = |cell: &[u8]| run(50_000_000, cell);
    for (spec, column) in [
        (0x01, long(&unsigned(0))),
        (0x11, long(&unsigned(0))),
        (0x13, long(&[1])),
        (0x15, long(&forge::text("k"))),
        (0x34, unsigned(50_000_000)),
        (0x56, long(&unsigned(1 << 4 | 6))),
        (0x70, long(&unsigned(0))),
        (0x70, run(1, &unsigned(50_000_000))),
        (0x71, long(&unsigned(0))),
        (0x73, long(&[1])),
        (0x94, unsigned(50_000_000)),
        (0xa5, long(&forge::text("bold"))),
    ] {
        assert!(check(&one.clone().with(spec, column)).is_err(), "column {spec:#x}");
    }
}

#[test]
fn literal_runs_and_numbers_at_their_limits_are_refused_without_panicking() {
    let one = Change::writes(ME, 1);
    for spec in [0x01, 0x02, 0x11, 0x13, 0x15, 0x34, 0x42, 0x56, 0x70, 0x71, 0x73] {
        for column in [
            forge::signed(i64::MIN),
            [forge::signed(i64::MIN), vec![0; 64]].concat(),
            [vec![0], unsigned(u64::MAX)].concat(),
            vec![0xff; 12],
            vec![0x80; 12],
            vec![0x80],
            vec![0, 0],
        ] {
            assert!(
                check(&one.clone().with(spec, column.clone())).is_err(),
                "{spec:#x} {column:?}"
            );
        }
    }
}

#[test]
fn a_deflated_change_or_column_is_refused_unopened() {
    let bomb = vec![0x42; 64];
    assert_eq!(check_changes(&chunk(2, &bomb), ME, 0, Shape::Strand), Err(ForeignBytes::Deflated));
    let deflated = Change::writes(ME, 1).with(0x57 | 8, bomb);
    assert_eq!(check(&deflated), Err(ForeignBytes::Deflated));
}

#[test]
fn documents_saved_with_compression_are_refused() {
    let mut doc = Automerge::new().with_actor(Theirs::from(&ME.0));
    doc.transact::<_, _, automerge::AutomergeError>(|t| {
        (0..200).try_for_each(|i| t.put(ROOT, format!("obs:{i}"), "a text that repeats"))
    })
    .unwrap();
    assert_eq!(check_document(&doc.save(), Shape::Strand), Err(ForeignBytes::Deflated));
    let checked = check_document(&doc.save_nocompress(), Shape::Strand).map(|c| c.ops);
    assert_eq!(checked, Ok(200));
}

#[test]
fn a_document_bomb_is_refused_by_its_claims() {
    // One actor, one head, no change columns to speak of, and a column of actions that claims millions.
    let columns = |table: &[(u32, Vec<u8>)]| {
        let mut out = unsigned(table.len() as u64);
        for (spec, column) in table {
            out.extend(unsigned(u64::from(*spec)));
            out.extend(unsigned(column.len() as u64));
        }
        out
    };
    let many = 900_000_000;
    type Table = Vec<(u32, Vec<u8>)>;
    let bombs: [(Table, Table); 2] = [
        (vec![(0x01, run(many, &[0]))], vec![]),
        (
            vec![
                (0x01, run(1, &[0])),
                (0x03, run(1, &[1])),
                (0x13, run(1, &[1])),
                (0x40, run(1, &[0])),
            ],
            vec![(0x42, run(many, &[1]))],
        ),
    ];
    for (changes, ops) in bombs {
        let mut content = [unsigned(1), unsigned(16), ME.0.to_vec(), unsigned(0)].concat();
        content.extend(columns(&changes));
        content.extend(columns(&ops));
        content.extend(changes.iter().chain(&ops).flat_map(|(_, column)| column.clone()));
        let bytes = chunk(0, &content);
        let refused = check_document(&bytes, Shape::Strand);
        assert!(matches!(refused, Err(ForeignBytes::TooManyOps { .. })), "{refused:?}");
    }
}

#[test]
fn a_document_cannot_claim_more_changes_or_operations_than_its_bytes_can_hold() {
    // One write, honestly saved, and one change; then the claims are raised.
    let document = |changes: i64, ops_each: u8, padding: usize| {
        let value = vec![b'v'; padding];
        let change_columns = [
            (0x01, run(changes, &[0])),
            (0x03, run(changes, &[1])),
            (0x13, run(changes, &[ops_each])),
            (0x23, run(changes, &[0])),
            (
                0x40,
                [run(1, &[0]), if changes > 1 { run(changes - 1, &[1]) } else { vec![] }].concat(),
            ),
            (
                0x43,
                if changes > 1 {
                    [run(1, &[0]), if changes > 2 { run(changes - 2, &[1]) } else { vec![] }]
                        .concat()
                } else {
                    vec![]
                },
            ),
            (0x56, run(changes, &[7])),
        ];
        let op_columns = [
            (0x15, run(1, &forge::text("obs:1"))),
            (0x21, run(1, &[0])),
            (0x23, run(1, &[1])),
            (0x34, unsigned(1)),
            (0x42, run(1, &[1])),
            (0x56, run(1, &unsigned((padding as u64) << 4 | 6))),
            (0x57, value),
            (0x80, run(1, &[0])),
        ];
        let mut content = [unsigned(1), unsigned(16), ME.0.to_vec(), unsigned(0)].concat();
        for table in [&change_columns[..], &op_columns[..]] {
            let present: Vec<_> = table.iter().filter(|(_, column)| !column.is_empty()).collect();
            content.extend(unsigned(present.len() as u64));
            for (spec, column) in present {
                content.extend(unsigned(*spec));
                content.extend(unsigned(column.len() as u64));
            }
        }
        content.extend(change_columns.iter().chain(&op_columns).flat_map(|(_, c)| c.clone()));
        chunk(0, &content)
    };
    let check = |bytes: &[u8]| check_document(bytes, Shape::Strand).map(|c| (c.changes, c.ops));
    assert_eq!(check(&document(1, 1, 60_000)), Ok((1, 1)));
    for bytes in [
        document(1, 2, 60_000),
        document(2, 1, 60_000),
        document(7_000, 16, 60_000),
        document(60_000, 16, 60_000),
        document(i64::MAX, 16, 60_000),
    ] {
        let refused = check(&bytes);
        assert!(matches!(refused, Err(ForeignBytes::TooManyOps { .. })), "{refused:?}");
    }
}

#[test]
fn whatever_our_writers_do_not_make_is_refused() {
    let one = || Change::writes(ME, 1);
    let cases: Vec<(&str, Change, ForeignBytes)> = vec![
        ("seq", Change { seq: 0, ..one() }, ForeignBytes::ZeroCounter),
        ("deps", Change { deps: vec![[1; 32]; 65], ..one() }, ForeignBytes::TooManyDeps),
        ("deps", Change { deps: vec![[1; 32]; 2], ..one() }, ForeignBytes::DepsOutOfOrder),
        ("message", Change { message: "m".repeat(300), ..one() }, ForeignBytes::MessageTooLong),
        ("actor", Change { actor: vec![7; 15], ..one() }, ForeignBytes::BadActors),
        ("others", Change { others: vec![OTHER, OTHER], ..one() }, ForeignBytes::BadActors),
        ("others", Change { others: vec![ME], ..one() }, ForeignBytes::BadActors),
        ("unused", Change { others: vec![OTHER], ..one() }, ForeignBytes::BadActors),
        ("extra", Change { extra: vec![1], ..one() }, ForeignBytes::ExtraBytes),
        ("column", one().with(0xb2, vec![1]), ForeignBytes::UnknownColumn(0xb2)),
        ("key", one().with(0x15, run(1, &forge::text(""))), ForeignBytes::BadKey),
        ("key", one().with(0x15, run(1, &forge::text(&"k".repeat(513)))), ForeignBytes::BadKey),
        ("value", one().with(0x56, run(1, &unsigned(1 << 4 | 7))), ForeignBytes::ForbiddenValue(7)),
        ("make a map", one().with(0x42, run(1, &[0])), ForeignBytes::ForbiddenOp { action: 0 }),
        ("make a list", one().with(0x42, run(1, &[2])), ForeignBytes::ForbiddenOp { action: 2 }),
        ("delete", one().with(0x42, run(1, &[3])), ForeignBytes::ForbiddenOp { action: 3 }),
        ("make a text", one().with(0x42, run(1, &[4])), ForeignBytes::ForbiddenOp { action: 4 }),
        ("increment", one().with(0x42, run(1, &[5])), ForeignBytes::ForbiddenOp { action: 5 }),
        ("mark", one().with(0x42, run(1, &[7])), ForeignBytes::ForbiddenOp { action: 7 }),
        ("nested", one().with(0x01, run(1, &[0])).with(0x02, run(1, &[1])), ForeignBytes::NotFlat),
        (
            "replaces itself",
            one().with(0x70, run(1, &[1])).with(0x71, run(1, &[0])).with(0x73, run(1, &[1])),
            ForeignBytes::BadReference,
        ),
    ];
    for (what, change, refusal) in cases {
        assert_eq!(check(&change), Err(refusal), "{what}");
    }
}

#[test]
fn a_wrong_checksum_magic_or_length_is_refused() {
    let good = Change::writes(ME, 1).bytes();
    let spoiled = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0xff;
        check_changes(&bytes, ME, 0, Shape::Strand)
    };
    assert_eq!(spoiled(0), Err(ForeignBytes::NotAutomerge));
    assert_eq!(spoiled(4), Err(ForeignBytes::BadChecksum));
    assert_eq!(spoiled(good.len() - 1), Err(ForeignBytes::BadChecksum));
    for end in 1..good.len() {
        assert!(check_changes(&good[..end], ME, 0, Shape::Strand).is_err());
    }
    assert_eq!(check_changes(&[], ME, 0, Shape::Strand), Err(ForeignBytes::Empty));
    let document = chunk(0, &[]);
    assert_eq!(
        check_changes(&document, ME, 0, Shape::Strand),
        Err(ForeignBytes::UnexpectedChunk(0))
    );
    let huge = vec![0; MAX_CHANGES_BYTES + 1];
    assert!(matches!(
        check_changes(&huge, ME, 0, Shape::Strand),
        Err(ForeignBytes::TooLarge { .. })
    ));
}

fn real_change() -> Vec<u8> {
    let mut doc = Automerge::new().with_actor(Theirs::from(&ME.0));
    doc.transact::<_, _, automerge::AutomergeError>(|t| {
        t.put(ROOT, "obs:1", "{\"held_ms\":60000}")?;
        t.put(ROOT, "obs:2", "{\"held_ms\":30000}")
    })
    .unwrap();
    doc.get_last_local_change().unwrap().raw_bytes().to_vec()
}

/// Both parsers, with the content under a true checksum: what ours lets through, Automerge must
/// take without panicking and within bounds.
fn both(content: &[u8]) {
    let bytes = chunk(1, content);
    for shape in [Shape::Strand, Shape::Plan] {
        if let Ok(checked) = check_changes(&bytes, ME, 0, shape) {
            let theirs = automerge::Change::try_from(&bytes[..]);
            let ops = theirs.map(|change| change.len() as u64);
            assert_eq!(ops.ok(), Some(checked.as_slice()[0].ops));
        }
    }
    let _ = check_document(&chunk(0, content), Shape::Plan);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = check_changes(&bytes, ME, 0, Shape::Plan);
        let _ = check_document(&bytes, Shape::Plan);
        both(&bytes);
    }

    #[test]
    fn mutated_real_changes_never_panic_and_never_mean_something_else_to_automerge(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        // Past the chunk's header: magic, checksum, type and a length of two bytes.
        let mut content = real_change()[11..].to_vec();
        for (at, byte) in edits {
            let at = at.index(content.len());
            content[at] = byte;
        }
        if let Some(cut) = cut {
            content.truncate(cut.index(content.len()));
        }
        both(&content);
    }

    #[test]
    fn mutated_real_documents_never_panic(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut doc = Automerge::new().with_actor(Theirs::from(&ME.0));
        for i in 0..3 {
            doc.transact::<_, _, automerge::AutomergeError>(|t| t.put(ROOT, format!("obs:{i}"), "v"))
                .unwrap();
        }
        let mut content = doc.save_nocompress()[11..].to_vec();
        for (at, byte) in edits {
            let at = at.index(content.len());
            content[at] = byte;
        }
        let bytes = chunk(0, &content);
        if check_document(&bytes, Shape::Strand).is_ok() {
            // Hashes are checked on loading; a panic there would be caught in `Document::load`.
            let _ = crate::documents::document::Document::load(&bytes, ME, Shape::Strand);
        }
    }
}
