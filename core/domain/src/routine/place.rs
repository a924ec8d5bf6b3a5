//! Keeps lists in the order of their positions, and finds room for what is put in between.

use super::position::{Position, between, evenly};
use super::{Block, Routine, Step};

/// The longest position an insertion may give before its list is spread anew, in characters.
const SPREAD_AFTER_CHARS: usize = 32;

pub(super) trait Placed {
    fn position(&self) -> &Position;
    fn put(&mut self, position: Position);
    fn id(&self) -> &str;
}

impl Placed for Block {
    fn position(&self) -> &Position {
        &self.position
    }
    fn put(&mut self, position: Position) {
        self.position = position;
    }
    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Placed for Step {
    fn position(&self) -> &Position {
        &self.position
    }
    fn put(&mut self, position: Position) {
        self.position = position;
    }
    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Routine {
    /// The same routine with blocks and steps in the order of their positions, equal ones by id,
    /// and without blocks that lost their last step. Where any has no position yet, the order of
    /// the list stands and all are placed by it.
    #[must_use]
    pub fn settled(mut self) -> Self {
        self.blocks.retain(|block| !block.steps.is_empty());
        settle(&mut self.blocks);
        for block in &mut self.blocks {
            settle(&mut block.steps);
        }
        self
    }
}

fn settle<T: Placed>(list: &mut [T]) {
    if list.iter().all(|item| item.position().is_placed()) {
        list.sort_by(|a, b| (a.position(), a.id()).cmp(&(b.position(), b.id())));
    } else {
        spread(list);
    }
}

fn spread<T: Placed>(list: &mut [T]) {
    let positions = evenly(list.len());
    for (item, position) in list.iter_mut().zip(positions) {
        item.put(position);
    }
}

/// Puts an item at an index of a settled list. Only its own position is new, unless two
/// neighbours share theirs or there is little room left: then the list is spread anew.
pub(super) fn insert<T: Placed>(list: &mut Vec<T>, index: usize, mut item: T) {
    let index = index.min(list.len());
    let low = index.checked_sub(1).and_then(|i| list.get(i)).map(T::position);
    let high = list.get(index).map(T::position);
    let position = between(low, high);
    let fits = position.as_str().len() <= SPREAD_AFTER_CHARS && high.is_none_or(|h| position < *h);
    item.put(position);
    list.insert(index, item);
    if !fits {
        spread(list);
    }
}
