//! Signed cursors: this device's word of how far it has read, and the words of the others.

use holdfast_protocol::cursor::SignedCursor;
use holdfast_protocol::ids::{Generation, Seq, SpaceId};
use holdfast_protocol::membership::{Accounts, SpaceState};

use super::accounts::Known;
use super::site::Site;
use crate::error::Result;
use crate::store::sync_tables::{alarms, entries, spaces};
use crate::store::{Priority, outbox};

/// The cursors that moved since the relay last took them; when everything is said in full, all of them: what
/// the relay was thought to have heard, it may not have.
pub(crate) fn moved(
    site: &Site<'_>,
    generation: Generation,
    full: bool,
) -> Result<Vec<SignedCursor>> {
    let known = site.store.read(spaces::all)?;
    Ok(known
        .iter()
        .filter_map(|space| Some((space, space.settled()?.head())))
        // A space that no relay knows yet has a head and nothing above it.
        .filter(|(space, head)| full || head.seq > space.cursor_seq)
        .filter(|(space, head)| space.above >= head.seq)
        .map(|(space, head)| SignedCursor::sign(site.keys, space.id, generation, head))
        .collect())
}

/// Notes that the relay was sent these.
pub(crate) fn sent(site: &Site<'_>, cursors: &[(SpaceId, Seq)]) -> Result<()> {
    if cursors.is_empty() {
        return Ok(());
    }
    site.store.write(Priority::Sync, "sync", |tx| {
        cursors.iter().try_for_each(|(space, seq)| spaces::set_cursor(tx, *space, *seq))
    })
}

/// Keeps how far others are, as they signed it, and compares what they have read with what this device has.
pub(crate) fn take(
    site: &Site<'_>,
    cursors: &[SignedCursor],
    generation: Generation,
) -> Result<()> {
    let good: Vec<&SignedCursor> = cursors
        .iter()
        .filter(|c| c.generation == generation && c.device != site.me() && c.is_valid())
        .collect();
    for some in good.chunks(64) {
        site.store.write(Priority::Sync, "sync", |tx| {
            let known = Known::load(tx.reader(), site.account)?;
            for cursor in some {
                let Some(space) = spaces::get(tx.reader(), cursor.space)? else { continue };
                if space.doubted {
                    // What is here is of the relay's life before; the cursor comes again.
                    continue;
                }
                let chart = space.state.as_ref().and_then(SpaceState::as_chart);
                let member = match chart {
                    Some(chart) => chart.ever_account_of(&cursor.device, &known).is_some(),
                    None => known
                        .account(&site.account)
                        .and_then(SpaceState::as_account)
                        .is_some_and(|account| account.devices.contains_key(&cursor.device)),
                };
                if !member {
                    continue;
                }
                let seq = cursor.position.seq;
                let ours = entries::running_at(tx.reader(), space.no, seq)?;
                if ours.is_some_and(|running| running != cursor.position.running) {
                    alarms::raise(tx, "fork", cursor.space, FORK)?;
                    continue;
                }
                outbox::seen_by(tx, cursor.space, cursor.device, seq)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// What is said when histories differ.
pub(crate) const FORK: &str = "sync.alarm.fork";
