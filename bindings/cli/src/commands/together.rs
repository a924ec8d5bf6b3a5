//! `play --with-partner` and `follow`: a session on two devices, led here or followed here.

use std::sync::Arc;
use std::time::Duration;

use holdfast::domain::player::{StageView, Summary, View};
use holdfast::live::{Live, LivePart};
use holdfast::{Config, Engine};
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::play::Follow;
use crate::commands::play::{How, Last, conduct, nothing_begun, read_script, tell};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output::{Output, words};
use crate::player::Page;
use crate::player::pace::PacedClock;
use crate::player::seat::Seat;
use crate::player::together::Together;

/// How often it is looked whether a session has come.
const LOOK: Duration = Duration::from_millis(50);

/// Leads a session that others may follow.
pub fn lead(
    engine: &Engine,
    seat: Seat,
    before: Vec<Page>,
    how: &How<'_>,
    last: &Last,
    output: &Output,
) -> Outcome {
    let (playing, clock) = seat.into_parts();
    let view = playing.view();
    let live = playing.together(|| {}).map_err(|not| Failure::from(not.error))?;
    let mut session = Together::new(live, clock, view, false);
    output.remark(&words::plain("prompt.together.may_follow"));
    conduct(&mut session, before, how, output)?;
    close(engine, session, last, output)
}

/// How long the last word of whoever leads is waited for.
const LAST_WORD: Duration = Duration::from_secs(2);

/// Answers `follow`.
pub fn follow(args: &Follow, context: &Context, output: &Output) -> Outcome {
    let script = args.inputs.as_deref().map(read_script).transpose()?;
    let clock = Arc::new(PacedClock::standing_at(&*context.clock, args.fast));
    let engine = Engine::open(Config { clock: clock.clone(), ..context.config() })?;
    let engine = match &args.whose {
        Some(whose) => engine.chart(whose).map_err(|error| Failure::from(error).field("chart"))?,
        None => context.look_at(engine)?,
    };
    clock.start();
    let live = engine.follow(|| {})?;
    output.remark(&words::plain("prompt.together.waiting"));
    let Some(view) = wait(&live, Duration::from_secs(args.wait))? else {
        nothing_begun(output);
        return Ok(());
    };
    let how = How {
        script: script.as_deref(),
        plain: args.plain,
        mute: args.mute,
        begins: false,
        together: true,
    };
    let mut session = Together::new(live, clock, view, args.take_over);
    conduct(&mut session, Vec::new(), &how, output)?;
    let key = session.live.routine().map(|(_, name)| name).unwrap_or_default();
    let last = Last { stop_rules: Vec::new(), findings: json!([]), key };
    close(&engine, session, &last, output)
}

/// Waits until somebody leads. Nothing where the process is asked to end.
fn wait(live: &Live, patience: Duration) -> Outcome<Option<View>> {
    let interrupt = Interrupt::listen();
    let until = std::time::Instant::now() + patience;
    while !interrupt.is_heard() {
        if let Some(view) = live.view() {
            return Ok(Some(view));
        }
        if let Some(error) = live.lost() {
            return Err(error.into());
        }
        if let Some(pace) = live.standing().other_pace {
            let pace = [("pace", u64::from(pace).into())];
            return Err(Failure::state(
                "other_pace",
                words::say("prompt.together.other_pace", &pace),
            ));
        }
        if std::time::Instant::now() >= until {
            let message = words::plain("prompt.together.nobody");
            return Err(Failure::state("nobody_leads", message)
                .hint(words::plain("prompt.together.nobody_hint")));
        }
        std::thread::sleep(LOOK);
    }
    Ok(None)
}

/// What `follow` answers with where somebody else led to the end.
#[derive(Serialize)]
struct Followed {
    session: Value,
    summary: Summary,
}

/// That time is over is seen at once; that somebody attended to the end, whoever leads says a moment later.
fn hear_the_end(live: &Live) {
    let until = std::time::Instant::now() + LAST_WORD;
    let over = || live.view().is_some_and(|view| view.stage == StageView::Over);
    let told = || live.summary().is_none_or(|summary| summary.end.is_some());
    while over() && !told() && std::time::Instant::now() < until {
        std::thread::sleep(LOOK);
    }
}

/// Says what it came to: from the record where this device led at the end, else as it was seen.
fn close(engine: &Engine, session: Together, last: &Last, output: &Output) -> Outcome {
    let live = session.live;
    hear_the_end(&live);
    let (standing, id, routine) = (live.standing(), live.session_id(), live.routine());
    let Some(summary) = live.summary().filter(|summary| summary.started_at.is_some()) else {
        nothing_begun(output);
        return Ok(());
    };
    let Some(id) = id else {
        nothing_begun(output);
        return Ok(());
    };
    if standing.part == LivePart::Leads {
        let ended = summary.end.is_some();
        let summary = if ended {
            live.finish()?.map_or(summary, |finished| finished.summary)
        } else {
            // Left as it is: it waits to be resumed.
            drop(live);
            summary
        };
        return tell(engine, &id, &summary, last, output);
    }
    drop(live);
    let (routine, name) = routine.map_or((None, String::new()), |(id, name)| (Some(id), name));
    let session = json!({
        "id": id,
        "routine": routine,
        "routine_name": name,
        "led_by": standing.leader,
        "finished": summary.end.is_some(),
    });
    output.answer(&Followed { session, summary: summary.clone() }, |_| {
        let leader = standing.leader.unwrap_or_default();
        words::say(
            "prompt.together.followed",
            &[
                ("routine", name.into()),
                ("name", leader.into()),
                ("held", words::length(summary.held.0).into()),
            ],
        )
    });
    Ok(())
}
