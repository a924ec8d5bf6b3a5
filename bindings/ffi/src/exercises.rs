//! A person's own exercises.

use holdfast::{HoldfastError, OwnEdit, OwnRequest};

use crate::carried::carried;
use crate::catalogue::Exercise;
use crate::engine::EngineHandle;
use crate::failure::Failure;
use crate::given;
use crate::routines::Dose;
use crate::routines_edit::DoseEdit;

/// A value that two devices gave a field at once.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct ExerciseConflict {
    /// The field.
    pub field: String,
    /// The values, as text or JSON.
    #[serde(deserialize_with = "crate::carried::texts_of")]
    pub values: Vec<String>,
}

/// One of the person's own exercises.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
pub struct OwnExercise {
    /// Its id.
    pub id: String,
    /// Its name, as it was written.
    pub name: String,
    /// What kind it is.
    pub kind: String,
    /// How it relates to the two sides.
    pub laterality: String,
    /// What it asks for.
    pub dose: Dose,
    /// How the body is placed.
    #[serde(default)]
    pub position: Option<String>,
    /// Where on the body.
    #[serde(default)]
    pub region: Option<String>,
    /// Muscles it is for.
    #[serde(default)]
    pub muscles: Vec<String>,
    /// Tools.
    #[serde(default)]
    pub tools: Vec<String>,
    /// A note.
    #[serde(default)]
    pub note: Option<String>,
    /// Whether it was removed.
    #[serde(default)]
    pub removed: bool,
    /// The routines it is used in.
    #[serde(default)]
    pub used_in: Vec<String>,
    /// What several devices wrote at once.
    #[serde(default)]
    pub conflicts: Vec<ExerciseConflict>,
    /// How far it has come.
    pub status: String,
}

/// An exercise to add, or what to change of one: then what is absent stays, and an empty text empties.
#[derive(Debug, Clone, PartialEq, Eq, Default, uniffi::Record)]
pub struct ExerciseRequest {
    /// Its name.
    #[uniffi(default = None)]
    pub name: Option<String>,
    /// What kind it is.
    #[uniffi(default = None)]
    pub kind: Option<String>,
    /// How it relates to the two sides.
    #[uniffi(default = None)]
    pub sides: Option<String>,
    /// What it asks for.
    #[uniffi(default = None)]
    pub dose: Option<DoseEdit>,
    /// How the body is placed.
    #[uniffi(default = None)]
    pub position: Option<String>,
    /// Where on the body.
    #[uniffi(default = None)]
    pub region: Option<String>,
    /// Muscles it is for.
    #[uniffi(default = None)]
    pub muscles: Option<Vec<String>>,
    /// Tools.
    #[uniffi(default = None)]
    pub tools: Option<Vec<String>>,
    /// A note.
    #[uniffi(default = None)]
    pub note: Option<String>,
}

fn emptied(text: Option<String>) -> Option<Option<String>> {
    text.map(|text| (!text.is_empty()).then_some(text))
}

impl ExerciseRequest {
    fn request(self) -> Result<OwnRequest, HoldfastError> {
        let (kind, sides) = (self.kind.unwrap_or_default(), self.sides.unwrap_or_default());
        let kind = given::word("kind", &kind)?;
        let sides = given::word("sides", &sides)?;
        Ok(OwnRequest {
            dose: self.dose.unwrap_or_default().edit()?,
            position: given::some_word("position", self.position.as_deref())?,
            region: self.region,
            muscles: self.muscles.unwrap_or_default(),
            tools: self.tools.unwrap_or_default(),
            note: self.note,
            ..OwnRequest::new(self.name.unwrap_or_default(), kind, sides)
        })
    }

    fn edit(self) -> Result<OwnEdit, HoldfastError> {
        let position = match self.position.as_deref() {
            None => None,
            Some("") => Some(None),
            Some(position) => Some(Some(given::word("position", position)?)),
        };
        Ok(OwnEdit {
            name: self.name,
            kind: given::some_word("kind", self.kind.as_deref())?,
            sides: given::some_word("sides", self.sides.as_deref())?,
            dose: self.dose.unwrap_or_default().edit()?,
            position,
            region: emptied(self.region),
            muscles: self.muscles,
            tools: self.tools,
            note: emptied(self.note),
        })
    }
}

#[uniffi::export]
impl EngineHandle {
    /// An exercise, of the catalogue or the person's own, by its id or any unambiguous beginning of it.
    pub async fn exercise(&self, key: String) -> Result<Exercise, Failure> {
        let words = self.words();
        self.run(move |engine| Exercise::of(&engine.exercise(&key)?, words)).await
    }

    /// The person's own exercises, or the removed ones.
    pub async fn own_exercises(&self, removed: bool) -> Result<Vec<OwnExercise>, Failure> {
        self.run(move |engine| carried(&engine.own_exercises(removed)?)).await
    }

    /// One of the person's own exercises.
    pub async fn own_exercise(&self, key: String) -> Result<OwnExercise, Failure> {
        self.run(move |engine| carried(&engine.own_exercise(&key)?)).await
    }

    /// Adds an exercise of the person's own: name, kind and sides are to be said.
    pub async fn add_exercise(&self, request: ExerciseRequest) -> Result<OwnExercise, Failure> {
        self.run(move |engine| carried(&engine.add_exercise(&request.request()?)?)).await
    }

    /// Changes one.
    pub async fn edit_exercise(
        &self,
        key: String,
        edit: ExerciseRequest,
    ) -> Result<OwnExercise, Failure> {
        self.run(move |engine| carried(&engine.edit_exercise(&key, &edit.edit()?)?)).await
    }

    /// Removes one that no routine uses.
    pub async fn remove_exercise(&self, key: String) -> Result<OwnExercise, Failure> {
        self.run(move |engine| carried(&engine.remove_exercise(&key)?)).await
    }

    /// Brings a removed one back.
    pub async fn restore_exercise(&self, id: String) -> Result<OwnExercise, Failure> {
        self.run(move |engine| carried(&engine.restore_exercise(&id)?)).await
    }
}
