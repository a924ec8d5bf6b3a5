//! Sharing: a routine handed on as a copy, and people who take part in a chart. What the membership allows is
//! the protocol's business, what goes over the wire is sync's.

mod copy;
mod inspect;
mod links;

pub use copy::{RoutineCopy, RoutineInside};
pub use inspect::{Inspection, inspect};
