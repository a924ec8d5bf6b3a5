//! What can be typed after `progress`.

use clap::Args;

use super::values;
use crate::when::{self, When};

/// How it goes: what was done of what was asked, streaks, pain, sides.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast progress
  holdfast progress --days 90
  holdfast progress --days 7 --until 2026-03-08
  holdfast progress --json")]
pub struct Progress {
    /// How many days to look at, up to the last one
    #[arg(long, value_name = "N", default_value_t = holdfast::domain::progress::DEFAULT_DAYS, value_parser = values::count)]
    pub days: u16,
    /// The last of them [default: today]
    #[arg(long, value_name = "DAY", value_parser = when::parse_day)]
    pub until: Option<When>,
}
