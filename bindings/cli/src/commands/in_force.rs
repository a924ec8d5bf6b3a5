//! What is wanted of a chart is in force once its log says so: tells the relay at once where it can be reached.

use holdfast::{Engine, SyncOutcome};

use super::sync;
use crate::failure::Outcome;
use crate::output::Output;

/// How often it is tried: a statement, and another after a race that was lost.
const TRIES: u32 = 3;

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// Whether it is in force. If not, the next sync goes on.
    pub in_force: bool,
}

/// Syncs until `done`, as long as the relay answers. Without a relay nothing is tried.
pub fn tell(engine: &Engine, output: &Output, done: &dyn Fn() -> Outcome<bool>) -> Outcome<Told> {
    for _ in 0..TRIES {
        if done()? {
            return Ok(Told { in_force: true });
        }
        if engine.relay()?.is_none() {
            break;
        }
        let report = sync::sync(engine, output)?;
        if report.outcome != SyncOutcome::Done {
            break;
        }
    }
    Ok(Told { in_force: done()? })
}
