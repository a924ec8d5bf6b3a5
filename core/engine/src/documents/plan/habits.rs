//! Plans of habits inside the plan: one key a habit, one atomic value, `null` where it was ended. Two
//! devices that planned one at once are both read; what stands is the same everywhere.
//!
//! ```text
//! habit/ID
//! ```

use std::collections::BTreeMap;

use holdfast_domain::habit::HabitPlan;
use holdfast_domain::ids::HabitId;

use super::{Plan, PlanReading};
use crate::documents::document::{Document, WriteError, Written};

const PREFIX: &str = "habit/";
const ENDED: &str = "null";

/// What is planned for a habit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlannedHabit {
    /// The plan that stands; nothing where it was ended.
    pub plan: Option<HabitPlan>,
    /// What another device wrote at the same time, and what a new plan or its end settles.
    pub others: Vec<Option<HabitPlan>>,
}

/// The plans of habits, by habit.
pub type PlannedHabits = BTreeMap<HabitId, PlannedHabit>;

impl Plan {
    /// Plans a habit, or ends its plan. Gives nothing where that stands already.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn write_habit(
        &mut self,
        habit: &HabitId,
        plan: Option<&HabitPlan>,
    ) -> Result<Option<Written>, WriteError> {
        let text = plan.map_or_else(|| Ok(ENDED.to_owned()), serde_json::to_string);
        let text = text.map_err(|error| WriteError::Automerge(error.to_string()))?;
        let key = format!("{PREFIX}{habit}");
        // What was never planned needs no end.
        if plan.is_none() && self.0.get(&key).is_none() {
            return Ok(None);
        }
        self.0.put(&key, &text)
    }
}

/// Reads a key, if it is one of a habit's plan.
pub(super) fn read_key(document: &Document, key: &str, reading: &mut PlanReading) -> bool {
    let Some(habit) = key.strip_prefix(PREFIX) else { return false };
    let Ok(habit) = HabitId::new(habit) else { return false };
    let mut values: Vec<Option<HabitPlan>> = Vec::new();
    for held in document.all(key) {
        match serde_json::from_str::<Option<HabitPlan>>(&held.text) {
            Ok(value) => {
                // The one that stands in the document is the last: keep that of equals.
                values.retain(|known| *known != value);
                values.push(value);
            }
            Err(error) => reading.unreadable.push((key.to_owned(), error.to_string())),
        }
    }
    if let Some(plan) = values.pop()
        && (plan.is_some() || !values.is_empty())
    {
        reading.habits.insert(habit, PlannedHabit { plan, others: values });
    }
    true
}
