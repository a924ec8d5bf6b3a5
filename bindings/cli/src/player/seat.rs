//! The engine's session as the player at the prompt conducts it.

use std::sync::Arc;
use std::time::Duration;

use holdfast::Engine;
use holdfast::domain::player::{At, Effect, Input, View};
use holdfast::play::{Applied, Playing};

use super::Conducted;
use super::pace::PacedClock;
use crate::failure::Failure;
use crate::output::words;

/// The engine's session at the prompt.
pub struct Seat {
    engine: Engine,
    /// The session.
    pub playing: Playing,
    clock: Arc<PacedClock>,
    trouble: Option<String>,
}

impl Seat {
    /// A session whose engine runs on this clock.
    pub fn new(engine: &Engine, playing: Playing, clock: Arc<PacedClock>) -> Self {
        Self { engine: engine.clone(), playing, clock, trouble: None }
    }

    /// The session and its clock, to be conducted otherwise.
    pub fn into_parts(self) -> (Playing, Arc<PacedClock>) {
        (self.playing, self.clock)
    }

    /// Lets its time run.
    pub fn start(&self) {
        self.clock.start();
    }

    /// Takes note of whether it could be saved, and gives what is to be done.
    pub fn note(&mut self, applied: Applied) -> Vec<Effect> {
        self.trouble = match (applied.saved, applied.error) {
            (true, _) => None,
            (false, Some(error)) => Some(words::say(
                "prompt.player.tried_again",
                &[("why", Failure::from(error).message().into())],
            )),
            (false, None) => Some(words::plain("prompt.player.not_saved")),
        };
        applied.effects
    }
}

impl Conducted for Seat {
    fn now(&self) -> At {
        self.engine.at()
    }

    fn until(&self, at: At) -> Duration {
        self.clock.until(at)
    }

    fn apply(&mut self, at: At, input: &Input) -> Vec<Effect> {
        let applied = self.playing.apply_at(at, input);
        self.note(applied)
    }

    fn view(&self, at: At) -> View {
        self.playing.view_at(at)
    }

    fn next_due(&self, at: At) -> Option<At> {
        self.playing.next_due_at(at)
    }

    fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }
}
