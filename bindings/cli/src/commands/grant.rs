//! `grant` and `remove`: what a member may do, and its end. What cannot be called back is said.

use holdfast::{Engine, GrantEdit, GrantEnd};
use serde_json::json;

use super::in_force;
use crate::args::people::{Grant, Remove};
use crate::args::sharing::parted;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::wrapped;
use crate::output::people::{grants, member, role};
use crate::output::{Output, words};

/// Answers `grant`.
pub fn run(args: &Grant, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    let edit = edit(args, &engine, context)?;
    let wanted = engine.edit_grant(&args.member, &edit)?;
    let find = || {
        let members = engine.members()?;
        Ok::<_, Failure>(members.into_iter().find(|one| one.account == wanted.account))
    };
    let done = || Ok(find()?.is_none_or(|one| one.pending.is_none()));
    let told = in_force::tell(&engine, output, &done)?;
    let now = find()?.unwrap_or(wanted);
    let zone = context.here_by(&engine)?.zone();
    let body = json!({ "member": member(&now, &zone), "in_force": told.in_force });
    output.confirm(body, |o| {
        let said = if told.in_force {
            let args = [
                ("name", now.name.as_str().into()),
                ("role", role(now.role).into()),
                ("grants", grants(&now.grants).into()),
            ];
            words::say("prompt.people.granted", &args)
        } else {
            let what = words::say("prompt.people.to_change", &[("name", now.name.as_str().into())]);
            words::say("prompt.people.not_yet", &[("what", what.into())])
        };
        let kept = words::plain("prompt.people.what_was_read");
        wrapped(&format!("{said} {kept}"), o.width, 0)
    });
    Ok(())
}

fn edit(args: &Grant, engine: &Engine, context: &Context) -> Outcome<GrantEdit> {
    let here = context.here_by(engine)?;
    let until = args.until.as_ref().map(|until| here.end_of(until)).transpose();
    let until = until.map_err(|refused| Failure::bad_value("until", refused))?;
    let end = match until {
        _ if args.no_end => GrantEnd::Never,
        Some(at) => GrantEnd::At(u64::try_from(at.as_millisecond()).unwrap_or(0)),
        None => GrantEnd::AsBefore,
    };
    let (with, exactly) = parted(&args.class);
    let edit = GrantEdit { role: args.role, without: args.without.clone(), with, exactly, end };
    if edit == GrantEdit::default() {
        return Err(Failure::usage(words::plain("prompt.people.nothing_to_change")));
    }
    Ok(edit)
}

/// Answers `remove`.
pub fn remove(args: &Remove, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    let found = engine.member(&args.member)?;
    let name = [("name", found.name.as_str().into())];
    if !args.yes {
        let message = words::say("prompt.people.removes", &name);
        let failure = Failure::state("needs_confirmation", message);
        return Err(failure.field("yes").hint(words::plain("prompt.yes_does_it")));
    }
    let wanted = engine.remove_member(&args.member)?;
    let gone = || Ok(engine.members()?.iter().all(|one| one.account != wanted.account));
    let told = in_force::tell(&engine, output, &gone)?;
    let body = json!({
        "removed": found.name, "account": found.account, "in_force": told.in_force,
    });
    output.answer(body, |o| {
        let said = if told.in_force {
            words::say("prompt.people.removed", &name)
        } else {
            let what = words::say("prompt.people.to_remove", &name);
            words::say("prompt.people.not_yet", &[("what", what.into())])
        };
        let kept = words::say("prompt.people.not_called_back", &name);
        wrapped(&format!("{said} {kept}"), o.width, 0)
    });
    Ok(())
}
