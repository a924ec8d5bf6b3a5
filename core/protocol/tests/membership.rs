//! An account and a chart, judged as the relay and as a member judge them.

#![allow(clippy::unwrap_used)]
use std::collections::HashMap;

use holdfast_protocol::entropy::{Entropy, SystemEntropy};
use holdfast_protocol::entry::{Entry, Header, Kind, Position};
use holdfast_protocol::epoch::{AccountEpoch, AccountSecret, ClassEpoch, Reader};
use holdfast_protocol::ids::{Class, DeviceId, EntryHash, SpaceId};
use holdfast_protocol::keys::{DeviceKeys, DeviceKind, InviteKeys};
use holdfast_protocol::membership::{
    AccountGenesis, Act, AdmitDevice, ChartGenesis, InviteDevice, Judge, NotAccepted, Refusal,
    RevokeDevice, SpaceState, Statement,
};
use holdfast_protocol::phrase::Phrase;
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::{body, wire};

const RELAY: Judge = Judge::Relay { now_ms: 1_000 };

fn header(
    space: SpaceId,
    class: Class,
    kind: Kind,
    epoch: u32,
    counter: u64,
    state: Option<&SpaceState>,
    me: DeviceId,
) -> Header {
    Header {
        version: 1,
        space,
        class,
        kind,
        epoch,
        author: DeviceId::ZERO,
        counter,
        prev: state.map_or(EntryHash::ZERO, |s| s.tip(&me).entry),
        seen: state.map_or(Position::START, SpaceState::head),
        covers: vec![],
        body_hash: [0; 32],
        body_len: 0,
    }
}

fn statement(state: &SpaceState, act: Act, keys: &DeviceKeys) -> Entry {
    let counter = state.tip(&keys.id()).counter + 1;
    let h = header(
        state.space(),
        Class::Membership,
        Kind::Membership,
        0,
        counter,
        Some(state),
        keys.id(),
    );
    Entry::sign(h, Statement { after: state.membership_head(), act }.to_bytes(), keys)
}

fn append(state: &mut SpaceState, entry: &Entry, accounts: &HashMap<SpaceId, SpaceState>) {
    // What a member reads must be judged as the relay judged it, after a trip over the wire.
    let entry = Entry::from_bytes(&entry.to_bytes()).expect("a signed entry reads back");
    let accepted = state.check(&entry, accounts, RELAY).expect("the relay takes it");
    assert_eq!(state.check(&entry, accounts, Judge::Member), Ok(accepted.clone()));
    state.apply(&entry, &accepted);
}

struct Account {
    phone: DeviceKeys,
    secret: AccountSecret,
    state: SpaceState,
}

fn account() -> Account {
    let e = &mut SystemEntropy;
    let phone = DeviceKeys::generate(e);
    let paper = Phrase::generate(e).device();
    let secret = AccountSecret(Secret32::random(e));
    let devices =
        vec![phone.certificate(DeviceKind::Machine), paper.certificate(DeviceKind::Paper)];
    let epoch = AccountEpoch::create(1, &secret, None, &devices, e).expect("keys are good");
    let genesis = Act::AccountGenesis(AccountGenesis { nonce: e.array(), devices, epoch });
    let h = header(SpaceId::ZERO, Class::Membership, Kind::Membership, 0, 1, None, phone.id());
    let entry =
        Entry::sign(h, Statement { after: EntryHash::ZERO, act: genesis }.to_bytes(), &phone);
    let state = SpaceState::start(&entry, &(), RELAY).expect("a good genesis");
    assert_eq!(state.space(), entry.space());
    Account { phone, secret, state }
}

fn chart(account: &Account) -> (SpaceState, Vec<(Class, Secret32)>) {
    let e = &mut SystemEntropy;
    let reader = Reader {
        account: account.state.space(),
        epoch: 1,
        membership: account.state.membership_head(),
        receive: account.secret.receive().public(),
    };
    let keys: Vec<_> = Class::CHART.iter().map(|c| (*c, Secret32::random(e))).collect();
    let epochs = keys
        .iter()
        .map(|(c, k)| ClassEpoch::create(*c, 1, k, None, std::slice::from_ref(&reader), e).unwrap())
        .collect();
    let owner = account.state.space();
    let act = Act::ChartGenesis(ChartGenesis { nonce: e.array(), owner, subject: owner, epochs });
    let h =
        header(SpaceId::ZERO, Class::Membership, Kind::Membership, 0, 1, None, account.phone.id());
    let entry =
        Entry::sign(h, Statement { after: EntryHash::ZERO, act }.to_bytes(), &account.phone);
    let accounts = HashMap::from([(owner, account.state.clone())]);
    (SpaceState::start(&entry, &accounts, RELAY).expect("a good genesis"), keys)
}

#[test]
fn a_second_device_admits_itself_once_with_an_invite_and_opens_the_charts_keys() {
    let e = &mut SystemEntropy;
    let mut account = account();
    let none = HashMap::new();
    let invite = InviteKeys::from_secret(&Secret32::random(e));
    let open = Act::InviteDevice(InviteDevice {
        invite: invite.id(),
        receive: invite.receive().public(),
        expires_at_ms: 5_000,
    });
    let entry = statement(&account.state, open, &account.phone);
    append(&mut account.state, &entry, &none);

    let tablet = DeviceKeys::generate(e);
    let admit = |keys: &DeviceKeys| {
        Act::AdmitDevice(AdmitDevice::by_invite(keys, &invite, account.state.space()))
    };
    let late = statement(&account.state, admit(&tablet), &tablet);
    assert_eq!(
        account.state.check(&late, &none, Judge::Relay { now_ms: 5_000 }),
        Err(NotAccepted::Never(Refusal::InviteGone))
    );
    append(&mut account.state, &late, &none);
    assert!(account.state.as_account().unwrap().is_active(&tablet.id()));

    let thief = DeviceKeys::generate(e);
    let again = Act::AdmitDevice(AdmitDevice::by_invite(&thief, &invite, account.state.space()));
    let again = statement(&account.state, again, &thief);
    assert_eq!(
        account.state.check(&again, &none, RELAY),
        Err(NotAccepted::Never(Refusal::InviteUsed))
    );

    let (chart, keys) = chart(&account);
    for (class, key) in keys {
        let epoch = &chart.as_chart().unwrap().epochs[&class][0];
        assert_eq!(epoch.open(account.state.space(), &account.secret).unwrap(), key);
    }
}

#[test]
fn a_revoked_device_neither_writes_nor_opens_the_next_epoch() {
    let e = &mut SystemEntropy;
    let mut account = account();
    let none = HashMap::new();
    let tablet = DeviceKeys::generate(e);
    let admit = Act::AdmitDevice(AdmitDevice::by_consent(&tablet, account.state.space()));
    let entry = statement(&account.state, admit, &account.phone);
    append(&mut account.state, &entry, &none);

    let next = AccountSecret(Secret32::random(e));
    let staying: Vec<_> = account
        .state
        .as_account()
        .unwrap()
        .active()
        .filter(|d| d.device != tablet.id())
        .cloned()
        .collect();
    let epoch = AccountEpoch::create(2, &next, Some(&account.secret), &staying, e).unwrap();
    let revoke = Act::RevokeDevice(RevokeDevice {
        device: tablet.id(),
        cut: account.state.tip(&tablet.id()),
        epoch: epoch.clone(),
    });
    let entry = statement(&account.state, revoke, &account.phone);
    let late = {
        let h = header(
            account.state.space(),
            Class::Account,
            Kind::Change,
            1,
            9,
            Some(&account.state),
            tablet.id(),
        );
        Entry::seal(h, &account.secret.class_key(), b"x", 3, &tablet, e)
    };
    append(&mut account.state, &entry, &none);
    assert_eq!(account.state.check(&late, &none, RELAY), Err(NotAccepted::Never(Refusal::Revoked)));
    assert!(epoch.open(&tablet).is_err());
    assert_eq!(epoch.open(&account.phone).unwrap(), next);
    assert_eq!(epoch.open_previous(&next).unwrap(), account.secret);
}

#[test]
fn changes_are_judged_by_class_epoch_counter_and_chain() {
    let e = &mut SystemEntropy;
    let account = account();
    let (mut chart, keys) = chart(&account);
    let accounts = HashMap::from([(account.state.space(), account.state.clone())]);
    let log_key = &keys.iter().find(|(c, _)| *c == Class::Log).unwrap().1;
    let me = account.phone.id();
    let make =
        |chart: &SpaceState, class, epoch, counter, by: &DeviceKeys, e: &mut SystemEntropy| {
            let h = header(chart.space(), class, Kind::Change, epoch, counter, Some(chart), me);
            Entry::seal(h, log_key, b"a hold", 3, by, e)
        };
    let good = make(&chart, Class::Log, 1, 7, &account.phone, e);
    append(&mut chart, &good, &accounts);
    assert_eq!(good.open(log_key).unwrap(), b"a hold");

    let refused = |entry: &Entry| chart.check(entry, &accounts, RELAY).unwrap_err();
    let replay = make(&chart, Class::Log, 1, 7, &account.phone, e);
    assert_eq!(refused(&replay), NotAccepted::Never(Refusal::Counter));
    let ahead = make(&chart, Class::Log, 2, 8, &account.phone, e);
    assert_eq!(refused(&ahead), NotAccepted::Never(Refusal::UnknownEpoch));
    let foreign_class = make(&chart, Class::Account, 1, 8, &account.phone, e);
    assert_eq!(refused(&foreign_class), NotAccepted::Never(Refusal::WrongClass));
    let no_grant = make(&chart, Class::Prescription, 1, 8, &account.phone, e);
    assert_eq!(refused(&no_grant), NotAccepted::Never(Refusal::NoWriteGrant));
    let stranger = make(&chart, Class::Log, 1, 8, &DeviceKeys::generate(e), e);
    assert_eq!(refused(&stranger), NotAccepted::Never(Refusal::NotAMember));

    let stored = wire::encode(&chart);
    assert_eq!(wire::decode::<SpaceState>("space", &stored).unwrap(), chart);
}

#[test]
fn a_body_opens_only_with_its_own_header_and_key() {
    let e = &mut SystemEntropy;
    let key = Secret32::random(e);
    let h = header(SpaceId([7; 32]), Class::Log, Kind::Change, 1, 1, None, DeviceId::ZERO);
    let sealed = body::seal(&h, &key, b"words that must not be read", 3, e);
    assert_eq!(sealed.len(), body::CHANGE_FLOOR_BYTES);
    assert!(body::open(&h, &key, &sealed).is_ok());
    assert!(body::open(&Header { counter: 2, ..h.clone() }, &key, &sealed).is_err());
    assert!(body::open(&Header { class: Class::Notes, ..h.clone() }, &key, &sealed).is_err());
    assert!(body::open(&h, &Secret32::random(e), &sealed).is_err());
}

#[test]
fn the_membership_alone_can_be_read_without_the_entries_between() {
    let e = &mut SystemEntropy;
    let mut account = account();
    let none = HashMap::new();
    let mut outline = account.state.clone();
    let content = {
        let me = account.phone.id();
        let h = header(
            account.state.space(),
            Class::Account,
            Kind::Change,
            1,
            2,
            Some(&account.state),
            me,
        );
        Entry::seal(h, &account.secret.class_key(), b"x", 3, &account.phone, e)
    };
    append(&mut account.state, &content, &none);
    let tablet = DeviceKeys::generate(e);
    let act = Act::AdmitDevice(AdmitDevice::by_consent(&tablet, account.state.space()));
    let admit = statement(&account.state, act, &account.phone);
    assert!(outline.check(&admit, &none, Judge::Member).is_err(), "its chain has a gap");
    let accepted = outline.check(&admit, &none, Judge::Outline).unwrap();
    outline.apply(&admit, &accepted);
    assert!(outline.as_account().unwrap().is_active(&tablet.id()));

    let by_stranger = statement(
        &outline,
        Act::AdmitDevice(AdmitDevice::by_consent(&DeviceKeys::generate(e), account.state.space())),
        &DeviceKeys::generate(e),
    );
    assert_eq!(
        outline.check(&by_stranger, &none, Judge::Outline),
        Err(NotAccepted::Never(Refusal::NotAMember))
    );
    assert_eq!(
        outline.check(&admit, &none, Judge::Outline),
        Err(NotAccepted::StaleMembership { head: admit.hash() }),
        "a statement that does not follow the one before it"
    );
}

#[test]
fn an_invite_made_on_a_stolen_phone_is_void_once_the_phone_is_revoked() {
    let e = &mut SystemEntropy;
    let mut account = account();
    let none = HashMap::new();
    let stolen = DeviceKeys::generate(e);
    let admit = Act::AdmitDevice(AdmitDevice::by_consent(&stolen, account.state.space()));
    let entry = statement(&account.state, admit, &account.phone);
    append(&mut account.state, &entry, &none);
    let invite = InviteKeys::from_secret(&Secret32::random(e));
    let open = Act::InviteDevice(InviteDevice {
        invite: invite.id(),
        receive: invite.receive().public(),
        expires_at_ms: 5_000,
    });
    let entry = statement(&account.state, open, &stolen);
    append(&mut account.state, &entry, &none);

    let staying: Vec<_> = account
        .state
        .as_account()
        .unwrap()
        .active()
        .filter(|d| d.device != stolen.id())
        .cloned()
        .collect();
    let next = AccountSecret(Secret32::random(e));
    let epoch = AccountEpoch::create(2, &next, Some(&account.secret), &staying, e).unwrap();
    let cut = account.state.tip(&stolen.id());
    let revoke = Act::RevokeDevice(RevokeDevice { device: stolen.id(), cut, epoch });
    let entry = statement(&account.state, revoke, &account.phone);
    append(&mut account.state, &entry, &none);

    let again = DeviceKeys::generate(e);
    let act = Act::AdmitDevice(AdmitDevice::by_invite(&again, &invite, account.state.space()));
    let entry = statement(&account.state, act, &again);
    assert_eq!(
        account.state.check(&entry, &none, RELAY),
        Err(NotAccepted::Never(Refusal::InviteGone))
    );
}

#[test]
fn what_is_sealed_at_rest_opens_only_for_its_own_purpose() {
    let e = &mut SystemEntropy;
    let key = Secret32::random(e);
    let sealed = key.seal(b"device seed", b"secret", e);
    assert_eq!(key.open(b"device seed", &sealed).unwrap().as_slice(), b"secret");
    assert!(key.open(b"class key", &sealed).is_none());
    assert!(Secret32::random(e).open(b"device seed", &sealed).is_none());
    assert!(key.open(b"device seed", &sealed[..20]).is_none());
}
