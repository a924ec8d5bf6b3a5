//! Exercises of one's own: add, edit, remove, list.

use clap::{Args, Subcommand};
use holdfast::domain::vocabulary::{Kind, Laterality, Position};

use super::dose::Dose;

/// Exercises of one's own.
#[derive(Debug, Subcommand)]
pub enum Exercise {
    /// Add one; only what you state is kept
    #[command(after_help = "\
Example:
  holdfast exercise add 'Wall lean' --kind stretch --sides per_side --hold 30-45
  holdfast exercise add 'Band walk' --kind activation --sides bilateral --reps 10-15 --sets 2 \\
      --muscles glutes --tools band --note 'knees out'
  holdfast routine step Evening add 'Wall lean'")]
    Add(Box<Add>),
    /// Change one; what was done of it stays as it was recorded
    #[command(after_help = "\
Example:
  holdfast exercise edit 'Wall lean' --hold 60
  holdfast exercise edit 'Wall lean' --name 'Door lean' --position none")]
    Edit(Box<Edit>),
    /// Remove one that no routine uses; what was done of it stays, under its name
    #[command(after_help = "Example:\n  holdfast exercise remove 'Wall lean'")]
    Remove {
        /// The exercise: its name or id
        exercise: String,
    },
    /// Bring a removed one back
    #[command(after_help = "Example:\n  holdfast exercise restore own:3fa9…\n\n\
                            `holdfast exercise list --removed` shows the ids.")]
    Restore {
        /// Its whole id
        id: String,
    },
    /// List them
    #[command(after_help = "Example:\n  holdfast exercise list")]
    List {
        /// Removed ones too
        #[arg(long)]
        removed: bool,
    },
}

/// Add one.
#[derive(Debug, Args)]
pub struct Add {
    /// What it is called
    pub name: String,
    /// release, massage, stretch, realignment, activation, strength, mobility or habit
    #[arg(long)]
    pub kind: Kind,
    /// bilateral, per_side, alternating, one_side_only or affected_side
    #[arg(long)]
    pub sides: Laterality,
    /// What it asks for.
    #[command(flatten)]
    pub dose: Dose,
    /// How the body is placed: standing, supine, kneeling …
    #[arg(long)]
    pub position: Option<Position>,
    /// Where on the body, as the catalogue names places: front-hip, neck …
    #[arg(long, value_name = "PLACE")]
    pub region: Option<String>,
    /// Muscles it is for, as the catalogue names them: psoas,glutes
    #[arg(long, value_delimiter = ',')]
    pub muscles: Vec<String>,
    /// Tools, any one of them: ball,wall
    #[arg(long, value_delimiter = ',')]
    pub tools: Vec<String>,
    /// A note
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// Change one. What is not given stays.
#[derive(Debug, Args)]
pub struct Edit {
    /// The exercise: its name or id
    pub exercise: String,
    /// What it is called
    #[arg(long)]
    pub name: Option<String>,
    /// release, massage, stretch, realignment, activation, strength, mobility or habit
    #[arg(long)]
    pub kind: Option<Kind>,
    /// bilateral, per_side, alternating, one_side_only or affected_side
    #[arg(long)]
    pub sides: Option<Laterality>,
    /// What it asks for.
    #[command(flatten)]
    pub dose: Dose,
    /// How the body is placed; none empties it
    #[arg(long)]
    pub position: Option<String>,
    /// Where on the body; none empties it
    #[arg(long, value_name = "PLACE")]
    pub region: Option<String>,
    /// Muscles it is for; none empties it
    #[arg(long, value_delimiter = ',')]
    pub muscles: Option<Vec<String>>,
    /// Tools, any one of them; none empties it
    #[arg(long, value_delimiter = ',')]
    pub tools: Option<Vec<String>>,
    /// A note; an empty one removes it
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}
