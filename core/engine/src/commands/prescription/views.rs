//! Prescriptions as the engine hands them out.

use std::collections::BTreeSet;

use holdfast_domain::catalogue::{Catalogue, OwnExercise};
use holdfast_domain::prescription::{Difference, Standing};
use holdfast_domain::routine::Routine;
use holdfast_domain::rules::Finding;
use serde::Serialize;

use crate::commands::routine::RoutineView;
use crate::views::{SeenBy, StatusKind};

/// A prescription in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrescriptionView {
    /// Its id.
    pub id: String,
    /// The routine it is about.
    pub routine: String,
    /// What the proposed routine is called.
    pub name: String,
    /// Who proposed it: the account, as hex; verified, unless it is imported.
    pub by: Option<String>,
    /// What this account calls them.
    pub by_name: Option<String>,
    /// Whether only an import tells of it: then nobody can verify who proposed it.
    pub imported: bool,
    /// When, RFC 3339.
    pub proposed_at: String,
    /// Why, in their words.
    pub reason: Option<String>,
    /// The version of the owner's routine that was looked at; nothing for a new routine.
    pub based_on: Option<u64>,
    /// The version of the owner's routine there is now; nothing where there is none.
    pub current_version: Option<u64>,
    /// Open, settled, or superseded; and whether the routine was edited since.
    #[serde(flatten)]
    pub standing: Standing,
    /// How far it has come.
    pub status: StatusKind,
    /// The devices that have it besides its author, as hex.
    pub seen_by: BTreeSet<SeenBy>,
}

/// A prescription beside the owner's routine.
#[derive(Debug, Clone, Serialize)]
pub struct PrescriptionDiff {
    /// It.
    pub prescription: PrescriptionView,
    /// What would change in the routine as it is now.
    pub differences: Vec<Difference>,
    /// The routine as it should be.
    pub proposed: Routine,
    /// The owner's routine, where there is one.
    pub current: Option<Routine>,
    /// The exercises that it brings along.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exercises: Vec<OwnExercise>,
    /// The hard rules that it breaks and nobody took on themselves: it is accepted only with an override of them.
    #[serde(skip)]
    pub breaks: Vec<Finding>,
    /// The exercises to say the differences with.
    #[serde(skip)]
    pub catalogue: Catalogue,
}

/// What accepting made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Accepted {
    /// The prescription as it stands now.
    pub prescription: PrescriptionView,
    /// The routine as it is now.
    #[serde(flatten)]
    pub view: RoutineView,
}
