//! What a person says of themselves.

use clap::Subcommand;

/// What you say of yourself: it decides which gates stand before a routine.
#[derive(Debug, Subcommand)]
pub enum Profile {
    /// Show every answer, and what each unknown one would decide
    #[command(after_help = "\
Example:
  holdfast profile show

JSON: {answers[{key, value, lapsed?, said_on, disputed?, decides[]}], pregnancy {trimester,
week, due_date}, day_start, time_zone, status}. A value of null is unknown.")]
    Show,
    /// Answer questions
    #[command(after_help = "\
Example:
  holdfast profile set pregnant=no prone_ok=yes ask_first=no
  holdfast profile set due_date=2026-05-17 doctor_ok_front=no
  holdfast profile set forward_side=left day_start=04:00

`ask_first=no` answers the whole ask-first card; `holdfast safety ask-first` shows it.
How you are right now lapses: back_pain_now with the day, warm and before_workout after an
hour. In pregnancy prone_ok is asked again with each trimester.")]
    Set {
        /// key=value; `profile show` lists the keys
        #[arg(required = true, value_name = "KEY=VALUE")]
        answers: Vec<String>,
    },
    /// Take answers back: they are unknown again
    #[command(after_help = "Example:\n  holdfast profile unset pregnant due_date")]
    Unset {
        /// Keys; `profile show` lists them
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
    },
}
