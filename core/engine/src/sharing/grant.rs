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
    /// When it ends, in milliseconds since 1970, by the relay's clock.
    pub until_ms: Option<u64>,
}

impl GrantRequest {
    /// A role as it is, without an end.
    #[must_use]
    pub const fn of(role: Role) -> Self {
        Self { role, without: Vec::new(), with: Vec::new(), until_ms: None }
    }

    /// The grant, where a chart can give it.
    pub(super) fn grant(&self, now_ms: u64) -> Result<Grant> {
        let mut grant = Grant { until_ms: self.until_ms, ..Grant::preset(self.role) };
        for class in &self.with {
            let access = match class {
                Class::Plan | Class::Profile => Access::Read,
                _ => Access::Write,
            };
            grant.classes.entry(*class).or_insert(access);
        }
        grant.classes.retain(|class, _| !self.without.contains(class));
        if self.until_ms.is_some_and(|until| until <= now_ms) {
            return Err(Error::bad_value("until", Message::new("share.end_in_the_past")));
        }
        if grant.is_fitting() {
            return Ok(grant);
        }
        Err(match self.role {
            Role::Owner => Error::bad_value("role", Message::new("share.owner_has_everything")),
            _ => Error::bad_value("without", Message::new("share.nothing_left")),
        })
    }
}
