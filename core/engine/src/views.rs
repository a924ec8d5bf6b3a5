//! What the engine hands out, under exactly the names of the command line's JSON. Times are in
//! milliseconds (`_ms`) or RFC 3339 texts; pain is 0–10.

use std::collections::BTreeSet;

use holdfast_domain::record::{
    Attempt, Authored, Doing, Hold, Load, Note, NotedFinding, Observation, PainRating, PlayedStep,
    Session, StepRef,
};
use holdfast_domain::units::{Moment, Nrs};
use holdfast_domain::vocabulary::{EndedBy, Side, Source};
use serde::{Serialize, Serializer};

use crate::commands::journal::{CLOCK, CLOCK_SET};

/// How far something that was written has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusKind {
    /// On this device's disk. There is no relay, so no second copy.
    Saved,
    /// On this device's disk, waiting for the relay.
    Queued,
    /// On the relay.
    Relayed,
    /// Another device has it.
    Seen,
    /// On this device's disk only: it will not be taken any more. `doctor` says why.
    Refused,
}

/// A device that has something that was written, as its signed cursor says. It proves that the device has it; that
/// another is not named here proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SeenBy {
    /// Whether it is a device of this account.
    pub mine: bool,
    /// Whose it is: what this account calls them, or itself.
    pub name: String,
    /// What a device of this account is called; nothing for those of others.
    pub device_name: Option<String>,
    /// The device, as hex.
    pub device: String,
    /// Its account, as hex.
    pub account: String,
}

/// How far something that was written has come, and which devices have it besides its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// How far.
    pub kind: StatusKind,
    /// The devices.
    pub seen_by: BTreeSet<SeenBy>,
}

/// A hold as people see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HoldView {
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
    /// How the person calls it, where it is one of their own; the words name the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercise_name: Option<String>,
    /// The side; nothing for bilateral ones.
    pub side: Option<Side>,
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
    /// Pain before, NRS 0–10.
    pub pain_before: Option<Nrs>,
    /// Pain after, NRS 0–10.
    pub pain_after: Option<Nrs>,
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
    pub ended_by: EndedBy,
    /// When it began, RFC 3339 with the offset of there and then.
    pub started_at: String,
    /// That offset.
    pub utc_offset: String,
    /// The local day it belongs to.
    pub local_day: String,
    /// Who helped.
    pub assisted_by: Option<String>,
    /// The account that helped, as hex, where it wrote that down itself: then it is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assisted_by_account: Option<String>,
    /// Who wrote it down, where that is not the person: what this account calls them.
    pub logged_by: Option<String>,
    /// Their account, as hex: verified. Nothing where the person wrote it down, or a name is all there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_by_account: Option<String>,
    /// The device whose record stands, as hex.
    pub device: String,
    /// The notes as one text.
    pub note: Option<String>,
    /// The notes, each under its name.
    pub notes: Vec<Note>,
    /// Whether it was put right afterwards.
    pub corrected: bool,
    /// The records it is made of, the one that stands first.
    pub observations: Vec<String>,
    /// What the rules had to say.
    pub findings: Vec<NotedFinding>,
    /// Which of how many doings under one key: more than one is for a person to judge.
    pub doing: Doing,
    /// Whether adherence counts it.
    pub counts: bool,
    /// Timer, typed in, or imported.
    pub source: Source,
    /// How far it has come.
    pub status: StatusKind,
    /// The devices that have it besides its author.
    pub seen_by: BTreeSet<SeenBy>,
}

impl HoldView {
    pub(crate) fn new(hold: Hold, day_start_min: u16, status: Status) -> Self {
        let site = |rating: &Option<PainRating>| {
            rating.as_ref().and_then(|rating| rating.site.as_ref().map(ToString::to_string))
        };
        Self {
            session_id: hold.session_id().to_string(),
            local_day: hold.local_day(day_start_min).to_string(),
            device: hold.device().to_string(),
            corrected: hold.corrected(),
            hold_id: hold.hold_id.to_string(),
            routine: hold.routine.as_ref().map(ToString::to_string),
            step: step_id(&hold.key.step),
            exercise: hold.exercise.to_string(),
            exercise_name: None,
            side: sided(hold.key.side),
            set: hold.key.set,
            rep: hold.key.rep,
            target_ms: hold.target.map(|target| target.0),
            held_ms: hold.held.0,
            under_pressure_ms: hold.under_pressure.0,
            paused_ms: hold.paused.0,
            eased_ms: hold.eased_after.map(|eased| eased.0),
            pain_site: site(&hold.pain_after).or_else(|| site(&hold.pain_before)),
            pain_before: hold.pain_before.map(|rating| rating.nrs),
            pain_after: hold.pain_after.map(|rating| rating.nrs),
            attempts: hold.attempts,
            reps: hold.reps,
            load: hold.load,
            tempo: hold.tempo,
            tool: hold.tool.map(|tool| tool.to_string()),
            ended_by: hold.ended_by,
            started_at: rfc3339(&hold.started_at),
            utc_offset: utc_offset(&hold.started_at),
            assisted_by: hold.assisted_by,
            assisted_by_account: hold.assisted_by_account.map(|by| by.to_string()),
            logged_by: hold.logged_by,
            logged_by_account: (!hold.author.is_subject).then(|| hold.author.account.to_string()),
            note: joined(&hold.notes),
            notes: hold.notes,
            observations: hold.observations.iter().map(|o| o.id.to_string()).collect(),
            findings: hold.findings,
            doing: hold.doing,
            counts: hold.counts,
            source: hold.source,
            status: status.kind,
            seen_by: status.seen_by,
        }
    }
}

/// One device's record of a hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObservationView {
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
    /// Pain before: 0–10, where, and who said so.
    pub pain_before: Option<PainRating>,
    /// Pain after: 0–10, where, and who said so.
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
    pub ended_by: EndedBy,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// Who helped.
    pub assisted_by: Option<String>,
    /// Who wrote it down, where that is not the person.
    pub logged_by: Option<String>,
    /// Timer, typed in, or imported.
    pub source: Source,
    /// Whether it was logged by a clock that somebody had set by hand.
    pub clock_set: bool,
    /// The note.
    pub note: Option<String>,
    /// What the rules had to say.
    pub findings: Vec<NotedFinding>,
    /// How far it has come.
    pub status: StatusKind,
    /// The devices that have it besides its author.
    pub seen_by: BTreeSet<SeenBy>,
}

impl ObservationView {
    pub(crate) fn new(
        record: Authored<Observation>,
        stands: bool,
        removed: bool,
        status: Status,
    ) -> Self {
        let Authored { author, value } = record;
        Self {
            observation_id: value.id.to_string(),
            device: author.device.to_string(),
            account: author.account.to_string(),
            stands,
            removed,
            target_ms: value.target.map(|target| target.0),
            held_ms: value.held().0,
            under_pressure_ms: value.under_pressure().0,
            paused_ms: value.paused.0,
            eased_ms: value.eased_after().map(|eased| eased.0),
            attempts: value.attempts,
            pain_before: value.pain_before,
            pain_after: value.pain_after,
            reps: value.reps,
            load: value.load,
            tempo: value.tempo,
            tool: value.tool.map(|tool| tool.to_string()),
            ended_by: value.ended_by,
            started_at: rfc3339(&value.started_at),
            assisted_by: value.assisted_by,
            logged_by: value.logged_by,
            source: value.source,
            clock_set: value.unknown.get(CLOCK).and_then(|mark| mark.as_str()) == Some(CLOCK_SET),
            note: value.note,
            findings: value.findings,
            status: status.kind,
            seen_by: status.seen_by,
        }
    }
}

/// A session as people see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionView {
    /// Its id.
    pub id: String,
    /// The routine.
    pub routine: Option<String>,
    /// The version of the routine.
    pub routine_version: Option<u64>,
    /// The slot of the day, where it is scheduled.
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
    /// The pain before its first rated hold, NRS 0–10.
    pub pain_before: Option<Nrs>,
    /// The pain after its last rated hold, NRS 0–10.
    pub pain_after: Option<Nrs>,
    /// The steps with the doses it was played against.
    pub steps: Vec<PlayedStep>,
    /// What the rules had to say.
    pub findings: Vec<NotedFinding>,
    /// The devices that recorded it, as hex.
    pub recorded_by: Vec<String>,
    /// How far it has come.
    pub status: StatusKind,
    /// The devices that have it besides its author.
    pub seen_by: BTreeSet<SeenBy>,
}

/// What the holds of a session add up to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    pub(crate) holds: u64,
    pub(crate) held_ms: u64,
    pub(crate) pain_before: Option<Nrs>,
    pub(crate) pain_after: Option<Nrs>,
}

impl SessionView {
    pub(crate) fn new(session: Session, day_start_min: u16, sums: Sums, status: Status) -> Self {
        let local_day = session.local_day(day_start_min).to_string();
        Self {
            id: session.key.id().to_string(),
            routine: session.routine.map(|routine| routine.to_string()),
            routine_version: session.routine_version,
            slot: session.key.slot().map(ToString::to_string),
            local_day,
            started_at: rfc3339(&session.started_at),
            utc_offset: utc_offset(&session.started_at),
            ended_at: session.ended_at.as_ref().map(rfc3339),
            paused_ms: session.paused.0,
            finished: session.finished,
            assisted_by: session.assisted_by,
            holds: sums.holds,
            held_ms: sums.held_ms,
            pain_before: sums.pain_before,
            pain_after: sums.pain_after,
            steps: session.steps,
            findings: session.findings,
            recorded_by: session.recorded_by.iter().map(|by| by.device.to_string()).collect(),
            status: status.kind,
            seen_by: status.seen_by,
        }
    }
}

/// A page of the history, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryPage {
    /// The holds, where holds were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<Vec<HoldView>>,
    /// The sessions, where sessions were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<Vec<SessionView>>,
    /// Where the next page begins: hand it in as `after`. Nothing on the last page.
    pub next: Option<Cursor>,
}

impl HistoryPage {
    pub(crate) const fn empty(by_session: bool) -> Self {
        if by_session {
            Self { holds: None, sessions: Some(Vec::new()), next: None }
        } else {
            Self { holds: Some(Vec::new()), sessions: None, next: None }
        }
    }
}

/// A place in the history, as an opaque text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) day: String,
    pub(crate) started_ms: i64,
    pub(crate) id: String,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.day, self.started_ms, self.id)
    }
}

/// A text that is no place in the history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a place in the history: give the `next` of the page before")]
pub struct BadCursor(pub String);

impl std::str::FromStr for Cursor {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let read = || {
            let mut parts = text.splitn(3, '.');
            let day = parts.next()?;
            let day: holdfast_domain::units::LocalDay = day.parse().ok()?;
            let started_ms = parts.next()?.parse().ok()?;
            let id = parts.next().filter(|id| !id.is_empty())?.to_owned();
            Some(Self { day: day.to_string(), started_ms, id })
        };
        read().ok_or_else(|| BadCursor(text.to_owned()))
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn step_id(step: &StepRef) -> Option<String> {
    match step {
        StepRef::Step(id) => Some(id.to_string()),
        StepRef::Exercise(_) => None,
    }
}

fn sided(side: Side) -> Option<Side> {
    (side != Side::None).then_some(side)
}

/// The notes as one text, with names where they are by several people.
fn joined(notes: &[Note]) -> Option<String> {
    let name = |note: &Note| {
        note.logged_by.clone().unwrap_or_else(|| note.by.as_str().chars().take(8).collect())
    };
    let names: BTreeSet<String> = notes.iter().map(name).collect();
    let text = |note: &Note| match names.len() {
        0 | 1 => note.text.clone(),
        _ => format!("{}: {}", name(note), note.text),
    };
    let all: Vec<String> = notes.iter().map(text).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

/// RFC 3339, in whole seconds unless it has a fraction, with the offset of there and then.
#[must_use]
pub fn rfc3339(moment: &Moment) -> String {
    let local_ms = moment.utc_ms.saturating_add(i64::from(moment.offset_s) * 1000);
    match jiff::Timestamp::from_millisecond(local_ms) {
        Ok(local) => {
            let local = local.to_string();
            format!("{}{}", local.trim_end_matches('Z'), utc_offset(moment))
        }
        // A moment beyond the calendar is not lost, only not pretty.
        Err(_) => format!("{} ms", moment.utc_ms),
    }
}

/// `+01:00`.
fn utc_offset(moment: &Moment) -> String {
    let minutes = moment.offset_s.unsigned_abs() / 60;
    let sign = if moment.offset_s < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_there_and_then() {
        let at = |utc_ms, offset_s| Moment { utc_ms, offset_s, zone: String::new() };
        assert_eq!(rfc3339(&at(1_772_395_200_000, 3600)), "2026-03-01T21:00:00+01:00");
        assert_eq!(rfc3339(&at(1_772_395_200_250, -12_600)), "2026-03-01T16:30:00.25-03:30");
        assert_eq!(rfc3339(&at(i64::MAX, 0)), format!("{} ms", i64::MAX));
    }

    #[test]
    fn a_cursor_reads_back_from_its_text_and_others_are_refused() {
        let cursor =
            Cursor { day: "2026-03-01".into(), started_ms: -5, id: "at:2026-03-01:x.y:z".into() };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "2026-03-01", "2026-03-01.5.", "x.5.y", "2026-03-01.y.z"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
