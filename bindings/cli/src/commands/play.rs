//! `play`: conducts a routine, as a screen, as lines, or from a script, and says what it came to.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;
use std::sync::Arc;

use holdfast::domain::catalogue::{Catalogue, OwnExercise};
use holdfast::domain::ids::{ExerciseId, SessionId, Site};
use holdfast::domain::player::{Action, Input, StageView, Summary, script};
use holdfast::domain::profile::{Change, Question};
use holdfast::domain::routine::Routine;
use holdfast::domain::rules::{Finding, Profile, questions};
use holdfast::domain::safety::{self, AskFirst, Safety, SafetyRule};
use holdfast::domain::vocabulary::Side;
use holdfast::domain::words::{Arg, Named as _};
use holdfast::play::{PlayOptions, Playing};
use holdfast::{Config, Engine, HoldfastError, SessionWithHolds};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::play::Play;
use crate::commands::routine::show;
use crate::commands::safety::{flags_of, flags_text, said, site};
use crate::commands::together;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output::closing::{Closing, Copies};
use crate::output::layout::wrapped;
use crate::output::{Output, record, words};
use crate::player::pace::PacedClock;
use crate::player::seat::Seat;
use crate::player::voice::Voice;
use crate::player::{self, Conducted, Page, has_release, lines, screen, scripted};

/// Answers `play`.
pub fn run(args: &Play, context: &Context, output: &Output) -> Outcome {
    let script = args.inputs.as_deref().map(read_script).transpose()?;
    let clock = Arc::new(PacedClock::standing_at(&*context.clock, args.fast));
    let engine = Engine::open(Config { clock: clock.clone(), ..context.config() })?;
    let engine = context.look_at(engine)?;
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
    let profile = engine.profile()?.now;
    let before = pages(&seat.playing, &known, &profile);
    let how = How {
        script: script.as_deref(),
        plain: args.plain,
        mute: args.mute,
        begins: !args.resume,
        together: args.with_partner,
    };
    let last = Last {
        stop_rules: stop_rules(&seat.playing, &known).iter().map(|rule| rule.id.as_str()).collect(),
        findings: show::findings_json(seat.playing.findings()),
        key: args.routine.clone(),
    };
    if args.with_partner {
        return together::lead(&engine, seat, before, &how, &last, output);
    }
    conduct(&mut seat, before, &how, output)?;
    close(seat, &engine, &last, output)
}

/// How a session is conducted.
pub struct How<'a> {
    /// Inputs from a file.
    pub script: Option<&'a [(u64, Input)]>,
    /// Lines instead of a screen.
    pub plain: bool,
    /// Neither speech nor bell.
    pub mute: bool,
    /// Whether it begins by itself where nobody can press a key.
    pub begins: bool,
    /// Whether others take part.
    pub together: bool,
}

/// Has the session conducted in the way that was asked for.
pub fn conduct(
    session: &mut dyn Conducted,
    before: Vec<Page>,
    how: &How<'_>,
    output: &Output,
) -> Outcome {
    let interrupt = Interrupt::listen();
    let stop = || interrupt.is_heard();
    let fresh = session.view(session.now()).stage == StageView::Ready;
    let watched = is_watched();
    let shows_none = how.script.is_some() || !(how.plain || watched);
    for page in before.iter().filter(|_| shows_none && fresh) {
        output.remark(&format!("{}: {}", page.title, page.lines.join(" ")));
    }
    let voice = if how.mute { Voice::mute() } else { Voice::find() };
    let scripted = if how.together { player::together::run } else { scripted::run };
    match how.script {
        Some(script) => scripted(session, script, output, &stop),
        None if how.plain && !output.json => lines::run(session, voice, &before, output, &stop),
        None if watched && !output.json => {
            let colours = output.styled;
            screen::run(session, screen::Setting { voice, before, colours, stop: &stop })?;
        }
        None => {
            let begin = (0, Input::unseeing(Action::Start));
            let inputs = if how.begins { vec![begin] } else { Vec::new() };
            scripted(session, &inputs, output, &stop);
        }
    }
    Ok(())
}

/// When to stop: shown before the first release of a session.
fn stop_rules(playing: &Playing, known: &Catalogue) -> Vec<&'static SafetyRule> {
    if has_release(playing.plan(), known) {
        safety::before_first_release().stop_rules
    } else {
        Vec::new()
    }
}

/// What to ask a clinician about first, where something played stands on the card and the answer is
/// not a plain no.
fn card(playing: &Playing, profile: &Profile) -> Option<&'static AskFirst> {
    let card = Safety::built_in().ask_first();
    let stands = |id: &ExerciseId| card.applies_to.contains(id);
    let played = playing.plan().holds().iter().any(|hold| stands(&hold.exercise));
    (played && profile.ask_first_any != Some(false)).then_some(card)
}

/// What is to be read before the session begins: when to stop, the ask-first card, how pain is to be
/// read, and what the rules ask or warn of.
fn pages(playing: &Playing, known: &Catalogue, profile: &Profile) -> Vec<Page> {
    let mut pages = Vec::new();
    let stop = stop_rules(playing, known);
    if !stop.is_empty() {
        pages.push(Page { title: words::plain("prompt.player.stop_when"), lines: said(&stop) });
    }
    if let Some(card) = card(playing, profile) {
        let args = [("title", Arg::code(card.title.clone()))];
        let lines = card.items.iter().map(|item| words::plain(item.text.as_str())).collect();
        pages.push(Page { title: words::say("prompt.play.ask_first", &args), lines });
    }
    let mut lines: Vec<String> =
        playing.findings().iter().map(|finding| finding.text(words::reader())).collect();
    lines.extend(pain_lines(playing));
    lines.dedup();
    if !lines.is_empty() {
        pages.push(Page { title: words::plain("prompt.player.before_you_begin"), lines });
    }
    pages
}

/// What the pain rules of what is played say, each once.
fn pain_lines(playing: &Playing) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for hold in playing.plan().holds() {
        let rule = crate::player::entry(&hold.exercise).and_then(|entry| entry.pain_rule.as_ref());
        let rule = rule.and_then(|id| Catalogue::built_in().pain_rule(id));
        for part in rule.iter().flat_map(|rule| &rule.parts) {
            let cited = words::cited(&part.sources, false);
            let line = format!("{}{cited}", words::plain(part.text.as_str()));
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}

pub fn read_script(path: &Path) -> Outcome<Vec<(u64, Input)>> {
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
            Err(HoldfastError::Broken { findings, .. })
                if can_ask(output) && findings.iter().any(|finding| finding.asks.is_some()) =>
            {
                options.acks.extend(ask_profile(engine, &findings)?);
            }
            Err(error) => return Err(with_way_on(error)),
            Ok(playing) => return Ok(playing),
        }
    }
}

/// Puts what nobody has said of the person yet, and keeps the answers. Gives the rules that were
/// confirmed without one.
fn ask_profile(engine: &Engine, findings: &[Finding]) -> Outcome<Vec<String>> {
    let mut acks = Vec::new();
    for finding in findings {
        let Some(question) = finding.asks.and_then(Question::for_field) else { continue };
        println!("{}", finding.text(words::reader()));
        if question == Question::AskFirst {
            let card = Safety::built_in().ask_first();
            let args = [("title", Arg::code(card.title.clone()))];
            println!("{}", words::say("prompt.play.ask_first", &args));
            for item in &card.items {
                println!("- {}", words::plain(item.text.as_str()));
            }
        }
        // Of a pregnancy the first thing to say is whether there is one.
        let question = if question == Question::DueDate { Question::Pregnant } else { question };
        println!("{}", words::plain(question.name_code().as_str()));
        println!("{}", words::plain("prompt.play.yes_no_skip"));
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        if !matches!(read, Ok(n) if n > 0) {
            return Err(Failure::usage(words::plain("prompt.play.yes_no_skip")));
        }
        match Change::parse(question.as_str(), &line) {
            Ok(answer) => {
                engine.set_profile(&[answer])?;
            }
            Err(_) if line.trim().is_empty() => acks.push(finding.rule.to_string()),
            Err(refused) => println!("{refused}"),
        }
    }
    Ok(acks)
}

/// The answers that would be given to what findings ask: `pregnant=… prone_ok=…`.
fn answers_to(findings: &[Finding]) -> Option<String> {
    let asked: Vec<String> =
        questions(findings).iter().map(|question| format!("{question}=…")).collect();
    (!asked.is_empty()).then(|| asked.join(" "))
}

/// What to type, where the session cannot begin yet.
fn with_way_on(error: HoldfastError) -> Failure {
    if let HoldfastError::Broken { findings, .. } = &error {
        let hint = match answers_to(findings) {
            Some(answers) => {
                words::say("prompt.play.answer_hint", &[("answers", Arg::from(answers))])
            }
            None => words::plain("prompt.play.ack"),
        };
        return Failure::from(error).hint(hint);
    }
    let failure = Failure::from(error);
    let hint = match failure.code() {
        "sides_to_say" => "prompt.play.say_side",
        "slots_to_fill" => "prompt.play.fill_slot",
        "nothing_chosen" => "prompt.play.choose_step",
        "unfinished_play" => "prompt.play.resume_or_discard",
        _ => return failure,
    };
    failure.hint(words::plain(hint))
}

pub fn is_watched() -> bool {
    std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

fn can_ask(output: &Output) -> bool {
    !output.json && is_watched()
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

/// What is told at the end that was known at the beginning.
pub struct Last {
    /// What was shown before the first release.
    pub stop_rules: Vec<&'static str>,
    /// What the rules asked and warned of.
    pub findings: Value,
    /// What the routine was called at the prompt.
    pub key: String,
}

/// Says what the session came to, or how to go on where it was left.
fn close(mut seat: Seat, engine: &Engine, last: &Last, output: &Output) -> Outcome {
    let over = seat.playing.summary().end.is_some();
    if seat.playing.summary().started_at.is_none() {
        nothing_begun(output);
        return Ok(());
    }
    let summary = if over { seat.playing.finish()?.summary } else { seat.playing.summary() };
    if let Some(trouble) = seat.trouble() {
        return Err(Failure::state("not_saved", trouble));
    }
    let id = seat.playing.session_id();
    drop(seat);
    tell(engine, &id, &summary, last, output)
}

/// Says that nothing was begun.
pub fn nothing_begun(output: &Output) {
    output.answer(json!({ "session": null, "holds": [] }), |_| {
        words::plain("prompt.play.nothing_begun")
    });
}

/// Says what a session that was logged here came to.
pub fn tell(
    engine: &Engine,
    id: &SessionId,
    summary: &Summary,
    last: &Last,
    output: &Output,
) -> Outcome {
    let known = engine.catalogue()?;
    let done = engine.session(id.as_str())?;
    let flags = flags_of(&done.holds, &known);
    let told = Told {
        done: &done,
        red_flags: flags.iter().map(|flag| flag.id.as_str()).collect(),
        stop_rules: last.stop_rules.clone(),
        findings: last.findings.clone(),
    };
    output.answer(&told, |o| {
        let closing = Closing {
            place: place(&done, &known),
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
        if summary.end.is_none() {
            let name = [("routine", last.key.as_str().into())];
            parts.push(wrapped(&words::say("prompt.play.not_finished", &name), o.width, 0));
        }
        if !flags.is_empty() {
            parts.push(flags_text(&flags, o));
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
    /// What was shown before the first release.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_rules: Vec<&'a str>,
    /// What the rules asked and warned of before it began.
    findings: Value,
}

/// Where on the body it was, where all of it was at one place.
fn place(done: &SessionWithHolds, known: &Catalogue) -> Option<String> {
    let mut sites: Vec<String> = done.holds.iter().filter_map(|hold| site(hold, known)).collect();
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
