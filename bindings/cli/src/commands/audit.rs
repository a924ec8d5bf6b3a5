//! `audit`: what happened in the chart, and who has read what.

use holdfast::audit::{AuditEvent, AuditQuery, Clocked};
use holdfast::views::rfc3339;
use serde_json::{Value, json};

use crate::args::audit::Audit;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::{Align, Table, wrapped};
use crate::output::{Output, words};

/// Answers `audit`.
pub fn run(args: &Audit, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    let here = context.here_by(&engine)?;
    let since = args.since.as_ref().map(|since| here.start_of(since)).transpose();
    let since = since.map_err(|refused| Failure::bad_value("since", refused))?;
    let query = AuditQuery { since_ms: since.map(jiff::Timestamp::as_millisecond) };
    let events = engine.audit(&query)?;
    let zone = here.zone();
    let listed: Vec<Value> = events.iter().map(|event| body(event, &zone)).collect();
    output.answer(json!({ "events": listed }), |o| {
        if events.is_empty() {
            return words::plain("prompt.audit.nothing");
        }
        let mut table = Table::new([("", Align::Left), ("", Align::Left), ("", Align::Left)]);
        for event in &events {
            let time = event.at_ms.map(|at| minutes(at, &zone));
            table.row([
                time.unwrap_or_default(),
                whose(event),
                words::reader().say(&event.sentence),
            ]);
        }
        format!(
            "{}\n\n{}",
            table.text(o.width),
            wrapped(&words::plain("prompt.audit.says"), o.width, 0)
        )
    });
    Ok(())
}

/// The clock that told the time: the relay's, or a device's of this account.
fn whose(event: &AuditEvent) -> String {
    match event.clock {
        Some(Clocked::Relay) => words::plain("prompt.audit.relay"),
        Some(Clocked::Device) => words::plain("prompt.audit.device"),
        None => String::new(),
    }
}

fn time(at_ms: i64, zone: &str) -> String {
    rfc3339(&holdfast::clock::moment(at_ms, zone))
}

/// `2026-11-20 14:03`, in the zone of here.
fn minutes(at_ms: i64, zone: &str) -> String {
    time(at_ms, zone).get(..16).unwrap_or_default().replace('T', " ")
}

fn body(event: &AuditEvent, zone: &str) -> Value {
    let mut body = serde_json::to_value(event).unwrap_or_default();
    body["at"] = event.at_ms.map(|at| time(at, zone)).into();
    body
}
