//! `inspect`: says what a link is and what it would give. Needs no home and no network, and takes nothing in.

use holdfast::domain::routine::Routine;
use holdfast::{Inspection, InviteInside, RoutineInside};
use serde_json::{Value, json};

use super::links::{self, Found};
use crate::args::sharing::Inspect;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::{facts, wrapped};
use crate::output::people::{grants, host, role, time};
use crate::output::{Output, record, words};

/// Answers `inspect`.
pub fn run(args: &Inspect, context: &Context, output: &Output) -> Outcome {
    let here = context.here();
    let (zone, now_ms) = (here.zone(), here.now.timestamp().as_millisecond());
    let over = |at_ms: u64| i64::try_from(at_ms).is_ok_and(|at_ms| at_ms <= now_ms);
    let Found::Link(_, inside) = links::find(&args.link)? else {
        return Err(Failure::bad_value("link", words::plain("prompt.sharing.routine_file"))
            .hint(words::plain("prompt.sharing.routine_file_hint")));
    };
    match *inside {
        Inspection::Routine(inside) => routine(&inside, output),
        Inspection::Invite(inside) => {
            let ended = over(inside.expires_at_ms);
            output.answer(invite_body(&inside, &zone, ended), |o| invite(&inside, &zone, ended, o));
        }
        Inspection::Pairing { account, relay, expires_at_ms } => {
            let (ends, ended) = (time(expires_at_ms, &zone), over(expires_at_ms));
            let body = json!({
                "what": "pairing", "account": account, "relay": relay, "expires_at": ends,
                "ended": ended,
            });
            output.answer(body, |o| {
                let about = facts(
                    &[
                        ("prompt.field.account", record::short(&account).to_owned()),
                        ("prompt.field.relay", host(&relay)),
                        ("prompt.people.field.open_until", ends_text(&ends, ended)),
                    ],
                    o.width,
                );
                let what = words::plain("prompt.sharing.is_pairing");
                format!("{}\n\n{about}", wrapped(&what, o.width, 0))
            });
        }
        _ => return Err(Failure::bad_value("link", words::plain("prompt.sharing.unknown_kind"))),
    }
    Ok(())
}

fn ends_text(ends: &str, ended: bool) -> String {
    match ended {
        true => words::say("prompt.sharing.is_over", &[("time", ends.into())]),
        false => ends.to_owned(),
    }
}

fn invite_body(inside: &InviteInside, zone: &str, ended: bool) -> Value {
    json!({
        "what": "invite",
        "from": inside.from,
        "account": inside.account,
        "chart": inside.chart,
        "relay": inside.relay,
        "role": inside.role,
        "grants": inside.grants,
        "until": inside.until_ms.map(|until| time(until, zone)),
        "expires_at": time(inside.expires_at_ms, zone),
        "ended": ended,
        "after_compare": inside.confirm_first,
    })
}

fn invite(inside: &InviteInside, zone: &str, ended: bool, output: &Output) -> String {
    let until = inside.until_ms.map(|until| time(until, zone)).unwrap_or_default();
    let ends = time(inside.expires_at_ms, zone);
    let about = facts(
        &[
            ("prompt.people.field.role", role(inside.role)),
            ("prompt.people.field.may", grants(&inside.grants)),
            ("prompt.people.field.until", until),
            ("prompt.field.relay", host(&inside.relay)),
            ("prompt.people.field.open_until", ends_text(&ends, ended)),
        ],
        output.width,
    );
    let what = words::say("prompt.sharing.is_invite", &[("from", inside.from.as_str().into())]);
    let then = words::plain(match inside.confirm_first {
        true => "prompt.sharing.waits_for_you",
        false => "prompt.sharing.is_invite_then",
    });
    let width = output.width;
    format!("{}\n\n{about}\n\n{}", wrapped(&what, width, 0), wrapped(&then, width, 0))
}

fn routine(inside: &RoutineInside, output: &Output) {
    let body = json!({
        "what": "routine",
        "routine": inside.routine,
        "exercises": inside.exercises,
        "unknown": inside.unknown,
    });
    output.answer(body, |o| {
        let name = [("name", inside.routine.name.as_str().into())];
        let mut said = vec![wrapped(&words::say("prompt.sharing.is_routine", &name), o.width, 0)];
        said.push(steps(&inside.routine, inside).join("\n"));
        if !inside.unknown.is_empty() {
            let unknown = [("exercises", inside.unknown.join(", ").into())];
            said.push(wrapped(&words::say("prompt.sharing.not_known", &unknown), o.width, 0));
        }
        said.join("\n\n")
    });
}

fn steps(routine: &Routine, inside: &RoutineInside) -> Vec<String> {
    let name = |id: &str| {
        let own = inside.exercises.iter().find(|own| own.id.as_str() == id);
        own.map_or_else(|| record::exercise(id), |own| own.name.clone())
    };
    let line = |step: &holdfast::domain::routine::Step| {
        let (dose, side) = (words::dose(&step.dose), words::side_rule(step.side));
        let parts = [name(step.exercise.as_str()), dose, side];
        let parts: Vec<&str> =
            parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        format!("- {}", parts.join(", "))
    };
    routine.steps().map(line).collect()
}
