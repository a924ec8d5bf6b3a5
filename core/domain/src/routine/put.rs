//! Where a step goes when somebody says "after that one": into the block, into one of its own, or
//! beside the step it has to follow on the same side.

use super::edit::{EditRefusal, Ids, Place};
use super::place::insert;
use super::{Block, Position, Routine, Step};
use crate::catalogue::{Catalogue, Exercise, RuleKind, Selector};
use crate::ids::BlockId;
use crate::vocabulary::BlockOrder;

impl Routine {
    /// Puts a step into a settled routine.
    pub(super) fn put(
        &mut self,
        step: Step,
        place: &Place,
        catalogue: &Catalogue,
        ids: Ids<'_>,
    ) -> Result<(), EditRefusal> {
        let last = || self.blocks.iter().rev().find_map(|block| block.steps.last());
        let after = match place {
            Place::Start => None,
            Place::After(id) => Some(id.clone()),
            Place::End => last().map(|step| step.id.clone()),
        };
        let Some(after) = after else {
            return match self.blocks.first_mut().filter(|block| is_open(block)) {
                Some(block) => {
                    insert(&mut block.steps, 0, step);
                    Ok(())
                }
                None => self.put_alone(0, step, BlockOrder::StepMajor, ids),
            };
        };
        let (b, s) = self.find(&after)?;
        if follows_on_the_same_side(&self.blocks[b].steps[s], &step, catalogue) {
            return self.put_beside(b, s, step, ids);
        }
        let block = &self.blocks[b];
        let behind = s + 1 == block.steps.len();
        let joins = if *place == Place::End { is_open(block) } else { !behind || is_open(block) };
        if joins {
            insert(&mut self.blocks[b].steps, s + 1, step);
            Ok(())
        } else {
            self.put_alone(b + 1, step, BlockOrder::StepMajor, ids)
        }
    }

    /// Puts a step into a block of its own.
    fn put_alone(
        &mut self,
        index: usize,
        step: Step,
        order: BlockOrder,
        ids: Ids<'_>,
    ) -> Result<(), EditRefusal> {
        let mut steps = Vec::new();
        insert(&mut steps, 0, step);
        self.put_block(index, steps, order, ids)
    }

    pub(super) fn put_block(
        &mut self,
        index: usize,
        steps: Vec<Step>,
        order: BlockOrder,
        ids: Ids<'_>,
    ) -> Result<(), EditRefusal> {
        let block = Block {
            id: BlockId::new(ids())?,
            position: Position::default(),
            order,
            alt: None,
            chosen: false,
            condition: None,
            note: None,
            steps,
            unknown: serde_json::Map::new(),
        };
        insert(&mut self.blocks, index, block);
        Ok(())
    }

    /// Puts a step right behind the one it follows on the same side, both in one side-major block.
    /// Other steps of a step-major block go to blocks of their own before and after, so that only
    /// the pair is done side by side. Alternatives stay whole.
    fn put_beside(
        &mut self,
        b: usize,
        s: usize,
        step: Step,
        ids: Ids<'_>,
    ) -> Result<(), EditRefusal> {
        let block = &mut self.blocks[b];
        let alone = block.steps.len() == 1 || block.alt.is_some();
        if alone || block.order == BlockOrder::SideMajor {
            block.order = BlockOrder::SideMajor;
            insert(&mut block.steps, s + 1, step);
            return Ok(());
        }
        let (order, later) = (block.order, block.steps.split_off(s + 1));
        let mut pair = block.steps.split_off(s);
        insert(&mut pair, 1, step);
        self.put_block(b + 1, pair, BlockOrder::SideMajor, ids)?;
        if !later.is_empty() {
            self.put_block(b + 2, later, order, ids)?;
        }
        self.blocks.retain(|block| !block.steps.is_empty());
        Ok(())
    }
}

/// Whether a step can be added to a block without changing what the block is.
fn is_open(block: &Block) -> bool {
    block.order == BlockOrder::StepMajor && block.alt.is_none() && block.condition.is_none()
}

fn follows_on_the_same_side(before: &Step, after: &Step, catalogue: &Catalogue) -> bool {
    let (Some(before), Some(after)) =
        (catalogue.exercise(&before.exercise), catalogue.exercise(&after.exercise))
    else {
        return false;
    };
    catalogue.rules().iter().filter(|rule| rule.kind == RuleKind::Requires && rule.same_side).any(
        |rule| {
            let picks = |selector: &Option<Selector>, exercise: &Exercise| {
                selector.as_ref().is_some_and(|selector| selector.matches(exercise))
            };
            picks(&rule.before, before) && picks(&rule.after, after)
        },
    )
}
