//! What becomes of a member's rights at the relay: narrowed, ended, removed, left, closed; and that a relay which
//! was stopped in between goes on as if nothing had been.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use common::people::{HOUR, Person, stored};
use common::{Line, NOON, join, second_device};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::ids::{Class, SpaceId};
use holdfast_protocol::membership::{
    Access, Act, Grant, InviteDevice, InviteMember, Refusal, Role,
};
use holdfast_protocol::sync::{Item, Outcome, ProblemCode, SyncResponse};
use holdfast_relay::{Limits, Relay, RelayConfig, Watch};

fn line_with(limits: Limits) -> Line {
    let config = RelayConfig::in_memory().with_limits(limits);
    Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON)
}

fn line() -> Line {
    line_with(Limits::without_rates())
}

fn relay(line: &Line) -> &Arc<Relay> {
    let Line::Direct(relay, _) = line else { panic!("direct") };
    relay
}

fn watch(line: &Line, person: &Person) -> Watch {
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    relay(line).watch(Some(&person.device.token), peer, NOON).ok().unwrap()
}

fn never(why: Refusal) -> Outcome {
    Outcome::Never { why }
}

fn therapist() -> Grant {
    Grant::preset(Role::Therapist)
}

fn with_notes() -> Grant {
    let mut grant = therapist();
    grant.classes.insert(Class::Notes, Access::Write);
    grant
}

/// An owner, a chart, and somebody who belongs to it.
fn shared(line: &Line, grant: Grant) -> (Person, SpaceId, Person) {
    let mut ana = Person::new(line);
    let chart = ana.found_chart();
    let mut cruz = Person::new(line);
    let ticket = ana.invite(chart, grant);
    cruz.join(&ticket);
    ana.pull();
    (ana, chart, cruz)
}

/// Where a log's bodies are, as a fresh look shows them.
fn bodies(person: &Person, chart: SpaceId) -> Vec<u64> {
    let mut request = person.device.request();
    request.want =
        vec![holdfast_protocol::sync::Want { space: chart, after: 0, starting_at: None }];
    let response: SyncResponse = person.device.send(&request).read();
    let page = response.spaces.iter().find(|p| p.space == chart).unwrap();
    let whole = page.items.iter().filter(|i| matches!(i, Item::Entry { .. }));
    whole.map(|item| common::place(item).0).collect()
}

#[test]
fn a_narrowed_grant_reads_and_writes_less_from_then_on() {
    let line = line();
    let (mut ana, chart, mut cruz) = shared(&line, with_notes());
    let before = stored(ana.write(chart, Class::Notes));
    stored(cruz.write(chart, Class::Notes));
    ana.pull();
    assert!(cruz.stubs(chart).is_empty() && cruz.device.logs[&chart].items.contains_key(&before));
    stored(ana.change(chart, cruz.id(), therapist()));
    let note = stored(ana.write(chart, Class::Notes));
    let log = stored(ana.write(chart, Class::Log));
    cruz.pull();
    assert_eq!(cruz.stubs(chart), vec![note]);
    assert!(matches!(cruz.device.logs[&chart].items[&log], Item::Entry { .. }));
    assert!(!cruz.opens(chart).contains(&Class::Notes));
    assert_eq!(cruz.write(chart, Class::Notes), never(Refusal::NoWriteGrant));
    stored(cruz.write(chart, Class::Log));
    // Whoever asks again from the beginning gets by the grant of now.
    assert!(!bodies(&cruz, chart).contains(&before));
}

#[test]
fn a_grant_that_ended_by_the_relays_clock_neither_reads_nor_writes() {
    let line = line();
    let until = NOON + 2 * HOUR;
    let ending = Grant { until_ms: Some(until), ..therapist() };
    let (mut ana, chart, mut cruz) = shared(&line, ending.clone());
    stored(cruz.write(chart, Class::Log));
    cruz.device.line = line.at(until - 1);
    stored(cruz.write(chart, Class::Log));
    cruz.device.line = line.at(until);
    assert_eq!(cruz.write(chart, Class::Log), never(Refusal::GrantEnded));
    ana.pull();
    cruz.device.line = line.at(until - 1);
    cruz.pull();
    let told = cruz.device.seen_by.len();
    ana.device.send_cursors();
    cruz.pull();
    assert!(cruz.device.seen_by.len() > told, "until then it is told who has seen what");
    cruz.device.line = line.at(until);
    let hidden = stored(ana.write(chart, Class::Log));
    ana.device.send_cursors();
    let told = cruz.device.seen_by.len();
    cruz.pull();
    assert_eq!(cruz.device.seen_by.len(), told);
    assert_eq!(cruz.stubs(chart), vec![hidden], "the key it still has is of no use");
    // More time brings both back.
    let longer = Grant { until_ms: Some(until + HOUR), ..ending.clone() };
    stored(ana.change(chart, cruz.id(), longer));
    cruz.pull();
    stored(cruz.write(chart, Class::Log));
    // An invite whose gift is over already admits nobody.
    let mut late = Person::new(&line);
    let ticket = ana.invite_until(chart, ending, until + HOUR, false);
    let entry = late.admission(&ticket);
    let answer = join(&line.at(until), chart, &entry);
    assert_eq!((answer.outcome, answer.keys), (never(Refusal::InviteGone), vec![]));
}

#[test]
fn a_removed_member_is_told_once_reads_and_writes_nothing_and_is_woken_no_more() {
    let line = line();
    let (mut ana, chart, mut cruz) = shared(&line, therapist());
    let mut ben = Person::new(&line);
    let ticket = ana.invite(chart, Grant::preset(Role::Partner));
    ben.join(&ticket);
    ana.pull();
    cruz.pull();
    let unsent = cruz.change_entry(chart, Class::Log);
    stored(cruz.write(chart, Class::Log));
    let account = cruz.id();
    // A removal that names an older end than the log has is no removal: what was written in between would be lost.
    let behind = ana.remove(chart, account);
    assert!(matches!(behind, Outcome::StaleCut), "{behind:?}");
    ana.keys.retain(|(_, _, number), _| *number == 1);
    stored(ana.remove(chart, account));
    let stream = watch(&line, &cruz);
    let response: SyncResponse = cruz.device.send(&cruz.device.request()).read();
    assert_eq!(response.gone, vec![chart]);
    assert!(response.spaces.is_empty(), "not even the removal itself is shown to whoever is out");
    cruz.device.apply(&response);

    stored(ana.write(chart, Class::Log));
    second_device(&mut ana.device, &ana.account);
    let mut late = Person::new(&line);
    let ticket = ana.invite(chart, Grant::preset(Role::Viewer));
    late.join(&ticket);
    assert_eq!(stream.feed(), cruz.device.feed, "nothing that happens there wakes it");
    let again: SyncResponse = cruz.device.send(&cruz.device.request()).read();
    assert!(again.gone.is_empty() && again.accounts.is_empty() && again.spaces.is_empty());
    assert_eq!(cruz.device.push(&[&unsent]), vec![never(Refusal::UnknownSpace)]);
    let mut request = cruz.device.request();
    request.want =
        vec![holdfast_protocol::sync::Want { space: chart, after: 0, starting_at: None }];
    request.accounts_feed = 0;
    let response: SyncResponse = cruz.device.send(&request).read();
    assert!(response.spaces.is_empty() && response.accounts.is_empty());
    // Those who stay go on, and know whose the old entries are.
    ben.pull();
    late.pull();
    assert_eq!(ben.opens(chart), BTreeSet::from([Class::Plan, Class::Log]));
    assert!(late.device.outlines.contains_key(&account));
    assert!(late.stubs(chart).is_empty());

    // Whoever is invited again counts again.
    ana.pull();
    let ticket = ana.invite(chart, therapist());
    cruz.join(&ticket);
    stored(cruz.write(chart, Class::Log));
    let whole: SyncResponse = cruz.device.send(&cruz.device.request()).read();
    assert!(whole.gone.is_empty());
}

#[test]
fn whoever_leaves_is_out_at_once_and_an_owner_renews_the_keys() {
    let line = line();
    let (mut ana, chart, mut cruz) = shared(&line, therapist());
    stored(cruz.write(chart, Class::Log));
    let late = cruz.change_entry(chart, Class::Log);
    stored(cruz.leave(chart));
    assert_eq!(cruz.device.gone, vec![chart]);
    assert_eq!(cruz.device.push(&[&late]), vec![never(Refusal::UnknownSpace)]);
    ana.pull();
    let due = ana.chart(chart).as_chart().unwrap().due.clone();
    assert_eq!(due, BTreeSet::from([Class::Plan, Class::Log, Class::Prescription]));
    let epochs = ana.rotate(chart, &due.into_iter().collect::<Vec<_>>());
    stored(ana.say(chart, Act::RotateClasses(epochs)));
    assert!(ana.chart(chart).as_chart().unwrap().due.is_empty());
    assert!(ana.stubs(chart).is_empty(), "what was written stays");
}

#[test]
fn a_closed_chart_keeps_its_membership_drops_the_rest_and_takes_nothing_more() {
    let line = line();
    let (mut ana, chart, mut cruz) = shared(&line, therapist());
    stored(ana.write(chart, Class::Log));
    cruz.pull();
    stored(cruz.write(chart, Class::Log));
    ana.pull();
    let ticket = ana.invite(chart, therapist());
    let mut late = Person::new(&line);
    let admission = late.admission(&ticket);
    let unsent = cruz.change_entry(chart, Class::Log);
    let closed = stored(ana.say(chart, Act::Close));
    cruz.pull();
    assert!(cruz.chart(chart).as_chart().unwrap().closed, "everybody is shown the close");
    for person in [&ana, &cruz] {
        assert_eq!(bodies(person, chart), vec![1, 2, 3, 4, 7, closed], "membership alone");
    }
    assert_eq!(cruz.device.push(&[&unsent]), vec![never(Refusal::Closed)]);
    let head = common::membership_head(&cruz.device.logs[&chart]);
    let invite = Act::InviteMember(InviteMember {
        invite: holdfast_protocol::ids::InviteId([8; 32]),
        receive: late.device.keys.receive().public(),
        grant: therapist(),
        expires_at_ms: NOON + HOUR,
        confirm_first: false,
        by: ana.id(),
    });
    ana.device.logs.get_mut(&chart).unwrap().counter += 10;
    let entry = ana.device.statement(chart, head, invite);
    assert_eq!(ana.device.push(&[&entry]), vec![never(Refusal::Closed)]);
    let answer = join(&line, chart, &admission);
    assert_eq!((answer.outcome, answer.keys), (never(Refusal::Closed), vec![]));
    assert_eq!(ticket.look(&line).problem().unwrap().code, ProblemCode::InviteGone);
}

#[test]
fn a_device_that_the_therapists_account_revokes_is_out_everywhere_and_cut_with_new_keys() {
    let line = line();
    let (mut ana, chart, mut cruz) = shared(&line, therapist());
    let mut tablet = second_device(&mut cruz.device, &cruz.account);
    tablet.pull();
    let header = tablet.header(chart, Class::Log, holdfast_protocol::entry::Kind::Change, 1);
    let written = holdfast_protocol::entry::Entry::sign(header, vec![5; 512], &tablet.keys);
    assert!(matches!(tablet.push(&[&written])[0], Outcome::Stored { .. }));
    let later = tablet.header(chart, Class::Log, holdfast_protocol::entry::Kind::Change, 1);
    let later = holdfast_protocol::entry::Entry::sign(later, vec![6; 512], &tablet.keys);
    ana.pull();
    cruz.pull();
    let lost = tablet.keys.id();
    assert_eq!(cruz.cut(chart, lost), never(Refusal::BadStatement), "not while it is a device");
    cruz.keys.retain(|(_, _, number), _| *number == 1);
    stored(cruz.revoke(lost));
    assert!(matches!(tablet.send(&tablet.request()).status, 401 | 403));
    // Nor does it help that somebody else brings what it wrote.
    assert_eq!(cruz.device.push(&[&later]), vec![never(Refusal::Revoked)]);
    // An owner who wraps for the account as it was before is told to look again.
    let epochs = ana.rotate(chart, &[Class::Log]);
    let stale = ana.say(chart, Act::RotateClasses(epochs));
    assert_eq!(stale, Outcome::StaleWrap);
    ana.keys.retain(|(_, _, number), _| *number == 1);
    stored(cruz.cut(chart, lost));
    ana.pull();
    ana.learn(chart);
    for class in [Class::Plan, Class::Log, Class::Prescription] {
        assert!(ana.keys.contains_key(&(chart, class, 2)), "the owner opens the new {class:?} key");
    }
    stored(cruz.write(chart, Class::Log));
    stored(ana.write(chart, Class::Log));
}

#[test]
fn a_member_fills_its_share_and_no_more_and_the_rest_stays_the_owners() {
    let limits = Limits {
        space_bytes: 60_000,
        author_bytes: 12_000,
        reserve_bytes: 20_000,
        ..Limits::without_rates()
    };
    let line = line_with(limits);
    let (mut ana, chart, mut cruz) = shared(&line, therapist());
    let mut ben = Person::new(&line);
    let ticket = ana.invite(chart, Grant::preset(Role::Partner));
    ben.join(&ticket);
    let fill = |person: &mut Person, class: Class| {
        let mut count = 0;
        person.pull();
        while let Outcome::Stored { .. } = person.write(chart, class) {
            count += 1;
            assert!(count < 200);
        }
        assert_eq!(person.write(chart, class), never(Refusal::Quota));
        count
    };
    let of_one = fill(&mut cruz, Class::Log);
    assert!((10..18).contains(&of_one), "{of_one} entries of some 720 bytes fit 12,000");
    let of_other = fill(&mut ben, Class::Log);
    assert!(of_other >= 10, "another member has a share of its own: {of_other}");
    // The shares are used up; the owner still writes, then only the membership is left.
    let of_owner = fill(&mut ana, Class::Plan);
    assert!(of_owner > 10, "{of_owner}");
    // Who is full may still cut off a lost phone, and go.
    cruz.pull();
    stored(cruz.leave(chart));
    ana.pull();
    stored(ana.remove(chart, ben.id()));
}

#[test]
fn a_membership_grows_only_so_far_and_what_takes_something_away_still_fits() {
    let limits = Limits { membership_bytes: 80_000, ..Limits::without_rates() };
    let line = line_with(limits);
    let (mut ana, chart, mut cruz) = shared(&line, therapist());
    let mut said = 0;
    loop {
        let epochs = ana.rotate(chart, &[Class::Notes]);
        match ana.say(chart, Act::RotateClasses(epochs)) {
            Outcome::Stored { .. } => said += 1,
            outcome => {
                assert_eq!(outcome, never(Refusal::Quota));
                break;
            }
        }
        assert!(said < 200);
    }
    assert!(said > 10, "{said}");
    // What a refused rotation made is not the chart's key.
    let current = ana.chart(chart).epoch(Class::Notes);
    ana.keys.retain(|(_, class, number), _| *class != Class::Notes || *number <= current);
    stored(ana.write(chart, Class::Log));
    cruz.pull();
    stored(cruz.leave(chart));
    ana.pull();
    let due: Vec<_> = ana.chart(chart).as_chart().unwrap().due.iter().copied().collect();
    let epochs = ana.rotate(chart, &due);
    stored(ana.say(chart, Act::RotateClasses(epochs)));
    // An account is bounded as well: whoever shares a chart with it is handed all of it.
    let mut mallory = Person::new(&line);
    let mut invites = 0;
    let refused = loop {
        let keys = holdfast_protocol::keys::InviteKeys::from_secret(
            &holdfast_protocol::secret::Secret32::random(&mut SystemEntropy),
        );
        let head = mallory.own().membership_head();
        let act = Act::InviteDevice(InviteDevice {
            invite: keys.id(),
            receive: keys.receive().public(),
            expires_at_ms: NOON + HOUR,
        });
        let entry = mallory.device.statement(mallory.id(), head, act);
        let outcome = mallory.device.push(&[&entry]).remove(0);
        let Outcome::Stored { .. } = outcome else { break outcome };
        let head = mallory.own().membership_head();
        let entry = mallory.device.statement(mallory.id(), head, Act::RevokeInvite(keys.id()));
        stored(mallory.device.push(&[&entry]).remove(0));
        invites += 1;
        assert!(invites < 200);
    };
    assert_eq!(refused, never(Refusal::Quota));
    assert!(invites > 5, "{invites}");
}

#[test]
fn a_restored_relay_takes_the_removal_it_lost_again_and_nothing_of_the_removed() {
    let (directory, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let open = |path: &std::path::Path| {
        let config = RelayConfig::in_directory(path).with_limits(Limits::without_rates());
        Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON)
    };
    let line = open(directory.path());
    let (mut ana, chart, mut cruz) = shared(&line, therapist());
    stored(cruz.write(chart, Class::Log));
    ana.pull();
    let elsewhere = Line::http("http://127.0.0.1:9");
    let away = |people: [&mut Person; 2]| people.map(|p| p.device.line = elsewhere.clone());
    away([&mut ana, &mut cruz]);
    drop(line);
    let file = holdfast_relay::store::sqlite::FILE;
    std::fs::copy(directory.path().join(file), backup.path().join(file)).unwrap();
    let line = open(directory.path());
    (ana.device.line, cruz.device.line) = (line.clone(), line);
    stored(ana.remove(chart, cruz.id()));
    stored(ana.write(chart, Class::Log));
    away([&mut ana, &mut cruz]);

    let line = open(backup.path());
    relay(&line).mark_restored().unwrap();
    let sign_in = |person: &mut Person| {
        person.device.token = common::Device::sign_in(&line, &person.device.keys).token;
        person.device.line = line.clone();
    };
    sign_in(&mut ana);
    sign_in(&mut cruz);
    // For as long as nobody has said it again, the relay knows no better; the log's readers do.
    let lost: Vec<_> = ana.device.logs[&chart]
        .items
        .values()
        .skip(5)
        .map(|item| match item {
            Item::Entry { bytes, .. } => {
                holdfast_protocol::sync::Push { entry: bytes.clone(), invite_wraps: vec![] }
            }
            Item::Stub { .. } => panic!("an owner has all of it"),
        })
        .collect();
    assert_eq!(lost.len(), 2);
    let mut request = ana.device.request();
    request.push = lost;
    let response: SyncResponse = ana.device.send(&request).read();
    for ack in &response.acks {
        assert!(matches!(ack.outcome, Outcome::Stored { .. }), "{ack:?}");
    }
    let late = cruz.change_entry(chart, Class::Log);
    assert_eq!(cruz.device.push(&[&late]), vec![never(Refusal::UnknownSpace)]);
    assert_eq!(cruz.device.gone, vec![chart]);
}

#[test]
fn a_relay_that_is_stopped_after_every_step_goes_on_as_if_nothing_had_been() {
    let directory = tempfile::tempdir().unwrap();
    let open = || {
        let config =
            RelayConfig::in_directory(directory.path()).with_limits(Limits::without_rates());
        Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON)
    };
    /// Stops the relay that these people talk to, and gives them the next.
    fn restart(people: &mut [&mut Person], open: &dyn Fn() -> Line) -> Line {
        for person in people.iter_mut() {
            person.device.line = Line::http("http://127.0.0.1:9");
        }
        let line = open();
        for person in people.iter_mut() {
            person.device.line = line.clone();
        }
        line
    }
    let line = open();
    let mut ana = Person::new(&line);
    let chart = ana.found_chart();
    let mut cruz = Person::new(&line);
    drop(line);
    let again = |people: &mut [&mut Person]| restart(people, &open);
    drop(again(&mut [&mut ana, &mut cruz]));
    let ticket = ana.invite(chart, with_notes());
    drop(again(&mut [&mut ana, &mut cruz]));
    let entry = cruz.admission(&ticket);
    let first = join(&cruz.line(), chart, &entry);
    let line = again(&mut [&mut ana, &mut cruz]);
    let answer = join(&line, chart, &entry);
    assert_eq!(answer, first, "the keys survive as well");
    drop(line);
    cruz.came_in(&ticket, &entry, &answer);
    drop(again(&mut [&mut ana, &mut cruz]));
    stored(cruz.keep(chart));
    for _ in 0..3 {
        stored(cruz.write(chart, Class::Log));
        drop(again(&mut [&mut ana, &mut cruz]));
    }
    ana.pull();
    stored(ana.change(chart, cruz.id(), therapist()));
    drop(again(&mut [&mut ana, &mut cruz]));
    cruz.pull();
    stored(cruz.write(chart, Class::Log));
    assert_eq!(cruz.write(chart, Class::Notes), never(Refusal::NoWriteGrant));
    ana.pull();
    drop(again(&mut [&mut ana, &mut cruz]));
    stored(ana.remove(chart, cruz.id()));
    drop(again(&mut [&mut ana, &mut cruz]));
    let unsent = cruz.change_entry(chart, Class::Log);
    assert_eq!(cruz.device.push(&[&unsent]), vec![never(Refusal::UnknownSpace)]);
    assert_eq!(cruz.device.gone, vec![chart]);
    let line = again(&mut [&mut ana, &mut cruz]);
    assert_eq!(ticket.look(&line).problem().unwrap().code, ProblemCode::InviteUsed);
    drop(line);
    stored(ana.say(chart, Act::Close));
    drop(again(&mut [&mut ana, &mut cruz]));
    assert_eq!(ana.write(chart, Class::Log), never(Refusal::Closed));
}
