//! The steps of the demo: each is named, timed and told as it passes; the first that does not hold
//! ends it. It knows nothing of what a step does.

use std::fmt::Display;
use std::time::Instant;

use serde::Serialize;

use crate::failure::{Failure, sentence};
use crate::output::{Output, words};

/// What came of a step.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// What was to be shown, in the reader's language.
    pub name: String,
    /// Whether it was so.
    pub ok: bool,
    /// What was seen.
    pub detail: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// Why a step did not hold, as a sentence.
#[derive(Debug)]
pub struct NotSo(pub String);

impl<E: Display> From<E> for NotSo {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// What a step gives.
pub type Shown<T> = Result<T, NotSo>;

/// The steps so far.
pub struct Steps<'a> {
    output: &'a Output,
    /// Every step that was tried.
    pub done: Vec<Step>,
}

impl<'a> Steps<'a> {
    /// None yet.
    pub const fn new(output: &'a Output) -> Self {
        Self { output, done: Vec::new() }
    }

    /// Shows one thing, called by the code of its name. It gives what later steps need, and what was seen.
    pub fn show<T>(
        &mut self,
        name: &'static str,
        step: impl FnOnce() -> Shown<(T, String)>,
    ) -> Result<T, Failure> {
        let (begun, name) = (Instant::now(), words::plain(name));
        self.output.progress(&format!("… {name}"));
        let shown = step();
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.output.progress("");
        let (ok, detail) = match &shown {
            Ok((_, detail)) => (true, sentence(detail)),
            Err(NotSo(why)) => (false, sentence(why)),
        };
        if !self.output.json {
            let mark = words::plain(if ok { "prompt.demo.ok" } else { "prompt.demo.not_so" }) + " ";
            let text = format!("{name}. {detail}");
            self.output.line(&crate::output::layout::hanging(&mark, &text, self.output.width));
        }
        self.done.push(Step { name: name.clone(), ok, detail, took_ms });
        shown.map(|(value, _)| value).map_err(|NotSo(why)| {
            let args = [("name", name.into()), ("why", why.into())];
            Failure::state("demo_failed", words::say("prompt.demo.failed", &args))
        })
    }
}

/// Goes on if something is so.
pub fn must(so: bool, otherwise: impl FnOnce() -> String) -> Shown<()> {
    if so { Ok(()) } else { Err(NotSo(otherwise())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_does_not_hold_is_told_and_ends_with_a_failure() {
        let output = Output::new(true, true, true);
        let mut steps = Steps::new(&output);
        steps.show("two is two", || Ok(((), "it is".to_owned()))).unwrap();
        let broken = steps.show("two is three", || {
            must(false, || "it is two".to_owned())?;
            Ok(((), String::new()))
        });
        assert_eq!(broken.unwrap_err().code(), "demo_failed");
        let told: Vec<(bool, &str)> =
            steps.done.iter().map(|step| (step.ok, step.detail.as_str())).collect();
        assert_eq!(told, [(true, "It is."), (false, "It is two.")]);
    }
}
