//! Who did and read what, and charts that end: audit, chart leave, chart close, chart erase.

use clap::Args;

use crate::when::{self, When};

/// Who was let in, changed and removed, what was exported, and who has read what.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast audit
  holdfast audit --since 2026-11-01
  holdfast --chart Ana audit --json")]
pub struct Audit {
    /// Nothing that is known to have happened before
    #[arg(long, value_name = "D", value_parser = when::parse)]
    pub since: Option<When>,
}

/// Leave a chart of somebody else.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast --chart Ana export --format json --out ana.json
  holdfast chart leave Ana --yes
  holdfast chart leave Ana --erase --yes")]
pub struct Leave {
    /// The chart: its name, its id or the beginning of it
    pub name: String,
    /// Keep nothing of it on any of your devices
    #[arg(long)]
    pub erase: bool,
    /// Do it without asking
    #[arg(long)]
    pub yes: bool,
}

/// Close a chart for good, for everybody.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast export --format json --out record.json
  holdfast chart close own --yes

The relay drops what it held of it. Everybody's devices erase their copies fourteen days later, or before.")]
pub struct Close {
    /// The chart: own, its name, its id or the beginning of it
    pub name: String,
    /// Do it; it cannot be undone
    #[arg(long)]
    pub yes: bool,
}

/// Erase what this device still holds of a chart that has ended.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  holdfast chart erase Ana --yes")]
pub struct EraseCopy {
    /// The chart: own, its name, its id or the beginning of it
    pub name: String,
    /// Do it; it cannot be undone
    #[arg(long)]
    pub yes: bool,
}
