//! What a member of a chart may do: class by class, for how long, and whether it may change the membership.
//! Roles are presets; only the classes count.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::ids::Class;

/// What an account may do with a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Access {
    /// Read.
    #[n(0)]
    Read,
    /// Read and write.
    #[n(1)]
    Write,
}

/// What a member may do, class by class. What is not named it may not even read.
pub type Grants = BTreeMap<Class, Access>;

/// A preset of grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Whose chart it is, and whoever else may change the membership.
    Owner,
    /// Presses, logs, plays along.
    Partner,
    /// Prescribes and follows.
    Therapist,
    /// Looks.
    Viewer,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Partner, Self::Therapist, Self::Viewer];
}

/// What somebody may do in a chart.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Grant {
    /// Whether it may change the membership.
    #[n(0)]
    pub owner: bool,
    /// Class by class.
    #[n(1)]
    pub classes: Grants,
    /// When it ends, in milliseconds since 1970, by the relay's clock.
    #[n(2)]
    pub until_ms: Option<u64>,
}

impl Grant {
    /// The preset of a role, without an end. Notes and the profile are given one by one, to whom the owner
    /// wants to have them.
    #[must_use]
    pub fn preset(role: Role) -> Self {
        use Access::{Read, Write};
        let classes: &[(Class, Access)] = match role {
            Role::Owner => &[
                (Class::Plan, Write),
                (Class::Log, Write),
                (Class::Notes, Write),
                (Class::Prescription, Read),
                (Class::Profile, Write),
            ],
            Role::Partner => &[(Class::Plan, Read), (Class::Log, Write)],
            Role::Therapist => {
                &[(Class::Plan, Read), (Class::Log, Write), (Class::Prescription, Write)]
            }
            Role::Viewer => &[(Class::Plan, Read), (Class::Log, Read)],
        };
        Self {
            owner: role == Role::Owner,
            classes: classes.iter().copied().collect(),
            until_ms: None,
        }
    }

    /// Whether it is one that a chart can give. Plan and profile are documents that the owner's devices alone
    /// write; a prescription is somebody else's word to the owner. An owner's rights neither end nor shrink:
    /// whoever changes the membership must be able to hand on every key.
    #[must_use]
    pub fn is_fitting(&self) -> bool {
        if self.owner {
            return *self == Self::preset(Role::Owner);
        }
        let fits = |class: &Class, access: &Access| match class {
            Class::Plan | Class::Profile => *access == Access::Read,
            Class::Log | Class::Notes | Class::Prescription => true,
            Class::Membership | Class::Account => false,
        };
        !self.classes.is_empty() && self.classes.iter().all(|(class, access)| fits(class, access))
    }

    /// Whether it gives a class to read.
    #[must_use]
    pub fn reads(&self, class: Class) -> bool {
        self.classes.contains_key(&class)
    }

    /// Whether it gives a class to write.
    #[must_use]
    pub fn writes(&self, class: Class) -> bool {
        self.classes.get(&class) == Some(&Access::Write)
    }

    /// Whether its time is over.
    #[must_use]
    pub fn has_ended(&self, now_ms: u64) -> bool {
        self.until_ms.is_some_and(|until| now_ms >= until)
    }

    /// Whether somebody who had `before` loses something by this. An end that moves takes nothing yet.
    #[must_use]
    pub fn reduces(&self, before: &Self) -> bool {
        (before.owner && !self.owner)
            || before
                .classes
                .iter()
                .any(|(class, access)| self.classes.get(class).is_none_or(|now| *now < *access))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_one_that_a_chart_can_give() {
        for role in Role::ALL {
            assert!(Grant::preset(role).is_fitting(), "{role:?}");
        }
    }

    #[test]
    fn nobody_but_an_owner_writes_the_plan_or_the_profile() {
        for class in [Class::Plan, Class::Profile] {
            let mut grant = Grant::preset(Role::Partner);
            grant.classes.insert(class, Access::Write);
            assert!(!grant.is_fitting());
        }
    }

    #[test]
    fn an_owner_without_every_key_is_no_owner() {
        let mut grant = Grant::preset(Role::Owner);
        grant.classes.remove(&Class::Notes);
        assert!(!grant.is_fitting());
        let ending = Grant { until_ms: Some(1), ..Grant::preset(Role::Owner) };
        assert!(!ending.is_fitting());
    }

    #[test]
    fn losing_a_class_or_the_writing_of_it_is_a_reduction_and_an_end_is_none_yet() {
        let before = Grant::preset(Role::Therapist);
        let without = |class| {
            let mut grant = before.clone();
            grant.classes.remove(&class);
            grant
        };
        assert!(without(Class::Log).reduces(&before));
        let mut reading = before.clone();
        reading.classes.insert(Class::Log, Access::Read);
        assert!(reading.reduces(&before) && !before.reduces(&reading));
        assert!(!Grant { until_ms: Some(1), ..before.clone() }.reduces(&before));
        assert!(before.reduces(&Grant::preset(Role::Owner)));
    }
}
