//! Signed cursors: this device's word of how far it has read, and the words of the others.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use holdfast_protocol::cursor::SignedCursor;
use holdfast_protocol::ids::{Class, Generation, Seq, SpaceId};
use holdfast_protocol::membership::{Accounts, SpaceState};
use holdfast_protocol::sync::NotedCursor;

use super::accounts::Known;
use super::site::Site;
use crate::audit::said::{self, Given};
use crate::error::Result;
use crate::store::docs::class_number;
use crate::store::sync_tables::spaces::SpaceRow;
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
        .filter(|(space, _)| !is_to_be_read_wider(site, space))
        .map(|(space, head)| SignedCursor::sign(site.keys, space.id, generation, head))
        .collect())
}

/// Whether the account was given a class since this log was last read to its end: what came as hashes is still to be
/// read, and a cursor would say that it was.
fn is_to_be_read_wider(site: &Site<'_>, space: &SpaceRow) -> bool {
    let chart = space.settled().and_then(SpaceState::as_chart);
    let (Some(chart), Some(shown)) = (chart, space.shown) else { return false };
    let unseen = |class: &Class| shown >> class_number(*class) & 1 == 0;
    Class::CHART.iter().any(|class| unseen(class) && chart.may_read(&site.account, *class))
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

/// Keeps how far others are, as they signed it, and compares what they have read with what this device has. What
/// counts as read of a chart is by class: a cursor speaks for what its device was shown whole.
pub(crate) fn take(site: &Site<'_>, cursors: &[NotedCursor], generation: Generation) -> Result<()> {
    let good: Vec<&NotedCursor> = cursors
        .iter()
        .filter(|noted| {
            let c = &noted.cursor;
            c.generation == generation && c.device != site.me() && c.is_valid()
        })
        .collect();
    for some in good.chunks(64) {
        site.store.write(Priority::Sync, "sync", |tx| {
            let known = Known::load(tx.reader(), site.account)?;
            let mut given: BTreeMap<SpaceId, Given> = BTreeMap::new();
            for noted in some {
                let cursor = &noted.cursor;
                let Some(space) = spaces::get(tx.reader(), cursor.space)? else { continue };
                if space.doubted {
                    // What is here is of the relay's life before; the cursor comes again.
                    continue;
                }
                let chart = space.state.as_ref().and_then(SpaceState::as_chart);
                let account = match chart {
                    Some(chart) => chart.ever_account_of(&cursor.device, &known),
                    None => known
                        .account(&site.account)
                        .and_then(SpaceState::as_account)
                        .is_some_and(|account| account.devices.contains_key(&cursor.device))
                        .then_some(site.account),
                };
                let Some(account) = account else { continue };
                let seq = cursor.position.seq;
                let ours = entries::running_at(tx.reader(), space.no, seq)?;
                if ours.is_some_and(|running| running != cursor.position.running) {
                    alarms::raise(tx, "fork", cursor.space, FORK)?;
                    continue;
                }
                let seen = |class| {
                    outbox::seen_by(tx, cursor.space, cursor.device, class, seq, noted.at_ms)
                };
                if chart.is_none() {
                    seen(Class::Account)?;
                    continue;
                }
                let given = match given.entry(cursor.space) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(Given::of(&said::all(tx.reader(), space.no)?)),
                };
                for class in Class::CHART {
                    if given.reads_at(account, class, seq, noted.at_ms) {
                        seen(class)?;
                    }
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// What is said when histories differ.
pub(crate) const FORK: &str = "sync.alarm.fork";
