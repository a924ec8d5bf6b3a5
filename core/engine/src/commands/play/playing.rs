//! A session being played: every input goes to the player, and what the player hands out is on the disk
//! when the call returns. A write that fails is kept and tried again with the next input.

use std::collections::BTreeMap;

use holdfast_domain::ids::{RoutineId, SessionId, StepId};
use holdfast_domain::live::{self, Instants, Leader};
use holdfast_domain::player::{
    Action, At, Effect, HoldToLog, Ignored, Input, Plan, Player, SessionEnd, StopReason, Summary,
    TimedCue, View,
};
use holdfast_domain::record::SessionRecord;
use holdfast_domain::rules::Finding;

use super::PlaySummary;
use super::keeping::{ToKeep, Written};
use super::kept::Begun;
use super::lock::PlayLock;
use crate::Engine;
use crate::error::HoldfastError;

/// What an input brought.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "effects are to be done, and a write that failed is to be told"]
pub struct Applied {
    /// What to do, in this order. Logging and checkpoints are done already.
    pub effects: Vec<Effect>,
    /// Whether everything that is to be kept is on the disk.
    pub saved: bool,
    /// Why it is not. It is tried again with the next input; nothing is lost meanwhile but by a kill.
    pub error: Option<HoldfastError>,
}

/// A session being played. Dropping it is like a kill: it can be resumed from its checkpoint.
pub struct Playing {
    pub(super) engine: Engine,
    pub(super) begun: Begun,
    pub(super) conductor: Conductor,
    /// How the session's instants lie to this device's: others than its own where it took the session over.
    pub(super) instants: Instants,
    /// What the others in a live session are to be told, oldest first.
    pub(super) to_say: Vec<live::Message>,
    /// Holds in their latest revision that are not on the disk yet.
    unsaved: BTreeMap<u32, HoldToLog>,
    /// How often the player went on, and how far of that it was put away.
    moves: u64,
    kept_moves: u64,
    /// The session's record as it was last written.
    written: Option<SessionRecord>,
    /// The end that was last written, where it was over then.
    end_written: Option<SessionEnd>,
    /// Let go of when the session is finished.
    pub(super) lock: Option<PlayLock>,
}

/// Who conducts: this device alone, or for others too.
pub(super) enum Conductor {
    Alone(Box<Player>),
    Leads(Box<Leader>),
}

impl Conductor {
    pub(super) fn player(&self) -> &Player {
        match self {
            Self::Alone(player) => player,
            Self::Leads(leader) => leader.player(),
        }
    }
}

impl Playing {
    pub(super) fn new(
        engine: Engine,
        lock: PlayLock,
        begun: Begun,
        player: Player,
        instants: Instants,
    ) -> Self {
        Self {
            engine,
            begun,
            conductor: Conductor::Alone(Box::new(player)),
            instants,
            to_say: Vec::new(),
            unsaved: BTreeMap::new(),
            moves: 0,
            kept_moves: 0,
            written: None,
            end_written: None,
            lock: Some(lock),
        }
    }

    /// One that was put away before: what its checkpoint knows of is on the disk.
    pub(super) fn resumed(
        engine: Engine,
        lock: PlayLock,
        begun: Begun,
        player: Player,
        instants: Instants,
    ) -> Self {
        Self { moves: 1, ..Self::new(engine, lock, begun, player, instants) }
    }

    /// Takes an input now.
    pub fn apply(&mut self, input: &Input) -> Applied {
        self.apply_at(self.engine.at(), input)
    }

    /// Takes an input that happened at `at`: for scripts, and for remotes whose input took its time.
    pub fn apply_at(&mut self, at: At, input: &Input) -> Applied {
        if self.lock.is_none() {
            let effects = self.apply_unwritten(at, input);
            return Applied { effects, saved: true, error: None };
        }
        let effects = self.conduct(at, input);
        self.keep(effects)
    }

    /// Takes an input and writes nothing: for apps, whose inputs may not wait for the disk. What is to
    /// be written is [`Self::to_keep`].
    pub fn apply_unwritten(&mut self, at: At, input: &Input) -> Vec<Effect> {
        if self.lock.is_none() {
            let position = self.view_at(at).position;
            return vec![Effect::Ignored { reason: Ignored::Over, position }];
        }
        let effects = self.conduct(at, input);
        self.note(&effects);
        self.own_cues(effects)
    }

    /// What is to be written by now; nothing where everything is on the disk, or nothing was begun.
    #[must_use]
    pub fn to_keep(&self) -> Option<ToKeep> {
        let due = !self.is_saved() && self.is_begun() && self.lock.is_some();
        due.then(|| self.taken_out(false))
    }

    /// Takes note of what was written of it.
    pub fn written(&mut self, written: Written) {
        if let Some(record) = written.record {
            self.written = Some(record);
            self.end_written = written.end;
        }
        self.unsaved.retain(|log_no, hold| written.holds.get(log_no) != Some(&hold.revision));
        self.kept_moves = self.kept_moves.max(written.moves);
        if written.last {
            self.lock = None;
        }
    }

    /// Stops a session that still runs, as enough for today, and gives what is to be written at the last;
    /// nothing where it is finished. [`Self::finish`] in two steps, for apps.
    #[must_use]
    pub fn finishing(&mut self) -> Option<ToKeep> {
        self.lock.as_ref()?;
        if self.is_begun() && self.player().summary().end.is_none() {
            let reason = StopReason::DoneEarly;
            let stop = Input::unseeing(Action::Stop { reason });
            let effects = self.conduct(self.engine.at(), &stop);
            self.note(&effects);
        }
        Some(self.taken_out(true))
    }

    /// What the session came to so far.
    #[must_use]
    pub fn in_short(&self) -> PlaySummary {
        PlaySummary {
            session_id: self.is_begun().then(|| self.session_id().to_string()),
            routine: self.begun.routine.to_string(),
            routine_name: self.begun.routine_name.clone(),
            summary: self.player().summary(),
        }
    }

    /// Has the player take an input, and notes what the others are to be told of it.
    pub(super) fn conduct(&mut self, at: At, input: &Input) -> Vec<Effect> {
        match &mut self.conductor {
            Conductor::Alone(player) => player.apply(self.instants.session_at(at), input),
            Conductor::Leads(leader) => {
                let (effects, say) = leader.apply(at, input);
                self.to_say.extend(say);
                effects
            }
        }
    }

    /// A cue with its instant on this device's clock.
    fn own_cue(&self, cue: TimedCue) -> TimedCue {
        TimedCue { at: self.instants.own_at(cue.at), ..cue }
    }

    fn own_cues(&self, effects: Vec<Effect>) -> Vec<Effect> {
        let own = effects.into_iter().map(|effect| match effect {
            Effect::Cue(cue) => Effect::Cue(self.own_cue(cue)),
            other => other,
        });
        own.collect()
    }

    /// Lets the player notice that time has passed, now.
    pub fn tick(&mut self) -> Applied {
        self.apply(&Input::unseeing(Action::Tick))
    }

    /// This instant, as the player counts it.
    #[must_use]
    pub fn now(&self) -> At {
        self.engine.at()
    }

    /// What a screen shows now. Send its position with every input.
    #[must_use]
    pub fn view(&self) -> View {
        self.view_at(self.engine.at())
    }

    /// What a screen shows at `at`.
    #[must_use]
    pub fn view_at(&self, at: At) -> View {
        self.player().view(self.instants.session_at(at))
    }

    /// The cues to come from now on, up to where the session waits for a person.
    #[must_use]
    pub fn timeline(&self) -> Vec<TimedCue> {
        self.timeline_at(self.engine.at())
    }

    /// The cues to come from `at` on, up to where the session waits for a person.
    #[must_use]
    pub fn timeline_at(&self, at: At) -> Vec<TimedCue> {
        let cues = self.player().timeline(self.instants.session_at(at));
        cues.into_iter().map(|cue| self.own_cue(cue)).collect()
    }

    /// When to tick next, seen from now; nothing while the session waits for a person.
    #[must_use]
    pub fn next_due(&self) -> Option<At> {
        self.next_due_at(self.engine.at())
    }

    /// When to tick next, seen from `at`; nothing while the session waits for a person.
    #[must_use]
    pub fn next_due_at(&self, at: At) -> Option<At> {
        let due = self.player().next_due(self.instants.session_at(at))?;
        Some(self.instants.own_at(due))
    }

    /// What was done so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.player().summary()
    }

    pub(super) fn player(&self) -> &Player {
        self.conductor.player()
    }

    /// What is played.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        self.player().plan()
    }

    /// The session; its holds are in the history under this id.
    #[must_use]
    pub fn session_id(&self) -> SessionId {
        self.begun.session.id()
    }

    /// The routine, and its name.
    #[must_use]
    pub fn routine(&self) -> (&RoutineId, &str) {
        (&self.begun.routine, &self.begun.routine_name)
    }

    /// What the rules had to say before it began: warnings, and what was overridden or acknowledged.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.begun.findings
    }

    /// Steps of the routine that are not played.
    #[must_use]
    pub fn left_out(&self) -> &[StepId] {
        &self.begun.left_out
    }

    /// Steps that are meant only under a condition, which the person judges.
    #[must_use]
    pub fn conditional(&self) -> &[StepId] {
        &self.begun.conditional
    }

    /// Whether everything that is to be kept is on the disk.
    #[must_use]
    pub fn is_saved(&self) -> bool {
        self.moves == self.kept_moves && self.unsaved.is_empty()
    }

    /// Ends the session: one that still runs is stopped as enough for today. After this nothing of it
    /// waits to be resumed, and another one can be played.
    ///
    /// # Errors
    /// When it could not be written: then it is as before, and can be finished again.
    pub fn finish(&mut self) -> Result<PlaySummary, HoldfastError> {
        if let Some(last) = self.finishing() {
            let written = last.write()?;
            self.written(written);
        }
        Ok(self.in_short())
    }

    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn is_begun(&self) -> bool {
        self.player().summary().started_at.is_some()
    }

    /// Takes note of effects and writes what is to be kept.
    pub(super) fn keep(&mut self, effects: Vec<Effect>) -> Applied {
        self.note(&effects);
        let effects = self.own_cues(effects);
        // Before it is begun there is nothing that anybody would look for.
        if self.is_saved() || !self.is_begun() {
            return Applied { effects, saved: true, error: None };
        }
        match self.write(false) {
            Ok(()) => Applied { effects, saved: true, error: None },
            Err(error) => Applied { effects, saved: false, error: Some(error) },
        }
    }

    /// Takes note of what is to be written.
    pub(super) fn note(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Log(hold) => {
                    self.unsaved.insert(hold.log_no, hold.as_ref().clone());
                    self.moves += 1;
                }
                Effect::Checkpoint | Effect::Over { .. } => self.moves += 1,
                Effect::Cue(_)
                | Effect::Missed { .. }
                | Effect::Ask { .. }
                | Effect::Ignored { .. } => {}
            }
        }
    }

    /// Writes what is to be kept, or, at the last, that nothing waits any more.
    pub(super) fn write(&mut self, last: bool) -> Result<(), HoldfastError> {
        let written = self.taken_out(last).write()?;
        self.written(Written { last: false, ..written });
        Ok(())
    }

    fn taken_out(&self, last: bool) -> ToKeep {
        let summary = self.player().summary();
        let fresh = self.written.is_none() || self.end_written != summary.end;
        ToKeep {
            engine: self.engine.clone(),
            record: fresh.then(|| self.begun.session_record(&summary)).flatten(),
            begun: self.begun.clone(),
            unsaved: self.unsaved.clone(),
            checkpoint: self.player().checkpoint(),
            saved_at: self.engine.at(),
            instants: self.instants,
            end: summary.end,
            moves: self.moves,
            last,
        }
    }
}

impl std::fmt::Debug for Playing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Playing")
            .field("session", &self.begun.session.id())
            .field("saved", &self.is_saved())
            .finish_non_exhaustive()
    }
}
