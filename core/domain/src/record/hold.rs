//! A hold as people see it: what the merge makes of its observations and corrections.

use serde::{Deserialize, Serialize};

use crate::ids::{
    AccountName, DeviceName, ExerciseId, HoldId, ObservationId, RoutineId, SessionId, ToolId,
};
use crate::record::key::HoldKey;
use crate::record::observation::{Attempt, Author, Load, NotedFinding, PainRating};
use crate::units::{LocalDay, Millis, Moment};
use crate::vocabulary::{EndedBy, Source};

/// A note under the name of who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Note {
    /// The account that wrote it.
    pub by: AccountName,
    /// The name given with it, where somebody wrote for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logged_by: Option<String>,
    /// The text.
    pub text: String,
}

/// An observation of a hold, as listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObservationRef {
    /// Its id.
    pub id: ObservationId,
    /// Who wrote it.
    pub author: Author,
    /// Whether a removal took it out; it stays stored and listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// Which of several doings under one key this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Doing {
    /// Which, from 1, by time.
    pub n: u32,
    /// Of how many. More than one is shown: a person has to say whether both are meant.
    pub of: u32,
}

/// One hold, made of its observations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    /// The same on every device.
    pub hold_id: HoldId,
    /// The key its observations share.
    pub key: HoldKey,
    /// The exercise.
    pub exercise: ExerciseId,
    /// The routine it was played from.
    pub routine: Option<RoutineId>,
    /// The version of that routine.
    pub routine_version: Option<u64>,
    /// The target.
    #[serde(rename = "target_ms")]
    pub target: Option<Millis>,
    /// What is judged against the target: the last attempt.
    #[serde(rename = "held_ms")]
    pub held: Millis,
    /// All attempts together.
    #[serde(rename = "under_pressure_ms")]
    pub under_pressure: Millis,
    /// How long a set took, where no attempts say so.
    #[serde(rename = "took_ms")]
    pub took: Option<Millis>,
    /// Pauses.
    #[serde(rename = "paused_ms")]
    pub paused: Millis,
    /// Time the person added to the target.
    #[serde(rename = "extended_ms")]
    pub extended: Millis,
    /// The tries of the observation that stands.
    pub attempts: Vec<Attempt>,
    /// After how long the last attempt eased.
    #[serde(rename = "eased_ms")]
    pub eased_after: Option<Millis>,
    /// Pain before.
    pub pain_before: Option<PainRating>,
    /// Pain after.
    pub pain_after: Option<PainRating>,
    /// Repetitions as recorded for the set.
    pub reps: Option<u16>,
    /// Repetitions this hold adds to a count: of a whole set only those not logged singly.
    pub reps_counted: u16,
    /// Weight or resistance.
    pub load: Option<Load>,
    /// Seconds of each phase.
    pub tempo: Vec<u32>,
    /// The tool.
    pub tool: Option<ToolId>,
    /// How it ended.
    pub ended_by: EndedBy,
    /// When it began.
    pub started_at: Moment,
    /// Who helped.
    pub assisted_by: Option<String>,
    /// The account that helped, where it wrote that down itself: then it is verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assisted_by_account: Option<AccountName>,
    /// Who wrote it down, where that is not the person.
    pub logged_by: Option<String>,
    /// Timer, typed in, or imported.
    pub source: Source,
    /// Who wrote the observation that stands.
    pub author: Author,
    /// The notes, each under its name.
    pub notes: Vec<Note>,
    /// What the rules had to say.
    pub findings: Vec<NotedFinding>,
    /// Whether somebody put it right afterwards, and who did so last.
    pub corrected_by: Option<Author>,
    /// Every observation, the one that stands first.
    pub observations: Vec<ObservationRef>,
    /// Which of several doings under the key.
    pub doing: Doing,
    /// Whether adherence counts it: of several doings only the first.
    pub counts: bool,
    /// When the day started that it belongs to, in minutes after local midnight, where the record
    /// says so. A record keeps its day, whatever the profile says later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_start_min: Option<u16>,
}

impl Hold {
    /// The session it belongs to.
    #[must_use]
    pub fn session_id(&self) -> SessionId {
        self.key.session.id()
    }

    /// The device whose observation stands.
    #[must_use]
    pub const fn device(&self) -> &DeviceName {
        &self.author.device
    }

    /// Whether it was corrected.
    #[must_use]
    pub const fn corrected(&self) -> bool {
        self.corrected_by.is_some()
    }

    /// The local day: the session's where it is scheduled, else that of the start. A day starts
    /// `day_start_min` minutes after midnight, unless the record says otherwise.
    #[must_use]
    pub fn local_day(&self, day_start_min: u16) -> LocalDay {
        let day_start_min = self.day_start_min.unwrap_or(day_start_min);
        self.key.session.day().unwrap_or_else(|| self.started_at.local_day(day_start_min))
    }
}
