//! What the domain refuses of a routine, said with the input at fault and, for a name, with what was
//! perhaps meant.

use holdfast_domain::dose::BadRange;
use holdfast_domain::ids::BadId;
use holdfast_domain::routine::{
    BadSchedule, EditRefusal, PlayRefusal, RoutineRefusal, TemplateRefusal,
};

use crate::error::Error;

impl From<RoutineRefusal> for Error {
    fn from(refused: RoutineRefusal) -> Self {
        let message = refused.message();
        match refused {
            RoutineRefusal::UnknownExercise(id) => super::find::unknown_exercise(id.as_str()),
            _ => Self::bad_value(field(&refused), message),
        }
    }
}

const fn field(refused: &RoutineRefusal) -> &'static str {
    match refused {
        RoutineRefusal::BadName => "name",
        RoutineRefusal::UnknownExercise(_) => "exercise",
        RoutineRefusal::NoSides { .. }
        | RoutineRefusal::SideMissing { .. }
        | RoutineRefusal::OneSideMissing { .. } => "side",
        RoutineRefusal::DoseOutOfBounds { what, .. } => what,
        RoutineRefusal::TextTooLong(_) => "note",
        RoutineRefusal::UnknownRule(_) => "override",
        RoutineRefusal::NoReason(_) => "reason",
        RoutineRefusal::Schedule(_) => "schedule",
        RoutineRefusal::TooManySteps(_) | RoutineRefusal::IdTwice(_) => "routine",
    }
}

impl From<BadSchedule> for Error {
    fn from(refused: BadSchedule) -> Self {
        RoutineRefusal::from(refused).into()
    }
}

impl From<EditRefusal> for Error {
    fn from(refused: EditRefusal) -> Self {
        let message = refused.message();
        let field = match refused {
            EditRefusal::NoSuchStep(step) => {
                return Self::Unknown { what: "step", id: step.to_string(), near: Vec::new() };
            }
            EditRefusal::NoSuchBlock(block) => {
                return Self::Unknown { what: "block", id: block.to_string(), near: Vec::new() };
            }
            EditRefusal::Refused(refused) => return refused.into(),
            EditRefusal::AfterItself => "after",
            EditRefusal::EmptyBlock => "exercise",
            EditRefusal::NoAlternatives(_) => "block",
            EditRefusal::NotOverridden(_) => "override",
            EditRefusal::BadId(_) => "id",
        };
        Self::bad_value(field, message)
    }
}

impl From<TemplateRefusal> for Error {
    fn from(refused: TemplateRefusal) -> Self {
        let message = refused.message();
        let field = match refused {
            TemplateRefusal::Refused(refused) => return refused.into(),
            TemplateRefusal::NoSteps(_) => "template",
            TemplateRefusal::NoSuchAlternative { .. } => "choose",
            TemplateRefusal::NoSuchStep { .. } => "include",
            TemplateRefusal::BadId(_) => "id",
        };
        Self::bad_value(field, message)
    }
}

impl From<PlayRefusal> for Error {
    fn from(refused: PlayRefusal) -> Self {
        let (code, message) = (refused.code(), refused.message());
        match refused {
            PlayRefusal::SidesToSay(steps)
            | PlayRefusal::SlotsToFill(steps)
            | PlayRefusal::NothingChosen(steps) => {
                let mut named: Vec<String> = steps.iter().map(ToString::to_string).collect();
                named.dedup();
                Self::AskFirst { code, message, steps: named }
            }
            PlayRefusal::UnknownExercise(_) | PlayRefusal::Plan(_) => Self::forbidden(message),
        }
    }
}

/// A text that is no id at the input that gave it.
pub(crate) fn bad_id(field: &'static str, bad: &BadId) -> Error {
    Error::BadInput { field, code: "bad_id", message: bad.message() }
}

/// A range that cannot be, at the input that gave it.
pub(crate) fn bad_range(field: &'static str, bad: &BadRange) -> Error {
    let code = match bad {
        BadRange::Reversed { .. } => "reversed_range",
        BadRange::OpenWithMax(_) => "open_range_with_maximum",
    };
    Error::BadInput { field, code, message: bad.message() }
}
