//! What `--help` says, in the reader's language: every sentence of a command or argument comes from
//! the words, by a code made of where it stands (`help.log.arg.held`). It knows no command by name.
//! The comments in the other files of this folder are for whoever reads the code.

use clap::builder::Resettable;
use clap::{Arg, ArgAction, Command, CommandFactory as _};
use holdfast::domain::words::Words;

use super::Cli;
use crate::output::words;

/// The command line with its sentences.
pub fn command() -> Command {
    in_words(Cli::command(), "help", words::reader()).arg(
        Arg::new("version")
            .short('V')
            .long("version")
            .action(ArgAction::Version)
            .help(words::plain("help.version"))
            .help_heading(words::plain("help.heading.everywhere")),
    )
}

fn in_words(command: Command, code: &str, words: &Words) -> Command {
    let find = |part: &str| words.find(&format!("{code}.{part}")).map(str::to_owned);
    let mut command = command
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .subcommand_help_heading(words.plain("help.heading.commands"))
        .subcommand_value_name(words.plain("help.value.command"));
    if let Some(about) = find("about") {
        command = command.about(about).long_about(Resettable::Reset);
    }
    if let Some(more) = find("more") {
        command = command.long_about(more);
    }
    if let Some(example) = find("example") {
        command = command.after_help(example);
    }
    command
        .mut_args(|arg| argument(arg, code, words))
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .help(words.plain("help.help"))
                .help_heading(words.plain("help.heading.everywhere")),
        )
        .mut_subcommands(|inner| {
            let code = format!("{code}.{}", inner.get_name());
            in_words(inner, &code, words)
        })
}

fn argument(arg: Arg, code: &str, words: &Words) -> Arg {
    let code = format!("{code}.arg.{}", arg.get_id());
    let heading = match (arg.get_help_heading(), arg.is_positional()) {
        (Some(_), _) => "help.heading.everywhere",
        (None, true) => "help.heading.arguments",
        (None, false) => "help.heading.options",
    };
    let names = value_names(&arg);
    let mut arg = arg.help_heading(words.plain(heading));
    if let Some(help) = words.find(&code) {
        arg = arg.help(help.to_owned()).long_help(Resettable::Reset);
    }
    if names.is_empty() {
        return arg;
    }
    arg.value_names(names.iter().map(|name| {
        let code = format!("help.value.{}", spelled(name));
        words.find(&code).map_or_else(|| name.clone(), str::to_owned)
    }))
}

/// What stands for its values: as it says, else its own name in capitals.
fn value_names(arg: &Arg) -> Vec<String> {
    if !arg.get_action().takes_values() {
        return Vec::new();
    }
    match arg.get_value_names() {
        Some(names) => names.iter().map(ToString::to_string).collect(),
        None => vec![arg.get_id().as_str().to_uppercase()],
    }
}

/// `N|MIN-MAX` as a part of a code: `n_min_max`.
fn spelled(name: &str) -> String {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_").to_ascii_lowercase()
}

/// A help page as it is printed, with what clap itself puts between the sentences said too.
pub fn page(rendered: &str) -> String {
    let brackets = [
        ("[default: ", "help.page.default"),
        ("[possible values: ", "help.page.possible"),
        ("[aliases: ", "help.page.aliases"),
        ("[alias: ", "help.page.aliases"),
        ("[env: ", "help.page.from"),
        ("Possible values:", "help.page.values"),
        ("[OPTIONS]", "help.page.options"),
    ];
    let page = rendered.replacen("Usage:", &words::plain("help.page.usage"), 1);
    brackets.iter().fold(page, |page, (theirs, code)| {
        let ours = words::plain(code);
        let gap = if theirs.ends_with(' ') { " " } else { "" };
        page.replace(theirs, &format!("{ours}{gap}"))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::builder::StyledStr;

    use super::*;

    /// Every code that the commands and arguments ask for, with what the comments say there.
    fn asked(command: &Command, code: &str, into: &mut BTreeMap<String, String>) {
        let text = |text: Option<&StyledStr>| text.map(ToString::to_string).unwrap_or_default();
        into.insert(format!("{code}.about"), text(command.get_about()));
        if let Some(more) = command.get_long_about() {
            into.insert(format!("{code}.more"), more.to_string());
        }
        if let Some(example) = command.get_after_help() {
            into.insert(format!("{code}.example"), example.to_string());
        }
        for arg in command.get_arguments() {
            let help = arg.get_long_help().or(arg.get_help());
            into.insert(format!("{code}.arg.{}", arg.get_id()), text(help));
            for name in value_names(arg) {
                into.insert(format!("help.value.{}", spelled(&name)), name);
            }
        }
        for inner in command.get_subcommands() {
            asked(inner, &format!("{code}.{}", inner.get_name()), into);
        }
    }

    fn all_asked() -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        asked(&Cli::command(), "help", &mut all);
        all
    }

    #[test]
    fn every_command_and_argument_has_its_sentence() {
        let missing: BTreeMap<String, String> =
            all_asked().into_iter().filter(|(code, _)| !Words::english().knows(code)).collect();
        let told = serde_json::to_string_pretty(&missing).unwrap();
        assert!(missing.is_empty(), "put these into the words, en/help.json:\n{told}");
    }

    #[test]
    fn no_sentence_of_help_lies_unused() {
        let all = all_asked();
        let ours = |code: &str| {
            let section = code.split('.').nth(1).unwrap_or_default();
            ["page", "heading", "man"].contains(&section)
                || ["help.help", "help.version", "help.value.command"].contains(&code)
        };
        let unused: Vec<&str> = Words::english()
            .codes()
            .filter(|code| code.starts_with("help.") && !all.contains_key(*code) && !ours(code))
            .collect();
        assert!(unused.is_empty(), "no command or argument says {unused:?}");
    }

    #[test]
    fn the_commands_are_sound_in_every_language() {
        for language in Words::languages().chain([Words::for_language("qps")]) {
            in_words(Cli::command(), "help", language).debug_assert();
        }
    }
}
