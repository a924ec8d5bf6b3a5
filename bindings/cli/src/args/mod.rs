//! What can be typed: flags, groups and their values. It decides nothing and opens nothing.

pub mod account;
pub mod audit;
pub mod content;
pub mod data;
pub mod day;
pub mod dose;
pub mod exercise;
pub mod help;
pub mod people;
pub mod plan;
pub mod play;
pub mod prescription;
pub mod profile;
pub mod progress;
pub mod record;
pub mod routine;
pub mod sharing;
pub mod test;
pub mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::Zoned;

use crate::when;

/// Log holds offline, keep them in step across devices through a relay that reads nothing.
#[derive(Debug, Parser)]
#[command(name = "holdfast", version, max_term_width = 100, after_help = EXAMPLE)]
#[command(disable_help_subcommand = true)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLE: &str = "\
Example:
  holdfast init --name Ana
  holdfast routine add bedtime-10
  holdfast play bedtime
  holdfast history --since yesterday

Information, not diagnosis: see `holdfast safety`.";

const EVERYWHERE: &str = "Everywhere";

/// What holds for every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Where the record and its keys are kept [default: the platform's data folder]
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "HOLDFAST_HOME", value_name = "DIR", hide_env_values = true)]
    pub home: Option<PathBuf>,
    /// Whose chart: own, its name or its id [default: the one of `chart use`, else your own]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "NAME")]
    pub chart: Option<String>,
    /// Print one JSON document
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// Take this for the time it is (for tests; what is written is marked so)
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "RFC3339", value_parser = when::parse_now)]
    pub now: Option<Zoned>,
    /// No bold text and no colours
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub no_color: bool,
    /// Print only what was asked for, no confirmations
    #[arg(short, long, global = true, help_heading = EVERYWHERE)]
    pub quiet: bool,
}

/// Every group of commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look through the exercises
    #[command(args_conflicts_with_subcommands = true)]
    Catalog(content::Catalog),
    /// Red flags, stop rules, and what to ask a clinician first
    Safety(content::Safety),
    /// Make a record here, join one, or get one back
    Init(account::Init),
    /// The routines: list, show, make, change, schedule, check
    #[command(subcommand)]
    Routine(Box<routine::Routine>),
    /// Pause and resume the plan, and say when the slots of the day are
    #[command(subcommand)]
    Plan(plan::Plan),
    /// What is due, and when
    Schedule(plan::Schedule),
    /// What a therapist proposes, and what becomes of it
    #[command(subcommand)]
    Prescription(prescription::Prescription),
    /// Exercises of your own: add, edit, remove, list
    #[command(subcommand)]
    Exercise(exercise::Exercise),
    /// What you say of yourself: it decides which gates stand before a routine
    #[command(subcommand)]
    Profile(profile::Profile),
    /// Play a routine
    Play(play::Play),
    /// Follow a session that is played on another device
    Follow(play::Follow),
    /// Log one hold
    Log(Box<record::Log>),
    /// Show, put right or take out one hold
    #[command(subcommand)]
    Hold(record::Hold),
    /// Show or take out one doing of a routine
    #[command(subcommand)]
    Session(record::Session),
    /// What was done, the newest first
    History(record::History),
    /// Habits of the day: tick them, plan them
    #[command(subcommand)]
    Habit(Box<day::Habit>),
    /// Runs and walks
    #[command(subcommand)]
    Event(day::Event),
    /// How much it hurts somewhere, outside of any session
    Pain(day::Pain),
    /// Self-tests: what there is, what was found, how it changed
    #[command(subcommand)]
    Test(test::Test),
    /// How it goes: adherence, streaks, pain, sides
    Progress(progress::Progress),
    /// The relay that carries what is written here
    #[command(subcommand)]
    Relay(account::Relay),
    /// Send what is new here, get what is new elsewhere
    Sync(account::Sync),
    /// The devices of this account
    #[command(subcommand)]
    Device(account::Device),
    /// Hand on a copy of a routine, or let somebody into the chart
    #[command(subcommand)]
    Share(sharing::Share),
    /// The links into the chart that nobody has used yet
    #[command(subcommand)]
    Invite(sharing::Invite),
    /// Take in what somebody handed on: a routine, or a place in their chart
    Accept(sharing::Accept),
    /// Say what a link is, without any network and without taking it
    Inspect(sharing::Inspect),
    /// Who takes part in the chart, and what each may do
    Members(people::Members),
    /// Compare seven words with somebody: they show that nobody stands in between
    Verify(people::Verify),
    /// Change what a member may do
    Grant(people::Grant),
    /// Remove somebody from the chart
    Remove(people::Remove),
    /// The charts you take part in
    #[command(subcommand)]
    Chart(people::Chart),
    /// The twelve words that get the record back
    #[command(subcommand)]
    Recovery(people::Recovery),
    /// Who did what in the chart, and who has read what
    Audit(audit::Audit),
    /// Write the record to files
    Export(data::Export),
    /// Read an export back
    Import(data::Import),
    /// Erase everything here
    Erase(data::Erase),
    /// Look whether everything is in order
    Doctor(data::Doctor),
    /// Show the whole of it at work, and prove it
    Demo(data::Demo),
    /// Print completions for a shell
    #[command(hide = true)]
    Completions(content::Completions),
    /// Print the manual page
    #[command(hide = true)]
    Man,
}
