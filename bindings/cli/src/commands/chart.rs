//! `chart`: which charts this account takes part in, and which one is worked on.

use holdfast::{ChartStanding, ChartView, Engine};
use serde_json::json;

use super::ending;
use crate::args::people::Chart;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::{Align, Table};
use crate::output::people::{chart, grants, role, time};
use crate::output::{Output, record, words};

/// Answers `chart`.
pub fn run(args: &Chart, context: &Context, output: &Output) -> Outcome {
    match args {
        Chart::List => {
            let engine = context.open_account()?;
            list(&engine, &context.here_by(&engine)?.zone(), output)
        }
        Chart::Use { name } => {
            let engine = context.open_account()?;
            let used = engine.use_chart(name);
            let used = used.map_err(|error| Failure::from(error).field("chart"))?;
            let zone = context.here_by(&engine)?.zone();
            output.confirm(json!({ "chart": chart(&used, &zone) }), |_| match used.own {
                true => words::plain("prompt.people.uses_own"),
                false => words::say("prompt.people.uses", &[("chart", used.name.as_str().into())]),
            });
            Ok(())
        }
        Chart::Leave(args) => ending::leave(args, context, output),
        Chart::Close(args) => ending::close(args, context, output),
        Chart::Erase(args) => ending::erase(args, context, output),
    }
}

fn list(engine: &Engine, zone: &str, output: &Output) -> Outcome {
    let charts = engine.charts()?;
    let used = engine.chart_in_use().and_then(|engine| engine.current_chart()).ok();
    let in_use = |view: &ChartView| used.as_ref().is_some_and(|used| used.id == view.id);
    let listed: Vec<_> = charts
        .iter()
        .map(|view| {
            let mut body = chart(view, zone);
            body["in_use"] = in_use(view).into();
            body
        })
        .collect();
    output.answer(json!({ "charts": listed }), |o| {
        let mut table = Table::new([
            ("prompt.field.name", Align::Left),
            ("prompt.field.id", Align::Left),
            ("prompt.people.field.role", Align::Left),
            ("prompt.people.field.may", Align::Left),
            ("prompt.people.field.until", Align::Left),
            ("", Align::Left),
        ]);
        for view in &charts {
            let mut remarks = Vec::new();
            if view.own {
                remarks.push(words::plain("prompt.people.own"));
            }
            if in_use(view) {
                remarks.push(words::plain("prompt.people.in_use"));
            }
            remarks.extend(standing(view.standing));
            if let Some(at) = view.erases_at_ms.and_then(|at| u64::try_from(at).ok()) {
                let day = time(at, zone).get(..10).unwrap_or_default().to_owned();
                remarks.push(words::say("prompt.ending.erases_on", &[("day", day.into())]));
            }
            table.row([
                view.name.clone(),
                record::short(&view.id).to_owned(),
                role(view.role),
                grants(&view.grants),
                view.until_ms.map(|until| time(until, zone)).unwrap_or_default(),
                remarks.join(", "),
            ]);
        }
        table.text(o.width)
    });
    Ok(())
}

fn standing(standing: ChartStanding) -> Option<String> {
    let code = match standing {
        ChartStanding::Active => return None,
        ChartStanding::Waiting => "prompt.people.standing.waiting",
        ChartStanding::Ended => "prompt.people.standing.ended",
        ChartStanding::Gone => "prompt.people.standing.gone",
        ChartStanding::Closed => "prompt.people.standing.closed",
    };
    Some(words::plain(code))
}
