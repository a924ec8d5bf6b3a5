//! `accept`: takes in a copy of a routine, or comes into somebody's chart. A relay that this device has not used
//! yet is named before it is contacted.

use holdfast::routine::{ImportOptions, RoutineImport};
use holdfast::{ChartStanding, Engine, Inspection, InviteInside};
use serde_json::json;

use super::links::{self, Found};
use crate::args::sharing::Accept;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::wrapped;
use crate::output::people::{chart, grants, host, role};
use crate::output::{Output, words};

/// Answers `accept`.
pub fn run(args: &Accept, context: &Context, output: &Output) -> Outcome {
    let options = ImportOptions { name: args.name.clone(), ..ImportOptions::default() };
    match links::find(&args.link)? {
        Found::RoutineFile(text) => {
            let engine = own_or_named(context)?;
            taken_in(&engine.import_routine(&text, &options)?, output)
        }
        Found::Link(link, inside) => match *inside {
            Inspection::Routine(_) => {
                let engine = own_or_named(context)?;
                taken_in(&engine.accept_routine(&link, &options)?, output)
            }
            Inspection::Invite(inside) => come_in(args, &link, &inside, context, output),
            _ => Err(pairing_link()),
        },
    }
}

/// A routine belongs into one's own plan, whatever chart was looked at before.
fn own_or_named(context: &Context) -> Outcome<Engine> {
    if context.names_chart() { context.open() } else { context.open_account() }
}

/// A link that adds a device lets nobody into a chart.
fn pairing_link() -> Failure {
    Failure::bad_value("link", words::plain("prompt.sharing.pairing_link"))
        .coded("pairing_link")
        .hint(words::plain("prompt.sharing.pairing_link_hint"))
}

fn taken_in(done: &RoutineImport, output: &Output) -> Outcome {
    output.confirm(done, |o| {
        let name = [("name", done.view.routine.name.as_str().into())];
        let mut said = words::say(
            match done.added {
                true => "prompt.own.routine.taken_in",
                false => "prompt.own.routine.here_already",
            },
            &name,
        );
        if !done.exercises_added.is_empty() {
            let names = done.exercises_added.join(", ");
            said.push(' ');
            let args = [("names", names.into())];
            said.push_str(&words::say("prompt.own.routine.with_exercises", &args));
        }
        wrapped(&said, o.width, 0)
    });
    Ok(())
}

fn come_in(
    args: &Accept,
    link: &str,
    inside: &InviteInside,
    context: &Context,
    output: &Output,
) -> Outcome {
    let engine = context.open_account()?;
    if engine.relay()?.is_none() && !args.yes {
        let said = [("host", host(&inside.relay).into()), ("from", inside.from.as_str().into())];
        return Err(Failure::state(
            "needs_confirmation",
            words::say("prompt.sharing.new_relay", &said),
        )
        .field("yes")
        .hint(words::plain("prompt.yes_does_it"))
        .with("relay", inside.relay.clone()));
    }
    let already = engine.came_in_with(link)?;
    output.progress(&words::plain("prompt.sharing.coming_in"));
    let done = engine.accept_invite_as(link, args.name.as_deref());
    output.progress("");
    let view = done.map_err(|error| Failure::from(error).field("link"))?;
    let zone = context.here_by(&engine)?.zone();
    output.answer(json!({ "chart": chart(&view, &zone), "already_in": already }), |o| {
        let said = [
            ("chart", view.name.as_str().into()),
            ("owner", view.owner_name.as_str().into()),
            ("role", role(view.role).into()),
            ("grants", grants(&view.grants).into()),
        ];
        let code = match view.standing {
            _ if already => "prompt.sharing.in_already",
            ChartStanding::Waiting => "prompt.sharing.came_in_waiting",
            _ => "prompt.sharing.came_in",
        };
        wrapped(&words::say(code, &said), o.width, 0)
    });
    Ok(())
}
