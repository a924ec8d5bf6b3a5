//! `history`: what was done, in pages, the newest first.

use holdfast::domain::catalogue::own::OWN_PREFIX;
use holdfast::domain::units::LocalDay;
use holdfast::sharing::Class;
use holdfast::views::{Cursor, HistoryPage};
use holdfast::{Engine, HistoryQuery};
use jiff::Timestamp;

use super::catalog;
use crate::args::record::{Grouping, History};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, record, words};
use crate::when::{Here, When};

/// Answers `history`.
pub fn run(args: &History, context: &Context, output: &Output) -> Outcome {
    let engine = context.open_for(Class::Log)?;
    let here = context.here_by(&engine)?;
    let (since, from) = bound(args.since.as_ref(), "since", &here)?;
    let (until, to) = bound(args.until.as_ref(), "until", &here)?;
    let named = args.exercise.as_deref();
    // A removed exercise of one's own is no more to be found by name; its id still is.
    let recorded = named.filter(|id| id.starts_with(OWN_PREFIX)).map(str::to_owned);
    let found = named.filter(|_| recorded.is_none());
    let found = found.map(|key| catalog::find_any(key, context)).transpose()?;
    let exercise = recorded.or(found.map(|exercise| exercise.id.to_string()));
    let after = args.after.as_deref().map(str::parse::<Cursor>).transpose();
    let query = HistoryQuery {
        since,
        until,
        exercise,
        side: args.side,
        by_session: args.by == Some(Grouping::Session),
        limit: Some(args.limit.into()),
        after: after.map_err(|refused| Failure::bad_value("after", refused))?,
    };
    let mut page = engine.history(&query)?;
    keep_between(&mut page, from, to);
    output.answer(&page, |o| text(&page, &engine, o));
    Ok(())
}

type Bound = (Option<LocalDay>, Option<Timestamp>);

fn bound(when: Option<&When>, field: &str, here: &Here) -> Outcome<Bound> {
    let Some(when) = when else { return Ok((None, None)) };
    let bound = here.bound(when);
    let (day, instant) = bound.map_err(|refused| Failure::bad_value(field, refused))?;
    Ok((Some(day), instant))
}

/// The engine counts in days; an hour inside the first or last one is kept to here.
fn keep_between(page: &mut HistoryPage, from: Option<Timestamp>, to: Option<Timestamp>) {
    let inside = |started_at: &str| {
        started_at
            .parse::<Timestamp>()
            .ok()
            .is_none_or(|at| from.is_none_or(|from| from <= at) && to.is_none_or(|to| at <= to))
    };
    if let Some(holds) = &mut page.holds {
        holds.retain(|hold| inside(&hold.started_at));
    }
    if let Some(sessions) = &mut page.sessions {
        sessions.retain(|session| inside(&session.started_at));
    }
}

fn text(page: &HistoryPage, engine: &Engine, output: &Output) -> String {
    let names = routine_names(engine);
    let mut said = match (&page.holds, &page.sessions) {
        (Some(holds), _) if !holds.is_empty() => record::holds(holds, output),
        (_, Some(sessions)) if !sessions.is_empty() => record::sessions(sessions, &names, output),
        _ => words::plain("prompt.history.nothing"),
    };
    if let Some(next) = &page.next {
        let more = words::say("prompt.history.more", &[("cursor", next.to_string().into())]);
        said.push_str(&format!("\n\n{more}"));
    }
    said
}

/// How routines are called, by their ids; an id stands for a routine that is gone.
pub fn routine_names(engine: &Engine) -> impl Fn(&str) -> String + use<> {
    let routines = engine.routines().unwrap_or_default();
    move |id: &str| {
        let known = routines.iter().find(|routine| routine.id == id);
        known.map_or_else(|| record::short(id).to_owned(), |routine| routine.name.clone())
    }
}
