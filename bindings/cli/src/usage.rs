//! What was typed wrong, said as every other error is: a sentence, a code, the argument at fault.
//! It knows clap's errors and nothing of the commands.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::failure::{Exit, Failure};
use crate::output::{Output, words};

/// Prints help, a version, or what was typed wrong; gives what to end with.
pub fn report(error: &clap::Error) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return Exit::Done;
    }
    let typed = |flags: &[&str]| std::env::args().any(|arg| flags.contains(&arg.as_str()));
    let output = Output::new(typed(&["--json"]), false, typed(&["--no-color"]));
    if !output.json && error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
    } else {
        output.error(&failure(error));
    }
    Exit::Usage
}

fn failure(error: &clap::Error) -> Failure {
    let argument = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(arg)) => Some(arg.clone()),
        Some(ContextValue::Strings(args)) => args.first().cloned(),
        _ => None,
    };
    let field = argument.as_deref().map(field_name);
    let hint = words::plain("prompt.usage.help");
    let failure = match (error.kind(), &field) {
        (ErrorKind::ValueValidation, Some(field)) => {
            let sentence = error.source().map(ToString::to_string);
            return Failure::bad_value(field, sentence.unwrap_or_else(|| first_lines(error)));
        }
        (ErrorKind::InvalidValue, Some(field)) => {
            return Failure::bad_value(field, first_lines(error));
        }
        (ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand, _) => {
            Failure::usage(words::plain("prompt.usage.no_command"))
        }
        _ => Failure::usage(first_lines(error)),
    };
    let failure = failure.hint(hint_of(error).unwrap_or(hint));
    match field {
        Some(field) => failure.field(&field),
        None => failure,
    }
}

/// `--pain-before <N>` as JSON names it: `pain_before`.
fn field_name(argument: &str) -> String {
    let name = argument.split([' ', '=']).next().unwrap_or(argument);
    name.trim_start_matches('-')
        .trim_matches(|c| matches!(c, '<' | '>' | '[' | ']' | '.'))
        .to_lowercase()
        .replace('-', "_")
}

/// clap's own words without its decoration: everything before the usage lines, on one line.
fn first_lines(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let told = text.split("\n\n").next().unwrap_or(&text);
    let told = told.strip_prefix("error: ").unwrap_or(told);
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn hint_of(error: &clap::Error) -> Option<String> {
    let text = error.render().to_string();
    let tip = text.lines().find_map(|line| line.trim().strip_prefix("tip: "))?;
    Some(tip.to_owned())
}
