//! The plan as a whole: what is due, pauses, and the times of slots.

use clap::{Args, Subcommand};
use holdfast::domain::schedule::TimeOfDay;

use super::values;
use crate::when::{self, When};

/// Pauses, and the times of slots.
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// Show the pauses and the times of the slots
    #[command(after_help = "Example:\n  holdfast plan show")]
    Show,
    /// Ask for nothing for a while; what is paused is not missed
    #[command(after_help = "\
Example:
  holdfast plan pause --from 2026-03-01 --until 2026-03-08
  holdfast plan pause --from today")]
    Pause {
        /// The first day of the pause
        #[arg(long, value_name = "DAY", value_parser = when::parse_day)]
        from: When,
        /// Its last day [default: until you resume]
        #[arg(long, value_name = "DAY", value_parser = when::parse_day)]
        until: Option<When>,
    },
    /// End the pause, from today on
    #[command(after_help = "Example:\n  holdfast plan resume")]
    Resume,
    /// Say when a slot of the day is
    #[command(after_help = "\
Example:
  holdfast plan slot bedtime 22:30
  holdfast plan slot lunch 12:15
  holdfast plan slot bedtime --default")]
    Slot {
        /// The slot: morning, midday, evening, bedtime, or a name of your own
        slot: String,
        /// Its time of day
        #[arg(value_name = "HH:MM", value_parser = values::time_of_day, required_unless_present = "default")]
        time: Option<TimeOfDay>,
        /// Back to the usual time
        #[arg(long, conflicts_with = "time")]
        default: bool,
    },
}

/// What is due, and when.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast schedule
  holdfast schedule --days 1")]
pub struct Schedule {
    /// How many days, today among them
    #[arg(long, value_name = "N", default_value_t = crate::commands::schedule::DAYS_AHEAD, value_parser = values::count)]
    pub days: u16,
}
