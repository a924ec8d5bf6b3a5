//! What a day holds beside sessions: habits, events, pain.

use clap::{Args, Subcommand};
use holdfast::domain::habit::ClockTime;
use holdfast::domain::record::Amount;
use holdfast::domain::units::Nrs;
use holdfast::domain::vocabulary::Side;

use super::values;
use crate::when::{self, When};

/// Habits of the day. They never count in the adherence numbers.
#[derive(Debug, Subcommand)]
pub enum Habit {
    /// The habits there are, what was done today and what is due
    #[command(
        after_help = "Example:\n  holdfast habit list\n  holdfast habit list --date yesterday"
    )]
    List {
        /// Of this day [default: today]
        #[arg(long, value_name = "D", value_parser = when::parse_day)]
        date: Option<When>,
    },
    /// How one is done, with sources, and its ticks of a day
    #[command(after_help = "Example:\n  holdfast habit show sleep-side")]
    Show {
        /// The habit: its id or the beginning of it
        id: String,
        /// Of this day [default: today]
        #[arg(long, value_name = "D", value_parser = when::parse_day)]
        date: Option<When>,
    },
    /// Tick one
    #[command(after_help = "\
Example:
  holdfast habit done sit-break
  holdfast habit done sit-break --count 3
  holdfast habit done sleep-hours --value 7.5
  holdfast habit done sleep-side --at 2026-03-01T23:30

A night belongs to the day of its evening: before 03:00 it is still the day before.
Hours of sleep count for the day on which they are told.")]
    Done(Done),
    /// Take a tick back
    #[command(after_help = "Example:\n  holdfast habit undo gaxk3m2p")]
    Undo {
        /// The tick: its id or the beginning of it
        entry: String,
    },
    /// Plan one: so many a day, or one every so many minutes
    #[command(after_help = "\
Example:
  holdfast habit plan sit-break --every 50 --between 09:00-17:00
  holdfast habit plan stress-relief --per-day 1

No source gives an interval for breaks from sitting: the one you plan is your own choice.")]
    Plan(Plan),
    /// End the plan of one; what was ticked stays
    #[command(after_help = "Example:\n  holdfast habit unplan sit-break")]
    Unplan {
        /// The habit: its id or the beginning of it
        id: String,
    },
}

/// Tick a habit.
#[derive(Debug, Args)]
pub struct Done {
    /// The habit: its id or the beginning of it
    pub id: String,
    /// So many times [default: once]
    #[arg(long, value_name = "N", value_parser = values::whole, allow_negative_numbers = true, conflicts_with = "value")]
    pub count: Option<u32>,
    /// What it measures, such as hours of sleep
    #[arg(long, value_name = "V", value_parser = values::amount, allow_negative_numbers = true)]
    pub value: Option<Amount>,
    /// When it was [default: now]
    #[arg(long, value_name = "TIME", value_parser = when::parse)]
    pub at: Option<When>,
    /// A note
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// Plan a habit.
#[derive(Debug, Args)]
pub struct Plan {
    /// The habit: its id or the beginning of it
    pub id: String,
    /// How often.
    #[command(flatten)]
    pub often: Often,
    /// Between these local times
    #[arg(long, value_name = "HH:MM-HH:MM", value_parser = values::between, requires = "every")]
    pub between: Option<(ClockTime, ClockTime)>,
}

/// How often a habit is planned.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Often {
    /// So many a day
    #[arg(long, value_name = "N", value_parser = values::whole, allow_negative_numbers = true)]
    pub per_day: Option<u32>,
    /// One every so many minutes
    #[arg(long, value_name = "MIN", value_parser = values::whole, allow_negative_numbers = true, requires = "between")]
    pub every: Option<u32>,
}

/// Runs and walks, and how much it hurt between sessions.
#[derive(Debug, Subcommand)]
pub enum Event {
    /// Write down a run or a walk
    #[command(after_help = "\
Example:
  holdfast event add run --minutes 105
  holdfast event add walk --minutes 10 --at 2026-03-01T18:30

After a run of more than 90 minutes a walk comes before any stretch.")]
    Add(EventAdd),
    /// What was written down, the newest first
    #[command(after_help = "Example:\n  holdfast event list --since 2026-03-01")]
    List(EventList),
    /// Take one back
    #[command(after_help = "Example:\n  holdfast event remove gaxk3m2p")]
    Remove {
        /// Its id, or the beginning of it
        id: String,
    },
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Outing {
    // A run.
    Run,
    // A walk.
    Walk,
}

/// Write down a run or a walk.
#[derive(Debug, Args)]
pub struct EventAdd {
    /// run or walk
    pub what: Outing,
    /// For so many minutes
    #[arg(long, value_name = "N", value_parser = values::whole, allow_negative_numbers = true)]
    pub minutes: u32,
    /// When it was over [default: now]
    #[arg(long, value_name = "TIME", value_parser = when::parse)]
    pub at: Option<When>,
    /// A note
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// What kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum EventKind {
    // Runs.
    Run,
    // Walks.
    Walk,
    // Pain.
    Pain,
}

/// Which events.
#[derive(Debug, Args)]
pub struct EventList {
    /// Only runs, walks or pain
    #[arg(long, value_name = "KIND")]
    pub only: Option<EventKind>,
    /// From this day on
    #[arg(long, value_name = "D", value_parser = when::parse_day)]
    pub since: Option<When>,
    /// Up to this day, included
    #[arg(long, value_name = "D", value_parser = when::parse_day)]
    pub until: Option<When>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = values::from_to::<1, 500>)]
    pub limit: u16,
}

/// Write down how much it hurts somewhere, outside of any session.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast pain low-back 4
  holdfast pain front-hip 6 --side right

The places are those of the catalogue: front-hip, low-back, buttock, neck and so on.
`holdfast event list --only pain` shows them again.")]
pub struct Pain {
    /// Where, such as front-hip
    pub site: String,
    /// How much, 0 to 10
    #[arg(value_name = "N", value_parser = values::pain, allow_negative_numbers = true)]
    pub score: Nrs,
    /// left or right
    #[arg(long, value_parser = values::side)]
    pub side: Option<Side>,
    /// When it hurt [default: now]
    #[arg(long, value_name = "TIME", value_parser = when::parse)]
    pub at: Option<When>,
    /// A note
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}
