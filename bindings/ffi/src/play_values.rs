//! What crosses while a session is played: inputs, cues, what a screen shows. Codes are texts, so that an app
//! of yesterday meets a cue of tomorrow without breaking.

use holdfast::HoldfastError;
use holdfast::domain::ids::Site;
use holdfast::domain::player::{
    Action, EaseAnswer, Effect, HoldToLog, Input, PainWhen, Position, Seen, SessionEnd,
    SessionTime, StopReason, Summary, TimedCue, View,
};
use holdfast::domain::record::{PainRating, Reporter};
use holdfast::domain::units::Nrs;
use holdfast::domain::words::Words;
use holdfast::play::PlaySummary;
use serde::Serialize;

use crate::failure::Said;
use crate::given::{self, bad};

/// Where a session is. Send it with every input: one that saw another place is ignored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, uniffi::Record,
)]
pub struct PlayPosition {
    /// The hold, from 0.
    pub hold: u32,
    /// Which visit of it.
    pub visit: u32,
    /// Which question.
    pub question: u32,
}

impl From<Position> for PlayPosition {
    fn from(position: Position) -> Self {
        let Position { hold, visit, question } = position;
        Self { hold, visit, question }
    }
}

/// What somebody does while a session is played.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum PlayAction {
    /// Begin.
    Start,
    /// Pause: `person`, `partner`, `call`, `audio_taken`, `output_gone`, `unattended`.
    Pause {
        /// Why.
        reason: String,
    },
    /// Go on.
    Resume,
    /// Leave this hold.
    Skip,
    /// Do the hold before again.
    Back,
    /// Hold longer.
    Extend {
        /// By so many milliseconds.
        ms: u64,
    },
    /// Stop: `done_early`, `pain`, `other`.
    Stop {
        /// Why.
        reason: String,
        /// How much it hurts, 0–10.
        nrs: Option<u8>,
        /// Where.
        site: Option<String>,
    },
    /// Answer whether it eases: `eased`, `move`, `lighten`.
    Ease {
        /// The answer.
        answer: String,
        /// To which pressure.
        lighten_to: Option<String>,
    },
    /// Answer whether it was finished.
    Finished {
        /// Whether.
        yes: bool,
    },
    /// Rate the pain: `before` or `after`.
    RatePain {
        /// When.
        when: String,
        /// 0–10.
        nrs: u8,
        /// Where.
        site: Option<String>,
        /// Of which logged hold; the session's where it is left out.
        of: Option<u32>,
    },
    /// So many repetitions so far.
    Count {
        /// How many.
        reps: u16,
    },
    /// This hold is done.
    Finish {
        /// Repetitions, where they are counted.
        reps: Option<u16>,
    },
    /// Time has passed.
    Tick,
    /// A cue was given: the sign that somebody attends.
    Delivered {
        /// Its `due_ms`.
        due_ms: u64,
    },
}

impl PlayAction {
    /// The input, with the position it saw.
    pub(crate) fn input(self, seen: Option<PlayPosition>) -> Result<Input, HoldfastError> {
        let seen = seen.map_or(Seen::Whatever, |PlayPosition { hold, visit, question }| {
            Seen::Position(Position { hold, visit, question })
        });
        Ok(Input { seen, action: self.action()? })
    }

    fn action(self) -> Result<Action, HoldfastError> {
        Ok(match self {
            Self::Start => Action::Start,
            Self::Pause { reason } => Action::Pause { reason: given::code("reason", &reason)? },
            Self::Resume => Action::Resume,
            Self::Skip => Action::Skip,
            Self::Back => Action::Back,
            Self::Extend { ms } => Action::Extend { ms },
            Self::Stop { reason, nrs, site } => Action::Stop { reason: stop(&reason, nrs, site)? },
            Self::Ease { answer, lighten_to } => {
                Action::Ease { answer: ease(&answer, lighten_to)? }
            }
            Self::Finished { yes } => Action::Finished { yes },
            Self::RatePain { when, nrs, site, of } => Action::RatePain {
                when: given::code::<PainWhen>("when", &when)?,
                of,
                rating: rating(nrs, site)?,
            },
            Self::Count { reps } => Action::Count { reps },
            Self::Finish { reps } => Action::Finish { reps },
            Self::Tick => Action::Tick,
            Self::Delivered { due_ms } => Action::Delivered { due: SessionTime(due_ms) },
        })
    }
}

fn rating(nrs: u8, site: Option<String>) -> Result<PainRating, HoldfastError> {
    let nrs = Nrs::try_from(nrs).map_err(|refused| bad("nrs", "bad_nrs", refused.message()))?;
    Ok(PainRating { nrs, site: some_site(site)?, reported_by: Reporter::Subject })
}

fn some_site(site: Option<String>) -> Result<Option<Site>, HoldfastError> {
    let read = site.map(|site| Site::new(site).map_err(|refused| refused.to_string()));
    read.transpose().map_err(|refused| bad("site", "bad_id", refused.into()))
}

fn stop(reason: &str, nrs: Option<u8>, site: Option<String>) -> Result<StopReason, HoldfastError> {
    if reason == "pain" {
        let rating = nrs.map(|nrs| rating(nrs, site.clone())).transpose()?;
        return Ok(StopReason::Pain { rating, site: some_site(site)? });
    }
    crate::carried::read("reason", serde_json::json!({ "why": reason }))
}

fn ease(answer: &str, lighten_to: Option<String>) -> Result<EaseAnswer, HoldfastError> {
    if answer == "lighten" {
        let to = given::some_word("lighten_to", lighten_to.as_deref())?;
        return Ok(EaseAnswer::Lighten { to });
    }
    crate::carried::read("answer", serde_json::json!({ "answer": answer }))
}

/// A code of one of the player's enums, as JSON has it.
fn code_of(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        Ok(serde_json::Value::Object(tagged)) => {
            tagged.values().find_map(|code| code.as_str()).unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

/// A cue with its time and everything needed to give it.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PlayCue {
    /// When it is due, in milliseconds of the session. Confirm with it: `Delivered`.
    pub due_ms: u64,
    /// When that is on the device, in milliseconds since it started, sleep counted.
    pub at_since_boot_ms: u64,
    /// When that is by the wall clock, in milliseconds since 1970.
    pub at_wall_ms: i64,
    /// The position an answer to it would have seen.
    pub position: PlayPosition,
    /// What happens: `prepare`, `go`, `half_way`, …
    pub cue: String,
    /// What is said.
    pub said: Said,
    /// The sound.
    pub tone: String,
    /// The touch.
    pub haptic: String,
    /// `quiet`, `normal` or `high`.
    pub importance: String,
}

impl PlayCue {
    pub(crate) fn of(cue: &TimedCue, words: &Words) -> Self {
        Self {
            due_ms: cue.due.0,
            at_since_boot_ms: cue.at.since_boot_ms,
            at_wall_ms: cue.at.wall_ms,
            position: cue.position.into(),
            cue: code_of(&cue.cue),
            said: Said::of(&cue.text, words),
            tone: code_of(&cue.tone),
            haptic: code_of(&cue.haptic),
            importance: code_of(&cue.importance),
        }
    }
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PlayEnd {
    /// `finished`, `stopped` or `discarded`.
    pub end: String,
    /// Why it was stopped.
    pub reason: Option<String>,
}

impl PlayEnd {
    fn of(end: &SessionEnd) -> Self {
        let (end, reason) = match end {
            SessionEnd::Finished => ("finished", None),
            SessionEnd::Discarded => ("discarded", None),
            SessionEnd::Stopped { reason } => {
                let reason = match reason {
                    StopReason::DoneEarly => "done_early",
                    StopReason::Pain { .. } => "pain",
                    StopReason::Other => "other",
                };
                ("stopped", Some(reason.to_owned()))
            }
        };
        Self { end: end.to_owned(), reason }
    }
}

/// One hold as the player hands it out. It is logged by the engine.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PlayedHold {
    /// Its number in the session.
    pub log_no: u32,
    /// Which revision of it.
    pub revision: u32,
    /// The step.
    pub step: String,
    /// The exercise.
    pub exercise: String,
    /// `left`, `right` or `none`.
    pub side: String,
    /// The set, from 1.
    pub set: u16,
    /// The repetition, from 1; 0 is a whole set.
    pub rep: u16,
    /// The target, in milliseconds.
    pub target_ms: Option<u64>,
    /// How long the last attempt was held, in milliseconds.
    pub held_ms: u64,
    /// Repetitions.
    pub reps: Option<u16>,
    /// How it ended.
    pub ended_by: String,
}

impl PlayedHold {
    fn of(hold: &HoldToLog) -> Self {
        Self {
            log_no: hold.log_no,
            revision: hold.revision,
            step: hold.step.to_string(),
            exercise: hold.exercise.to_string(),
            side: hold.side.to_string(),
            set: hold.set,
            rep: hold.rep,
            target_ms: hold.target.map(|target| target.0),
            held_ms: hold.attempts.last().map_or(0, |attempt| attempt.held.0),
            reps: hold.reps,
            ended_by: hold.ended_by.to_string(),
        }
    }
}

/// What an input brought.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PlayEffect {
    /// `cue`, `missed`, `ask`, `log`, `ignored` or `over`.
    pub effect: String,
    /// The cue to give; the latest of those missed.
    pub cue: Option<PlayCue>,
    /// How many cues were missed.
    pub missed: Option<u32>,
    /// What is asked: `ease_check` or `did_you_finish`.
    pub question: Option<String>,
    /// Why an input was ignored.
    pub ignored: Option<String>,
    /// Where the session is, where it is asked or ignored.
    pub position: Option<PlayPosition>,
    /// The hold that is logged.
    pub hold: Option<PlayedHold>,
    /// How it ended.
    pub end: Option<PlayEnd>,
}

impl PlayEffect {
    /// What an app is to do; what the engine does itself is nothing to it.
    pub(crate) fn of(effect: &Effect, words: &Words) -> Option<Self> {
        let nothing = |effect: &str| Self {
            effect: effect.to_owned(),
            cue: None,
            missed: None,
            question: None,
            ignored: None,
            position: None,
            hold: None,
            end: None,
        };
        Some(match effect {
            Effect::Cue(cue) => Self { cue: Some(PlayCue::of(cue, words)), ..nothing("cue") },
            Effect::Missed { count, latest } => Self {
                missed: Some(*count),
                cue: Some(PlayCue::of(latest, words)),
                ..nothing("missed")
            },
            Effect::Ask { question, position } => Self {
                question: Some(code_of(question)),
                position: Some((*position).into()),
                ..nothing("ask")
            },
            Effect::Log(hold) => Self { hold: Some(PlayedHold::of(hold)), ..nothing("log") },
            Effect::Checkpoint => return None,
            Effect::Ignored { reason, position } => Self {
                ignored: Some(code_of(reason)),
                position: Some((*position).into()),
                ..nothing("ignored")
            },
            Effect::Over { end } => Self { end: Some(PlayEnd::of(end)), ..nothing("over") },
        })
    }

    pub(crate) fn all(effects: &[Effect], words: &Words) -> Vec<Self> {
        effects.iter().filter_map(|effect| Self::of(effect, words)).collect()
    }
}

/// What comes after this hold.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PlayNext {
    /// The exercise.
    pub exercise: String,
    /// Its name, in the engine's language.
    pub name: String,
    /// The side.
    pub side: String,
}

/// What a screen shows. Send its position with every input.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PlayView {
    /// Where the session is.
    pub position: PlayPosition,
    /// `ready`, `prepare`, `switch`, `rest`, `move`, `hold`, `broken_off` or `over`.
    pub stage: String,
    /// The step.
    pub step: String,
    /// The exercise.
    pub exercise: String,
    /// Its name, in the engine's language.
    pub name: String,
    /// `left`, `right` or `none`.
    pub side: String,
    /// Which step, from 1.
    pub step_no: u32,
    /// Of how many.
    pub step_count: u32,
    /// The set, from 1.
    pub set: u16,
    /// The repetition, from 1; 0 is a whole set.
    pub rep: u16,
    /// How long this stage goes on, in milliseconds.
    pub elapsed_ms: u64,
    /// How long it still goes on, in milliseconds.
    pub remaining_ms: Option<u64>,
    /// How much of it is done, 0–1.
    pub progress: Option<f64>,
    /// Repetitions so far.
    pub reps: Option<u16>,
    /// Repetitions asked for.
    pub target_reps: Option<u16>,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What comes next.
    pub next: Option<PlayNext>,
    /// What is asked.
    pub question: Option<String>,
    /// Why it is paused.
    pub paused: Option<String>,
    /// How it ended.
    pub end: Option<PlayEnd>,
}

impl PlayView {
    pub(crate) fn of(view: &View, words: &Words) -> Self {
        Self {
            position: view.position.into(),
            stage: code_of(&view.stage),
            step: view.step.to_string(),
            exercise: view.exercise.to_string(),
            name: words.said(&view.name),
            side: view.side.to_string(),
            step_no: view.step_no,
            step_count: view.step_count,
            set: view.set,
            rep: view.rep,
            elapsed_ms: view.elapsed.0,
            remaining_ms: view.remaining.map(|remaining| remaining.0),
            progress: view.progress,
            reps: view.reps,
            target_reps: view.target_reps,
            attempt: view.attempt,
            next: view.next.as_ref().map(|next| PlayNext {
                exercise: next.exercise.to_string(),
                name: words.said(&next.name),
                side: next.side.to_string(),
            }),
            question: view.question.as_ref().map(code_of),
            paused: view.paused.as_ref().map(code_of),
            end: view.end.as_ref().map(PlayEnd::of),
        }
    }
}

/// What a session came to.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PlayResult {
    /// The session; its holds are in the history under this id. Nothing where it was never begun.
    pub session_id: Option<String>,
    /// The routine.
    pub routine: String,
    /// Its name when it was begun.
    pub routine_name: String,
    /// The holds.
    pub holds: Vec<PlayedHold>,
    /// How many were planned.
    pub planned: u32,
    /// All holds together, in milliseconds.
    pub held_ms: u64,
    /// All attempts together, in milliseconds.
    pub under_pressure_ms: u64,
    /// Pauses, in milliseconds.
    pub paused_ms: u64,
    /// From beginning to end, in milliseconds.
    pub length_ms: u64,
    /// Pain before, 0–10.
    pub pain_before: Option<u8>,
    /// Pain after, 0–10.
    pub pain_after: Option<u8>,
    /// How it ended.
    pub end: Option<PlayEnd>,
}

impl PlayResult {
    pub(crate) fn of(summary: &PlaySummary) -> Self {
        let done: &Summary = &summary.summary;
        let nrs = |rating: &Option<PainRating>| rating.as_ref().map(|rating| rating.nrs.into());
        Self {
            session_id: summary.session_id.clone(),
            routine: summary.routine.clone(),
            routine_name: summary.routine_name.clone(),
            holds: done.holds.iter().map(PlayedHold::of).collect(),
            planned: done.planned,
            held_ms: done.held.0,
            under_pressure_ms: done.under_pressure.0,
            paused_ms: done.paused.0,
            length_ms: done.length.0,
            pain_before: nrs(&done.pain_before),
            pain_after: nrs(&done.pain_after),
            end: done.end.as_ref().map(PlayEnd::of),
        }
    }
}
