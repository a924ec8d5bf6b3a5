//! Who this is, and what it is in step with: init.

use clap::{Args, Subcommand};

/// Make a record here.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast init --name Ana
  holdfast init --name Ana --relay https://relay.example.org

The recovery phrase is printed once.")]
pub struct Init {
    /// Make a new record under this name
    #[arg(long)]
    pub name: String,
    /// The relay to use
    #[arg(long, value_name = "URL")]
    pub relay: Option<String>,
    /// What this device is called [default: the machine's name]
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
}

/// The relay that carries what is written here.
#[derive(Debug, Subcommand)]
pub enum Relay {
    /// Use a relay from now on
    #[command(after_help = "Example:\n  holdfast relay set https://relay.example.org")]
    Set {
        /// Its address; http only on this machine
        url: String,
    },
    /// Show the relay, and whether it answers
    #[command(after_help = "Example:\n  holdfast relay show")]
    Show,
    /// Use none: everything stays here
    #[command(after_help = "Example:\n  holdfast relay unset")]
    Unset,
}

/// Send what is new here, get what is new elsewhere.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  holdfast sync")]
pub struct Sync {}
