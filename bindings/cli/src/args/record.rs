//! The record: log, hold, session, history.

use clap::{Args, Subcommand};
use holdfast::domain::record::Load;
use holdfast::domain::units::{Millis, Nrs};
use holdfast::domain::vocabulary::{EndedBy, Side};

use super::values::{self, Eased, Sides, Tempo};
use crate::when::{self, When};

/// Log one hold.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast log psoas-release-hook --side right --held 90 --pain-before 6 --pain-after 3
  holdfast log psoas-release-hook --side both --held 90 --at 2026-03-01T21:30
  holdfast log bodyweight-squat --reps 10 --set 1

On a bilateral exercise leave the side out. `both` writes two holds of that length.")]
pub struct Log {
    /// The exercise: its id or the beginning of it
    pub exercise: String,
    /// What was done.
    #[command(flatten)]
    pub done: Done,
    /// Each repetition held for so many seconds
    #[arg(long, value_name = "S", requires = "reps", value_parser = values::seconds, allow_negative_numbers = true)]
    pub hold_each: Option<Millis>,
    /// left, right or both
    #[arg(long, value_parser = values::sides)]
    pub side: Option<Sides>,
    /// The routine it belongs to: its name or id
    #[arg(long)]
    pub routine: Option<String>,
    /// The day of that routine [default: today]
    #[arg(long, requires = "routine", value_parser = when::parse_day)]
    pub date: Option<When>,
    /// The slot of that day: morning, midday, evening, bedtime or another name
    #[arg(long, requires = "routine")]
    pub slot: Option<String>,
    /// The step of that routine: its id or the beginning of it
    #[arg(long, requires = "routine")]
    pub step: Option<String>,
    /// The session it belongs to
    #[arg(long, conflicts_with_all = ["date", "slot"])]
    pub session: Option<String>,
    /// Which set, from 1 [default: the next free one]
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub set: Option<u16>,
    /// Which repetition, from 1 [default: the next free one]
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub rep: Option<u16>,
    /// How it went.
    #[command(flatten)]
    pub detail: Detail,
    /// How it ended: target, eased, not_eased, stopped, pain, skipped or interrupted
    #[arg(long, value_name = "HOW")]
    pub ended: Option<EndedBy>,
    /// How often the spot was moved
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub moves: Option<u16>,
    /// When it began [default: now]
    #[arg(long, value_name = "TIME", value_parser = when::parse)]
    pub at: Option<When>,
    /// Take it even where it would be asked whether it is meant
    #[arg(long)]
    pub yes: bool,
}

/// What was done.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Done {
    /// Held for so many seconds (90, 1:30)
    #[arg(long, value_name = "S", value_parser = values::seconds, allow_negative_numbers = true)]
    pub held: Option<Millis>,
    /// So many repetitions
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub reps: Option<u16>,
    /// Held for so many minutes
    #[arg(long, value_name = "M", value_parser = values::minutes, allow_negative_numbers = true)]
    pub minutes: Option<Millis>,
    /// Done, with nothing to count
    #[arg(long)]
    pub done: bool,
}

/// How it went: what log and edit share.
#[derive(Debug, Args)]
pub struct Detail {
    /// What was aimed at, in seconds
    #[arg(long, value_name = "S", value_parser = values::seconds, allow_negative_numbers = true)]
    pub target: Option<Millis>,
    /// Pain before, 0 to 10
    #[arg(long, value_name = "N", value_parser = values::pain, allow_negative_numbers = true)]
    pub pain_before: Option<Nrs>,
    /// Pain after, 0 to 10
    #[arg(long, value_name = "N", value_parser = values::pain, allow_negative_numbers = true)]
    pub pain_after: Option<Nrs>,
    /// Where it hurts, such as front-hip
    #[arg(long, value_name = "SITE")]
    pub pain_site: Option<String>,
    /// Eased after so many seconds, or no
    #[arg(long, value_name = "S|no", value_parser = values::eased, allow_negative_numbers = true)]
    pub eased: Option<Eased>,
    /// Paused for so many seconds
    #[arg(long, value_name = "S", value_parser = values::seconds, allow_negative_numbers = true)]
    pub paused: Option<Millis>,
    /// Weight or resistance, such as 20kg
    #[arg(long, value_parser = values::load, allow_negative_numbers = true)]
    pub load: Option<Load>,
    /// Seconds of each phase, such as 3:2:1
    #[arg(long, value_parser = values::tempo, allow_negative_numbers = true)]
    pub tempo: Option<Tempo>,
    /// The tool used
    #[arg(long)]
    pub tool: Option<String>,
    /// Who pressed or helped
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// A note
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// One hold.
#[derive(Debug, Subcommand)]
pub enum Hold {
    /// Show it
    #[command(after_help = "Example:\n  holdfast hold show 3fa9 --observations")]
    Show {
        /// Its id, or the beginning of it
        id: String,
        /// Also what each device recorded
        #[arg(long)]
        observations: bool,
    },
    /// Put right what was recorded wrong; the observation itself stays stored
    #[command(after_help = "Example:\n  holdfast hold edit 3fa9 --held 120 --pain-after 2")]
    Edit(Box<HoldEdit>),
    /// Take it out of the history; the observation itself stays stored
    #[command(after_help = "Example:\n  holdfast hold remove 3fa9")]
    Remove {
        /// Its id, or the beginning of it
        id: String,
    },
}

/// What to put right.
#[derive(Debug, Args)]
pub struct HoldEdit {
    /// Its id, or the beginning of it
    pub id: String,
    /// Held for so many seconds
    #[arg(long, value_name = "S", value_parser = values::seconds, allow_negative_numbers = true)]
    pub held: Option<Millis>,
    /// So many repetitions
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub reps: Option<u16>,
    /// How it went.
    #[command(flatten)]
    pub detail: Detail,
    /// How it ended
    #[arg(long, value_name = "HOW")]
    pub ended: Option<EndedBy>,
    /// When it began
    #[arg(long, value_name = "TIME", value_parser = when::parse)]
    pub at: Option<When>,
    /// Empty a field: target, eased, pain-before, pain-after, reps, load, tempo, tool, by, note
    #[arg(long, value_name = "FIELD")]
    pub clear: Vec<String>,
    /// Take it even where it would be asked whether it is meant
    #[arg(long)]
    pub yes: bool,
}

/// One doing of a routine.
#[derive(Debug, Subcommand)]
pub enum Session {
    /// Show it with its holds
    #[command(after_help = "Example:\n  holdfast session show 3fa9")]
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Take it and its holds out of the history
    #[command(after_help = "Example:\n  holdfast session remove 3fa9")]
    Remove {
        /// Its id, or the beginning of it
        id: String,
    },
}

/// What was done.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast history --since 2026-03-01 --until 2026-03-07
  holdfast history --exercise psoas-release-hook --side right --limit 20
  holdfast history --by session")]
pub struct History {
    /// From this day or time on
    #[arg(long, value_name = "D", value_parser = when::parse)]
    pub since: Option<When>,
    /// Up to this day or time; a day is included as a whole
    #[arg(long, value_name = "D", value_parser = when::parse)]
    pub until: Option<When>,
    /// Only this exercise
    #[arg(long, value_name = "ID")]
    pub exercise: Option<String>,
    /// Only this side
    #[arg(long, value_parser = values::side)]
    pub side: Option<Side>,
    /// One line a session instead of one a hold
    #[arg(long, value_name = "session")]
    pub by: Option<Grouping>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = values::from_to::<1, 500>)]
    pub limit: u16,
    /// Go on after the cursor that the page before ended with
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
}

/// What one line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Grouping {
    // A session.
    Session,
}
