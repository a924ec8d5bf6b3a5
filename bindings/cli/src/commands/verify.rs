//! `verify`: seven words that two people read to each other, and what follows when they are the same or differ.

use holdfast::{Compared, Engine};
use serde_json::json;

use super::in_force;
use crate::args::people::Verify;
use crate::context::Context;
use crate::failure::Outcome;
use crate::output::layout::wrapped;
use crate::output::{Output, words};

/// Answers `verify`.
pub fn run(args: &Verify, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    if args.same || args.differ {
        return settle(&engine, args, output);
    }
    let phrase = engine.phrase_with(&args.member)?;
    let body = json!({
        "name": phrase.with, "words": phrase.words, "verified": phrase.verified,
    });
    output.answer(body, |o| {
        let name = [("name", phrase.with.as_str().into())];
        let shown = format!("  {}", o.bold(&phrase.words.join(" ")));
        let how = words::say("prompt.people.read_them", &name);
        let mut said = format!("{shown}\n\n{}", wrapped(&how, o.width, 0));
        if phrase.verified {
            let before = words::say("prompt.people.verified_before", &name);
            said.push_str(&format!("\n\n{}", wrapped(&before, o.width, 0)));
        }
        said
    });
    Ok(())
}

fn settle(engine: &Engine, args: &Verify, output: &Output) -> Outcome {
    let before = engine.member(&args.member)?;
    let compared = engine.verify(&args.member, args.same)?;
    let done = || {
        let now = engine.members()?.into_iter().find(|one| one.account == before.account);
        let me_in = engine.current_chart()?.standing == holdfast::ChartStanding::Active;
        Ok(match compared {
            Compared::Verified => now.is_none_or(|one| one.pending.is_none()),
            Compared::ToBeRemoved => now.is_none(),
            Compared::Leaving => !me_in,
        })
    };
    let told = in_force::tell(engine, output, &done)?;
    let body = json!({
        "name": before.name,
        "result": compared,
        "verified": compared == Compared::Verified,
        "in_force": told.in_force,
    });
    output.answer(body, |o| {
        let name = [("name", before.name.as_str().into())];
        let code = match (compared, before.waiting) {
            (Compared::Verified, false) => "prompt.people.verified",
            (Compared::Verified, true) => "prompt.people.verified_and_in",
            (Compared::ToBeRemoved, _) => "prompt.people.differed",
            (Compared::Leaving, _) => "prompt.people.differed_leaving",
        };
        let mut said = words::say(code, &name);
        if !told.in_force {
            said.push(' ');
            said.push_str(&words::plain("prompt.people.next_sync"));
        }
        wrapped(&said, o.width, 0)
    });
    Ok(())
}
