//! Names of documents inside their space, in a stable text form: they travel inside entries and are
//! signed by attestations. A name says what is inside and which device alone may write it.

use std::fmt;
use std::str::FromStr;

use holdfast_domain::ids::{DeviceName, SessionId};
use holdfast_domain::units::LocalDay;

use super::foreign::Shape;

/// A document of a space.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocName {
    /// The plan of a chart, written by all of the owner's devices.
    Plan,
    /// The account document, written by all devices of the account.
    Account,
    /// What one device recorded of one session. Text form `session/SESSION/DEVICE`.
    SessionStrand {
        /// The session.
        session: SessionId,
        /// The device that alone writes here.
        device: DeviceName,
    },
    /// What one device recorded on one day outside of sessions. Text form `day/DAY/DEVICE`.
    DayStrand {
        /// The local day.
        day: LocalDay,
        /// The device that alone writes here.
        device: DeviceName,
    },
    /// Messages and private text of one device on one day. Text form `notes/DAY/DEVICE`.
    NotesStrand {
        /// The local day.
        day: LocalDay,
        /// The device that alone writes here.
        device: DeviceName,
    },
    /// Prescriptions that one device of a therapist proposes. Text form `prescriptions/DEVICE`.
    PrescriptionStrand {
        /// The device that alone writes here.
        device: DeviceName,
    },
    /// The profile of the subject, written by all of the owner's devices.
    Profile,
}

/// A text that names no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not the name of a document")]
pub struct BadDocName {
    /// What was given.
    pub text: String,
}

impl DocName {
    /// The device that alone may write here; nothing where several write and are merged.
    #[must_use]
    pub const fn only_author(&self) -> Option<&DeviceName> {
        match self {
            Self::SessionStrand { device, .. }
            | Self::DayStrand { device, .. }
            | Self::NotesStrand { device, .. }
            | Self::PrescriptionStrand { device } => Some(device),
            Self::Plan | Self::Account | Self::Profile => None,
        }
    }

    /// Whether a device may write here, as far as the name tells. Grants are judged elsewhere.
    #[must_use]
    pub fn may_write(&self, device: &DeviceName) -> bool {
        self.only_author().is_none_or(|only| only == device)
    }

    /// What the document may contain.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        match self {
            Self::Plan => Shape::Plan,
            Self::Account | Self::Profile => Shape::Shared,
            Self::SessionStrand { .. }
            | Self::DayStrand { .. }
            | Self::NotesStrand { .. }
            | Self::PrescriptionStrand { .. } => Shape::Strand,
        }
    }
}

impl fmt::Display for DocName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan => f.write_str("plan"),
            Self::Account => f.write_str("account"),
            Self::Profile => f.write_str("profile"),
            Self::SessionStrand { session, device } => write!(f, "session/{session}/{device}"),
            Self::DayStrand { day, device } => write!(f, "day/{day}/{device}"),
            Self::NotesStrand { day, device } => write!(f, "notes/{day}/{device}"),
            Self::PrescriptionStrand { device } => write!(f, "prescriptions/{device}"),
        }
    }
}

impl FromStr for DocName {
    type Err = BadDocName;

    fn from_str(text: &str) -> Result<Self, BadDocName> {
        let bad = || BadDocName { text: text.to_owned() };
        let device = |text: &str| DeviceName::new(text).map_err(|_| bad());
        let day = |text: &str| text.parse::<LocalDay>().map_err(|_| bad());
        let parts: Vec<&str> = text.splitn(4, '/').collect();
        let name = match parts[..] {
            ["plan"] => Self::Plan,
            ["account"] => Self::Account,
            ["profile"] => Self::Profile,
            ["session", session, by] => Self::SessionStrand {
                session: SessionId::new(session).map_err(|_| bad())?,
                device: device(by)?,
            },
            ["day", on, by] => Self::DayStrand { day: day(on)?, device: device(by)? },
            ["notes", on, by] => Self::NotesStrand { day: day(on)?, device: device(by)? },
            ["prescriptions", by] => Self::PrescriptionStrand { device: device(by)? },
            _ => return Err(bad()),
        };
        // Only the one spelling: two names must never mean one document.
        if name.to_string() == text { Ok(name) } else { Err(bad()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_from_its_text() {
        let device = DeviceName::new("ab".repeat(32)).unwrap();
        let day: LocalDay = "2026-03-01".parse().unwrap();
        let session = SessionId::new("at:2026-03-01:bedtime:hips").unwrap();
        for name in [
            DocName::Plan,
            DocName::Account,
            DocName::Profile,
            DocName::SessionStrand { session, device: device.clone() },
            DocName::DayStrand { day, device: device.clone() },
            DocName::NotesStrand { day, device: device.clone() },
            DocName::PrescriptionStrand { device },
        ] {
            assert_eq!(name.to_string().parse::<DocName>(), Ok(name));
        }
    }

    #[test]
    fn a_day_spelled_otherwise_is_not_a_second_name_of_one_document() {
        for text in [
            "",
            "plan/",
            "day/20260301/a",
            "day/2026-3-1/a",
            "session/A/b",
            "session/a",
            "day/x/y/z",
        ] {
            assert!(text.parse::<DocName>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_its_own_device_may_write_a_strand() {
        let (a, b) = (DeviceName::new("a").unwrap(), DeviceName::new("b").unwrap());
        let strand = DocName::DayStrand { day: "2026-03-01".parse().unwrap(), device: a.clone() };
        assert!(strand.may_write(&a) && !strand.may_write(&b));
        assert!(DocName::Plan.may_write(&b));
    }
}
