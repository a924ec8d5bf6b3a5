//! `routine block`: changes of whole blocks.

use holdfast::Engine;
use holdfast::routine::BlockTo;

use super::{changed, overrides};
use crate::args::routine::Block;
use crate::failure::Outcome;
use crate::output::Output;

/// Answers `routine block`.
pub fn run(engine: &Engine, routine: &str, change: Block, output: &Output) -> Outcome {
    let view = match change {
        Block::Add { exercises, order, after, first, overriding } => {
            let to = place(after, first);
            engine.add_block(routine, &exercises, order, &to, &overrides(&overriding))?
        }
        Block::Choose { block, overriding } => {
            engine.choose_block(routine, &block, &overrides(&overriding))?
        }
        Block::Order { block, order, overriding } => {
            engine.order_block(routine, &block, order, &overrides(&overriding))?
        }
        Block::Move { block, to, overriding } => {
            let to = place(to.after, to.first);
            engine.move_block(routine, &block, &to, &overrides(&overriding))?
        }
        Block::Note { block, text } => engine.note_block(routine, &block, Some(&text))?,
        Block::Remove { block, overriding } => {
            engine.remove_block(routine, &block, &overrides(&overriding))?
        }
    };
    changed(engine, &view, output)
}

fn place(after: Option<String>, first: bool) -> BlockTo {
    match after {
        Some(block) => BlockTo::After(block),
        None if first => BlockTo::Start,
        None => BlockTo::End,
    }
}
