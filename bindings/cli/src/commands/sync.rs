//! `sync`: sends what waits here, gets what is new elsewhere.

use holdfast::{Budget, Engine, SyncOutcome, SyncReport};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output::layout::wrapped;
use crate::output::{Output, words};

/// Answers `sync`.
pub fn once(context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
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
    output.progress(&format!("{} to send …", words::counted(waiting, "change", "changes")));
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

fn needs_relay(engine: &Engine) -> Outcome {
    if engine.relay()?.is_some() {
        return Ok(());
    }
    Err(Failure::state("no_relay", "no relay is set, so there is nothing to be in step with")
        .hint("`holdfast relay set URL` sets one"))
}

/// A sync that could not be is told on stderr too, and ends with 1.
fn outcome(report: &SyncReport) -> Outcome {
    let why = || {
        let told: Vec<&str> = report.problems.iter().map(|p| p.message.as_str()).collect();
        if told.is_empty() { "the relay cannot be used now".to_owned() } else { told.join(" ") }
    };
    match report.outcome {
        SyncOutcome::Done | SyncOutcome::More => Ok(()),
        SyncOutcome::Offline => Err(Failure::state("offline", why())),
        SyncOutcome::Locked => Err(Failure::state("locked", why())),
    }
}

/// What a sync did.
pub fn text(report: &SyncReport, output: &Output) -> String {
    let count = |n: u64| words::counted(n, "entry", "entries");
    let mut said = match report.outcome {
        SyncOutcome::Offline | SyncOutcome::Locked => Vec::new(),
        SyncOutcome::Done if report.pushed + report.pulled == 0 => {
            vec!["Nothing new here or there.".to_owned()]
        }
        SyncOutcome::Done | SyncOutcome::More => {
            vec![format!("Sent {}, received {}.", count(report.pushed), count(report.pulled))]
        }
    };
    if report.outcome == SyncOutcome::More {
        said.push("There is more; sync again.".to_owned());
    }
    if report.queued > 0 {
        let waiting = words::counted(report.queued, "change waits", "changes wait");
        said.push(format!("{waiting} here for the next sync; nothing is lost."));
    }
    if matches!(report.outcome, SyncOutcome::Done | SyncOutcome::More) {
        said.extend(report.problems.iter().map(|p| crate::failure::sentence(&p.message)));
    }
    wrapped(&said.join(" "), output.width, 0)
}
