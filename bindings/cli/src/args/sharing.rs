//! Handing things on and taking them in: share, invite, accept, inspect.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use holdfast::sharing::{Access, Class, Role};

use super::values;
use crate::output::words;
use crate::when::{self, When};

/// Hand on a copy of a routine, or let somebody into the chart.
#[derive(Debug, Subcommand)]
pub enum Share {
    /// Hand on a copy of a routine: a link, a code to scan, or a file. Nothing about you is in it
    #[command(after_help = "\
Example:
  holdfast share routine Evening
  holdfast share routine Evening --out evening.json

Whoever gets it: `holdfast inspect LINK`, then `holdfast accept LINK`. No relay is needed.")]
    Routine {
        /// The routine: its name, its id or the beginning of it
        routine: String,
        /// Write a file in place of the link
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Make a link that lets one person into the chart, with the rights of a role
    #[command(after_help = "\
Example:
  holdfast share chart --role therapist --for 'Dr. Cruz' --until 2026-12-31
  holdfast share chart --role partner --for Ben --class notes
  holdfast share chart --role viewer --without plan --after-compare

The roles:
  partner    reads the plan, logs
  therapist  reads the plan, logs, prescribes
  viewer     reads the plan and the log
  owner      everything

The classes: plan, log, notes, prescription, profile.")]
    Chart(ShareChart),
}

/// Make a link that lets one person into the chart.
#[derive(Debug, Args)]
pub struct ShareChart {
    /// What the person is to be able to do: partner, therapist, viewer or owner
    #[arg(long, value_parser = role)]
    pub role: Role,
    /// Whom the link is for: what you call the person until they say a name of their own
    #[arg(long = "for", value_name = "NAME")]
    pub guest: Option<String>,
    /// What is given besides the role, such as notes or log=read
    #[arg(long, value_name = "CLASS", value_parser = given)]
    pub class: Vec<Given>,
    /// What the role would give and you do not
    #[arg(long, value_name = "CLASS", value_parser = class)]
    pub without: Vec<Class>,
    /// The last day or the time of it all [default: no end]
    #[arg(long, value_name = "D", value_parser = when::parse)]
    pub until: Option<When>,
    /// Give nothing to read until the seven words were compared
    #[arg(long)]
    pub after_compare: bool,
    /// How long it can be used: 30m, 12h, 7d
    #[arg(long, value_name = "N", default_value = "7d", value_parser = values::span_ms)]
    pub valid: u64,
}

/// The links into the chart that nobody has used yet.
#[derive(Debug, Subcommand)]
pub enum Invite {
    /// List them
    #[command(after_help = "Example:\n  holdfast invite list")]
    List,
    /// Take one back, so that it lets nobody in
    #[command(after_help = "Example:\n  holdfast invite revoke 'Dr. Cruz'")]
    Revoke {
        /// The invite: its id or the beginning of it, or whom it is for
        invite: String,
    },
}

/// Take in what somebody handed on: a routine, or a place in their chart.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast accept 'holdfast:join#…' --name 'Dr. Cruz'
  holdfast accept 'holdfast:routine#…'
  holdfast accept evening.json

`holdfast inspect LINK` says first what it is, without taking it.")]
pub struct Accept {
    /// The link, or a file that holds it or a routine
    pub link: String,
    /// What you want to be called there [default: your name]; of a routine: what to call it
    #[arg(long)]
    pub name: Option<String>,
    /// Contact a relay that this device has not used yet without asking
    #[arg(long)]
    pub yes: bool,
}

/// Say what a link is and what it would give, without any network and without taking it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  holdfast inspect 'holdfast:join#…'")]
pub struct Inspect {
    /// The link, or a file that holds it
    pub link: String,
}

/// A class, and how it is given where that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Which.
    pub class: Class,
    /// How; as the class is usually given where nothing was said.
    pub access: Option<Access>,
}

/// Classes as they are usually given, and those given in just one way.
pub fn parted(given: &[Given]) -> (Vec<Class>, Vec<(Class, Access)>) {
    let usual = given.iter().filter(|one| one.access.is_none()).map(|one| one.class).collect();
    let exactly = given.iter().filter_map(|one| Some((one.class, one.access?))).collect();
    (usual, exactly)
}

/// A role.
pub fn role(text: &str) -> Result<Role, String> {
    match text.trim() {
        "owner" => Ok(Role::Owner),
        "partner" => Ok(Role::Partner),
        "therapist" => Ok(Role::Therapist),
        "viewer" => Ok(Role::Viewer),
        _ => Err(words::say("prompt.sharing.no_role", &[("text", text.into())])),
    }
}

/// A class of a chart.
pub fn class(text: &str) -> Result<Class, String> {
    match text.trim() {
        "plan" => Ok(Class::Plan),
        "log" => Ok(Class::Log),
        "notes" => Ok(Class::Notes),
        "prescription" => Ok(Class::Prescription),
        "profile" => Ok(Class::Profile),
        _ => Err(words::say("prompt.sharing.no_class", &[("text", text.into())])),
    }
}

/// A class, with `=read` or `=write` behind it or not.
pub fn given(text: &str) -> Result<Given, String> {
    let (name, access) = match text.split_once('=') {
        None => (text, None),
        Some((name, "read")) => (name, Some(Access::Read)),
        Some((name, "write")) => (name, Some(Access::Write)),
        Some((_, other)) => {
            return Err(words::say("prompt.sharing.no_access", &[("text", other.into())]));
        }
    };
    Ok(Given { class: class(name)?, access })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_given_as_usual_or_as_it_is_said() {
        assert_eq!(given("notes"), Ok(Given { class: Class::Notes, access: None }));
        let log = Given { class: Class::Log, access: Some(Access::Read) };
        assert_eq!(given("log=read"), Ok(log));
        for wrong in ["", "log=", "log=all", "diary", "account", "membership", "Log"] {
            assert!(given(wrong).is_err(), "{wrong}");
        }
        assert!(role("doctor").unwrap_err().contains("therapist"));
    }
}
