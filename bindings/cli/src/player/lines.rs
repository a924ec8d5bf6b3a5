//! The player as lines: for screen readers, for reduced motion, for terminals that cannot be drawn
//! on. Every cue is a line; every input is a word and enter.

use std::io::BufRead as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use holdfast::domain::player::{
    Action, At, Effect, Importance, Input, PainWhen, StageView, script,
};
use holdfast::domain::record::{PainRating, Reporter};

use super::voice::Voice;
use super::{Conducted, Page, attend, said};
use crate::args::values;
use crate::output::layout::{hanging, wrapped};
use crate::output::{Output, words};

/// Conducts the session line by line until it is over, left, or the input ends.
pub fn run(
    session: &mut dyn Conducted,
    mut voice: Voice,
    before: &[Page],
    output: &Output,
    stop: &dyn Fn() -> bool,
) {
    if session.view(session.now()).stage == StageView::Ready {
        for page in before {
            output.line(&page.title);
            for line in &page.lines {
                output.line(&hanging("- ", line, output.width));
            }
        }
        let begin = if session.follows() { "prompt.together.begin" } else { "prompt.lines.begin" };
        output.line(&words::plain(begin));
    }
    let typed = typed_lines();
    loop {
        let now = session.now();
        let view = session.view(now);
        let waits =
            session.next_due(now).map_or(Duration::from_millis(250), |due| session.until(due));
        let line = match typed.recv_timeout(waits.min(Duration::from_millis(250))) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let now = session.now();
        match line.as_deref().map(str::trim) {
            None | Some("") => {
                give(session, now, &Input::unseeing(Action::Tick), &mut voice, output);
            }
            Some("quit") => break,
            Some("take-over") => {
                if let Some(said) = session.take_over() {
                    output.line(&said);
                }
            }
            Some("?") => {
                output.line(&wrapped(&words::plain("prompt.lines.inputs"), output.width, 0))
            }
            Some(typed) => match script::parse(&format!("0 {typed}")) {
                Ok(inputs) => {
                    for (_, input) in inputs {
                        let seen = Input::seeing(view.position, input.action);
                        give(session, now, &seen, &mut voice, output);
                    }
                }
                Err(wrong) => output.line(&words::reader().say(&wrong.what)),
            },
        }
        if stop() {
            break;
        }
        if session.view(now).stage == StageView::Over {
            if !session.follows() {
                rate_after(session, now, &typed, output);
            }
            break;
        }
    }
    voice.finish();
}

/// Asks for the pain after the session; an empty line leaves it out.
fn rate_after(session: &mut dyn Conducted, at: At, typed: &Receiver<String>, output: &Output) {
    output.line(&words::plain("prompt.lines.pain_now"));
    while let Ok(line) = typed.recv() {
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        match values::pain(line) {
            Ok(nrs) => {
                let rating = PainRating { nrs, site: None, reported_by: Reporter::Subject };
                let action = Action::RatePain { when: PainWhen::After, of: None, rating };
                attend(session, at, &Input::unseeing(action));
                break;
            }
            Err(refused) => output.line(&refused),
        }
    }
}

/// Lines as they are typed; the channel closes with the input.
fn typed_lines() -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn give(session: &mut dyn Conducted, at: At, input: &Input, voice: &mut Voice, output: &Output) {
    for effect in attend(session, at, input) {
        match effect {
            Effect::Cue(cue) if cue.importance != Importance::Quiet => {
                let view = session.view(at);
                let sentence = said(&cue);
                let left = view.remaining.map(|left| words::length(left.0)).unwrap_or_default();
                output.line(format!("{sentence}  {left}").trim_end());
                voice.say(&sentence);
                voice.ring();
            }
            Effect::Ignored { reason, .. } => {
                output.line(&words::reader().say(&reason.message()));
            }
            _ => {}
        }
    }
    if let Some(trouble) = session.trouble() {
        output.line(&trouble);
    }
}
