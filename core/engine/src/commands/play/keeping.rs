//! What is to be written of a session that is played, taken out of it: an app writes it elsewhere while
//! the player goes on, because no input may wait for the disk. It decides nothing about the session.

use std::collections::BTreeMap;

use holdfast_domain::live::Instants;
use holdfast_domain::player::{At, Checkpoint, HoldToLog, SessionEnd};
use holdfast_domain::record::SessionRecord;

use super::kept::{self, Begun, Kept};
use crate::documents::strand::Record;
use crate::error::HoldfastError;
use crate::{Engine, Inner};

/// What is to be written: holds, the session's record where it changed, and the checkpoint they belong to.
#[must_use = "what is not written is lost with a kill"]
pub struct ToKeep {
    pub(super) engine: Engine,
    pub(super) begun: Begun,
    pub(super) unsaved: BTreeMap<u32, HoldToLog>,
    pub(super) checkpoint: Checkpoint,
    pub(super) saved_at: At,
    pub(super) instants: Instants,
    pub(super) record: Option<SessionRecord>,
    pub(super) end: Option<SessionEnd>,
    pub(super) moves: u64,
    /// Whether nothing of the session is to wait any more.
    pub(super) last: bool,
}

/// What was written.
#[must_use = "the session is to hear of it, or it writes the same again"]
pub struct Written {
    pub(super) record: Option<SessionRecord>,
    pub(super) end: Option<SessionEnd>,
    /// Each hold with the revision that is on the disk.
    pub(super) holds: BTreeMap<u32, u32>,
    pub(super) moves: u64,
    pub(super) last: bool,
}

impl ToKeep {
    /// Writes it, all in one transaction. Tell [`super::Playing::written`] afterwards.
    ///
    /// # Errors
    /// When it could not be written: then nothing of it was.
    pub fn write(self) -> Result<Written, HoldfastError> {
        let record = self.engine.guarded(|inner| self.store(inner))?;
        let holds = self.unsaved.values().map(|hold| (hold.log_no, hold.revision)).collect();
        Ok(Written { record, end: self.end, holds, moves: self.moves, last: self.last })
    }

    fn store(&self, inner: &Inner) -> crate::error::Result<Option<SessionRecord>> {
        let (space, key) = (inner.who.chart, &self.begun.session);
        let device = inner.who.device.to_hex();
        inner.command("play", |tx, journal| {
            let session = match self.record.clone() {
                Some(record) => Some(keep_earlier_start(inner, tx.reader(), record)?),
                None => None,
            };
            let mut records: Vec<Record> =
                session.iter().map(|record| Record::Session(Box::new(record.clone()))).collect();
            records.extend(self.unsaved.values().map(|hold| {
                let mut observation = self.begun.observation(&device, hold);
                observation.unknown.extend(inner.clock_mark());
                Record::Observation(Box::new(observation))
            }));
            if !records.is_empty() {
                journal.write(tx, space, key, &records)?;
            }
            if self.last {
                kept::remove(tx, space)?;
            } else {
                let (begun, checkpoint) = (self.begun.clone(), self.checkpoint.clone());
                let (saved_at, instants) = (self.saved_at, self.instants);
                let over = self.end.is_some();
                kept::put(tx, space, Kept { begun, checkpoint, saved_at, instants, over })?;
            }
            Ok(session)
        })
    }
}

/// A hold logged by hand meanwhile may have put the session's start earlier: that stays.
fn keep_earlier_start(
    inner: &Inner,
    conn: &rusqlite::Connection,
    mut record: SessionRecord,
) -> crate::error::Result<SessionRecord> {
    if let Some(there) = inner.recorded_session(conn, &record.key)?
        && there.started_at.utc_ms < record.started_at.utc_ms
    {
        record.started_at = there.started_at;
    }
    Ok(record)
}

impl std::fmt::Debug for ToKeep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToKeep")
            .field("session", &self.begun.session.id())
            .field("holds", &self.unsaved.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Written").field("holds", &self.holds.len()).finish_non_exhaustive()
    }
}
