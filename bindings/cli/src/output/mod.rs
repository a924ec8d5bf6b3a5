//! Where a command's answer goes: one JSON document, or calm text for a person.
//! It knows no command and no engine.

pub mod charts;
pub mod closing;
pub mod layout;
pub mod people;
pub mod progress;
pub mod qr;
pub mod record;
pub mod self_test;
pub mod words;

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use crate::failure::{Exit, Failure};

/// The version of every JSON document.
pub const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<T> {
    schema: u32,
    #[serde(flatten)]
    body: T,
}

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// One JSON document instead of text.
    pub json: bool,
    /// Nothing that is only for comfort.
    pub quiet: bool,
    /// Whether bold and dim may be used.
    pub styled: bool,
    /// Columns to fill.
    pub width: usize,
}

impl Output {
    /// Looks at the terminal, the environment and the flags.
    pub fn new(json: bool, quiet: bool, no_color: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        let plain = no_color || std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let columns = if terminal { ratatui::crossterm::terminal::size().ok() } else { None };
        let width = columns.map_or(80, |(columns, _)| usize::from(columns)).clamp(40, 100);
        Self { json, quiet, styled: terminal && !plain, width }
    }

    /// Prints the answer: `body` as the document, or `text` for a person.
    pub fn answer<T: Serialize>(&self, body: T, text: impl FnOnce(&Self) -> String) {
        if self.json {
            let document = Document { schema: SCHEMA, body };
            let written = if io::stdout().is_terminal() {
                serde_json::to_string_pretty(&document)
            } else {
                serde_json::to_string(&document)
            };
            self.print(&written.expect("answers have text keys and finite numbers"));
        } else {
            let text = text(self);
            if !text.is_empty() {
                self.print(&text);
            }
        }
    }

    /// Prints an answer that is only a confirmation: `-q` keeps it back.
    pub fn confirm<T: Serialize>(&self, body: T, text: impl FnOnce(&Self) -> String) {
        if self.json || !self.quiet {
            self.answer(body, text);
        }
    }

    /// A remark beside the answer, on stderr, for a person only.
    pub fn remark(&self, text: &str) {
        if !self.json && !self.quiet {
            say(&mut io::stderr().lock(), text);
        }
    }

    /// The state of something that takes long, on stderr where that is a terminal: each replaces
    /// the one before, an empty one wipes it away.
    pub fn progress(&self, text: &str) {
        if !self.quiet && io::stderr().is_terminal() {
            let mut stderr = io::stderr().lock();
            let _ = write!(stderr, "\r\x1b[K{text}");
            let _ = stderr.flush();
        }
    }

    /// Prints an error to stderr.
    pub fn error(&self, failure: &Failure) {
        #[derive(Serialize)]
        struct Wrapped<'a> {
            error: &'a Failure,
        }
        let mut stderr = io::stderr().lock();
        if self.json {
            let document = serde_json::to_string(&Wrapped { error: failure });
            say(&mut stderr, &document.expect("an error is a record of texts"));
        } else {
            for paragraph in failure.paragraphs() {
                say(&mut stderr, &layout::wrapped(paragraph, self.width, 0));
            }
        }
    }

    /// Prints one line at once, for what unfolds while a person watches.
    pub fn line(&self, text: &str) {
        self.print(text);
    }

    /// Prints bytes that are made for another program.
    pub fn raw(&self, bytes: &[u8]) {
        self.print(&String::from_utf8_lossy(bytes));
    }

    /// Bold, where the terminal takes it.
    pub fn bold(&self, text: &str) -> String {
        if self.styled { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn print(&self, text: &str) {
        say(&mut io::stdout().lock(), text.trim_end_matches('\n'));
    }
}

/// Writes a line. A reader that went away (`holdfast history | head`) ends the process quietly.
fn say(out: &mut dyn io::Write, text: &str) {
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    if let Err(error) = written {
        let code =
            if error.kind() == io::ErrorKind::BrokenPipe { Exit::Done } else { Exit::Failed };
        std::process::exit(code as i32);
    }
}
