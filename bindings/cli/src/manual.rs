//! The manual page: one page for all commands, made of what `--help` says.

use std::fmt::Write as _;

use clap::Command;

use crate::args::help;
use crate::output::words;

/// The page in roff.
pub fn page() -> Vec<u8> {
    let mut cli = help::command();
    cli.build();
    let man = clap_mangen::Man::new(cli.clone());
    let mut page = Vec::new();
    man.render_title(&mut page).expect("a vector takes every write");
    let about = cli.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = String::new();
    section(&mut text, "help.man.name");
    let _ = writeln!(text, "holdfast \\- {}", escaped(&about));
    section(&mut text, "help.man.synopsis");
    let command = words::plain("help.value.command");
    let _ =
        writeln!(text, "holdfast {} <{}>", escaped(&words::plain("help.page.options")), command);
    section(&mut text, "help.man.options");
    let whole = help::page(&cli.clone().term_width(78).render_long_help().to_string());
    let everywhere = words::plain("help.heading.everywhere");
    let options = whole.split_once(&format!("\n{everywhere}:\n")).map_or("", |(_, rest)| rest);
    let _ = writeln!(text, ".nf\n{}\n.fi", escaped(options));
    section(&mut text, "help.man.commands");
    for command in cli.get_subcommands_mut() {
        describe(command, "holdfast", &everywhere, &mut text);
    }
    section(&mut text, "help.man.exit");
    let _ = writeln!(text, "{}", escaped(&words::plain("help.man.codes")));
    section(&mut text, "help.man.environment");
    let _ = writeln!(text, "{}", escaped(&words::plain("help.man.variables")));
    page.extend(text.into_bytes());
    page
}

fn section(page: &mut String, code: &str) {
    let _ = writeln!(page, ".SH {}", words::plain(code));
}

/// One command with its help, and those below it.
fn describe(command: &mut Command, above: &str, everywhere: &str, page: &mut String) {
    if command.is_hide_set() {
        return;
    }
    let name = format!("{above} {}", command.get_name());
    let example = command.get_after_help().map(ToString::to_string);
    let help = help::page(&command.clone().term_width(78).render_long_help().to_string());
    // What holds for every command is told once, above.
    let own = help.split(&format!("\n\n{everywhere}:")).next().unwrap_or_default();
    let _ = writeln!(page, ".SS {name}\n.nf\n{}", escaped(own));
    if let Some(example) = example {
        let _ = writeln!(page, "\n{}", escaped(&example));
    }
    page.push_str(".fi\n");
    for inner in command.get_subcommands_mut() {
        describe(inner, &name, everywhere, page);
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
