//! A person's own exercise: what they stated of it and nothing more. No source speaks of it, so the
//! rules know only its kind, its muscles and its sides.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::exercise::Title;
use super::{Catalogue, Exercise, Provenance};
use crate::dose::Dose;
use crate::ids::{ExerciseId, MuscleId, Site, ToolId};
use crate::routine::{MAX_NAME_CHARS, RoutineRefusal, check_dose, check_text};
use crate::vocabulary::{Kind, Laterality, Mode, Position};
use crate::words::{Message, Words, refusals_in_words};

/// How the id of an own exercise begins: no catalogue entry does.
pub const OWN_PREFIX: &str = "own:";

/// The most muscles or tools of an own exercise. Ours.
const MAX_LISTED: usize = 20;

/// An exercise of the person's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnExercise {
    /// Its id, which begins with [`OWN_PREFIX`].
    pub id: ExerciseId,
    /// Its name, as the person wrote it.
    pub name: String,
    /// What kind of exercise it is.
    pub kind: Kind,
    /// How it relates to the two sides.
    pub laterality: Laterality,
    /// What is asked, the mode included. Hold and rest in seconds.
    pub dose: Dose,
    /// How the body is placed, where stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Where on the body, where stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Site>,
    /// Muscles it is for, where stated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub muscles: Vec<MuscleId>,
    /// Alternatives, any one of them. A tool of the person's own is called by its id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolId>,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether it was removed. Its name stays known, for what was done of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// Why something is no exercise of one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnRefusal {
    /// No name, or one too long or with line breaks.
    BadName,
    /// An id that is not one of an own exercise.
    BadId(ExerciseId),
    /// Nobody said how it relates to the sides.
    SidesUnstated,
    /// A kind that has records of its own.
    NotThisKind(Kind),
    /// A mode that no exercise of one's own can have.
    NotThisMode(Mode),
    /// A muscle the catalogue does not know.
    UnknownMuscle(MuscleId),
    /// A place on the body the catalogue does not know.
    UnknownRegion(Site),
    /// Too many muscles or tools.
    TooMany(usize),
    /// A dose out of bounds, or a note that is too long.
    Bounds(RoutineRefusal),
    /// A name that another exercise has.
    NameTaken {
        /// The name.
        name: String,
        /// The id of the exercise that has it.
        by: String,
    },
    /// An entry of the catalogue, which nobody edits.
    NotOwn(String),
    /// Routines have it as a step.
    InUse {
        /// The exercise.
        name: String,
        /// The routines, joined by commas.
        routines: String,
    },
    /// A routine that has it as a step would not be whole any more.
    NoLongerFits {
        /// The routine.
        routine: String,
        /// Why, as a sentence.
        why: String,
    },
    /// No exercise of this id was removed.
    Unknown(String),
}

refusals_in_words!(OwnRefusal);

impl OwnRefusal {
    const fn sentence(&self) -> &'static str {
        match self {
            Self::BadName => "own.bad_exercise_name",
            Self::BadId(_) => "own.bad_exercise_id",
            Self::SidesUnstated => "own.sides_unstated",
            Self::NotThisKind(_) => "own.not_this_kind",
            Self::NotThisMode(_) => "own.not_this_mode",
            Self::UnknownMuscle(_) => "own.unknown_muscle",
            Self::UnknownRegion(_) => "own.unknown_region",
            Self::TooMany(_) => "own.too_many",
            Self::Bounds(RoutineRefusal::DoseOutOfBounds { .. }) => "own.dose_out_of_bounds",
            Self::Bounds(refused) => refused.sentence(),
            Self::NameTaken { .. } => "own.name_taken",
            Self::NotOwn(_) => "own.not_own",
            Self::InUse { .. } => "own.in_use",
            Self::NoLongerFits { .. } => "own.no_longer_fits",
            Self::Unknown(_) => "own.not_removed",
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        match self {
            Self::BadName => message.with("most", count(MAX_NAME_CHARS)),
            Self::BadId(id) => message.with("id", id.as_str()),
            Self::SidesUnstated => message,
            Self::NotThisKind(kind) => message.with("kind", kind.as_str()),
            Self::NotThisMode(mode) => message.with("mode", mode.as_str()),
            Self::UnknownMuscle(muscle) => message.with("muscle", muscle.as_str()),
            Self::UnknownRegion(region) => message.with("region", region.as_str()),
            Self::TooMany(given) => {
                message.with("given", count(*given)).with("most", count(MAX_LISTED))
            }
            Self::Bounds(RoutineRefusal::DoseOutOfBounds { what, given, most, .. }) => {
                message.with("what", *what).with("given", *given).with("most", *most)
            }
            Self::Bounds(refused) => refused.message(),
            Self::NameTaken { name, by } => {
                message.with("name", name.as_str()).with("by", by.as_str())
            }
            Self::NotOwn(id) | Self::Unknown(id) => message.with("id", id.as_str()),
            Self::InUse { name, routines } => {
                message.with("name", name.as_str()).with("routines", routines.as_str())
            }
            Self::NoLongerFits { routine, why } => {
                message.with("routine", routine.as_str()).with("why", why.as_str())
            }
        }
    }

    /// The input at fault.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::BadName | Self::NameTaken { .. } => "name",
            Self::BadId(_) | Self::Unknown(_) => "id",
            Self::NotOwn(_) | Self::InUse { .. } => "exercise",
            Self::SidesUnstated | Self::NoLongerFits { .. } => "sides",
            Self::NotThisKind(_) => "kind",
            Self::NotThisMode(_) => "mode",
            Self::UnknownMuscle(_) => "muscles",
            Self::UnknownRegion(_) => "region",
            Self::TooMany(_) => "muscles",
            Self::Bounds(RoutineRefusal::DoseOutOfBounds { what, .. }) => what,
            Self::Bounds(_) => "note",
        }
    }
}

impl OwnExercise {
    /// Takes one that makes sense in itself. Whether its name is free is asked of the chart.
    ///
    /// # Errors
    /// [`OwnRefusal`] for the first thing that is wrong.
    pub fn checked(mut self) -> Result<Self, OwnRefusal> {
        self.name = self.name.trim().to_owned();
        let length = self.name.chars().count();
        if self.name.is_empty()
            || length > MAX_NAME_CHARS
            || self.name.chars().any(char::is_control)
        {
            return Err(OwnRefusal::BadName);
        }
        if !is_own(&self.id) {
            return Err(OwnRefusal::BadId(self.id));
        }
        // A self-test has results instead of holds.
        if self.kind == Kind::SelfTest {
            return Err(OwnRefusal::NotThisKind(self.kind));
        }
        if self.laterality == Laterality::Unstated {
            return Err(OwnRefusal::SidesUnstated);
        }
        // A slot is the place for an exercise, a test a record of its own.
        if matches!(self.dose.mode, Mode::Slot | Mode::Test) {
            return Err(OwnRefusal::NotThisMode(self.dose.mode));
        }
        let known = Catalogue::built_in().vocabulary();
        if let Some(muscle) = self.muscles.iter().find(|muscle| !known.muscles.contains(muscle)) {
            return Err(OwnRefusal::UnknownMuscle(muscle.clone()));
        }
        if let Some(region) = self.region.as_ref().filter(|r| !known.regions.contains(r)) {
            return Err(OwnRefusal::UnknownRegion(region.clone()));
        }
        let listed = self.muscles.len().max(self.tools.len());
        if listed > MAX_LISTED {
            return Err(OwnRefusal::TooMany(listed));
        }
        check_dose(&self.dose, self.id.as_str()).map_err(OwnRefusal::Bounds)?;
        check_text(self.note.as_deref().unwrap_or("")).map_err(OwnRefusal::Bounds)?;
        Ok(self)
    }

    /// Whether it is called so, whatever the case.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.name.trim().to_lowercase() == name.trim().to_lowercase()
    }

    /// As an entry of a chart's catalogue. The player asks if the pressure eases only where the
    /// person said that it is held until it does.
    #[must_use]
    pub fn entry(&self) -> Exercise {
        Exercise {
            id: self.id.clone(),
            name: Title::Own(self.name.clone()),
            kind: self.kind,
            muscles: self.muscles.clone(),
            region: self.region.clone(),
            laterality: self.laterality,
            position: self.position,
            tools: self.tools.clone(),
            tools_optional: Vec::new(),
            dose: self.dose.clone(),
            rest_note: None,
            tempo_example: false,
            tempo_note: None,
            frequency: None,
            ease_check: self.kind == Kind::Release && self.dose.mode == Mode::UntilEased,
            cues: Vec::new(),
            pain_rule: None,
            cautions: Vec::new(),
            gates: Vec::new(),
            assisted: Vec::new(),
            tags: Vec::new(),
            note: None,
            uncertain: Vec::new(),
            provenance: Provenance::default(),
        }
    }
}

/// Whether an id is one of an own exercise.
#[must_use]
pub fn is_own(id: &ExerciseId) -> bool {
    id.as_str().strip_prefix(OWN_PREFIX).is_some_and(|rest| !rest.is_empty())
}

/// The exercise of the catalogue that is called so in any language, whatever the case.
#[must_use]
pub fn catalogue_entry_called(name: &str) -> Option<&'static Exercise> {
    let name = name.trim().to_lowercase();
    Catalogue::built_in().exercises().iter().find(|exercise| {
        exercise.id.as_str() == name
            || Words::languages().any(|words| exercise.name(words).to_lowercase() == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dose::Range;

    fn own() -> OwnExercise {
        let dose = Dose {
            mode: Mode::Timed,
            hold_s: Range::exactly(40),
            reps: Range::UNSTATED,
            sets: Range::UNSTATED,
            rest_s: Range::UNSTATED,
            tempo: Vec::new(),
        };
        OwnExercise {
            id: ExerciseId::new("own:abc").unwrap(),
            name: " Wall lean ".into(),
            kind: Kind::Stretch,
            laterality: Laterality::PerSide,
            dose,
            position: None,
            region: None,
            muscles: Vec::new(),
            tools: Vec::new(),
            note: None,
            removed: false,
            unknown: Map::new(),
        }
    }

    #[test]
    fn an_own_exercise_is_found_beside_the_catalogue_under_the_name_its_person_wrote() {
        let own = own().checked().unwrap();
        let id = own.id.clone();
        let catalogue = Catalogue::built_in().with_own([own]);
        let entry = catalogue.exercise(&id).unwrap();
        assert_eq!(entry.name(Words::english()), "Wall lean");
        assert!(entry.is_own() && entry.provenance.sources.all().is_empty());
        assert_eq!(catalogue.search("wall LEAN", None, None), [entry]);
        assert_eq!(catalogue.all().count(), Catalogue::built_in().exercises().len() + 1);
        assert!(Catalogue::built_in().exercise(&id).is_none());
    }

    #[test]
    fn what_was_removed_keeps_its_name_and_is_offered_no_more() {
        let mut own = own();
        own.removed = true;
        let id = own.id.clone();
        let catalogue = Catalogue::built_in().with_own([own.checked().unwrap()]);
        assert!(catalogue.exercise(&id).is_some());
        assert!(catalogue.search("wall", None, None).iter().all(|entry| entry.id != id));
        assert!(catalogue.all().all(|entry| entry.id != id));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_field() {
        let refused = |change: &dyn Fn(&mut OwnExercise)| {
            let mut one = own();
            change(&mut one);
            let refused = one.checked().unwrap_err();
            assert!(Words::english().knows(refused.sentence()), "{refused:?}");
            assert!(!refused.to_string().contains('{'), "{refused}");
            refused.field()
        };
        assert_eq!(refused(&|o| o.name = "  ".into()), "name");
        assert_eq!(refused(&|o| o.name = "x".repeat(MAX_NAME_CHARS + 1)), "name");
        assert_eq!(refused(&|o| o.name = "two\nlines".into()), "name");
        assert_eq!(refused(&|o| o.id = ExerciseId::new("childs-pose").unwrap()), "id");
        assert_eq!(refused(&|o| o.kind = Kind::SelfTest), "kind");
        assert_eq!(refused(&|o| o.laterality = Laterality::Unstated), "sides");
        assert_eq!(refused(&|o| o.dose.mode = Mode::Slot), "mode");
        assert_eq!(refused(&|o| o.dose.hold_s = Range::exactly(20_000)), "hold");
        assert_eq!(refused(&|o| o.dose.hold_s = Range::exactly(0)), "hold");
        assert_eq!(refused(&|o| o.muscles = vec![MuscleId::new("heart").unwrap()]), "muscles");
        assert_eq!(refused(&|o| o.region = Some(Site::new("the-moon").unwrap())), "region");
        assert_eq!(refused(&|o| o.note = Some("x".repeat(3000))), "note");
    }

    #[test]
    fn a_name_of_the_catalogue_is_known_as_taken() {
        let taken = catalogue_entry_called("PSOAS-release-hook").unwrap();
        assert_eq!(taken.id.as_str(), "psoas-release-hook");
        let name = taken.name(Words::english()).to_uppercase();
        assert_eq!(catalogue_entry_called(&name).unwrap().id, taken.id);
        assert!(catalogue_entry_called("Wall lean").is_none());
    }
}
