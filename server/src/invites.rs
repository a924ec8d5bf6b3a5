//! Joining with an invite: a look at the account, the admission, and the wrap that is handed out with it.
//!
//! Wraps lie outside the log. They are stored with the statement that opens the invite, replaced when the
//! account's secret rotates, and deleted when the invite is used, ends, or is revoked. The relay cannot open
//! them.

use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::InviteId;
use holdfast_protocol::membership::{Refusal, SpaceState};
use holdfast_protocol::pairing::{JoinRequest, JoinResponse, PeekRequest, PeekResponse};
use holdfast_protocol::sync::{InviteWrap, Item, Outcome, ProblemCode, Push};

use crate::answer::{Answer, Refused, read};
use crate::append::{Bench, Stop, Via, append};
use crate::pushed::Pushed;
use crate::relay::Relay;
use crate::store::{Held, JoinAnswer, Stored, StoredWrap, Writing, read_with, write_with};
use crate::working_set::WorkingSet;

/// The largest wrap of an invite, in bytes. A wrapped secret has 80.
const MAX_WRAP_BYTES: usize = 1024;

/// A rotation brings a wrap of the new secret for every open invite that had one: the old wrap would hand out a
/// secret that is no longer current. After a restore from a backup, when devices push again what they hold,
/// nobody has the old wraps any more; the invites stay open and are empty.
pub(crate) fn check_wraps(
    w: &dyn Writing,
    held: &Held,
    after: &SpaceState,
    wraps: &[InviteWrap],
    now_ms: u64,
) -> Result<(), Stop> {
    if wraps.iter().any(|wrap| wrap.wrapped.0.len() > MAX_WRAP_BYTES) {
        return Err(Refusal::TooLarge.into());
    }
    let Some(account) = after.as_account() else { return Ok(()) };
    if held.row.restored.is_some() {
        return Ok(());
    }
    for (invite, open) in &account.invites {
        let missing = now_ms < open.expires_at_ms
            && !wraps.iter().any(|wrap| wrap.invite == *invite)
            && w.reading().wrap(held.row.no, invite)?.is_some();
        if missing {
            return Err(Refusal::BadWraps.into());
        }
    }
    Ok(())
}

/// Keeps the wraps of the invites that are open after a statement, and forgets all others.
pub(crate) fn keep_wraps(
    w: &mut dyn Writing,
    after: &Held,
    wraps: &[InviteWrap],
    rotated: bool,
) -> Stored<()> {
    let Some(account) = after.state.as_account() else { return Ok(()) };
    let no = after.row.no;
    for invite in w.wraps(no)? {
        if rotated || !account.invites.contains_key(&invite) {
            w.drop_wrap(no, &invite)?;
        }
    }
    for wrap in wraps {
        if let Some(open) = account.invites.get(&wrap.invite)
            && wrap.wrapped.0.len() <= MAX_WRAP_BYTES
        {
            let expires_at_ms = open.expires_at_ms;
            let stored = StoredWrap { wrapped: wrap.wrapped.clone(), expires_at_ms };
            w.put_wrap(no, &wrap.invite, &stored)?;
        }
    }
    Ok(())
}

/// The invite was used: its wrap becomes part of the answer that the admitted device may ask for again.
pub(crate) fn hand_out(
    w: &mut dyn Writing,
    after: &Held,
    entry: &Entry,
    invite: &InviteId,
) -> Stored<()> {
    /// Without a wrap there is no end to copy; the first sync deletes the answer anyway.
    const UNTIL_SYNC: u64 = i64::MAX as u64;
    let wrap = w.reading().wrap(after.row.no, invite)?;
    let answer = JoinAnswer {
        admission: entry.hash(),
        seq: after.state.head().seq,
        expires_at_ms: wrap.as_ref().map_or(UNTIL_SYNC, |wrap| wrap.expires_at_ms),
        wrapped: wrap.map(|wrap| wrap.wrapped),
    };
    w.put_join_answer(&entry.header().author, &answer)?;
    w.drop_wrap(after.row.no, invite)
}

impl Relay {
    /// `POST /v1/peek`.
    pub(crate) fn peek(&self, body: &[u8], now_ms: u64) -> Result<Answer, Refused> {
        let request: PeekRequest = read("look", body)?;
        let gone = || Refused::new(ProblemCode::InviteGone, "the invite is not open");
        if !request.is_valid() {
            return Err(gone());
        }
        read_with(self.store(), |r| {
            let Some(row) = r.space(&request.account)? else { return Ok(Err(gone())) };
            let state = self.rights(r, &request.account, &row)?;
            let Some(account) = state.as_account() else { return Ok(Err(gone())) };
            if account.used.contains(&request.invite) {
                let used = Refused::new(ProblemCode::InviteUsed, "the invite was used before");
                return Ok(Err(used));
            }
            if account.invites.get(&request.invite).is_none_or(|i| now_ms >= i.expires_at_ms) {
                return Ok(Err(gone()));
            }
            let mut membership = Vec::new();
            r.log(row.no, 0, row.membership, &mut |found| {
                if let (Kind::Membership, Some(bytes)) = (found.outline.kind, found.bytes) {
                    membership.push(Item::Entry { seq: found.outline.seq, bytes: bytes.to_vec() });
                }
                Ok(true)
            })?;
            Ok(Ok(Answer::good(&PeekResponse { membership })))
        })?
    }

    /// `POST /v1/join`. What the log's rules say of an admission is in the answer's outcome; only what is no
    /// entry at all is refused as a request.
    pub(crate) fn join(&self, body: &[u8], now_ms: u64) -> Result<Answer, Refused> {
        let request: JoinRequest = read("join", body)?;
        let pushed = Pushed::verify(Push { entry: request.admission, invite_wraps: Vec::new() });
        match &pushed.entry {
            Ok(entry) if entry.space() == request.account && !entry.header().is_genesis() => {}
            Ok(_) => {
                let why = "the admission belongs to another account";
                return Err(Refused::new(ProblemCode::Refused, why));
            }
            Err(why) => return Err(Refused::new(ProblemCode::Refused, why.to_string())),
        }
        let limits = self.limits().clone();
        let account = request.account;
        let (response, raised) = write_with(self.store(), move |w| {
            let mut set = WorkingSet::default();
            let bench = Bench { via: Via::Join(account), now_ms, limits: &limits };
            let outcome = append(w, &mut set, &pushed, bench)?;
            let mut response = JoinResponse { outcome, wrapped: None };
            if let (Outcome::Stored { .. } | Outcome::Have { .. }, Ok(entry)) =
                (&response.outcome, &pushed.entry)
            {
                let answer = w.reading().join_answer(&entry.header().author)?;
                if let Some(answer) = answer.filter(|a| a.admission == entry.hash()) {
                    response = JoinResponse {
                        outcome: Outcome::Stored { seq: answer.seq },
                        wrapped: answer.wrapped,
                    };
                }
            }
            Ok((response, set.finish(w)?))
        })?;
        self.wake(&raised);
        Ok(Answer::good(&response))
    }
}
