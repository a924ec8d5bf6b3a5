//! What can be asked without a record: the catalogue, safety, completions.

use clap::{Args, Subcommand};
use clap_complete::Shell;
use holdfast::domain::vocabulary::Kind;

/// Look through the exercises.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast catalog psoas
  holdfast catalog --kind stretch --muscle glutes
  holdfast catalog show psoas-release-hook")]
pub struct Catalog {
    /// One of them in full.
    #[command(subcommand)]
    pub show: Option<CatalogShow>,
    /// Words that name, muscle, region or tool must contain
    pub words: Vec<String>,
    /// Only this kind: release, massage, stretch, realignment, activation, strength, mobility,
    /// self_test or habit
    #[arg(long)]
    pub kind: Option<Kind>,
    /// Only exercises for this muscle; a group stands for its members too
    #[arg(long)]
    pub muscle: Option<String>,
}

/// One of them in full.
#[derive(Debug, Subcommand)]
pub enum CatalogShow {
    /// Show one exercise: what, where, dose, cautions, sources
    #[command(after_help = "Example:\n  holdfast catalog show psoas-release-hook")]
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
}

/// Red flags, stop rules, and what to ask first.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast safety
  holdfast safety redflags
  holdfast safety psoas-release-hook")]
pub struct Safety {
    /// redflags, stop, ask-first, or an exercise; all of it where nothing is given
    pub topic: Option<String>,
}

/// Print completions.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast completions bash > ~/.local/share/bash-completion/completions/holdfast")]
pub struct Completions {
    /// bash, zsh, fish, elvish or powershell
    pub shell: Shell,
}
