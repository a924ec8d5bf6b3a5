//! Self-tests: what can be done, what was found, how it changed.

use clap::{Args, Subcommand};
use holdfast::domain::vocabulary::Side;

use super::values;
use crate::when::{self, When};

/// Self-tests and the questionnaire of signs. Information, not diagnosis.
#[derive(Debug, Subcommand)]
pub enum Test {
    /// The tests there are, with the last results; one of them in full
    #[command(after_help = "Example:\n  holdfast test list\n  holdfast test list thomas-test")]
    List {
        /// One of them: its id, or the beginning of it
        test: Option<String>,
    },
    /// Record what was found
    Record(Box<TestRecord>),
    /// What was found so far, how it changed, how the sides differ
    #[command(after_help = "\
Example:
  holdfast test history thomas-test
  holdfast test history press-tenderness-test --since 2026-03-01")]
    History {
        /// The test: its id, or the beginning of it
        test: String,
        /// From this day on
        #[arg(long, value_name = "D", value_parser = when::parse_day)]
        since: Option<When>,
        /// Up to and with this day
        #[arg(long, value_name = "D", value_parser = when::parse_day)]
        until: Option<When>,
    },
    /// Take a result back; what was recorded stays stored
    #[command(after_help = "Example:\n  holdfast test remove amzuhdq3fa9k")]
    Remove {
        /// The result's id, or the beginning of it
        id: String,
    },
}

/// What was found.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast test record thomas-test --side left --result fail
  holdfast test record hip-flexor-strength-test --side right --value 24
  holdfast test record press-tenderness-test --side left --muscle psoas --value 4
  holdfast test record squat-depth-check --result depth=parallel --result wobble=no
  holdfast test record tightness-questionnaire --ask
  holdfast test record signs --result weak-flexors.stride --result tight-flexors.tender=no

A result is NAME=VALUE; the value alone where the test asks one thing; the name alone where the
answer is yes. `holdfast test list ID` shows what a test asks for.")]
pub struct TestRecord {
    /// The test: its id, or the beginning of it
    pub test: String,
    /// The side tested
    #[arg(long, value_parser = values::side)]
    pub side: Option<Side>,
    /// What was found; may be given several times
    #[arg(long, value_name = "[NAME=]VALUE")]
    pub result: Vec<String>,
    /// The one number that was found
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub value: Option<String>,
    /// The muscle that the number is of
    #[arg(long, value_name = "M")]
    pub muscle: Option<String>,
    /// Ask for each answer, one line each; an empty line leaves it out
    #[arg(long)]
    pub ask: bool,
    /// When it was
    #[arg(long, value_name = "TIME", value_parser = when::parse)]
    pub at: Option<When>,
    /// A note
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}
