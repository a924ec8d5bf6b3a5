//! Reading an account's membership alone, before this device belongs to it: from the genesis on, each
//! statement judged, and what the link or the phrase knows of it compared.

use crate::protocol_words::not_accepted;
use holdfast_domain::words::{Message, Words};
use holdfast_protocol::entry::Entry;
use holdfast_protocol::ids::{AccountId, EntryHash};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::membership::{Act, Judge, NotAccepted, SpaceState, Statement};
use holdfast_protocol::sync::Item;

/// Why a membership is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Words::english().say(&self.message()))]
pub(crate) enum BadOutline {
    /// Nothing came, or not in order.
    Empty,
    /// An entry that does not read, or is not signed by its author.
    BadEntry(#[from] holdfast_protocol::entry::BadEntry),
    /// Another account's.
    OtherAccount,
    /// A statement that does not follow.
    NotAccepted(#[from] NotAccepted),
    /// Older than what the link says, or another branch.
    LacksHead,
}

impl BadOutline {
    /// What it says, in words.
    pub(crate) fn message(&self) -> Message {
        match self {
            Self::Empty => Message::new("relay_said.outline.empty"),
            Self::BadEntry(bad) => {
                Message::new("relay_said.outline.bad_entry").with("detail", bad.to_string())
            }
            Self::OtherAccount => Message::new("relay_said.outline.other_account"),
            Self::NotAccepted(why) => {
                Message::new("relay_said.outline.not_accepted").with("why", not_accepted(why))
            }
            Self::LacksHead => Message::new("relay_said.outline.lacks_head"),
        }
    }
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

/// Whether an account was founded together with the holder of a recovery phrase. Anybody who knows the phrase's
/// public key could found another around it, and read what a device that is led there writes.
pub(crate) fn is_founded_with(items: &[Item], paper: &DeviceKeys) -> bool {
    let Some(Item::Entry { bytes, .. }) = items.first() else { return false };
    let Ok(genesis) = Entry::from_bytes(bytes) else { return false };
    match Statement::from_bytes(genesis.body()).map(|statement| statement.act) {
        Ok(Act::AccountGenesis(act)) => act.is_of(paper, genesis.header().author),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::statements::found_account;
    use holdfast_protocol::entropy::SystemEntropy;
    use holdfast_protocol::epoch::AccountEpoch;
    use holdfast_protocol::keys::DeviceKind;
    use holdfast_protocol::membership::AccountGenesis;
    use holdfast_protocol::phrase::Phrase;

    #[test]
    fn an_account_that_a_relay_founded_around_a_phrase_is_not_taken_for_the_phrases_own() {
        let e = &mut SystemEntropy;
        let (phone, relay) = (DeviceKeys::generate(e), DeviceKeys::generate(e));
        let paper = Phrase::generate(e).device();
        let mine = found_account(&phone, &paper, e).unwrap();
        let item = |entry: &Entry| [Item::Entry { seq: 1, bytes: entry.to_bytes() }];
        assert!(is_founded_with(&item(&mine.genesis), &paper));
        assert!(!is_founded_with(&item(&mine.genesis), &Phrase::generate(e).device()));

        let Act::AccountGenesis(good) = Statement::from_bytes(mine.genesis.body()).unwrap().act
        else {
            panic!("a genesis")
        };
        let theirs = found_account(&relay, &Phrase::generate(e).device(), e).unwrap();
        let devices = vec![relay.certificate(DeviceKind::Machine), good.devices[1].clone()];
        let epoch = AccountEpoch::create(1, &theirs.secret, None, &devices, e).unwrap();
        let act = Act::AccountGenesis(AccountGenesis { nonce: good.nonce, devices, epoch });
        let after = holdfast_protocol::ids::EntryHash::ZERO;
        let body = Statement { after, act }.to_bytes();
        let forged = Entry::sign(theirs.genesis.header().clone(), body, &relay);
        assert!(read(forged.space(), &item(&forged), None).is_ok(), "all else is in order");
        assert!(!is_founded_with(&item(&forged), &paper));
    }
}
