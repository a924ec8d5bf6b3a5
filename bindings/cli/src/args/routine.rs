//! Routines: list, show, make, change, schedule, check.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use holdfast::domain::dose::Range;
use holdfast::domain::units::LocalDay;
use holdfast::domain::vocabulary::{BlockOrder, SideRule, Weekday};

use super::dose::Dose;
use super::values;
use crate::output::words;

/// The routines of the chart.
#[derive(Debug, Subcommand)]
pub enum Routine {
    /// List them, and the templates there are with --templates
    #[command(
        after_help = "Example:\n  holdfast routine list\n  holdfast routine list --templates"
    )]
    List {
        /// List what the sources compose, to make a routine of
        #[arg(long)]
        templates: bool,
    },
    /// Show one with its blocks and steps
    #[command(after_help = "Example:\n  holdfast routine show bedtime")]
    Show {
        /// The routine: its name or id
        routine: String,
    },
    /// Make a routine of a template
    #[command(after_help = "\
Example:
  holdfast routine add bedtime-10
  holdfast routine add runner-daily-10 --name Evening --realign-side right")]
    Add(Add),
    /// Make an empty routine
    #[command(after_help = "Example:\n  holdfast routine new Evening")]
    New {
        /// What it is called
        name: String,
    },
    /// Remove a routine; what was done of it stays in the history
    #[command(after_help = "Example:\n  holdfast routine remove Evening")]
    Remove {
        /// The routine: its name or id
        routine: String,
    },
    /// Give a routine another name
    #[command(after_help = "Example:\n  holdfast routine rename Evening 'Before bed'")]
    Rename {
        /// The routine: its name or id
        routine: String,
        /// Its new name
        name: String,
    },
    /// Say when it is to be done
    #[command(after_help = "\
Example:
  holdfast routine schedule Evening --per-day 1 --slots bedtime
  holdfast routine schedule Evening --per-week 3-5
  holdfast routine schedule Evening --every 2 --slots morning
  holdfast routine schedule Evening --days mon,wed,fri --slots lunch=12:15,bedtime
  holdfast routine schedule Evening --off")]
    Schedule(Schedule),
    /// Add, change, move or remove a step
    Step {
        /// The routine: its name or id
        routine: String,
        /// What to do
        #[command(subcommand)]
        change: Step,
    },
    /// Add, order, choose, move, note or remove a block of steps
    Block {
        /// The routine: its name or id
        routine: String,
        /// What to do
        #[command(subcommand)]
        change: Block,
    },
    /// Bring a removed routine back
    #[command(after_help = "\
Example:
  holdfast routine restore k3j5zq…

`holdfast routine remove` says the id.")]
    Restore {
        /// Its whole id
        id: String,
    },
    /// Write a routine to a file to hand on, with nothing about you
    #[command(after_help = "Example:\n  holdfast routine export Evening --out evening.json")]
    Export {
        /// The routine: its name or id
        routine: String,
        /// Where to; nothing there is overwritten
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take in a routine file; the rules judge it
    #[command(after_help = "\
Example:
  holdfast routine import evening.json --dry-run
  holdfast routine import evening.json --name 'Evening of Ben'")]
    Import {
        /// What `routine export` wrote
        file: PathBuf,
        /// Only say what would be added
        #[arg(long)]
        dry_run: bool,
        /// Another name than the file's
        #[arg(long)]
        name: Option<String>,
        /// Make it a routine of its own, where one with its id is here already
        #[arg(long)]
        copy: bool,
        /// What may be broken.
        #[command(flatten)]
        overriding: Overriding,
    },
    /// Take it on yourself that a routine breaks a hard rule as it stands
    #[command(after_help = "\
Example:
  holdfast routine override Evening iliacus-after-psoas --reason 'my therapist said so'")]
    Override {
        /// The routine: its name or id
        routine: String,
        /// The rule
        rule: String,
        /// Why; kept with your name
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Let a rule hold again that was overridden
    #[command(after_help = "Example:\n  holdfast routine enforce Evening iliacus-after-psoas")]
    Enforce {
        /// The routine: its name or id
        routine: String,
        /// The rule
        rule: String,
    },
    /// Settle what two devices changed at once on one of the values
    #[command(after_help = "\
Example:
  holdfast routine settle Evening CONFLICT 1

`holdfast --json routine show Evening` lists conflicts with their ids and values, the first is 1.")]
    Settle {
        /// The routine: its name or id
        routine: String,
        /// The conflict's id
        conflict: String,
        /// Which of its values, from 1
        value: usize,
        /// What may be broken.
        #[command(flatten)]
        overriding: Overriding,
    },
    /// Check it against the rules
    #[command(after_help = "Example:\n  holdfast routine check Evening")]
    Check {
        /// The routine: its name or id
        routine: String,
    },
}

/// Make a routine of a template.
#[derive(Debug, Args)]
pub struct Add {
    /// The template: its id or the beginning of it
    pub template: String,
    /// What it is called [default: the template's name]
    #[arg(long)]
    pub name: Option<String>,
    /// The side of the realignment: left, right, or ask before each play
    #[arg(long, value_name = "SIDE", value_parser = realign_side)]
    pub realign_side: Option<SideRule>,
    /// Choose an alternative the template offers, by its condition
    #[arg(long, value_name = "CONDITION")]
    pub choose: Vec<String>,
    /// Play an optional exercise of the template
    #[arg(long, value_name = "EXERCISE")]
    pub include: Vec<String>,
    /// What may be broken.
    #[command(flatten)]
    pub overriding: Overriding,
}

/// When it is to be done.
#[derive(Debug, Args)]
pub struct Schedule {
    /// The routine: its name or id
    pub routine: String,
    /// When.
    #[command(flatten)]
    pub times: Times,
}

/// The parts of a schedule, at least one.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct Times {
    /// So many times a day
    #[arg(long, value_name = "N|MIN-MAX", value_parser = values::range, conflicts_with_all = ["per_week", "every"])]
    pub per_day: Option<Range>,
    /// So many times a week
    #[arg(long, value_name = "N|MIN-MAX", value_parser = values::range, conflicts_with = "every")]
    pub per_week: Option<Range>,
    /// Once in so many days
    #[arg(long, value_name = "N|MIN-MAX", value_parser = values::range)]
    pub every: Option<Range>,
    /// On these days of the week: mon,wed,fri
    #[arg(long, value_delimiter = ',', value_parser = weekday)]
    pub days: Vec<Weekday>,
    /// On these days: 2026-03-01,2026-03-08
    #[arg(long, value_delimiter = ',', value_parser = date)]
    pub dates: Vec<LocalDay>,
    /// In these slots of the day, with a time where it is not the usual: morning,bedtime=22:30
    #[arg(long, value_delimiter = ',', value_parser = values::slot)]
    pub slots: Vec<values::SlotAt>,
    /// No schedule any more
    #[arg(long, visible_alias = "off", conflicts_with_all = ["per_day", "per_week", "every", "days", "dates", "slots"])]
    pub clear: bool,
}

/// A change of a routine's steps.
#[derive(Debug, Subcommand)]
pub enum Step {
    /// Add a step
    #[command(after_help = "\
Example:
  holdfast routine step Evening add psoas-release-hook --hold 60-90
  holdfast routine step Evening add kneeling-hip-flexor --after 3fa9 --sets 2")]
    Add {
        /// The exercise: its id or the beginning of it
        exercise: String,
        /// What it asks for.
        #[command(flatten)]
        asked: Box<Asked>,
        /// Right after this step [default: at the end]
        #[arg(long, value_name = "STEP")]
        after: Option<String>,
        /// Before everything else
        #[arg(long, conflicts_with = "after")]
        first: bool,
        /// What may be broken.
        #[command(flatten)]
        overriding: Overriding,
    },
    /// Change a step
    #[command(
        after_help = "Example:\n  holdfast routine step Evening set 3fa9 --hold 90 --side left"
    )]
    Set {
        /// The step: its id or the beginning of it
        step: String,
        /// Another exercise, as when a slot is filled
        #[arg(long)]
        exercise: Option<String>,
        /// What it asks for.
        #[command(flatten)]
        asked: Box<Asked>,
        /// Whether it is played
        #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
        play: Option<bool>,
        /// What may be broken.
        #[command(flatten)]
        overriding: Overriding,
    },
    /// Move a step
    #[command(after_help = "Example:\n  holdfast routine step Evening move 3fa9 --after 77c0")]
    Move {
        /// The step: its id or the beginning of it
        step: String,
        /// Where to.
        #[command(flatten)]
        to: To,
        /// What may be broken.
        #[command(flatten)]
        overriding: Overriding,
    },
    /// Remove a step
    #[command(after_help = "Example:\n  holdfast routine step Evening remove 3fa9")]
    Remove {
        /// The step: its id or the beginning of it
        step: String,
        /// What may be broken.
        #[command(flatten)]
        overriding: Overriding,
    },
}

/// A change of a routine's blocks.
#[derive(Debug, Subcommand)]
pub enum Block {
    /// Add a block of exercises
    #[command(after_help = "\
Example:
  holdfast routine block Evening add childs-pose kneeling-hip-flexor
  holdfast routine block Evening add psoas-release-hook iliacus-release-hook --order side_major")]
    Add {
        /// The exercises, in order: ids, or names of your own ones
        #[arg(required = true)]
        exercises: Vec<String>,
        /// side_major (all of the left, then all of the right) or step_major (step by step)
        #[arg(long, default_value = "step_major")]
        order: BlockOrder,
        /// Right after this block [default: at the end]
        #[arg(long, value_name = "BLOCK")]
        after: Option<String>,
        /// Before everything else
        #[arg(long, conflicts_with = "after")]
        first: bool,
        /// What may be broken.
        #[command(flatten)]
        overriding: Overriding,
    },
    /// Choose one of several alternatives
    #[command(after_help = "Example:\n  holdfast routine block Night choose tool-ball")]
    Choose {
        /// The block: its id, the beginning of it, or its condition
        block: String,
        /// What may be broken.
        #[command(flatten)]
        overriding: Overriding,
    },
    /// Do a block side by side, or step by step
    #[command(after_help = "Example:\n  holdfast routine block Evening order 3fa9 side_major")]
    Order {
        /// The block: its id or the beginning of it
        block: String,
        /// side_major or step_major
        order: BlockOrder,
        /// What may be broken.
        #[command(flatten)]
        overriding: Overriding,
    },
    /// Move a block with its steps
    #[command(after_help = "Example:\n  holdfast routine block Evening move 3fa9 --after 77c0")]
    Move {
        /// The block: its id or the beginning of it
        block: String,
        /// Where to.
        #[command(flatten)]
        to: BlockTo,
        /// What may be broken.
        #[command(flatten)]
        overriding: Overriding,
    },
    /// Note something at a block
    #[command(after_help = "Example:\n  holdfast routine block Evening note 3fa9 'on the mat'")]
    Note {
        /// The block: its id or the beginning of it
        block: String,
        /// The note; an empty one removes it
        text: String,
    },
    /// Remove a block with its steps
    #[command(after_help = "Example:\n  holdfast routine block Evening remove 3fa9")]
    Remove {
        /// The block: its id or the beginning of it
        block: String,
        /// What may be broken.
        #[command(flatten)]
        overriding: Overriding,
    },
}

/// Where a block goes.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct BlockTo {
    /// Right after this block
    #[arg(long, value_name = "BLOCK")]
    pub after: Option<String>,
    /// Before everything else
    #[arg(long)]
    pub first: bool,
}

/// Where a step goes.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct To {
    /// Right after this step
    #[arg(long, value_name = "STEP")]
    pub after: Option<String>,
    /// Before everything else
    #[arg(long)]
    pub first: bool,
}

/// What a step asks for.
#[derive(Debug, Args)]
pub struct Asked {
    /// Its dose.
    #[command(flatten)]
    pub dose: Dose,
    /// both, left, right, ask, affected, alternating or no_side
    #[arg(long)]
    pub side: Option<SideRule>,
    /// The tool; none empties it
    #[arg(long)]
    pub tool: Option<String>,
    /// A note; an empty one removes it
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Whether it may be left out
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    pub optional: Option<bool>,
}

/// A hard rule to break, and why.
#[derive(Debug, Args)]
pub struct Overriding {
    /// Break this hard rule all the same
    #[arg(long = "override", value_name = "RULE", requires = "reason")]
    pub rules: Vec<String>,
    /// Why; kept with your name
    #[arg(long, value_name = "TEXT", requires = "rules")]
    pub reason: Option<String>,
}

fn realign_side(text: &str) -> Result<SideRule, String> {
    match text {
        "left" => Ok(SideRule::Left),
        "right" => Ok(SideRule::Right),
        "ask" => Ok(SideRule::Ask),
        "both" => Err(words::plain("prompt.value.realign_both")),
        _ => Err(words::say("prompt.value.realign_side", &[("text", text.into())])),
    }
}

pub fn weekday(text: &str) -> Result<Weekday, String> {
    let known = Weekday::ALL.iter().find(|day| {
        let wanted = text.trim().to_lowercase();
        let begins = wanted.get(..wanted.len().min(3)).unwrap_or(&wanted);
        wanted.len() >= 2 && day.as_str().starts_with(begins)
    });
    known.copied().ok_or_else(|| words::say("prompt.value.weekday", &[("text", text.into())]))
}

fn date(text: &str) -> Result<LocalDay, String> {
    text.trim().parse().map_err(|_| words::say("prompt.value.date", &[("text", text.into())]))
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(words::say("prompt.value.yes_or_no", &[("text", text.into())])),
    }
}
