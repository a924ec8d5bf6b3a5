//! Routines for tests: from templates, or of a list of exercises each in a block of its own.

#![allow(dead_code, reason = "each test file uses its part")]

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::ids::{ExerciseId, RoutineId, StepId, TemplateId};
use holdfast_domain::routine::{FromTemplate, NewStep, Place, Routine};

/// Ids that count up, never the same twice in a test run.
pub fn ids() -> impl FnMut() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    || format!("i{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A template as it comes.
pub fn from(template: &str) -> Routine {
    let catalogue = Catalogue::built_in();
    let template = catalogue.template(&TemplateId::new(template).unwrap()).unwrap();
    Routine::from_template(template, catalogue, &FromTemplate::default(), &mut ids()).unwrap()
}

pub fn add(routine: &Routine, exercise: &str, place: &Place) -> (Routine, StepId) {
    let new = NewStep::of(ExerciseId::new(exercise).unwrap());
    routine.with_step(new, place, Catalogue::built_in(), &mut ids()).unwrap()
}

pub fn named(name: &str, exercises: &[&str]) -> Routine {
    let start = Routine::new(RoutineId::new("r1").unwrap(), name);
    exercises.iter().fold(start, |routine, exercise| add(&routine, exercise, &Place::End).0)
}

/// One step after the other, as somebody would add them.
pub fn routine_of(exercises: &[&str]) -> Routine {
    named("own", exercises)
}

/// The first step with an exercise.
pub fn id_of(routine: &Routine, exercise: &str) -> StepId {
    routine.steps().find(|step| step.exercise.as_str() == exercise).unwrap().id.clone()
}
