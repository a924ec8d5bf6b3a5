//! Conducts a session at the prompt: as a screen, as lines, or from a script. What happens is the
//! domain's player; this only gives its cues, passes on what is pressed, and keeps its time.

pub mod lines;
pub mod pace;
pub mod screen;
pub mod scripted;
pub mod seat;
pub mod together;
pub mod voice;

use std::time::Duration;

use holdfast::domain::catalogue::{Catalogue, Exercise};
use holdfast::domain::ids::ExerciseId;
use holdfast::domain::player::{
    Action, At, Effect, Input, Plan, Question, StageView, TimedCue, View,
};
use holdfast::domain::vocabulary::{Kind, Side};
use holdfast::domain::words::Arg;

use crate::output::words;

/// A session that is conducted. Every input is durable when `apply` returns.
pub trait Conducted {
    /// This instant.
    fn now(&self) -> At;
    /// How long the machine has to wait until an instant.
    fn until(&self, at: At) -> Duration;
    /// Takes an input, and says what to do.
    fn apply(&mut self, at: At, input: &Input) -> Vec<Effect>;
    /// What a screen shows.
    fn view(&self, at: At) -> View;
    /// When to tick next; nothing while the session waits for a person.
    fn next_due(&self, at: At) -> Option<At>;
    /// What could not be saved so far, or what else is to be said, as a sentence.
    fn trouble(&self) -> Option<String>;
    /// Whether somebody else leads: then this one asks, and does not skip or rate.
    fn follows(&self) -> bool {
        false
    }
    /// Leads from now on, where whoever led is gone. Gives what to say to that.
    fn take_over(&mut self) -> Option<String> {
        None
    }
}

/// Something to read before a session begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// Sentences, one a line.
    pub lines: Vec<String>,
}

/// Applies an input and confirms the cues it brings, as one does who gives them at once.
/// What was to be given is in the answer.
pub fn attend(session: &mut dyn Conducted, at: At, input: &Input) -> Vec<Effect> {
    let mut effects = session.apply(at, input);
    let latest = effects.iter().filter_map(|effect| match effect {
        Effect::Cue(cue) => Some(cue.due),
        _ => None,
    });
    if let Some(due) = latest.max() {
        effects.extend(session.apply(at, &Input::unseeing(Action::Delivered { due })));
    }
    effects
}

/// The words of a cue.
pub fn said(cue: &TimedCue) -> String {
    words::reader().say(&cue.text)
}

/// How an exercise is called.
pub fn name(name: &Arg) -> String {
    words::reader().said(name)
}

/// The side as a heading: `RIGHT SIDE`, nothing where there is none.
pub fn side(side: Side) -> String {
    match side {
        Side::Left => words::plain("prompt.player.side_left"),
        Side::Right => words::plain("prompt.player.side_right"),
        Side::None => String::new(),
    }
}

/// What is going on, in a word or two.
pub fn stage(stage: StageView) -> String {
    words::plain(match stage {
        StageView::Ready => "prompt.player.stage.ready",
        StageView::Prepare => "prompt.player.stage.prepare",
        StageView::Switch => "prompt.player.stage.switch",
        StageView::Rest => "prompt.player.stage.rest",
        StageView::Move => "prompt.player.stage.move",
        StageView::Hold => "prompt.player.stage.hold",
        StageView::BrokenOff => "prompt.player.stage.broken_off",
        StageView::Over => "prompt.player.stage.over",
    })
}

/// A question to the person, in words.
pub fn question(question: Question) -> String {
    match question {
        Question::EaseCheck => words::plain("cue.ease_check"),
        Question::DidYouFinish => words::plain("prompt.player.did_you_finish"),
    }
}

/// The catalogue's entry of an exercise.
pub fn entry(id: &ExerciseId) -> Option<&'static Exercise> {
    Catalogue::built_in().exercise(id)
}

/// Whether a plan has a release in it: then the stop rules are shown first.
pub fn has_release(plan: &Plan, catalogue: &Catalogue) -> bool {
    let kind = |id| catalogue.exercise(id).map(|exercise| exercise.kind);
    plan.holds().iter().any(|hold| kind(&hold.exercise) == Some(Kind::Release))
}
