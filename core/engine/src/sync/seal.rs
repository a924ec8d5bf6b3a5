//! From raw changes to sealed entries: coalesced per document, sealed under the key that is current when
//! they are sent, kept before they are sent and sent again verbatim. What turned stale is sealed anew.

use holdfast_domain::words::Message;
use holdfast_protocol::attest::Attestation;
use holdfast_protocol::content::DocChanges;
use holdfast_protocol::entry::{Entry, Kind, MAX_CHANGE_BODY_BYTES};
use holdfast_protocol::ids::{AccountId, Class, SpaceId};
use holdfast_protocol::membership::SpaceState;
use holdfast_protocol::secret::Secret32;
use rusqlite::Connection;

use super::give_back;
use super::report::SyncReport;
use super::site::Site;
use crate::charts;
use crate::error::{Error, Result};
use crate::identity::keys;
use crate::identity::statements::{Place, header};
use crate::observe::Key;
use crate::rights::{ChartStanding, Rights, part, relay_now};
use crate::store::outbox::{self, Pending};
use crate::store::sync_tables::sealed::{self, Sealed};
use crate::store::sync_tables::spaces::{self, SpaceRow};
use crate::store::sync_tables::{tips, tombstones};
use crate::store::{Priority, Tx};

/// Documents sealed in one transaction: some milliseconds of work.
const DOCS_AT_ONCE: usize = 16;
/// Raw bytes sealed in one transaction.
const BYTES_AT_ONCE: usize = 256 * 1024;
/// Raw bytes of changes in one entry. What compresses badly must still fit a body.
const ENTRY_BYTES: usize = 160 * 1024;
/// Changes read from the outbox at once.
const PENDING_AT_ONCE: u32 = 512;
/// zstd's level for changes: they are small.
const LEVEL: i32 = 9;
/// How often an entry is sealed anew before a person is told.
const MAX_TRIES: u32 = 8;

/// Seals some of what waits in the outbox. Gives whether there was any.
pub(crate) fn seal_some(site: &Site<'_>, report: &mut SyncReport) -> Result<bool> {
    let spaces = site.store.read(outbox::spaces)?;
    for space in spaces {
        let sealed = site.store.write(Priority::Sync, "sync", |tx| seal_in(site, tx, space));
        if report.note(sealed)? == Some(true) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn seal_in(site: &Site<'_>, tx: &Tx<'_>, space: SpaceId) -> Result<bool> {
    let Some(row) = spaces::get(tx.reader(), space)? else { return Ok(false) };
    let Some(state) = row.settled().filter(|state| !state.is_frozen()) else { return Ok(false) };
    let classes = writable(site, tx.reader(), &row, state)?;
    let pending = outbox::pending(tx.reader(), space, &classes, PENDING_AT_ONCE)?;
    let mut any = false;
    let mut bytes = 0;
    for group in groups(pending).into_iter().take(DOCS_AT_ONCE) {
        let ids: Vec<i64> = group.iter().map(|change| change.id).collect();
        let Some(last) = group.last() else { continue };
        if let Some(refused) = sealed::refused_of(tx.reader(), space, last.doc.as_str())? {
            // What follows a change that will never be taken is set aside with it, visibly.
            outbox::mark_sealed(tx, &ids, refused)?;
            any = true;
            continue;
        }
        bytes += group.iter().map(|change| change.change.len()).sum::<usize>();
        if any && bytes > BYTES_AT_ONCE {
            break;
        }
        seal_group(site, tx, &row, state, &group, &ids)?;
        any = true;
    }
    Ok(any)
}

/// The classes of a space that this account may write now. Nothing of another is ever sealed: what was written
/// while it could be stays in the outbox, with the reason.
fn writable(
    site: &Site<'_>,
    conn: &Connection,
    row: &SpaceRow,
    state: &SpaceState,
) -> Result<Vec<Class>> {
    let Some(chart) = state.as_chart() else { return Ok(vec![Class::Account]) };
    let now = relay_now(conn, site.clock.wall_ms())?;
    let tombstone = tombstones::get(conn, row.id)?;
    let rights = Rights::of(chart, row.gone, tombstone.as_ref(), site.account, now);
    Ok(Class::CHART.into_iter().filter(|class| rights.writes(*class)).collect())
}

/// Changes that cannot be sent, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blocked {
    pub(crate) space: SpaceId,
    /// What the chart is called here.
    pub(crate) name: String,
    pub(crate) class: Class,
    pub(crate) count: u64,
    pub(crate) why: Message,
}

impl Blocked {
    /// What is not sent, where, and why.
    pub(crate) fn sentence(&self) -> Message {
        Message::counted("sync.not_sendable", self.count)
            .with("part", part(self.class))
            .with("chart", self.name.as_str())
            .with("why", self.why.clone())
    }
}

/// What waits in the outbox and cannot be sent, because this account may not write it any more.
pub(crate) fn blocked(conn: &Connection, account: AccountId, wall_ms: i64) -> Result<Vec<Blocked>> {
    let mut blocked = Vec::new();
    for (space, class, count) in outbox::unsealed(conn)? {
        let Some(rights) = Rights::read(conn, space, account, wall_ms)? else { continue };
        if let Some(why) = rights.against_writing(class) {
            let name = charts::chart_name(conn, account, space)?;
            blocked.push(Blocked { space, name, class, count, why });
        }
    }
    Ok(blocked)
}

/// Whether something waits that a sync would send.
pub(crate) fn has_sendable(conn: &Connection, account: AccountId, wall_ms: i64) -> Result<bool> {
    if sealed::count(conn)? > 0 {
        return Ok(true);
    }
    let unsealed: u64 = outbox::unsealed(conn)?.into_iter().map(|(_, _, count)| count).sum();
    let blocked: u64 = blocked(conn, account, wall_ms)?.into_iter().map(|one| one.count).sum();
    Ok(unsealed > blocked)
}

/// Takes out of what is on its way what this account may not write any more: it goes back into the outbox, where
/// it is kept with the reason.
pub(crate) fn set_aside(site: &Site<'_>, tx: &Tx<'_>, space: SpaceId) -> Result<()> {
    let rights = Rights::read(tx.reader(), space, site.account, site.clock.wall_ms())?;
    let Some(rights) = rights else { return Ok(()) };
    // A closing that a relay lost is given back to it: of a log that is not closed, statements stay.
    let row = spaces::get(tx.reader(), space)?;
    let chart = row.as_ref().and_then(|row| row.state.as_ref()).and_then(SpaceState::as_chart);
    let over = match rights.standing {
        ChartStanding::Closed => chart.is_some_and(|chart| chart.closed),
        standing => standing == ChartStanding::Gone,
    };
    for one in sealed::waiting_in(tx.reader(), space)? {
        let Ok(entry) = Entry::from_trusted_bytes(&one.bytes) else { continue };
        let head = entry.header();
        let forbidden = head.kind == Kind::Change && !rights.writes(head.class);
        if over && (head.kind != Kind::Change || !one.own) {
            sealed::remove(tx, one.id)?;
        } else if forbidden && one.own {
            outbox::unseal(tx, one.id)?;
            sealed::remove(tx, one.id)?;
        }
    }
    tx.touch(Key::History);
    tx.touch(Key::Sync);
    Ok(())
}

/// The changes of one document after the other, each group of one life of the device and of a size that
/// fits an entry. What does not fit comes in a later transaction, after these.
fn groups(pending: Vec<Pending>) -> Vec<Vec<Pending>> {
    let mut groups: Vec<(Vec<Pending>, usize, bool)> = Vec::new();
    for change in pending {
        let size = change.change.len();
        let group = groups
            .iter_mut()
            .find(|(group, ..)| group.first().is_some_and(|first| first.doc == change.doc));
        match group {
            None => groups.push((vec![change], size, false)),
            Some((group, bytes, full)) => {
                let fits = !*full
                    && *bytes + size <= ENTRY_BYTES
                    && group.first().is_some_and(|f| f.incarnation == change.incarnation);
                if fits {
                    *bytes += size;
                    group.push(change);
                } else {
                    *full = true;
                }
            }
        }
    }
    groups.into_iter().map(|(group, ..)| group).collect()
}

fn seal_group(
    site: &Site<'_>,
    tx: &Tx<'_>,
    row: &SpaceRow,
    state: &SpaceState,
    group: &[Pending],
    ids: &[i64],
) -> Result<()> {
    let Some(last) = group.last() else { return Ok(()) };
    let attestation = Attestation::sign(
        site.keys,
        row.id,
        &last.doc,
        last.incarnation,
        last.actor_seq,
        last.hash.0,
    );
    tips::put(tx, row.id, last.doc.as_str(), site.me(), &attestation)?;
    let changes = group.iter().flat_map(|change| change.change.iter().copied()).collect();
    let content = DocChanges { doc: last.doc.clone(), changes, attestation }.to_bytes();
    let (epoch, key) = current_key(site, tx, state, last.class)?;
    let at = place(site, tx, row, state)?;
    let head = header(row.id, last.class, Kind::Change, epoch, at);
    let entry = site.with_entropy(|e| Entry::seal(head, &key, &content, LEVEL, site.keys, e));
    let id = sealed::put(tx, &entry, Some(last.doc.as_str()), &[])?;
    if entry.body().len() > MAX_CHANGE_BODY_BYTES {
        sealed::refuse(tx, id, &Message::new("sync.unsent.large_entry"))?;
    }
    outbox::mark_sealed(tx, ids, id)
}

/// The current key of a class.
pub(crate) fn current_key(
    site: &Site<'_>,
    tx: &Tx<'_>,
    state: &SpaceState,
    class: Class,
) -> Result<(u32, Secret32)> {
    let epoch = state.epoch(class);
    let key = keys::content(tx.reader(), site.seal, state.space(), class, epoch)?;
    key.map(|key| (epoch, key)).ok_or_else(|| Error::Relay {
        code: "key_missing",
        message: Message::new("sync.key_missing"),
    })
}

/// The next place of this device in a space.
pub(crate) fn place(
    site: &Site<'_>,
    tx: &Tx<'_>,
    row: &SpaceRow,
    state: &SpaceState,
) -> Result<Place> {
    let counter = spaces::next_counter(tx, row.no, state.tip(&site.me()).counter)?;
    Ok(Place { counter, prev: row.prev, seen: state.head() })
}

/// Seals anew everything of a space that waits to be sent: the key, the counter or the chain it was sealed
/// with is not current any more. Statements are forgotten; they are thought through again.
pub(crate) fn reseal(site: &Site<'_>, space: SpaceId) -> Result<()> {
    let waiting = site.store.read(|conn| sealed::waiting_in(conn, space))?;
    for some in waiting.chunks(DOCS_AT_ONCE) {
        site.store.write(Priority::Sync, "sync", |tx| {
            let Some(row) = spaces::get(tx.reader(), space)? else { return Ok(()) };
            let Some(state) = row.settled() else { return Ok(()) };
            for one in some {
                reseal_one(site, tx, &row, state, one)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn reseal_one(
    site: &Site<'_>,
    tx: &Tx<'_>,
    row: &SpaceRow,
    state: &SpaceState,
    one: &Sealed,
) -> Result<()> {
    let old = match Entry::from_trusted_bytes(&one.bytes) {
        Ok(entry) => entry,
        Err(error) => {
            return sealed::refuse(
                tx,
                one.id,
                &Message::new("sync.unsent.unsealed").with("detail", error.to_string()),
            );
        }
    };
    let old_header = old.header();
    if old_header.is_genesis() {
        return Ok(());
    }
    let mine = old_header.author == site.me();
    let again = match old_header.kind {
        // Another's is given back as it is, or in a pack.
        Kind::Change if !mine || one.in_pack => return Ok(()),
        Kind::Change => true,
        // What it stood in for is lost to the relay: whoever holds it gives its documents back.
        Kind::Pack => one.held,
        // Statements and checkpoints are made of the state: a new state makes new ones.
        Kind::Membership | Kind::Checkpoint => false,
    };
    if !again {
        return sealed::remove(tx, one.id);
    }
    if one.tries >= MAX_TRIES {
        return sealed::refuse(tx, one.id, &Message::new("sync.unsent.each_time"));
    }
    let class = old_header.class;
    let key = keys::content(tx.reader(), site.seal, row.id, class, old_header.epoch)?;
    let Some(content) = key.and_then(|key| old.open(&key).ok()) else {
        return give_back::unreadable(site, tx, one);
    };
    let (epoch, key) = current_key(site, tx, state, class)?;
    let at = place(site, tx, row, state)?;
    let head = header(row.id, class, old_header.kind, epoch, at);
    let entry = site.with_entropy(|e| Entry::seal(head, &key, &content, LEVEL, site.keys, e));
    sealed::replace(tx, one.id, &entry)
}
