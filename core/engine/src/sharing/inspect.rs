//! What a link is and what it would give, told without any network and without taking it.

use holdfast_protocol::copy::CopyLink;
use serde::Serialize;

use super::copy::{self, RoutineInside};
use super::links;
use crate::Engine;
use crate::commands::routine::{ImportOptions, RoutineImport};
use crate::error::{HoldfastError, Result};

/// What is in a link.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Inspection {
    /// A copy of a routine.
    Routine(Box<RoutineInside>),
}

/// Tells what a link is and what it would give. Needs no home and no network.
///
/// # Errors
/// [`HoldfastError::Link`] with the code `no_link`, `bad_link` or `newer_link`.
pub fn inspect(link: &str) -> std::result::Result<Inspection, HoldfastError> {
    Ok(look(link)?)
}

fn look(link: &str) -> Result<Inspection> {
    let copy = CopyLink::parse(link).map_err(|bad| links::bad(&bad))?;
    copy::look_inside(&copy).map(|inside| Inspection::Routine(Box::new(inside)))
}

impl Engine {
    /// Takes in a copy of a routine: what [`Self::share_routine`] gives as a link or a code. The rules judge it like
    /// a file that is imported; the same link a second time changes nothing.
    ///
    /// # Errors
    /// [`HoldfastError::Link`] for what is no such link; else as [`Self::import_routine`].
    pub fn accept_routine(
        &self,
        link: &str,
        options: &ImportOptions,
    ) -> std::result::Result<RoutineImport, HoldfastError> {
        self.guarded(|inner| {
            let copy = CopyLink::parse(link).map_err(|bad| links::bad(&bad))?;
            inner.accept_copy(&copy, options)
        })
    }
}
