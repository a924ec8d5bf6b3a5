//! `hold`: shows one, puts it right, takes it out.

use std::collections::BTreeSet;

use holdfast::HoldEdit;
use holdfast::domain::record::EditField;
use holdfast::sharing::Class;
use serde_json::json;

use super::{log, safety};
use crate::args::record::{Hold, HoldEdit as Given};
use crate::args::values::Eased;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, record, words};
use crate::when::Here;

/// Answers `hold`.
pub fn run(args: Hold, context: &Context, output: &Output) -> Outcome {
    let engine = context.open_for(Class::Log)?;
    match args {
        Hold::Show { id, observations: false } => {
            let hold = engine.hold(&id)?;
            output.answer(json!({ "hold": hold }), |o| record::hold(&hold, o));
        }
        Hold::Show { id, observations: true } => {
            let hold = engine.hold(&id)?;
            let seen = engine.hold_observations(&hold.hold_id)?;
            output.answer(json!({ "hold": hold, "observations": seen }), |o| {
                format!("{}\n\n{}", record::hold(&hold, o), record::observations(&seen, o))
            });
        }
        Hold::Edit(given) => {
            let id = given.id.clone();
            let edit = edit(*given, &context.here_by(&engine)?)?;
            let hold = engine.edit_hold(&id, &edit).map_err(|error| log::asked(error.into()))?;
            let flags = safety::flags_of(std::slice::from_ref(&hold), &*engine.catalogue()?);
            let mut body = json!({ "hold": hold });
            if !flags.is_empty() {
                body["red_flags"] = flags.iter().map(|flag| flag.id.as_str()).collect();
            }
            output.confirm(body, |o| match flags.is_empty() {
                true => record::hold(&hold, o),
                false => format!("{}\n\n{}", record::hold(&hold, o), safety::flags_text(&flags, o)),
            });
        }
        Hold::Remove { id } => {
            let hold = engine.hold(&id)?;
            engine.remove_hold(&hold.hold_id)?;
            output.confirm(json!({ "removed": hold.hold_id }), |_| {
                let name = record::called(&hold);
                words::say(
                    "prompt.hold.removed",
                    &[("exercise", name.into()), ("day", hold.local_day.as_str().into())],
                )
            });
        }
    }
    Ok(())
}

fn edit(given: Given, here: &Here) -> Outcome<HoldEdit> {
    let detail = given.detail;
    let mut clear = given.clear.iter().map(|f| field(f)).collect::<Outcome<BTreeSet<_>>>()?;
    let eased = match detail.eased {
        Some(Eased::After(after)) => Some(after),
        Some(Eased::No) => {
            clear.insert(EditField::Eased);
            None
        }
        None => None,
    };
    let edit = HoldEdit {
        clear,
        target: detail.target,
        held: given.held,
        eased,
        paused: detail.paused,
        reps: given.reps,
        load: detail.load,
        tempo: detail.tempo.map(|tempo| tempo.0),
        pain_before: detail.pain_before.map(u8::from),
        pain_after: detail.pain_after.map(u8::from),
        pain_site: detail.pain_site,
        tool: detail.tool,
        ended: given.ended,
        by: detail.by,
        at: given.at.as_ref().map(|at| log::moment(at, here)).transpose()?,
        note: detail.note,
        yes: false,
    };
    if edit == HoldEdit::default() {
        return Err(Failure::usage(words::plain("prompt.hold.nothing_to_edit"))
            .hint(words::plain("prompt.hold.fields_help")));
    }
    Ok(HoldEdit { yes: given.yes, ..edit })
}

fn field(text: &str) -> Outcome<EditField> {
    let name = if text == "by" { "assisted_by".to_owned() } else { text.replace('-', "_") };
    serde_json::from_value(json!(name)).map_err(|_| {
        Failure::bad_value(
            "clear",
            words::say("prompt.hold.no_such_field", &[("field", text.into())]),
        )
        .hint(words::plain("prompt.hold.clearable"))
    })
}
