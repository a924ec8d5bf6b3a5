//! `members`: who takes part in the chart, and what each may do.

use holdfast::{Engine, MemberView};
use serde_json::json;

use crate::context::Context;
use crate::failure::Outcome;
use crate::output::layout::{Align, Table};
use crate::output::people::{grants, member, role, time};
use crate::output::{Output, record, words};

/// Answers `members`.
pub fn run(context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    let zone = context.here_by(&engine)?.zone();
    list(&engine, &zone, output)
}

fn list(engine: &Engine, zone: &str, output: &Output) -> Outcome {
    let members = engine.members()?;
    let listed: Vec<_> = members.iter().map(|one| member(one, zone)).collect();
    output.answer(json!({ "members": listed }), |o| {
        let mut table = Table::new([
            ("prompt.field.name", Align::Left),
            ("prompt.field.id", Align::Left),
            ("prompt.people.field.role", Align::Left),
            ("prompt.people.field.may", Align::Left),
            ("prompt.people.field.until", Align::Left),
            ("", Align::Left),
        ]);
        for one in &members {
            table.row([
                one.name.clone(),
                record::short(&one.account).to_owned(),
                role(one.role),
                grants(&one.grants),
                one.until_ms.map(|until| time(until, zone)).unwrap_or_default(),
                remarks(one),
            ]);
        }
        table.text(o.width)
    });
    Ok(())
}

fn remarks(member: &MemberView) -> String {
    use holdfast::Pending;
    let mut remarks = Vec::new();
    let invited = member.invited_as.as_deref();
    let invited =
        invited.map(|name| words::say("prompt.people.invited_as", &[("name", name.into())]));
    if member.me {
        remarks.push("prompt.people.you");
    } else if member.waiting {
        remarks.push("prompt.people.waits");
    } else if !member.verified {
        remarks.push("prompt.people.unverified");
    }
    match member.pending {
        None => {}
        Some(Pending::Removal) => remarks.push("prompt.people.going"),
        Some(Pending::Leaving) => remarks.push("prompt.people.leaving"),
        Some(Pending::Grant) => remarks.push("prompt.people.changing"),
        Some(Pending::Confirmation) => remarks.push("prompt.people.coming"),
    }
    let remarks = remarks.into_iter().map(words::plain);
    invited.into_iter().chain(remarks).collect::<Vec<_>>().join(", ")
}
