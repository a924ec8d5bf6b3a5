//! What a person says somebody may do, made into a grant that a chart can give.

use holdfast_domain::words::Message;
use holdfast_protocol::ids::Class;
use holdfast_protocol::membership::{Access, Grant, Role};

use crate::error::{Error, Result};

/// What somebody is to be able to do: a role, less some of it, more by name, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRequest {
    /// The preset.
    pub role: Role,
    /// Classes of it that are not given.
    pub without: Vec<Class>,
    /// Classes that are given besides: notes to read and write, the profile to read.
    pub with: Vec<Class>,
    /// Classes that are given in just this way.
    pub exactly: Vec<(Class, Access)>,
    /// When it ends, in milliseconds since 1970, by the relay's clock.
    pub until_ms: Option<u64>,
}

/// What is to change of what a member may do. What is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GrantEdit {
    /// Another preset, in place of the classes so far.
    pub role: Option<Role>,
    /// Classes that are taken away.
    pub without: Vec<Class>,
    /// Classes that are given besides: notes to read and write, the profile to read.
    pub with: Vec<Class>,
    /// Classes that are given in just this way.
    pub exactly: Vec<(Class, Access)>,
    /// Its end.
    pub end: GrantEnd,
}

/// When a changed grant ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GrantEnd {
    /// As before.
    #[default]
    AsBefore,
    /// Not of itself.
    Never,
    /// At this time, in milliseconds since 1970, by the relay's clock.
    At(u64),
}

impl GrantRequest {
    /// A role as it is, without an end.
    #[must_use]
    pub const fn of(role: Role) -> Self {
        Self { role, without: Vec::new(), with: Vec::new(), exactly: Vec::new(), until_ms: None }
    }

    /// The grant, where a chart can give it.
    pub(super) fn grant(&self, now_ms: u64) -> Result<Grant> {
        ends_later(self.until_ms, now_ms)?;
        let mut grant = Grant { until_ms: self.until_ms, ..Grant::preset(self.role) };
        reshape(&mut grant, &self.with, &self.exactly, &self.without);
        fitting(grant)
    }
}

impl GrantEdit {
    /// What becomes of a grant, where a chart can give it.
    pub(super) fn of(&self, before: &Grant, now_ms: u64) -> Result<Grant> {
        let mut grant = match self.role {
            Some(role) => Grant { until_ms: before.until_ms, ..Grant::preset(role) },
            None => before.clone(),
        };
        match self.end {
            // An owner's rights have no end.
            GrantEnd::AsBefore if grant.owner => grant.until_ms = None,
            GrantEnd::AsBefore => {}
            GrantEnd::Never => grant.until_ms = None,
            GrantEnd::At(until) => {
                ends_later(Some(until), now_ms)?;
                grant.until_ms = Some(until);
            }
        }
        reshape(&mut grant, &self.with, &self.exactly, &self.without);
        fitting(grant)
    }
}

fn ends_later(until_ms: Option<u64>, now_ms: u64) -> Result<()> {
    if until_ms.is_some_and(|until| until <= now_ms) {
        return Err(Error::bad_value("until", Message::new("share.end_in_the_past")));
    }
    Ok(())
}

fn reshape(grant: &mut Grant, with: &[Class], exactly: &[(Class, Access)], without: &[Class]) {
    for class in with {
        let access = match class {
            Class::Plan | Class::Profile => Access::Read,
            _ => Access::Write,
        };
        grant.classes.entry(*class).or_insert(access);
    }
    grant.classes.extend(exactly.iter().copied());
    grant.classes.retain(|class, _| !without.contains(class));
}

fn fitting(grant: Grant) -> Result<Grant> {
    if grant.is_fitting() {
        return Ok(grant);
    }
    Err(if grant.owner {
        Error::bad_value("role", Message::new("share.owner_has_everything"))
    } else {
        Error::bad_value("without", Message::new("share.nothing_left"))
    })
}
