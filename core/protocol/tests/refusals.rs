//! What no honest device writes, and what therefore nobody takes.

#![allow(clippy::unwrap_used)]

mod logs;

use std::collections::HashMap;

use holdfast_protocol::checkpoint::{Checkpoint, CheckpointTip};
use holdfast_protocol::entry::{BadEntry, Entry, Header, Kind, Position, SeqRange};
use holdfast_protocol::epoch::{AccountEpoch, AccountSecret, ClassEpoch, SealedKey};
use holdfast_protocol::ids::{Class, DeviceId, EntryHash, RunningHash, SpaceId};
use holdfast_protocol::keys::{
    DeviceCertificate, DeviceKeys, DeviceKind, InviteKeys, ReceiveKey, Signed, WrapError,
};
use holdfast_protocol::membership::{
    AccountGenesis, Act, AdmitDevice, Cut, DeviceCut, InviteDevice, InviteProof, Judge,
    MAX_UNCITED, NotAccepted, Refusal, RevokeDevice, SpaceState, Statement,
};
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::wire::{self, Malformed};
use logs::{Founded, RELAY, Seeded, found, found_chart, genesis, header, reader, statement};

const BOTH: [Judge; 2] = [RELAY, Judge::Member];

fn never<T: std::fmt::Debug>(got: Result<T, NotAccepted>, why: Refusal) {
    assert_eq!(got.unwrap_err(), NotAccepted::Never(why));
}

fn append(state: &mut SpaceState, entry: &Entry, accounts: &HashMap<SpaceId, SpaceState>) {
    let accepted = state.check(entry, accounts, RELAY).unwrap();
    assert_eq!(state.check(entry, accounts, Judge::Member).as_ref(), Ok(&accepted));
    state.apply(entry, &accepted);
}

fn admit(account: &mut SpaceState, by: &DeviceKeys, new: &DeviceKeys) {
    let act = Act::AdmitDevice(AdmitDevice::by_consent(new, account.space()));
    let entry = statement(account, act, by);
    append(account, &entry, &HashMap::new());
}

fn next_epoch(
    account: &SpaceState,
    secret: &AccountSecret,
    leaving: Option<DeviceId>,
    e: &mut Seeded,
) -> AccountEpoch {
    let state = account.as_account().unwrap();
    let staying: Vec<_> = state.active().filter(|d| Some(d.device) != leaving).cloned().collect();
    let next = AccountSecret(Secret32::random(e));
    AccountEpoch::create(state.epoch().number + 1, &next, Some(secret), &staying, e).unwrap()
}

/// A certificate that its device signed, with a receiver that nobody can wrap for.
fn with_unusable_receiver(keys: &DeviceKeys) -> DeviceCertificate {
    let good = keys.certificate(DeviceKind::Machine);
    let receive = ReceiveKey([0; 32]);
    let signed = wire::encode(&(good.device, receive, good.kind));
    let signature = keys.sign(Signed::Device, &[&signed]);
    DeviceCertificate { receive, signature, ..good }
}

#[test]
fn an_account_starts_with_its_signer_and_one_recovery_phrase_and_nothing_else() {
    let e = &mut Seeded::new(1);
    let keys: Vec<_> = (0..4).map(|_| DeviceKeys::generate(e)).collect();
    let secret = AccountSecret(Secret32::random(e));
    let mut start = |devices: Vec<DeviceCertificate>, by: usize| {
        let epoch = AccountEpoch::create(1, &secret, None, &devices, e).unwrap();
        let act = AccountGenesis { nonce: [0; 16], devices, epoch };
        SpaceState::start(&genesis(Act::AccountGenesis(act), &keys[by]), &(), RELAY)
    };
    let machine = |n: usize| keys[n].certificate(DeviceKind::Machine);
    let paper = |n: usize| keys[n].certificate(DeviceKind::Paper);
    start(vec![machine(0), paper(1)], 0).unwrap();
    never(start(vec![machine(0)], 0), Refusal::BadStatement);
    never(start(vec![machine(0), machine(1)], 0), Refusal::BadStatement);
    never(start(vec![paper(0), paper(1)], 0), Refusal::BadStatement);
    never(start(vec![machine(0), paper(1), machine(2)], 0), Refusal::BadStatement);
    never(start(vec![machine(0), paper(1)], 1), Refusal::BadStatement);
    never(start(vec![machine(0), paper(1)], 2), Refusal::BadStatement);
    never(start(vec![machine(0), paper(0)], 0), Refusal::BadStatement);
    let forged = DeviceCertificate { device: keys[3].id(), ..paper(1) };
    never(start(vec![machine(0), forged], 0), Refusal::BadStatement);
}

#[test]
fn only_the_holder_of_the_phrase_can_found_the_account_that_it_recovers() {
    let e = &mut Seeded::new(2);
    let mine = found(e);
    let Act::AccountGenesis(good) = Statement::from_bytes(mine.genesis.body()).unwrap().act else {
        panic!("a genesis")
    };
    assert!(good.is_of(&mine.paper, mine.phone.id()));

    // A relay knows the phrase's certificate, and founds an account of its own around it.
    let relay = DeviceKeys::generate(e);
    let devices = vec![relay.certificate(DeviceKind::Machine), good.devices[1].clone()];
    let secret = AccountSecret(Secret32::random(e));
    let epoch = AccountEpoch::create(1, &secret, None, &devices, e).unwrap();
    let bad = AccountGenesis { devices, epoch, ..good.clone() };
    SpaceState::start(&genesis(Act::AccountGenesis(bad.clone()), &relay), &(), RELAY).unwrap();
    assert!(!bad.is_of(&mine.paper, relay.id()));
    assert!(!good.is_of(&found(e).paper, mine.phone.id()));
}

#[test]
fn a_key_that_nobody_can_wrap_for_is_not_taken_from_a_device_an_invite_or_an_epoch() {
    let e = &mut Seeded::new(3);
    let Founded { phone, mut state, secret, .. } = found(e);
    assert!(!ReceiveKey([0; 32]).is_usable());
    assert!(phone.receive().public().is_usable());
    let check = |state: &SpaceState, act| {
        let entry = statement(state, act, &phone);
        BOTH.map(|judge| state.check(&entry, &(), judge).unwrap_err())
    };
    let bad = NotAccepted::Never(Refusal::BadStatement);
    let deaf = DeviceKeys::generate(e);
    let device = with_unusable_receiver(&deaf);
    let admit = AdmitDevice { device, ..AdmitDevice::by_consent(&deaf, state.space()) };
    assert_eq!(check(&state, Act::AdmitDevice(admit)), [bad; 2]);
    let invite = InviteKeys::from_secret(&Secret32::random(e)).id();
    let open = InviteDevice { invite, receive: ReceiveKey([0; 32]), expires_at_ms: 5_000 };
    assert_eq!(check(&state, Act::InviteDevice(open)), [bad; 2]);
    let wraps = NotAccepted::Never(Refusal::BadWraps);
    let mut epoch = next_epoch(&state, &secret, None, e);
    let entry = statement(&state, Act::RotateAccount(epoch.clone()), &phone);
    append(&mut state, &entry, &HashMap::new());
    epoch.number += 1;
    epoch.receive = ReceiveKey([0; 32]);
    assert_eq!(check(&state, Act::RotateAccount(epoch)), [wraps; 2]);
}

#[test]
fn an_epoch_holds_keys_and_no_room_for_anything_else() {
    let e = &mut Seeded::new(4);
    let owner = found(e);
    let good = next_epoch(&owner.state, &owner.secret, None, e);
    let refused = |epoch: AccountEpoch| {
        let entry = statement(&owner.state, Act::RotateAccount(epoch), &owner.phone);
        for judge in BOTH {
            never(owner.state.check(&entry, &(), judge), Refusal::BadWraps);
        }
    };
    let mut long = good.clone();
    long.wraps[0].wrapped.0.resize(100_000, 0);
    refused(long);
    let mut short = good.clone();
    short.wraps[1].wrapped.0.truncate(40);
    refused(short);
    refused(AccountEpoch { previous: Some(SealedKey(vec![0; 100_000])), ..good.clone() });
    let mut missing = good.clone();
    missing.wraps.pop();
    refused(missing);
    let mut twice = good;
    twice.wraps.push(twice.wraps[0].clone());
    refused(twice);

    let (_, chart, keys) = found_chart(&owner, e);
    let accounts = HashMap::from([(owner.id(), owner.state.clone())]);
    let old = &keys[&(Class::Log, 1)];
    let readers = [reader(&owner.state)];
    let next = Secret32::random(e);
    let mut epoch = ClassEpoch::create(Class::Log, 2, &next, Some(old), &readers, e).unwrap();
    epoch.wraps[0].wrapped.0.push(0);
    let entry = statement(&chart, Act::RotateClasses(vec![epoch]), &owner.phone);
    for judge in BOTH {
        never(chart.check(&entry, &accounts, judge), Refusal::BadWraps);
    }
}

#[test]
fn an_epoch_whose_receiver_is_not_its_secrets_does_not_open() {
    let e = &mut Seeded::new(5);
    let owner = found(e);
    let mut epoch = owner.state.as_account().unwrap().epoch().clone();
    assert_eq!(epoch.open(&owner.phone).unwrap(), owner.secret);
    epoch.receive = DeviceKeys::generate(e).receive().public();
    assert_eq!(epoch.open(&owner.phone), Err(WrapError::DoesNotOpen));
}

#[test]
fn the_recovery_phrase_admits_and_revokes_but_writes_no_content_and_opens_no_invite() {
    let e = &mut Seeded::new(6);
    let Founded { phone, paper, mut state, secret, genesis } = found(e);
    let owner = Founded {
        state: state.clone(),
        secret: secret.clone(),
        phone: phone.clone(),
        paper: paper.clone(),
        genesis,
    };
    let (_, chart, keys) = found_chart(&owner, e);
    let accounts = HashMap::from([(owner.id(), owner.state.clone())]);

    let content = header(state.space(), Class::Account, Kind::Change, 1);
    let entry = Entry::seal(content, &secret.class_key(), b"x", 3, &paper, e);
    let log = header(chart.space(), Class::Log, Kind::Change, 1);
    let hold = Entry::seal(log, &keys[&(Class::Log, 1)], b"x", 3, &paper, e);
    let rotate = statement(&chart, Act::RotateClasses(vec![]), &paper);
    for judge in BOTH {
        never(state.check(&entry, &(), judge), Refusal::NoWriteGrant);
        never(chart.check(&hold, &accounts, judge), Refusal::NoWriteGrant);
        never(chart.check(&rotate, &accounts, judge), Refusal::NoWriteGrant);
    }
    never(state.check_retained(entry.header(), &()), Refusal::NoWriteGrant);
    let checkpoint = Checkpoint {
        at: state.head(),
        membership: state.membership_head(),
        live_root: [0; 32],
        live_count: 1,
        tips: state.checkpoint_tips(),
    };
    let at = header(state.space(), Class::Membership, Kind::Checkpoint, 0);
    let entry = Entry::sign(at, checkpoint.to_bytes(), &paper);
    never(state.check(&entry, &(), RELAY), Refusal::NoWriteGrant);
    let invite = InviteKeys::from_secret(&Secret32::random(e));
    let receive = invite.receive().public();
    let open = InviteDevice { invite: invite.id(), receive, expires_at_ms: 5_000 };
    let entry = statement(&state, Act::InviteDevice(open), &paper);
    never(state.check(&entry, &(), RELAY), Refusal::BadStatement);

    // The phone is lost: the phrase admits another and revokes it.
    let new = DeviceKeys::generate(e);
    admit(&mut state, &paper, &new);
    let epoch = next_epoch(&state, &secret, Some(phone.id()), e);
    let cut = state.tip(&phone.id());
    let act = Act::RevokeDevice(RevokeDevice { device: phone.id(), cut, epoch });
    let entry = statement(&state, act, &paper);
    append(&mut state, &entry, &HashMap::new());
    assert!(!state.as_account().unwrap().is_active(&phone.id()));
}

#[test]
fn a_revoked_device_does_not_come_back_by_an_invite_or_by_another_device() {
    let e = &mut Seeded::new(7);
    let Founded { phone, mut state, secret, .. } = found(e);
    let none = HashMap::new();
    let tablet = DeviceKeys::generate(e);
    admit(&mut state, &phone, &tablet);
    let invite = InviteKeys::from_secret(&Secret32::random(e));
    let receive = invite.receive().public();
    let open = InviteDevice { invite: invite.id(), receive, expires_at_ms: 5_000 };
    let entry = statement(&state, Act::InviteDevice(open), &phone);
    append(&mut state, &entry, &none);
    let epoch = next_epoch(&state, &secret, Some(tablet.id()), e);
    let act = RevokeDevice { device: tablet.id(), cut: state.tip(&tablet.id()), epoch };
    let entry = statement(&state, Act::RevokeDevice(act), &phone);
    append(&mut state, &entry, &none);

    let itself = Act::AdmitDevice(AdmitDevice::by_invite(&tablet, &invite, state.space()));
    let by_phone = Act::AdmitDevice(AdmitDevice::by_consent(&tablet, state.space()));
    for judge in [RELAY, Judge::Member, Judge::Outline] {
        let entry = statement(&state, itself.clone(), &tablet);
        never(state.check(&entry, &none, judge), Refusal::BadStatement);
        let entry = statement(&state, by_phone.clone(), &phone);
        never(state.check(&entry, &none, judge), Refusal::BadStatement);
    }
    // Nor does another device with its proof, nor with a proof for another account.
    let other = DeviceKeys::generate(e);
    for (space, whom) in [(state.space(), tablet.id()), (SpaceId([9; 32]), other.id())] {
        let device = other.certificate(DeviceKind::Machine);
        let proof = Some(InviteProof::sign(&invite, space, whom));
        let entry = statement(
            &state,
            Act::AdmitDevice(AdmitDevice { device, proof, consent: None }),
            &other,
        );
        never(state.check(&entry, &none, RELAY), Refusal::BadSignature);
    }
}

#[test]
fn no_device_revokes_itself_so_one_that_can_act_always_stays() {
    let e = &mut Seeded::new(8);
    let Founded { phone, state, secret, .. } = found(e);
    let epoch = next_epoch(&state, &secret, Some(phone.id()), e);
    let act = RevokeDevice { device: phone.id(), cut: state.tip(&phone.id()), epoch };
    let entry = statement(&state, Act::RevokeDevice(act), &phone);
    for judge in BOTH {
        never(state.check(&entry, &(), judge), Refusal::BadStatement);
    }
}

#[test]
fn a_chart_cuts_a_device_only_once_its_account_has_revoked_it() {
    let e = &mut Seeded::new(9);
    let mut owner = found(e);
    let tablet = DeviceKeys::generate(e);
    admit(&mut owner.state, &owner.phone, &tablet);
    let (_, mut chart, keys) = found_chart(&owner, e);
    let cut = |account: &SpaceState, e: &mut Seeded, classes: &[Class]| {
        let readers = [reader(account)];
        let epochs = classes
            .iter()
            .map(|c| {
                let next = Secret32::random(e);
                ClassEpoch::create(*c, 2, &next, Some(&keys[&(*c, 1)]), &readers, e).unwrap()
            })
            .collect();
        Act::DeviceCut(DeviceCut { device: tablet.id(), cut: Cut::NOTHING, epochs })
    };
    let before = HashMap::from([(owner.id(), owner.state.clone())]);
    let early = statement(&chart, cut(&owner.state, e, &Class::CHART), &owner.phone);
    never(chart.check(&early, &before, RELAY), Refusal::BadStatement);

    let epoch = next_epoch(&owner.state, &owner.secret, Some(tablet.id()), e);
    let act = RevokeDevice { device: tablet.id(), cut: owner.state.tip(&tablet.id()), epoch };
    let entry = statement(&owner.state, Act::RevokeDevice(act), &owner.phone);
    append(&mut owner.state, &entry, &HashMap::new());
    let accounts = HashMap::from([(owner.id(), owner.state.clone())]);
    assert_eq!(chart.check(&early, &accounts, RELAY), Err(NotAccepted::StaleWrap));
    let partial = statement(&chart, cut(&owner.state, e, &[Class::Log]), &owner.phone);
    never(chart.check(&partial, &accounts, RELAY), Refusal::BadWraps);
    let good = statement(&chart, cut(&owner.state, e, &Class::CHART), &owner.phone);
    // A reader whose copy of the account is older judges the chart the same.
    assert!(chart.check(&good, &before, Judge::Member).is_ok());
    append(&mut chart, &good, &accounts);
    let again = statement(&chart, cut(&owner.state, e, &Class::CHART), &owner.phone);
    never(chart.check(&again, &accounts, RELAY), Refusal::BadStatement);
}

#[test]
fn a_cut_or_a_revocation_that_is_not_the_devices_tip_is_stale() {
    let e = &mut Seeded::new(14);
    let mut owner = found(e);
    let tablet = DeviceKeys::generate(e);
    admit(&mut owner.state, &owner.phone, &tablet);
    let (_, mut chart, keys) = found_chart(&owner, e);
    let accounts = HashMap::from([(owner.id(), owner.state.clone())]);
    let write = |space: &SpaceState, class| {
        Entry::sign(header(space.space(), class, Kind::Change, 1), vec![0; 512], &tablet)
    };
    let hold = write(&chart, Class::Log);
    // Who got only the hash of what the tablet wrote cannot know that it is the tablet's last.
    let mut passed = chart.clone();
    passed.pass(hold.hash());
    append(&mut chart, &hold, &accounts);
    let setting = write(&owner.state, Class::Account);
    append(&mut owner.state, &setting, &HashMap::new());

    let epoch = next_epoch(&owner.state, &owner.secret, Some(tablet.id()), e);
    let tip = owner.state.tip(&tablet.id());
    assert_eq!(tip, Cut { counter: 1, entry: setting.hash() });
    let other = Cut { counter: 1, entry: hold.hash() };
    let revoke = |cut| RevokeDevice { device: tablet.id(), cut, epoch: epoch.clone() };
    for cut in [Cut::NOTHING, Cut { counter: 2, ..tip }, other] {
        let entry = statement(&owner.state, Act::RevokeDevice(revoke(cut)), &owner.phone);
        for judge in BOTH {
            assert_eq!(owner.state.check(&entry, &(), judge), Err(NotAccepted::StaleCut));
        }
    }
    let entry = statement(&owner.state, Act::RevokeDevice(revoke(tip)), &owner.phone);
    append(&mut owner.state, &entry, &HashMap::new());

    let accounts = HashMap::from([(owner.id(), owner.state.clone())]);
    let readers = [reader(&owner.state)];
    let epochs: Vec<_> = Class::CHART
        .iter()
        .map(|c| {
            let next = Secret32::random(e);
            ClassEpoch::create(*c, 2, &next, Some(&keys[&(*c, 1)]), &readers, e).unwrap()
        })
        .collect();
    let cut = |cut| Act::DeviceCut(DeviceCut { device: tablet.id(), cut, epochs: epochs.clone() });
    let tip = chart.tip(&tablet.id());
    for stale in
        [Cut::NOTHING, Cut { counter: 2, ..tip }, Cut { counter: 1, entry: setting.hash() }]
    {
        let entry = statement(&chart, cut(stale), &owner.phone);
        for judge in BOTH {
            assert_eq!(chart.check(&entry, &accounts, judge), Err(NotAccepted::StaleCut));
        }
    }
    let entry = statement(&chart, cut(tip), &owner.phone);
    assert!(passed.check(&entry, &accounts, Judge::Member).is_ok());
    assert!(passed.has_gaps() && !chart.has_gaps());
    append(&mut chart, &entry, &accounts);
}

#[test]
fn an_author_cites_within_its_window_or_is_refused_and_a_checkpoint_keeps_the_window() {
    let e = &mut Seeded::new(10);
    let Founded { phone, mut state, .. } = found(e);
    let write = |state: &SpaceState, counter: u64, prev: EntryHash| {
        let head = header(state.space(), Class::Account, Kind::Change, 1);
        let seen = state.head();
        Entry::sign(Header { counter, prev, seen, ..head }, vec![0; 512], &phone)
    };
    let first = state.tip(&phone.id()).entry;
    let (mut second, mut third) = (EntryHash::ZERO, EntryHash::ZERO);
    for counter in 2..=MAX_UNCITED as u64 {
        let entry = write(&state, counter, if counter % 2 == 0 { EntryHash::ZERO } else { first });
        let accepted = state.check(&entry, &(), Judge::Member).unwrap();
        state.apply(&entry, &accepted);
        match counter {
            2 => second = entry.hash(),
            3 => third = entry.hash(),
            _ => {}
        }
    }
    let mut started = state.clone();
    let checkpoint = Checkpoint {
        at: state.head(),
        membership: state.membership_head(),
        live_root: [0; 32],
        live_count: 0,
        tips: state.checkpoint_tips(),
    };
    started.start_from(&Checkpoint::from_bytes(&checkpoint.to_bytes()).unwrap());
    assert_eq!(started, state);
    let next = MAX_UNCITED as u64 + 1;
    for state in [&state, &started] {
        for judge in BOTH {
            never(state.check(&write(state, next, EntryHash::ZERO), &(), judge), Refusal::Chain);
            never(state.check(&write(state, next, first), &(), judge), Refusal::Chain);
            let foreign = EntryHash([7; 32]);
            never(state.check(&write(state, next, foreign), &(), judge), Refusal::Chain);
            never(state.check(&write(state, next - 1, third), &(), judge), Refusal::Counter);
        }
    }
    let entry = write(&state, next, third);
    let accepted = state.check(&entry, &(), RELAY).unwrap();
    state.apply(&entry, &accepted);
    // What lies before the one it cited, it can cite no more.
    never(state.check(&write(&state, next + 1, first), &(), RELAY), Refusal::Chain);
    never(state.check(&write(&state, next + 1, second), &(), RELAY), Refusal::Chain);
    assert!(state.check(&write(&state, next + 1, third), &(), RELAY).is_ok());
}

#[test]
fn a_pack_covers_what_is_below_it_or_nothing_and_a_change_covers_nothing() {
    let e = &mut Seeded::new(15);
    let owner = found(e);
    let pack = |kind, covers: &[(u64, u64)]| {
        let covers = covers.iter().map(|(first, last)| SeqRange { first: *first, last: *last });
        let head = header(owner.id(), Class::Account, kind, 1);
        let head = Header { counter: 2, covers: covers.collect(), ..head };
        owner.state.check(&Entry::sign(head, vec![0; 512], &owner.phone), &(), Judge::Member)
    };
    assert!(pack(Kind::Pack, &[]).is_ok());
    assert!(pack(Kind::Pack, &[(1, 1)]).is_ok());
    for bad in [&[(1, 2)][..], &[(0, 1)], &[(1, 0)], &[(1, 1), (1, 1)], &[(1, u64::MAX)]] {
        never(pack(Kind::Pack, bad), Refusal::BadCovers);
    }
    never(pack(Kind::Change, &[(1, 1)]), Refusal::BadCovers);
}

#[test]
fn after_a_statement_of_an_unknown_kind_writes_freeze_and_its_authors_chain_goes_on() {
    let e = &mut Seeded::new(11);
    let Founded { phone, mut state, .. } = found(e);
    let unknown = statement(&state, Act::Unknown(77), &phone);
    for judge in BOTH {
        never(state.check(&unknown, &(), judge), Refusal::UnknownStatement);
    }
    state.freeze(&unknown);
    assert!(state.is_frozen());
    assert_eq!(state.membership_head(), unknown.hash());
    let head = header(state.space(), Class::Account, Kind::Change, 1);
    let next = Header { counter: 3, prev: unknown.hash(), seen: state.head(), ..head };
    let entry = Entry::sign(next, vec![0; 512], &phone);
    assert!(state.check(&entry, &(), Judge::Member).is_ok());
}

#[test]
fn a_checkpoint_with_tips_that_no_log_has_is_not_read() {
    let tip = |author: u8, citable: usize| CheckpointTip {
        author: DeviceId([author; 32]),
        counter: 9,
        citable: vec![EntryHash([1; 32]); citable],
    };
    let read = |tips: Vec<CheckpointTip>| {
        let checkpoint = Checkpoint {
            at: Position { seq: 9, running: RunningHash([2; 32]) },
            membership: EntryHash([3; 32]),
            live_root: [4; 32],
            live_count: 1,
            tips,
        };
        Checkpoint::from_bytes(&checkpoint.to_bytes()).map(|read| read == checkpoint)
    };
    let refused = Err(Malformed::NotCanonical("checkpoint"));
    assert_eq!(read(vec![tip(1, 1), tip(2, MAX_UNCITED)]), Ok(true));
    assert_eq!(read(vec![tip(2, 1), tip(1, 1)]), refused);
    assert_eq!(read(vec![tip(1, 1), tip(1, 2)]), refused);
    assert_eq!(read(vec![tip(1, 0)]), refused);
    assert_eq!(read(vec![tip(1, MAX_UNCITED + 1)]), refused);
}

#[test]
fn a_checkpoints_word_about_the_last_possible_position_does_not_overflow() {
    let mut state = found(&mut Seeded::new(12)).state;
    let at = Position { seq: u64::MAX, running: RunningHash([1; 32]) };
    let membership = state.membership_head();
    let tips = state.checkpoint_tips();
    state.start_from(&Checkpoint { at, membership, live_root: [0; 32], live_count: 0, tips });
    state.skip(EntryHash([1; 32]));
    assert_eq!(state.head().seq, u64::MAX);
}

#[test]
fn a_newer_header_says_so_whatever_its_form() {
    let keys = DeviceKeys::generate(&mut Seeded::new(13));
    let raw = |header: Vec<u8>| {
        let signature = keys.sign(Signed::Entry, &[&header]);
        let bytes = [minicbor_bytes(&header), vec![0x40], minicbor_bytes(&signature.0)].concat();
        Entry::from_bytes(&[vec![0x83], bytes].concat()).unwrap_err()
    };
    let newer = BadEntry::Malformed(Malformed::NewerVersion { what: "header", found: 2 });
    assert_eq!(raw(vec![0x81, 0x02]), newer);
    assert_eq!(raw(vec![0x82, 0x02, 0x63, b'n', b'e', b'w']), newer);
    let other = BadEntry::Malformed(Malformed::NotCanonical("header"));
    assert_eq!(raw(vec![0x81, 0x00]), other);
    assert_eq!(raw(vec![]), other);
}

fn minicbor_bytes(bytes: &[u8]) -> Vec<u8> {
    wire::encode(&minicbor::bytes::ByteVec::from(bytes.to_vec()))
}
