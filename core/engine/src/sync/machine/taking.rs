//! What the answer to a sync brought: acknowledgements, pages, cursors, and a relay of another life.

use holdfast_domain::words::Message;
use holdfast_protocol::VERSION;
use holdfast_protocol::ids::{Generation, SpaceId};
use holdfast_protocol::sync::{SpacePage, SyncResponse};

use super::{MAX_TIDY, Machine, Sent, Stage};
use crate::error::Result;
use crate::observe::Key;
use crate::protocol_words::refusal;
use crate::store::sync_tables::{
    accounts as store_accounts, alarms, relay, sealed as sealed_table, spaces,
};
use crate::store::{Priority, outbox};
use crate::sync::pull::{self, PageEnd, Pulling};
use crate::sync::report::SyncOutcome;
use crate::sync::site::Site;
use crate::sync::{accounts, cursors, push, restore, seal};

/// A difference of clocks smaller than this is not worth a write, in milliseconds.
const CLOCK_SLACK_MS: u64 = 5_000;

impl Machine {
    /// Takes the answer to a sync request.
    pub(super) fn take(
        &mut self,
        site: &Site<'_>,
        sent: Sent,
        response: &SyncResponse,
    ) -> Result<()> {
        self.synced = true;
        if response.version != VERSION {
            self.garbled("it is of another version");
            return Ok(());
        }
        // What a request brought comes back as hashes: of an answer to another one, they would stand for entries
        // that this device may not have.
        if response.acks.iter().any(|ack| sent.batch.iter().all(|one| one.hash != ack.entry)) {
            self.garbled("it answers another request");
            return Ok(());
        }
        let row = site.store.read(relay::get)?;
        let known = row.as_ref().and_then(|relay| relay.generation);
        let ahead = i64::try_from(response.now_ms).unwrap_or(i64::MAX) - site.clock.wall_ms();
        if row.is_some_and(|row| row.ahead_ms.abs_diff(ahead) > CLOCK_SLACK_MS) {
            site.store.write(Priority::Sync, "sync", |tx| relay::set_ahead(tx, ahead))?;
        }
        let acked = push::take_acks(site, &sent.batch, &response.acks, &mut self.report)?;
        self.report.pushed += acked.stored;
        self.reseal.extend(acked.reseal.iter().copied());
        self.membership_refused |= acked.membership_refused.is_some();
        if acked.tidy_refused {
            // Another device tidied up at the same time: the next sync sees what it did.
            self.tidied = MAX_TIDY;
        }
        if let Some(why) = acked.membership_refused {
            let text = Message::new("sync.change_not_in_force").with("why", refusal(why));
            self.report.problem("not_in_force", text);
        }
        if let Some(ms) = acked.retry_after_ms {
            self.wait_until = Some(site.clock.since_boot_ms().saturating_add(ms));
            self.report.retry_after_ms = Some(ms);
        }
        if known != Some(response.generation) {
            self.meet(site, known, response.generation)?;
            if known.is_some() {
                return Ok(());
            }
        }
        cursors::sent(site, &sent.cursors)?;
        if response.feed < sent.feed {
            // It forgot something without saying so: look at every log.
            self.full_next = true;
            site.store.write(Priority::Sync, "sync", |tx| {
                relay::set_accounts_feed(tx, 0)?;
                relay::set_feed(tx, response.feed)
            })?;
        }
        self.take_accounts(site, response)?;
        // An answer may have been on its way longer than the one after it.
        let may_be_late = response.feed < sent.feed;
        let whole = self.take_pages(site, &response.spaces, sent.rechecks_account, may_be_late)?;
        push::settle_not_allowed(site, &acked.not_allowed)?;
        if matches!(self.stage, Stage::Over(_)) {
            return Ok(());
        }
        cursors::take(site, &response.cursors, response.generation)?;
        let ended = whole && !response.more && response.feed >= sent.feed;
        if ended && !self.full_next {
            self.end_of_answer(site, response.feed)?;
        }
        self.more = response.more || !self.paging.is_empty() || acked.think_again || self.full_next;
        self.idle = if self.progressed(site)? { 0 } else { self.idle + 1 };
        Ok(())
    }

    /// Takes what the relay shows of the accounts of others, before the logs that they write in; and which charts
    /// it says the account has left. That is the relay's word, and erases nothing.
    fn take_accounts(&self, site: &Site<'_>, response: &SyncResponse) -> Result<()> {
        let all = accounts::take(site, &response.accounts)?;
        let known = site.store.read(relay::get)?.map(|relay| relay.accounts_feed);
        if response.gone.is_empty() && known == Some(response.accounts_feed) {
            return Ok(());
        }
        site.store.write(Priority::Sync, "sync", |tx| {
            for chart in &response.gone {
                if spaces::set_gone(tx, *chart, true)? {
                    tx.touch(Key::Charts);
                    seal::set_aside(site, tx, *chart)?;
                }
            }
            // What was not taken is asked for again.
            if all { relay::set_accounts_feed(tx, response.accounts_feed) } else { Ok(()) }
        })
    }

    /// Everything the relay had to say was heard.
    fn end_of_answer(&mut self, site: &Site<'_>, feed: u64) -> Result<()> {
        let full = std::mem::take(&mut self.full_under_way);
        if full {
            // A restored relay that does not have a space at all does not show it either.
            let known = site.store.read(spaces::all)?;
            for space in known.iter().filter(|space| space.doubted) {
                restore::read_again(site, space.id)?;
            }
            restore::note_unshown(site, &known)?;
        }
        site.store.write(Priority::Sync, "sync", |tx| {
            relay::set_feed(tx, feed)?;
            if full {
                relay::set_full(tx, Some(site.clock.wall_ms()))?;
            }
            alarms::clear(tx, "device_revoked", site.account)
        })
    }

    /// Whether anything moved since the last request; told by what the report counts.
    fn progressed(&mut self, site: &Site<'_>) -> Result<bool> {
        let known = site.store.read(spaces::all)?;
        let now = known.iter().map(spaces::SpaceRow::position).sum::<u64>() + self.report.pushed;
        let before = std::mem::replace(&mut self.position_sum, now);
        Ok(now != before)
    }

    /// A relay whose store has another life than the one this device knew.
    fn meet(&mut self, site: &Site<'_>, known: Option<Generation>, now: Generation) -> Result<()> {
        site.store.write(Priority::Sync, "sync", |tx| {
            relay::set_generation(tx, now)?;
            if known.is_some() {
                spaces::forget_cursors(tx, site.me())?;
                outbox::forget_seen(tx)?;
                sealed_table::forget_stored(tx)?;
                store_accounts::doubt(tx)?;
                restore::note(tx, site, now)?;
            }
            Ok(())
        })?;
        if known.is_some() {
            // Nothing of this answer can be told from what it lost: ask for everything by position.
            self.full_next = true;
            self.more = true;
        }
        Ok(())
    }

    /// Applies pages, the account's first. Gives whether all of all of them was applied.
    fn take_pages(
        &mut self,
        site: &Site<'_>,
        pages: &[SpacePage],
        account_is_whole: bool,
        may_be_late: bool,
    ) -> Result<bool> {
        self.paging.clear();
        let mut ordered: Vec<&SpacePage> = pages.iter().collect();
        ordered.sort_by_key(|page| page.space != site.account);
        let mut account_more = pages.iter().any(|page| page.space == site.account && page.more);
        let mut whole = true;
        for page in ordered {
            if account_more && page.space != site.account {
                // Who may write in a chart is said in the account's log.
                self.paging.push(page.space);
                whole = false;
                continue;
            }
            let stop = self.stopper(site);
            let pulling = Pulling { stop: &stop, account_is_whole };
            let brought = pull::take_page(site, page, &pulling)?;
            self.report.pulled += brought.entries;
            match brought.end {
                PageEnd::Whole => {
                    if page.more {
                        self.paging.push(page.space);
                        whole = false;
                    } else {
                        site.store.write(Priority::Sync, "sync", |tx| {
                            spaces::believe(tx, page.space)?;
                            if spaces::set_gone(tx, page.space, false)? {
                                tx.touch(Key::Charts);
                            }
                            alarms::clear(tx, "relay_rolled_back", page.space)
                        })?;
                    }
                }
                PageEnd::Interrupted => {
                    self.paging.push(page.space);
                    whole = false;
                }
                PageEnd::AccountFirst => {
                    self.recheck_account = true;
                    self.paging.push(page.space);
                    whole = false;
                }
                // The rest is read when the relay shows it: the feed is not followed past it.
                PageEnd::AccountMissing(account) => {
                    if let Some(account) = account {
                        accounts::missing(site, account)?;
                    }
                    whole = false;
                }
                PageEnd::Again => {
                    self.paging.push(page.space);
                    whole = false;
                }
                PageEnd::Foreign => {}
                PageEnd::Ahead if !self.full_under_way => {
                    self.full_next = true;
                    whole = false;
                }
                PageEnd::Ahead => {
                    self.garbled("it does not go on where this device is");
                    return Ok(false);
                }
                PageEnd::Garbled(why) => {
                    self.garbled(&why);
                    return Ok(false);
                }
                PageEnd::Behind | PageEnd::Diverged if is_doubted(site, page.space)? => {
                    restore::read_again(site, page.space)?;
                    self.paging.push(page.space);
                    whole = false;
                }
                // What it says to being asked for everything by position tells whether the relay is set back.
                PageEnd::Behind if may_be_late => whole = false,
                PageEnd::Behind | PageEnd::Diverged => {
                    restore::raise_rolled_back(site, page.space)?;
                    self.stage = Stage::Over(SyncOutcome::Offline);
                    return Ok(false);
                }
            }
            account_more |= page.space == site.account && !whole;
        }
        Ok(whole)
    }
}

/// Whether a relay of another life has not shown all of this log yet: it may well lack entries.
fn is_doubted(site: &Site<'_>, space: SpaceId) -> Result<bool> {
    Ok(site.store.read(|conn| spaces::get(conn, space))?.is_some_and(|space| space.doubted))
}
