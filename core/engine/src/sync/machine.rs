//! The conversation with a relay as a state machine: it says what to ask next and takes what was answered. It
//! holds no socket, no thread and no clock of its own, so that a simulator drives it like an app does.

use std::collections::BTreeSet;

use holdfast_protocol::VERSION;
use holdfast_protocol::auth::{
    ChallengeRequest, ChallengeResponse, RegisterRequest, RegisterResponse, TokenRequest,
    TokenResponse,
};
use holdfast_protocol::ids::{Generation, SpaceId};
use holdfast_protocol::sync::{
    DEFAULT_PAGE_BYTES, ProblemCode, SpacePage, SyncRequest, SyncResponse, Want,
};
use holdfast_protocol::wire;
use minicbor::{Decode, Encode};

use super::pull::{self, PageEnd, Pulling};
use super::report::{Budget, SyncOutcome, SyncReport};
use super::site::Site;
use super::transport::{Answer, Ask, TransportError};
use super::{checkpoints, cursors, intents, packs, push, relays, restore};
use crate::error::Result;
use crate::store::sync_tables::relay::RelayRow;
use crate::store::sync_tables::sealed::Sealed;
use crate::store::sync_tables::{alarms, entries, relay, sealed as sealed_table, spaces};
use crate::store::{Priority, outbox};

/// Positions are sent in full once a day, in milliseconds.
const FULL_EVERY_MS: i64 = 24 * 60 * 60 * 1000;
/// A difference of clocks smaller than this is not worth a write, in milliseconds.
const CLOCK_SLACK_MS: u64 = 5_000;
/// Requests in a row that move nothing before it is left for another time.
const IDLE_ROUNDS: u32 = 6;
/// Times in one sync that packs are made.
const MAX_TIDY: u32 = 256;

/// What is to be done next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Ask the relay, and hand the answer to [`Machine::answer`].
    Ask(Ask),
    /// Nothing before this time since boot, in milliseconds.
    Wait(u64),
    /// It is over.
    Finished(SyncReport),
}

#[derive(Debug)]
enum Stage {
    Begin,
    Registering,
    Challenging,
    Challenged(Vec<u8>),
    SigningIn,
    Ready,
    Syncing(Sent),
    Over(SyncOutcome),
}

/// What a request under way carries.
#[derive(Debug)]
struct Sent {
    feed: u64,
    batch: Vec<Sealed>,
    cursors: Vec<(SpaceId, u64)>,
    /// The account's log was asked for: in the answer, an unknown author is a stranger.
    rechecks_account: bool,
}

/// One sync under way.
#[derive(Debug)]
pub(crate) struct Machine {
    budget: Budget,
    stage: Stage,
    report: SyncReport,
    started_ms: u64,
    relay: Option<RelayRow>,
    token: Option<String>,
    signed_in: u32,
    registered: u32,
    synced: bool,
    more: bool,
    /// Positions in full are to be sent with the next request.
    full_next: bool,
    /// They were sent, and the answer has not come to its end.
    full_under_way: bool,
    paging: Vec<SpaceId>,
    /// The account's log is asked for again, because an author in a chart is not known.
    recheck_account: bool,
    tidied: u32,
    reseal: BTreeSet<SpaceId>,
    membership_refused: bool,
    wait_until: Option<u64>,
    idle: u32,
    position_sum: u64,
    /// Whether only reading is wanted: nothing is pushed or tidied up.
    pub(crate) only_pull: bool,
}

impl Machine {
    pub(crate) fn new(site: &Site<'_>, budget: Budget) -> Self {
        Self {
            budget,
            stage: Stage::Begin,
            report: SyncReport::new(),
            started_ms: site.clock.since_boot_ms(),
            relay: None,
            token: None,
            signed_in: 0,
            registered: 0,
            synced: false,
            more: false,
            full_next: false,
            full_under_way: false,
            tidied: 0,
            paging: Vec::new(),
            recheck_account: false,
            reseal: BTreeSet::new(),
            membership_refused: false,
            wait_until: None,
            idle: 0,
            position_sum: 0,
            only_pull: false,
        }
    }

    /// Milliseconds left of the budget.
    pub(crate) fn left_ms(&self, site: &Site<'_>) -> u64 {
        let spent = site.clock.since_boot_ms().saturating_sub(self.started_ms);
        self.budget.max_ms.saturating_sub(spent)
    }

    /// Nobody waits: what is left is for another sync.
    pub(crate) fn stop_waiting(&mut self) {
        self.stage = Stage::Over(SyncOutcome::More);
    }

    fn stops(&self, site: &Site<'_>) -> bool {
        let bytes = self.report.bytes_sent.saturating_add(self.report.bytes_received);
        bytes >= self.budget.max_bytes || self.stopper(site)()
    }

    /// Tells, in the middle of work, whether the time is up or a stop was asked for.
    fn stopper<'s>(&self, site: &Site<'s>) -> impl Fn() -> bool + use<'s> {
        let (cancel, clock) = (self.budget.cancel.clone(), site.clock);
        let until = self.started_ms.saturating_add(self.budget.max_ms);
        move || cancel.is_cancelled() || clock.since_boot_ms() >= until
    }

    /// What to do next.
    pub(crate) fn next(&mut self, site: &Site<'_>) -> Result<Step> {
        loop {
            if self.stops(site) && !matches!(self.stage, Stage::Over(_)) {
                self.stage = Stage::Over(SyncOutcome::More);
            }
            match &self.stage {
                Stage::Over(outcome) => {
                    let outcome = *outcome;
                    return self.finish(site, outcome).map(Step::Finished);
                }
                Stage::Begin => {
                    let relay = site.store.read(relay::get)?;
                    self.relay = relay.filter(|relay| !relay.url.is_empty());
                    let Some(relay) = &self.relay else {
                        self.report.problem(
                            "no_relay",
                            "there is no relay yet: set one, and what is written here is sent",
                        );
                        self.stage = Stage::Over(SyncOutcome::Offline);
                        continue;
                    };
                    self.token = relays::token(site, relay);
                    if !relay.registered {
                        return self.ask_to_register(site).map(Step::Ask);
                    }
                    self.stage = Stage::Ready;
                }
                Stage::Challenged(challenge) => {
                    let challenge = challenge.clone();
                    let url = self.relay.as_ref().map_or("", |relay| &relay.url);
                    let request = TokenRequest::sign(site.keys, challenge, url);
                    self.stage = Stage::SigningIn;
                    return Ok(Step::Ask(self.ask("/v1/token", &request, None)));
                }
                Stage::Ready if self.token.is_none() => {
                    self.stage = Stage::Challenging;
                    let request = ChallengeRequest { version: VERSION, device: site.me() };
                    return Ok(Step::Ask(self.ask("/v1/challenge", &request, None)));
                }
                Stage::Ready => {
                    if let Some(until) = self.wait_until
                        && self.synced
                        && site.clock.since_boot_ms() < until
                    {
                        return Ok(Step::Wait(until));
                    }
                    self.wait_until = None;
                    match self.prepare(site)? {
                        Some((request, sent)) => {
                            self.stage = Stage::Syncing(sent);
                            let token = self.token.clone();
                            return Ok(Step::Ask(self.ask("/v1/sync", &request, token)));
                        }
                        None if matches!(self.stage, Stage::Over(_)) => {}
                        None => self.stage = Stage::Over(SyncOutcome::Done),
                    }
                }
                // The answer to what was asked did not come: the caller asks `next` only after `answer`.
                Stage::Registering | Stage::Challenging | Stage::SigningIn | Stage::Syncing(_) => {
                    self.stage = Stage::Over(SyncOutcome::Offline);
                }
            }
        }
    }

    /// Takes what was answered to the last [`Step::Ask`].
    pub(crate) fn answer(
        &mut self,
        site: &Site<'_>,
        answer: std::result::Result<Answer, TransportError>,
    ) -> Result<()> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let (code, outcome) = match error {
                    TransportError::Cancelled => {
                        self.stage = Stage::Over(SyncOutcome::More);
                        return Ok(());
                    }
                    TransportError::BadAddress(_) => ("bad_relay", SyncOutcome::Offline),
                    TransportError::TimedOut => ("relay_slow", SyncOutcome::Offline),
                    TransportError::Broken(_) => ("relay_garbled", SyncOutcome::Offline),
                    TransportError::Unreachable(_) => ("offline", SyncOutcome::Offline),
                };
                self.report
                    .problem(code, format!("{error}; what is written here is safe and waits"));
                self.stage = Stage::Over(outcome);
                return Ok(());
            }
        };
        self.report.round_trips += 1;
        self.report.bytes_received += answer.body.len() as u64;
        if answer.status != 200 {
            self.refused(site, &answer)?;
            return Ok(());
        }
        let stage = std::mem::replace(&mut self.stage, Stage::Ready);
        match stage {
            Stage::Registering => {
                let Some(response) = self.read::<RegisterResponse>("registration", &answer) else {
                    return Ok(());
                };
                if response.account != site.account {
                    self.garbled("it registered another account");
                    return Ok(());
                }
                site.store.write(Priority::Sync, "sync", |tx| relay::set_registered(tx, true))?;
            }
            Stage::Challenging => {
                let Some(response) = self.read::<ChallengeResponse>("challenge", &answer) else {
                    return Ok(());
                };
                if response.challenge.len() > 128 {
                    self.garbled("its challenge is longer than a challenge may be");
                    return Ok(());
                }
                self.stage = Stage::Challenged(response.challenge);
            }
            Stage::SigningIn => {
                let Some(response) = self.read::<TokenResponse>("token", &answer) else {
                    return Ok(());
                };
                if response.account != site.account {
                    self.garbled("it knows this device under another account");
                    return Ok(());
                }
                self.token = Some(relays::keep_token(site, &response)?);
            }
            Stage::Syncing(sent) => {
                let Some(response) = self.read::<SyncResponse>("sync answer", &answer) else {
                    return Ok(());
                };
                self.take(site, sent, &response)?;
            }
            Stage::Begin | Stage::Ready | Stage::Challenged(_) | Stage::Over(_) => {}
        }
        Ok(())
    }

    fn garbled(&mut self, why: &str) {
        self.report.problem(
            "relay_garbled",
            format!("the relay's answer cannot be used: {why}; nothing here was changed"),
        );
        self.stage = Stage::Over(SyncOutcome::Offline);
    }

    fn read<T>(&mut self, what: &'static str, answer: &Answer) -> Option<T>
    where
        T: Encode<()> + for<'b> Decode<'b, ()>,
    {
        match wire::decode(what, &answer.body) {
            Ok(read) => Some(read),
            Err(error) => {
                self.garbled(&error.to_string());
                None
            }
        }
    }

    fn ask<T: Encode<()>>(&mut self, path: &'static str, body: &T, token: Option<String>) -> Ask {
        let body = wire::encode(body);
        self.report.bytes_sent += body.len() as u64;
        let relay = self.relay.as_ref().map(|relay| relay.url.clone()).unwrap_or_default();
        Ask { relay, path, token, body }
    }

    fn ask_to_register(&mut self, site: &Site<'_>) -> Result<Ask> {
        self.registered += 1;
        let genesis = site.store.read(|conn| relays::genesis(conn, site.account))?;
        self.stage = Stage::Registering;
        let request = RegisterRequest { version: VERSION, genesis };
        Ok(self.ask("/v1/account", &request, None))
    }

    /// The relay refused a whole request.
    fn refused(&mut self, site: &Site<'_>, answer: &Answer) -> Result<()> {
        let problem = answer.problem();
        let code = problem.as_ref().map(|problem| problem.code);
        let retry = problem.as_ref().and_then(|problem| problem.retry_after_ms);
        let signing_in = matches!(self.stage, Stage::Challenging | Stage::SigningIn);
        self.stage = Stage::Ready;
        match (answer.status, code) {
            (_, Some(ProblemCode::Unauthorized)) if !signing_in && self.signed_in < 2 => {
                self.signed_in += 1;
                self.token = None;
                site.store.write(Priority::Sync, "sync", |tx| relay::set_token(tx, None))?;
            }
            (_, Some(ProblemCode::UnknownDevice)) if signing_in && self.registered == 0 => {
                // A relay that lost everything, or another one under the same name: it may be told of the
                // account again. One that has the account keeps what it has, and its word on this device.
                let ask = site.store.read(|conn| relays::genesis(conn, site.account));
                if ask.is_ok() {
                    site.store
                        .write(Priority::Sync, "sync", |tx| relay::set_registered(tx, false))?;
                    if let Some(relay) = &mut self.relay {
                        relay.registered = false;
                    }
                    self.stage = Stage::Begin;
                } else {
                    self.unknown_device(site)?;
                }
            }
            (_, Some(ProblemCode::UnknownDevice)) => self.unknown_device(site)?,
            (429 | 503, _) | (_, Some(ProblemCode::TooMany | ProblemCode::Unavailable)) => {
                self.report.retry_after_ms = Some(retry.unwrap_or(5_000));
                self.over(answer, "relay_busy", "the relay is busy");
            }
            (_, Some(ProblemCode::Version)) => {
                self.over(
                    answer,
                    "relay_version",
                    "the relay speaks another version of the protocol",
                );
            }
            (401, _) => {
                self.over(answer, "sign_in", "the relay does not accept this device's signature")
            }
            (500..=599, _) => self.over(answer, "relay_failed", "the relay failed"),
            _ => self.over(answer, "relay_refused", "the relay refused the request"),
        }
        Ok(())
    }

    fn over(&mut self, answer: &Answer, code: &str, what: &str) {
        let said = answer.problem().map(|problem| format!(" ({})", problem.message));
        let status = answer.status;
        let said = said.unwrap_or_else(|| format!(" (status {status})"));
        self.report.problem(code, format!("{what}{said}; what is written here is safe and waits"));
        self.stage = Stage::Over(SyncOutcome::Offline);
    }

    fn unknown_device(&mut self, site: &Site<'_>) -> Result<()> {
        site.store.write(Priority::Sync, "sync", |tx| {
            relay::set_token(tx, None)?;
            alarms::raise(tx, "device_revoked", site.account, push::REVOKED)
        })?;
        self.stage = Stage::Over(SyncOutcome::Offline);
        Ok(())
    }

    /// What to send now; nothing when all is said and heard.
    fn prepare(&mut self, site: &Site<'_>) -> Result<Option<(SyncRequest, Sent)>> {
        let Some(relay) = site.store.read(relay::get)? else { return Ok(None) };
        let stop = self.stopper(site);
        // A relay that shows another history than before is read, and told nothing.
        let distrusted = site.store.read(|conn| alarms::is_raised(conn, "relay_rolled_back"))?;
        self.full_next |= distrusted && !self.synced;
        let pushing = !self.only_pull && !self.more && !distrusted;
        if pushing {
            for space in std::mem::take(&mut self.reseal) {
                super::seal::reseal(site, space)?;
            }
            if !self.membership_refused {
                intents::plan(site, &mut self.report)?;
            }
            push::fill(site, &stop)?;
            if self.synced && self.tidied < MAX_TIDY && site.store.read(sealed_table::count)? == 0 {
                self.tidied += 1;
                if !packs::plan(site, &stop)? {
                    checkpoints::plan(site)?;
                    self.tidied = MAX_TIDY;
                }
            }
        }
        let (batch, pushes) = if pushing { push::gather(site)? } else { (Vec::new(), Vec::new()) };
        let moved = match relay.generation {
            Some(generation) => cursors::moved(site, generation)?,
            None => Vec::new(),
        };
        let rechecks_account = std::mem::take(&mut self.recheck_account);
        let want = self.wants(site, &relay, rechecks_account)?;
        let idle = batch.is_empty() && moved.is_empty() && want.is_empty() && !self.more;
        if self.synced && idle {
            return Ok(None);
        }
        if self.idle >= IDLE_ROUNDS {
            self.report.problem(
                "relay_confused",
                "the relay asks for the same again and again; the rest is left for the next sync",
            );
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
        };
        Ok(Some((request, sent)))
    }

    /// Positions in full, where the relay cannot know them from a cursor.
    fn wants(
        &mut self,
        site: &Site<'_>,
        relay: &RelayRow,
        rechecks_account: bool,
    ) -> Result<Vec<Want>> {
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
        Ok(known.iter().filter(wanted).map(want).collect())
    }

    /// Takes the answer to a sync request.
    fn take(&mut self, site: &Site<'_>, sent: Sent, response: &SyncResponse) -> Result<()> {
        self.synced = true;
        if response.version != VERSION {
            self.garbled("it is of another version");
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
            let text = format!("a change of the membership is not in force: {why}");
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
            site.store.write(Priority::Sync, "sync", |tx| relay::set_feed(tx, response.feed))?;
        }
        let whole = self.take_pages(site, &response.spaces, sent.rechecks_account)?;
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

    /// Everything the relay had to say was heard.
    fn end_of_answer(&mut self, site: &Site<'_>, feed: u64) -> Result<()> {
        let full = std::mem::take(&mut self.full_under_way);
        if full {
            // A restored relay that does not have a space at all does not show it either.
            let known = site.store.read(spaces::all)?;
            for space in known.iter().filter(|space| space.doubted) {
                restore::read_again(site, space.id)?;
            }
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
                sealed_table::forget_stored(tx)?;
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
    ) -> Result<bool> {
        self.paging.clear();
        let mut ordered: Vec<&SpacePage> = pages.iter().collect();
        ordered.sort_by_key(|page| page.space != site.account);
        let account_more = pages.iter().any(|page| page.space == site.account && page.more);
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
                PageEnd::Behind | PageEnd::Diverged => {
                    restore::raise_rolled_back(site, page.space)?;
                    self.stage = Stage::Over(SyncOutcome::Offline);
                    return Ok(false);
                }
            }
        }
        Ok(whole)
    }

    fn finish(&mut self, site: &Site<'_>, outcome: SyncOutcome) -> Result<SyncReport> {
        let mut report = self.report.clone();
        site.store.read(|conn| {
            report.queued = outbox::count(conn)?;
            for alarm in alarms::all(conn)? {
                report.problem(&alarm.code, alarm.text);
            }
            for refused in sealed_table::refused(conn)? {
                let what = refused.doc.as_deref().unwrap_or("a change of the membership");
                let why = refused.refused.as_deref().unwrap_or_default();
                report.problem(
                    "refused",
                    format!("the relay will never take {what}: {why}; it is safe on this device"),
                );
            }
            let waiting = entries::count_waiting(conn)?;
            if waiting > 0 {
                report.problem(
                    "waiting_for_key",
                    format!("{waiting} entries wait for a key that did not reach this device"),
                );
            }
            for quarantined in entries::quarantined(conn, 20)? {
                let what = if quarantined.doc.is_empty() {
                    "an entry".to_owned()
                } else {
                    format!("an entry of {}", quarantined.doc)
                };
                let why = quarantined.reason;
                report.problem("quarantined", format!("{what} was put aside: {why}"));
            }
            Ok(())
        })?;
        let left = report.queued > 0 || site.store.read(sealed_table::count)? > 0;
        report.outcome = match outcome {
            SyncOutcome::Done if report.retry_after_ms.is_some() && left => SyncOutcome::More,
            other => other,
        };
        Ok(report)
    }
}

/// Whether a relay of another life has not shown all of this log yet: it may well lack entries.
fn is_doubted(site: &Site<'_>, space: SpaceId) -> Result<bool> {
    Ok(site.store.read(|conn| spaces::get(conn, space))?.is_some_and(|space| space.doubted))
}
