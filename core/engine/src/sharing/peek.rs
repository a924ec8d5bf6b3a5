//! A chart as a relay shows it to the holder of an invite: every statement judged from the genesis on, every account
//! too, and all that the link says of it compared.

use std::collections::BTreeMap;

use holdfast_domain::words::{Message, Words};
use holdfast_protocol::entry::Entry;
use holdfast_protocol::ids::AccountId;
use holdfast_protocol::invitation::MemberLink;
use holdfast_protocol::membership::{Judge, SpaceState};
use holdfast_protocol::pairing::PeekResponse;
use holdfast_protocol::sync::Item;

use crate::identity::outline::{self, BadOutline};

/// Why what a relay shows is not what the link leads to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Words::english().say(&self.message()))]
pub(super) enum BadPeek {
    /// An account or the chart does not read.
    Outline(#[from] BadOutline),
    /// The invite is not in the chart's log, or not as the link says.
    OtherInvite,
}

impl BadPeek {
    /// What it says, in words.
    pub(super) fn message(&self) -> Message {
        match self {
            Self::Outline(bad) => bad.message(),
            Self::OtherInvite => Message::new("share.other_invite"),
        }
    }
}

/// A chart as it was shown.
pub(super) struct Shown {
    pub(super) state: SpaceState,
    /// The accounts of its members.
    pub(super) accounts: BTreeMap<AccountId, SpaceState>,
}

/// Reads a chart's membership, and checks the link against it.
pub(super) fn read(link: &MemberLink, answer: &PeekResponse) -> Result<Shown, BadPeek> {
    let mut accounts: BTreeMap<AccountId, SpaceState> = BTreeMap::new();
    for one in &answer.accounts {
        accounts.insert(one.account, outline::read(one.account, &one.membership, None)?);
    }
    let state = chart(link, &answer.membership, &accounts)?;
    let invite = link.keys();
    let open = state.as_chart().and_then(|chart| chart.invites.get(&invite.id()));
    let fits = open.is_some_and(|open| {
        open.grant == link.grant
            && open.confirm_first == link.confirm_first
            && open.by == link.from
            && open.expires_at_ms == link.expires_at_ms
            && open.receive == invite.receive().public()
    });
    if fits { Ok(Shown { state, accounts }) } else { Err(BadPeek::OtherInvite) }
}

fn chart(
    link: &MemberLink,
    items: &[Item],
    accounts: &BTreeMap<AccountId, SpaceState>,
) -> Result<SpaceState, BadOutline> {
    let mut state: Option<SpaceState> = None;
    let mut has_head = false;
    let mut last = 0;
    for item in items {
        let Item::Entry { seq, bytes } = item else { return Err(BadOutline::Empty) };
        if *seq <= last {
            return Err(BadOutline::Empty);
        }
        last = *seq;
        let entry = Entry::from_bytes(bytes)?;
        has_head |= entry.hash() == link.membership;
        match &mut state {
            None => {
                let started = SpaceState::start(&entry, accounts, Judge::Outline)?;
                if started.space() != link.chart || started.as_chart().is_none() {
                    return Err(BadOutline::OtherAccount);
                }
                state = Some(started);
            }
            Some(state) => {
                let accepted = state.check(&entry, accounts, Judge::Outline)?;
                if accepted.act().is_none() {
                    return Err(BadOutline::Empty);
                }
                state.apply(&entry, &accepted);
            }
        }
    }
    match state {
        None => Err(BadOutline::Empty),
        Some(_) if !has_head => Err(BadOutline::LacksHead),
        Some(state) => Ok(state),
    }
}
