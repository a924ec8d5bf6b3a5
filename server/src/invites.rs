//! Joining with an invite: a look at the account, the admission, and the wrap that is handed out with it.
//!
//! Wraps lie outside the log. They are stored with the statement that opens the invite, replaced when the
//! account's secret rotates, and deleted when the invite is used, ends, or is revoked. The relay cannot open
//! them.

use holdfast_protocol::entry::Entry;
use holdfast_protocol::epoch::ClassEpoch;
use holdfast_protocol::ids::{Class, InviteId};
use holdfast_protocol::membership::{Act, ChartState, Refusal, SpaceKind, SpaceState};
use holdfast_protocol::pairing::{HandedKey, JoinRequest, JoinResponse, PeekRequest, PeekResponse};
use holdfast_protocol::sync::{InviteWrap, Outcome, ProblemCode, Push};

use crate::answer::{Answer, Refused, read};
use crate::append::{Bench, Stop, Via, append};
use crate::pull::{membership, outline};
use crate::pushed::Pushed;
use crate::relay::Relay;
use crate::store::{Held, JoinAnswer, Stored, StoredWrap, Writing, read_with, write_with};
use crate::working_set::WorkingSet;

/// The largest wrap of an invite, in bytes. A wrapped secret has 80.
const MAX_WRAP_BYTES: usize = 1024;

/// An invite that is open: until when, and the classes whose keys are wrapped for it.
struct Open {
    invite: InviteId,
    expires_at_ms: u64,
    reads: Vec<Class>,
}

fn open(state: &SpaceState) -> Vec<Open> {
    match state.kind() {
        SpaceKind::Account(account) => account
            .invites
            .iter()
            .map(|(invite, open)| Open {
                invite: *invite,
                expires_at_ms: open.expires_at_ms,
                reads: vec![Class::Account],
            })
            .collect(),
        SpaceKind::Chart(chart) if chart.closed => Vec::new(),
        SpaceKind::Chart(chart) => chart
            .invites
            .iter()
            .map(|(invite, open)| Open {
                invite: *invite,
                expires_at_ms: open.expires_at_ms,
                reads: Class::CHART.into_iter().filter(|class| open.reads(*class)).collect(),
            })
            .collect(),
    }
}

/// The classes whose keys an act replaces.
pub(crate) fn rotated(act: &Act) -> Vec<Class> {
    let of = |epochs: &[ClassEpoch]| epochs.iter().map(|epoch| epoch.class).collect();
    match act {
        Act::RevokeDevice(_) | Act::RotateAccount(_) => vec![Class::Account],
        Act::DeviceCut(cut) => of(&cut.epochs),
        Act::RotateClasses(epochs) => of(epochs),
        Act::CloseInvite(close) => of(&close.epochs),
        Act::ConfirmMember(confirm) => of(&confirm.epochs),
        Act::ChangeGrant(change) => of(&change.epochs),
        Act::RemoveMember(remove) => of(&remove.epochs),
        _ => Vec::new(),
    }
}

/// A rotation brings a wrap of each new key for every open invite that had one: the old wrap would hand out a
/// key that is no longer current. After a restore from a backup devices push again what they hold and wrap its keys
/// anew; one that lacks a key of those cannot, and the invite stays open without it.
pub(crate) fn check_wraps(
    w: &dyn Writing,
    held: &Held,
    after: &SpaceState,
    act: &Act,
    wraps: &[InviteWrap],
    now_ms: u64,
) -> Result<(), Stop> {
    if wraps.iter().any(|wrap| wrap.wrapped.0.len() > MAX_WRAP_BYTES) {
        return Err(Refusal::TooLarge.into());
    }
    if held.row.restored.is_some() {
        return Ok(());
    }
    let rotated = rotated(act);
    for open in open(after).into_iter().filter(|open| now_ms < open.expires_at_ms) {
        let had = w.reading().wraps_of(held.row.no, &open.invite)?;
        let missing = had.iter().map(|had| had.class).any(|class| {
            let brought = |wrap: &InviteWrap| wrap.invite == open.invite && wrap.class == class;
            rotated.contains(&class) && open.reads.contains(&class) && !wraps.iter().any(brought)
        });
        if missing {
            return Err(Refusal::BadWraps.into());
        }
    }
    Ok(())
}

/// The invite that an act opens.
fn opened(act: &Act) -> Option<InviteId> {
    match act {
        Act::InviteDevice(invite) => Some(invite.invite),
        Act::InviteMember(invite) => Some(invite.invite),
        _ => None,
    }
}

/// Keeps the wraps of the invites that are open after a statement, and forgets all others. A statement brings
/// wraps for the invite that it opens, or of the keys that it replaces: no member spoils those of another's.
pub(crate) fn keep_wraps(
    w: &mut dyn Writing,
    after: &Held,
    act: &Act,
    wraps: &[InviteWrap],
) -> Stored<()> {
    let no = after.row.no;
    let (open, rotated) = (open(&after.state), rotated(act));
    for invite in w.wraps(no)? {
        match open.iter().find(|open| open.invite == invite) {
            Some(_) => w.drop_wraps(no, &invite, &rotated)?,
            None => w.drop_wraps(no, &invite, &ALL)?,
        }
    }
    let own = opened(act);
    let belongs = |wrap: &&InviteWrap| {
        wrap.wrapped.0.len() <= MAX_WRAP_BYTES
            && (own == Some(wrap.invite) || rotated.contains(&wrap.class))
    };
    for wrap in wraps.iter().filter(belongs) {
        let of = |open: &&Open| open.invite == wrap.invite && open.reads.contains(&wrap.class);
        if let Some(open) = open.iter().find(of) {
            let stored = StoredWrap {
                class: wrap.class,
                wrapped: wrap.wrapped.clone(),
                expires_at_ms: open.expires_at_ms,
            };
            w.put_wrap(no, &wrap.invite, &stored)?;
        }
    }
    Ok(())
}

/// Every class that a wrap may be of.
const ALL: [Class; 6] =
    [Class::Account, Class::Plan, Class::Log, Class::Notes, Class::Prescription, Class::Profile];

/// The invite was used: its wraps become part of the answer that the admitted device may ask for again.
pub(crate) fn hand_out(
    w: &mut dyn Writing,
    after: &Held,
    entry: &Entry,
    invite: &InviteId,
) -> Stored<()> {
    /// Without a wrap there is no end to copy; the first sync deletes the answer anyway.
    const UNTIL_SYNC: u64 = i64::MAX as u64;
    let wraps = w.reading().wraps_of(after.row.no, invite)?;
    if wraps.is_empty() && after.state.as_chart().is_some() {
        // Who waits for the comparison is handed nothing, and has nothing to ask for again.
        return Ok(());
    }
    let answer = JoinAnswer {
        admission: entry.hash(),
        seq: after.state.head().seq,
        expires_at_ms: wraps.first().map_or(UNTIL_SYNC, |wrap| wrap.expires_at_ms),
        keys: wraps.into_iter().map(|w| HandedKey { class: w.class, wrapped: w.wrapped }).collect(),
    };
    w.put_join_answer(&entry.header().author, after.row.no, &answer)?;
    w.drop_wraps(after.row.no, invite, &ALL)
}

/// Whether an invite is open, was used, or is neither.
enum Standing {
    Open,
    Used,
    Gone,
}

fn standing(state: &SpaceState, invite: &InviteId, now_ms: u64) -> Standing {
    let used = match state.kind() {
        SpaceKind::Account(account) => account.used.contains(invite),
        SpaceKind::Chart(chart) => chart.used.contains(invite),
    };
    let is_open = |open: &Open| open.invite == *invite && now_ms < open.expires_at_ms;
    match used {
        true => Standing::Used,
        false if open(state).iter().any(is_open) => Standing::Open,
        false => Standing::Gone,
    }
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
            match standing(&state, &request.invite, now_ms) {
                Standing::Open => {}
                Standing::Used => {
                    let used = Refused::new(ProblemCode::InviteUsed, "the invite was used before");
                    return Ok(Err(used));
                }
                Standing::Gone => return Ok(Err(gone())),
            }
            let membership = membership(r, &row)?;
            let mut accounts = Vec::new();
            let mut bytes = 0;
            for account in state.as_chart().into_iter().flat_map(ChartState::ever_members) {
                bytes += match r.space(&account)? {
                    Some(row) => r.membership_bytes(row.no)?,
                    None => 0,
                };
                if bytes > self.limits().look_bytes {
                    let why = "the memberships of this chart's accounts are too large to be shown";
                    return Ok(Err(Refused::new(ProblemCode::Refused, why)));
                }
                accounts.extend(outline(r, &account)?);
            }
            Ok(Ok(Answer::good(&PeekResponse { membership, accounts })))
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
            let mut response = JoinResponse { outcome, keys: Vec::new() };
            if let (Outcome::Stored { .. } | Outcome::Have { .. }, Ok(entry)) =
                (&response.outcome, &pushed.entry)
                && let Some(no) = set.get(&account).map(|held| held.row.no)
            {
                let answer = w.reading().join_answer(&entry.header().author, no)?;
                if let Some(answer) = answer.filter(|a| a.admission == entry.hash()) {
                    let outcome = Outcome::Stored { seq: answer.seq };
                    response = JoinResponse { outcome, keys: answer.keys };
                }
            }
            Ok((response, set.finish(w)?))
        })?;
        self.wake(&raised);
        Ok(Answer::good(&response))
    }
}
