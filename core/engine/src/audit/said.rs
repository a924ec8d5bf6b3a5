//! What a log says of its people, statement by statement, and from where to where it gave whom which class. It judges
//! nothing: what stands here counted when it was read.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_protocol::entry::Entry;
use holdfast_protocol::ids::{AccountId, Class, DeviceId, EntryHash, InviteId, Seq};
use holdfast_protocol::membership::{Act, Grant, Role, Statement};
use rusqlite::Connection;

use crate::error::Result;
use crate::store::sync_tables::entries;
use crate::store::sync_tables::spaces::SpaceNo;

/// One statement of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// Where it stands: its author's signature covers what it had seen, the running hash covers the place.
    pub(crate) seq: Seq,
    pub(crate) hash: EntryHash,
    /// When the relay says that it took it, in milliseconds since 1970.
    pub(crate) noted_ms: Option<u64>,
    /// The device that signed it.
    pub(crate) author: DeviceId,
    pub(crate) act: Act,
}

/// The statements of a log that counted, in order.
pub(crate) fn all(conn: &Connection, space: SpaceNo) -> Result<Vec<Said>> {
    let rows = entries::membership(conn, space)?;
    let read = |row: entries::SaidRow| {
        let entry = Entry::from_trusted_bytes(&row.bytes).ok()?;
        let act = Statement::from_bytes(entry.body()).ok()?.act;
        let author = entry.header().author;
        Some(Said { seq: row.seq, hash: row.hash, noted_ms: row.noted_ms, author, act })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// A stretch of a log in which an account was given a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    from: Seq,
    /// When what was given ends by itself, in milliseconds since 1970, by the relay's clock.
    ends_ms: Option<u64>,
    /// Where it was taken away, and when the relay says that it was.
    taken: Option<(Seq, Option<u64>)>,
}

/// From where to where a log gave whom which class to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given(BTreeMap<(AccountId, Class), Vec<Stretch>>);

impl Given {
    /// Goes through the statements of a chart.
    pub(crate) fn of(said: &[Said]) -> Self {
        let mut given = Self::default();
        let mut members: BTreeMap<AccountId, (Grant, bool)> = BTreeMap::new();
        let mut invites: BTreeMap<InviteId, (Grant, bool)> = BTreeMap::new();
        for one in said {
            let account = match &one.act {
                Act::ChartGenesis(genesis) => {
                    members.insert(genesis.owner, (Grant::preset(Role::Owner), false));
                    genesis.owner
                }
                Act::InviteMember(invite) => {
                    invites.insert(invite.invite, (invite.grant.clone(), invite.confirm_first));
                    continue;
                }
                Act::AdmitMember(admit) => {
                    let invite = admit.proof.invite;
                    let Some((grant, waiting)) = invites.remove(&invite) else { continue };
                    members.insert(admit.account, (grant, waiting));
                    admit.account
                }
                Act::ConfirmMember(confirm) => {
                    if let Some(member) = members.get_mut(&confirm.account) {
                        member.1 = false;
                    }
                    confirm.account
                }
                Act::ChangeGrant(change) => {
                    if let Some(member) = members.get_mut(&change.account) {
                        member.0 = change.grant.clone();
                    }
                    change.account
                }
                Act::RemoveMember(remove) => {
                    members.remove(&remove.account);
                    remove.account
                }
                Act::Leave(leave) => {
                    members.remove(&leave.account);
                    leave.account
                }
                _ => continue,
            };
            given.settle(account, members.get(&account), one);
        }
        given
    }

    /// What an account may read from a statement on.
    fn settle(&mut self, account: AccountId, member: Option<&(Grant, bool)>, one: &Said) {
        let confirmed = member.filter(|(_, waiting)| !waiting).map(|(grant, _)| grant);
        for class in Class::CHART {
            let reads = confirmed.is_some_and(|grant| grant.reads(class));
            let ends_ms = confirmed.and_then(|grant| grant.until_ms);
            let stretches = self.0.entry((account, class)).or_default();
            let open = stretches.last_mut().filter(|stretch| stretch.taken.is_none());
            match open {
                Some(open) if reads && open.ends_ms == ends_ms => {}
                // Its end was moved: that is another stretch, which begins where the one before it stops.
                Some(open) => open.taken = Some((one.seq, one.noted_ms)),
                None if reads => {
                    stretches.push(Stretch { from: one.seq, ends_ms, taken: None });
                    continue;
                }
                None => continue,
            }
            if reads && stretches.last().is_some_and(|last| last.taken.is_some()) {
                stretches.push(Stretch { from: one.seq, ends_ms, taken: None });
            }
        }
    }

    /// Whether a device of an account that says it has applied the log up to `seq`, which the relay heard at
    /// `noted_ms`, was shown a class whole up to there: it was given the class there, and still when the relay
    /// heard. A relay shows content by what is given at that moment, so both are asked.
    pub(crate) fn reads_at(
        &self,
        account: AccountId,
        class: Class,
        seq: Seq,
        noted_ms: u64,
    ) -> bool {
        let stretches = self.0.get(&(account, class)).into_iter().flatten();
        stretches.into_iter().any(|stretch| {
            let begun = stretch.from <= seq;
            let ended = stretch.ends_ms.is_some_and(|ends| ends <= noted_ms);
            let taken = stretch
                .taken
                .is_some_and(|(at, at_ms)| seq >= at || at_ms.is_none_or(|at_ms| noted_ms > at_ms));
            begun && !ended && !taken
        })
    }

    /// The classes an account was ever given to read.
    pub(crate) fn ever(&self, account: AccountId) -> BTreeSet<Class> {
        let of = |((whose, class), stretches): (&(AccountId, Class), &Vec<Stretch>)| {
            (*whose == account && !stretches.is_empty()).then_some(*class)
        };
        self.0.iter().filter_map(of).collect()
    }
}
