//! `routine export` and `routine import`: a routine as a file to hand on.

use std::io::Read as _;
use std::path::Path;

use holdfast::Engine;
use holdfast::routine::ImportOptions;
use serde_json::json;

use crate::failure::{Failure, Outcome};
use crate::output::layout::wrapped;
use crate::output::{Output, words};

/// More than any routine file has, in bytes: the engine says how many it takes.
const ENOUGH: u64 = 8 << 20;

/// Answers `routine export`.
pub fn export(engine: &Engine, routine: &str, out: &Path, output: &Output) -> Outcome {
    let done = engine.export_routine(routine, out)?;
    let path = out.display().to_string();
    output.confirm(json!({ "path": path, "routine": done.routine }), |o| {
        let args = [("name", done.routine.name.as_str().into()), ("path", path.as_str().into())];
        wrapped(&words::say("prompt.own.routine.written", &args), o.width, 0)
    });
    Ok(())
}

/// Answers `routine import`.
pub fn import(engine: &Engine, file: &Path, options: &ImportOptions, output: &Output) -> Outcome {
    let done = engine.import_routine(&text_of(file)?, options)?;
    output.confirm(&done, |o| {
        let code = match (done.added, options.dry_run) {
            (false, _) => "prompt.own.routine.here_already",
            (true, true) => "prompt.own.routine.would_be",
            (true, false) => "prompt.own.routine.taken_in",
        };
        let mut said = words::say(code, &[("name", done.view.routine.name.as_str().into())]);
        if !done.exercises_added.is_empty() {
            let names = done.exercises_added.join(", ");
            said.push(' ');
            let args = [("names", names.into())];
            said.push_str(&words::say("prompt.own.routine.with_exercises", &args));
        }
        wrapped(&said, o.width, 0)
    });
    Ok(())
}

/// The text of a routine file.
pub fn text_of(file: &Path) -> Outcome<String> {
    let path = file.display().to_string();
    let refused = |why: &str| {
        let args = [("path", path.as_str().into()), ("why", why.into())];
        Failure::bad_value("file", words::say("prompt.own.routine.unreadable", &args))
    };
    let opened = std::fs::File::open(file).map_err(|error| refused(&error.to_string()))?;
    let mut bytes = Vec::new();
    opened.take(ENOUGH).read_to_end(&mut bytes).map_err(|error| refused(&error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| refused(&words::plain("prompt.own.routine.no_text")))
}
