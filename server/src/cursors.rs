//! Cursors that devices send: kept when they are signed by the device that sends them, speak of this store's
//! log, and move forward. A word once signed is not taken back.

use holdfast_protocol::cursor::SignedCursor;
use holdfast_protocol::ids::DeviceId;

use crate::compaction;
use crate::store::{Stored, Writing};
use crate::working_set::WorkingSet;

/// The most cursors in one request.
pub(crate) const MAX_CURSORS: usize = 1024;

/// Drops what needs no store to be recognised as false.
pub(crate) fn signed_by(device: DeviceId, cursors: Vec<SignedCursor>) -> Vec<SignedCursor> {
    cursors.into_iter().filter(|c| c.device == device && c.is_valid()).collect()
}

/// Keeps the cursors that fit this store.
pub(crate) fn keep(
    w: &mut dyn Writing,
    set: &mut WorkingSet,
    account: &holdfast_protocol::ids::AccountId,
    cursors: &[SignedCursor],
    now_ms: u64,
) -> Stored<()> {
    let generation = w.reading().generation()?;
    for cursor in cursors.iter().filter(|c| c.generation == generation) {
        if cursor.position.seq == 0 || !set.hold(w, &cursor.space)? {
            continue;
        }
        let Some(held) = set.get(&cursor.space) else { continue };
        let no = held.row.no;
        if !held.state.member_accounts().contains(account) {
            continue;
        }
        let before = w.reading().cursor(no, &cursor.device)?.map_or(0, |p| p.seq);
        if cursor.position.seq <= before {
            continue;
        }
        if w.reading().running_at(no, cursor.position.seq)? != Some(cursor.position.running) {
            tracing::warn!("a device's cursor speaks of another history than this store's");
            continue;
        }
        w.put_cursor(no, cursor, now_ms)?;
        set.note_cursor(cursor.space, cursor.device);
        compaction::compact(w, set, &cursor.space, now_ms)?;
    }
    Ok(())
}
