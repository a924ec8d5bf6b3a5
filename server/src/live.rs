//! Handing on what devices say to each other in a live session: to the open event streams of those who may read
//! the chart's log now, and to nobody else. Nothing is stored, nothing waits for who does not listen, and what is
//! said cannot be read here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use holdfast_protocol::ids::{AccountId, Class, DeviceId, LiveId};
use holdfast_protocol::live::{
    LiveError, LiveHeader, LiveMessage, LiveOutcome, LiveResponse, MAX_LIVE_BYTES,
};
use holdfast_protocol::membership::{ChartState, Refusal, SpaceState};
use holdfast_protocol::sync::ProblemCode;
use holdfast_protocol::wire::Malformed;

use crate::answer::{Answer, Refused};
use crate::auth::Who;
use crate::relay::Relay;
use crate::store::{Reading, Stored, read_with};

/// After so long without a word, in milliseconds, a speaker's last counter is forgotten.
const SILENT_MS: u64 = 10 * 60 * 1000;

/// The last thing that each device said: one that comes again is not handed on. One place a device, so that
/// nobody fills the memory; the listeners look at each session apart.
#[derive(Default)]
pub(crate) struct Speakers(Mutex<HashMap<DeviceId, Last>>);

struct Last {
    session: LiveId,
    counter: u64,
    at_ms: u64,
}

impl Speakers {
    fn is_new(&self, header: &LiveHeader, now_ms: u64) -> bool {
        let LiveHeader { sender, session, counter, .. } = *header;
        let mut speakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = speakers
            .get(&sender)
            .is_none_or(|last| last.session != session || counter > last.counter);
        if new {
            speakers.insert(sender, Last { session, counter, at_ms: now_ms });
        }
        new
    }

    /// Forgets who has said nothing for a while.
    pub fn forget_silent(&self, now_ms: u64) {
        let mut speakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        speakers.retain(|_, last| now_ms.saturating_sub(last.at_ms) < SILENT_MS);
    }
}

/// An account whose streams hear it, and who of its devices may.
struct Listener {
    account: AccountId,
    state: Arc<SpaceState>,
}

impl Relay {
    /// `POST /v1/live`.
    pub(crate) fn live(
        &self,
        token: Option<&str>,
        body: &[u8],
        now_ms: u64,
    ) -> Result<Answer, Refused> {
        if body.len() > MAX_LIVE_BYTES {
            return Err(Refused::too_large(MAX_LIVE_BYTES));
        }
        let who = self.who(token, now_ms)?;
        self.rates().check_live(&who.account)?;
        let outcome = match LiveMessage::from_bytes(body) {
            Ok(message) => self.hand_on(who, message.header(), body, now_ms)?,
            Err(LiveError::BadSignature) => LiveOutcome::Never { why: Refusal::BadSignature },
            Err(LiveError::Malformed(why @ Malformed::NewerVersion { .. })) => {
                return Err(Refused::new(ProblemCode::Version, why.to_string()));
            }
            Err(why) => return Err(Refused::new(ProblemCode::Malformed, why.to_string())),
        };
        Ok(Answer::good(&LiveResponse { now_ms, outcome }))
    }

    fn hand_on(
        &self,
        who: Who,
        header: &LiveHeader,
        body: &[u8],
        now_ms: u64,
    ) -> Result<LiveOutcome, Refused> {
        let heard = read_with(self.store(), |r| {
            let Some(row) = r.space(&header.chart)? else { return Ok(Err(UNKNOWN)) };
            let state = self.rights(r, &header.chart, &row)?;
            let Some(chart) = state.as_chart() else { return Ok(Err(UNKNOWN)) };
            if let Err(refused) = may_speak(chart, who, header, now_ms) {
                return Ok(Err(refused));
            }
            let Some(own) = r.space(&who.account)? else { return Ok(Err(UNKNOWN)) };
            let own = self.rights(r, &who.account, &own)?;
            if own.as_account().is_none_or(|account| account.is_paper(&who.device)) {
                return Ok(Err(LiveOutcome::Never { why: Refusal::NoWriteGrant }));
            }
            let listeners = self.listeners(r, chart, now_ms)?;
            Ok(Ok((state, listeners)))
        })?;
        let (state, listeners) = match heard {
            Ok(heard) => heard,
            Err(refused) => return Ok(refused),
        };
        if !self.speakers().is_new(header, now_ms) {
            return Ok(LiveOutcome::Never { why: Refusal::Counter });
        }
        let message: Arc<[u8]> = body.into();
        for Listener { account, state: known } in listeners {
            let hears = |device: &DeviceId| {
                *device != header.sender
                    && state.as_chart().is_some_and(|chart| !chart.cuts.contains_key(device))
                    && known
                        .as_account()
                        .is_some_and(|a| a.is_active(device) && !a.is_paper(device))
            };
            self.watchers().say(&account, hears, &message);
        }
        Ok(LiveOutcome::Sent)
    }

    /// The accounts that may read the log now, of those that have a stream open.
    fn listeners(&self, r: &dyn Reading, chart: &ChartState, now_ms: u64) -> Stored<Vec<Listener>> {
        let mut listeners = Vec::new();
        for account in chart.readers(Class::Log) {
            if !chart.may_read_at(&account, Class::Log, now_ms) || !self.watchers().has(&account) {
                continue;
            }
            if let Some(row) = r.space(&account)? {
                listeners.push(Listener { account, state: self.rights(r, &account, &row)? });
            }
        }
        Ok(listeners)
    }
}

const UNKNOWN: LiveOutcome = LiveOutcome::Never { why: Refusal::UnknownSpace };

/// Whoever reads the log may speak: a viewer that follows has to ask for the state. What its words count for is
/// the listeners' to judge, who can read them.
fn may_speak(
    chart: &ChartState,
    who: Who,
    header: &LiveHeader,
    now_ms: u64,
) -> Result<(), LiveOutcome> {
    let never = |why| Err(LiveOutcome::Never { why });
    // A stranger learns nothing of a chart: it is as if it were not there.
    let Some(member) = chart.members.get(&who.account) else { return Err(UNKNOWN) };
    let current = chart.epoch(Class::Log);
    if header.sender != who.device {
        never(Refusal::BadSignature)
    } else if chart.closed {
        never(Refusal::Closed)
    } else if chart.cuts.contains_key(&who.device) {
        never(Refusal::Revoked)
    } else if member.grant.has_ended(now_ms) {
        never(Refusal::GrantEnded)
    } else if !chart.may_read(&who.account, Class::Log) {
        never(Refusal::NoWriteGrant)
    } else if header.epoch == 0 || header.epoch > current {
        never(Refusal::UnknownEpoch)
    } else if header.epoch < current {
        Err(LiveOutcome::Reseal { epoch: current })
    } else {
        Ok(())
    }
}
