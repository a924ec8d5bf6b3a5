//! The stored player in a live session: leading one with what is played here, and going on with one that somebody
//! else led. Who speaks and how it is sent is the business of `live`.

use std::collections::BTreeSet;

use holdfast_domain::ids::{DeviceName, RoutineId, StepId};
use holdfast_domain::live::{Deposed, Follower, Leader, Message as Said};
use holdfast_domain::player::{At, Effect, Input, Plan};
use holdfast_domain::record::{PlayedStep, SessionKey, StepRef};
use holdfast_domain::words::Message;
use holdfast_protocol::ids::{Class, LiveId, SpaceId};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::kept::Begun;
use super::lock::PlayLock;
use super::playing::{Conductor, Playing};
use super::{Applied, unfinished};
use crate::Engine;
use crate::commands::log::{MAX_NAME_BYTES, text};
use crate::error::{Error, HoldfastError, Result};

/// Minutes of a day.
const DAY_MIN: u16 = 24 * 60;

/// Why the lead was not taken over, and whoever follows on.
pub(crate) type StillFollows = Box<(HoldfastError, Follower)>;

/// What whoever follows has to know of a session besides the player, to go on with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Setting {
    play: String,
    made_ms: u64,
    pub(crate) session: SessionKey,
    pub(crate) routine: RoutineId,
    pub(crate) routine_name: String,
    routine_version: u64,
    zone: String,
    day_start_min: u16,
    by: Option<String>,
    steps: Vec<PlayedStep>,
    left_out: Vec<StepId>,
    conditional: Vec<StepId>,
}

impl Setting {
    /// The live session of this doing: whoever resumes it or takes it over is in the same one.
    pub(crate) fn live_id(&self, chart: SpaceId) -> LiveId {
        let mut hasher = blake3::Hasher::new_derive_key("holdfast live session v1");
        hasher.update(&chart.0);
        for part in [self.session.to_string().as_str(), &self.play] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        LiveId(id)
    }
}

impl Playing {
    pub(crate) fn setting(&self) -> Setting {
        let Begun { play, made_ms, session, routine, routine_name, routine_version, .. } =
            self.begun.clone();
        let Begun { zone, day_start_min, by, steps, left_out, conditional, .. } =
            self.begun.clone();
        Setting {
            play,
            made_ms,
            session,
            routine,
            routine_name,
            routine_version,
            zone,
            day_start_min,
            by,
            steps,
            left_out,
            conditional,
        }
    }

    /// Leads from now on: what is applied is also noted to be said.
    pub(crate) fn lead(&mut self, me: DeviceName) {
        if let Conductor::Alone(player) = &self.conductor {
            let leader = Leader::go_on((**player).clone(), me, self.instants);
            self.conductor = Conductor::Leads(Box::new(leader));
        }
    }

    /// The leader; nothing where it is played alone.
    pub(crate) const fn leader(&self) -> Option<&Leader> {
        match &self.conductor {
            Conductor::Leads(leader) => Some(leader),
            Conductor::Alone(_) => None,
        }
    }

    /// What the others are to be told since this was last asked.
    pub(crate) fn take_said(&mut self) -> Vec<Said> {
        std::mem::take(&mut self.to_say)
    }

    /// Takes an input that happened at `at`. The others are told by `say` before it is on the disk, so that they see
    /// it at once; but what logs a hold is told only once the hold is kept.
    pub(crate) fn apply_saying(
        &mut self,
        at: At,
        input: &Input,
        say: &mut dyn FnMut(Vec<Said>),
    ) -> Applied {
        if self.lock.is_none() {
            return self.apply_at(at, input);
        }
        let effects = self.conduct(at, input);
        self.keep_saying(effects, say)
    }

    fn keep_saying(&mut self, effects: Vec<Effect>, say: &mut dyn FnMut(Vec<Said>)) -> Applied {
        let logs = |effect: &Effect| matches!(effect, Effect::Log(_) | Effect::Over { .. });
        if !effects.iter().any(logs) && !self.to_say.is_empty() {
            say(self.take_said());
        }
        self.keep(effects)
    }

    /// Hears what somebody says, now. What it brings is on the disk when this returns; `say` is as with
    /// [`Self::apply_saying`]. What is only an answer is left to be taken.
    ///
    /// # Errors
    /// Somebody else leads now.
    pub(crate) fn hear(
        &mut self,
        shared_ms: i64,
        said: &Said,
        say: &mut dyn FnMut(Vec<Said>),
    ) -> std::result::Result<Applied, Box<Deposed>> {
        let nothing = Applied { effects: Vec::new(), saved: true, error: None };
        let at = self.engine.at();
        let Conductor::Leads(leader) = &mut self.conductor else { return Ok(nothing) };
        if self.lock.is_none() && matches!(said, Said::Ask { .. }) {
            return Ok(nothing);
        }
        let (effects, to_say) = leader.hear(at, shared_ms, said)?;
        self.to_say.extend(to_say);
        if effects.is_empty() {
            return Ok(nothing);
        }
        Ok(self.keep_saying(effects, say))
    }

    /// Somebody else goes on with the session: what was logged here is kept, and it does not wait to be resumed.
    ///
    /// # Errors
    /// When it could not be written.
    pub(crate) fn hand_over(mut self) -> std::result::Result<(), HoldfastError> {
        if self.is_begun() {
            self.write(true)?;
        }
        self.lock = None;
        Ok(())
    }
}

impl Engine {
    /// Goes on, as the one who leads, with a session that somebody else led. From here on this device logs, and
    /// what it wrote already of this session stays.
    ///
    /// # Errors
    /// When this account may not write the log; when the session is not of a routine as this chart's plan has it;
    /// when another session is or was played here; and the follower, when the leader is still there.
    pub(crate) fn go_on_with(
        &self,
        setting: &Setting,
        follower: Follower,
        shared_ms: i64,
    ) -> std::result::Result<(Playing, Vec<Said>), StillFollows> {
        let ready = self.guarded(|inner| {
            let lock = PlayLock::take(inner)?;
            if let Some(kept) = inner.broken_off()?
                && (kept.begun.session != setting.session || kept.begun.play != setting.play)
            {
                return Err(unfinished(&kept.begun.routine_name));
            }
            let Some(player) = follower.player() else { return Err(not_now()) };
            let begun = inner.begun_by_another(setting, player.plan())?;
            Ok((lock, begun))
        });
        let (lock, begun) = match ready {
            Ok(ready) => ready,
            Err(error) => return Err(Box::new((error, follower))),
        };
        match follower.take_over(self.at(), shared_ms) {
            Ok((leader, say)) => {
                let instants = leader.instants();
                let player = leader.player().clone();
                let mut playing = Playing::resumed(self.clone(), lock, begun, player, instants);
                playing.conductor = Conductor::Leads(Box::new(leader));
                Ok((playing, say))
            }
            Err(follower) => Err(Box::new((not_now().into(), *follower))),
        }
    }
}

fn not_now() -> Error {
    Error::forbidden(Message::new("live.still_led"))
}

impl crate::Inner {
    /// What a session was begun with, as somebody else says; where the plan may be read, it has to fit it.
    fn begun_by_another(&self, setting: &Setting, plan: &Plan) -> Result<Begun> {
        self.store.read(|conn| {
            self.must_write(conn, Class::Log)?;
            let other = || Error::forbidden(Message::new("live.other_plan"));
            if let SessionKey::Scheduled { routine, .. } = &setting.session
                && *routine != setting.routine
            {
                return Err(other());
            }
            let mut name = setting.routine_name.clone();
            let mut steps = setting.steps.clone();
            if self.may_read(conn, Class::Plan)? {
                let known = self.plan(conn)?;
                let routine = known.routines.get(&setting.routine).ok_or_else(other)?;
                let fits = plan.holds().iter().all(|hold| {
                    routine.step(&hold.step).is_some_and(|step| step.exercise == hold.exercise)
                });
                if !fits {
                    return Err(other());
                }
                name.clone_from(&routine.name);
            }
            let played: BTreeSet<&StepId> = plan.holds().iter().map(|hold| &hold.step).collect();
            steps.retain(|step| matches!(&step.step, StepRef::Step(id) if played.contains(id)));
            let zone = TimeZone::get(&setting.zone).ok();
            Ok(Begun {
                play: text("play", Some(&setting.play), MAX_NAME_BYTES)?.unwrap_or_default(),
                made_ms: setting.made_ms,
                before: self.recorded_session(conn, &setting.session)?,
                session: setting.session.clone(),
                routine: setting.routine.clone(),
                routine_name: text("routine", Some(&name), MAX_NAME_BYTES)?.unwrap_or_default(),
                routine_version: setting.routine_version,
                zone: zone.map_or_else(|| self.clock.zone(), |_| setting.zone.clone()),
                day_start_min: setting.day_start_min.min(DAY_MIN - 1),
                by: text("by", setting.by.as_deref(), MAX_NAME_BYTES)?,
                steps,
                // What was acknowledged is in the record of whoever began it.
                findings: Vec::new(),
                left_out: setting.left_out.clone(),
                conditional: setting.conditional.clone(),
            })
        })
    }
}
