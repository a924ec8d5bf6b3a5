//! Laws of membership and keys, over any order of what several people's devices try, each from what it had
//! seen: one membership for every reader, and keys for those who belong and for nobody else.

#![allow(clippy::unwrap_used)]

mod logs;
#[path = "logs/world.rs"]
mod world;

use std::collections::BTreeMap;

use holdfast_protocol::checkpoint::Checkpoint;
use holdfast_protocol::entry::{Entry, Header, Kind};
use holdfast_protocol::epoch::{AccountEpoch, AccountSecret};
use holdfast_protocol::ids::Class;
use holdfast_protocol::membership::{Accepted, Act, Judge, NotAccepted, Refusal, Statement};
use logs::{header, take};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use world::{CHART, Deed, Device, Looks, PEOPLE, Step, World};

fn deed() -> impl Strategy<Value = Deed> {
    let any_number = || 0usize..64;
    prop_oneof![
        3 => prop::bool::weighted(0.3).prop_map(|late| Deed::Invite { late }),
        2 => any_number().prop_map(|which| Deed::RevokeInvite { which }),
        3 => any_number().prop_map(|which| Deed::Join { which }),
        2 => Just(Deed::Admit),
        3 => any_number().prop_map(|whom| Deed::Revoke { whom }),
        1 => Just(Deed::Rotate),
        6 => any_number().prop_map(|whom| Deed::Cut { whom }),
        2 => (0u8..32).prop_map(|mask| Deed::RotateClasses { mask }),
        5 => (0usize..6, prop::bool::weighted(0.2))
            .prop_map(|(class, pack)| Deed::Write { class, pack }),
        2 => Just(Deed::WriteAccount),
        1 => any::<bool>().prop_map(|chart| Deed::Checkpoint { chart }),
    ]
}

fn steps() -> impl Strategy<Value = (u64, Vec<Step>)> {
    // The phones of owner, partner and therapist act most.
    let device = prop_oneof![4 => prop::sample::select(vec![0usize, 2, 4]), 2 => 0usize..64];
    let looks =
        prop_oneof![1 => Just(Looks::Not), 2 => Just(Looks::AtAccounts), 7 => Just(Looks::AtAll)];
    let step =
        (device, looks, deed()).prop_map(|(device, looks, deed)| Step { device, looks, deed });
    (any::<u64>(), prop::collection::vec(step, 5..45))
}

/// Runs a law on many worlds.
fn law(cases: u32, check: impl Fn(&World)) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    proptest!(config, |((seed, steps) in steps())| check(&lived(seed, &steps)));
}

fn lived(seed: u64, steps: &[Step]) -> World {
    let mut world = World::new(seed);
    steps.iter().for_each(|step| world.take(step));
    world
}

#[test]
fn all_that_these_laws_speak_of_happens_in_their_worlds() {
    // The same worlds every time: chance must not decide whether this holds.
    let mut runner = TestRunner::deterministic();
    let mut happened = BTreeMap::<&str, u32>::new();
    for _ in 0..32 {
        let (seed, steps) = steps().new_tree(&mut runner).unwrap().current();
        let world = lived(seed, &steps);
        for (what, count) in world.taken.iter().chain([(&"refusal", &world.refused)]) {
            *happened.entry(what).or_default() += count;
        }
    }
    for what in EVERYTHING {
        assert!(happened.get(what).is_some_and(|n| *n > 0), "no {what}: {happened:?}");
    }
}

const EVERYTHING: [&str; 12] = [
    "invite",
    "revoke invite",
    "join",
    "admit",
    "revoke",
    "rotate",
    "cut",
    "rotate classes",
    "change",
    "pack",
    "checkpoint",
    "refusal",
];

#[test]
fn any_interleaving_of_acts_gives_one_and_the_same_state_to_every_reader() {
    // That relay and member agree on each entry as it is pushed is asserted by the world itself.
    law(24, |world| {
        let accounts = world.accounts();
        for log in &world.logs {
            log.assert_every_reader_comes_to_its_state(&accounts);
        }
    });
}

#[test]
fn a_start_from_a_checkpoint_anywhere_leads_to_the_state_of_the_whole_log() {
    law(24, |world| {
        let accounts = world.accounts();
        for log in &world.logs {
            for at in (0..log.states.len()).step_by(1 + log.states.len() / 6) {
                let there = &log.states[at];
                let checkpoint = Checkpoint {
                    at: there.head(),
                    membership: there.membership_head(),
                    live_root: [0; 32],
                    live_count: 0,
                    tips: there.checkpoint_tips(),
                };
                let checkpoint = Checkpoint::from_bytes(&checkpoint.to_bytes()).unwrap();
                let mut state = log.states[0].clone();
                for entry in &log.entries[..at] {
                    if entry.header().kind == Kind::Membership {
                        let accepted = state.check(entry, &accounts, Judge::Outline).unwrap();
                        state.apply(entry, &accepted);
                    }
                }
                assert_eq!(state.membership_head(), checkpoint.membership);
                for entry in &log.entries[..at] {
                    if matches!(entry.header().kind, Kind::Change | Kind::Pack) {
                        state.check_retained(entry.header(), &accounts).unwrap();
                    }
                }
                state.start_from(&checkpoint);
                assert_eq!(&state, there);
                log.entries[at..].iter().for_each(|entry| take(&mut state, entry, &accounts));
                assert_eq!(&state, log.state());
            }
        }
    });
}

#[test]
fn who_gets_only_the_hashes_of_any_contents_refuses_nothing_else_and_knows_the_same_members() {
    law(24, |world| {
        let accounts = world.accounts();
        for log in &world.logs {
            for hidden in [0b1011_0110_u32, 0b0100_1001, u32::MAX] {
                let mut state = log.states[0].clone();
                for (n, entry) in log.entries.iter().enumerate() {
                    let content = matches!(entry.header().kind, Kind::Change | Kind::Pack);
                    if content && hidden >> (n % 32) & 1 == 1 {
                        state.pass(entry.hash());
                    } else {
                        take(&mut state, entry, &accounts);
                    }
                }
                assert_eq!(state.kind(), log.state().kind());
                assert_eq!(state.head(), log.state().head());
                assert_eq!(state.membership_head(), log.state().membership_head());
            }
        }
    });
}

#[test]
fn a_checkpoint_gives_who_got_only_hashes_the_tips_that_a_cut_must_name() {
    law(24, |world| {
        for (n, log) in world.logs.iter().enumerate() {
            let there = log.state();
            let mut state = log.states[0].clone();
            for entry in &log.entries {
                if matches!(entry.header().kind, Kind::Change | Kind::Pack) {
                    state.pass(entry.hash());
                } else {
                    state.replay(entry).unwrap();
                }
            }
            let checkpoint = Checkpoint {
                at: there.head(),
                membership: there.membership_head(),
                live_root: [0; 32],
                live_count: 0,
                tips: there.checkpoint_tips(),
            };
            let owner = &world.devices[if n == CHART { 0 } else { 2 * n }].keys;
            let head = header(there.space(), Class::Membership, Kind::Checkpoint, 0);
            let counter = there.tip(&owner.id()).counter + 1;
            let entry = Entry::sign(Header { counter, ..head }, checkpoint.to_bytes(), owner);
            let mut whole = there.clone();
            whole.replay(&entry).unwrap();
            state.replay(&entry).unwrap();
            for device in &world.devices {
                assert_eq!(state.tip(&device.keys.id()), whole.tip(&device.keys.id()));
            }
        }
    });
}

/// The account secrets that a device ever gets: what it was handed, what was wrapped for it, and what
/// these lead back to.
fn known(
    device: &Device,
    epochs: &[AccountEpoch],
    secrets: &[AccountSecret],
) -> BTreeMap<u32, AccountSecret> {
    let handed =
        epochs[device.handed as usize - 1].check(secrets[device.handed as usize - 1].0.clone());
    let mut known = BTreeMap::from([(device.handed, handed.unwrap())]);
    for epoch in epochs {
        if let Ok(secret) = epoch.open(&device.keys) {
            known.insert(epoch.number, secret);
        }
    }
    for epoch in epochs.iter().rev() {
        if let Some(secret) = known.get(&epoch.number)
            && let Ok(previous) = epoch.open_previous(secret)
        {
            known.insert(epoch.number - 1, previous);
        }
    }
    known
}

/// The epoch that a device's revocation started.
fn ended(device: &Device, log: &[Entry]) -> Option<u32> {
    log.iter().find_map(|entry| match Statement::from_bytes(entry.body()).ok()?.act {
        Act::RevokeDevice(revoke) if revoke.device == device.keys.id() => Some(revoke.epoch.number),
        _ => None,
    })
}

#[test]
fn no_revoked_device_opens_a_later_key_and_every_other_opens_all_of_its_account() {
    law(24, |world| {
        for device in &world.devices {
            let person = device.person;
            let log = &world.logs[person];
            let state = log.state().as_account().unwrap();
            let secrets = &world.secrets[person];
            let known = known(device, &state.epochs, secrets);
            for (number, secret) in &known {
                assert_eq!(secret, &secrets[*number as usize - 1]);
            }
            let Some(ended) = ended(device, &log.entries) else {
                assert!(state.is_active(&device.keys.id()));
                assert_eq!(known.len(), secrets.len(), "every epoch, back to the first");
                continue;
            };
            assert!(!state.is_active(&device.keys.id()));
            assert!(known.keys().all(|number| *number < ended));
            let newest = known.values().next_back().unwrap();
            for taken in &world.taken_epochs {
                if taken.account_epochs[person] >= ended {
                    assert!(taken.epoch.open(world.account(person), newest).is_err());
                }
            }
        }
    });
}

#[test]
fn every_account_that_reads_a_class_opens_its_keys_back_to_the_first_and_no_other_opens_any() {
    law(24, |world| {
        let chart = world.logs[CHART].state().as_chart().unwrap();
        for (class, epochs) in &chart.epochs {
            for person in 0..PEOPLE {
                let account = world.account(person);
                let secrets = &world.secrets[person];
                if !chart.may_read(&account, *class) {
                    let newest = secrets.last().unwrap();
                    for epoch in epochs {
                        assert!(epoch.open(account, newest).is_err());
                        assert!(epoch.wraps.iter().all(|w| epoch.open(w.account, newest).is_err()));
                    }
                    continue;
                }
                let mut newer = None;
                for epoch in epochs.iter().rev() {
                    let key = &world.class_keys[&(*class, epoch.number)];
                    // Wraps of older epochs are let go: the chain of keys leads there.
                    let wrap = epoch.wraps.iter().find(|w| w.account == account);
                    assert!(wrap.is_some() || newer.is_some());
                    if let Some(wrap) = wrap {
                        let secret = &secrets[wrap.account_epoch as usize - 1];
                        assert_eq!(&epoch.open(account, secret).unwrap(), key);
                    }
                    if let Some((newer, newer_key)) = newer.replace((epoch, key)) {
                        assert_eq!(&newer.open_previous(newer_key).unwrap(), key);
                    }
                }
            }
        }
    });
}

#[test]
fn a_device_that_was_revoked_or_cut_adds_nothing_to_that_log_in_anybodys_eyes() {
    law(24, |world| {
        let accounts = world.accounts();
        for (n, log) in world.logs.iter().enumerate() {
            let mut over = Vec::new();
            for (entry, state) in log.entries.iter().zip(&log.states) {
                assert!(!over.contains(&entry.header().author));
                match Statement::from_bytes(entry.body()).map(|s| s.act) {
                    Ok(Act::RevokeDevice(revoke)) => {
                        assert_eq!(revoke.cut, state.tip(&revoke.device));
                        over.push(revoke.device);
                    }
                    Ok(Act::DeviceCut(cut)) => {
                        assert_eq!(cut.cut, state.tip(&cut.device));
                        over.push(cut.device);
                    }
                    _ => {}
                }
            }
            for device in world.devices.iter().filter(|d| over.contains(&d.keys.id())) {
                let class = if n == CHART { Class::Log } else { Class::Account };
                let state = log.state();
                let tip = state.tip(&device.keys.id());
                let head = header(state.space(), class, Kind::Change, state.epoch(class));
                let head = Header { counter: tip.counter + 1, prev: tip.entry, ..head };
                let entry = Entry::sign(head, vec![0; 512], &device.keys);
                let refused: Result<Accepted, _> = Err(NotAccepted::Never(Refusal::Revoked));
                assert_eq!(state.check(&entry, &accounts, Judge::Member), refused);
                assert_eq!(state.check_retained(entry.header(), &accounts), refused.map(|_| ()));
            }
        }
    });
}

#[test]
fn an_entry_that_was_taken_is_taken_nowhere_else_in_the_log_and_in_no_other_log() {
    law(16, |world| {
        let accounts = world.accounts();
        for (n, log) in world.logs.iter().enumerate() {
            for (place, entry) in log.entries.iter().enumerate() {
                for state in &log.states[place + 1..] {
                    assert!(state.check(entry, &accounts, Judge::Member).is_err(), "a replay");
                }
                let other = &world.logs[(n + 1) % world.logs.len()];
                assert!(other.state().check(entry, &accounts, Judge::Member).is_err());
            }
        }
    });
}
