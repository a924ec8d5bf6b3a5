//! The demo: a relay and two devices with real files and real HTTP, in a folder that is gone
//! afterwards. It proves what it says, or ends with 1.

mod company;
mod search;
mod steps;
mod story;

use std::time::Instant;

use serde::Serialize;

use crate::args::data::Demo;
use crate::failure::{Failure, Outcome};
use crate::output::layout::facts;
use crate::output::{Output, words};
use steps::{Step, Steps};
use story::Story;

/// What the syncs of the story came to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Figures {
    /// Holds in the record at the end.
    pub holds: u64,
    /// Syncs that were made.
    pub syncs: u64,
    /// Requests answered.
    pub round_trips: u64,
    /// Entries the relay took.
    pub pushed: u64,
    /// Entries that came from the relay.
    pub pulled: u64,
    /// Bytes of request bodies.
    pub bytes_sent: u64,
    /// Bytes of answer bodies.
    pub bytes_received: u64,
    /// Requests of a sync with nothing to say.
    pub idle_round_trips: u64,
    /// Bytes of bodies, both ways, of a sync with nothing to say.
    pub idle_bytes: u64,
    /// Bytes on the relay's disk that were searched.
    pub relay_bytes: u64,
    /// How long all of it took, in milliseconds.
    pub took_ms: u64,
}

#[derive(Serialize)]
struct Told<'a> {
    ok: bool,
    steps: &'a [Step],
    figures: &'a Figures,
}

/// Answers `demo`.
pub fn run(args: &Demo, output: &Output) -> Outcome {
    let begun = Instant::now();
    let mut steps = Steps::new(output);
    let mut figures = Figures::default();
    let told = tell(args, &mut steps, &mut figures, output);
    figures.took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let ok = told.is_ok();
    let document = Told { ok, steps: &steps.done, figures: &figures };
    output.answer(&document, |o| if ok { summary(&figures, o) } else { String::new() });
    told
}

fn tell(args: &Demo, steps: &mut Steps<'_>, figures: &mut Figures, output: &Output) -> Outcome {
    let folder = tempfile::Builder::new().prefix("holdfast-demo-").tempdir().map_err(|error| {
        Failure::state(
            "no_folder",
            words::say("prompt.demo.no_folder", &[("detail", error.to_string().into())]),
        )
    })?;
    let told = Story::new(folder.path()).tell(steps, figures, output);
    if args.keep {
        let kept = folder.keep();
        let path = kept.display().to_string();
        output.remark(&words::say("prompt.demo.kept", &[("path", path.into())]));
        return told;
    }
    told?;
    steps.show("prompt.demo.step.cleaned", || {
        let path = folder.path().to_owned();
        folder.close()?;
        steps::must(!path.exists(), || {
            words::say("prompt.demo.still_there", &[("path", path.display().to_string().into())])
        })?;
        Ok(((), words::plain("prompt.demo.gone")))
    })
}

fn summary(figures: &Figures, output: &Output) -> String {
    let ms = figures.took_ms;
    let time = words::reader().decimal(&format!("{}.{}", ms / 1000, ms % 1000 / 100));
    let moved = |sent: u64, received: u64| {
        words::say("prompt.demo.moved", &[("sent", sent.into()), ("received", received.into())])
    };
    let bytes = |n: u64| words::counted("prompt.count.bytes", n);
    let idle = words::counted("prompt.count.round_trips", figures.idle_round_trips);
    let facts = facts(
        &[
            ("prompt.demo.fact.holds", figures.holds.to_string()),
            ("prompt.demo.fact.syncs", figures.syncs.to_string()),
            ("prompt.demo.fact.round_trips", figures.round_trips.to_string()),
            ("prompt.demo.fact.entries", moved(figures.pushed, figures.pulled)),
            ("prompt.demo.fact.bytes", moved(figures.bytes_sent, figures.bytes_received)),
            ("prompt.demo.fact.idle", format!("{idle}, {}", bytes(figures.idle_bytes))),
            ("prompt.demo.fact.searched", bytes(figures.relay_bytes)),
            ("prompt.demo.fact.time", format!("{time} s")),
        ],
        output.width,
    );
    format!("\n{facts}\n\n{}", words::plain("prompt.demo.held"))
}
