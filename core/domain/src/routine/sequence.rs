//! The order in which a routine is really done, side by side: what the rules judge and the player
//! plays. Both read it here, so they can never disagree.

use std::collections::{BTreeMap, BTreeSet};

use super::{Block, Routine, Step};
use crate::ids::StepId;
use crate::vocabulary::{BlockOrder, Side, SideRule};

/// What a person decides before a routine is played.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choices {
    /// Answers of steps that ask for their side.
    pub sides: BTreeMap<StepId, Side>,
    /// The side with the trouble, where the profile knows it.
    pub affected: Option<Side>,
    /// Steps to play that are off.
    pub include: BTreeSet<StepId>,
    /// Steps to leave out that are on.
    pub leave_out: BTreeSet<StepId>,
    /// The side to begin with; left unless said. No source prescribes an order of sides.
    pub first_side: Option<Side>,
}

/// On which side a turn is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TurnSide {
    /// The left.
    Left,
    /// The right.
    Right,
    /// Both at once, alternating, or no side.
    NoSide,
    /// One side, and nobody has said which.
    Unknown,
}

impl TurnSide {
    /// The side of the hold; nothing where it is still to be said.
    #[must_use]
    pub const fn side(self) -> Option<Side> {
        match self {
            Self::Left => Some(Side::Left),
            Self::Right => Some(Side::Right),
            Self::NoSide => Some(Side::None),
            Self::Unknown => None,
        }
    }

    /// Whether two turns are on opposite sides.
    #[must_use]
    pub const fn is_opposite(self, other: Self) -> bool {
        matches!((self, other), (Self::Left, Self::Right) | (Self::Right, Self::Left))
    }
}

/// One step on one side, in the order done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn<'a> {
    /// The block.
    pub block: &'a Block,
    /// The step.
    pub step: &'a Step,
    /// The side.
    pub side: TurnSide,
}

impl Routine {
    /// Whether a step is played under these choices.
    #[must_use]
    pub fn is_played(&self, block: &Block, step: &Step, choices: &Choices) -> bool {
        let on = step.is_on() || choices.include.contains(&step.id);
        self.is_chosen(block) && on && !choices.leave_out.contains(&step.id)
    }

    /// Every turn in the order done: a side-major block does all its steps on one side, then on the
    /// other; a step-major one does each step on both sides before the next.
    #[must_use]
    pub fn sequence<'a>(&'a self, choices: &Choices) -> Vec<Turn<'a>> {
        let mut turns = Vec::new();
        for block in &self.blocks {
            let steps = block.steps.iter().filter(|step| self.is_played(block, step, choices));
            let sided: Vec<Turn<'a>> = steps
                .flat_map(|step| {
                    sides(step, choices).into_iter().map(move |side| Turn { block, step, side })
                })
                .collect();
            match block.order {
                BlockOrder::StepMajor => turns.extend(sided),
                BlockOrder::SideMajor => turns.extend(side_by_side(sided, choices)),
            }
        }
        turns
    }
}

/// The sides of one step, in order.
fn sides(step: &Step, choices: &Choices) -> Vec<TurnSide> {
    let answered = |side: Option<&Side>| match side {
        Some(Side::Left) => TurnSide::Left,
        Some(Side::Right) => TurnSide::Right,
        Some(Side::None) | None => TurnSide::Unknown,
    };
    let answer = choices.sides.get(&step.id);
    match step.side {
        SideRule::Both => pass_order(choices).to_vec(),
        SideRule::Left => vec![TurnSide::Left],
        SideRule::Right => vec![TurnSide::Right],
        SideRule::Ask => vec![answered(answer)],
        SideRule::Affected => vec![answered(answer.or(choices.affected.as_ref()))],
        SideRule::Alternating | SideRule::NoSide => vec![TurnSide::NoSide],
    }
}

fn pass_order(choices: &Choices) -> [TurnSide; 2] {
    if choices.first_side == Some(Side::Right) {
        [TurnSide::Right, TurnSide::Left]
    } else {
        [TurnSide::Left, TurnSide::Right]
    }
}

/// One pass a side. What has no side, or none yet, is done in the first pass there is.
fn side_by_side<'a>(turns: Vec<Turn<'a>>, choices: &Choices) -> Vec<Turn<'a>> {
    let mut passes = pass_order(choices).to_vec();
    passes.retain(|pass| turns.iter().any(|turn| turn.side == *pass));
    let Some(second) = passes.get(1).copied() else { return turns };
    let (later, mut ordered): (Vec<_>, Vec<_>) =
        turns.into_iter().partition(|turn| turn.side == second);
    ordered.extend(later);
    ordered
}
