//! What was recorded wrong and is put right: an edit or a removal of somebody's record.
//! Who may do so, and which of several stands, is decided in the merge.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{DayRecordId, ObservationId, ToolId};
use crate::record::key::{HoldKey, SessionKey};
use crate::record::observation::{Load, PainRating};
use crate::units::{Millis, Moment};
use crate::vocabulary::EndedBy;

/// What a correction is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The hold that one observation belongs to.
    Observation(ObservationId),
    /// Every doing under a key.
    Hold(HoldKey),
    /// Every hold of a session. Only a removal makes sense here; an edit is ignored.
    Session(SessionKey),
    /// A record of a day. Only a removal makes sense here; an edit is ignored.
    DayRecord(DayRecordId),
}

/// A field that an edit can empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditField {
    /// The target.
    Target,
    /// Seconds until it eased.
    Eased,
    /// Pain before.
    PainBefore,
    /// Pain after.
    PainAfter,
    /// Repetitions.
    Reps,
    /// Weight or resistance.
    Load,
    /// Tempo.
    Tempo,
    /// The tool.
    Tool,
    /// Who helped.
    AssistedBy,
    /// The corrector's own note.
    Note,
}

/// The fields an edit sets. What is absent stays as recorded.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Edit {
    /// Fields emptied, before the others are set.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub clear: BTreeSet<EditField>,
    /// The target.
    #[serde(rename = "target_ms", default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Millis>,
    /// How long the last attempt was held.
    #[serde(rename = "held_ms", default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Millis>,
    /// After how long the last attempt eased.
    #[serde(rename = "eased_after_ms", default, skip_serializing_if = "Option::is_none")]
    pub eased_after: Option<Millis>,
    /// How long it was paused.
    #[serde(rename = "paused_ms", default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Millis>,
    /// Repetitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reps: Option<u16>,
    /// Weight or resistance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// Seconds of each phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tempo: Option<Vec<u32>>,
    /// Pain before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pain_before: Option<PainRating>,
    /// Pain after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pain_after: Option<PainRating>,
    /// The tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolId>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<EndedBy>,
    /// Who helped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assisted_by: Option<String>,
    /// When it began, as shown. Which observations are one hold is judged by the recorded times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Moment>,
    /// The corrector's note, in place of their earlier one. Notes of others stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a correction does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Sets fields.
    Edit(Box<Edit>),
    /// Takes it out of the history. The observations stay stored.
    Remove,
}

/// One correction. Its author, and so the device that breaks ties, comes verified from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub target: Target,
    /// The observations of the target that its device showed. A removal takes these, and what others
    /// did up to `at`; what is done afterwards under the same key is new and stays. An edit brings back
    /// those of them that somebody removed at the same time, and no others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<ObservationId>,
    /// 1 + the highest counter seen in the chart: the later correction stands.
    pub counter: u64,
    /// What it does.
    pub change: Change,
    /// When it was made.
    pub at: Moment,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, serde_json::Value>,
}
