//! `schedule`: what is due and when, the soonest first.

use holdfast::domain::schedule::DueState;
use holdfast::domain::units::LocalDay;
use holdfast::sharing::Class;
use holdfast::{Due, RecoveryView};
use serde_json::json;

use super::habit::recovery_text;
use crate::args::plan::Schedule;
use crate::context::Context;
use crate::failure::Outcome;
use crate::output::layout::{Align, Table, wrapped};
use crate::output::{Output, words};

/// How many days are looked at where nobody says, today among them.
pub const DAYS_AHEAD: u16 = 7;

/// Answers `schedule`.
pub fn run(args: &Schedule, context: &Context, output: &Output) -> Outcome {
    let engine = context.open_for(Class::Plan)?;
    let due = engine.due(args.days)?;
    let plan = engine.plan_view()?;
    let recovery = engine.recovery_ahead(args.days)?;
    let today = LocalDay(context.here_by(&engine)?.today());
    let body = json!({ "due": due, "paused": plan.paused, "recovery": recovery });
    output.answer(body, |o| {
        let mut parts = Vec::new();
        if plan.paused {
            parts.push(wrapped(&words::plain("prompt.schedule.paused_today"), o.width, 0));
        }
        if due.is_empty() {
            let none = words::counted("prompt.schedule.nothing_due", u64::from(args.days));
            parts.push(wrapped(&none, o.width, 0));
        } else {
            parts.push(table(&due, today, &recovery).text(o.width));
        }
        let said = recovery.iter().map(|recovery| recovery_text(recovery, None));
        parts.extend(said.map(|said| wrapped(&said, o.width, 0)));
        parts.join("\n\n")
    });
    Ok(())
}

fn table(due: &[Due], today: LocalDay, recovery: &[RecoveryView]) -> Table {
    let mut table = Table::new([
        ("prompt.field.day", Align::Left),
        ("prompt.field.time", Align::Left),
        ("prompt.field.slot", Align::Left),
        ("prompt.field.routine", Align::Left),
        ("", Align::Left),
    ]);
    for due in due {
        table.row([
            day(due, today),
            time(due),
            due.slot.clone().unwrap_or_default(),
            due.name.clone(),
            remark(due, recovery),
        ]);
    }
    table
}

fn day(due: &Due, today: LocalDay) -> String {
    match due.day {
        Some(day) if day == today => words::plain("prompt.schedule.today"),
        Some(day) if day == today.plus(1) => words::plain("prompt.schedule.tomorrow"),
        Some(day) => day.to_string(),
        None => words::say("prompt.schedule.by", &[("day", due.to.to_string().into())]),
    }
}

/// The time on the clock of the place: a night's after midnight is still of the day before.
fn time(due: &Due) -> String {
    let at = due.at.as_deref().and_then(|at| at.split_once('T'));
    at.map_or_else(
        || words::plain("prompt.schedule.any_time"),
        |(_, time)| time.chars().take(5).collect(),
    )
}

fn remark(due: &Due, recovery: &[RecoveryView]) -> String {
    let mut said = Vec::new();
    let may_rest = |day| recovery.iter().any(|r| (r.from..=r.to_older).contains(&day));
    match due.state {
        DueState::Recovery => said.push(words::plain("prompt.schedule.recovery")),
        _ if due.day.is_some_and(may_rest) => {
            said.push(words::plain("prompt.schedule.recovery_older"));
        }
        DueState::Late => said.push(words::plain("prompt.schedule.late")),
        DueState::Upcoming | DueState::Open => {}
    }
    if due.times > 1 {
        said.push(words::counted("prompt.schedule.times", u64::from(due.times)));
    }
    if due.day.is_some_and(|day| day < due.to) {
        said.push(words::say("prompt.schedule.or_by", &[("day", due.to.to_string().into())]));
    }
    said.join(", ")
}
