//! The record as a whole: export, import, erase, doctor, demo.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Write the record to files.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast export --format json --out record.json
  holdfast export --format automerge --out record/
  holdfast export --format csv --out tables/

The files are not encrypted: keep them where only you can read them.")]
pub struct Export {
    /// json: one file that `import` reads back; automerge: a folder of documents; csv: a folder of
    /// tables for spreadsheets, which is not read back
    #[arg(long)]
    pub format: Format,
    /// Where to; nothing there is overwritten
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    /// Let tables of an earlier export at that place give way (csv only)
    #[arg(long)]
    pub overwrite: bool,
    /// Only what this device wrote and no relay has taken (json only)
    #[arg(long)]
    pub unsent: bool,
}

/// What an export looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    // One file.
    Json,
    // A folder of documents.
    Automerge,
    // A folder of tables.
    Csv,
}

/// Read an export back.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast import record.json --dry-run
  holdfast import record.json
  holdfast import evening.json

Importing twice adds nothing.")]
pub struct Import {
    /// What `export` or `routine export` wrote
    pub path: PathBuf,
    /// Only say what would be added
    #[arg(long)]
    pub dry_run: bool,
}

/// Erase everything here.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast erase --yes

Other devices and the relay keep what they have.")]
pub struct Erase {
    /// Do it; it cannot be undone
    #[arg(long)]
    pub yes: bool,
}

/// Look whether everything is in order.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  holdfast doctor\n  holdfast doctor --repair")]
pub struct Doctor {
    /// Put right what can be put right without loss
    #[arg(long)]
    pub repair: bool,
}

/// Show the whole of it at work, and prove it.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast demo

Starts a relay and two devices in a temporary folder, logs on both while the
relay is down, syncs, compares, searches the relay's disk for plaintext, and
cleans up. It leaves your own record alone.")]
pub struct Demo {
    /// Keep the temporary folder, and say where it is
    #[arg(long)]
    pub keep: bool,
}
