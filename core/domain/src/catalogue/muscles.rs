//! Muscles and the groups the sources put them in. Not complete anatomy: only members a source names.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::ids::{MuscleId, Site, ToolId};
use crate::vocabulary::ProfileField;

/// The open word lists: what the catalogue's records may name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    #[serde(rename = "about")]
    _about: String,
    /// Every muscle and muscle group.
    pub muscles: Vec<MuscleId>,
    /// Groups and the members that the sources name.
    pub muscle_groups: BTreeMap<MuscleId, Vec<MuscleId>>,
    /// Places on the body.
    pub regions: Vec<Site>,
    /// Tools, all generic.
    pub tools: Vec<ToolId>,
    /// What a profile field holds.
    pub profile: BTreeMap<ProfileField, ProfileKind>,
}

/// What a profile field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileKind {
    /// Yes or no.
    Bool,
    /// A number.
    Number,
    /// Minutes.
    Minutes,
}

impl Vocabulary {
    /// A muscle's members, none where it is not a group.
    #[must_use]
    pub fn members(&self, muscle: &MuscleId) -> &[MuscleId] {
        self.muscle_groups.get(muscle).map_or(&[], Vec::as_slice)
    }

    /// Whether two lists share a muscle, groups standing for themselves and their members on
    /// both sides.
    #[must_use]
    pub fn share(&self, some: &[MuscleId], others: &[MuscleId]) -> bool {
        some.iter().flat_map(|m| self.with_members(m)).any(|muscle| {
            others.iter().flat_map(|m| self.with_members(m)).any(|other| other == muscle)
        })
    }

    fn with_members<'a>(&'a self, muscle: &'a MuscleId) -> impl Iterator<Item = &'a MuscleId> {
        std::iter::once(muscle).chain(self.members(muscle))
    }
}
