//! `plan`: pauses the plan, resumes it, and says when the slots of the day are.

use holdfast::PlanView;
use holdfast::domain::schedule::Pause;
use holdfast::domain::units::LocalDay;
use holdfast::sharing::Class;

use crate::args::plan::Plan;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::{Align, Table, wrapped};
use crate::output::{Output, words};
use crate::when::When;

/// Answers `plan`.
pub fn run(args: &Plan, context: &Context, output: &Output) -> Outcome {
    let engine = context.open_for(Class::Plan)?;
    let here = context.here_by(&engine)?;
    let day = |field: &str, when: &When| {
        let day = here.day(when).map_err(|why| Failure::bad_value(field, why))?;
        Ok::<_, Failure>(LocalDay(day))
    };
    match args {
        Plan::Show => {
            let view = engine.plan_view()?;
            output.answer(&view, |o| text(&view, o));
        }
        Plan::Pause { from, until } => {
            let until = until.as_ref().map(|until| day("until", until)).transpose()?;
            let pause = Pause { from: day("from", from)?, until };
            let view = engine.pause_plan(pause.from, pause.until)?;
            output.confirm(&view, |o| wrapped(&line(pause), o.width, 0));
        }
        Plan::Resume => {
            let before = engine.plan_view()?.pauses;
            let view = engine.resume_plan()?;
            output.confirm(&view, |o| {
                let mut lines = vec![words::plain("prompt.schedule.resumed")];
                // What was only planned is not shortened but gone: that is to be said.
                let gone =
                    before.iter().filter(|one| view.pauses.iter().all(|p| p.from != one.from));
                lines.extend(gone.map(|one| {
                    let from = [("from", one.from.to_string().into())];
                    wrapped(&words::say("prompt.schedule.taken_back", &from), o.width, 0)
                }));
                lines.join("\n")
            });
        }
        Plan::Slot { slot, time, .. } => {
            let view = engine.set_slot_time(slot, *time)?;
            output.confirm(&view, |_| {
                let now = view.slots.iter().find(|(name, _)| name.as_str() == slot);
                match now {
                    Some((_, at)) => words::say(
                        "prompt.schedule.slot_is",
                        &[("slot", slot.as_str().into()), ("time", at.to_string().into())],
                    ),
                    None => words::say(
                        "prompt.schedule.slot_has_no_time",
                        &[("slot", slot.as_str().into())],
                    ),
                }
            });
        }
    }
    Ok(())
}

fn line(pause: Pause) -> String {
    let from = ("from", pause.from.to_string().into());
    match pause.until {
        Some(until) => {
            words::say("prompt.schedule.pause", &[from, ("until", until.to_string().into())])
        }
        None => words::say("prompt.schedule.pause_open", &[from]),
    }
}

fn text(view: &PlanView, output: &Output) -> String {
    let mut lines: Vec<String> =
        view.pauses.iter().map(|p| wrapped(&line(*p), output.width, 0)).collect();
    if lines.is_empty() {
        lines.push(words::plain("prompt.schedule.no_pause"));
    }
    let mut table =
        Table::new([("prompt.field.slot", Align::Left), ("prompt.field.time", Align::Left)]);
    let mut slots: Vec<_> = view.slots.iter().collect();
    slots.sort_by_key(|(_, at)| **at);
    for (slot, at) in slots {
        table.row([slot.to_string(), at.to_string()]);
    }
    format!("{}\n\n{}", lines.join("\n"), table.text(output.width))
}
