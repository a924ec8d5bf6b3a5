//! What the relay answered: refusals of whole requests, and what a registration and a sign-in brought. The
//! answer to a sync is taken in [`super::taking`].

use holdfast_domain::words::{Arg, Message};
use holdfast_protocol::auth::{ChallengeResponse, RegisterResponse, TokenResponse};
use holdfast_protocol::sync::{ProblemCode, SyncResponse};
use holdfast_protocol::wire;
use minicbor::{Decode, Encode};

use super::{Machine, Stage};
use crate::error::Result;
use crate::protocol_words::{garbled, problem_message, transport_message};
use crate::store::Priority;
use crate::store::sync_tables::{alarms, relay};
use crate::sync::report::SyncOutcome;
use crate::sync::site::Site;
use crate::sync::transport::{Answer, TransportError};
use crate::sync::{push, relays};

impl Machine {
    /// Takes what was answered to the last ask.
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
                self.report.problem(
                    code,
                    Message::new("sync.safe").with("why", transport_message(&error)),
                );
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

    pub(super) fn garbled(&mut self, why: &str) {
        self.report.problem("relay_garbled", garbled(why.to_owned()));
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
                self.over(answer, "relay_busy", "relay_said.busy");
            }
            (_, Some(ProblemCode::Version)) => {
                self.over(answer, "relay_version", "relay_said.version");
            }
            (401, _) => self.over(answer, "sign_in", "relay_said.sign_in"),
            (500..=599, _) => self.over(answer, "relay_failed", "relay_said.broke"),
            _ => self.over(answer, "relay_refused", "relay_said.refused"),
        }
        Ok(())
    }

    fn over(&mut self, answer: &Answer, code: &str, what: &'static str) {
        let why = match answer.problem() {
            Some(problem) => problem_message(&problem),
            None => Message::new("relay_said.status").with("status", answer.status),
        };
        let what = Message::new("sync.safe_why").with("what", Arg::code(what)).with("why", why);
        self.report.problem(code, what);
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
}
