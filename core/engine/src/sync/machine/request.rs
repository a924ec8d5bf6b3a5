//! What to ask next: statements that are wanted, entries that wait, cursors that moved, positions in full.

use holdfast_domain::words::Message;
use holdfast_protocol::VERSION;
use holdfast_protocol::sync::{DEFAULT_PAGE_BYTES, SyncRequest, Want};

use super::{MAX_TIDY, Machine, Sent, Stage};
use crate::error::Result;
use crate::store::sync_tables::relay::RelayRow;
use crate::store::sync_tables::{alarms, relay, sealed as sealed_table, spaces};
use crate::sync::report::SyncOutcome;
use crate::sync::site::Site;
use crate::sync::{checkpoints, cursors, give_back, intents, packs, push, seal};

/// Positions are sent in full once a day, in milliseconds.
const FULL_EVERY_MS: i64 = 24 * 60 * 60 * 1000;
/// Requests in a row that move nothing before it is left for another time.
const IDLE_ROUNDS: u32 = 6;

impl Machine {
    /// What to send now; nothing when all is said and heard.
    pub(super) fn prepare(&mut self, site: &Site<'_>) -> Result<Option<(SyncRequest, Sent)>> {
        let Some(relay) = site.store.read(relay::get)? else { return Ok(None) };
        let stop = self.stopper(site);
        // A relay that shows another history than before is read, and told nothing.
        let distrusted = site.store.read(|conn| alarms::is_raised(conn, "relay_rolled_back"))?;
        self.full_next |= distrusted && !self.synced;
        let pushing = !self.more && !distrusted;
        if pushing {
            for space in std::mem::take(&mut self.reseal) {
                let sealed = seal::reseal(site, space);
                self.report.note(sealed)?;
            }
            give_back::plan(site)?;
            if !self.membership_refused {
                intents::plan(site, &mut self.report)?;
            }
            push::fill(site, &stop, &mut self.report)?;
            if self.synced && self.tidied < MAX_TIDY && site.store.read(sealed_table::count)? == 0 {
                self.tidied += 1;
                let packed = packs::plan(site, &stop);
                if !self.report.note(packed)?.unwrap_or(false) {
                    checkpoints::plan(site)?;
                    self.tidied = MAX_TIDY;
                }
            }
        }
        let (batch, pushes) =
            if pushing { push::gather(site, &mut self.report)? } else { (Vec::new(), Vec::new()) };
        let rechecks_account = std::mem::take(&mut self.recheck_account);
        let (full, want) = self.wants(site, &relay, rechecks_account)?;
        let moved = match relay.generation {
            Some(generation) => cursors::moved(site, generation, full)?,
            None => Vec::new(),
        };
        let idle = batch.is_empty() && moved.is_empty() && want.is_empty() && !self.more;
        if self.synced && idle {
            return Ok(None);
        }
        if self.idle >= IDLE_ROUNDS {
            self.report.problem("relay_confused", Message::new("sync.confused"));
            self.stage = Stage::Over(SyncOutcome::More);
            return Ok(None);
        }
        let sent = Sent {
            feed: relay.feed,
            batch,
            cursors: moved.iter().map(|cursor| (cursor.space, cursor.position.seq)).collect(),
            rechecks_account,
        };
        let left = self
            .budget
            .max_bytes
            .saturating_sub(self.report.bytes_sent.saturating_add(self.report.bytes_received));
        let page_bytes = u32::try_from(left).unwrap_or(u32::MAX).min(DEFAULT_PAGE_BYTES);
        let request = SyncRequest {
            version: VERSION,
            feed: relay.feed,
            push: pushes,
            cursors: moved,
            want,
            page_bytes,
            accounts_feed: if rechecks_account { 0 } else { relay.accounts_feed },
        };
        Ok(Some((request, sent)))
    }

    /// Positions in full, where the relay cannot know them from a cursor.
    fn wants(
        &mut self,
        site: &Site<'_>,
        relay: &RelayRow,
        rechecks_account: bool,
    ) -> Result<(bool, Vec<Want>)> {
        let now = site.clock.wall_ms();
        let due = relay.full_ms.is_none_or(|at| !(at..at + FULL_EVERY_MS).contains(&now));
        let full = std::mem::take(&mut self.full_next) || (!self.synced && due);
        self.full_under_way |= full;
        let known = site.store.read(spaces::all)?;
        let wanted = |space: &&spaces::SpaceRow| {
            full || self.paging.contains(&space.id)
                || (rechecks_account && space.id == site.account)
        };
        let want = |space: &spaces::SpaceRow| Want {
            space: space.id,
            after: space.position(),
            starting_at: space.starting.as_ref().map(|starting| starting.at),
        };
        Ok((full, known.iter().filter(wanted).map(want).collect()))
    }
}
