//! `holdfast`, the command-line client: a front end of the engine like any other. It reads what was
//! typed, asks the engine, and answers as text or JSON; it decides nothing of its own.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod args;
mod commands;
mod context;
mod demo;
mod failure;
mod interrupt;
mod manual;
mod output;
mod player;
mod secret_line;
mod usage;
mod when;

use std::process::ExitCode;

use clap::FromArgMatches as _;

use crate::args::{Cli, Command, help};
use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::output::Output;

fn main() -> ExitCode {
    let matches = help::command().try_get_matches();
    let parsed = matches.and_then(|mut matches| {
        let cli = Cli::from_arg_matches_mut(&mut matches);
        cli.map_err(|error| error.format(&mut help::command()))
    });
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage::report(&error) as u8),
    };
    let output = Output::new(cli.global.json, cli.global.quiet, cli.global.no_color);
    let exit = match run(cli, &output) {
        Ok(exit) => exit,
        Err(failure) => {
            output.error(&failure);
            failure.exit()
        }
    };
    ExitCode::from(exit as u8)
}

fn run(cli: Cli, output: &Output) -> Outcome<Exit> {
    let context = || Context::new(&cli.global);
    match cli.command {
        Command::Init(args) => commands::init::run(args, &context()?, output)?,
        Command::Routine(args) => commands::routine::run(*args, &context()?, output)?,
        Command::Plan(args) => commands::plan::run(&args, &context()?, output)?,
        Command::Schedule(args) => commands::schedule::run(&args, &context()?, output)?,
        Command::Prescription(args) => {
            commands::prescription::run(args, &context()?, output)?;
        }
        Command::Exercise(args) => commands::exercise::run(args, &context()?, output)?,
        Command::Profile(args) => commands::profile::run(&args, &context()?, output)?,
        Command::Play(args) => commands::play::run(&args, &context()?, output)?,
        Command::Follow(args) => commands::together::follow(&args, &context()?, output)?,
        Command::Log(args) => commands::log::run(*args, &context()?, output)?,
        Command::Hold(args) => commands::hold::run(args, &context()?, output)?,
        Command::Session(args) => commands::session::run(&args, &context()?, output)?,
        Command::History(args) => commands::history::run(&args, &context()?, output)?,
        Command::Test(args) => commands::test::run(args, &context()?, output)?,
        Command::Progress(args) => commands::progress::run(&args, &context()?, output)?,
        Command::Catalog(args) => commands::catalog::run(&args, context().ok().as_ref(), output)?,
        Command::Safety(args) => commands::safety::run(&args, output)?,
        Command::Habit(args) => commands::habit::run(*args, &context()?, output)?,
        Command::Event(args) => commands::event::run(args, &context()?, output)?,
        Command::Pain(args) => commands::event::pain(args, &context()?, output)?,
        Command::Relay(args) => commands::relay::run(&args, &context()?, output)?,
        Command::Sync(args) if args.watch => commands::sync::watch(&context()?, output)?,
        Command::Sync(_) => commands::sync::once(&context()?, output)?,
        Command::Device(args) => commands::device::run(&args, &context()?, output)?,
        Command::Share(args) => commands::share::run(args, &context()?, output)?,
        Command::Invite(args) => commands::invite::run(&args, &context()?, output)?,
        Command::Accept(args) => commands::accept::run(&args, &context()?, output)?,
        Command::Inspect(args) => commands::inspect::run(&args, &context()?, output)?,
        Command::Members(_) => commands::members::run(&context()?, output)?,
        Command::Verify(args) => commands::verify::run(&args, &context()?, output)?,
        Command::Grant(args) => commands::grant::run(&args, &context()?, output)?,
        Command::Remove(args) => commands::grant::remove(&args, &context()?, output)?,
        Command::Chart(args) => commands::chart::run(&args, &context()?, output)?,
        Command::Recovery(args) => commands::recovery::run(&args, &context()?, output)?,
        Command::Audit(args) => commands::audit::run(&args, &context()?, output)?,
        Command::Export(args) => commands::data::export(&args, &context()?, output)?,
        Command::Import(args) => commands::data::import(&args, &context()?, output)?,
        Command::Erase(args) => commands::data::erase(&args, &context()?, output)?,
        Command::Doctor(args) => return commands::data::doctor(&args, &context()?, output),
        Command::Demo(args) => demo::run(&args, output)?,
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut help::command(), "holdfast", &mut script);
            output.raw(&script);
        }
        Command::Man => output.raw(&manual::page()),
    }
    Ok(Exit::Done)
}
