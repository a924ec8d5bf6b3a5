//! The conversation with a relay as a state machine: it says what to ask next and takes what was answered. It
//! holds no socket, no thread and no clock of its own, so that a simulator drives it like an app does.

mod answer;
mod request;
mod taking;

use std::collections::BTreeSet;

use holdfast_domain::words::{Arg, Message};
use holdfast_protocol::VERSION;
use holdfast_protocol::auth::{ChallengeRequest, RegisterRequest, TokenRequest};
use holdfast_protocol::ids::SpaceId;
use holdfast_protocol::wire;
use minicbor::Encode;

use super::relays;
use super::report::{Budget, SyncOutcome, SyncReport};
use super::seal;
use super::site::Site;
use super::transport::Ask;
use crate::error::Result;
use crate::protocol_words::{alarm_message, kept};
use crate::store::outbox;
use crate::store::sync_tables::relay::RelayRow;
use crate::store::sync_tables::sealed::Sealed;
use crate::store::sync_tables::{alarms, entries, relay, sealed as sealed_table};

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
    /// The account's log and all accounts of others were asked for: in the answer, an unknown author is a
    /// stranger.
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
                        self.report.problem("no_relay", Message::new("sync.no_relay_yet"));
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

    fn finish(&mut self, site: &Site<'_>, outcome: SyncOutcome) -> Result<SyncReport> {
        let mut report = self.report.clone();
        site.store.read(|conn| {
            report.queued = outbox::count(conn)?;
            for alarm in alarms::all(conn)? {
                report.problem(&alarm.code, alarm_message(&alarm));
            }
            for refused in sealed_table::refused(conn)? {
                let what = refused.doc.as_deref().map_or(Arg::code("sync.membership"), Arg::from);
                let why = kept(refused.refused.as_deref().unwrap_or_default());
                let message = Message::new("sync.refused").with("what", what).with("why", why);
                report.problem("refused", message);
            }
            for blocked in seal::blocked(conn, site.account, site.clock.wall_ms())? {
                report.problem("not_sendable", blocked.sentence());
            }
            let waiting = entries::count_waiting(conn)?;
            if waiting > 0 {
                report.problem("waiting_for_key", Message::counted("sync.waiting", waiting));
            }
            for quarantined in entries::quarantined(conn, 20)? {
                let message = match quarantined.doc.as_str() {
                    "" => Message::new("sync.put_aside"),
                    doc => Message::new("sync.put_aside_of").with("doc", doc),
                };
                report.problem("quarantined", message.with("why", kept(&quarantined.reason)));
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
