//! Reads a line that nobody should look over a shoulder at: without echo on a terminal, as it comes
//! from a pipe.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use zeroize::Zeroizing;

use crate::failure::{Failure, Outcome};
use crate::output::words;

/// The longest line that is read, in bytes: a phrase is far shorter.
const LONGEST: usize = 4_096;

/// Reads it. `prompt` goes to a terminal only.
pub fn read(prompt: &str) -> Outcome<Zeroizing<String>> {
    let line = if io::stdin().is_terminal() { typed(prompt) } else { piped() };
    let line = line.map_err(|error| {
        Failure::state(
            "no_input",
            words::say("prompt.input.unreadable", &[("why", error.to_string().into())]),
        )
    })?;
    if line.trim().is_empty() {
        return Err(Failure::usage(words::plain("prompt.input.nothing"))
            .hint(words::plain("prompt.input.phrase")));
    }
    Ok(line)
}

fn piped() -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(LONGEST));
    let stdin = io::stdin().lock();
    io::Read::take(stdin, LONGEST as u64).read_line(&mut line)?;
    Ok(line)
}

fn typed(prompt: &str) -> io::Result<Zeroizing<String>> {
    let mut stderr = io::stderr().lock();
    write!(stderr, "{prompt}")?;
    stderr.flush()?;
    enable_raw_mode()?;
    let raw = Raw;
    let line = keys();
    drop(raw);
    writeln!(stderr)?;
    line
}

/// Puts the terminal back.
struct Raw;

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = disable_raw_mode();
    }
}

fn keys() -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(LONGEST));
    loop {
        match event::read()? {
            Event::Paste(text) => line.push_str(&text),
            Event::Key(key) if key.kind != KeyEventKind::Release => match key.code {
                KeyCode::Enter => return Ok(line),
                KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                    return Ok(Zeroizing::new(String::new()));
                }
                KeyCode::Char(letter) if line.len() < LONGEST - 4 => line.push(letter),
                KeyCode::Backspace => {
                    line.pop();
                }
                _ => {}
            },
            _ => {}
        }
    }
}
