//! Who this is, and what it is in step with: init.

use clap::Args;

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
