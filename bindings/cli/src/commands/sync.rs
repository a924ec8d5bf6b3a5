//! `sync`: sends what waits here, gets what is new elsewhere.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use holdfast::{Budget, Engine, SyncOutcome, SyncProblem, SyncReport, WatchEvent};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Outcome, sentence};
use crate::interrupt::Interrupt;
use crate::output::layout::wrapped;
use crate::output::{Output, words};

/// Answers `sync`.
pub fn once(context: &Context, output: &Output) -> Outcome {
    let engine = context.open_account()?;
    needs_relay(&engine)?;
    let report = sync(&engine, output)?;
    output.answer(&report, |o| text(&report, o));
    outcome(&report)
}

/// One sync, to its end or until the process is asked to end.
pub fn sync(engine: &Engine, output: &Output) -> Outcome<SyncReport> {
    let interrupt = Interrupt::listen();
    let budget = Budget::default();
    let cancel = budget.cancel.clone();
    let waiting = engine.relay()?.map_or(0, |relay| relay.queued);
    output.progress(&words::counted("prompt.sync.to_send", waiting));
    let report = std::thread::scope(|scope| {
        let (done, finished) = std::sync::mpsc::channel::<()>();
        scope.spawn(move || {
            while finished.recv_timeout(std::time::Duration::from_millis(100)).is_err() {
                if interrupt.is_heard() {
                    cancel.cancel();
                    return;
                }
            }
        });
        let report = engine.sync_once(&budget);
        let _ = done.send(());
        report
    });
    output.progress("");
    Ok(report?)
}

/// Refuses where no relay is set.
pub fn needs_relay(engine: &Engine) -> Outcome {
    if engine.relay()?.is_some() {
        return Ok(());
    }
    Err(Failure::state("no_relay", words::plain("prompt.sync.no_relay"))
        .hint(words::plain("prompt.sync.set_one")))
}

/// A problem in the reader's language.
fn said(problem: &SyncProblem) -> String {
    sentence(&words::reader().say(&problem.message))
}

/// A sync that could not be is told on stderr too, and ends with 1.
fn outcome(report: &SyncReport) -> Outcome {
    let why = || {
        let told: Vec<String> = report.problems.iter().map(said).collect();
        if told.is_empty() { words::plain("prompt.sync.cannot") } else { told.join(" ") }
    };
    match report.outcome {
        SyncOutcome::Done | SyncOutcome::More => Ok(()),
        SyncOutcome::Offline => Err(Failure::state("offline", why())),
        SyncOutcome::Locked => Err(Failure::state("locked", why())),
    }
}

/// What a sync did.
pub fn text(report: &SyncReport, output: &Output) -> String {
    let count = |n: u64| words::counted("prompt.count.entries", n).into();
    let mut said = match report.outcome {
        SyncOutcome::Offline | SyncOutcome::Locked => Vec::new(),
        SyncOutcome::Done if report.pushed + report.pulled == 0 => {
            vec![words::plain("prompt.sync.nothing")]
        }
        SyncOutcome::Done | SyncOutcome::More => {
            let moved = [("sent", count(report.pushed)), ("received", count(report.pulled))];
            vec![words::say("prompt.sync.moved", &moved)]
        }
    };
    if report.outcome == SyncOutcome::More {
        said.push(words::plain("prompt.sync.more"));
    }
    if report.queued > 0 {
        let waiting = words::counted("prompt.count.waiting", report.queued);
        said.push(words::say("prompt.sync.waiting", &[("waiting", waiting.into())]));
    }
    if matches!(report.outcome, SyncOutcome::Done | SyncOutcome::More) {
        said.extend(report.problems.iter().map(self::said));
    }
    wrapped(&said.join(" "), output.width, 0)
}

/// How often a watch looks whether another command has written something.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Serialize)]
struct Told<'a> {
    event: &'static str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    report: Option<&'a SyncReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// Answers `sync --watch`: stays until the process is asked to end. With `--json` each event is a
/// document on a line of its own.
pub fn watch(context: &Context, output: &Output) -> Outcome {
    let engine = context.open_account()?;
    needs_relay(&engine)?;
    let interrupt = Interrupt::listen();
    output.remark(&words::plain("prompt.sync.watching"));
    let (tell, told) = channel();
    let watching = engine.watch(move |event| drop(tell.send(event)))?;
    let mut waiting = 0;
    while !interrupt.is_heard() {
        match told.recv_timeout(LOOK_EVERY) {
            Ok(WatchEvent::Failed(error)) => return Err(error.into()),
            Ok(event) => show(&event, output),
            Err(RecvTimeoutError::Disconnected) => break,
            // Other commands write to the same home while this one waits. Only what is new is a
            // reason to try at once: a relay that is away is tried at the watch's own pace.
            Err(RecvTimeoutError::Timeout) => {
                let queued = engine.relay()?.map_or(0, |relay| relay.queued);
                if queued > waiting {
                    engine.network_changed();
                }
                waiting = queued;
            }
        }
    }
    drop(watching);
    Ok(())
}

fn show(event: &WatchEvent, output: &Output) {
    let told = match event {
        WatchEvent::Synced(report) => Told { event: "synced", report: Some(report), why: None },
        WatchEvent::Connected => Told { event: "connected", report: None, why: None },
        WatchEvent::Waiting { why, .. } => {
            Told { event: "waiting", report: None, why: Some(words::reader().say(why)) }
        }
        WatchEvent::Failed(_) => return,
    };
    let moved =
        |report: &SyncReport| report.pushed + report.pulled > 0 || !report.problems.is_empty();
    output.answer(&told, |o| match event {
        WatchEvent::Synced(report) if moved(report) => text(report, o),
        WatchEvent::Waiting { why, .. } => sentence(&words::reader().say(why)),
        _ => String::new(),
    });
}
