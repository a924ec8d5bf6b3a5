//! A session that is played: inputs are taken at once, on the caller's thread; what is to be kept is written
//! by a thread of ours, one write at a time, and how far that is can be asked and waited for.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, Weak};

use holdfast::domain::player::{Action, Effect, Input};
use holdfast::domain::units::Millis;
use holdfast::domain::words::Words;
use holdfast::domain::{player::Timing, vocabulary::Side};
use holdfast::play::{PlayOptions as EngineOptions, Playing};
use holdfast::{Cancel, Engine, HoldfastError};

use crate::carried::carried;
use crate::engine::{Ends, EngineHandle, lock};
use crate::failure::{Failure, Said};
use crate::findings::Finding;
use crate::given;
use crate::play_values::{PlayAction, PlayCue, PlayEffect, PlayPosition, PlayResult, PlayView};
use crate::work;

/// What is decided when a routine is played.
#[derive(Debug, Clone, PartialEq, Eq, Default, uniffi::Record)]
pub struct PlayOptions {
    /// The slot of the day.
    #[uniffi(default = None)]
    pub slot: Option<String>,
    /// The local day it belongs to; today where it is left out.
    #[uniffi(default = None)]
    pub day: Option<String>,
    /// Hard rules acknowledged for this once.
    #[uniffi(default = [])]
    pub acks: Vec<String>,
    /// Where to begin.
    #[uniffi(default = None)]
    pub from_step: Option<String>,
    /// The side of every step that asks for one.
    #[uniffi(default = None)]
    pub side: Option<String>,
    /// Single steps that ask for a side, done on the left.
    #[uniffi(default = [])]
    pub left: Vec<String>,
    /// Single steps that ask for a side, done on the right.
    #[uniffi(default = [])]
    pub right: Vec<String>,
    /// Optional steps to play.
    #[uniffi(default = [])]
    pub include: Vec<String>,
    /// Steps to leave out.
    #[uniffi(default = [])]
    pub leave_out: Vec<String>,
    /// The side to begin with; left where it is left out.
    #[uniffi(default = None)]
    pub first_side: Option<String>,
    /// Milliseconds to get into position, where they are not ours. Given with `switch_ms`.
    #[uniffi(default = None)]
    pub prepare_ms: Option<u64>,
    /// Milliseconds to change sides, where they are not ours. Given with `prepare_ms`.
    #[uniffi(default = None)]
    pub switch_ms: Option<u64>,
    /// Who presses or helps: a member or free text.
    #[uniffi(default = None)]
    pub by: Option<String>,
}

impl PlayOptions {
    fn options(self) -> Result<EngineOptions, HoldfastError> {
        let mut sides = BTreeMap::new();
        sides.extend(self.left.into_iter().map(|step| (step, Side::Left)));
        sides.extend(self.right.into_iter().map(|step| (step, Side::Right)));
        let ours = Timing::default();
        let timing = (self.prepare_ms.is_some() || self.switch_ms.is_some()).then(|| Timing {
            prepare: self.prepare_ms.map_or(ours.prepare, Millis),
            switch: self.switch_ms.map_or(ours.switch, Millis),
        });
        Ok(EngineOptions {
            slot: self.slot,
            day: given::some_day("day", self.day.as_deref())?,
            acks: self.acks,
            from_step: self.from_step,
            side: given::some_word("side", self.side.as_deref())?,
            sides,
            include: self.include,
            leave_out: self.leave_out,
            first_side: given::some_word("first_side", self.first_side.as_deref())?,
            timing,
            by: self.by,
        })
    }
}

/// What an input brought, and what the screen shows after it.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PlayStep {
    /// What to do, in this order. Logging is the engine's business.
    pub effects: Vec<PlayEffect>,
    /// What the screen shows.
    pub view: PlayView,
}

/// How far a session is on the disk.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SaveState {
    /// `saved`, `saving` or `failed`. What failed is tried again with the next input.
    pub state: String,
    /// Why it failed.
    pub why: Option<Said>,
}

/// A session that was broken off.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
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
    pub logged: u64,
    /// Holds planned.
    pub planned: u64,
    /// The process that is playing it right now; 0 where it did not say.
    pub played_by: Option<u32>,
}

#[derive(Default)]
struct Writing {
    /// Whether a thread of ours is at it.
    at_it: bool,
    failed: Option<HoldfastError>,
}

fn is_due(playing: &Playing) -> bool {
    playing.to_keep().is_some()
}

/// What the writer and the inputs share.
struct Session {
    playing: Mutex<Option<Playing>>,
    writing: Mutex<Writing>,
    rested: Condvar,
}

impl Session {
    /// Writes until nothing is to be written, or a write fails. Holds no lock while the disk is busy.
    fn write_all(&self) {
        loop {
            let due = lock(&self.playing).as_ref().and_then(Playing::to_keep);
            let Some(due) = due else {
                let mut writing = lock(&self.writing);
                // An input may have come since; with this lock held none starts a second writer.
                let more = lock(&self.playing).as_ref().is_some_and(is_due);
                writing.at_it = more;
                if more {
                    continue;
                }
                break;
            };
            match due.write() {
                Ok(written) => {
                    if let Some(playing) = &mut *lock(&self.playing) {
                        playing.written(written);
                    }
                    lock(&self.writing).failed = None;
                }
                Err(error) => {
                    let mut writing = lock(&self.writing);
                    writing.failed = Some(error);
                    writing.at_it = false;
                    break;
                }
            }
        }
        self.rested.notify_all();
    }

    /// Has a thread of ours write, where none is at it.
    fn save(self: &Arc<Self>) {
        if !lock(&self.playing).as_ref().is_some_and(is_due) {
            return;
        }
        if std::mem::replace(&mut lock(&self.writing).at_it, true) {
            return;
        }
        let session = Arc::clone(self);
        if !work::aside(move || session.write_all()) {
            lock(&self.writing).at_it = false;
        }
    }

    /// Waits until nothing is being written.
    fn rest(&self) -> Result<(), HoldfastError> {
        let writing = lock(&self.writing);
        let rested = self.rested.wait_while(writing, |writing| writing.at_it);
        let rested = rested.unwrap_or_else(std::sync::PoisonError::into_inner);
        rested.failed.clone().map_or(Ok(()), Err)
    }
}

/// A session being played. Its inputs return at once; dropping it is like a kill: it can be resumed.
#[derive(uniffi::Object)]
pub struct PlayHandle {
    session: Arc<Session>,
    words: &'static Words,
}

impl Ends for PlayHandle {
    fn end(&self) {
        let _ = self.session.rest();
        let playing = lock(&self.session.playing).take();
        drop(playing);
    }
}

impl PlayHandle {
    fn new(engine: &EngineHandle, playing: Playing) -> Arc<Self> {
        let session = Session {
            playing: Mutex::new(Some(playing)),
            writing: Mutex::default(),
            rested: Condvar::new(),
        };
        let handle = Arc::new(Self { session: Arc::new(session), words: engine.words() });
        let weak: Weak<dyn Ends> = Arc::downgrade(&handle) as Weak<dyn Ends>;
        engine.common().hold(weak);
        handle
    }

    fn with<T>(&self, ask: impl FnOnce(&mut Playing) -> T) -> Result<T, Failure> {
        match &mut *lock(&self.session.playing) {
            Some(playing) => Ok(ask(playing)),
            None => Err(Failure::closed(self.words)),
        }
    }

    fn take(&self, input: &Input) -> Result<PlayStep, Failure> {
        let (effects, view) = self.with(|playing| {
            let at = playing.now();
            (playing.apply_unwritten(at, input), playing.view_at(at))
        })?;
        self.session.save();
        Ok(self.step(&effects, &view))
    }

    fn step(&self, effects: &[Effect], view: &holdfast::domain::player::View) -> PlayStep {
        PlayStep {
            effects: PlayEffect::all(effects, self.words),
            view: PlayView::of(view, self.words),
        }
    }
}

#[uniffi::export]
impl PlayHandle {
    /// Takes an input now, and returns before it is on the disk. One that saw another position is ignored.
    #[uniffi::method(default(seen = None))]
    pub fn apply(
        &self,
        action: PlayAction,
        seen: Option<PlayPosition>,
    ) -> Result<PlayStep, Failure> {
        let input = action.input(seen).map_err(|error| Failure::of(&error, self.words))?;
        self.take(&input)
    }

    /// Lets the player notice that time has passed.
    pub fn tick(&self) -> Result<PlayStep, Failure> {
        self.take(&Input::unseeing(Action::Tick))
    }

    /// What the screen shows now.
    pub fn view(&self) -> Result<PlayView, Failure> {
        let view = self.with(|playing| playing.view())?;
        Ok(PlayView::of(&view, self.words))
    }

    /// The cues to come, up to where the session waits for a person. Ask again after each input.
    pub fn timeline(&self) -> Result<Vec<PlayCue>, Failure> {
        let timeline = self.with(|playing| playing.timeline())?;
        Ok(timeline.iter().map(|cue| PlayCue::of(cue, self.words)).collect())
    }

    /// In how many milliseconds to tick next; nothing while the session waits for a person.
    pub fn next_due_ms(&self) -> Result<Option<u64>, Failure> {
        self.with(|playing| {
            let now = playing.now();
            let due = playing.next_due_at(now)?;
            Some(due.since_boot_ms.saturating_sub(now.since_boot_ms))
        })
    }

    /// The session; its holds are in the history under this id.
    pub fn session_id(&self) -> Result<String, Failure> {
        self.with(|playing| playing.session_id().to_string())
    }

    /// What was done so far.
    pub fn so_far(&self) -> Result<PlayResult, Failure> {
        self.with(|playing| PlayResult::of(&playing.in_short()))
    }

    /// What the rules had to say before it began.
    pub fn findings(&self) -> Result<Vec<Finding>, Failure> {
        self.with(|playing| Finding::all(playing.findings(), self.words))
    }

    /// Steps of the routine that are not played.
    pub fn left_out(&self) -> Result<Vec<String>, Failure> {
        self.with(|playing| playing.left_out().iter().map(ToString::to_string).collect())
    }

    /// Steps that are meant only under a condition, which the person judges.
    pub fn conditional(&self) -> Result<Vec<String>, Failure> {
        self.with(|playing| playing.conditional().iter().map(ToString::to_string).collect())
    }

    /// How far it is on the disk.
    pub fn save_state(&self) -> SaveState {
        let writing = lock(&self.session.writing);
        let (state, why) = match (&writing.failed, writing.at_it) {
            (_, true) => ("saving", None),
            (Some(error), false) => ("failed", Some(Failure::of(error, self.words).said())),
            (None, false) => ("saved", None),
        };
        SaveState { state: state.to_owned(), why }
    }

    /// Waits until every input so far is on the disk; tries again what failed.
    pub async fn saved(&self) -> Result<(), Failure> {
        let session = Arc::clone(&self.session);
        session.save();
        let rest = work::done(Cancel::new(), move || session.rest());
        rest.await.map_err(|error| Failure::of(&error, self.words))
    }

    /// Ends the session: one that still runs is stopped as enough for today. After this nothing of it waits to be
    /// resumed, and another one can be played.
    pub async fn finish(&self) -> Result<PlayResult, Failure> {
        let session = Arc::clone(&self.session);
        let closed = Failure::closed(self.words);
        let finish = move || {
            // What failed before is written with the last of it.
            let _ = session.rest();
            let last = match &mut *lock(&session.playing) {
                Some(playing) => playing.finishing(),
                None => return Ok(None),
            };
            if let Some(last) = last {
                let written = last.write()?;
                if let Some(playing) = &mut *lock(&session.playing) {
                    playing.written(written);
                }
                lock(&session.writing).failed = None;
            }
            Ok(lock(&session.playing).as_ref().map(|playing| PlayResult::of(&playing.in_short())))
        };
        let done = work::done(Cancel::new(), finish).await;
        done.map_err(|error| Failure::of(&error, self.words))?.ok_or(closed)
    }
}

#[uniffi::export]
impl EngineHandle {
    /// Gets a routine ready to be played: nothing is written before it is begun with `Start`.
    pub async fn play(
        &self,
        routine: String,
        options: PlayOptions,
    ) -> Result<Arc<PlayHandle>, Failure> {
        let play = move |engine: &Engine| engine.play(&routine, &options.options()?);
        Ok(PlayHandle::new(self, self.run(play).await?))
    }

    /// The session that was broken off, if there is one.
    pub async fn unfinished_play(&self) -> Result<Option<UnfinishedPlay>, Failure> {
        self.run(|engine| carried(&engine.unfinished_play()?)).await
    }

    /// Takes up a session that was broken off: only ever because a person asked for it. What it asks stands in
    /// its view.
    pub async fn resume_play(&self) -> Result<Arc<PlayHandle>, Failure> {
        let resume = |engine: &Engine| {
            let (playing, applied) = engine.resume_play()?;
            match applied.error {
                Some(error) => Err(error),
                None => Ok(playing),
            }
        };
        Ok(PlayHandle::new(self, self.run(resume).await?))
    }

    /// Gives up a session that was broken off. A half-done hold is kept as what it was.
    pub async fn discard_play(&self) -> Result<PlayResult, Failure> {
        self.run(|engine| Ok(PlayResult::of(&engine.discard_play()?))).await
    }
}
