//! Changes of whole blocks. The rules judge them like any other change.

use holdfast_domain::routine::{BlockPlace, NewStep, Routine};
use holdfast_domain::vocabulary::BlockOrder;

use super::{BlockTo, RoutineView, RuleOverride, Said, find};
use crate::Engine;
use crate::error::{HoldfastError, Result};

impl Engine {
    /// Adds a block of these exercises, each as the catalogue or its person gives it.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`], [`HoldfastError::BadInput`], [`HoldfastError::Broken`].
    pub fn add_block(
        &self,
        key: &str,
        exercises: &[String],
        order: BlockOrder,
        to: &BlockTo,
        overrides: &[RuleOverride],
    ) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.change_routine("add a block", key, overrides, |routine, catalogue| {
                let steps = exercises
                    .iter()
                    .map(|key| Ok(NewStep::of(find::exercise(catalogue, key)?.id.clone())));
                let steps = steps.collect::<Result<Vec<_>>>()?;
                let (place, mut ids) = (placed(routine, to)?, || inner.fresh_id());
                let changed = routine.with_block(steps, order, &place, catalogue, &mut ids)?;
                Ok((changed, Said::default()))
            })
        })
    }

    /// Moves a block with its steps.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`], [`HoldfastError::BadInput`], [`HoldfastError::Broken`].
    pub fn move_block(
        &self,
        key: &str,
        block: &str,
        to: &BlockTo,
        overrides: &[RuleOverride],
    ) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.change_routine("move a block", key, overrides, |routine, _| {
                let id = find::block(routine, block)?;
                Ok((routine.with_block_moved(id, &placed(routine, to)?)?, Said::default()))
            })
        })
    }

    /// Removes a block with its steps.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::Broken`] where a later step depends on it.
    pub fn remove_block(
        &self,
        key: &str,
        block: &str,
        overrides: &[RuleOverride],
    ) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.change_routine("remove a block", key, overrides, |routine, _| {
                let id = find::block(routine, block)?;
                Ok((routine.without_block(id)?, Said::default()))
            })
        })
    }

    /// Notes something at a block; nothing or an empty text removes the note.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::BadInput`] for a note that is too long.
    pub fn note_block(
        &self,
        key: &str,
        block: &str,
        note: Option<&str>,
    ) -> Result<RoutineView, HoldfastError> {
        self.guarded(|inner| {
            inner.change_routine("note a block", key, &[], |routine, _| {
                let id = find::block(routine, block)?;
                let note = note.map(str::trim).filter(|text| !text.is_empty());
                Ok((routine.with_block_note(id, note.map(str::to_owned))?, Said::default()))
            })
        })
    }
}

fn placed(routine: &Routine, to: &BlockTo) -> Result<BlockPlace> {
    Ok(match to {
        BlockTo::Start => BlockPlace::Start,
        BlockTo::After(key) => BlockPlace::After(find::block(routine, key)?.clone()),
        BlockTo::End => BlockPlace::End,
    })
}
