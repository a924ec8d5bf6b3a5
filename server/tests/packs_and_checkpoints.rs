//! Packs, checkpoints, what is dropped, and how a new device starts from what is left.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{Account, Device, Line, NOON, second_device};
use holdfast_protocol::checkpoint::{Checkpoint, LiveRoot};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::entry::{Entry, Kind, Position, SeqRange};
use holdfast_protocol::hash::next_running;
use holdfast_protocol::ids::{Class, EntryHash, RunningHash, Seq, SpaceId};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::membership::{Act, AdmitDevice, Refusal};
use holdfast_protocol::sync::{Item, Outcome, SyncResponse, Want};
use holdfast_relay::{Limits, Relay, RelayConfig};

const DAY: u64 = 24 * 3_600_000;

fn never(why: Refusal) -> Vec<Outcome> {
    vec![Outcome::Never { why }]
}

struct World {
    line: Line,
    account: Account,
    phone: Device,
    chart: SpaceId,
}

/// A chart with `changes` log entries at 2 and up.
fn world(changes: usize) -> World {
    let config = RelayConfig::in_memory().with_limits(Limits::without_rates());
    let line = Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON);
    let (account, mut phone) = Device::first(&line);
    let chart = phone.start_chart(&account);
    let entries: Vec<_> = (0..changes).map(|_| phone.change(chart, Class::Log)).collect();
    phone.push(&entries.iter().collect::<Vec<_>>());
    World { line, account, phone, chart }
}

impl World {
    fn pack(&mut self, first: Seq, last: Seq) -> Vec<Outcome> {
        let pack = self.phone.pack(self.chart, Class::Log, vec![SeqRange { first, last }]);
        self.phone.push(&[&pack])
    }

    fn checkpoint(&mut self, at: Seq) -> Vec<Outcome> {
        let checkpoint = self.phone.checkpoint(self.chart, at);
        let entry = self.phone.checkpoint_entry(self.chart, &checkpoint);
        self.phone.push(&[&entry])
    }

    /// What a device that asks for everything after `after` is given.
    fn forward(&self, after: Seq) -> Vec<Item> {
        let mut request = self.phone.request();
        request.want = vec![Want { space: self.chart, after, starting_at: None }];
        let response: SyncResponse = self.phone.send(&request).read();
        assert!(!response.more);
        response.spaces.into_iter().find(|p| p.space == self.chart).unwrap().items
    }

    fn bodies(&self) -> Vec<Seq> {
        // From 1 on, so that it is no start from a checkpoint.
        self.forward(1)
            .iter()
            .filter_map(|item| match item {
                Item::Entry { seq, .. } => Some(*seq),
                Item::Stub { .. } => None,
            })
            .collect()
    }
}

#[test]
fn a_pack_covers_live_changes_and_packs_of_its_class_once() {
    let mut world = world(6);
    let note = world.phone.change(world.chart, Class::Notes);
    world.phone.push(&[&note]);
    assert_eq!(world.pack(1, 3), never(Refusal::BadCovers), "membership");
    assert_eq!(world.pack(7, 8), never(Refusal::BadCovers), "another class");
    assert_eq!(world.pack(7, 900), never(Refusal::BadCovers), "what is not there yet");
    assert_eq!(world.pack(2, 4), vec![Outcome::Stored { seq: 9 }]);
    assert_eq!(world.pack(4, 5), never(Refusal::BadCovers), "covered already");
    let both = world.phone.pack(
        world.chart,
        Class::Log,
        vec![SeqRange { first: 5, last: 7 }, SeqRange { first: 9, last: 9 }],
    );
    assert_eq!(world.phone.push(&[&both]), vec![Outcome::Stored { seq: 10 }]);
}

#[test]
fn a_checkpoint_says_exactly_what_the_log_says_or_is_refused() {
    let mut world = world(5);
    world.pack(2, 4);
    let good = world.phone.checkpoint(world.chart, 7);
    assert_eq!(good.live_count, 4, "genesis, two changes, the pack");
    let bent = [
        Checkpoint { at: Position { seq: 6, ..good.at }, ..good.clone() },
        Checkpoint { at: Position { running: RunningHash([1; 32]), ..good.at }, ..good.clone() },
        Checkpoint { at: Position { seq: 90, ..good.at }, ..good.clone() },
        Checkpoint { membership: EntryHash([1; 32]), ..good.clone() },
        Checkpoint { live_root: [1; 32], ..good.clone() },
        Checkpoint { live_count: 5, ..good.clone() },
        Checkpoint { tips: vec![], ..good.clone() },
    ];
    for checkpoint in &bent {
        let entry = world.phone.checkpoint_entry(world.chart, checkpoint);
        assert_eq!(world.phone.push(&[&entry]), never(Refusal::BadCheckpoint), "{checkpoint:?}");
    }
    let entry = world.phone.checkpoint_entry(world.chart, &good);
    assert_eq!(world.phone.push(&[&entry]), vec![Outcome::Stored { seq: 8 }]);
    // The same position again says nothing new.
    assert_eq!(world.checkpoint(7), never(Refusal::BadCheckpoint));
}

#[test]
fn a_checkpoint_of_a_position_below_the_head_is_judged_there() {
    let mut world = world(5);
    let mut tablet = second_device(&mut world.phone, &world.account);
    let late = tablet.change(world.chart, Class::Log);
    tablet.push(&[&late]);
    // Both in one push: the second cites what only this request brings.
    let checkpoint = world.phone.checkpoint(world.chart, 6);
    let more = world.phone.change(world.chart, Class::Log);
    let entry = world.phone.checkpoint_entry(world.chart, &checkpoint);
    let outcomes = world.phone.push(&[&more, &entry]);
    assert_eq!(outcomes, vec![Outcome::Stored { seq: 8 }, Outcome::Stored { seq: 9 }]);
    // And the next one builds on it.
    assert_eq!(world.checkpoint(9), vec![Outcome::Stored { seq: 10 }]);
}

#[test]
fn superseded_bodies_go_below_a_checkpoint_once_every_device_has_passed_them() {
    let mut world = world(6);
    let mut tablet = second_device(&mut world.phone, &world.account);
    tablet.send_cursors();
    let mut more = Vec::new();
    for _ in 0..2 {
        more.push(world.phone.change(world.chart, Class::Log));
    }
    world.phone.push(&more.iter().collect::<Vec<_>>());
    assert_eq!(world.pack(2, 9), vec![Outcome::Stored { seq: 10 }]);
    assert_eq!(world.bodies(), (2..=10).collect::<Vec<_>>(), "no checkpoint yet");
    assert_eq!(world.checkpoint(10), vec![Outcome::Stored { seq: 11 }]);
    assert_eq!(world.bodies(), vec![8, 9, 10, 11], "the tablet has passed 7");

    tablet.pull();
    tablet.send_cursors();
    assert_eq!(world.bodies(), vec![10, 11]);
    let stubs = world.forward(1);
    for (item, known) in stubs.iter().zip(world.phone.logs[&world.chart].items.values().skip(1)) {
        assert_eq!(common::place(item), common::place(known), "a stub keeps place and hash");
    }
    // The log goes on, also after a restart from what is left.
    let next = world.phone.change(world.chart, Class::Log);
    assert_eq!(world.phone.push(&[&next]), vec![Outcome::Stored { seq: 12 }]);
}

#[test]
fn a_device_that_stays_away_keeps_bodies_for_thirty_days() {
    let mut world = world(6);
    let mut tablet = second_device(&mut world.phone, &world.account);
    let position = tablet.logs[&world.chart].positions[&1];
    let cursor = holdfast_protocol::cursor::SignedCursor::sign(
        &tablet.keys,
        world.chart,
        tablet.generation,
        position,
    );
    let mut request = tablet.request();
    request.cursors = vec![cursor];
    let response: SyncResponse = tablet.send(&request).read();
    tablet.apply(&response);
    world.pack(2, 7);
    world.checkpoint(8);
    let Line::Direct(relay, _) = world.line.clone() else { panic!("direct") };
    relay.maintain(NOON + 30 * DAY - 1).unwrap();
    // Tokens have run out long ago.
    world.phone.token = Device::sign_in(&world.line, &world.account.phone).token;
    assert_eq!(world.bodies().len(), 8);
    relay.maintain(NOON + 30 * DAY).unwrap();
    world.phone.token = Device::sign_in(&world.line, &world.account.phone).token;
    assert_eq!(world.bodies(), vec![8, 9]);
}

/// What a new device does with a start from a checkpoint, in pages of `bytes`.
fn start_anew(world: &World, keys: &DeviceKeys, bytes: u32) -> (Checkpoint, Position, usize) {
    let device = Device::sign_in(&world.line, keys);
    let mut want = Want { space: world.chart, after: 0, starting_at: None };
    let (mut checkpoint, mut live, mut at) = (None, LiveRoot::default(), Position::START);
    for pages in 1.. {
        let mut request = device.request();
        request.want = vec![want];
        request.page_bytes = bytes;
        // Only this chart: the account's own space would take its share of the page.
        let response: SyncResponse = device.send(&request).read();
        let Some(page) = response.spaces.into_iter().find(|p| p.space == world.chart) else {
            panic!("the page was full before the chart's turn");
        };
        if let Some(bytes) = &page.checkpoint {
            let entry = Entry::from_bytes(bytes).unwrap();
            assert_eq!(entry.header().kind, Kind::Checkpoint);
            checkpoint = Some(Checkpoint::from_bytes(entry.body()).unwrap());
        }
        let from = checkpoint.clone().unwrap();
        for item in &page.items {
            let (seq, hash) = common::place(item);
            if seq <= from.at.seq {
                assert!(matches!(item, Item::Entry { .. }), "an owner gets what is retained whole");
                live.push(seq, hash);
            } else {
                if at.seq == 0 {
                    at = from.at;
                }
                assert_eq!(seq, at.seq + 1);
                at = Position { seq, running: next_running(at.running, hash) };
            }
            want.after = seq;
        }
        let goes_on = page.starting_at.is_some() && want.after < from.at.seq;
        want.starting_at = if goes_on { page.starting_at } else { None };
        if !page.more {
            assert_eq!((live.root(), live.count()), (from.live_root, from.live_count));
            assert_eq!(at, page.head);
            return (from, at, pages);
        }
    }
    unreachable!()
}

#[test]
fn a_new_device_starts_from_the_checkpoint_in_pages_of_any_size() {
    let mut world = world(30);
    world.pack(2, 20);
    world.checkpoint(32);
    let later: Vec<_> = (0..20).map(|_| world.phone.change(world.chart, Class::Log)).collect();
    world.phone.push(&later.iter().collect::<Vec<_>>());
    let paper = world.account.paper.clone();
    let (whole, head, pages) = start_anew(&world, &paper, 1 << 20);
    assert_eq!((whole.at.seq, whole.live_count, head.seq, pages), (32, 13, 53, 1));
    let (_, again, pages) = start_anew(&world, &paper, 4096);
    assert_eq!(again, head);
    assert!(pages > 3);
}

#[test]
fn a_start_that_a_newer_checkpoint_overtakes_begins_again() {
    let mut world = world(30);
    world.checkpoint(31);
    let device = Device::sign_in(&world.line, &world.account.paper);
    let mut request = device.request();
    request.want = vec![Want { space: world.chart, after: 0, starting_at: None }];
    request.page_bytes = 6000;
    let first: SyncResponse = device.send(&request).read();
    let page = first.spaces.iter().find(|p| p.space == world.chart).unwrap();
    assert!(page.more && page.checkpoint.is_some());
    world.pack(2, 25);
    world.checkpoint(33);
    request.want[0] = Want { space: world.chart, after: 5, starting_at: page.starting_at };
    let second: SyncResponse = device.send(&request).read();
    let page = second.spaces.iter().find(|p| p.space == world.chart).unwrap();
    assert_eq!(page.starting_at, Some(34));
    assert!(page.checkpoint.is_some(), "the page that starts afresh carries the checkpoint");
    assert_eq!(common::place(&page.items[0]).0, 1);
}

#[test]
fn an_entry_whose_author_saw_another_history_is_refused() {
    let mut world = world(3);
    let mut forked = world.phone.header(world.chart, Class::Log, Kind::Change, 1);
    forked.seen.running.0[0] ^= 1;
    let entry = Entry::sign(forked, vec![0; 512], &world.phone.keys);
    assert_eq!(world.phone.push(&[&entry]), never(Refusal::Fork));
    let mut ahead = world.phone.header(world.chart, Class::Log, Kind::Change, 1);
    ahead.seen.seq = 4000;
    let entry = Entry::sign(ahead, vec![0; 512], &world.phone.keys);
    assert_eq!(world.phone.push(&[&entry]), never(Refusal::Fork));
}

#[test]
fn a_store_restored_from_a_backup_takes_back_what_it_lost() {
    let directory = tempfile::tempdir().unwrap();
    let backup = tempfile::tempdir().unwrap();
    let open = |path: &std::path::Path| {
        let config = RelayConfig::in_directory(path).with_limits(Limits::without_rates());
        Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON)
    };
    let line = open(directory.path());
    let (account, mut phone) = Device::first(&line);
    let chart = phone.start_chart(&account);
    let tablet = common::second_device(&mut phone, &account).keys;
    let kept: Vec<_> = (0..3).map(|_| phone.change(chart, Class::Log)).collect();
    phone.push(&kept.iter().collect::<Vec<_>>());
    let old = phone.generation;
    phone.line = Line::http("http://127.0.0.1:9");
    drop(line);
    let file = holdfast_relay::store::sqlite::FILE;
    std::fs::copy(directory.path().join(file), backup.path().join(file)).unwrap();

    let line = open(directory.path());
    phone.line = line.clone();
    let lost: Vec<_> = (0..3)
        .map(|_| {
            let entry = phone.change(chart, Class::Log);
            phone.push(&[&entry]);
            entry
        })
        .collect();
    assert_eq!(phone.logs[&chart].head, 7);

    let Line::Direct(relay, _) = open(backup.path()) else { panic!("direct") };
    let new = relay.mark_restored().unwrap();
    assert_ne!(new, old);
    let mut again = Device::sign_in(&Line::Direct(relay, NOON), &account.phone);
    again.logs.clone_from(&phone.logs);
    // Something new gets in first, then what was lost: its authors had seen positions that are no longer there.
    let mut other = Device::sign_in(&again.line, &tablet);
    other.pull();
    let between = other.change(chart, Class::Log);
    assert_eq!(other.push(&[&between]), vec![Outcome::Stored { seq: 5 }]);
    let mut request = again.request();
    request.push = lost
        .iter()
        .map(|e| holdfast_protocol::sync::Push { entry: e.to_bytes(), invite_wraps: vec![] })
        .collect();
    let response: SyncResponse = again.send(&request).read();
    assert_eq!(response.generation, new);
    let outcomes: Vec<_> = response.acks.into_iter().map(|a| a.outcome).collect();
    assert_eq!(outcomes, (6..9).map(|seq| Outcome::Stored { seq }).collect::<Vec<_>>());
}

#[test]
fn a_device_belongs_to_one_account() {
    let mut world = world(1);
    let (_, others) = Device::first(&world.line);
    let head = common::membership_head(&world.phone.logs[&world.account.id]);
    let act = Act::AdmitDevice(AdmitDevice::by_consent(&others.keys, world.account.id));
    let entry = world.phone.statement(world.account.id, head, act);
    assert_eq!(world.phone.push(&[&entry]), never(Refusal::BadStatement));
    let fresh = DeviceKeys::generate(&mut SystemEntropy);
    let act = Act::AdmitDevice(AdmitDevice::by_consent(&fresh, world.account.id));
    let entry = world.phone.statement(world.account.id, head, act);
    assert!(matches!(world.phone.push(&[&entry])[0], Outcome::Stored { .. }));
}
