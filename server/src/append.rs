//! Judging one entry under the locks of its space, and appending it. The order of the checks is the
//! protocol's: duplicate, device and right, epoch, chain, history, quota.

use holdfast_protocol::entry::{Entry, Kind, Position};
use holdfast_protocol::ids::{AccountId, Seq, SpaceId};
use holdfast_protocol::membership::{
    Accepted, Act, Judge, NotAccepted, Refusal, SpaceKind, SpaceState,
};
use holdfast_protocol::sync::{Noted, Outcome};

use crate::config::Limits;
use crate::pushed::Pushed;
use crate::store::{Held, NewEntry, SpaceNo, SpaceRow, StoreError, Stored, Writing};
use crate::working_set::WorkingSet;
use crate::{checkpoints, effects, invites, quota};

/// On whose behalf entries come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// A device of this account, signed in.
    Sync(AccountId),
    /// A stranger who registers an account: only an account's genesis is taken.
    Register,
    /// A stranger with an invite: only an admission to this account or chart is taken.
    Join(SpaceId),
}

/// What every judgement of a request needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bench<'a> {
    pub via: Via,
    pub now_ms: u64,
    pub limits: &'a Limits,
}

/// Why an entry was not appended, or that the store failed.
pub(crate) enum Stop {
    Not(Outcome),
    Store(StoreError),
}

impl From<NotAccepted> for Stop {
    fn from(not: NotAccepted) -> Self {
        Self::Not(not.into())
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Not(Outcome::Never { why: refusal })
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Judges an entry and appends it.
pub(crate) fn append(
    w: &mut dyn Writing,
    set: &mut WorkingSet,
    pushed: &Pushed,
    bench: Bench<'_>,
) -> Stored<Outcome> {
    match judge(w, set, pushed, bench) {
        Ok(seq) => Ok(Outcome::Stored { seq }),
        Err(Stop::Not(outcome)) => Ok(outcome),
        Err(Stop::Store(error)) => Err(error),
    }
}

fn judge(
    w: &mut dyn Writing,
    set: &mut WorkingSet,
    pushed: &Pushed,
    bench: Bench<'_>,
) -> Result<Seq, Stop> {
    let entry = pushed.entry.as_ref().map_err(|why| *why)?;
    let id = entry.space();
    let known = set.hold(w, &id)?;
    if entry.header().is_genesis() {
        return if known {
            Err(Stop::Not(Outcome::Have { seq: 1 }))
        } else {
            start(w, set, pushed, entry, bench)
        };
    }
    let held =
        set.get(&id).filter(|held| may_push(held, bench.via)).ok_or(Refusal::UnknownSpace)?;
    if matches!(bench.via, Via::Join(_)) && entry.header().kind != Kind::Membership {
        return Err(Refusal::BadStatement.into());
    }
    if let Some(seq) = find_duplicate(w, held, entry)? {
        return Err(Stop::Not(Outcome::Have { seq }));
    }
    if matches!(bench.via, Via::Join(_)) && held.state.as_chart().is_some() {
        // Who comes into a chart has an account here, and is no member yet.
        let account = w.reading().account_of(&entry.header().author)?;
        set.hold(w, &account.ok_or(Refusal::NotAMember)?)?;
    }
    let held = set.get(&id).ok_or(Refusal::UnknownSpace)?;
    let judge = Judge::Relay { now_ms: bench.now_ms };
    let accepted = held.state.check(entry, set, judge)?;
    let row = held.row;
    let seq = held.state.head().seq + 1;
    check_history(w, set, &row, entry)?;
    let owner = author_account(set, &id, entry, &accepted, judge)?;
    match entry.header().kind {
        Kind::Pack => check_covers(w, set, &row, entry)?,
        Kind::Checkpoint => checkpoints::check(w, set, &id, entry)?,
        Kind::Membership => check_act(w, set, &id, entry, &accepted, pushed, bench)?,
        Kind::Change => {}
    }
    quota::check(w, set, &id, owner, pushed, accepted.act(), bench.limits)?;
    store(w, set, &id, entry, &accepted, pushed, bench.now_ms)?;
    set.add_bytes(row.no, owner, pushed.bytes.len() as u64, accepted.act().is_some());
    effects::follow(w, set, &id, entry, accepted.act(), &pushed.wraps, bench.now_ms)?;
    Ok(seq)
}

/// A stranger learns nothing of a space: it is as if it were not there.
fn may_push(held: &Held, via: Via) -> bool {
    match via {
        Via::Sync(account) => held.state.member_accounts().contains(&account),
        Via::Join(space) => held.state.space() == space,
        Via::Register => false,
    }
}

/// Counters rise with every entry, so a counter above the author's tip is no duplicate.
fn find_duplicate(w: &dyn Writing, held: &Held, entry: &Entry) -> Stored<Option<Seq>> {
    let header = entry.header();
    let new =
        held.state.authors().get(&header.author).is_none_or(|tip| header.counter > tip.counter);
    if new {
        return Ok(None);
    }
    let found = w.reading().find(held.row.no, &header.author, header.counter)?;
    Ok(found.filter(|(_, hash)| *hash == entry.hash()).map(|(seq, _)| seq))
}

/// What the author had seen must be in this log. A store that was restored from a backup cannot tell for
/// positions above what the backup had: there the readers compare.
fn check_history(
    w: &dyn Writing,
    set: &mut WorkingSet,
    row: &SpaceRow,
    entry: &Entry,
) -> Result<(), Stop> {
    let id = entry.space();
    let seen = entry.header().seen;
    if seen == Position::START || set.seen == Some((id, seen)) {
        return Ok(());
    }
    if w.reading().running_at(row.no, seen.seq)? == Some(seen.running) {
        set.seen = Some((id, seen));
        return Ok(());
    }
    if row.restored.is_some_and(|head| seen.seq > head) {
        return Ok(());
    }
    Err(Refusal::Fork.into())
}

/// The account whose share of the space an entry counts to.
fn author_account(
    set: &WorkingSet,
    id: &SpaceId,
    entry: &Entry,
    accepted: &Accepted,
    judge: Judge,
) -> Result<SpaceNo, Stop> {
    let held = set.get(id).ok_or(Refusal::UnknownSpace)?;
    let account = match (held.state.kind(), accepted.act()) {
        (SpaceKind::Account(_), _) => *id,
        (SpaceKind::Chart(_), Some(Act::AdmitMember(admit))) => admit.account,
        (SpaceKind::Chart(chart), _) => chart.account_of(&entry.header().author, set, judge)?,
    };
    let account = set.get(&account).ok_or(Refusal::NotAMember)?;
    Ok(account.row.no)
}

/// Everything that a pack covers is a live change or pack of its class.
fn check_covers(
    w: &dyn Writing,
    set: &mut WorkingSet,
    row: &SpaceRow,
    entry: &Entry,
) -> Result<(), Stop> {
    let header = entry.header();
    let rows = header.covers.iter().map(|r| r.last - r.first + 1).sum();
    if !set.may_scan(rows) {
        return Err(Stop::Not(Outcome::RetryAfter { ms: 1000 }));
    }
    for range in &header.covers {
        if !w.reading().is_coverable(row.no, *range, header.class)? {
            return Err(Refusal::BadCovers.into());
        }
    }
    Ok(())
}

/// What the relay asks of a membership act beyond the verifier: a device belongs to one account, and a rotation
/// brings the wraps of the open invites.
fn check_act(
    w: &dyn Writing,
    set: &WorkingSet,
    id: &SpaceId,
    entry: &Entry,
    accepted: &Accepted,
    pushed: &Pushed,
    bench: Bench<'_>,
) -> Result<(), Stop> {
    let by_invite = match accepted.act() {
        Some(Act::AdmitDevice(admit)) => admit.proof.is_some(),
        Some(Act::AdmitMember(_)) => true,
        _ => false,
    };
    if matches!(bench.via, Via::Join(_)) && !by_invite {
        return Err(Refusal::BadStatement.into());
    }
    match accepted.act() {
        Some(Act::AdmitDevice(admit)) => {
            let bound = w.reading().account_of(&admit.device.device)?;
            return if bound.is_none_or(|bound| bound == *id) {
                Ok(())
            } else {
                Err(Refusal::BadStatement.into())
            };
        }
        Some(Act::AdmitMember(admit)) => {
            let no = set.get(&admit.account).ok_or(Refusal::NotAMember)?.row.no;
            if w.reading().count_spaces(no)? >= bench.limits.spaces_per_account {
                return Err(Refusal::Quota.into());
            }
        }
        Some(act) if !invites::rotated(act).is_empty() => {
            let held = set.get(id).ok_or(Refusal::UnknownSpace)?;
            let mut after = held.state.clone();
            after.apply(entry, accepted);
            invites::check_wraps(w, held, &after, act, &pushed.wraps, bench.now_ms)?;
        }
        _ => {}
    }
    Ok(())
}

fn start(
    w: &mut dyn Writing,
    set: &mut WorkingSet,
    pushed: &Pushed,
    entry: &Entry,
    bench: Bench<'_>,
) -> Result<Seq, Stop> {
    let state = SpaceState::start(entry, set, Judge::Relay { now_ms: bench.now_ms })?;
    let id = state.space();
    match (state.kind(), bench.via) {
        (SpaceKind::Account(account), Via::Register) => {
            for device in account.devices.keys() {
                if w.reading().account_of(device)?.is_some() {
                    return Err(Refusal::BadStatement.into());
                }
            }
        }
        (SpaceKind::Chart(chart), Via::Sync(account)) => {
            if !chart.members.contains_key(&account) {
                return Err(Refusal::NotAMember.into());
            }
            let no = set.get(&account).ok_or(Refusal::NotAMember)?.row.no;
            if w.reading().count_spaces(no)? >= bench.limits.spaces_per_account {
                return Err(Refusal::Quota.into());
            }
        }
        _ => return Err(Refusal::BadStatement.into()),
    }
    let no = w.create_space(&id)?;
    if let SpaceKind::Account(account) = state.kind() {
        for device in account.devices.keys() {
            w.bind_device(device, no)?;
        }
    }
    let row = SpaceRow { no, membership: 1, checkpoint: None, restored: None };
    write_entry(w, &row, &state, entry, pushed)?;
    w.save_snapshot(no, &state, 1)?;
    w.note(no, Noted { seq: 1, at_ms: bench.now_ms })?;
    let owner = match bench.via {
        Via::Sync(account) => set.get(&account).map_or(no, |held| held.row.no),
        Via::Register | Via::Join(_) => no,
    };
    w.add_bytes(no, owner, pushed.bytes.len() as u64)?;
    // The first move is what makes the space the account's.
    set.start(Held { row, state, snapshot: 1 });
    set.note_moved(id);
    if let Via::Sync(account) = bench.via {
        let account = set.get(&account).map_or(no, |held| held.row.no);
        // At once, so that the next genesis of this request counts it.
        w.set_moved(account, no, 0)?;
    }
    Ok(1)
}

fn store(
    w: &mut dyn Writing,
    set: &mut WorkingSet,
    id: &SpaceId,
    entry: &Entry,
    accepted: &Accepted,
    pushed: &Pushed,
    now_ms: u64,
) -> Result<(), Stop> {
    // Devices are bound before their entries, which name them.
    if let Some(Act::AdmitDevice(admit)) = accepted.act() {
        let no = set.get(id).ok_or(Refusal::UnknownSpace)?.row.no;
        w.bind_device(&admit.device.device, no)?;
    }
    let held = set.get_mut(id).ok_or(Refusal::UnknownSpace)?;
    held.state.apply(entry, accepted);
    write_entry(w, &held.row, &held.state, entry, pushed)?;
    if accepted.act().is_some() {
        held.row.membership = held.state.head().seq;
        held.snapshot = held.state.head().seq;
        w.save_snapshot(held.row.no, &held.state, held.row.membership)?;
        w.note(held.row.no, Noted { seq: held.snapshot, at_ms: now_ms })?;
    }
    set.note_moved(*id);
    Ok(())
}

fn write_entry(
    w: &mut dyn Writing,
    row: &SpaceRow,
    after: &SpaceState,
    entry: &Entry,
    pushed: &Pushed,
) -> Stored<()> {
    let header = entry.header();
    let head = after.head();
    let new = NewEntry {
        seq: head.seq,
        hash: entry.hash(),
        running: head.running,
        author: header.author,
        counter: header.counter,
        kind: header.kind,
        class: header.class,
        bytes: &pushed.bytes,
    };
    w.append(row.no, &new)
}
