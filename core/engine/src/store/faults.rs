//! Things that go wrong on purpose: a hook before every write and around every commit, so that a
//! simulator can stop the engine at any instant. Costs nothing where there is none.

use std::sync::Arc;

use crate::error::{Error, Result};

/// Where the engine stands when the hook is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultPoint {
    /// Before a statement that writes, inside a transaction.
    Write,
    /// Before a transaction is committed.
    BeforeCommit,
    /// After it is on the disk, before its caller hears of it.
    AfterCommit,
}

/// The engine stops here. What was not committed is gone, and the engine must be opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash;

type Hook = Arc<dyn Fn(FaultPoint, &'static str) -> std::result::Result<(), Crash> + Send + Sync>;

/// What goes wrong on purpose.
#[derive(Clone, Default)]
pub struct Faults(Option<Hook>);

impl Faults {
    /// Nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Calls `hook` with the point and the name of the command before every write and around every
    /// commit. `Err(Crash)` stops the engine there.
    #[must_use]
    pub fn new(
        hook: impl Fn(FaultPoint, &'static str) -> std::result::Result<(), Crash>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self(Some(Arc::new(hook)))
    }

    pub(crate) fn at(&self, point: FaultPoint, command: &'static str) -> Result<()> {
        match &self.0 {
            None => Ok(()),
            Some(hook) => hook(point, command).map_err(|Crash| Error::Crashed),
        }
    }
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Faults(…)" } else { "Faults(none)" })
    }
}
