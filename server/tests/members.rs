//! Coming into a chart over the relay: a look, one admission, just the keys that the invite gives, and what each
//! member is shown of the others.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use common::people::{HOUR, Person, Ticket, stored};
use common::{Device, Line, NOON, join, second_device};
use holdfast_protocol::ids::{Class, SpaceId};
use holdfast_protocol::keys::Wrapped;
use holdfast_protocol::membership::{
    Access, Act, AdmitDevice, ChangeGrant, Grant, KeepKeys, NotAccepted, Refusal, Role,
};
use holdfast_protocol::pairing::PeekResponse;
use holdfast_protocol::sync::{InviteWrap, Item, Outcome, ProblemCode, SyncResponse};
use holdfast_protocol::wire;
use holdfast_relay::{Limits, Relay, RelayConfig};

fn line() -> Line {
    let config = RelayConfig::in_memory().with_limits(Limits::without_rates());
    Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON)
}

fn never(why: Refusal) -> Outcome {
    Outcome::Never { why }
}

fn therapist() -> Grant {
    Grant::preset(Role::Therapist)
}

const THERAPIST_READS: [Class; 3] = [Class::Plan, Class::Log, Class::Prescription];

/// An owner with a chart, and somebody whom it may invite.
fn two(line: &Line) -> (Person, SpaceId, Person) {
    let mut ana = Person::new(line);
    let chart = ana.found_chart();
    (ana, chart, Person::new(line))
}

fn refused(ticket: &Ticket, line: &Line) -> (u16, ProblemCode) {
    let reply = ticket.look(line);
    (reply.status, reply.problem().unwrap().code)
}

#[test]
fn a_look_shows_the_membership_of_the_chart_and_of_the_accounts_and_nothing_else() {
    let line = line();
    let (mut ana, chart, _) = two(&line);
    stored(ana.write(chart, Class::Log));
    let entry = ana.device.change(ana.id(), Class::Account);
    stored(ana.device.push(&[&entry]).remove(0));
    let ticket = ana.invite(chart, therapist());
    let seen: PeekResponse = ticket.look(&line).read();
    let places = |items: &[Item]| items.iter().map(|i| common::place(i).0).collect::<Vec<_>>();
    assert_eq!(places(&seen.membership), vec![1, 3], "genesis and invite; not the entry between");
    assert_eq!(seen.accounts.len(), 1);
    assert_eq!(seen.accounts[0].account, ana.id());
    assert_eq!(places(&seen.accounts[0].membership), vec![1], "the private document is not shown");
}

#[test]
fn a_therapist_comes_in_with_just_the_keys_of_its_grant_and_keeps_them() {
    let line = line();
    let (mut ana, chart, mut cruz) = two(&line);
    let before = ana.write(chart, Class::Plan);
    let hidden = stored(ana.write(chart, Class::Notes));
    stored(before);
    let ticket = ana.invite(chart, therapist());
    let entry = cruz.admission(&ticket);
    let answer = join(&line, chart, &entry);
    stored(answer.outcome.clone());
    let classes: Vec<_> = answer.keys.iter().map(|key| key.class).collect();
    assert_eq!(classes, THERAPIST_READS);

    // The answer was lost on the way: it is the same until the keys are kept.
    assert_eq!(join(&line, chart, &entry), answer);
    cruz.came_in(&ticket, &entry, &answer);
    assert_eq!(join(&line, chart, &entry), answer, "a sync alone does not end it");
    assert_eq!(cruz.stubs(chart), vec![hidden], "a class that was not granted is a place");
    assert_eq!(cruz.opens(chart), BTreeSet::from(THERAPIST_READS));
    let kept = stored(cruz.keep(chart));
    let late = join(&line, chart, &entry);
    assert_eq!((late.outcome, late.keys), (Outcome::Have { seq: kept - 1 }, vec![]));

    // Whoever has nothing but the account's secret finds the keys in the log.
    let mut fresh = Person { account: cruz.account, device: cruz.device, keys: Default::default() };
    assert_eq!(fresh.opens(chart), BTreeSet::from(THERAPIST_READS));
    stored(fresh.write(chart, Class::Log));
    stored(fresh.write(chart, Class::Prescription));
    for class in [Class::Plan, Class::Notes, Class::Profile] {
        assert_eq!(fresh.write(chart, class), never(Refusal::NoWriteGrant), "{class:?}");
    }
    ana.pull();
    assert!(ana.stubs(chart).is_empty(), "the owner reads all of it");
    assert_eq!(ana.chart(chart).as_chart().unwrap().members.len(), 2);
}

#[test]
fn of_two_who_race_for_an_invite_the_later_is_told_that_it_was_used() {
    let line = line();
    let (mut ana, chart, mut cruz) = two(&line);
    let mut thief = Person::new(&line);
    let ticket = ana.invite(chart, therapist());
    let (first, second) = (cruz.admission(&ticket), thief.admission(&ticket));
    stored(join(&line, chart, &first).outcome);
    let answer = join(&line, chart, &second);
    assert_eq!((answer.outcome, answer.keys), (never(Refusal::InviteUsed), vec![]));
    assert_eq!(refused(&ticket, &line), (409, ProblemCode::InviteUsed));
    // Nor does the loser belong to it by having tried.
    thief.pull();
    assert_eq!(thief.device.logs[&chart].head, 0);
    assert_eq!(thief.device.outlines.len(), 0);
    // What the winner was handed is no other account's to ask for.
    assert_eq!(join(&line, chart, &second).keys, vec![]);
}

#[test]
fn an_invite_that_ended_was_taken_back_or_leads_elsewhere_opens_nothing() {
    let line = line();
    let (mut ana, chart, mut cruz) = two(&line);
    let ticket = ana.invite(chart, therapist());
    let entry = cruz.admission(&ticket);

    let late = line.at(NOON + HOUR);
    assert_eq!(refused(&ticket, &late), (410, ProblemCode::InviteGone));
    assert_eq!(join(&late, chart, &entry).outcome, never(Refusal::InviteGone));
    // Past its end, the wraps are gone for good.
    let Line::Direct(relay, _) = &line else { panic!("direct") };
    relay.maintain(NOON + HOUR).unwrap();
    let set_back = join(&line, chart, &entry);
    assert_eq!(set_back.keys, vec![], "even where the relay's clock was set back");

    let (mut ana, chart, mut cruz) = two(&line);
    let other_chart = ana.found_chart();
    let ticket = ana.invite(chart, therapist());
    let entry = cruz.admission(&ticket);
    for wrong in [other_chart, cruz.id(), SpaceId([7; 32])] {
        let elsewhere = Ticket { chart: wrong, ..ticket.clone() };
        assert_eq!(refused(&elsewhere, &line), (410, ProblemCode::InviteGone));
    }
    let after = ana.chart(other_chart).membership_head();
    let elsewhere = Ticket { chart: other_chart, ..ticket.clone() };
    let wrong = cruz.admission_after(&elsewhere, after);
    assert_eq!(join(&line, other_chart, &wrong).outcome, never(Refusal::InviteGone));
    let another_relay = self::line();
    assert_eq!(refused(&ticket, &another_relay), (410, ProblemCode::InviteGone));
    let unknown = join(&another_relay, chart, &entry).outcome;
    assert_eq!(unknown, never(Refusal::UnknownSpace));

    let head = ana.chart(chart).membership_head();
    stored(ana.close_invite(&ticket));
    assert_eq!(refused(&ticket, &line), (410, ProblemCode::InviteGone));
    let stale = join(&line, chart, &entry).outcome;
    assert_ne!(ana.chart(chart).membership_head(), head);
    assert!(!matches!(stale, Outcome::Stored { .. }), "{stale:?}");
    let again = cruz.admission_after(&ticket, ana.chart(chart).membership_head());
    let answer = join(&line, chart, &again);
    assert_eq!((answer.outcome, answer.keys), (never(Refusal::InviteGone), vec![]));
}

#[test]
fn whoever_waits_for_the_comparison_gets_no_key_and_no_content_until_then() {
    let line = line();
    let (mut ana, chart, mut ben) = two(&line);
    let said = stored(ana.write(chart, Class::Log));
    let partner = Grant::preset(Role::Partner);
    let ticket = ana.invite_until(chart, partner, NOON + HOUR, true);
    let entry = ben.admission(&ticket);
    let answer = join(&line, chart, &entry);
    stored(answer.outcome.clone());
    assert_eq!(answer.keys, vec![]);
    ben.came_in(&ticket, &entry, &answer);
    assert_eq!(ben.stubs(chart), vec![said]);
    assert_eq!(ben.write(chart, Class::Log), never(Refusal::NoWriteGrant));
    ana.pull();
    stored(ana.confirm(chart, ben.id()));
    ben.pull();
    assert_eq!(ben.opens(chart), BTreeSet::from([Class::Plan, Class::Log]));
    stored(ben.write(chart, Class::Log));
}

#[test]
fn a_rotation_has_to_wrap_the_new_key_for_the_open_invites_that_read_it() {
    let line = line();
    let (mut ana, chart, mut cruz) = two(&line);
    let ticket = ana.invite(chart, therapist());
    let epochs = ana.rotate(chart, &[Class::Log]);
    let without = ana.say_with(chart, Act::RotateClasses(epochs), vec![]);
    assert_eq!(without, never(Refusal::BadWraps));
    ana.keys.retain(|(_, _, number), _| *number == 1);
    let notes = ana.rotate(chart, &[Class::Notes]);
    stored(ana.say_with(chart, Act::RotateClasses(notes), vec![]));
    let epochs = ana.rotate(chart, &[Class::Log]);
    stored(ana.say(chart, Act::RotateClasses(epochs)));
    // Joining compares each key with the current epoch's commitment.
    cruz.join(&ticket);
    assert_eq!(cruz.opens(chart), BTreeSet::from(THERAPIST_READS));
}

#[test]
fn no_member_can_spoil_the_wraps_of_somebody_elses_invite() {
    let line = line();
    let (mut ana, chart, mut cruz) = two(&line);
    let mut ben = Person::new(&line);
    let ticket = ana.invite(chart, therapist());
    cruz.join(&ticket);
    ana.pull();
    let open = ana.invite(chart, therapist());
    cruz.pull();
    let garbage: Vec<_> = THERAPIST_READS
        .map(|class| InviteWrap { invite: open.keys.id(), class, wrapped: Wrapped(vec![7; 80]) })
        .to_vec();
    let account = cruz.id();
    let cuts = cruz.ends(chart, account);
    let leave = holdfast_protocol::membership::Leave { account, cuts };
    stored(cruz.say_with(chart, Act::Leave(leave), garbage));
    ben.join(&open);
    assert_eq!(ben.opens(chart), BTreeSet::from(THERAPIST_READS));
}

#[test]
fn each_member_is_shown_the_others_accounts_whenever_they_move() {
    let line = line();
    let (mut ana, chart, mut cruz) = two(&line);
    let mut ben = Person::new(&line);
    let mut stranger = Person::new(&line);
    let ticket = ana.invite(chart, therapist());
    cruz.join(&ticket);
    ana.pull();
    let ticket = ana.invite(chart, Grant::preset(Role::Partner));
    ben.join(&ticket);
    for person in [&mut ana, &mut cruz, &mut ben] {
        person.pull();
        assert_eq!(person.device.outlines.len(), 2, "the two others, and not itself");
    }
    let nothing: SyncResponse = ana.device.send(&ana.device.request()).read();
    assert!(nothing.accounts.is_empty(), "what was shown once is not sent again");

    let peer = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    let Line::Direct(relay, _) = &line else { panic!("direct") };
    let stream = |who: &Person| relay.watch(Some(&who.device.token), peer, NOON).ok().unwrap();
    let (anas, strangers) = (stream(&ana), stream(&stranger));
    let (before, others) = (anas.feed(), strangers.feed());
    let tablet = second_device(&mut cruz.device, &cruz.account);
    let id = tablet.keys.id();
    assert!(anas.feed() > before, "whoever shares a chart is woken");
    assert_eq!(strangers.feed(), others);
    for person in [&mut ana, &mut ben] {
        let response: SyncResponse = person.device.send(&person.device.request()).read();
        let shown: Vec<_> = response.accounts.iter().map(|a| a.account).collect();
        assert_eq!(shown, vec![cruz.id()]);
        assert!(response.spaces.is_empty(), "and no page of a log that is not theirs");
        person.device.apply(&response);
        let known = person.accounts()[&cruz.id()].as_account().unwrap().is_active(&id);
        assert!(known, "its new phone is known before it writes");
    }
    let before = stranger.device.feed;
    stranger.pull();
    assert_eq!((stranger.device.feed, stranger.device.outlines.len()), (before, 0));
    // A fresh device of the account is shown everybody.
    let mut fresh = Device::sign_in(&line, &ana.device.keys);
    fresh.pull();
    assert_eq!(fresh.outlines.len(), 2);
}

#[test]
fn a_member_of_one_chart_learns_nothing_of_another() {
    let line = line();
    let (mut ana, night, mut cruz) = two(&line);
    let mut dora = Person::new(&line);
    let doras = dora.found_chart();
    let ticket = ana.invite(night, therapist());
    cruz.join(&ticket);
    let ticket = dora.invite(doras, therapist());
    cruz.join(&ticket);
    ana.pull();
    stored(dora.write(doras, Class::Log));
    let own = ana.found_chart();
    stored(ana.write(own, Class::Log));
    ana.pull();
    cruz.pull();
    assert!(!ana.device.logs.contains_key(&doras) && !dora.device.logs.contains_key(&night));
    assert!(!ana.device.outlines.contains_key(&dora.id()), "nor who else the therapist treats");
    assert!(!cruz.device.logs.contains_key(&own), "nor what else its owner keeps");
    // Asked for by its name, it is as if it were not there.
    let entry = cruz.change_entry(night, Class::Log);
    let forged = holdfast_protocol::entry::Header { space: own, ..entry.header().clone() };
    let forged =
        holdfast_protocol::entry::Entry::sign(forged, entry.body().to_vec(), &cruz.device.keys);
    assert_eq!(cruz.device.push(&[&forged]), vec![never(Refusal::UnknownSpace)]);
    let mut request = cruz.device.request();
    request.want = vec![holdfast_protocol::sync::Want { space: own, after: 0, starting_at: None }];
    let response: SyncResponse = cruz.device.send(&request).read();
    assert!(response.spaces.is_empty());
}

#[test]
fn another_account_cannot_claim_a_members_device() {
    let line = line();
    let (mut ana, chart, mut cruz) = two(&line);
    let ticket = ana.invite(chart, therapist());
    cruz.join(&ticket);
    let mut mallory = Person::new(&line);
    let head = mallory.own().membership_head();
    let claim = AdmitDevice::by_consent(&cruz.device.keys, mallory.id());
    let entry = mallory.device.statement(mallory.id(), head, Act::AdmitDevice(claim));
    // Though the device itself had consented: it belongs to another account.
    assert_eq!(mallory.device.push(&[&entry]), vec![never(Refusal::BadStatement)]);
    stored(cruz.write(chart, Class::Log));
}

#[test]
fn what_only_an_owner_may_say_is_refused_from_any_other() {
    let line = line();
    let (mut ana, chart, mut cruz) = two(&line);
    let ticket = ana.invite(chart, therapist());
    cruz.join(&ticket);
    ana.pull();
    let no = never(Refusal::NoWriteGrant);
    let account = cruz.id();
    let more = Grant::preset(Role::Owner);
    let raise = ChangeGrant { account, grant: more, cuts: vec![], epochs: vec![] };
    assert_eq!(cruz.say(chart, Act::ChangeGrant(raise)), no);
    assert_eq!(cruz.say(chart, Act::Close), no);
    let epochs = cruz.rotate(chart, &[Class::Log]);
    assert_eq!(cruz.say(chart, Act::RotateClasses(epochs)), no);
    assert_eq!(
        cruz.say(chart, Act::KeepKeys(KeepKeys { keys: vec![] })),
        never(Refusal::BadStatement)
    );
    assert_eq!(ana.leave(chart), never(Refusal::LastOwner));
    // An owner judges by what it saw last: a lost race is told as one.
    let head = ana.chart(chart).membership_head();
    let entry = ana.device.statement(chart, head, Act::Close);
    let ticket = ana.invite(chart, therapist());
    let lost = ana.device.push(&[&entry]).remove(0);
    let now = ana.chart(chart).membership_head();
    assert!(
        lost == NotAccepted::StaleMembership { head: now }.into()
            || lost == never(Refusal::Counter),
        "{lost:?}"
    );
    drop(ticket);
}

#[test]
fn thirty_charts_with_nothing_new_are_one_round_trip_of_at_most_two_hundred_bytes() {
    let line = line();
    let mut cruz = Person::new(&line);
    let mut owners = Vec::new();
    for _ in 0..30 {
        let mut owner = Person::new(&line);
        let chart = owner.found_chart();
        let ticket = owner.invite(chart, therapist());
        cruz.join(&ticket);
        owner.pull();
        owners.push((owner, chart));
    }
    cruz.pull();
    cruz.device.send_cursors();
    let cursors: SyncResponse = cruz.device.send(&cruz.device.request()).read();
    cruz.device.apply(&cursors);
    assert_eq!(cruz.device.logs.len(), 31);
    assert_eq!(cruz.device.outlines.len(), 30);
    let request = wire::encode(&cruz.device.request());
    let reply = cruz.device.send(&cruz.device.request());
    let both = request.len() + reply.body.len();
    let response: SyncResponse = reply.read();
    assert!(!response.more && response.spaces.is_empty() && response.accounts.is_empty());
    assert!(both <= 200, "{} + {}", request.len(), both - request.len());

    // What moves in one of them comes alone.
    let (owner, chart) = &mut owners[17];
    stored(owner.write(*chart, Class::Log));
    let response: SyncResponse = cruz.device.send(&cruz.device.request()).read();
    assert_eq!(response.spaces.len(), 1);
    assert_eq!(response.spaces[0].space, *chart);
    assert_eq!(response.spaces[0].items.len(), 1, "from the stored cursor on");
    // A new phone of the therapist touches none of the thirty.
    let heads: Vec<_> = owners.iter().map(|(o, c)| o.device.logs[c].head).collect();
    second_device(&mut cruz.device, &cruz.account);
    for ((owner, chart), head) in owners.iter_mut().zip(heads) {
        owner.pull();
        assert_eq!(owner.device.logs[chart].head, head);
    }
}

#[test]
fn a_look_that_would_be_huge_is_refused_with_a_reason() {
    let limits = Limits { look_bytes: 1_000, ..Limits::without_rates() };
    let config = RelayConfig::in_memory().with_limits(limits);
    let line = Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON);
    let (mut ana, chart, mut cruz) = two(&line);
    let ticket = ana.invite(chart, therapist());
    cruz.join(&ticket);
    ana.pull();
    let ticket = ana.invite(chart, therapist());
    assert_eq!(refused(&ticket, &line), (422, ProblemCode::Refused));
}

#[test]
fn many_accounts_come_over_several_answers_and_before_any_page() {
    let limits = Limits { outline_bytes: 2_000, ..Limits::without_rates() };
    let config = RelayConfig::in_memory().with_limits(limits);
    let line = Line::Direct(Arc::new(Relay::open(config).unwrap()), NOON);
    let mut cruz = Person::new(&line);
    for _ in 0..6 {
        let mut owner = Person::new(&line);
        let chart = owner.found_chart();
        let ticket = owner.invite(chart, therapist());
        cruz.join(&ticket);
    }
    let mut fresh = Device::sign_in(&line, &cruz.device.keys);
    let mut answers = 0;
    while fresh.logs.is_empty() {
        let response: SyncResponse = fresh.send(&fresh.request()).read();
        let complete = response.accounts_feed == response.feed || !response.more;
        assert!(complete || response.spaces.is_empty(), "first who signs, then what");
        fresh.apply(&response);
        answers += 1;
        assert!(answers < 10);
    }
    assert!(answers > 1, "{answers}");
    fresh.pull();
    assert_eq!((fresh.outlines.len(), fresh.logs.len()), (6, 7));
}

#[test]
fn a_viewer_reads_the_log_and_writes_nothing() {
    let line = line();
    let (mut ana, chart, mut vera) = two(&line);
    let ticket = ana.invite(chart, Grant::preset(Role::Viewer));
    vera.join(&ticket);
    for class in Class::CHART {
        assert_eq!(vera.write(chart, class), never(Refusal::NoWriteGrant), "{class:?}");
    }
    ana.pull();
    stored(ana.write(chart, Class::Log));
    let hidden = stored(ana.write(chart, Class::Profile));
    vera.pull();
    assert_eq!(vera.stubs(chart), vec![hidden]);
    let mut wide = Grant::preset(Role::Viewer);
    wide.classes.insert(Class::Profile, Access::Read);
    stored(ana.change(chart, vera.id(), wide));
    let shown = stored(ana.write(chart, Class::Profile));
    vera.pull();
    assert_eq!(vera.stubs(chart), vec![hidden], "what is granted later is whole from then on");
    assert!(vera.device.logs[&chart].items.contains_key(&shown));
    assert!(vera.opens(chart).contains(&Class::Profile));
}
