//! Stores to put to the test, and what is written to them as the relay writes it.

use std::sync::Arc;

use holdfast_protocol::entropy::{Entropy, SystemEntropy};
use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::{Class, Seq, SpaceId};
use holdfast_protocol::membership::{Judge, SpaceState};
use holdfast_relay::store::sqlite::SqliteStore;
use holdfast_relay::store::{Held, NewEntry, Reading, SpaceNo, SpaceRow, Store, Stored, Writing};

use super::{Account, new_account};

/// A fresh store, and what keeps its files.
pub type Made = (Arc<dyn Store>, Option<tempfile::TempDir>);

pub type Make = fn() -> Made;

pub fn stores() -> [(&'static str, Make); 2] {
    [
        ("SQLite, a file", || {
            let directory = tempfile::tempdir().unwrap();
            let store = SqliteStore::open(directory.path(), &mut SystemEntropy).unwrap();
            (Arc::new(store), Some(directory))
        }),
        ("SQLite, memory", || {
            (Arc::new(SqliteStore::in_memory(&mut SystemEntropy).unwrap()), None)
        }),
    ]
}

pub fn each(law: impl Fn(&Arc<dyn Store>)) {
    for (name, make) in stores() {
        println!("on {name}");
        let (store, _directory) = make();
        law(&store);
    }
}

pub fn read<T>(store: &Arc<dyn Store>, work: impl Fn(&dyn Reading) -> Stored<T>) -> T {
    let mut found = None;
    store
        .read(&mut |r| {
            found = Some(work(r)?);
            Ok(())
        })
        .unwrap();
    found.unwrap()
}

pub fn write(
    store: &Arc<dyn Store>,
    work: impl FnOnce(&mut dyn Writing) -> Stored<()> + Send + 'static,
) {
    store.write(Box::new(work)).unwrap();
}

/// An account's space with its genesis stored, and its phone's keys.
pub struct Space {
    pub no: SpaceNo,
    pub id: SpaceId,
    pub account: Account,
}

pub fn space(store: &Arc<dyn Store>) -> Space {
    let account = new_account();
    let entry = Entry::from_bytes(&account.genesis).unwrap();
    let state = SpaceState::start(&entry, &(), Judge::Relay { now_ms: 1 }).unwrap();
    let id = account.id;
    write(store, move |w| {
        let no = w.create_space(&id)?;
        let author = entry.header().author;
        w.bind_device(&author, no)?;
        let bytes = entry.to_bytes();
        w.append(
            no,
            &NewEntry {
                seq: 1,
                hash: entry.hash(),
                running: state.head().running,
                author,
                counter: 1,
                kind: Kind::Membership,
                class: Class::Membership,
                bytes: &bytes,
            },
        )?;
        w.save_snapshot(no, &state, 1)?;
        let row = SpaceRow { no, membership: 1, checkpoint: None, restored: None };
        w.keep(Held { row, state, snapshot: 1 });
        Ok(())
    });
    let no = read(store, |r| Ok(r.space(&id)?.unwrap().no));
    Space { no, id, account }
}

/// Appends a change through the space's held state, as the relay does.
pub fn append_one(w: &mut dyn Writing, id: &SpaceId, keys: &Account) -> Stored<Seq> {
    let mut held = w.take(id)?.expect("the space is there");
    let entry = change(&held.state, keys);
    held.state.replay(&entry).unwrap();
    let head = held.state.head();
    let bytes = entry.to_bytes();
    w.append(
        held.row.no,
        &NewEntry {
            seq: head.seq,
            hash: entry.hash(),
            running: head.running,
            author: entry.header().author,
            counter: entry.header().counter,
            kind: Kind::Change,
            class: Class::Account,
            bytes: &bytes,
        },
    )?;
    w.keep(held);
    Ok(head.seq)
}

pub fn change(state: &SpaceState, account: &Account) -> Entry {
    let tip = state.tip(&account.phone.id());
    let body: [u8; 64] = SystemEntropy.array();
    let header = holdfast_protocol::entry::Header {
        version: 1,
        space: account.id,
        class: Class::Account,
        kind: Kind::Change,
        epoch: 1,
        author: account.phone.id(),
        counter: tip.counter + 1,
        prev: tip.entry,
        seen: state.head(),
        covers: vec![],
        body_hash: [0; 32],
        body_len: 0,
    };
    Entry::sign(header, body.to_vec(), &account.phone)
}

pub fn clone_of(account: &Account) -> Account {
    Account {
        id: account.id,
        genesis: account.genesis.clone(),
        secret: account.secret.clone(),
        state: account.state.clone(),
        phone: account.phone.clone(),
        paper: account.paper.clone(),
    }
}

pub fn append_some(store: &Arc<dyn Store>, space: &Space, count: usize) {
    let (id, account) = (space.id, clone_of(&space.account));
    write(store, move |w| {
        for _ in 0..count {
            append_one(w, &id, &account)?;
        }
        Ok(())
    });
}

pub fn bodies(store: &Arc<dyn Store>, space: SpaceNo) -> Vec<(Seq, bool)> {
    read(store, |r| {
        let mut found = Vec::new();
        r.log(space, 0, Seq::MAX, &mut |row| {
            found.push((row.outline.seq, row.bytes.is_some()));
            Ok(true)
        })?;
        Ok(found)
    })
}
