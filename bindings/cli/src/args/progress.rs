//! What can be typed after `progress`.

use clap::Args;

/// How it goes: what was done of what was asked, streaks, pain, sides.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast progress
  holdfast progress --days 90
  holdfast progress --json")]
pub struct Progress {
    /// How many days to look at, up to today
    #[arg(long, value_name = "N", default_value_t = holdfast::domain::progress::DEFAULT_DAYS)]
    pub days: u16,
}
