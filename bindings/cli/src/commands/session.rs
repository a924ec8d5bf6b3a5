//! `session`: shows one doing of a routine, or takes it out.

use holdfast::sharing::Class;
use serde_json::json;

use super::history::routine_names;
use crate::args::record::Session;
use crate::context::Context;
use crate::failure::Outcome;
use crate::output::{Output, record, words};

/// Answers `session`.
pub fn run(args: &Session, context: &Context, output: &Output) -> Outcome {
    let engine = context.open_for(Class::Log)?;
    match args {
        Session::Show { id } => {
            let shown = engine.session(id)?;
            output.answer(&shown, |o| {
                let name = shown.session.routine.as_deref().map(routine_names(&engine));
                let about = record::session(&shown.session, &name.unwrap_or_default(), o);
                format!("{about}\n\n{}", record::holds(&shown.holds, o))
            });
        }
        Session::Remove { id } => {
            let session = engine.session(id)?.session;
            engine.remove_session(&session.id)?;
            output.confirm(json!({ "removed": session.id }), |_| {
                let holds = words::counted("prompt.count.holds", session.holds);
                words::say(
                    "prompt.session.removed",
                    &[("day", session.local_day.as_str().into()), ("holds", holds.into())],
                )
            });
        }
    }
    Ok(())
}
