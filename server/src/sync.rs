//! `POST /v1/sync`: the one request that pushes, acknowledges and pulls for all spaces of an account.

use holdfast_protocol::VERSION;
use holdfast_protocol::entry::Entry;
use holdfast_protocol::membership::Refusal;
use holdfast_protocol::sync::{Ack, MAX_PUSH, Outcome, ProblemCode, SyncRequest, SyncResponse};

use crate::answer::{Answer, Refused, read};
use crate::append::{Bench, Via, append};
use crate::auth::{Who, unknown_device};
use crate::checkpoints;
use crate::cursors::{self, MAX_CURSORS};
use crate::pull::{Puller, Sent};
use crate::pushed::Pushed;
use crate::relay::Relay;
use crate::store::{read_with, write_with};
use crate::working_set::{Raised, WorkingSet};

/// The most positions that a request may name in full.
const MAX_WANT: usize = 4096;

impl Relay {
    /// `POST /v1/sync`.
    pub(crate) fn sync(
        &self,
        token: Option<&str>,
        body: &[u8],
        now_ms: u64,
    ) -> Result<Answer, Refused> {
        let who = self.who(token, now_ms)?;
        self.rates().check_account(&who.account)?;
        let mut request: SyncRequest = read("sync request", body)?;
        let within = request.push.len() <= MAX_PUSH
            && request.cursors.len() <= MAX_CURSORS
            && request.want.len() <= MAX_WANT;
        if !within {
            let what = "the request has more entries, cursors or positions than allowed";
            return Err(Refused::new(ProblemCode::Malformed, what));
        }
        let pushed = Pushed::verify_all(std::mem::take(&mut request.push));
        let cursors = cursors::signed_by(who.device, std::mem::take(&mut request.cursors));
        let mut acks = Vec::new();
        let mut sent = Sent::new();
        if !pushed.is_empty() || !cursors.is_empty() || who.joined_just_now {
            let spaces: Vec<_> =
                pushed.iter().map(|p| p.entry.as_ref().ok().map(Entry::space)).collect();
            let raised;
            (acks, raised) = self.take_in(who, pushed, cursors, now_ms)?;
            self.wake(&raised);
            for (ack, space) in acks.iter().zip(spaces) {
                if let (Outcome::Stored { seq } | Outcome::Have { seq }, Some(space)) =
                    (&ack.outcome, space)
                {
                    sent.insert((space, *seq));
                }
            }
        }
        let response = read_with(self.store(), |r| {
            let Some(row) = r.space(&who.account)? else { return Ok(None) };
            let puller = Puller { device: who.device, account: who.account, no: row.no, now_ms };
            let pulled = self.pull(r, puller, &request, &sent)?;
            Ok(Some(SyncResponse {
                version: VERSION,
                generation: r.generation()?,
                now_ms,
                feed: pulled.feed,
                acks,
                spaces: pulled.spaces,
                cursors: pulled.cursors,
                more: pulled.more,
                accounts: pulled.accounts,
                accounts_feed: pulled.accounts_feed,
                gone: pulled.gone,
            }))
        })?
        .ok_or_else(unknown_device)?;
        Ok(Answer::good(&response))
    }

    /// Judges and appends in one transaction; durable when it returns.
    fn take_in(
        &self,
        who: Who,
        pushed: Vec<Pushed>,
        cursors: Vec<holdfast_protocol::cursor::SignedCursor>,
        now_ms: u64,
    ) -> Result<(Vec<Ack>, Vec<Raised>), Refused> {
        let described = if pushed.iter().any(checkpoints::is_one) {
            read_with(self.store(), |r| {
                let Some(own) = r.space(&who.account)? else { return Ok(Vec::new()) };
                checkpoints::prepare(r, &pushed, |row| r.belongs(own.no, row.no))
            })?
        } else {
            Vec::new()
        };
        let limits = self.limits().clone();
        let tag = self.tag(&who.account);
        let done = write_with(self.store(), move |w| {
            let mut set = WorkingSet::default();
            set.described = described;
            // Under the lock: a revocation that stands in the log already counts for this request.
            let known = set.hold(w, &who.account)?;
            let active = set
                .get(&who.account)
                .and_then(|held| held.state.as_account())
                .is_some_and(|account| account.is_active(&who.device));
            if !known || !active {
                set.finish(w)?;
                return Ok(None);
            }
            if who.joined_just_now
                && let Some(no) = set.get(&who.account).map(|held| held.row.no)
            {
                w.drop_join_answer(&who.device, no)?;
            }
            let bench = Bench { via: Via::Sync(who.account), now_ms, limits: &limits };
            let mut acks = Vec::with_capacity(pushed.len());
            for entry in &pushed {
                let outcome = append(w, &mut set, entry, bench)?;
                acks.push(Ack { entry: entry.hash, outcome });
            }
            cursors::keep(w, &mut set, &who.account, &cursors, now_ms)?;
            Ok(Some((acks, set.finish(w)?)))
        })?;
        let (acks, raised) = done.ok_or_else(unknown_device)?;
        let refused = acks.iter().filter(|a| matches!(a.outcome, Outcome::Never { .. })).count();
        tracing::debug!(account = %tag, entries = acks.len(), refused, "took entries in");
        if acks.iter().any(|a| a.outcome == Outcome::Never { why: Refusal::Fork }) {
            tracing::warn!(account = %tag, "a device has seen another history than this store's");
        }
        Ok((acks, raised))
    }
}
