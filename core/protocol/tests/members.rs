//! Who comes into a chart, what they may do there, and what is left of it when they go: each statement as the
//! relay and as a member judge it.

#![allow(clippy::unwrap_used)]

mod logs;

use std::collections::{BTreeMap, BTreeSet};

use holdfast_protocol::entry::{Entry, Header, Kind};
use holdfast_protocol::epoch::ClassEpoch;
use holdfast_protocol::ids::{AccountId, Class};
use holdfast_protocol::keys::{DeviceKeys, InviteKeys};
use holdfast_protocol::membership::{
    Access, Act, AdmitDevice, AdmitMember, ChangeGrant, ChartState, CloseInvite, ConfirmMember,
    DeviceCut, DeviceEnd, Grant, InviteMember, Judge, KeepKeys, KeptKey, Leave, MemberProof,
    NotAccepted, Refusal, RemoveMember, Role, SpaceState, Statement,
};
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::wire;
use logs::{
    ClassKeys, Founded, NOW_MS, RELAY, Seeded, found, found_chart, header, reader, statement,
};

/// A chart's owner and people around, with everything a relay knows of them.
struct World {
    e: Seeded,
    people: Vec<Founded>,
    chart: SpaceState,
    keys: ClassKeys,
}

const OWNER: usize = 0;
const CRUZ: usize = 1;
const BEN: usize = 2;

impl World {
    fn new(seed: u64) -> Self {
        let mut e = Seeded::new(seed);
        let people: Vec<_> = (0..3).map(|_| found(&mut e)).collect();
        let (_, chart, keys) = found_chart(&people[OWNER], &mut e);
        Self { e, people, chart, keys }
    }

    fn accounts(&self) -> BTreeMap<AccountId, SpaceState> {
        self.people.iter().map(|p| (p.id(), p.state.clone())).collect()
    }

    fn state(&self) -> &ChartState {
        self.chart.as_chart().unwrap()
    }

    fn id(&self, person: usize) -> AccountId {
        self.people[person].id()
    }

    fn judged(&self, person: usize, act: Act) -> Result<(), NotAccepted> {
        let entry = statement(&self.chart, act, &self.people[person].phone);
        self.both(&entry)
    }

    /// As the relay judges, which a member must not take for more.
    fn both(&self, entry: &Entry) -> Result<(), NotAccepted> {
        let accounts = self.accounts();
        let relay = self.chart.check(entry, &accounts, RELAY);
        let member = self.chart.check(entry, &accounts, Judge::Member);
        assert!(relay.is_err() || member == relay, "{relay:?} {member:?}");
        relay.map(|_| ())
    }

    fn say(&mut self, person: usize, act: Act) {
        let entry = statement(&self.chart, act, &self.people[person].phone);
        self.append(&entry).unwrap();
    }

    fn append(&mut self, entry: &Entry) -> Result<(), NotAccepted> {
        self.both(entry)?;
        let accepted = self.chart.check(entry, &self.accounts(), RELAY)?;
        let before = self.chart.clone();
        self.chart.apply(entry, &accepted);
        // A relay that reads its own log back, and a state that was stored, are the same.
        let mut again: SpaceState = wire::decode("space", &wire::encode(&before)).unwrap();
        again.replay(entry).unwrap();
        assert_eq!(again, self.chart);
        Ok(())
    }

    /// New epochs of these classes, for these readers.
    fn epochs(&mut self, classes: &[Class], readers: &[usize]) -> Vec<ClassEpoch> {
        let mut epochs = Vec::new();
        for class in classes {
            let number = self.chart.epoch(*class) + 1;
            let key = Secret32::random(&mut self.e);
            let readers: Vec<_> = readers.iter().map(|p| reader(&self.people[*p].state)).collect();
            let old = &self.keys[&(*class, number - 1)];
            let epoch =
                ClassEpoch::create(*class, number, &key, Some(old), &readers, &mut self.e).unwrap();
            self.keys.insert((*class, number), key);
            epochs.push(epoch);
        }
        epochs
    }

    fn invite(&mut self, grant: Grant, confirm_first: bool) -> InviteKeys {
        let invite = InviteKeys::from_secret(&Secret32::random(&mut self.e));
        let act = InviteMember {
            invite: invite.id(),
            receive: invite.receive().public(),
            grant,
            expires_at_ms: NOW_MS + 1,
            confirm_first,
            by: self.id(OWNER),
        };
        self.say(OWNER, Act::InviteMember(act));
        invite
    }

    fn admission(&self, person: usize, invite: &InviteKeys) -> Entry {
        let Founded { phone, state, .. } = &self.people[person];
        let proof = MemberProof::sign(invite, self.chart.space(), state.space(), phone.id());
        let account_membership = state.membership_head();
        let act =
            AdmitMember { account: state.space(), account_membership, proof, greetings: None };
        statement(&self.chart, Act::AdmitMember(act), phone)
    }

    fn join(&mut self, person: usize, grant: Grant) {
        let invite = self.invite(grant, false);
        self.append(&self.admission(person, &invite)).unwrap();
    }

    fn ends(&self, person: usize) -> Vec<DeviceEnd> {
        let device = self.people[person].phone.id();
        let cut = self.chart.tip(&device);
        if cut.counter == 0 { vec![] } else { vec![DeviceEnd { device, cut }] }
    }

    fn write(&self, person: usize, class: Class) -> Entry {
        let phone = &self.people[person].phone;
        let tip = self.chart.tip(&phone.id());
        let head = header(self.chart.space(), class, Kind::Change, self.chart.epoch(class));
        let seen = self.chart.head();
        let head = Header { counter: tip.counter + 1, prev: tip.entry, seen, ..head };
        Entry::sign(head, vec![0; 512], phone)
    }
}

fn never(why: Refusal) -> Result<(), NotAccepted> {
    Err(NotAccepted::Never(why))
}

const THERAPIST_READS: [Class; 3] = [Class::Plan, Class::Log, Class::Prescription];

#[test]
fn an_invite_brings_in_one_account_with_just_what_it_gives() {
    let mut world = World::new(1);
    let invite = world.invite(Grant::preset(Role::Therapist), false);
    let late = world.admission(BEN, &invite);
    world.append(&world.admission(CRUZ, &invite)).unwrap();
    assert_eq!(world.both(&late), never(Refusal::InviteUsed), "the loser of the race is told so");
    let (state, cruz) = (world.state(), world.id(CRUZ));
    for class in Class::CHART {
        assert_eq!(state.may_read(&cruz, class), THERAPIST_READS.contains(&class), "{class:?}");
    }
    assert!(state.may_write(&cruz, Class::Prescription) && !state.may_write(&cruz, Class::Plan));
    assert_eq!(world.both(&world.write(CRUZ, Class::Log)), Ok(()));
    assert_eq!(world.both(&world.write(CRUZ, Class::Plan)), never(Refusal::NoWriteGrant));
    assert_eq!(world.both(&world.write(BEN, Class::Log)), never(Refusal::NotAMember));
}

#[test]
fn an_invite_for_one_chart_or_account_or_device_serves_no_other() {
    let mut world = World::new(2);
    let invite = world.invite(Grant::preset(Role::Viewer), false);
    let cruz = &world.people[CRUZ];
    let (chart, account, phone) = (world.chart.space(), cruz.id(), cruz.phone.id());
    let ben = &world.people[BEN];
    for (at, whom, by) in
        [(ben.id(), account, phone), (chart, ben.id(), phone), (chart, account, ben.phone.id())]
    {
        let proof = MemberProof::sign(&invite, at, whom, by);
        let account_membership = cruz.state.membership_head();
        let act =
            Act::AdmitMember(AdmitMember { account, account_membership, proof, greetings: None });
        assert_eq!(world.judged(CRUZ, act), never(Refusal::BadSignature));
    }
    // Nor does a device bring in an account that it does not belong to.
    let proof = MemberProof::sign(&invite, chart, ben.id(), phone);
    let account_membership = ben.state.membership_head();
    let act = Act::AdmitMember(AdmitMember {
        account: ben.id(),
        account_membership,
        proof,
        greetings: None,
    });
    assert_eq!(world.judged(CRUZ, act), never(Refusal::NotAMember));
}

#[test]
fn an_invite_is_over_when_its_time_is_by_the_relays_clock() {
    let mut world = World::new(3);
    let invite = world.invite(Grant::preset(Role::Viewer), false);
    let entry = world.admission(CRUZ, &invite);
    let late = Judge::Relay { now_ms: NOW_MS + 1 };
    let refused = world.chart.check(&entry, &world.accounts(), late).unwrap_err();
    assert_eq!(refused, NotAccepted::Never(Refusal::InviteGone));
    let ending = Grant { until_ms: Some(NOW_MS), ..Grant::preset(Role::Viewer) };
    let invite = world.invite(ending, false);
    assert_eq!(world.both(&world.admission(CRUZ, &invite)), never(Refusal::InviteGone));
}

#[test]
fn a_member_that_is_not_known_yet_has_to_be_read_first() {
    let mut world = World::new(4);
    let invite = world.invite(Grant::preset(Role::Viewer), false);
    let entry = world.admission(CRUZ, &invite);
    let mut accounts = world.accounts();
    accounts.remove(&world.id(CRUZ));
    let refused = world.chart.check(&entry, &accounts, Judge::Member).unwrap_err();
    assert_eq!(refused, NotAccepted::NeedsAccount(world.id(CRUZ)));
}

#[test]
fn whoever_comes_in_keeps_the_keys_for_all_devices_of_the_account() {
    let mut world = World::new(5);
    world.join(CRUZ, Grant::preset(Role::Therapist));
    let state = world.state().clone();
    let cruz = reader(&world.people[CRUZ].state);
    let kept = |world: &mut World, classes: &[Class]| {
        let keys = classes.iter().map(|class| {
            let epoch = state.epochs[class].last().unwrap();
            let key = &world.keys[&(*class, epoch.number)];
            let wrap = epoch.wrap_for(key, &cruz, &mut world.e).unwrap();
            KeptKey { class: *class, epoch: epoch.number, wrap }
        });
        KeepKeys { keys: keys.collect() }
    };
    let too_many = kept(&mut world, &[Class::Log, Class::Notes]);
    assert_eq!(world.judged(CRUZ, Act::KeepKeys(too_many)), never(Refusal::BadWraps));
    let keep = kept(&mut world, &THERAPIST_READS);
    assert_eq!(world.judged(BEN, Act::KeepKeys(keep.clone())), never(Refusal::NotAMember));
    assert_eq!(
        world.judged(OWNER, Act::KeepKeys(keep.clone())),
        never(Refusal::BadWraps),
        "nobody keeps keys for another"
    );
    world.say(CRUZ, Act::KeepKeys(keep.clone()));
    for class in THERAPIST_READS {
        let epoch = world.state().epochs[&class].last().unwrap();
        let opened = epoch.open(world.id(CRUZ), &world.people[CRUZ].secret).unwrap();
        assert_eq!(opened, world.keys[&(class, 1)]);
    }
    assert_eq!(world.judged(CRUZ, Act::KeepKeys(keep)), never(Refusal::BadWraps), "once");
}

#[test]
fn before_the_phrase_is_compared_a_member_reads_and_says_nothing() {
    let mut world = World::new(6);
    let invite = world.invite(Grant::preset(Role::Partner), true);
    world.append(&world.admission(BEN, &invite)).unwrap();
    let ben = world.id(BEN);
    assert!(Class::CHART.iter().all(|class| !world.state().may_read(&ben, *class)));
    assert_eq!(world.both(&world.write(BEN, Class::Log)), never(Refusal::NoWriteGrant));
    // A rotation meanwhile does not give a key away by accident.
    let epochs = world.epochs(&[Class::Log], &[OWNER, BEN]);
    assert_eq!(world.judged(OWNER, Act::RotateClasses(epochs)), never(Refusal::BadWraps));
    let with = |epochs| Act::ConfirmMember(ConfirmMember { account: ben, epochs });
    assert_eq!(world.judged(OWNER, with(vec![])), never(Refusal::BadWraps));
    world.keys.retain(|(_, number), _| *number == 1);
    let epochs = world.epochs(&[Class::Plan, Class::Log], &[OWNER, BEN]);
    world.say(OWNER, with(epochs.clone()));
    assert!(world.state().may_write(&ben, Class::Log));
    let secret = &world.people[BEN].secret;
    assert!(epochs.iter().all(|epoch| epoch.open(ben, secret).is_ok()));
    assert_eq!(world.judged(OWNER, with(vec![])), never(Refusal::BadStatement), "confirmed once");
}

#[test]
fn a_removal_takes_effect_with_new_keys_and_the_last_entries_of_every_device() {
    let mut world = World::new(7);
    world.join(CRUZ, Grant::preset(Role::Therapist));
    let entry = world.write(CRUZ, Class::Log);
    world.append(&entry).unwrap();
    let cruz = world.id(CRUZ);
    let cuts = world.ends(CRUZ);
    let epochs = world.epochs(&THERAPIST_READS, &[OWNER]);
    let remove = |cuts: &[DeviceEnd], epochs: &[ClassEpoch]| {
        Act::RemoveMember(RemoveMember {
            account: cruz,
            cuts: cuts.to_vec(),
            epochs: epochs.to_vec(),
        })
    };
    let stale = Err(NotAccepted::StaleCut);
    assert_eq!(world.judged(OWNER, remove(&[], &epochs)), stale, "a device without an end");
    let mut early = cuts.clone();
    early[0].cut.counter -= 1;
    assert_eq!(world.judged(OWNER, remove(&early, &epochs)), stale);
    assert_eq!(world.judged(OWNER, remove(&cuts, &epochs[1..])), never(Refusal::BadWraps));
    assert_eq!(world.judged(CRUZ, remove(&cuts, &epochs)), never(Refusal::NoWriteGrant));
    world.say(OWNER, remove(&cuts, &epochs));
    assert_eq!(world.both(&world.write(CRUZ, Class::Log)), never(Refusal::NotAMember));
    for epoch in &epochs {
        assert!(epoch.open(cruz, &world.people[CRUZ].secret).is_err());
    }
    // What was written before stays, also for whoever starts from a checkpoint; what is dated back does not.
    let accounts = world.accounts();
    assert_eq!(world.chart.check_retained(entry.header(), &accounts), Ok(()));
    let slipped = Header { counter: cuts[0].cut.counter + 1, ..entry.header().clone() };
    let refused = world.chart.check_retained(&slipped, &accounts);
    assert_eq!(refused, never(Refusal::NoWriteGrant));
    let plan = Header { class: Class::Plan, ..entry.header().clone() };
    assert_eq!(world.chart.check_retained(&plan, &accounts), never(Refusal::NoWriteGrant));
}

#[test]
fn whoever_comes_back_counts_from_then_on_and_not_for_the_time_between() {
    let mut world = World::new(8);
    world.join(CRUZ, Grant::preset(Role::Therapist));
    let before = world.write(CRUZ, Class::Log);
    world.append(&before).unwrap();
    let cuts = world.ends(CRUZ);
    let epochs = world.epochs(&THERAPIST_READS, &[OWNER]);
    let account = world.id(CRUZ);
    world.say(OWNER, Act::RemoveMember(RemoveMember { account, cuts, epochs }));
    world.join(CRUZ, Grant::preset(Role::Therapist));
    let after = world.write(CRUZ, Class::Log);
    world.append(&after).unwrap();
    let accounts = world.accounts();
    for entry in [&before, &after] {
        assert_eq!(world.chart.check_retained(entry.header(), &accounts), Ok(()));
    }
}

#[test]
fn narrowing_takes_one_class_and_leaves_the_rest() {
    let mut world = World::new(9);
    let mut wide = Grant::preset(Role::Therapist);
    wide.classes.insert(Class::Notes, Access::Write);
    world.join(CRUZ, wide.clone());
    let note = world.write(CRUZ, Class::Notes);
    world.append(&note).unwrap();
    let narrow = Grant::preset(Role::Therapist);
    let change = |world: &World, grant: &Grant, epochs: Vec<ClassEpoch>| {
        let (account, cuts) = (world.id(CRUZ), world.ends(CRUZ));
        Act::ChangeGrant(ChangeGrant { account, grant: grant.clone(), cuts, epochs })
    };
    let epochs = world.epochs(&[Class::Notes], &[OWNER]);
    assert_eq!(world.judged(OWNER, change(&world, &narrow, vec![])), never(Refusal::BadWraps));
    let uncut = Act::ChangeGrant(ChangeGrant {
        account: world.id(CRUZ),
        grant: narrow.clone(),
        cuts: vec![],
        epochs: epochs.clone(),
    });
    assert_eq!(world.judged(OWNER, uncut), Err(NotAccepted::StaleCut));
    let act = change(&world, &narrow, epochs);
    world.say(OWNER, act);
    assert_eq!(world.both(&world.write(CRUZ, Class::Notes)), never(Refusal::NoWriteGrant));
    let log = world.write(CRUZ, Class::Log);
    world.append(&log).unwrap();
    let accounts = world.accounts();
    assert_eq!(world.chart.check_retained(note.header(), &accounts), Ok(()));
    let later = Header { class: Class::Notes, ..log.header().clone() };
    assert_eq!(world.chart.check_retained(&later, &accounts), never(Refusal::NoWriteGrant));
    // Given back, it counts again from the next entry on, and the keys go to exactly the readers.
    let epochs = world.epochs(&[Class::Notes], &[OWNER, CRUZ]);
    let account = world.id(CRUZ);
    let act = ChangeGrant { account, grant: wide, cuts: vec![], epochs };
    world.say(OWNER, Act::ChangeGrant(act));
    assert_eq!(world.both(&world.write(CRUZ, Class::Notes)), Ok(()));
    assert_eq!(world.chart.check_retained(&later, &accounts), never(Refusal::NoWriteGrant));
}

#[test]
fn a_grant_that_is_over_neither_writes_nor_reads_at_the_relay() {
    let mut world = World::new(10);
    world.join(BEN, Grant { until_ms: Some(NOW_MS + 5), ..Grant::preset(Role::Partner) });
    let entry = world.write(BEN, Class::Log);
    assert_eq!(world.both(&entry), Ok(()));
    let late = Judge::Relay { now_ms: NOW_MS + 5 };
    let refused = world.chart.check(&entry, &world.accounts(), late).unwrap_err();
    assert_eq!(refused, NotAccepted::Never(Refusal::GrantEnded));
    let ben = world.id(BEN);
    assert!(world.state().may_read_at(&ben, Class::Log, NOW_MS + 4));
    assert!(!world.state().may_read_at(&ben, Class::Log, NOW_MS + 5));
}

#[test]
fn a_chart_keeps_an_owner() {
    let mut world = World::new(11);
    let leave = |world: &World, person| {
        Act::Leave(Leave { account: world.id(person), cuts: world.ends(person) })
    };
    assert_eq!(world.judged(OWNER, leave(&world, OWNER)), never(Refusal::LastOwner));
    world.join(BEN, Grant::preset(Role::Owner));
    let account = world.id(OWNER);
    let cuts = world.ends(OWNER);
    let epochs = world.epochs(&Class::CHART, &[BEN]);
    world.say(BEN, Act::RemoveMember(RemoveMember { account, cuts, epochs }));
    assert_eq!(world.judged(BEN, leave(&world, BEN)), never(Refusal::LastOwner));
    let grant = Grant::preset(Role::Partner);
    let (account, cuts) = (world.id(BEN), world.ends(BEN));
    let act = Act::ChangeGrant(ChangeGrant { account, grant, cuts, epochs: vec![] });
    assert_eq!(world.judged(BEN, act), never(Refusal::LastOwner));
    // Of two who remove each other the first in the log wins.
    let act = RemoveMember { account: world.id(BEN), cuts: world.ends(BEN), epochs: vec![] };
    assert_eq!(world.judged(OWNER, Act::RemoveMember(act)), never(Refusal::NotAMember));
}

#[test]
fn whoever_leaves_is_gone_at_once_and_the_owner_is_to_make_new_keys() {
    let mut world = World::new(12);
    world.join(BEN, Grant::preset(Role::Partner));
    let entry = world.write(BEN, Class::Log);
    world.append(&entry).unwrap();
    let act = Leave { account: world.id(BEN), cuts: world.ends(BEN) };
    let for_another = Leave { account: world.id(OWNER), cuts: vec![] };
    assert_eq!(world.judged(BEN, Act::Leave(for_another)), never(Refusal::BadStatement));
    world.say(BEN, Act::Leave(act));
    assert_eq!(world.state().due, BTreeSet::from([Class::Plan, Class::Log]));
    assert_eq!(world.both(&world.write(BEN, Class::Log)), never(Refusal::NotAMember));
    assert_eq!(world.chart.check_retained(entry.header(), &world.accounts()), Ok(()));
    let epochs = world.epochs(&[Class::Plan, Class::Log], &[OWNER]);
    world.say(OWNER, Act::RotateClasses(epochs));
    assert!(world.state().due.is_empty());
}

#[test]
fn an_invite_that_is_taken_back_costs_new_keys_unless_it_never_had_any() {
    let mut world = World::new(13);
    let invite = world.invite(Grant::preset(Role::Viewer), false);
    let close =
        |invite: &InviteKeys, epochs| Act::CloseInvite(CloseInvite { invite: invite.id(), epochs });
    assert_eq!(world.judged(OWNER, close(&invite, vec![])), never(Refusal::BadWraps));
    let epochs = world.epochs(&[Class::Plan, Class::Log], &[OWNER]);
    world.say(OWNER, close(&invite, epochs));
    assert_eq!(world.both(&world.admission(CRUZ, &invite)), never(Refusal::InviteGone));
    assert_eq!(world.judged(OWNER, close(&invite, vec![])), never(Refusal::InviteGone));
    let empty = world.invite(Grant::preset(Role::Viewer), true);
    world.say(OWNER, close(&empty, vec![]));
    let used = world.invite(Grant::preset(Role::Viewer), false);
    world.append(&world.admission(CRUZ, &used)).unwrap();
    assert_eq!(world.judged(OWNER, close(&used, vec![])), never(Refusal::InviteUsed));
}

#[test]
fn invites_of_a_removed_owner_and_of_a_stolen_phone_are_void() {
    let mut world = World::new(14);
    world.join(BEN, Grant::preset(Role::Owner));
    let invite = InviteKeys::from_secret(&Secret32::random(&mut world.e));
    let act = InviteMember {
        invite: invite.id(),
        receive: invite.receive().public(),
        grant: Grant::preset(Role::Viewer),
        expires_at_ms: NOW_MS + 1,
        confirm_first: false,
        by: world.id(BEN),
    };
    let as_another = InviteMember { by: world.id(OWNER), ..act.clone() };
    assert_eq!(world.judged(BEN, Act::InviteMember(as_another)), never(Refusal::BadStatement));
    world.say(BEN, Act::InviteMember(act));
    let (account, cuts) = (world.id(BEN), world.ends(BEN));
    let epochs = world.epochs(&Class::CHART, &[OWNER]);
    world.say(OWNER, Act::RemoveMember(RemoveMember { account, cuts, epochs }));
    assert_eq!(world.both(&world.admission(CRUZ, &invite)), never(Refusal::InviteGone));

    // A phone that is cut off takes the invites made on it along.
    let tablet = DeviceKeys::generate(&mut world.e);
    let act = Act::AdmitDevice(AdmitDevice::by_consent(&tablet, world.id(OWNER)));
    let owner = &mut world.people[OWNER];
    let entry = statement(&owner.state, act, &owner.phone);
    let accepted = owner.state.check(&entry, &(), RELAY).unwrap();
    owner.state.apply(&entry, &accepted);
    let invite = world.invite(Grant::preset(Role::Viewer), false);
    let phone = world.people[OWNER].phone.id();
    let epochs = world.epochs(&Class::CHART, &[OWNER]);
    let cut = DeviceCut { device: phone, cut: world.chart.tip(&phone), epochs };
    let entry = statement(&world.chart, Act::DeviceCut(cut), &tablet);
    let accepted = world.chart.check(&entry, &world.accounts(), Judge::Member).unwrap();
    world.chart.apply(&entry, &accepted);
    assert_eq!(world.both(&world.admission(CRUZ, &invite)), never(Refusal::InviteGone));
}

#[test]
fn a_closed_chart_takes_nothing_more_from_anybody() {
    let mut world = World::new(15);
    world.join(BEN, Grant::preset(Role::Partner));
    assert_eq!(world.judged(BEN, Act::Close), never(Refusal::NoWriteGrant));
    world.say(OWNER, Act::Close);
    for person in [OWNER, BEN] {
        assert_eq!(world.both(&world.write(person, Class::Log)), never(Refusal::Closed));
    }
    let act = Statement { after: world.chart.membership_head(), act: Act::Close };
    assert_eq!(Statement::from_bytes(&act.to_bytes()), Ok(act));
}

#[test]
fn an_account_cannot_claim_the_device_of_another() {
    let mut world = World::new(16);
    let mallory = found(&mut world.e);
    let device = world.people[CRUZ].phone.certificate(holdfast_protocol::keys::DeviceKind::Machine);
    let unasked = AdmitDevice { device, proof: None, consent: None };
    let elsewhere = AdmitDevice::by_consent(&world.people[CRUZ].phone, world.id(CRUZ));
    for admit in [unasked, elsewhere] {
        let entry = statement(&mallory.state, Act::AdmitDevice(admit), &mallory.phone);
        for judge in [RELAY, Judge::Member, Judge::Outline] {
            let refused = mallory.state.check(&entry, &(), judge).unwrap_err();
            assert_eq!(refused, NotAccepted::Never(Refusal::BadSignature));
        }
    }
}
