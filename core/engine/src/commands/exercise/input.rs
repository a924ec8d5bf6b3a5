//! What a person says of an own exercise. Ids of muscles and tools come as text.

use std::collections::BTreeSet;

use holdfast_domain::catalogue::OwnExercise;
use holdfast_domain::dose::{Dose, Range};
use holdfast_domain::ids::{BadId, ExerciseId, MuscleId, Site, ToolId};
use holdfast_domain::vocabulary::{Kind, Laterality, Mode, Position};

use crate::commands::routine::DoseEdit;
use crate::commands::routine::refusal::bad_id;
use crate::error::Result;

/// An exercise to add. What is left out stays unstated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRequest {
    /// Its name.
    pub name: String,
    /// What kind of exercise it is.
    pub kind: Kind,
    /// How it relates to the two sides.
    pub sides: Laterality,
    /// What it asks for. With no figure it is open: it counts up.
    pub dose: DoseEdit,
    /// How the body is placed.
    pub position: Option<Position>,
    /// Where on the body.
    pub region: Option<String>,
    /// Muscles it is for.
    pub muscles: Vec<String>,
    /// Tools, any one of them.
    pub tools: Vec<String>,
    /// A note.
    pub note: Option<String>,
}

/// What to change of an own exercise. What is absent stays; `Some(None)` and an empty list empty it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnEdit {
    /// Its name.
    pub name: Option<String>,
    /// What kind of exercise it is.
    pub kind: Option<Kind>,
    /// How it relates to the two sides.
    pub sides: Option<Laterality>,
    /// What it asks for.
    pub dose: DoseEdit,
    /// How the body is placed.
    pub position: Option<Option<Position>>,
    /// Where on the body.
    pub region: Option<Option<String>>,
    /// Muscles it is for.
    pub muscles: Option<Vec<String>>,
    /// Tools, any one of them.
    pub tools: Option<Vec<String>>,
    /// The note.
    pub note: Option<Option<String>>,
}

/// A dose of which nothing is stated yet.
const fn unstated() -> Dose {
    let none = Range::UNSTATED;
    Dose { mode: Mode::Open, hold_s: none, reps: none, sets: none, rest_s: none, tempo: Vec::new() }
}

impl OwnRequest {
    /// A request for what must be said.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: Kind, sides: Laterality) -> Self {
        let (dose, name) = (DoseEdit::default(), name.into());
        let (position, region, note) = (None, None, None);
        let (muscles, tools) = (Vec::new(), Vec::new());
        Self { name, kind, sides, dose, position, region, muscles, tools, note }
    }

    pub(super) fn made(&self, id: ExerciseId) -> Result<OwnExercise> {
        Ok(OwnExercise {
            id,
            name: self.name.trim().to_owned(),
            kind: self.kind,
            laterality: self.sides,
            dose: self.dose.over(&unstated()),
            position: self.position,
            region: self.region.as_deref().map(region).transpose()?,
            muscles: muscles(&self.muscles)?,
            tools: tools(&self.tools)?,
            note: written(self.note.as_ref()),
            removed: false,
            unknown: serde_json::Map::new(),
        })
    }
}

impl OwnEdit {
    /// The exercise with this laid over it, and the fields that were said.
    pub(super) fn over(&self, old: &OwnExercise) -> Result<(OwnExercise, BTreeSet<&'static str>)> {
        let mut new = old.clone();
        let mut said = BTreeSet::new();
        if let Some(name) = &self.name {
            new.name = name.trim().to_owned();
            said.insert("name");
        }
        if let Some(kind) = self.kind {
            new.kind = kind;
            said.insert("kind");
        }
        if let Some(sides) = self.sides {
            new.laterality = sides;
            said.insert("laterality");
        }
        if !self.dose.is_empty() {
            new.dose = self.dose.over(&old.dose);
            said.insert("dose");
        }
        if let Some(position) = self.position {
            new.position = position;
            said.insert("position");
        }
        if let Some(place) = &self.region {
            new.region = place.as_deref().map(region).transpose()?;
            said.insert("region");
        }
        if let Some(given) = &self.muscles {
            new.muscles = muscles(given)?;
            said.insert("muscles");
        }
        if let Some(given) = &self.tools {
            new.tools = tools(given)?;
            said.insert("tools");
        }
        if let Some(note) = &self.note {
            new.note = written(note.as_ref());
            said.insert("note");
        }
        Ok((new, said))
    }
}

fn region(text: &str) -> Result<Site> {
    Site::new(text).map_err(|bad| bad_id("region", &bad))
}

fn muscles(given: &[String]) -> Result<Vec<MuscleId>> {
    listed(given, MuscleId::new, "muscles")
}

fn tools(given: &[String]) -> Result<Vec<ToolId>> {
    listed(given, ToolId::new, "tools")
}

/// A list of ids, each once, in the order given.
fn listed<T: PartialEq>(
    given: &[String],
    read: impl Fn(String) -> std::result::Result<T, BadId>,
    field: &'static str,
) -> Result<Vec<T>> {
    let mut list = Vec::new();
    for text in given.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        let one = read(text.to_owned()).map_err(|bad| bad_id(field, &bad))?;
        if !list.contains(&one) {
            list.push(one);
        }
    }
    Ok(list)
}

fn written(note: Option<&String>) -> Option<String> {
    note.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}
