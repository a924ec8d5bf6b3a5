//! Where each fact comes from: the sources by field, and what is our own choice.
//! It knows nothing of what the facts say.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::ids::SourceId;
use crate::words::Code;

/// A document the facts come from. source: ../domain/protocols.md
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its short id.
    pub id: SourceId,
    /// The file the project's notes name for it.
    pub file: String,
    /// What kind of document it is.
    pub nature: Code,
    /// What it lacks.
    pub gaps: Vec<Code>,
}

/// Which fields of a record are our choice, an extension of a source's statement, or an inference.
/// A field can be both sourced and ours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Ours {
    /// All of the record (`true`), or none of it (`false`).
    Whole(bool),
    /// These fields, by the name they have in the data (`hold_s.default`).
    Fields(Vec<String>),
}

impl Default for Ours {
    fn default() -> Self {
        Self::Whole(false)
    }
}

/// Sources by field: `*` speaks for every field that has no entry of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "RawSources")]
pub struct Sources(BTreeMap<String, Vec<SourceId>>);

#[derive(Deserialize)]
#[serde(untagged)]
enum RawSources {
    Whole(Vec<SourceId>),
    ByField(BTreeMap<String, Vec<SourceId>>),
}

impl From<RawSources> for Sources {
    fn from(raw: RawSources) -> Self {
        match raw {
            RawSources::Whole(sources) if sources.is_empty() => Self::default(),
            RawSources::Whole(sources) => Self(BTreeMap::from([("*".to_owned(), sources)])),
            RawSources::ByField(fields) => Self(fields),
        }
    }
}

impl Sources {
    /// The sources of a field: its own entry, else that of the field it is part of
    /// (`hold_s` for `hold_s.min`), else the record's.
    #[must_use]
    pub fn of(&self, field: &str) -> &[SourceId] {
        let parent = field.split_once('.').map_or(field, |(parent, _)| parent);
        let found = self.0.get(field).or_else(|| self.0.get(parent)).or_else(|| self.0.get("*"));
        found.map_or(&[], Vec::as_slice)
    }

    /// Every entry: field name (or `*`) and its sources.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &[SourceId])> {
        self.0.iter().map(|(field, sources)| (field.as_str(), sources.as_slice()))
    }

    /// Every source named anywhere in the record, once.
    #[must_use]
    pub fn all(&self) -> Vec<&SourceId> {
        let mut all: Vec<&SourceId> = self.0.values().flatten().collect();
        all.sort();
        all.dedup();
        all
    }
}

/// Where a record comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Provenance {
    /// Its sources by field.
    #[serde(default)]
    pub sources: Sources,
    /// What of it is ours.
    #[serde(default)]
    pub ours: Ours,
}

impl Provenance {
    /// Whether a field, or the whole that it is part of, is our choice.
    #[must_use]
    pub fn is_ours(&self, field: &str) -> bool {
        match &self.ours {
            Ours::Whole(ours) => *ours,
            Ours::Fields(fields) => fields.iter().any(|ours| {
                ours == field
                    || field.strip_prefix(ours.as_str()).is_some_and(|rest| rest.starts_with('.'))
            }),
        }
    }
}

/// A sentence with its sources.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// The sentence.
    pub code: Code,
    /// Who says it; empty where it is ours.
    #[serde(default)]
    pub sources: Vec<SourceId>,
    /// Whether we say it.
    #[serde(default)]
    pub ours: bool,
}
