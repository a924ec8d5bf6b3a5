//! Playing a routine: the domain's player bound to the disk. What it hands out to be logged is written
//! together with its checkpoint, so that a session survives a kill at any instant: nothing twice,
//! nothing lost. Cues are given by the front end, and time is the clock's.

mod begin;
mod keeping;
mod kept;
mod lock;
mod playing;
mod record;
mod together;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use holdfast_domain::live::Instants;
use holdfast_domain::player::{
    Action, At, BootId, Effect, Input, Player, StageView, Summary, Timing,
};
use holdfast_domain::units::LocalDay;
use holdfast_domain::vocabulary::Side;
use holdfast_domain::words::Message;
use serde::Serialize;

pub use keeping::{ToKeep, Written};
pub use playing::{Applied, Playing};
pub(crate) use together::Setting;

use crate::error::{Error, HoldfastError, Result};
use crate::views::rfc3339;
use crate::{Engine, Inner, clock};
use kept::Kept;
use lock::PlayLock;

/// What is decided when a routine is played. Steps and rules may be given by any unambiguous beginning
/// of their id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlayOptions {
    /// The slot of the day. Two devices that play one slot of a day offline meet in one session.
    /// Left out, it is the schedule's only slot, or that of the hour; else the session is its own.
    pub slot: Option<String>,
    /// The local day it belongs to; today where it is left out.
    pub day: Option<LocalDay>,
    /// Hard rules acknowledged for this once.
    pub acks: Vec<String>,
    /// Where to begin: what comes before this step is left out.
    pub from_step: Option<String>,
    /// The side of every step that asks for one.
    pub side: Option<Side>,
    /// The side of single steps that ask for one.
    pub sides: BTreeMap<String, Side>,
    /// Optional steps to play.
    pub include: Vec<String>,
    /// Steps to leave out.
    pub leave_out: Vec<String>,
    /// The side to begin with; left where it is left out.
    pub first_side: Option<Side>,
    /// Seconds to get into position and to change sides, where they are not ours.
    pub timing: Option<Timing>,
    /// Who presses or helps: a member or free text.
    pub by: Option<String>,
}

/// A session that was broken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnfinishedPlay {
    /// The session.
    pub session_id: String,
    /// The routine.
    pub routine: String,
    /// Its name when it was begun.
    pub routine_name: String,
    /// When it was begun, RFC 3339.
    pub started_at: Option<String>,
    /// When it was last put away, RFC 3339.
    pub saved_at: String,
    /// Holds logged so far.
    pub logged: usize,
    /// Holds planned.
    pub planned: usize,
    /// The process that is playing it right now; 0 where it did not say.
    pub played_by: Option<u32>,
}

/// What a session came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaySummary {
    /// The session; its holds are in the history under this id. Nothing where it was never begun.
    pub session_id: Option<String>,
    /// The routine.
    pub routine: String,
    /// Its name when it was begun.
    pub routine_name: String,
    /// What was done.
    pub summary: Summary,
}

impl Inner {
    /// This instant, for the player.
    pub(crate) fn at(&self) -> At {
        let boot = blake3::hash(self.clock.boot_id().as_bytes());
        let mut folded = [0; 8];
        folded.copy_from_slice(&boot.as_bytes()[..8]);
        At {
            boot: BootId(u64::from_le_bytes(folded)),
            since_boot_ms: self.clock.since_boot_ms(),
            wall_ms: self.clock.wall_ms(),
        }
    }

    fn broken_off(&self) -> Result<Option<Kept>> {
        let kept = self.store.read(|conn| kept::load(conn, self.who.chart))?;
        Ok(kept.filter(|kept| !kept.over))
    }

    fn must_be_broken_off(&self) -> Result<Kept> {
        self.broken_off()?.ok_or_else(|| Error::Forbidden {
            code: "no_unfinished_play",
            message: Message::new("unfinished.none"),
        })
    }
}

fn unfinished(routine: &str) -> Error {
    Error::Forbidden {
        code: "unfinished_play",
        message: Message::new("unfinished.one").with("routine", routine),
    }
}

impl Engine {
    /// This instant, as the player counts it.
    #[must_use]
    pub fn at(&self) -> At {
        self.inner.at()
    }

    /// Gets a routine ready to be played: nothing is written before it is begun with
    /// [`holdfast_domain::player::Action::Start`]. One session a chart is played at a time, whatever
    /// the process; logging and syncing go on meanwhile.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::AskFirst`] with the steps whose side or exercise
    /// is still to be said; [`HoldfastError::Broken`] until rules are acknowledged;
    /// [`HoldfastError::PlayInUse`] while another session is played; [`HoldfastError::Forbidden`]
    /// (`unfinished_play`) while one that was broken off waits.
    pub fn play(&self, key: &str, options: &PlayOptions) -> Result<Playing, HoldfastError> {
        self.guarded(|inner| {
            let lock = PlayLock::take(inner)?;
            if let Some(kept) = inner.broken_off()? {
                return Err(unfinished(&kept.begun.routine_name));
            }
            let (begun, plan) = inner.begin(key, options)?;
            let at = inner.at();
            let player = Player::new(plan, at);
            Ok(Playing::new(self.clone(), lock, begun, player, Instants::same(at)))
        })
    }

    /// The session that was broken off, if there is one.
    ///
    /// # Errors
    /// When what was put away cannot be read.
    pub fn unfinished_play(&self) -> Result<Option<UnfinishedPlay>, HoldfastError> {
        self.guarded(|inner| {
            let Some(kept) = inner.broken_off()? else { return Ok(None) };
            let played_by = match PlayLock::take(inner) {
                Ok(_free) => None,
                Err(Error::PlayInUse { pid }) => Some(pid),
                Err(error) => return Err(error),
            };
            let player = Player::resume(kept.checkpoint, kept.instants.session_at(kept.saved_at))
                .map_err(kept::bad_checkpoint)?
                .0;
            let summary = player.summary();
            let moment = |at: At| rfc3339(&clock::moment(at.wall_ms, &kept.begun.zone));
            Ok(Some(UnfinishedPlay {
                session_id: kept.begun.session.id().to_string(),
                routine: kept.begun.routine.to_string(),
                routine_name: kept.begun.routine_name.clone(),
                started_at: summary.started_at.map(moment),
                saved_at: moment(kept.saved_at),
                logged: summary.holds.len(),
                planned: player.plan().holds().len(),
                played_by,
            }))
        })
    }

    /// Takes up a session that was broken off: only ever because a person asked for it, who thereby
    /// attends. Within 30 s of the last attended instant it goes on; after that the running hold is
    /// kept as what it was, and the person is asked.
    ///
    /// # Errors
    /// [`HoldfastError::Forbidden`] where none was broken off, or it cannot be read;
    /// [`HoldfastError::PlayInUse`] while another process plays it.
    pub fn resume_play(&self) -> Result<(Playing, Applied), HoldfastError> {
        self.guarded(|inner| {
            let lock = PlayLock::take(inner)?;
            let Kept { begun, checkpoint, instants, .. } = inner.must_be_broken_off()?;
            let at = instants.session_at(inner.at());
            let resumed = Player::resume(checkpoint, at);
            let (mut player, mut effects) = resumed.map_err(kept::bad_checkpoint)?;
            effects.extend(attended_by_resuming(&mut player, at, &effects));
            let mut playing = Playing::resumed(self.clone(), lock, begun, player, instants);
            let applied = playing.keep(effects);
            Ok((playing, applied))
        })
    }

    /// Gives up a session that was broken off. A half-done hold is kept as what it was.
    ///
    /// # Errors
    /// As [`Self::resume_play`]; and when it could not be written, then it still waits.
    pub fn discard_play(&self) -> Result<PlaySummary, HoldfastError> {
        let mut playing = self.guarded(|inner| {
            let lock = PlayLock::take(inner)?;
            let Kept { begun, checkpoint, instants, .. } = inner.must_be_broken_off()?;
            let discarded = Player::discard(checkpoint, instants.session_at(inner.at()));
            let (player, effects) = discarded.map_err(kept::bad_checkpoint)?;
            let mut playing = Playing::resumed(self.clone(), lock, begun, player, instants);
            playing.note(&effects);
            Ok(playing)
        })?;
        playing.finish()
    }
}

/// Whoever takes a session up that goes on sees where it is: what fell due meanwhile needs no cue any
/// more, and must not be taken for neglect half a minute later. One that was broken off asks instead.
fn attended_by_resuming(player: &mut Player, at: At, effects: &[Effect]) -> Vec<Effect> {
    let view = player.view(at);
    let missed = effects.iter().filter_map(|effect| match effect {
        Effect::Missed { latest, .. } => Some(latest.due),
        _ => None,
    });
    match missed.max() {
        Some(due) if view.stage != StageView::BrokenOff && view.paused.is_none() => {
            player.apply(at, &Input::unseeing(Action::Delivered { due }))
        }
        _ => Vec::new(),
    }
}
