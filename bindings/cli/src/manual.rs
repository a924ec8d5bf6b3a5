//! The manual page: one page for all commands, made of what `--help` says.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use crate::args::Cli;

/// The page in roff.
pub fn page() -> Vec<u8> {
    let mut cli = Cli::command();
    cli.build();
    let man = clap_mangen::Man::new(cli.clone());
    let mut page = Vec::new();
    let written = man
        .render_title(&mut page)
        .and_then(|()| man.render_name_section(&mut page))
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| man.render_options_section(&mut page));
    written.expect("a vector takes every write");
    let mut commands = String::from(".SH COMMANDS\n");
    for command in cli.get_subcommands_mut() {
        describe(command, "holdfast", &mut commands);
    }
    page.extend(commands.into_bytes());
    page.extend(EXIT.as_bytes());
    page
}

const EXIT: &str = "\
.SH EXIT STATUS
0 done; 1 the state forbids it, or it failed; 2 a usage error or a bad value.
.SH ENVIRONMENT
HOLDFAST_HOME names the home; NO_COLOR takes the colours away.
";

/// One command with its help, and those below it.
fn describe(command: &mut Command, above: &str, page: &mut String) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let name = format!("{above} {}", command.get_name());
    let help = command.clone().term_width(78).render_long_help().to_string();
    // What holds for every command is told once, above.
    let own = help.split("\n\nEverywhere:").next().unwrap_or_default();
    let example = help.split_once("\nExample:").map_or("", |(_, example)| example);
    let _ = writeln!(page, ".SS {name}\n.nf\n{}", escaped(own));
    if !example.is_empty() && !own.contains("Example:") {
        let _ = writeln!(page, "\nExample:{}", escaped(example));
    }
    page.push_str(".fi\n");
    for inner in command.get_subcommands_mut() {
        describe(inner, &name, page);
    }
}

/// Text that roff takes as it is.
fn escaped(text: &str) -> String {
    let line = |line: &str| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
