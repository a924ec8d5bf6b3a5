//! Who this is, and what it is in step with: init, relay, sync, device.

use clap::{Args, Subcommand};

use super::values;

/// Make a record here, join one, or get one back.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast init --name Ana
  holdfast init --name Ana --relay https://relay.example.org
  holdfast init --pair 'HOLDFAST:…'
  holdfast init --recover --relay https://relay.example.org

The recovery phrase is printed once. With --recover it is read from standard input.")]
pub struct Init {
    /// How.
    #[command(flatten)]
    pub how: How,
    /// The relay to use
    #[arg(long, value_name = "URL", conflicts_with = "pair")]
    pub relay: Option<String>,
    /// What this device is called [default: the machine's name]
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
}

/// One of three ways.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct How {
    /// Make a new record under this name
    #[arg(long)]
    pub name: Option<String>,
    /// Join the record of another device, with the link that `device pair` printed there
    #[arg(long, value_name = "LINK")]
    pub pair: Option<String>,
    /// Get a record back from its relay with the recovery phrase
    #[arg(long, requires = "relay")]
    pub recover: bool,
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
#[command(after_help = "Example:\n  holdfast sync\n  holdfast sync --watch")]
pub struct Sync {
    /// Stay, and sync whenever something is new, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}

/// The devices of this account.
#[derive(Debug, Subcommand)]
pub enum Device {
    /// List them
    #[command(after_help = "Example:\n  holdfast device list")]
    List,
    /// Print a link and a code with which one more device can join
    #[command(after_help = "\
Example:
  holdfast device pair
  holdfast device pair --minutes 30")]
    Pair {
        /// For how long it can be used
        #[arg(long, default_value_t = 10, value_name = "N", value_parser = values::from_to::<1, 1440>)]
        minutes: u16,
    },
    /// Give a device another name
    #[command(after_help = "Example:\n  holdfast device name 3fa9 kitchen-tablet")]
    Name {
        /// The device: its id or the beginning of it, or its name
        device: String,
        /// Its new name
        name: String,
    },
    /// Shut a device out from now on; what it has read it keeps
    #[command(after_help = "Example:\n  holdfast device revoke old-phone --yes")]
    Revoke {
        /// The device: its id or the beginning of it, or its name
        device: String,
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
}
