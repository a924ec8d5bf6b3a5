//! What differs between two versions of a routine, step by step, so that a person can decide.
//! It compares; it judges nothing.

use serde::Serialize;

use crate::catalogue::Catalogue;
use crate::dose::Dose;
use crate::ids::{ExerciseId, StepId, ToolId};
use crate::routine::{Block, Routine, Schedule, Step};
use crate::vocabulary::{BlockOrder, SideRule};
use crate::words::Words;

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The step it is at; nothing where it is about the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// The exercise of that step, in the version that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercise: Option<ExerciseId>,
    /// What.
    #[serde(flatten)]
    pub change: Change,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// Another name.
    Name {
        /// Before.
        from: String,
        /// After.
        to: String,
    },
    /// A step more.
    Added {
        /// Its dose.
        dose: Dose,
    },
    /// A step less.
    Removed,
    /// The step stands elsewhere.
    Moved,
    /// Another exercise in its place.
    Exercise {
        /// Before.
        from: ExerciseId,
    },
    /// Another dose.
    Dose {
        /// Before.
        from: Dose,
        /// After.
        to: Dose,
    },
    /// Other sides.
    Side {
        /// Before.
        from: SideRule,
        /// After.
        to: SideRule,
    },
    /// Another tool.
    Tool {
        /// Before.
        from: Option<ToolId>,
        /// After.
        to: Option<ToolId>,
    },
    /// Another note.
    Note {
        /// Before.
        from: Option<String>,
        /// After.
        to: Option<String>,
    },
    /// It is played now, or is not any more.
    Played {
        /// Whether it is.
        now: bool,
    },
    /// The steps of its block come in another order of sides.
    Order {
        /// After.
        to: BlockOrder,
    },
    /// Another schedule.
    Schedule {
        /// Before.
        from: Option<Schedule>,
        /// After.
        to: Option<Schedule>,
    },
}

/// What differs, the whole first, then step by step in the order of `after`, then what is gone.
#[must_use]
pub fn differences(before: &Routine, after: &Routine) -> Vec<Difference> {
    let mut found = Vec::new();
    let whole = |change| Difference { step: None, exercise: None, change };
    if before.name != after.name {
        found.push(whole(Change::Name { from: before.name.clone(), to: after.name.clone() }));
    }
    if before.schedule() != after.schedule() {
        let (from, to) = (before.schedule().cloned(), after.schedule().cloned());
        found.push(whole(Change::Schedule { from, to }));
    }
    let mut stayed = Vec::new();
    for (block, step) in placed(after) {
        let Some((old_block, old)) = placed(before).find(|(_, old)| old.id == step.id) else {
            found.push(at(step, Change::Added { dose: step.dose.clone() }));
            continue;
        };
        stayed.push(step.id.clone());
        found.extend(of_step((before, old_block, old), (after, block, step)));
    }
    // Of those that stayed, the ones that stand in another order than before.
    let was: Vec<&StepId> =
        placed(before).map(|(_, step)| &step.id).filter(|id| stayed.contains(id)).collect();
    for (id, step) in moved(&was, &stayed).into_iter().filter_map(|id| Some((id, after.step(id)?)))
    {
        debug_assert_eq!(*id, step.id, "a step is found by its id");
        found.push(at(step, Change::Moved));
    }
    let gone = placed(before).filter(|(_, old)| after.step(&old.id).is_none());
    found.extend(gone.map(|(_, old)| at(old, Change::Removed)));
    found
}

fn placed(routine: &Routine) -> impl Iterator<Item = (&Block, &Step)> {
    routine.blocks.iter().flat_map(|block| block.steps.iter().map(move |step| (block, step)))
}

fn at(step: &Step, change: Change) -> Difference {
    Difference { step: Some(step.id.clone()), exercise: Some(step.exercise.clone()), change }
}

type Placed<'a> = (&'a Routine, &'a Block, &'a Step);

fn of_step(before: Placed<'_>, after: Placed<'_>) -> Vec<Difference> {
    let ((was, old_block, old), (is, block, step)) = (before, after);
    let mut found = Vec::new();
    let mut differs = |change| found.push(at(step, change));
    if old.exercise != step.exercise {
        differs(Change::Exercise { from: old.exercise.clone() });
    }
    if old.dose != step.dose {
        differs(Change::Dose { from: old.dose.clone(), to: step.dose.clone() });
    }
    if old.side != step.side {
        differs(Change::Side { from: old.side, to: step.side });
    }
    if old.tool != step.tool {
        differs(Change::Tool { from: old.tool.clone(), to: step.tool.clone() });
    }
    if old.note != step.note {
        differs(Change::Note { from: old.note.clone(), to: step.note.clone() });
    }
    let played = |routine: &Routine, block: &Block, step: &Step| {
        routine.is_chosen(block) && step.included.unwrap_or(!step.optional)
    };
    let now = played(is, block, step);
    if played(was, old_block, old) != now {
        differs(Change::Played { now });
    }
    if old_block.order != block.order {
        differs(Change::Order { to: block.order });
    }
    found
}

/// The fewest steps that have to be moved to get from one order of the same steps to the other: all but a
/// longest run that keeps its order.
fn moved<'a>(was: &[&StepId], is: &'a [StepId]) -> Vec<&'a StepId> {
    let place = |id: &StepId| was.iter().position(|old| *old == id).unwrap_or(usize::MAX);
    let places: Vec<usize> = is.iter().map(place).collect();
    // For each step, the length of the longest ascending run that ends with it, and the one before.
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(places.len());
    for (n, here) in places.iter().enumerate() {
        let before = (0..n).filter(|m| places[*m] < *here).max_by_key(|m| best[*m].0);
        best.push((before.map_or(1, |m| best[m].0 + 1), before));
    }
    let mut keeps = vec![false; places.len()];
    let mut last = (0..best.len()).max_by_key(|n| best[*n].0);
    while let Some(n) = last {
        keeps[n] = true;
        last = best[n].1;
    }
    is.iter().zip(keeps).filter(|(_, keeps)| !keeps).map(|(id, _)| id).collect()
}

impl Difference {
    /// The difference in one line, in the reader's language.
    #[must_use]
    pub fn say(&self, words: &Words, catalogue: &Catalogue) -> String {
        let named = |id: &ExerciseId| {
            catalogue.exercise(id).map_or_else(|| id.to_string(), |found| found.name(words))
        };
        let exercise = self.exercise.as_ref().map(named).unwrap_or_default();
        let none = || words.plain("prescription.none");
        let text = |code: &str, from: String, to: String| {
            let args =
                [("exercise", exercise.clone().into()), ("from", from.into()), ("to", to.into())];
            words.text(code, &args)
        };
        let free = |text: &Option<String>| text.clone().unwrap_or_else(none);
        match &self.change {
            Change::Name { from, to } => text("prescription.name", from.clone(), to.clone()),
            Change::Added { dose } => text("prescription.added", String::new(), words.dose(dose)),
            Change::Removed => text("prescription.removed", String::new(), String::new()),
            Change::Moved => text("prescription.moved", String::new(), String::new()),
            Change::Exercise { from } => text("prescription.exercise", named(from), String::new()),
            Change::Dose { from, to } => {
                text("prescription.dose", words.dose(from), words.dose(to))
            }
            Change::Side { from, to } => {
                text("prescription.side", words.name(from), words.name(to))
            }
            Change::Tool { from, to } => {
                let tool = |tool: &Option<ToolId>| match tool {
                    Some(tool) => words.plain(&format!("tool.{tool}")),
                    None => none(),
                };
                text("prescription.tool", tool(from), tool(to))
            }
            Change::Note { from, to } => text("prescription.note", free(from), free(to)),
            Change::Played { now: true } => {
                text("prescription.played", String::new(), String::new())
            }
            Change::Played { now: false } => {
                text("prescription.not_played", String::new(), String::new())
            }
            Change::Order { to } => text("prescription.order", String::new(), words.name(to)),
            Change::Schedule { .. } => text("prescription.schedule", String::new(), String::new()),
        }
    }
}
