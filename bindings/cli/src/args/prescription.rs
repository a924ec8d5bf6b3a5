//! Prescriptions: list, look at, accept, keep the own routine, propose.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use holdfast::domain::dose::Range;
use holdfast::domain::vocabulary::{SideRule, Weekday};

use super::dose::Dose;
use super::routine::weekday;
use super::values;

/// What a therapist proposes, and what becomes of it.
#[derive(Debug, Subcommand)]
pub enum Prescription {
    /// List what was proposed, the newest first
    #[command(after_help = "Example:\n  holdfast prescription list")]
    List,
    /// Show step by step what would change
    #[command(after_help = "Example:\n  holdfast prescription diff Evening")]
    Diff {
        /// The prescription: its id, the beginning of it, or its routine while nobody has decided
        prescription: String,
    },
    /// Make it the routine from today on
    #[command(after_help = "\
Example:
  holdfast prescription accept Evening
  holdfast prescription accept k3j5 --name 'Evening of Dr. Cruz'

It counts from today. What earlier days asked for stays.")]
    Accept {
        /// The prescription: its id, the beginning of it, or its routine while nobody has decided
        prescription: String,
        /// Another name for the routine, where the proposed one is in use
        #[arg(long)]
        name: Option<String>,
        /// Take it on yourself that it breaks this hard rule
        #[arg(long = "override", value_name = "RULE", requires = "reason")]
        rules: Vec<String>,
        /// Why; kept with your name
        #[arg(long, value_name = "TEXT", requires = "rules")]
        reason: Option<String>,
    },
    /// Keep your own routine as it is
    #[command(after_help = "Example:\n  holdfast prescription keep Evening")]
    Keep {
        /// The prescription: its id, the beginning of it, or its routine while nobody has decided
        prescription: String,
    },
    /// Propose a version of a routine in a chart that lets you prescribe
    #[command(after_help = "\
Example:
  holdfast --chart Ana prescription propose Evening --step childs-pose --hold 90 --per-day 2 --reason 'slower'
  holdfast --chart Ana prescription propose Evening --add kneeling-hip-flexor --drop 3fa9
  holdfast --chart Ana prescription propose Evening --file evening.json
  holdfast --chart Ana prescription propose --own 'For runners' --name 'Your ten minutes'

For more than one step at once: `holdfast --chart Ana routine export Evening --out evening.json`, change the
file or a routine made of it in your own chart, and propose that.")]
    Propose(Box<Propose>),
}

/// Propose a version of a routine.
#[derive(Debug, Args)]
pub struct Propose {
    /// The routine of that chart that it is about: its name or id
    #[arg(required_unless_present_any = ["file", "own", "link", "template"])]
    pub routine: Option<String>,
    /// As a routine file says
    #[arg(long, value_name = "FILE", conflicts_with_all = ["own", "link", "template"])]
    pub file: Option<PathBuf>,
    /// As a routine of your own chart is: its name or id
    #[arg(long, value_name = "ROUTINE", conflicts_with_all = ["link", "template"])]
    pub own: Option<String>,
    /// As a copy of a routine says
    #[arg(long, value_name = "LINK", conflicts_with = "template")]
    pub link: Option<String>,
    /// As a template of the sources says: its id or the beginning of it
    #[arg(long, value_name = "TEMPLATE")]
    pub template: Option<String>,
    /// Under another name
    #[arg(long)]
    pub name: Option<String>,
    /// Change this step: its id, the beginning of it, or its exercise
    #[arg(long, value_name = "STEP")]
    pub step: Option<String>,
    /// What the step asks for.
    #[command(flatten)]
    pub dose: Dose,
    /// The sides of the step: both, left, right, ask, affected, alternating or no_side
    #[arg(long, requires = "step")]
    pub side: Option<SideRule>,
    /// A note at the step; an empty one removes it
    #[arg(long, value_name = "TEXT", requires = "step")]
    pub note: Option<String>,
    /// Add this exercise at the end
    #[arg(long, value_name = "EXERCISE")]
    pub add: Vec<String>,
    /// Leave this step out: its id, the beginning of it, or its exercise
    #[arg(long, value_name = "STEP")]
    pub drop: Vec<String>,
    /// So many times a day
    #[arg(long, value_name = "N|MIN-MAX", value_parser = values::range, conflicts_with_all = ["per_week", "every"])]
    pub per_day: Option<Range>,
    /// So many times a week
    #[arg(long, value_name = "N|MIN-MAX", value_parser = values::range, conflicts_with = "every")]
    pub per_week: Option<Range>,
    /// Once in so many days
    #[arg(long, value_name = "N|MIN-MAX", value_parser = values::range)]
    pub every: Option<Range>,
    /// On these days of the week: mon,wed,fri
    #[arg(long, value_delimiter = ',', value_parser = weekday)]
    pub days: Vec<Weekday>,
    /// In these slots of the day, with a time where it is not the usual: morning,bedtime=22:30
    #[arg(long, value_delimiter = ',', value_parser = values::slot)]
    pub slots: Vec<values::SlotAt>,
    /// The version of the routine that you looked at [default: the newest known here]
    #[arg(long, value_name = "N")]
    pub based_on: Option<u64>,
    /// Break this hard rule all the same
    #[arg(long = "override", value_name = "RULE", requires = "reason")]
    pub rules: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}
