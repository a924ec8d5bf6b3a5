//! `play`: conducts a routine, as a screen, as lines, or from a script, and says what it came to.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;
use std::sync::Arc;

use holdfast::domain::catalogue::{Catalogue, OwnExercise};
use holdfast::domain::ids::{ExerciseId, Site};
use holdfast::domain::player::{Action, Input, SessionEnd, StageView, StopReason, script};
use holdfast::domain::routine::Routine;
use holdfast::domain::safety::{self, RedFlag};
use holdfast::domain::vocabulary::{EndedBy, Side};
use holdfast::play::{PlayOptions, Playing};
use holdfast::views::HoldView;
use holdfast::{Config, Engine, HoldfastError, SessionWithHolds};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::args::play::Play;
use crate::commands::routine::show;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output::closing::{Closing, Copies};
use crate::output::layout::{hanging, wrapped};
use crate::output::{Output, record, words};
use crate::player::pace::PacedClock;
use crate::player::seat::Seat;
use crate::player::voice::Voice;
use crate::player::{Conducted, Page, has_release, lines, screen, scripted};

/// Answers `play`.
pub fn run(args: &Play, context: &Context, output: &Output) -> Outcome {
    let script = args.inputs.as_deref().map(read_script).transpose()?;
    let clock = Arc::new(PacedClock::standing_at(&*context.clock, args.fast));
    let engine = Engine::open(Config { clock: clock.clone(), ..context.config() })?;
    let routine = engine.routine(&args.routine)?.routine;
    let mut seat = if args.resume {
        take_up(&engine, routine.id.as_str(), clock)?
    } else {
        if args.discard && engine.unfinished_play()?.is_some() {
            put_clock_forward(&engine, &clock)?;
            let closed = engine.discard_play()?;
            let name = [("routine", closed.routine_name.into())];
            output.remark(&words::say("prompt.play.kept", &name));
        }
        Seat::new(&engine, begin(&engine, &routine, args, output)?, clock)
    };
    let fresh = seat.playing.view().stage == StageView::Ready;
    for step in seat.playing.conditional().iter().filter(|_| fresh) {
        let meant = routine.step(step).and_then(|step| step.condition.as_ref());
        if let Some(condition) = meant {
            output.remark(&words::plain(&format!("condition.{condition}")));
        }
    }
    seat.start();
    let known = engine.catalogue()?;
    conduct(&mut seat, &known, args, script.as_deref(), output)?;
    close(seat, &engine, &args.routine, output)
}

/// Has the session conducted in the way that was asked for.
fn conduct(
    seat: &mut Seat,
    known: &Catalogue,
    args: &Play,
    script: Option<&[(u64, Input)]>,
    output: &Output,
) -> Outcome {
    let interrupt = Interrupt::listen();
    let stop = || interrupt.is_heard();
    let before = pages(&seat.playing, known);
    let voice = if args.mute { Voice::mute() } else { Voice::find() };
    let watched = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    match script {
        Some(script) => scripted::run(seat, script, output, &stop),
        None if args.plain && !output.json => lines::run(seat, voice, &before, output, &stop),
        None if watched && !output.json => {
            let colours = output.styled;
            screen::run(seat, screen::Setting { voice, before, colours, stop: &stop })?;
        }
        None => {
            let begin = (0, Input::unseeing(Action::Start));
            let inputs = if args.resume { Vec::new() } else { vec![begin] };
            scripted::run(seat, &inputs, output, &stop);
        }
    }
    Ok(())
}

/// What is to be read before the session begins: when to stop, and what the rules ask or warn of.
fn pages(playing: &Playing, catalogue: &Catalogue) -> Vec<Page> {
    let mut pages = Vec::new();
    if has_release(playing.plan(), catalogue) {
        let shown = safety::before_first_release();
        let lines = shown.stop_rules.iter().map(|rule| words::plain(rule.text.as_str())).collect();
        pages.push(Page { title: words::plain("prompt.player.stop_when"), lines });
    }
    let mut lines: Vec<String> =
        playing.findings().iter().map(|finding| finding.text(words::reader())).collect();
    lines.dedup();
    if !lines.is_empty() {
        pages.push(Page { title: words::plain("prompt.player.before_you_begin"), lines });
    }
    pages
}

fn read_script(path: &Path) -> Outcome<Vec<(u64, Input)>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let about =
            [("path", path.display().to_string().into()), ("why", error.to_string().into())];
        Failure::bad_value("inputs", words::say("prompt.play.unreadable", &about))
    })?;
    script::parse(&text).map_err(|error| {
        let about = [("path", path.display().to_string().into()), ("why", error.message().into())];
        Failure::bad_value("inputs", words::say("prompt.play.bad_script", &about))
            .hint(words::plain("prompt.play.script_help"))
    })
}

/// Gets the routine ready. What it asks first is asked here, where somebody can answer.
fn begin(engine: &Engine, routine: &Routine, args: &Play, output: &Output) -> Outcome<Playing> {
    let mut options = PlayOptions {
        slot: args.slot.clone(),
        acks: args.ack.clone(),
        from_step: args.from.clone(),
        side: args.side,
        by: args.by.clone(),
        ..PlayOptions::default()
    };
    loop {
        match engine.play(&args.routine, &options) {
            Err(HoldfastError::AskFirst { code, steps, .. })
                if code == "sides_to_say" && options.side.is_none() && can_ask(output) =>
            {
                options.side =
                    Some(ask_side(routine, &engine.routine(&args.routine)?.own_exercises, &steps)?);
            }
            Err(error) => return Err(with_way_on(error)),
            Ok(playing) => return Ok(playing),
        }
    }
}

/// What to type, where the session cannot begin yet.
fn with_way_on(error: HoldfastError) -> Failure {
    let failure = Failure::from(error);
    let hint = match failure.code() {
        "sides_to_say" => "prompt.play.say_side",
        "slots_to_fill" => "prompt.play.fill_slot",
        "nothing_chosen" => "prompt.play.choose_step",
        "unfinished_play" => "prompt.play.resume_or_discard",
        "hard_rule" => "prompt.play.ack",
        _ => return failure,
    };
    failure.hint(words::plain(hint))
}

fn can_ask(output: &Output) -> bool {
    !output.json && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

fn ask_side(routine: &Routine, own: &[OwnExercise], steps: &[String]) -> Outcome<Side> {
    let asking = routine.steps().filter(|step| steps.iter().any(|id| id == step.id.as_str()));
    let names: Vec<String> = asking.map(|step| show::exercise_name(step, own)).collect();
    println!("{}", words::say("prompt.play.which_side", &[("exercises", names.join(", ").into())]));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        match line.trim() {
            "left" | "l" => return Ok(Side::Left),
            "right" | "r" => return Ok(Side::Right),
            _ => println!("{}", words::plain("prompt.play.left_or_right")),
        }
    }
    Err(Failure::usage(words::plain("prompt.play.no_side"))
        .hint(words::plain("prompt.play.say_side")))
}

/// Takes up what was broken off, if it is of this routine.
fn take_up(engine: &Engine, routine: &str, clock: Arc<PacedClock>) -> Outcome<Seat> {
    if let Some(unfinished) = engine.unfinished_play()?
        && unfinished.routine != routine
    {
        let name = unfinished.routine_name;
        let name = [("routine", name.into())];
        return Err(Failure::state(
            "other_routine",
            words::say("prompt.play.other_routine", &name),
        )
        .hint(words::say("prompt.play.resume_other", &name)));
    }
    put_clock_forward(engine, &clock)?;
    let (playing, applied) = engine.resume_play()?;
    let mut seat = Seat::new(engine, playing, clock);
    seat.note(applied);
    Ok(seat)
}

/// A session that ran faster than the clock goes on at the hour it had reached.
fn put_clock_forward(engine: &Engine, clock: &PacedClock) -> Outcome {
    let unfinished = engine.unfinished_play()?;
    let saved: Option<Timestamp> = unfinished.and_then(|u| u.saved_at.parse().ok());
    if let Some(saved) = saved {
        clock.forward_to(saved.as_millisecond());
    }
    Ok(())
}

/// Says what the session came to, or how to go on where it was left.
fn close(mut seat: Seat, engine: &Engine, key: &str, output: &Output) -> Outcome {
    let over = seat.playing.summary().end.is_some();
    let begun = seat.playing.summary().started_at.is_some();
    if !begun {
        output.answer(json!({ "session": null, "holds": [] }), |_| {
            words::plain("prompt.play.nothing_begun")
        });
        return Ok(());
    }
    let summary = if over { seat.playing.finish()?.summary } else { seat.playing.summary() };
    if let Some(trouble) = seat.trouble() {
        return Err(Failure::state("not_saved", trouble));
    }
    let id = seat.playing.session_id();
    drop(seat);
    let done = engine.session(id.as_str())?;
    let flags = match &summary.end {
        Some(SessionEnd::Stopped { reason: StopReason::Pain { .. } }) => flags_to_mind(&done),
        _ => Vec::new(),
    };
    let told = Told { done: &done, red_flags: flags.iter().map(|flag| flag.id.as_str()).collect() };
    output.answer(&told, |o| {
        let closing = Closing {
            place: place(&done),
            side: record::common_side(&done.holds),
            pain: (
                summary.pain_before.as_ref().map(|rating| rating.nrs.into()),
                summary.pain_after.as_ref().map(|rating| rating.nrs.into()),
            ),
            held_ms: summary.held.0,
            copies: Copies::of(done.session.status),
        };
        let mut parts = Vec::new();
        if !o.quiet {
            parts.push(record::holds(&done.holds, o));
        }
        if !over {
            let on = words::say("prompt.play.not_finished", &[("routine", key.into())]);
            parts.push(wrapped(&on, o.width, 0));
        }
        if !flags.is_empty() {
            parts.push(safety_at(&flags, o));
        }
        parts.push(wrapped(&closing.text(), o.width, 0));
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n")
    });
    Ok(())
}

/// What `play` answers with.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    done: &'a SessionWithHolds,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    red_flags: Vec<&'a str>,
}

/// The red flags of the places where a hold ended with pain.
fn flags_to_mind(done: &SessionWithHolds) -> Vec<&'static RedFlag> {
    let mut flags: Vec<&'static RedFlag> = Vec::new();
    for hold in done.holds.iter().filter(|hold| hold.ended_by == EndedBy::Pain) {
        let site = site(hold).and_then(|site| Site::new(site).ok());
        for flag in site.iter().flat_map(safety::red_flags_for_site) {
            if flags.iter().all(|known| known.id != flag.id) {
                flags.push(flag);
            }
        }
    }
    flags
}

fn safety_at(flags: &[&RedFlag], output: &Output) -> String {
    let say = |flag: &&RedFlag| {
        let (text, action) = (words::plain(flag.text.as_str()), words::plain(flag.action.as_str()));
        hanging("- ", &format!("{text} {action}"), output.width)
    };
    let lines: Vec<String> = flags.iter().map(say).collect();
    let note = words::plain("prompt.player.information");
    format!("{}\n{}\n{note}", output.bold(&words::plain("prompt.play.it_hurt")), lines.join("\n"))
}

/// Where a hold was: where it hurt, else where its exercise works.
fn site(hold: &HoldView) -> Option<String> {
    let of_exercise = || {
        let id = ExerciseId::new(hold.exercise.as_str()).ok()?;
        Some(crate::player::entry(&id)?.region.as_ref()?.to_string())
    };
    hold.pain_site.clone().or_else(of_exercise)
}

/// Where on the body it was, where all of it was at one place.
fn place(done: &SessionWithHolds) -> Option<String> {
    let mut sites: Vec<String> = done.holds.iter().filter_map(site).collect();
    sites.dedup();
    let common = |site: &str| match site {
        "whole-body" | "lower-body" => None,
        // The hip's front and outside, the thigh's front, back and inside are one place each.
        "hip" | "front-hip" | "outer-hip" => Some(words::plain("region.hip")),
        "back-thigh" | "front-thigh" | "inner-thigh" => Some(words::plain("prompt.place.thigh")),
        site => Site::new(site).ok().map(|site| words::reader().name(&site)),
    };
    let places: Vec<Option<String>> = sites.iter().map(|site| common(site)).collect();
    let first = places.first()?.clone()?;
    places.iter().all(|place| place.as_ref() == Some(&first)).then_some(first)
}
