//! `invite`: the links into the chart that nobody has used yet, and taking one back.

use holdfast::{Engine, InviteView};
use serde_json::{Value, json};

use super::in_force;
use crate::args::sharing::Invite;
use crate::context::Context;
use crate::failure::Outcome;
use crate::output::layout::{Align, Table, wrapped};
use crate::output::people::{grants, role, time};
use crate::output::{Output, record, words};

/// Answers `invite`.
pub fn run(args: &Invite, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    match args {
        Invite::List => list(&engine, &context.here_by(&engine)?.zone(), output),
        Invite::Revoke { invite } => {
            let ending = engine.revoke_invite(invite)?;
            let gone = || Ok(engine.invites()?.iter().all(|one| one.invite != ending.invite));
            let told = in_force::tell(&engine, output, &gone)?;
            let body = json!({ "revoked": ending.invite, "in_force": told.in_force });
            output.confirm(body, |o| {
                let said = match told.in_force {
                    true => words::plain("prompt.sharing.taken_back"),
                    false => words::say(
                        "prompt.people.not_yet",
                        &[("what", words::plain("prompt.sharing.not_taken_back").into())],
                    ),
                };
                wrapped(&said, o.width, 0)
            });
            Ok(())
        }
    }
}

/// An invite as JSON has it.
pub fn body(invite: Option<&InviteView>, zone: &str) -> Value {
    let Some(invite) = invite else { return json!({}) };
    json!({
        "invite": invite.invite,
        "name": invite.name,
        "role": invite.role,
        "grants": invite.grants,
        "until": invite.until_ms.map(|until| time(until, zone)),
        "expires_at": time(invite.expires_at_ms, zone),
        "after_compare": invite.confirm_first,
        "ending": invite.ending,
    })
}

fn list(engine: &Engine, zone: &str, output: &Output) -> Outcome {
    let open = engine.invites()?;
    let listed: Vec<Value> = open.iter().map(|one| body(Some(one), zone)).collect();
    output.answer(json!({ "invites": listed }), |o| {
        if open.is_empty() {
            return words::plain("prompt.sharing.no_invites");
        }
        let mut table = Table::new([
            ("prompt.field.id", Align::Left),
            ("prompt.people.field.for", Align::Left),
            ("prompt.people.field.role", Align::Left),
            ("prompt.people.field.may", Align::Left),
            ("prompt.people.field.open_until", Align::Left),
            ("", Align::Left),
        ]);
        for one in &open {
            let remark = match (one.ending, one.confirm_first) {
                (true, _) => words::plain("prompt.sharing.ending"),
                (false, true) => words::plain("prompt.sharing.waits_for_words"),
                (false, false) => String::new(),
            };
            table.row([
                record::short(&one.invite).to_owned(),
                one.name.clone().unwrap_or_default(),
                role(one.role),
                grants(&one.grants),
                time(one.expires_at_ms, zone),
                remark,
            ]);
        }
        table.text(o.width)
    });
    Ok(())
}
