//! Reading an account's membership alone, before this device belongs to it: from the genesis on, each
//! statement judged, and what the link or the phrase knows of it compared.

use holdfast_protocol::entry::Entry;
use holdfast_protocol::ids::{AccountId, EntryHash};
use holdfast_protocol::membership::{Judge, NotAccepted, SpaceState};
use holdfast_protocol::sync::Item;

/// Why a membership is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadOutline {
    /// Nothing came, or not in order.
    #[error("the relay's answer holds no membership")]
    Empty,
    /// An entry that does not read, or is not signed by its author.
    #[error("the relay's answer holds an entry that does not read: {0}")]
    BadEntry(#[from] holdfast_protocol::entry::BadEntry),
    /// Another account's.
    #[error("the relay answered with the membership of another account")]
    OtherAccount,
    /// A statement that does not follow.
    #[error("the relay's answer holds a membership statement that does not fit: {0}")]
    NotAccepted(#[from] NotAccepted),
    /// Older than what the link says, or another branch.
    #[error(
        "the relay shows a membership that lacks the one the link was made with: it is older, or forged"
    )]
    LacksHead,
}

/// Reads a membership from its genesis on. `head` is an entry that must be part of it.
pub(crate) fn read(
    account: AccountId,
    items: &[Item],
    head: Option<EntryHash>,
) -> Result<SpaceState, BadOutline> {
    let mut state: Option<SpaceState> = None;
    let mut has_head = head.is_none();
    let mut last = 0;
    for item in items {
        let Item::Entry { seq, bytes } = item else { return Err(BadOutline::Empty) };
        if *seq <= last {
            return Err(BadOutline::Empty);
        }
        last = *seq;
        let entry = Entry::from_bytes(bytes)?;
        has_head |= Some(entry.hash()) == head;
        match &mut state {
            None => {
                if entry.space() != account {
                    return Err(BadOutline::OtherAccount);
                }
                let started = SpaceState::start(&entry, &(), Judge::Outline)?;
                if started.as_account().is_none() {
                    return Err(BadOutline::OtherAccount);
                }
                state = Some(started);
            }
            Some(state) => {
                let accepted = state.check(&entry, &(), Judge::Outline)?;
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
