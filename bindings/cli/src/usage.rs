//! What was typed wrong, said as every other error is: a sentence, a code, the argument at fault.
//! It knows clap's errors and nothing of the commands.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use holdfast::domain::vocabulary::UnknownWord;
use holdfast::domain::words::Arg;

use crate::args::help;
use crate::failure::{Exit, Failure};
use crate::output::{Output, words};

/// Prints help, a version, or what was typed wrong; gives what to end with.
pub fn report(error: &clap::Error) -> Exit {
    if error.kind() == ErrorKind::DisplayVersion {
        let _ = error.print();
        return Exit::Done;
    }
    let typed = |flags: &[&str]| std::env::args().any(|arg| flags.contains(&arg.as_str()));
    let output = Output::new(typed(&["--json"]), false, typed(&["--no-color"]));
    let page = |styled: bool| {
        let told = error.render();
        help::page(&if styled { told.ansi().to_string() } else { told.to_string() })
    };
    match error.kind() {
        ErrorKind::DisplayHelp => {
            output.raw(page(output.styled).as_bytes());
            return Exit::Done;
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !output.json => {
            eprintln!("{}", page(false).trim_end());
        }
        _ => output.error(&failure(error)),
    }
    Exit::Usage
}

fn failure(error: &clap::Error) -> Failure {
    let field = texts(error, ContextKind::InvalidArg).first().map(|arg| field_name(arg));
    let about_value = matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue);
    match field {
        Some(field) if about_value => {
            let failure = Failure::bad_value(&field, sentence(error));
            match suggestion(error) {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        }
        field => {
            let help = || words::plain("prompt.usage.help");
            let failure =
                Failure::usage(sentence(error)).hint(suggestion(error).unwrap_or_else(help));
            match field {
                Some(field) => failure.field(&field),
                None => failure,
            }
        }
    }
}

/// The texts that an error carries.
fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
        Some(ContextValue::StyledStrs(texts)) => texts.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// What was typed wrong, from the words.
fn sentence(error: &clap::Error) -> String {
    let all = |kind| texts(error, kind).join(", ");
    let (args, value) = (all(ContextKind::InvalidArg), all(ContextKind::InvalidValue));
    let (known, prior) = (all(ContextKind::ValidValue), all(ContextKind::PriorArg));
    let code = match error.kind() {
        ErrorKind::ValueValidation => return refused_value(error, &args, &value),
        ErrorKind::InvalidValue if value.is_empty() => "prompt.usage.no_value",
        ErrorKind::InvalidValue if known.is_empty() => "prompt.usage.invalid_value",
        ErrorKind::InvalidValue => "prompt.usage.not_listed",
        ErrorKind::UnknownArgument => "prompt.usage.unknown_argument",
        ErrorKind::InvalidSubcommand => "prompt.usage.unknown_command",
        ErrorKind::ArgumentConflict if prior.is_empty() => "prompt.usage.conflict_with_others",
        ErrorKind::ArgumentConflict if prior == args => "prompt.usage.only_once",
        ErrorKind::ArgumentConflict => "prompt.usage.conflict",
        ErrorKind::MissingRequiredArgument => "prompt.usage.missing",
        ErrorKind::TooManyValues => "prompt.usage.too_many_values",
        ErrorKind::NoEquals | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            "prompt.usage.number_of_values"
        }
        ErrorKind::InvalidUtf8 => "prompt.usage.no_text",
        _ => "prompt.usage.no_command",
    };
    let command = all(ContextKind::InvalidSubcommand);
    let said: [(&str, Arg); 5] = [
        ("arg", args.into()),
        ("value", value.into()),
        ("known", known.into()),
        ("prior", prior.into()),
        ("command", command.into()),
    ];
    words::say(code, &said)
}

/// A value that its parser refused: the parser's own sentence where it has one.
fn refused_value(error: &clap::Error, arg: &str, value: &str) -> String {
    let Some(source) = error.source() else { return invalid(arg, value) };
    if let Some(unknown) = source.downcast_ref::<UnknownWord>() {
        return words::reader().say(&unknown.message());
    }
    if source.is::<std::num::ParseIntError>() || source.is::<std::num::ParseFloatError>() {
        return invalid(arg, value);
    }
    source.to_string()
}

fn invalid(arg: &str, value: &str) -> String {
    words::say("prompt.usage.invalid_value", &[("arg", arg.into()), ("value", value.into())])
}

/// What was perhaps meant.
fn suggestion(error: &clap::Error) -> Option<String> {
    let kinds =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let near: Vec<String> = kinds.into_iter().flat_map(|kind| texts(error, kind)).collect();
    let near = (!near.is_empty()).then(|| near.join(", "))?;
    Some(words::say("prompt.usage.did_you_mean", &[("near", near.into())]))
}

/// `--pain-before <N>` as JSON names it: `pain_before`.
fn field_name(argument: &str) -> String {
    let name = argument.split([' ', '=']).next().unwrap_or(argument);
    name.trim_start_matches('-')
        .trim_matches(|c| matches!(c, '<' | '>' | '[' | ']' | '.'))
        .to_lowercase()
        .replace('-', "_")
}
