//! `log`: writes down one hold, or one on each side.

use holdfast::domain::catalogue::Catalogue;
use holdfast::domain::rules;
use holdfast::domain::units::Moment;
use holdfast::domain::vocabulary::{Kind, Laterality, Side};
use holdfast::{Done, Eased, Engine, LogRequest, LogSide};
use serde_json::json;

use super::{catalog, safety};
use crate::args::record::Log;
use crate::args::values;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::wrapped;
use crate::output::{Output, record, words};
use crate::when::{Here, When};

/// Answers `log`.
pub fn run(args: Log, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    let request = request(args, context, &engine)?;
    let holds = engine.log(&request).map_err(|error| asked(error.into()))?;
    if let Some(habit) = habit_alone(&request) {
        output.remark(&words::say("prompt.decisions.habit", &[("id", habit.into())]));
    }
    let flags = safety::flags_of(&holds, &*engine.catalogue()?);
    let mut body = json!({ "holds": holds });
    if !flags.is_empty() {
        body["red_flags"] = flags.iter().map(|flag| flag.id.as_str()).collect();
    }
    output.confirm(body, |o| {
        let mut said = record::holds(&holds, o);
        let findings: Vec<String> = holds
            .iter()
            .flat_map(|hold| &hold.findings)
            .map(|finding| {
                let rule = [("rule", finding.rule.as_str().into())];
                let noted = words::say("prompt.log.noted", &rule);
                match rules::sentence_of(&finding.rule, Catalogue::built_in()) {
                    Some(says) => format!("{noted} {}", words::reader().say(&says)),
                    None => noted,
                }
            })
            .collect();
        for finding in findings {
            said.push_str(&format!("\n{}", wrapped(&finding, o.width, 0)));
        }
        if !flags.is_empty() {
            said.push_str(&format!("\n\n{}", safety::flags_text(&flags, o)));
        }
        let last = holds.last().map(|hold| record::status(hold.status, &hold.seen_by));
        let last = crate::failure::sentence(&last.unwrap_or_default());
        format!("{said}\n\n{last}")
    });
    Ok(())
}

/// The habit that was logged like an exercise, though no routine asks for it.
fn habit_alone(request: &LogRequest) -> Option<&str> {
    let known = Catalogue::built_in().exercises();
    let logged = known.iter().find(|one| one.id.as_str() == request.exercise)?;
    let alone = request.routine.is_none() && request.session.is_none();
    (alone && logged.kind == Kind::Habit).then_some(request.exercise.as_str())
}

/// What is asked before it is taken is answered with a flag here.
pub fn asked(failure: Failure) -> Failure {
    if failure.code() == "needs_confirmation" {
        failure.hint(words::plain("prompt.log.yes"))
    } else {
        failure
    }
}

fn request(args: Log, context: &Context, engine: &Engine) -> Outcome<LogRequest> {
    let exercise = catalog::find_any(&args.exercise, context)?;
    if exercise.laterality == Laterality::OneSideOnly && args.side == Some(values::Sides::Both) {
        let name = [("exercise", exercise.id.as_str().into())];
        let message = words::say("prompt.log.one_side", &name);
        return Err(Failure::bad_value("side", message));
    }
    let done = match (args.done.held.or(args.done.minutes), args.done.reps) {
        (Some(held), _) => Done::Held(held),
        (None, Some(count)) => Done::Reps { count, hold_each: args.hold_each },
        (None, None) => Done::Ticked,
    };
    if exercise.kind == Kind::SelfTest {
        let (name, id) = (exercise.name(words::reader()), exercise.id.as_str());
        let message = words::say(
            "prompt.decisions.self_test",
            &[("exercise", name.into()), ("id", id.into())],
        );
        return Err(Failure::bad_value("exercise", message));
    }
    let here = context.here_by(engine)?;
    let date = args.date.as_ref().map(|date| here.local_day(date)).transpose();
    let detail = args.detail;
    Ok(LogRequest {
        side: args.side.map(|side| match side {
            values::Sides::Both => LogSide::Both,
            values::Sides::One(Side::Right) => LogSide::Right,
            values::Sides::One(_) => LogSide::Left,
        }),
        routine: args.routine,
        date: date.map_err(|refused| Failure::bad_value("date", refused))?,
        slot: args.slot,
        step: args.step,
        session: args.session,
        set: args.set,
        rep: args.rep,
        target: detail.target,
        pain_before: detail.pain_before.map(u8::from),
        pain_after: detail.pain_after.map(u8::from),
        pain_site: detail.pain_site,
        ended: args.ended,
        eased: eased(detail.eased),
        moves: u8::try_from(args.moves.unwrap_or(0))
            .map_err(|_| Failure::bad_value("moves", words::plain("prompt.log.too_many_moves")))?,
        paused: detail.paused.unwrap_or_default(),
        load: detail.load,
        tempo: detail.tempo.map(|tempo| tempo.0).unwrap_or_default(),
        tool: detail.tool,
        by: detail.by,
        at: args.at.as_ref().map(|at| moment(at, &here)).transpose()?,
        note: detail.note,
        yes: args.yes,
        ..LogRequest::new(exercise.id.as_str(), done)
    })
}

/// When something happened, with the offset of here.
pub fn moment(at: &When, here: &Here) -> Outcome<Moment> {
    let instant = here.instant(at);
    let instant = instant.map_err(|refused| Failure::bad_value("at", refused))?;
    Ok(holdfast::clock::moment(instant.as_millisecond(), &here.zone()))
}

/// Whether it eased, as the engine takes it.
pub const fn eased(eased: Option<values::Eased>) -> Option<Eased> {
    match eased {
        Some(values::Eased::After(after)) => Some(Eased::After(after)),
        Some(values::Eased::No) => Some(Eased::No),
        None => None,
    }
}
