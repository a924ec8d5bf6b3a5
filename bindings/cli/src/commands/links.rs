//! What was typed where a link belongs: the link itself, or a file that holds it or a routine. It takes nothing in.

use std::io::Read as _;
use std::path::Path;

use holdfast::{Inspection, inspect};

use crate::failure::{Failure, Outcome};
use crate::output::words;

/// More than any link or routine file has, in bytes: the engine says how many it takes.
const ENOUGH: u64 = 8 << 20;
/// The longest text that is looked for as a file.
const LONGEST_PATH: usize = 4_096;

/// What was found.
pub enum Found {
    /// A link, and what is in it.
    Link(String, Box<Inspection>),
    /// The text of a routine file.
    RoutineFile(String),
}

/// Finds out what was typed.
pub fn find(typed: &str) -> Outcome<Found> {
    let refused = match inspect(typed) {
        Ok(inside) => return Ok(Found::Link(typed.to_owned(), Box::new(inside))),
        Err(refused) => Failure::from(refused).field("link"),
    };
    let path = Path::new(typed);
    if refused.code() != "no_link" || typed.len() > LONGEST_PATH || !path.is_file() {
        return Err(refused);
    }
    let text = text_of(path)?;
    if text.trim_start().starts_with('{') {
        return Ok(Found::RoutineFile(text));
    }
    let inside = inspect(&text).map_err(|error| Failure::from(error).field("link"))?;
    Ok(Found::Link(text, Box::new(inside)))
}

fn text_of(path: &Path) -> Outcome<String> {
    let shown = path.display().to_string();
    let refused = |why: &str| {
        let args = [("path", shown.as_str().into()), ("why", why.into())];
        Failure::bad_value("link", words::say("prompt.own.routine.unreadable", &args))
    };
    let opened = std::fs::File::open(path).map_err(|error| refused(&error.to_string()))?;
    let mut bytes = Vec::new();
    opened.take(ENOUGH).read_to_end(&mut bytes).map_err(|error| refused(&error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| refused(&words::plain("prompt.own.routine.no_text")))
}
