//! Who takes part, and which chart is worked on: members, verify, grant, remove, chart, recovery.

use clap::{Args, Subcommand};
use holdfast::sharing::{Class, Role};

use super::sharing::{Given, class, given, role};
use crate::when::{self, When};

/// Who takes part in the chart, and what each may do.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  holdfast members\n  holdfast --chart Ana members")]
pub struct Members;

/// Compare seven words with somebody: they show that nobody stands in between.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast verify 'Dr. Cruz'
  holdfast verify 'Dr. Cruz' --same
  holdfast verify 'Dr. Cruz' --differ

Read the words to each other, on the phone or face to face, and not over what the link was sent with.")]
pub struct Verify {
    /// The member: the name, the id or the beginning of it
    pub member: String,
    /// You both read the same words
    #[arg(long, conflicts_with = "differ")]
    pub same: bool,
    /// The words differ: somebody else came in, and is removed
    #[arg(long)]
    pub differ: bool,
}

/// Change what a member may do. What you do not name stays.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast grant Ben --role viewer
  holdfast grant 'Dr. Cruz' --without notes
  holdfast grant 'Dr. Cruz' --class log=read --until 2026-12-31
  holdfast grant Ben --no-end")]
pub struct Grant {
    /// The member: the name, the id or the beginning of it
    pub member: String,
    /// The rights of another role: partner, therapist, viewer or owner
    #[arg(long, value_parser = role)]
    pub role: Option<Role>,
    /// What is given besides, such as notes or log=read
    #[arg(long, value_name = "CLASS", value_parser = given)]
    pub class: Vec<Given>,
    /// What is taken away
    #[arg(long, value_name = "CLASS", value_parser = class)]
    pub without: Vec<Class>,
    /// The last day or the time of it all
    #[arg(long, value_name = "D", value_parser = when::parse, conflicts_with = "no_end")]
    pub until: Option<When>,
    /// Without an end from now on
    #[arg(long)]
    pub no_end: bool,
}

/// Remove somebody from the chart.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast remove Ben --yes

It gets nothing that is written afterwards, and the relay takes nothing from it any more. What it has
read cannot be called back.")]
pub struct Remove {
    /// The member: the name, the id or the beginning of it
    pub member: String,
    /// Do it without asking
    #[arg(long)]
    pub yes: bool,
}

/// The charts you take part in.
#[derive(Debug, Subcommand)]
pub enum Chart {
    /// List them
    #[command(after_help = "Example:\n  holdfast chart list")]
    List,
    /// Work on another one from now on, on this device
    #[command(after_help = "Example:\n  holdfast chart use Ana\n  holdfast chart use own")]
    Use {
        /// The chart: own, its name, its id or the beginning of it
        name: String,
    },
    /// Leave one
    Leave(super::audit::Leave),
    /// Close one for good, for everybody
    Close(super::audit::Close),
    /// Erase what is here of one that has ended
    Erase(super::audit::EraseCopy),
}

/// The twelve words that get the record back.
#[derive(Debug, Subcommand)]
pub enum Recovery {
    /// Show what is known of them; the words themselves are kept nowhere
    #[command(after_help = "Example:\n  holdfast recovery show")]
    Show,
    /// Type the words back, to see that you have them
    #[command(after_help = "\
Example:
  holdfast recovery check

The words are read from standard input, without an echo on a terminal. Nothing is sent.")]
    Check,
}
