//! When a chart that has ended is erased here. A closed one is kept for some days, so that everybody can export what
//! they may; then it goes by itself, or before at the person's word. A chart that was left goes where that was wanted.
//! What relays show afterwards brings nothing back.

use holdfast_domain::words::Message;
use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::{Class, SpaceId};
use holdfast_protocol::membership::{Act, ChartState, Statement};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::documents::account::{Account, AccountReading};
use crate::documents::name::DocName;
use crate::error::{Error, HoldfastError, Result};
use crate::open_documents::document_of;
use crate::rights::{ChartStanding, Rights, relay_now};
use crate::store::sync_tables::tombstones::{self, Stage, Tombstone, Why};
use crate::store::sync_tables::wishes::{self, What};
use crate::store::sync_tables::{relay, spaces, wishes::Wish};
use crate::store::{Priority, Tx, docs};
use crate::sync::accounts::Known;
use crate::{Engine, Inner, Shared};

/// How long a closed chart stays readable on a member's device, in milliseconds: fourteen days, so that somebody who
/// looks once a week can still export it (ours).
pub const KEEP_CLOSED_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// That a chart has ended, as the account's document keeps it for the account's other devices: those that come later
/// know it though a restored relay does not. Key `grave/CHART`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grave {
    /// Whether an owner closed it; otherwise the account left it and wanted its copies erased.
    pub closed: bool,
    /// The owner's statement, as hex: every device verifies it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// When a device of the account first knew, or when it was over, in milliseconds since 1970.
    pub at_ms: i64,
    /// Set once the person came into the chart again: what was left before stands over nothing any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over: bool,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, serde_json::Value>,
}

impl Grave {
    /// Over a chart that the account left.
    pub(crate) fn of_left(at_ms: i64) -> Self {
        let unknown = serde_json::Map::new();
        Self { closed: false, entry: None, at_ms, over: false, unknown }
    }
}

impl Engine {
    /// Wants this account out of the chart, as [`Self::leave`] does, and what its devices hold of it erased once it is
    /// out. Export it first: nothing of it stays.
    ///
    /// # Errors
    /// As [`Self::leave`].
    pub fn leave_and_erase(&self) -> std::result::Result<(), HoldfastError> {
        self.leave()?;
        self.guarded(|inner| {
            inner.store.write(Priority::User, "leave", |tx| {
                tombstones::put(tx, inner.who.chart, Why::Left, None, tx.now_ms())
            })
        })
    }

    /// Erases what this device holds of a chart that was closed, or that this account does not belong to any more, now
    /// and for good. Its database is searched by nobody afterwards for what was there: rows, file and write-ahead log
    /// are clean of it. Other devices keep what they have.
    ///
    /// # Errors
    /// [`HoldfastError::Forbidden`] while the account belongs to the chart.
    pub fn erase_chart(&self) -> std::result::Result<(), HoldfastError> {
        self.guarded(|inner| {
            let chart = inner.who.chart;
            inner.store.write(Priority::User, "erase", |tx| {
                let standing = inner.rights(tx.reader())?.map(|rights| rights.standing);
                let ended = matches!(standing, Some(ChartStanding::Gone | ChartStanding::Closed));
                if !ended {
                    return Err(Error::forbidden(Message::new("erasure.still_a_member")));
                }
                tombstones::put(tx, chart, Why::ByHand, None, tx.now_ms())?;
                tombstones::set_stage(tx, chart, Stage::Erasing)
            })?;
            inner.wipe(chart).map(|_| ())
        })
    }
}

impl Inner {
    /// What stands over the chart that is looked at, where it has ended here.
    pub(crate) fn tombstone(&self, conn: &Connection) -> Result<Option<Tombstone>> {
        tombstones::get(conn, self.who.chart)
    }
}

/// The person comes into a chart again that was left and erased here: it is read from its start.
pub(crate) fn come_back(tx: &Tx<'_>, space: SpaceId) -> Result<()> {
    if tombstones::lift(tx, space)?
        && let Some(row) = spaces::get(tx.reader(), space)?
    {
        spaces::read_wider(tx, row.no)?;
        // Its log may not have moved: all positions are said in full next time.
        relay::set_full(tx, None)?;
    }
    Ok(())
}

/// Notes a verified closing, in the transaction that read it.
pub(crate) fn note_closing(tx: &Tx<'_>, space: SpaceId, entry: &Entry) -> Result<()> {
    tombstones::put(tx, space, Why::Closed, Some(&entry.to_bytes()), tx.now_ms())
}

impl Shared {
    /// Erases what is to be erased: what was broken off, what was left, and what was closed long enough ago. Only a
    /// sync that heard the relay's clock lets time run out: a clock set wrong here erases nothing.
    pub(crate) fn tend_graves(&self, heard_relay: bool) -> Result<()> {
        let known = self.store.read(tombstones::all)?;
        if heard_relay {
            self.share_graves(&known)?;
        }
        for one in self.store.read(tombstones::all)? {
            let due = match one.stage {
                Stage::Erased => {
                    if heard_relay && one.why == Why::Left {
                        self.leave_again(&one)?;
                    }
                    continue;
                }
                Stage::Erasing => true,
                Stage::Kept => self.is_due(&one, heard_relay)?,
            };
            if due {
                self.store.write(Priority::Sync, "erase", |tx| {
                    tombstones::set_stage(tx, one.space, Stage::Erasing)
                })?;
                self.wipe(one.space)?;
            }
        }
        Ok(())
    }

    /// Goes on with what was broken off. Where nothing was, this is one look at a table that is nearly always empty.
    pub(crate) fn finish_erasing(&self) -> Result<()> {
        for one in self.store.read(tombstones::all)? {
            if one.stage == Stage::Erasing {
                self.wipe(one.space)?;
            }
        }
        Ok(())
    }

    /// A relay that was restored to before the leaving shows this account as a member: it leaves once more.
    fn leave_again(&self, one: &Tombstone) -> Result<()> {
        let wall = self.clock.wall_ms();
        self.store.write(Priority::Sync, "erase", |tx| {
            let rights = Rights::read(tx.reader(), one.space, self.me.account, wall)?;
            if rights.is_some_and(|rights| rights.standing == ChartStanding::Active) {
                wishes::put(tx, one.space, self.me.account.0, &What::Leave)?;
            }
            Ok(())
        })
    }

    fn is_due(&self, one: &Tombstone, heard_relay: bool) -> Result<bool> {
        let wall = self.clock.wall_ms();
        self.store.write(Priority::Sync, "erase", |tx| {
            let conn = tx.reader();
            match one.why {
                Why::Closed => {
                    let ends = one.since_ms.saturating_add(KEEP_CLOSED_MS);
                    let relay = i64::try_from(relay_now(conn, wall)?).unwrap_or(i64::MAX);
                    Ok(heard_relay && wall >= ends && relay >= ends)
                }
                Why::ByHand => Ok(true),
                Why::Left => {
                    let rights = Rights::read(conn, one.space, self.me.account, wall)?;
                    let out = rights.is_some_and(|rights| rights.standing == ChartStanding::Gone);
                    let leave = |wish: &Wish| wish.what == What::Leave;
                    if !out && !wishes::of_chart(conn, one.space)?.iter().any(leave) {
                        // It could not leave after all, being the last owner: nothing is erased.
                        tombstones::lift(tx, one.space)?;
                    }
                    Ok(out)
                }
            }
        })
    }

    /// Tells the account's other devices, and hears of them, which charts have ended.
    fn share_graves(&self, known: &[Tombstone]) -> Result<()> {
        let reading = self.store.read(|conn| Ok(self.account_document(conn)?.map(|a| a.read())))?;
        let Some(reading) = reading else { return Ok(()) };
        let untold = |one: &&Tombstone| {
            one.why != Why::ByHand
                && reading.graves.get(&one.space).is_none_or(|told| match told.over {
                    true => one.since_ms > told.at_ms,
                    false => !told.closed && one.is_closed(),
                })
        };
        for one in known.iter().filter(untold) {
            // What was only wanted is told once it is so.
            if one.why == Why::Left && one.stage == Stage::Kept && !self.is_due(one, true)? {
                continue;
            }
            self.tell(one)?;
        }
        self.hear(&reading)
    }

    fn tell(&self, one: &Tombstone) -> Result<()> {
        let grave = Grave {
            closed: one.is_closed(),
            entry: one.entry.as_ref().map(hex::encode),
            at_ms: one.since_ms,
            over: false,
            unknown: serde_json::Map::new(),
        };
        self.store.write(Priority::Sync, "erase", |tx| {
            let Some(mut account) = self.account_document(tx.reader())? else { return Ok(()) };
            if let Some(written) = account.put_grave(one.space, &grave)? {
                let id = account_doc();
                let (space, life) = (self.me.account, self.me.incarnation);
                docs::append_local(tx, space, Class::Account, &id, &written, life)?;
            }
            Ok(())
        })
    }

    /// Takes over what other devices of the account know. A closing is verified here again.
    fn hear(&self, reading: &AccountReading) -> Result<()> {
        for (space, grave) in reading.graves.iter().filter(|(_, grave)| grave.over) {
            let known = self.store.read(|conn| tombstones::get(conn, *space))?;
            if known.is_some_and(|known| known.since_ms <= grave.at_ms && !known.is_closed()) {
                self.store.write(Priority::Sync, "erase", |tx| come_back(tx, *space))?;
            }
        }
        for (space, grave) in reading.graves.iter().filter(|(_, grave)| !grave.over) {
            self.store.write(Priority::Sync, "erase", |tx| {
                let conn = tx.reader();
                let there = tombstones::get(conn, *space)?;
                if there.is_some_and(|one| one.is_closed() || !grave.closed) {
                    return Ok(());
                }
                let Some(state) = spaces::known_state(conn, *space)? else { return Ok(()) };
                let Some(chart) = state.as_chart() else { return Ok(()) };
                if !grave.closed {
                    let rights = Rights::read(conn, *space, self.me.account, self.clock.wall_ms())?;
                    if rights.is_none_or(|rights| rights.standing != ChartStanding::Gone) {
                        return Ok(());
                    }
                    return tombstones::put(tx, *space, Why::Left, None, grave.at_ms);
                }
                let bytes = grave.entry.as_ref().and_then(|entry| hex::decode(entry).ok());
                let Some(bytes) = bytes else { return Ok(()) };
                let known = Known::load(conn, self.me.account)?;
                if closes(&bytes, *space, chart, &known) {
                    tombstones::put(tx, *space, Why::Closed, Some(&bytes), grave.at_ms)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn account_document(&self, conn: &Connection) -> Result<Option<Account>> {
        let id = account_doc();
        let stored = docs::load(conn, self.me.account, &id)?;
        let document = stored.map(|stored| document_of(&id, &stored, self.me.actor)).transpose()?;
        Ok(document.map(Account::from))
    }
}

fn account_doc() -> holdfast_protocol::content::DocId {
    DocName::Account.to_id().expect("the name of the account document is short")
}

/// Whether an entry is an owner's word that a chart is closed. Its place in the log is not asked: a relay that lost the
/// end of the log does not open the chart again.
fn closes(bytes: &[u8], space: SpaceId, chart: &ChartState, known: &Known) -> bool {
    // Reading an entry checks its signature.
    let Ok(entry) = Entry::from_bytes(bytes) else { return false };
    let header = entry.header();
    let says_so = Statement::from_bytes(entry.body()).is_ok_and(|said| said.act == Act::Close);
    let account = chart.ever_account_of(&header.author, known);
    header.space == space
        && header.kind == Kind::Membership
        && says_so
        && account.is_some_and(|account| chart.is_owner(&account))
        && !chart.cuts.contains_key(&header.author)
}
