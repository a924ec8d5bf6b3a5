//! `chart leave`, `chart close`, `chart erase`: charts that end. What goes, what stays, and what can still be exported is
//! said before anything is done.

use holdfast::{ChartStanding, ChartView, Engine};
use serde_json::json;

use super::in_force;
use crate::args::audit::{Close, EraseCopy, Leave};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::wrapped;
use crate::output::people::{chart, time};
use crate::output::{Output, words};

/// The chart of a name, and the engine that looks at it.
fn open(name: &str, context: &Context) -> Outcome<(Engine, ChartView)> {
    let account = context.open_account()?;
    let found = account.chart(name).map_err(|error| {
        Failure::from(error).field("name").hint(words::plain("prompt.people.list_charts"))
    })?;
    let view = found.current_chart()?;
    Ok((found, view))
}

fn confirm_first(message: &str, view: &ChartView) -> Failure {
    let mut said = message.to_owned();
    if view.unsent > 0 {
        said.push(' ');
        said.push_str(&words::counted("prompt.ending.unsent", view.unsent));
    }
    let hint = words::say("prompt.ending.export_first", &[("chart", called(view).into())]);
    Failure::state("needs_confirmation", said).field("yes").hint(hint)
}

/// What to type after `--chart`.
fn called(view: &ChartView) -> String {
    if view.own { "own".to_owned() } else { view.name.clone() }
}

/// Answers `chart leave`.
pub fn leave(args: &Leave, context: &Context, output: &Output) -> Outcome {
    let (engine, view) = open(&args.name, context)?;
    let name = [("chart", view.name.as_str().into())];
    if !args.yes {
        let code = if args.erase { "prompt.ending.leaves_erasing" } else { "prompt.ending.leaves" };
        return Err(confirm_first(&words::say(code, &name), &view));
    }
    if args.erase {
        engine.leave_and_erase()?;
    } else {
        engine.leave()?;
    }
    let account = context.open_account()?;
    let standing = || {
        let charts = account.charts()?;
        Ok::<_, Failure>(charts.into_iter().find(|one| one.id == view.id).map(|one| one.standing))
    };
    let done = || Ok(standing()?.is_none_or(|standing| standing == ChartStanding::Gone));
    let told = in_force::tell(&account, output, &done)?;
    // The sync that hears of it erases afterwards.
    let erased = args.erase && told.in_force && standing()?.is_none();
    let body =
        json!({ "left": view.name, "id": view.id, "in_force": told.in_force, "erased": erased });
    output.answer(body, |o| {
        let said = match (told.in_force, erased) {
            (false, _) => {
                let what = words::say("prompt.ending.to_leave", &name);
                words::say("prompt.people.not_yet", &[("what", what.into())])
            }
            (true, true) => words::say("prompt.ending.left_and_erased", &name),
            (true, false) => words::say("prompt.ending.left", &name),
        };
        wrapped(&said, o.width, 0)
    });
    Ok(())
}

/// Answers `chart close`.
pub fn close(args: &Close, context: &Context, output: &Output) -> Outcome {
    let (engine, view) = open(&args.name, context)?;
    let name = [("chart", view.name.as_str().into())];
    if !args.yes {
        let others = others(&engine)?;
        let said = match others.is_empty() {
            true => words::say("prompt.ending.closes_alone", &name),
            false => words::say(
                "prompt.ending.closes",
                &[("chart", view.name.as_str().into()), ("others", others.join(", ").into())],
            ),
        };
        return Err(confirm_first(&said, &view));
    }
    engine.close_chart()?;
    let done = || Ok(engine.current_chart()?.standing == ChartStanding::Closed);
    let told = in_force::tell(&engine, output, &done)?;
    let zone = context.here_by(&engine)?.zone();
    let now = engine.current_chart()?;
    let erases = now.erases_at_ms.and_then(|at| u64::try_from(at).ok()).map(|at| time(at, &zone));
    let body = json!({
        "chart": chart(&now, &zone), "in_force": told.in_force, "erases_at": erases,
    });
    output.answer(body, |o| {
        let said = match (&erases, told.in_force) {
            (Some(erases), true) => words::say(
                "prompt.ending.closed",
                &[
                    ("chart", view.name.as_str().into()),
                    ("name", called(&view).into()),
                    ("erases", erases.get(..10).unwrap_or(erases).into()),
                ],
            ),
            _ => {
                let what = words::say("prompt.ending.to_close", &name);
                words::say("prompt.people.not_yet", &[("what", what.into())])
            }
        };
        wrapped(&said, o.width, 0)
    });
    Ok(())
}

/// Answers `chart erase`.
pub fn erase(args: &EraseCopy, context: &Context, output: &Output) -> Outcome {
    let (engine, view) = open(&args.name, context)?;
    let name = [("chart", view.name.as_str().into())];
    if !args.yes && matches!(view.standing, ChartStanding::Gone | ChartStanding::Closed) {
        return Err(confirm_first(&words::say("prompt.ending.erases", &name), &view));
    }
    engine.erase_chart()?;
    output.confirm(json!({ "erased": view.name, "id": view.id }), |o| {
        wrapped(&words::say("prompt.ending.erased", &name), o.width, 0)
    });
    Ok(())
}

/// The names of the others who take part in a chart.
pub fn others(engine: &Engine) -> Outcome<Vec<String>> {
    let members = engine.members()?;
    Ok(members.into_iter().filter(|one| !one.me).map(|one| one.name).collect())
}
