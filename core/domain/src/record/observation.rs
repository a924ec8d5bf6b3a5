//! One device's record of a hold, and whose record it is. It is written once and never changed:
//! what was wrong is corrected by another record.

use serde::{Deserialize, Serialize};

use crate::dose::Dose;
use crate::ids::{
    AccountName, DeviceName, ExerciseId, ObservationId, RoutineId, RuleId, Site, ToolId,
};
use crate::record::key::HoldKey;
use crate::units::{Millis, Moment, Nrs};
use crate::vocabulary::{EndedBy, Pressure, Severity, Source};

/// Who wrote a record. The names are *verified* by whoever hands them in: the domain takes them
/// as true and never reads an author out of a record's own bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Author {
    /// The account.
    pub account: AccountName,
    /// The device.
    pub device: DeviceName,
    /// Whether the account is the chart's subject: the person whose body it is.
    pub is_subject: bool,
}

/// A record with its verified author.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Authored<T> {
    /// Who wrote it.
    pub author: Author,
    /// What was written.
    pub value: T,
}

/// Who a pain rating comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reporter {
    /// The person whose body it is.
    Subject,
    /// Somebody else, by name.
    Other(String),
}

/// Pain on the 0–10 scale, where, and who said so.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PainRating {
    /// NRS 0–10.
    pub nrs: Nrs,
    /// Where it hurts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Site>,
    /// Who said so.
    pub reported_by: Reporter,
}

/// One try on one spot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Attempt {
    /// How long it was held. In the record of a whole set: each repetition.
    #[serde(rename = "held_ms")]
    pub held: Millis,
    /// After how long it eased, where the person said that it did.
    #[serde(rename = "eased_after_ms", default, skip_serializing_if = "Option::is_none")]
    pub eased_after: Option<Millis>,
    /// How hard it pressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure: Option<Pressure>,
    /// Whether this try began on another spot than the one before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moved_spot: bool,
}

/// A weight or resistance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// How much.
    pub value: f64,
    /// Of what: `kg`, `lb`, `band`, …
    pub unit: String,
}

/// A finding that stood when the hold was logged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NotedFinding {
    /// The rule.
    pub rule: RuleId,
    /// How serious.
    pub severity: Severity,
    /// Why it was done all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden_reason: Option<String>,
}

/// One device's record of one hold. Fields of newer versions survive in `unknown`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Its id.
    pub id: ObservationId,
    /// Which version of this record, from 0: an author may write one anew (the player does, when
    /// an answer or a rating comes late). The highest stands and replaces the others whole.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revision: u32,
    /// Which hold of which session.
    pub key: HoldKey,
    /// The exercise.
    pub exercise: ExerciseId,
    /// The routine it was played from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routine: Option<RoutineId>,
    /// The version of that routine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routine_version: Option<u64>,
    /// The target of the hold; in the record of a whole set, of each repetition.
    #[serde(rename = "target_ms", default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Millis>,
    /// The dose it was played against, copied, so that editing the plan never rewrites history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose: Option<Dose>,
    /// The tries, in order. The last one is what counts against the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// How long a set took, where no attempts say so; pauses left out.
    #[serde(rename = "took_ms", default, skip_serializing_if = "Option::is_none")]
    pub took: Option<Millis>,
    /// How long it was paused in all.
    #[serde(rename = "paused_ms", default)]
    pub paused: Millis,
    /// Time the person added to the target.
    #[serde(rename = "extended_ms", default, skip_serializing_if = "is_none")]
    pub extended: Millis,
    /// Repetitions, in the record of a whole set; per side where the exercise alternates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reps: Option<u16>,
    /// Weight or resistance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// Seconds of each phase of the tempo.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tempo: Vec<u32>,
    /// Pain before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pain_before: Option<PainRating>,
    /// Pain after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pain_after: Option<PainRating>,
    /// The tool used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolId>,
    /// How it ended.
    pub ended_by: EndedBy,
    /// Who pressed or helped: a member or free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assisted_by: Option<String>,
    /// Who wrote it down, where that is not the person: a member or free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logged_by: Option<String>,
    /// When it began.
    pub started_at: Moment,
    /// Timer, typed in, or imported.
    pub source: Source,
    /// What the rules had to say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<NotedFinding>,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, serde_json::Value>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(revision: &u32) -> bool {
    *revision == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_none(length: &Millis) -> bool {
    *length == Millis::ZERO
}

/// What is before the account of a helper who takes part in the chart; anybody else is free text.
pub const HELPER_ACCOUNT: &str = "account:";

impl<T> Authored<T> {
    /// Whether a helper, as a record names them, is whoever wrote the record: then they are verified.
    #[must_use]
    pub fn is_by_helper(&self, helper: &str) -> bool {
        helper.strip_prefix(HELPER_ACCOUNT) == Some(self.author.account.as_str())
    }
}

impl Observation {
    /// What is judged against the target: the last attempt.
    #[must_use]
    pub fn held(&self) -> Millis {
        self.attempts.last().map_or(Millis::ZERO, |attempt| attempt.held)
    }

    /// All attempts together.
    #[must_use]
    pub fn under_pressure(&self) -> Millis {
        self.attempts.iter().map(|attempt| attempt.held).sum()
    }

    /// After how long the last attempt eased, where it did.
    #[must_use]
    pub fn eased_after(&self) -> Option<Millis> {
        self.attempts.last().and_then(|attempt| attempt.eased_after)
    }

    /// From when to when it took, pauses included, in milliseconds since 1970-01-01T00:00Z.
    #[must_use]
    pub fn span_ms(&self) -> (i64, i64) {
        let repetitions = if self.key.is_set_level() { self.reps.unwrap_or(1).max(1) } else { 1 };
        let held = self.under_pressure().0.saturating_mul(u64::from(repetitions));
        let working = held.max(self.took.unwrap_or_default().0);
        let length = i64::try_from(working.saturating_add(self.paused.0)).unwrap_or(i64::MAX);
        (self.started_at.utc_ms, self.started_at.utc_ms.saturating_add(length))
    }
}
