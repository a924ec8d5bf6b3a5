//! From what a person calls something to the thing: a full id, any unambiguous beginning of one, a name,
//! or an unambiguous part of a name. What is not there is answered with what is near.

use holdfast_domain::catalogue::{Catalogue, Exercise, Template, Title};
use holdfast_domain::ids::{BlockId, RuleId, StepId};
use holdfast_domain::routine::Routine;

use crate::commands::nearest::nearest;
use crate::documents::plan::PlanReading;
use crate::error::{Error, Result};
use holdfast_domain::words::{Arg, Message};

/// Something that can be named.
pub(crate) struct Named<'a, T> {
    pub(crate) id: &'a str,
    /// What people call it, where it has such a name.
    pub(crate) name: &'a str,
    pub(crate) thing: T,
}

/// The shortest part of a name that is looked for, in characters: less would mean anything.
const PART: usize = 3;

/// Finds the one thing a key means: by its id, else by its name, else by how its id begins, else by a
/// part of its name.
pub(crate) fn pick<T: Copy>(what: &'static str, key: &str, all: &[Named<'_, T>]) -> Result<T> {
    let key = key.trim();
    let called = |named: &&Named<'_, T>| !named.name.is_empty() && same(named.name, key);
    if let Some(found) = all.iter().find(|named| named.id == key) {
        return Ok(found.thing);
    }
    let by_name: Vec<&Named<'_, T>> = all.iter().filter(called).collect();
    let low = key.to_lowercase();
    let mut found = by_name;
    if found.is_empty() && !key.is_empty() {
        found = all.iter().filter(|named| named.id.starts_with(&low)).collect();
    }
    if found.is_empty() && key.chars().count() >= PART {
        found = all.iter().filter(|named| named.name.to_lowercase().contains(&low)).collect();
    }
    match found[..] {
        [one] => Ok(one.thing),
        [] => {
            let names = all.iter().flat_map(|named| [named.id, named.name]);
            let near = nearest(key, names.filter(|name| !name.is_empty()));
            Err(Error::Unknown { what, id: key.to_owned(), near })
        }
        _ => Err(Error::Ambiguous {
            what,
            id: key.to_owned(),
            candidates: found.iter().map(|named| described(named)).collect(),
        }),
    }
}

fn described<T>(named: &Named<'_, T>) -> String {
    if named.name.is_empty() || named.name == named.id {
        named.id.to_owned()
    } else {
        format!("{} ({})", named.id, named.name)
    }
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.to_lowercase()
}

/// The routine a key means.
pub(crate) fn routine<'a>(plan: &'a PlanReading, key: &str) -> Result<&'a Routine> {
    let all: Vec<Named<'_, &Routine>> = plan
        .routines
        .values()
        .map(|routine| Named { id: routine.id.as_str(), name: &routine.name, thing: routine })
        .collect();
    pick("routine", key, &all)
}

/// The step of a routine that a key means: its id, the beginning of one, or its exercise, where no
/// other step has it.
pub(crate) fn step<'a>(routine: &'a Routine, key: &str) -> Result<&'a StepId> {
    let all: Vec<Named<'_, &StepId>> = routine
        .steps()
        .map(|step| Named { id: step.id.as_str(), name: step.exercise.as_str(), thing: &step.id })
        .collect();
    pick("step", key, &all)
}

/// The block of a routine that a key means.
pub(crate) fn block<'a>(routine: &'a Routine, key: &str) -> Result<&'a BlockId> {
    let all: Vec<Named<'_, &BlockId>> = routine
        .blocks
        .iter()
        .map(|block| Named {
            id: block.id.as_str(),
            name: block.condition.as_ref().map_or("", |condition| condition.as_str()),
            thing: &block.id,
        })
        .collect();
    pick("block", key, &all)
}

/// The exercise of a catalogue that a key means: its id or an unambiguous beginning of it; one of
/// the person's own also by its name.
pub(crate) fn exercise<'a>(catalogue: &'a Catalogue, key: &str) -> Result<&'a Exercise> {
    let all: Vec<Named<'_, &Exercise>> = catalogue
        .all()
        .map(|exercise| Named {
            id: exercise.id.as_str(),
            name: match &exercise.name {
                Title::Words(_) => "",
                Title::Own(name) => name,
            },
            thing: exercise,
        })
        .collect();
    pick("exercise", key, &all).map_err(|error| match error {
        Error::Unknown { .. } => unknown_exercise(key),
        other => other,
    })
}

/// What is said of an exercise that is not in the catalogue: a value at fault, not a state of things.
pub(crate) fn unknown_exercise(key: &str) -> Error {
    let ids = Catalogue::built_in().exercises().iter().map(|exercise| exercise.id.as_str());
    let near = nearest(key, ids);
    let message = match near.is_empty() {
        true => Message::new("input.unknown_exercise"),
        false => Message::new("input.unknown_exercise_near").with("near", Arg::list(near)),
    };
    Error::BadInput {
        field: "exercise",
        code: "unknown_exercise",
        message: message.with("id", key),
    }
}

/// The template of the catalogue that a key means: its id or an unambiguous beginning of it.
pub(crate) fn template(key: &str) -> Result<&'static Template> {
    let all: Vec<Named<'_, &Template>> = Catalogue::built_in()
        .templates()
        .iter()
        .map(|template| Named { id: template.id.as_str(), name: "", thing: template })
        .collect();
    pick("template", key, &all)
}

/// The rule of the catalogue that a key means.
pub(crate) fn rule(key: &str) -> Result<RuleId> {
    let gates = Catalogue::built_in().gates().iter().map(|gate| gate.id.as_str());
    // A gate is acknowledged by its own name too.
    if let Some(gate) = gates.into_iter().find(|gate| *gate == key.trim()) {
        return RuleId::new(gate).map_err(|bad| Error::bad("rule", bad.message()));
    }
    let all: Vec<Named<'_, &RuleId>> = Catalogue::built_in()
        .rules()
        .iter()
        .map(|rule| Named { id: rule.id.as_str(), name: "", thing: &rule.id })
        .collect();
    pick("rule", key, &all).cloned()
}
