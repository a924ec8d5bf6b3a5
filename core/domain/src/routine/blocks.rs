//! Edits of whole blocks: put in, moved, taken out, noted. What the rules think of it is asked apart.

use super::edit::{EditRefusal, Ids, NewStep};
use super::place::insert;
use super::read::{MAX_STEPS, RoutineRefusal, check_text};
use super::{Block, Routine};
use crate::catalogue::Catalogue;
use crate::ids::{BlockId, StepId};
use crate::vocabulary::BlockOrder;

/// Where a block goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum BlockPlace {
    /// Before everything.
    Start,
    /// Right after a block.
    After(BlockId),
    /// After everything.
    #[default]
    End,
}

impl Routine {
    /// The same with one more block of these steps. A block without steps is none.
    ///
    /// # Errors
    /// [`EditRefusal`] for no steps, an unknown exercise or block, a side that does not fit, a routine
    /// too long.
    pub fn with_block(
        &self,
        steps: Vec<NewStep>,
        order: BlockOrder,
        place: &BlockPlace,
        catalogue: &Catalogue,
        ids: Ids<'_>,
    ) -> Result<Self, EditRefusal> {
        if steps.is_empty() {
            return Err(EditRefusal::EmptyBlock);
        }
        let count = self.steps().count() + steps.len();
        if count > MAX_STEPS {
            return Err(RoutineRefusal::TooManySteps(count).into());
        }
        let mut routine = self.clone().settled();
        let mut made = Vec::new();
        for new in steps {
            let step = new.made(StepId::new(ids())?, catalogue)?;
            let end = made.len();
            insert(&mut made, end, step);
        }
        let index = routine.index(place)?;
        routine.put_block(index, made, order, ids)?;
        Ok(routine.edited())
    }

    /// The same with a block elsewhere.
    ///
    /// # Errors
    /// An unknown block, or a block after itself.
    pub fn with_block_moved(&self, id: &BlockId, place: &BlockPlace) -> Result<Self, EditRefusal> {
        if *place == BlockPlace::After(id.clone()) {
            return Err(EditRefusal::AfterItself);
        }
        let mut routine = self.clone().settled();
        let block = routine.blocks.remove(routine.block_index(id)?);
        let index = routine.index(place)?;
        insert(&mut routine.blocks, index, block);
        Ok(routine.edited())
    }

    /// The same without a block and its steps.
    ///
    /// # Errors
    /// An unknown block.
    pub fn without_block(&self, id: &BlockId) -> Result<Self, EditRefusal> {
        let mut routine = self.clone();
        let gone = routine.blocks.remove(routine.block_index(id)?);
        let was_in = |step: &StepId| gone.steps.iter().any(|one| one.id == *step);
        routine.overrides.retain(|decided| !decided.step.as_ref().is_some_and(was_in));
        Ok(routine.settled().edited())
    }

    /// The same with another note at a block, or none.
    ///
    /// # Errors
    /// An unknown block, or a note that is too long.
    pub fn with_block_note(&self, id: &BlockId, note: Option<String>) -> Result<Self, EditRefusal> {
        check_text(note.as_deref().unwrap_or(""))?;
        let mut routine = self.clone();
        let index = routine.block_index(id)?;
        routine.blocks[index].note = note;
        Ok(routine.edited())
    }

    fn index(&self, place: &BlockPlace) -> Result<usize, EditRefusal> {
        match place {
            BlockPlace::Start => Ok(0),
            BlockPlace::After(id) => Ok(self.block_index(id)? + 1),
            BlockPlace::End => Ok(self.blocks.len()),
        }
    }

    fn block_index(&self, id: &BlockId) -> Result<usize, EditRefusal> {
        let found = self.blocks.iter().position(|block: &Block| block.id == *id);
        found.ok_or_else(|| EditRefusal::NoSuchBlock(id.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ExerciseId, RoutineId};

    fn routine() -> Routine {
        let mut n = 0;
        let mut ids = move || {
            n += 1;
            format!("id-{n}")
        };
        let new = |id: &str| NewStep::of(ExerciseId::new(id).unwrap());
        let routine = Routine::new(RoutineId::new("r").unwrap(), "R");
        let catalogue = Catalogue::built_in();
        let pair = vec![new("psoas-release-hook"), new("iliacus-release-hook")];
        let side_major = BlockOrder::SideMajor;
        let one = routine.with_block(pair, side_major, &BlockPlace::End, catalogue, &mut ids);
        let pose = vec![new("childs-pose")];
        let order = BlockOrder::StepMajor;
        one.unwrap().with_block(pose, order, &BlockPlace::Start, catalogue, &mut ids).unwrap()
    }

    fn exercises(routine: &Routine) -> Vec<&str> {
        routine.steps().map(|step| step.exercise.as_str()).collect()
    }

    #[test]
    fn blocks_are_put_in_moved_noted_and_taken_out_whole() {
        let made = routine();
        let pair = ["psoas-release-hook", "iliacus-release-hook"];
        assert_eq!(exercises(&made), ["childs-pose", pair[0], pair[1]]);
        assert_eq!(made.clone().checked(Catalogue::built_in()).unwrap(), made);
        let (first, second) = (made.blocks[0].id.clone(), made.blocks[1].id.clone());
        let moved = made.with_block_moved(&second, &BlockPlace::Start).unwrap();
        assert_eq!(exercises(&moved), [pair[0], pair[1], "childs-pose"]);
        assert_eq!(moved.version, made.version + 1);
        let back = moved.with_block_moved(&second, &BlockPlace::After(first.clone())).unwrap();
        assert_eq!(exercises(&back), exercises(&made));
        let noted = back.with_block_note(&second, Some("slowly".into())).unwrap();
        assert_eq!(noted.blocks[1].note.as_deref(), Some("slowly"));
        assert_eq!(exercises(&noted.without_block(&first).unwrap()), pair);
    }

    #[test]
    fn a_block_of_nothing_of_nowhere_or_after_itself_is_refused() {
        let made = routine();
        let gone = BlockId::new("gone").unwrap();
        let no_such = EditRefusal::NoSuchBlock(gone.clone());
        assert_eq!(made.without_block(&gone), Err(no_such.clone()));
        assert_eq!(made.with_block_moved(&gone, &BlockPlace::Start), Err(no_such));
        let id = made.blocks[0].id.clone();
        let itself = made.with_block_moved(&id, &BlockPlace::After(id.clone()));
        assert_eq!(itself, Err(EditRefusal::AfterItself));
        let mut ids = || "new".to_owned();
        let catalogue = Catalogue::built_in();
        let order = BlockOrder::StepMajor;
        let empty = made.with_block(Vec::new(), order, &BlockPlace::End, catalogue, &mut ids);
        assert_eq!(empty, Err(EditRefusal::EmptyBlock));
    }
}
