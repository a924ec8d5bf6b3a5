//! Laws of a chart's members, over any order of what several owners and those they invite try, each from what it
//! had seen: one membership for every reader, keys for those who read and for nobody else, and always an owner.

#![allow(clippy::unwrap_used)]

#[path = "logs/company.rs"]
mod company;
#[path = "logs/company_deeds.rs"]
mod company_deeds;
mod logs;

use std::collections::{BTreeMap, BTreeSet};

use company::{CHART, Company, Deed, PEOPLE, Step};
use holdfast_protocol::checkpoint::Checkpoint;
use holdfast_protocol::entry::{Entry, Header, Kind};
use holdfast_protocol::ids::Class;
use holdfast_protocol::membership::{ChartState, Judge, NotAccepted, Refusal, SpaceState};
use logs::{header, take};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn deed() -> impl Strategy<Value = Deed> {
    let any_number = || 0usize..64;
    prop_oneof![
        8 => (any_number(), prop::bool::weighted(0.2), prop::bool::weighted(0.1))
            .prop_map(|(grant, confirm, late)| Deed::Invite { grant, confirm, late }),
        2 => any_number().prop_map(|which| Deed::CloseInvite { which }),
        12 => any_number().prop_map(|which| Deed::Join { which }),
        6 => Just(Deed::Keep),
        4 => any_number().prop_map(|whom| Deed::Confirm { whom }),
        5 => (any_number(), any_number()).prop_map(|(whom, grant)| Deed::Change { whom, grant }),
        4 => any_number().prop_map(|whom| Deed::Remove { whom }),
        2 => Just(Deed::Leave),
        3 => (0u8..32).prop_map(|mask| Deed::Rotate { mask }),
        12 => (0usize..5, prop::bool::weighted(0.1))
            .prop_map(|(class, pack)| Deed::Write { class, pack }),
        2 => Just(Deed::Checkpoint),
        1 => Just(Deed::RotateAccount),
        1 => Just(Deed::RevokeOther),
        3 => Just(Deed::CutOther),
    ]
}

fn steps() -> impl Strategy<Value = (u64, Vec<Step>)> {
    let device = 0usize..64;
    let step = (device, prop::bool::weighted(0.85), deed())
        .prop_map(|(device, looks, deed)| Step { device, looks, deed });
    let closing = prop::bool::weighted(0.2);
    (any::<u64>(), prop::collection::vec(step, 10..80), closing).prop_map(
        |(seed, mut steps, close)| {
            if close {
                // Not at the very end: what comes after a close is of interest.
                let at = steps.len() * 4 / 5;
                steps.insert(at, Step { device: 0, looks: true, deed: Deed::Close });
            }
            (seed, steps)
        },
    )
}

/// Runs a law on many companies.
fn law(cases: u32, check: impl Fn(Company)) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    proptest!(config, |((seed, steps) in steps())| check(lived(seed, &steps)));
}

fn lived(seed: u64, steps: &[Step]) -> Company {
    let mut company = Company::new(seed);
    steps.iter().for_each(|step| company.take(step));
    company
}

#[test]
fn all_that_these_laws_speak_of_happens_among_these_people() {
    let mut runner = TestRunner::deterministic();
    let mut happened = BTreeMap::<&str, u32>::new();
    let mut owners = 0;
    for _ in 0..48 {
        let (seed, steps) = steps().new_tree(&mut runner).unwrap().current();
        let company = lived(seed, &steps);
        for (what, count) in company.taken.iter().chain([(&"refusal", &company.refused)]) {
            *happened.entry(what).or_default() += count;
        }
        let chart = company.chart();
        owners = owners.max(chart.members.keys().filter(|a| chart.is_owner(a)).count());
    }
    for what in EVERYTHING {
        assert!(happened.get(what).is_some_and(|n| *n > 2), "hardly any {what}: {happened:?}");
    }
    assert!(owners >= 3, "several owners at once");
}

const EVERYTHING: [&str; 18] = [
    "invite",
    "close invite",
    "join",
    "keep keys",
    "confirm",
    "narrow",
    "widen",
    "remove",
    "leave",
    "close",
    "rotate classes",
    "change",
    "pack",
    "checkpoint",
    "rotate account",
    "revoke",
    "cut",
    "refusal",
];

#[test]
fn any_interleaving_of_several_owners_acts_gives_one_membership_to_every_reader() {
    law(16, |company| {
        let accounts = company.accounts();
        let log = &company.logs[CHART];
        log.assert_every_reader_comes_to_its_state(&accounts);
    });
}

/// A chart as everybody knows it. From which counter on a right that was given back counts again is known
/// exactly to those who saw every entry; others know at least that it was.
fn known_to_all(state: &SpaceState) -> ChartState {
    let mut chart = state.as_chart().unwrap().clone();
    for lost in chart.lost.values_mut().flat_map(|devices| devices.values_mut()).flatten() {
        lost.until = lost.until.map(|_| 0);
    }
    chart
}

#[test]
fn who_reads_the_membership_alone_or_only_some_classes_knows_the_same_members() {
    law(16, |company| {
        let accounts = company.accounts();
        let log = &company.logs[CHART];
        let mut outline = log.states[0].clone();
        for entry in log.entries.iter().filter(|e| e.header().kind == Kind::Membership) {
            let accepted = outline.check(entry, &accounts, Judge::Outline).unwrap();
            outline.apply(entry, &accepted);
        }
        assert_eq!(known_to_all(&outline), known_to_all(log.state()));
        for hidden in [&[Class::Log][..], &[Class::Notes, Class::Profile], &Class::CHART] {
            let mut state = log.states[0].clone();
            for entry in &log.entries {
                let content = matches!(entry.header().kind, Kind::Change | Kind::Pack);
                if content && hidden.contains(&entry.header().class) {
                    state.pass(entry.hash());
                } else {
                    take(&mut state, entry, &accounts);
                }
            }
            assert_eq!(known_to_all(&state), known_to_all(log.state()));
            assert_eq!(state.head(), log.state().head());
            assert_eq!(state.membership_head(), log.state().membership_head());
        }
    });
}

#[test]
fn a_start_from_a_checkpoint_anywhere_knows_the_members_and_takes_what_former_ones_wrote() {
    law(16, |company| {
        let accounts = company.accounts();
        let log = &company.logs[CHART];
        for at in (0..log.states.len()).step_by(1 + log.states.len() / 6) {
            let there = &log.states[at];
            let checkpoint = Checkpoint {
                at: there.head(),
                membership: there.membership_head(),
                live_root: [0; 32],
                live_count: 0,
                tips: there.checkpoint_tips(),
            };
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
                    there.check_retained(entry.header(), &accounts).unwrap();
                }
            }
            state.start_from(&checkpoint);
            assert_eq!(known_to_all(&state), known_to_all(there));
            assert_eq!((state.head(), state.authors()), (there.head(), there.authors()));
            log.entries[at..].iter().for_each(|entry| take(&mut state, entry, &accounts));
            assert_eq!(known_to_all(&state), known_to_all(log.state()));
            assert_eq!(state.head(), log.state().head());
        }
    });
}

#[test]
fn what_a_phone_wrote_before_it_was_lost_counts_on_when_its_owner_is_removed_later() {
    let mut company = Company::new(1);
    let (owner, phone, tablet) = (0, 2, 3);
    let all_look = |company: &mut Company| (0..4).for_each(|device| company.look(device));
    let deeds = [
        (owner, Deed::Invite { grant: 1, confirm: false, late: false }),
        (phone, Deed::Join { which: 1 }),
        (phone, Deed::Keep),
        (tablet, Deed::Write { class: 1, pack: false }),
        (phone, Deed::RevokeOther),
        (phone, Deed::CutOther),
    ];
    for (device, deed) in deeds {
        all_look(&mut company);
        assert!(company.try_deed(device, &deed), "{deed:?}");
    }
    all_look(&mut company);
    let account = company.account(1);
    let whom = company.chart().members.keys().position(|a| *a == account).unwrap();
    assert!(company.try_deed(owner, &Deed::Remove { whom }));
    let (state, accounts) = (company.logs[CHART].state(), company.accounts());
    let id = company.devices[tablet].keys.id();
    let mut written = company.logs[CHART].entries.iter().filter(|e| e.header().author == id);
    let entry = written.next().unwrap();
    assert_eq!(state.check_retained(entry.header(), &accounts), Ok(()));
    let later = Header { counter: entry.header().counter + 1, ..entry.header().clone() };
    assert!(state.check_retained(&later, &accounts).is_err());
}

#[test]
fn what_is_dated_back_to_before_a_removal_or_into_the_time_between_counts_for_nobody() {
    law(16, |company| {
        let accounts = company.accounts();
        let state = company.logs[CHART].state();
        let chart = company.chart();
        for device in &company.devices {
            let (id, account) = (device.keys.id(), company.account(device.person));
            let tip = state.tip(&id);
            for class in Class::CHART {
                let epoch = state.epoch(class);
                let head = header(state.space(), class, Kind::Change, epoch);
                let head = Header { author: id, counter: tip.counter + 1, prev: tip.entry, ..head };
                if !chart.may_write(&account, class) || chart.cuts.contains_key(&id) {
                    let entry = Entry::sign(head, vec![0; 512], &device.keys);
                    assert!(state.check(&entry, &accounts, Judge::Member).is_err());
                    assert!(state.check_retained(entry.header(), &accounts).is_err());
                    continue;
                }
                // Who has the right again: the time between stays out.
                let lost = chart.lost.get(&account).and_then(|devices| devices.get(&id));
                for lost in lost.into_iter().flatten().filter(|lost| lost.class == class) {
                    let until = lost.until.unwrap();
                    for counter in [lost.after + 1, until]
                        .into_iter()
                        .filter(|c| *c > lost.after && *c <= until)
                    {
                        let between = Header { counter, ..head.clone() };
                        let refused = Err(NotAccepted::Never(Refusal::NoWriteGrant));
                        assert_eq!(state.check_retained(&between, &accounts), refused);
                    }
                }
                assert_eq!(state.check_retained(&head, &accounts), Ok(()));
            }
        }
    });
}

/// The keys of a class that a person ever gets: wrapped, handed over, and what these lead back to.
fn known(company: &Company, person: usize, class: Class) -> BTreeSet<u32> {
    let account = company.account(person);
    let of_class = company.taken_epochs.iter().filter(|taken| taken.epoch.class == class);
    let mut known: BTreeSet<u32> = company
        .handed
        .iter()
        .filter(|(whom, of, _)| *whom == person && *of == class)
        .map(|(_, _, number)| *number)
        .collect();
    for taken in of_class {
        for secret in &company.secrets[person] {
            if let Ok(key) = taken.epoch.open(account, secret) {
                assert_eq!(key, company.class_keys[&(class, taken.epoch.number)]);
                known.insert(taken.epoch.number);
            }
        }
    }
    known
}

#[test]
fn each_new_key_opens_for_exactly_those_who_read_the_class_from_then_on() {
    law(16, |company| {
        for taken in &company.taken_epochs {
            for person in 0..PEOPLE {
                let account = company.account(person);
                let opens =
                    company.secrets[person].iter().any(|s| taken.epoch.open(account, s).is_ok());
                assert_eq!(opens, taken.readers.contains(&person));
            }
        }
    });
}

#[test]
fn whoever_reads_a_class_has_its_current_key_and_nobody_else_unless_an_owner_is_told_to_renew_it() {
    law(16, |company| {
        let chart = company.chart();
        for class in Class::CHART {
            let current = chart.epoch(class);
            for person in 0..PEOPLE {
                let has = known(&company, person, class).contains(&current);
                let reads = chart.may_read(&company.account(person), class);
                assert!(has || !reads, "{person} reads {class:?} and has no key");
                assert!(
                    reads || !has || chart.due.contains(&class),
                    "{person} has {class:?}'s key"
                );
            }
            // From the newest key back to the first.
            let epochs = &chart.epochs[&class];
            for pair in epochs.windows(2) {
                let key = &company.class_keys[&(class, pair[1].number)];
                let older = &company.class_keys[&(class, pair[0].number)];
                assert_eq!(&pair[1].open_previous(key).unwrap(), older);
            }
        }
    });
}

#[test]
fn a_chart_always_has_an_owner_and_an_owner_can_always_go_on() {
    law(16, |mut company| {
        for state in &company.logs[CHART].states {
            let chart = state.as_chart().unwrap();
            assert!(chart.members.keys().any(|account| chart.is_owner(account)));
            // Whoever was removed, or stole a phone, does not come back through an invite made before.
            for open in chart.invites.values() {
                assert!(chart.is_owner(&open.by) && !chart.cuts.contains_key(&open.device));
            }
        }
        if company.chart().closed {
            for device in 0..company.devices.len() {
                company.look(device);
                assert!(!company.try_deed(device, &Deed::Write { class: 1, pack: false }));
                assert!(!company.try_deed(device, &Deed::Rotate { mask: 31 }));
                assert!(!company.try_deed(device, &Deed::Leave));
            }
            return;
        }
        let chart = company.chart();
        let account_of = |device: usize| company.account(company.devices[device].person);
        let acts = |device: &usize| {
            let id = company.devices[*device].keys.id();
            let account = company.logs[company.devices[*device].person].state();
            chart.is_owner(&account_of(*device))
                && account.as_account().unwrap().is_active(&id)
                && !chart.cuts.contains_key(&id)
        };
        let owner = (0..company.devices.len()).find(acts).unwrap();
        let newcomer = (0..company.devices.len()).find(|device| {
            let id = company.devices[*device].keys.id();
            let account = company.logs[company.devices[*device].person].state();
            !chart.members.contains_key(&account_of(*device))
                && !chart.cuts.contains_key(&id)
                && account.as_account().unwrap().is_active(&id)
        });
        company.look(owner);
        assert!(company.try_deed(owner, &Deed::Rotate { mask: 31 }), "every key is renewed");
        assert!(company.chart().due.is_empty());
        company.look(owner);
        assert!(company.try_deed(owner, &Deed::Write { class: 1, pack: false }));
        let Some(newcomer) = newcomer else { return };
        while !company.chart().invites.is_empty() {
            company.look(owner);
            assert!(company.try_deed(owner, &Deed::CloseInvite { which: 0 }));
        }
        company.look(owner);
        assert!(company.try_deed(owner, &Deed::Invite { grant: 1, confirm: false, late: false }));
        company.look(newcomer);
        assert!(company.try_deed(newcomer, &Deed::Join { which: 1 }), "somebody comes in");
        company.look(newcomer);
        assert!(company.try_deed(newcomer, &Deed::Keep));
        assert!(company.try_deed(newcomer, &Deed::Write { class: 1, pack: false }));
    });
}
