//! Logging, the history, and putting a hold right.

use holdfast::domain::record::{EditField, Load as EngineLoad};
use holdfast::domain::units::Millis;
use holdfast::domain::vocabulary::Side;
use holdfast::domain::words::Message;
use holdfast::{Done, Eased, HoldfastError, LogSide};

use crate::carried::carried;
use crate::engine::EngineHandle;
use crate::failure::Failure;
use crate::given::{self, bad};

/// Weight or resistance.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
pub struct Load {
    /// How much.
    pub value: f64,
    /// Of what: `kg`, `lb`, `band`.
    pub unit: String,
}

/// One attempt at a hold.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Attempt {
    /// How long, in milliseconds.
    pub held_ms: u64,
    /// After how many milliseconds it eased.
    #[serde(default)]
    pub eased_after_ms: Option<u64>,
    /// With which pressure.
    #[serde(default)]
    pub pressure: Option<String>,
    /// Whether the spot was moved before it.
    #[serde(default)]
    pub moved_spot: bool,
}

/// A note, and whose it is.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct HoldNote {
    /// The account.
    pub by: String,
    /// Who wrote it down, where that is not the person.
    #[serde(default)]
    pub logged_by: Option<String>,
    /// The note.
    pub text: String,
}

/// What a rule had to say when it was done.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct NotedFinding {
    /// The rule.
    pub rule: String,
    /// How serious (ours).
    pub severity: String,
    /// Why somebody decided to break it.
    #[serde(default)]
    pub overridden_reason: Option<String>,
}

/// Which of how many doings under one key.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Doing {
    /// Which, from 1.
    pub n: u32,
    /// Of how many: more than one is for a person to judge.
    pub of: u32,
}

/// A device that has something.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct SeenBy {
    /// Whether it is one of the account's own.
    pub mine: bool,
    /// Whose it is.
    pub name: String,
    /// What it is called, where that is known.
    #[serde(default)]
    pub device_name: Option<String>,
    /// The device, as hex.
    pub device: String,
    /// The account, as hex.
    pub account: String,
}

/// A hold.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Hold {
    /// The same on every device.
    pub hold_id: String,
    /// The session.
    pub session_id: String,
    /// The routine.
    pub routine: Option<String>,
    /// The step of the routine.
    pub step: Option<String>,
    /// The exercise.
    pub exercise: String,
    /// How the person calls it, where it is one of their own.
    #[serde(default)]
    pub exercise_name: Option<String>,
    /// `left` or `right`; nothing for bilateral ones.
    pub side: Option<String>,
    /// The set, from 1.
    pub set: u16,
    /// The repetition, from 1; 0 is a whole set.
    pub rep: u16,
    /// The target, in milliseconds.
    pub target_ms: Option<u64>,
    /// What is judged against the target, in milliseconds: the last attempt.
    pub held_ms: u64,
    /// All attempts together, in milliseconds.
    pub under_pressure_ms: u64,
    /// Pauses, in milliseconds.
    pub paused_ms: u64,
    /// The attempts.
    pub attempts: Vec<Attempt>,
    /// After how many milliseconds it eased.
    pub eased_ms: Option<u64>,
    /// Pain before, 0–10.
    pub pain_before: Option<u8>,
    /// Pain after, 0–10.
    pub pain_after: Option<u8>,
    /// Where it hurts.
    pub pain_site: Option<String>,
    /// Repetitions as recorded.
    pub reps: Option<u16>,
    /// Weight or resistance.
    pub load: Option<Load>,
    /// Seconds of each phase.
    pub tempo: Vec<u32>,
    /// The tool.
    pub tool: Option<String>,
    /// How it ended.
    pub ended_by: String,
    /// When it began, RFC 3339 with the offset of there and then.
    pub started_at: String,
    /// That offset.
    pub utc_offset: String,
    /// The local day it belongs to.
    pub local_day: String,
    /// Who helped.
    pub assisted_by: Option<String>,
    /// Who wrote it down, where that is not the person.
    pub logged_by: Option<String>,
    /// The device whose record stands, as hex.
    pub device: String,
    /// The notes as one text.
    pub note: Option<String>,
    /// The notes, each under its name.
    pub notes: Vec<HoldNote>,
    /// Whether it was put right afterwards.
    pub corrected: bool,
    /// The records it is made of, the one that stands first.
    pub observations: Vec<String>,
    /// What the rules had to say.
    pub findings: Vec<NotedFinding>,
    /// Which of how many doings under one key.
    pub doing: Doing,
    /// Whether adherence counts it.
    pub counts: bool,
    /// Timer, typed in, or imported.
    pub source: String,
    /// `saved`, `queued`, `relayed`, `seen` or `refused`.
    pub status: String,
    /// Who has it besides its author.
    pub seen_by: Vec<SeenBy>,
}

/// Pain: how much, where, and who said so.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
pub struct PainRating {
    /// 0–10.
    pub nrs: u8,
    /// Where.
    #[serde(default)]
    pub site: Option<String>,
    /// `subject`, or who else.
    #[serde(deserialize_with = "reporter")]
    pub reported_by: String,
}

/// One device's record of a hold.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct HoldRecord {
    /// Its id.
    pub observation_id: String,
    /// The device that wrote it, as hex.
    pub device: String,
    /// The account that wrote it, as hex.
    pub account: String,
    /// Whether it is the one that stands.
    pub stands: bool,
    /// Whether a removal took it out. It stays stored.
    pub removed: bool,
    /// The target, in milliseconds.
    pub target_ms: Option<u64>,
    /// The last attempt, in milliseconds.
    pub held_ms: u64,
    /// All attempts together, in milliseconds.
    pub under_pressure_ms: u64,
    /// Pauses, in milliseconds.
    pub paused_ms: u64,
    /// The attempts.
    pub attempts: Vec<Attempt>,
    /// After how many milliseconds it eased.
    pub eased_ms: Option<u64>,
    /// Pain before.
    pub pain_before: Option<PainRating>,
    /// Pain after.
    pub pain_after: Option<PainRating>,
    /// Repetitions.
    pub reps: Option<u16>,
    /// Weight or resistance.
    pub load: Option<Load>,
    /// Seconds of each phase.
    pub tempo: Vec<u32>,
    /// The tool.
    pub tool: Option<String>,
    /// How it ended.
    pub ended_by: String,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// Who helped.
    pub assisted_by: Option<String>,
    /// Who wrote it down, where that is not the person.
    pub logged_by: Option<String>,
    /// Timer, typed in, or imported.
    pub source: String,
    /// Whether it was logged by a clock that somebody had set by hand.
    pub clock_set: bool,
    /// The note.
    pub note: Option<String>,
    /// What the rules had to say.
    pub findings: Vec<NotedFinding>,
    /// How far it has come.
    pub status: String,
    /// Who has it besides its author.
    pub seen_by: Vec<SeenBy>,
}

fn reporter<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    use serde::Deserialize;
    let value = serde_json::Value::deserialize(from)?;
    Ok(crate::carried::plain(value.get("other").unwrap_or(&value)))
}

/// Something to log. Ids may be given by any unambiguous beginning, a routine by its name. One of `held_ms`,
/// `reps` and `ticked` says what was done.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct LogRequest {
    /// The exercise.
    pub exercise: String,
    /// Held, or gone on, for so many milliseconds.
    #[uniffi(default = None)]
    pub held_ms: Option<u64>,
    /// So many repetitions; per side where sides alternate.
    #[uniffi(default = None)]
    pub reps: Option<u16>,
    /// How long each repetition was held, in milliseconds.
    #[uniffi(default = None)]
    pub hold_each_ms: Option<u64>,
    /// Done, with nothing to count.
    #[uniffi(default = false)]
    pub ticked: bool,
    /// `left`, `right` or `both`; nothing for bilateral exercises.
    #[uniffi(default = None)]
    pub side: Option<String>,
    /// The routine it belongs to.
    #[uniffi(default = None)]
    pub routine: Option<String>,
    /// The local day, where it is not that of the time.
    #[uniffi(default = None)]
    pub date: Option<String>,
    /// The slot of the day.
    #[uniffi(default = None)]
    pub slot: Option<String>,
    /// The step of the routine.
    #[uniffi(default = None)]
    pub step: Option<String>,
    /// The session, instead of routine, date and slot.
    #[uniffi(default = None)]
    pub session: Option<String>,
    /// The set, from 1; the next free one where it is left out.
    #[uniffi(default = None)]
    pub set: Option<u16>,
    /// The repetition, from 1; the next free one where it is left out.
    #[uniffi(default = None)]
    pub rep: Option<u16>,
    /// The target, in milliseconds; that of the dose where it is left out.
    #[uniffi(default = None)]
    pub target_ms: Option<u64>,
    /// Pain before, 0–10.
    #[uniffi(default = None)]
    pub pain_before: Option<u8>,
    /// Pain after, 0–10.
    #[uniffi(default = None)]
    pub pain_after: Option<u8>,
    /// Where it hurts.
    #[uniffi(default = None)]
    pub pain_site: Option<String>,
    /// How it ended; worked out from the rest where it is left out.
    #[uniffi(default = None)]
    pub ended: Option<String>,
    /// After how many milliseconds it eased in the last attempt.
    #[uniffi(default = None)]
    pub eased_ms: Option<u64>,
    /// Whether it is known not to have eased.
    #[uniffi(default = false)]
    pub not_eased: bool,
    /// How often the spot was moved before the last attempt.
    #[uniffi(default = 0)]
    pub moves: u8,
    /// How long it was paused in all, in milliseconds.
    #[uniffi(default = 0)]
    pub paused_ms: u64,
    /// Weight or resistance.
    #[uniffi(default = None)]
    pub load: Option<Load>,
    /// Seconds of each phase of a repetition.
    #[uniffi(default = [])]
    pub tempo: Vec<u32>,
    /// The tool.
    #[uniffi(default = None)]
    pub tool: Option<String>,
    /// Who helped: a member or free text.
    #[uniffi(default = None)]
    pub by: Option<String>,
    /// When it began, in milliseconds since 1970; now where it is left out.
    #[uniffi(default = None)]
    pub at_ms: Option<i64>,
    /// A note.
    #[uniffi(default = None)]
    pub note: Option<String>,
    /// Whether what would otherwise be asked is confirmed.
    #[uniffi(default = false)]
    pub yes: bool,
}

impl LogRequest {
    fn request(self, zone: &str) -> Result<holdfast::LogRequest, HoldfastError> {
        let one = usize::from(self.held_ms.is_some())
            + usize::from(self.reps.is_some())
            + usize::from(self.ticked);
        let done = match (self.held_ms, self.reps) {
            (Some(held_ms), None) if one == 1 => Done::Held(Millis(held_ms)),
            (None, Some(count)) if one == 1 => {
                Done::Reps { count, hold_each: self.hold_each_ms.map(Millis) }
            }
            (None, None) if self.ticked => Done::Ticked,
            _ => {
                let message = Message::new("ffi.say_what_was_done");
                return Err(bad("held", "one_of_three", message));
            }
        };
        let eased = match (self.eased_ms, self.not_eased) {
            (Some(eased_ms), _) => Some(Eased::After(Millis(eased_ms))),
            (None, true) => Some(Eased::No),
            (None, false) => None,
        };
        Ok(holdfast::LogRequest {
            side: self.side.as_deref().map(log_side).transpose()?,
            routine: self.routine,
            date: given::some_day("date", self.date.as_deref())?,
            slot: self.slot,
            step: self.step,
            session: self.session,
            set: self.set,
            rep: self.rep,
            target: self.target_ms.map(Millis),
            pain_before: self.pain_before,
            pain_after: self.pain_after,
            pain_site: self.pain_site,
            ended: given::some_word("ended", self.ended.as_deref())?,
            eased,
            moves: self.moves,
            paused: Millis(self.paused_ms),
            load: self.load.map(load),
            tempo: self.tempo,
            tool: self.tool,
            by: self.by,
            at: given::moment(self.at_ms, zone),
            note: self.note,
            yes: self.yes,
            ..holdfast::LogRequest::new(self.exercise, done)
        })
    }
}

fn load(load: Load) -> EngineLoad {
    EngineLoad { value: load.value, unit: load.unit }
}

fn log_side(text: &str) -> Result<LogSide, HoldfastError> {
    if text == "both" {
        return Ok(LogSide::Both);
    }
    match given::word("side", text)? {
        Side::Left => Ok(LogSide::Left),
        Side::Right => Ok(LogSide::Right),
        Side::None => {
            let known = Message::new("given.not_listed")
                .with("text", text)
                .with("known", "left, right, both");
            Err(bad("side", "not_listed", known))
        }
    }
}

/// What to put right in a hold. What is left out stays as recorded.
#[derive(Debug, Clone, PartialEq, Default, uniffi::Record)]
pub struct HoldEdit {
    /// Fields to empty: `target`, `eased`, `pain_before`, `pain_after`, `reps`, `load`, `tempo`, `tool`,
    /// `assisted_by`, `note`.
    #[uniffi(default = [])]
    pub clear: Vec<String>,
    /// The target, in milliseconds.
    #[uniffi(default = None)]
    pub target_ms: Option<u64>,
    /// How long the last attempt was held, in milliseconds.
    #[uniffi(default = None)]
    pub held_ms: Option<u64>,
    /// After how many milliseconds the last attempt eased.
    #[uniffi(default = None)]
    pub eased_ms: Option<u64>,
    /// How long it was paused, in milliseconds.
    #[uniffi(default = None)]
    pub paused_ms: Option<u64>,
    /// Repetitions.
    #[uniffi(default = None)]
    pub reps: Option<u16>,
    /// Weight or resistance.
    #[uniffi(default = None)]
    pub load: Option<Load>,
    /// Seconds of each phase.
    #[uniffi(default = None)]
    pub tempo: Option<Vec<u32>>,
    /// Pain before, 0–10.
    #[uniffi(default = None)]
    pub pain_before: Option<u8>,
    /// Pain after, 0–10.
    #[uniffi(default = None)]
    pub pain_after: Option<u8>,
    /// Where it hurts.
    #[uniffi(default = None)]
    pub pain_site: Option<String>,
    /// The tool.
    #[uniffi(default = None)]
    pub tool: Option<String>,
    /// How it ended.
    #[uniffi(default = None)]
    pub ended: Option<String>,
    /// Who helped.
    #[uniffi(default = None)]
    pub by: Option<String>,
    /// When it began, in milliseconds since 1970.
    #[uniffi(default = None)]
    pub at_ms: Option<i64>,
    /// Your note, in place of your earlier one.
    #[uniffi(default = None)]
    pub note: Option<String>,
    /// Whether what would otherwise be asked is confirmed.
    #[uniffi(default = false)]
    pub yes: bool,
}

impl HoldEdit {
    fn edit(self, zone: &str) -> Result<holdfast::HoldEdit, HoldfastError> {
        let clear = self.clear.iter().map(|field| given::code::<EditField>("clear", field));
        Ok(holdfast::HoldEdit {
            clear: clear.collect::<Result<_, _>>()?,
            target: self.target_ms.map(Millis),
            held: self.held_ms.map(Millis),
            eased: self.eased_ms.map(Millis),
            paused: self.paused_ms.map(Millis),
            reps: self.reps,
            load: self.load.map(load),
            tempo: self.tempo,
            pain_before: self.pain_before,
            pain_after: self.pain_after,
            pain_site: self.pain_site,
            tool: self.tool,
            ended: given::some_word("ended", self.ended.as_deref())?,
            by: self.by,
            at: given::moment(self.at_ms, zone),
            note: self.note,
            yes: self.yes,
        })
    }
}

/// A step as it was played, with its dose.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct PlayedStep {
    /// The step, or the exercise where it was done outside of a routine.
    #[serde(deserialize_with = "crate::carried::text_of")]
    pub step: String,
    /// The exercise.
    pub exercise: String,
    /// The side rule.
    pub side: String,
    /// The dose.
    pub dose: crate::routines::Dose,
}

/// A session.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Session {
    /// Its id.
    pub id: String,
    /// The routine.
    pub routine: Option<String>,
    /// The version of the routine.
    pub routine_version: Option<u64>,
    /// The slot of the day.
    pub slot: Option<String>,
    /// The local day it belongs to.
    pub local_day: String,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// The offset of there and then.
    pub utc_offset: String,
    /// When it ended, RFC 3339.
    pub ended_at: Option<String>,
    /// Pauses, in milliseconds.
    pub paused_ms: u64,
    /// Whether the last step was reached.
    pub finished: bool,
    /// Everybody named as helping.
    pub assisted_by: Vec<String>,
    /// How many holds it has.
    pub holds: u64,
    /// All of them together, in milliseconds.
    pub held_ms: u64,
    /// The pain before its first rated hold, 0–10.
    pub pain_before: Option<u8>,
    /// The pain after its last rated hold, 0–10.
    pub pain_after: Option<u8>,
    /// The steps with the doses it was played against.
    pub steps: Vec<PlayedStep>,
    /// What the rules had to say.
    pub findings: Vec<NotedFinding>,
    /// The devices that recorded it, as hex.
    pub recorded_by: Vec<String>,
    /// How far it has come.
    pub status: String,
    /// Who has it besides its author.
    pub seen_by: Vec<SeenBy>,
}

/// A session with its holds.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct SessionWithHolds {
    /// The session.
    pub session: Session,
    /// Its holds.
    pub holds: Vec<Hold>,
}

/// Which part of the history. The default is the newest holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, uniffi::Record)]
pub struct HistoryQuery {
    /// From this local day on.
    #[uniffi(default = None)]
    pub since: Option<String>,
    /// Up to this local day, itself included.
    #[uniffi(default = None)]
    pub until: Option<String>,
    /// Only this exercise.
    #[uniffi(default = None)]
    pub exercise: Option<String>,
    /// Only this side.
    #[uniffi(default = None)]
    pub side: Option<String>,
    /// Sessions instead of holds.
    #[uniffi(default = false)]
    pub by_session: bool,
    /// At most so many, up to 500; 100 where it is left out.
    #[uniffi(default = None)]
    pub limit: Option<u32>,
    /// Where the page begins: the `next` of the page before.
    #[uniffi(default = None)]
    pub after: Option<String>,
}

/// A page of the history, the newest first.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct HistoryPage {
    /// The holds, where holds were asked for.
    #[serde(default)]
    pub holds: Vec<Hold>,
    /// The sessions, where sessions were asked for.
    #[serde(default)]
    pub sessions: Vec<Session>,
    /// Where the next page begins. Nothing on the last page.
    pub next: Option<String>,
}

#[uniffi::export]
impl EngineHandle {
    /// Logs what was done, by hand. Both sides are two holds.
    pub async fn log(&self, request: LogRequest) -> Result<Vec<Hold>, Failure> {
        self.run(move |engine| {
            let request = request.request(&engine.zone()?)?;
            carried(&engine.log(&request)?)
        })
        .await
    }

    /// A hold, by its id or any unambiguous beginning of it.
    pub async fn hold(&self, id: String) -> Result<Hold, Failure> {
        self.run(move |engine| carried(&engine.hold(&id)?)).await
    }

    /// What each device recorded of a hold.
    pub async fn hold_records(&self, id: String) -> Result<Vec<HoldRecord>, Failure> {
        self.run(move |engine| carried(&engine.hold_observations(&id)?)).await
    }

    /// Puts a hold right.
    pub async fn edit_hold(&self, id: String, edit: HoldEdit) -> Result<Hold, Failure> {
        self.run(move |engine| {
            let edit = edit.edit(&engine.zone()?)?;
            carried(&engine.edit_hold(&id, &edit)?)
        })
        .await
    }

    /// Takes a hold out.
    pub async fn remove_hold(&self, id: String) -> Result<(), Failure> {
        self.run(move |engine| engine.remove_hold(&id)).await
    }

    /// A session with its holds.
    pub async fn session(&self, id: String) -> Result<SessionWithHolds, Failure> {
        self.run(move |engine| carried(&engine.session(&id)?)).await
    }

    /// Takes a session out, with its holds.
    pub async fn remove_session(&self, id: String) -> Result<(), Failure> {
        self.run(move |engine| engine.remove_session(&id)).await
    }

    /// A page of the history, the newest first.
    pub async fn history(&self, query: HistoryQuery) -> Result<HistoryPage, Failure> {
        self.run(move |engine| {
            let after = query.after.as_deref().map(|after| given::parsed("after", after));
            let query = holdfast::HistoryQuery {
                since: given::some_day("since", query.since.as_deref())?,
                until: given::some_day("until", query.until.as_deref())?,
                exercise: query.exercise,
                side: given::some_word("side", query.side.as_deref())?,
                by_session: query.by_session,
                limit: query.limit,
                after: after.transpose()?,
            };
            carried(&engine.history(&query)?)
        })
        .await
    }
}
