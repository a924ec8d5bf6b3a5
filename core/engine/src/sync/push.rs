//! What goes to the relay next, and what its acknowledgements mean. Every change that waits has a state and a
//! reason; nothing is dropped without a word.

use std::collections::BTreeSet;

use holdfast_domain::words::Message;
use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::SpaceId;
use holdfast_protocol::membership::Refusal;
use holdfast_protocol::sync::{Ack, MAX_PUSH, Outcome, Push};

use super::give_back;
use super::handed_again;
use super::report::SyncReport;
use super::restore;
use super::seal;
use super::site::Site;
use crate::error::Result;
use crate::protocol_words::refusal;
use crate::rights;
use crate::store::sync_tables::sealed::{self, Sealed};
use crate::store::sync_tables::{alarms, entries, spaces};
use crate::store::{Priority, Tx, outbox};

/// Bytes of entries in one request. It bounds what is lost when an answer does not come.
pub(crate) const BATCH_BYTES: usize = 1024 * 1024;
/// Entries in one request.
const BATCH_ENTRIES: usize = if MAX_PUSH < 512 { MAX_PUSH } else { 512 };
/// Acknowledgements handled in one transaction.
const ACKS_AT_ONCE: usize = 32;

/// What a batch of acknowledgements asks for.
#[derive(Debug, Default, Clone)]
pub(crate) struct Acked {
    /// Entries the relay took, or had.
    pub(crate) stored: u64,
    /// Spaces whose waiting entries must be sealed anew, once they are read to their end.
    pub(crate) reseal: BTreeSet<SpaceId>,
    /// When to send the rest, in milliseconds from now.
    pub(crate) retry_after_ms: Option<u64>,
    /// A membership statement was refused, or lost the race: think again after pulling.
    pub(crate) think_again: bool,
    /// A pack or a checkpoint does not fit the log any more.
    pub(crate) tidy_refused: bool,
    /// Changes that the relay says this account may not write: what becomes of them is told once its answer is
    /// read.
    pub(crate) not_allowed: Vec<(Sealed, Refusal)>,
    /// A membership statement will never be taken as it was meant.
    pub(crate) membership_refused: Option<Refusal>,
}

/// Seals what waits until a batch is full.
pub(crate) fn fill(
    site: &Site<'_>,
    stop: &dyn Fn() -> bool,
    report: &mut SyncReport,
) -> Result<()> {
    while !stop() {
        let waiting = site.store.read(sealed::waiting_size)?;
        if waiting.0 >= BATCH_ENTRIES || waiting.1 >= BATCH_BYTES || !seal::seal_some(site, report)?
        {
            break;
        }
    }
    Ok(())
}

/// The next batch, in order. Entries sealed under an older key are sealed anew first.
pub(crate) fn gather(site: &Site<'_>, report: &mut SyncReport) -> Result<(Vec<Sealed>, Vec<Push>)> {
    let (batch, stale) = read_batch(site)?;
    if stale.is_empty() {
        return pushes(site, batch);
    }
    for space in stale {
        report.note(seal::reseal(site, space))?;
    }
    let (mut batch, stale) = read_batch(site)?;
    // What could not be sealed anew waits: under its old key it would not be taken.
    batch.retain(|one| one.kind != Kind::Change || !stale.contains(&one.space));
    pushes(site, batch)
}

fn pushes(site: &Site<'_>, mut batch: Vec<Sealed>) -> Result<(Vec<Sealed>, Vec<Push>)> {
    handed_again::wrap_again(site, &mut batch)?;
    let pushes = batch
        .iter()
        .map(|one| Push { entry: one.bytes.clone(), invite_wraps: one.wraps.clone() })
        .collect();
    Ok((batch, pushes))
}

/// What could be sent now, and the spaces where some of it is sealed under an older key.
fn read_batch(site: &Site<'_>) -> Result<(Vec<Sealed>, BTreeSet<SpaceId>)> {
    site.store.read(|conn| {
        let known = spaces::all(conn)?;
        let mut batch = Vec::new();
        let mut bytes = 0;
        let mut stale = BTreeSet::new();
        let mut full = BTreeSet::new();
        let mut skip = 0;
        loop {
            let some = sealed::waiting(conn, skip, 32)?;
            if some.is_empty() {
                break;
            }
            skip += 32;
            for one in some {
                let space = known.iter().find(|space| space.id == one.space);
                // While a log is read from its start nobody knows yet what the relay lacks.
                if space.is_some_and(|space| space.starting.is_some()) {
                    continue;
                }
                let epoch_is_old = space.and_then(spaces::SpaceRow::settled).is_some_and(|state| {
                    one.own
                        && one.kind == Kind::Change
                        && Entry::from_trusted_bytes(&one.bytes).is_ok_and(|entry| {
                            entry.header().epoch < state.epoch(entry.header().class)
                        })
                });
                if epoch_is_old && !one.held {
                    stale.insert(one.space);
                }
                // One of a document at a time: were the first refused and sealed anew, the second would come
                // before what it follows. What comes after it waits too, for counters only rise.
                let follows = |before: &Sealed| before.space == one.space && before.doc == one.doc;
                if one.own && !one.held && one.doc.is_some() && batch.iter().any(follows) {
                    full.insert(one.space);
                }
                if full.contains(&one.space) {
                    continue;
                }
                bytes += one.bytes.len();
                if !batch.is_empty() && bytes > BATCH_BYTES {
                    return Ok((batch, stale));
                }
                batch.push(one);
                if batch.len() >= BATCH_ENTRIES {
                    return Ok((batch, stale));
                }
            }
        }
        Ok((batch, stale))
    })
}

/// Takes the relay's word on a batch.
pub(crate) fn take_acks(
    site: &Site<'_>,
    batch: &[Sealed],
    acks: &[Ack],
    report: &mut SyncReport,
) -> Result<Acked> {
    let mut acked = Acked::default();
    let pairs: Vec<(&Sealed, &Ack)> =
        batch.iter().zip(acks).filter(|(sent, ack)| sent.hash == ack.entry).collect();
    for some in pairs.chunks(ACKS_AT_ONCE) {
        site.store.write(Priority::Sync, "sync", |tx| {
            for (sent, ack) in some {
                take_ack(site, tx, sent, &ack.outcome, &mut acked, report)?;
            }
            Ok(())
        })?;
    }
    Ok(acked)
}

fn take_ack(
    site: &Site<'_>,
    tx: &Tx<'_>,
    sent: &Sealed,
    outcome: &Outcome,
    acked: &mut Acked,
    report: &mut SyncReport,
) -> Result<()> {
    match outcome {
        Outcome::Stored { seq } | Outcome::Have { seq } => {
            acked.stored += 1;
            let ids: Vec<i64> =
                outbox::of_sealed(tx.reader(), sent.id)?.iter().map(|change| change.id).collect();
            outbox::acknowledge(tx, &ids, *seq)?;
            let no = spaces::number(tx, sent.space)?;
            if sent.own {
                let counter = Entry::from_trusted_bytes(&sent.bytes)
                    .map_or(0, |entry| entry.header().counter);
                spaces::set_prev(tx, no, sent.hash, counter)?;
            }
            // The genesis of a chart is in its log here from the beginning, and does not come back.
            if entries::has(tx.reader(), no, sent.hash)? {
                sealed::remove(tx, sent.id)
            } else {
                sealed::stored(tx, sent.id, *seq)
            }
        }
        Outcome::RetryAfter { ms } => {
            acked.retry_after_ms = Some(acked.retry_after_ms.unwrap_or(0).max(*ms));
            Ok(())
        }
        Outcome::Reseal { .. } if !sent.own => give_back::refused(site, tx, sent),
        Outcome::Reseal { .. } => {
            acked.reseal.insert(sent.space);
            Ok(())
        }
        Outcome::StaleMembership { .. } | Outcome::StaleCut | Outcome::StaleWrap => {
            acked.think_again = true;
            if sent.held {
                // A restored relay knows a newer membership: what was said then is in force already, void, or to
                // be said again.
                return give_back::refused(site, tx, sent);
            }
            if is_genesis(sent) {
                return sealed::refuse(tx, sent.id, &Message::new("sync.unsent.account_changed"));
            }
            sealed::remove(tx, sent.id)
        }
        Outcome::Never { why } => take_refusal(site, tx, sent, *why, acked, report),
    }
}

fn is_genesis(sent: &Sealed) -> bool {
    Entry::from_trusted_bytes(&sent.bytes).is_ok_and(|entry| entry.header().is_genesis())
}

fn take_refusal(
    site: &Site<'_>,
    tx: &Tx<'_>,
    sent: &Sealed,
    why: Refusal,
    acked: &mut Acked,
    report: &mut SyncReport,
) -> Result<()> {
    // A relay that lost a chart does not know it until it was given back.
    let mends = matches!(
        why,
        Refusal::Counter
            | Refusal::Chain
            | Refusal::Fork
            | Refusal::UnknownEpoch
            | Refusal::UnknownSpace
    );
    match sent.kind {
        // What it stood in for is not in the log of a relay that lost it: it is given back as it is.
        Kind::Pack if sent.held => {
            acked.reseal.insert(sent.space);
            Ok(())
        }
        // Given back in another's name, and that device has gone on: it may have lost it as well.
        _ if !sent.own => give_back::refused(site, tx, sent),
        // A pack and a checkpoint say what is elsewhere; new ones are made of the state as it then is.
        Kind::Pack | Kind::Checkpoint => {
            acked.tidy_refused = true;
            sealed::remove(tx, sent.id)
        }
        Kind::Membership if !is_genesis(sent) && sent.held => {
            acked.think_again |= mends;
            give_back::refused(site, tx, sent)
        }
        Kind::Membership if !is_genesis(sent) => {
            acked.think_again |= mends;
            if !mends {
                acked.membership_refused = Some(why);
            }
            sealed::remove(tx, sent.id)
        }
        // It may be a chart that a relay was set back to before the account came into it.
        Kind::Change
            if why == Refusal::UnknownSpace
                && restore::set_aside_unshown(site, tx, sent.space)? =>
        {
            Ok(())
        }
        Kind::Change if mends => {
            acked.reseal.insert(sent.space);
            Ok(())
        }
        _ if why == Refusal::Quota => {
            report.problem("relay_full", Message::new("sync.relay_full"));
            acked.retry_after_ms = Some(acked.retry_after_ms.unwrap_or(0).max(60_000));
            Ok(())
        }
        Kind::Change if is_about_rights(site, tx, sent, why)? => {
            acked.not_allowed.push((sent.clone(), why));
            Ok(())
        }
        Kind::Change | Kind::Membership => {
            if matches!(why, Refusal::Revoked | Refusal::NotAMember) {
                alarms::raise(tx, "device_revoked", sent.space, REVOKED)?;
            }
            sealed::refuse(tx, sent.id, &refusal(why))
        }
    }
}

/// Whether a refusal says that the account may not write this, and not that the device is none of it any more.
fn is_about_rights(site: &Site<'_>, tx: &Tx<'_>, sent: &Sealed, why: Refusal) -> Result<bool> {
    Ok(match why {
        Refusal::NoWriteGrant | Refusal::GrantEnded | Refusal::Closed => true,
        Refusal::NotAMember => spaces::known_state(tx.reader(), sent.space)?
            .is_some_and(|state| !rights::owns(&state, site.account)),
        _ => false,
    })
}

/// What the relay said may not be written, now that its answer is read: what is not this account's to write by
/// what is known here either goes back into the outbox, and is sent when the right comes back. Where the two do
/// not agree it is refused for good, and visibly.
pub(crate) fn settle_not_allowed(site: &Site<'_>, not_allowed: &[(Sealed, Refusal)]) -> Result<()> {
    for (sent, why) in not_allowed {
        site.store.write(Priority::Sync, "sync", |tx| {
            seal::set_aside(site, tx, sent.space)?;
            if sealed::by_hash(tx.reader(), sent.hash)?.is_some() {
                sealed::refuse(tx, sent.id, &refusal(*why))?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// What a revoked device says.
pub(crate) const REVOKED: &str = "sync.alarm.device_revoked";
