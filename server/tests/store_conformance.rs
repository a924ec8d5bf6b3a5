//! What every store must do, whatever is below it. A new store is one more line in `stores`.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};

use common::stores::{append_one, append_some, bodies, clone_of, each, read, space, write};
use holdfast_protocol::cursor::SignedCursor;
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::entry::{Entry, Kind, Position, SeqRange};
use holdfast_protocol::hash::next_running;
use holdfast_protocol::ids::{Class, EntryHash, Generation, InviteId, Seq, SpaceId};
use holdfast_protocol::keys::Wrapped;
use holdfast_protocol::pairing::HandedKey;
use holdfast_protocol::sync::{Noted, NotedCursor};
use holdfast_relay::store::sqlite::SqliteStore;
use holdfast_relay::store::{
    Checkpointed, JoinAnswer, Pending, Reading, Store, StoreError, Stored, StoredWrap, TokenRow,
};

#[test]
fn a_log_is_read_back_in_order_as_it_was_written() {
    each(|store| {
        let space = space(store);
        let other = self::space(store);
        append_some(store, &space, 5);
        append_some(store, &other, 2);
        let found = read(store, |r| {
            let mut rows = Vec::new();
            r.log(space.no, 2, 5, &mut |row| {
                let entry = Entry::from_bytes(row.bytes.unwrap()).unwrap();
                assert_eq!(entry.hash(), row.outline.hash);
                rows.push((row.outline.seq, row.outline.kind, row.outline.class));
                Ok(true)
            })?;
            Ok(rows)
        });
        let expected: Vec<_> = (3..=5).map(|seq| (seq, Kind::Change, Class::Account)).collect();
        assert_eq!(found, expected);
        let head = read(store, |r| r.head(space.no));
        assert_eq!(head.seq, 6);
        let mut running = Position::START.running;
        read(store, |r| {
            let mut hashes = Vec::new();
            r.outline(space.no, 0, Seq::MAX, &mut |row| {
                hashes.push(row.hash);
                Ok(true)
            })?;
            Ok(hashes)
        })
        .into_iter()
        .zip(1..)
        .for_each(|(hash, seq)| {
            running = next_running(running, hash);
            assert_eq!(read(store, |r| r.running_at(space.no, seq)), Some(running));
        });
        assert_eq!(running, head.running);
        assert_eq!(read(store, |r| r.running_at(space.no, 7)), None);
        assert_eq!(read(store, |r| r.space(&SpaceId([9; 32]))), None);
    });
}

#[test]
fn an_entry_is_found_by_its_authors_counter_in_its_own_space_only() {
    each(|store| {
        let space = space(store);
        let other = self::space(store);
        append_some(store, &space, 3);
        let author = space.account.phone.id();
        let found = read(store, |r| r.find(space.no, &author, 3)).unwrap();
        assert_eq!(found.0, 3);
        assert_eq!(read(store, |r| r.find(space.no, &author, 9)), None);
        assert_eq!(read(store, |r| r.find(other.no, &author, 3)), None);
        assert_eq!(read(store, |r| r.find(space.no, &author, u64::MAX)), None);
    });
}

#[test]
fn work_that_fails_leaves_nothing_behind_and_does_not_harm_its_neighbours() {
    each(|store| {
        let space = space(store);
        let barrier = Arc::new(Barrier::new(8));
        let stored = Arc::new(AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (store, barrier, stored) = (store.clone(), barrier.clone(), stored.clone());
                let (id, account) = (space.id, clone_of(&space.account));
                scope.spawn(move || {
                    barrier.wait();
                    for round in 0..20 {
                        let account = clone_of(&account);
                        let fails = (thread + round) % 3;
                        let result = store.write(Box::new(move |w| {
                            append_one(w, &id, &account)?;
                            match fails {
                                0 => Err(StoreError::Io("as told".into())),
                                1 if round % 7 == 0 => panic!("as told"),
                                _ => Ok(()),
                            }
                        }));
                        if result.is_ok() {
                            stored.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        let stored = stored.load(Ordering::SeqCst);
        assert!(stored > 50);
        let rows = bodies(store, space.no);
        let expected: Vec<_> = (1..=stored + 1).map(|seq| (seq, true)).collect();
        assert_eq!(rows, expected, "no gap, nothing of what failed");
    });
}

#[test]
fn a_read_sees_one_moment_and_no_half_of_a_write() {
    each(|store| {
        let space = space(store);
        let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
        std::thread::scope(|scope| {
            let (writer, flag) = (store.clone(), done.clone());
            let (id, account) = (space.id, clone_of(&space.account));
            scope.spawn(move || {
                for _ in 0..60 {
                    let account = clone_of(&account);
                    writer
                        .write(Box::new(move |w| {
                            for _ in 0..3 {
                                append_one(w, &id, &account)?;
                            }
                            Ok(())
                        }))
                        .unwrap();
                }
                flag.store(true, Ordering::SeqCst);
            });
            while !done.load(Ordering::SeqCst) {
                let (first, second) = read(store, |r| {
                    let first = r.head(space.no)?;
                    std::thread::yield_now();
                    Ok((first, r.head(space.no)?))
                });
                assert_eq!(first, second);
                assert_eq!((first.seq - 1) % 3, 0);
            }
        });
        assert_eq!(read(store, |r| r.head(space.no)).seq, 181);
    });
}

#[test]
fn covered_bodies_are_dropped_up_to_a_place_and_their_bytes_given_back() {
    each(|store| {
        let space = space(store);
        append_some(store, &space, 8);
        let no = space.no;
        let range = SeqRange { first: 2, last: 5 };
        assert!(read(store, |r| r.is_coverable(no, range, Class::Account)));
        assert!(!read(store, |r| r.is_coverable(no, range, Class::Log)));
        assert!(!read(store, |r| r.is_coverable(
            no,
            SeqRange { first: 1, last: 5 },
            Class::Account
        )));
        write(store, move |w| {
            w.add_bytes(no, no, 10_000)?;
            w.cover(no, range, 7)?;
            w.put_pending(no, Pending { by: 7, since_ms: 99 })?;
            w.set_checkpoint(no, Checkpointed { seq: 9, at: 8 })
        });
        assert!(!read(store, |r| r.is_coverable(no, range, Class::Account)));
        assert_eq!(read(store, |r| r.pending(no)), vec![Pending { by: 7, since_ms: 99 }]);
        assert_eq!(read(store, |r| r.spaces_pending()), vec![space.id]);
        let row = read(store, |r| Ok(r.space(&space.id)?.unwrap()));
        assert_eq!(row.checkpoint, Some(Checkpointed { seq: 9, at: 8 }));
        write(store, move |w| {
            w.drop_bodies(no, 7, 3)?;
            assert!(!w.settle_pending(no, 7)?);
            Ok(())
        });
        let dropped = |seq: Seq| !bodies(store, no)[usize::try_from(seq).unwrap() - 1].1;
        assert_eq!((1..=9).filter(|s| dropped(*s)).collect::<Vec<_>>(), vec![2, 3]);
        let (own, all) = read(store, |r| r.bytes(no, no));
        assert!(own == all && own < 10_000 && own > 9_000, "{own}");
        write(store, move |w| {
            w.drop_bodies(no, 7, 7)?;
            assert!(w.settle_pending(no, 7)?);
            Ok(())
        });
        assert_eq!((1..=9).filter(|s| dropped(*s)).collect::<Vec<_>>(), vec![2, 3, 4, 5]);
        assert_eq!(read(store, |r| r.entry(no, 3)), None);
        assert!(read(store, |r| r.entry(no, 6)).is_some());
        assert!(read(store, |r| r.spaces_pending()).is_empty());
    });
}

#[test]
fn feeds_rise_by_one_and_say_what_moved_since() {
    each(|store| {
        let (account, chart) = (space(store), space(store));
        let (a, c) = (account.no, chart.no);
        assert_eq!(read(store, |r| r.feed(a)), 0);
        write(store, move |w| {
            assert_eq!(w.raise_feed(a)?, 1);
            w.set_moved(a, a, 1)?;
            assert_eq!(w.raise_feed(a)?, 2);
            w.set_moved(a, c, 2)
        });
        assert_eq!(read(store, |r| r.feed(a)), 2);
        assert_eq!(read(store, |r| r.feed(c)), 0);
        let both = vec![(a, account.id), (c, chart.id)];
        assert_eq!(read(store, |r| r.moved(a, 0)), both);
        assert_eq!(read(store, |r| r.moved(a, 1)), vec![(c, chart.id)]);
        assert_eq!(read(store, |r| r.moved(a, 2)), vec![]);
        assert!(read(store, |r| r.belongs(a, c)));
        assert!(!read(store, |r| r.belongs(c, a)));
        assert_eq!(read(store, |r| r.count_spaces(a)), 2);
    });
}

#[test]
fn cursors_are_kept_once_a_device_and_told_to_others() {
    each(|store| {
        let space = space(store);
        append_some(store, &space, 3);
        let no = space.no;
        let keys = space.account.phone.clone();
        let generation = read(store, |r| r.generation());
        let (id, device) = (space.id, keys.id());
        let cursor = move |r: &dyn Reading, seq: Seq| -> Stored<SignedCursor> {
            let running = r.running_at(no, seq)?.unwrap();
            Ok(SignedCursor::sign(&keys, id, generation, Position { seq, running }))
        };
        let (two, three) = (read(store, |r| cursor(r, 2)), read(store, |r| cursor(r, 3)));
        let newest = three.clone();
        write(store, move |w| {
            w.put_cursor(no, &two, 70)?;
            w.put_cursor(no, &three, 80)?;
            w.note(no, Noted { seq: 1, at_ms: 60 })?;
            w.set_cursor_moved(no, no, &device, 5)
        });
        assert_eq!(read(store, |r| r.cursor(no, &device)), Some(newest.position));
        assert_eq!(read(store, |r| r.cursors(no)), vec![(device, 3)]);
        let paper = space.account.paper.id();
        assert_eq!(read(store, |r| r.cursor(no, &paper)), None);
        let newest = NotedCursor { cursor: newest, at_ms: 80 };
        assert_eq!(read(store, |r| r.moved_cursors(no, 4, &paper, 10)), vec![newest]);
        let taken = vec![Noted { seq: 1, at_ms: 60 }];
        assert_eq!(read(store, |r| r.noted(no, 1, 3)), taken);
        assert_eq!(read(store, |r| r.noted(no, 2, 3)), vec![]);
        assert_eq!(read(store, |r| r.moved_cursors(no, 5, &paper, 10)), vec![]);
        assert_eq!(read(store, |r| r.moved_cursors(no, 4, &device, 10)), vec![]);
    });
}

#[test]
fn tokens_wraps_and_join_answers_come_and_go() {
    each(|store| {
        let space = space(store);
        let (no, device) = (space.no, space.account.phone.id());
        assert_eq!(read(store, |r| r.account_of(&device)), Some(space.id));
        let token = |expires_at_ms| TokenRow { device, account: space.id, expires_at_ms };
        let (first, second, third) = (token(10), token(20), token(30));
        let invite = InviteId([3; 32]);
        let wrap =
            StoredWrap { class: Class::Log, wrapped: Wrapped(vec![1, 2]), expires_at_ms: 50 };
        let newer = StoredWrap { class: Class::Log, wrapped: Wrapped(vec![3]), expires_at_ms: 60 };
        let answer = JoinAnswer {
            admission: EntryHash([4; 32]),
            seq: 2,
            keys: vec![HandedKey { class: Class::Plan, wrapped: Wrapped(vec![5]) }],
            expires_at_ms: 70,
        };
        let (kept_wrap, kept_answer) = (newer.clone(), answer.clone());
        write(store, move |w| {
            w.put_token(&[1; 32], &first, 2)?;
            w.put_token(&[2; 32], &second, 2)?;
            w.put_token(&[3; 32], &third, 2)?;
            w.put_wrap(no, &invite, &wrap)?;
            w.put_wrap(no, &invite, &newer)?;
            assert_eq!(w.wraps(no)?, vec![invite]);
            w.put_join_answer(&device, no, &answer)
        });
        assert_eq!(read(store, |r| r.token(&[1; 32])), None, "only the newest stay");
        assert_eq!(read(store, |r| r.token(&[3; 32])), Some(third));
        assert_eq!(read(store, |r| r.wraps_of(no, &invite)), vec![kept_wrap]);
        assert_eq!(read(store, |r| r.join_answer(&device, no)), Some(kept_answer));
        write(store, |w| w.drop_expired(25));
        assert_eq!(read(store, |r| r.token(&[2; 32])), None);
        assert!(read(store, |r| r.token(&[3; 32])).is_some());
        write(store, move |w| {
            w.drop_tokens(&device)?;
            w.drop_wraps(no, &invite, &[Class::Log])?;
            w.drop_join_answer(&device, no)
        });
        assert_eq!(read(store, |r| r.token(&[3; 32])), None);
        assert_eq!(read(store, |r| r.wraps_of(no, &invite)), vec![]);
        assert_eq!(read(store, |r| r.join_answer(&device, no)), None);
    });
}

#[test]
fn a_new_generation_remembers_heads_and_forgets_cursors_and_tokens() {
    each(|store| {
        let space = space(store);
        append_some(store, &space, 3);
        let (no, device, id) = (space.no, space.account.phone.id(), space.id);
        write(store, move |w| {
            let row = TokenRow { device, account: id, expires_at_ms: 10 };
            w.put_token(&[1; 32], &row, 2)?;
            w.start_generation(Generation([8; 16]))
        });
        assert_eq!(read(store, |r| r.generation()), Generation([8; 16]));
        assert_eq!(read(store, |r| Ok(r.space(&id)?.unwrap().restored)), Some(4));
        assert_eq!(read(store, |r| r.token(&[1; 32])), None);
        assert!(read(store, |r| r.cursors(no)).is_empty());
        append_some(store, &space, 1);
        assert_eq!(read(store, |r| r.head(no)).seq, 5);
    });
}

#[test]
fn a_file_is_read_back_whole_after_it_was_closed() {
    let directory = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(directory.path(), &mut SystemEntropy).unwrap());
    let space = space(&store);
    append_some(&store, &space, 40);
    let secret = read(&store, |r| r.secret());
    let generation = read(&store, |r| r.generation());
    drop(store);
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(directory.path(), &mut SystemEntropy).unwrap());
    assert_eq!(read(&store, |r| r.secret()), secret);
    assert_eq!(read(&store, |r| r.generation()), generation);
    // The state is replayed from the snapshot on, so the next entry fits.
    append_some(&store, &space, 1);
    assert_eq!(read(&store, |r| r.head(space.no)).seq, 42);
}

#[test]
fn a_file_of_a_newer_relay_or_of_someone_else_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(directory.path(), &mut SystemEntropy).unwrap());
    let file = directory.path().join(holdfast_relay::store::sqlite::FILE);
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.pragma_update(None, "user_version", 2).unwrap();
    drop(connection);
    let found = SqliteStore::open(directory.path(), &mut SystemEntropy).err().unwrap();
    assert!(matches!(found, StoreError::Newer { found: 2, known: 1 }), "{found}");

    let foreign = tempfile::tempdir().unwrap();
    let file = foreign.path().join(holdfast_relay::store::sqlite::FILE);
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    drop(connection);
    let found = SqliteStore::open(foreign.path(), &mut SystemEntropy).err().unwrap();
    assert!(matches!(found, StoreError::Damaged(_)), "{found}");
}
