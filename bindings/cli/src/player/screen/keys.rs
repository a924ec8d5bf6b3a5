//! What a key means where: every input of the player has one. It knows no layout.

use holdfast::domain::player::{
    Action, EaseAnswer, PauseReason, Question, StageView, StopReason, View,
};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One step of `+`: 15 s, as the legend says.
pub const EXTENSION_MS: u64 = 15_000;

/// What was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// An input of the player.
    Do(Action),
    /// It hurts: asks how much, then stops.
    Hurts,
    /// End the session early; asked once more.
    End,
    /// Leave it as it is, to be gone on with.
    Leave,
    /// Lead from now on.
    TakeOver,
    /// Nothing.
    Nothing,
}

/// Reads a key while the session runs.
pub fn read(key: KeyEvent, view: &View) -> Meant {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c' | 'd') => Meant::Leave,
            _ => Meant::Nothing,
        };
    }
    let ease = |answer| Meant::Do(Action::Ease { answer });
    let asked = view.question == Some(Question::DidYouFinish);
    match key.code {
        KeyCode::Char(' ') => Meant::Do(Action::Pause { reason: PauseReason::Person }),
        KeyCode::Enter if view.stage == StageView::Ready => Meant::Do(Action::Start),
        KeyCode::Enter => Meant::Do(Action::Resume),
        KeyCode::Char('y') if asked => Meant::Do(Action::Finished { yes: true }),
        KeyCode::Char('n') if asked => Meant::Do(Action::Finished { yes: false }),
        KeyCode::Char('s') | KeyCode::Right => Meant::Do(Action::Skip),
        KeyCode::Char('b') | KeyCode::Left => Meant::Do(Action::Back),
        KeyCode::Char('+' | '=') | KeyCode::Up => Meant::Do(Action::Extend { ms: EXTENSION_MS }),
        KeyCode::Char('y' | 'e') => ease(EaseAnswer::Eased),
        KeyCode::Char('m') => ease(EaseAnswer::Move),
        KeyCode::Char('l') => ease(EaseAnswer::Lighten { to: None }),
        KeyCode::Char('r') => Meant::Do(Action::Count { reps: 1 }),
        KeyCode::Char('d') => Meant::Do(Action::Finish { reps: None }),
        KeyCode::Char('h') => Meant::Hurts,
        KeyCode::Char('t') => Meant::TakeOver,
        KeyCode::Char('q') | KeyCode::Esc => Meant::End,
        _ => Meant::Nothing,
    }
}

/// Why the session is ended with `q`.
pub const fn ended_early() -> Action {
    Action::Stop { reason: StopReason::DoneEarly }
}

/// The keys that mean something here, and the codes of what they do, for the foot of the screen.
pub fn legend(view: &View, follows: bool) -> Vec<(&'static str, &'static str)> {
    if follows && view.stage == StageView::Ready {
        return vec![("q", "prompt.key.leave")];
    }
    if view.stage == StageView::Ready {
        return vec![("enter", "prompt.key.begin"), ("q", "prompt.key.leave")];
    }
    let mut keys = Vec::new();
    match view.question {
        Some(Question::EaseCheck) => {
            keys.extend([
                ("y", "prompt.key.yes"),
                ("m", "prompt.key.move"),
                ("l", "prompt.key.lighten"),
            ]);
        }
        Some(Question::DidYouFinish) => {
            keys.extend([
                ("y", "prompt.key.yes"),
                ("n", "prompt.key.no"),
                ("enter", "prompt.key.go_on_with_it"),
            ]);
        }
        None => {}
    }
    let counted = view.target_reps.is_some() || view.reps.is_some();
    if !follows && view.stage == StageView::Hold && view.remaining.is_none() {
        keys.push(("d", "prompt.key.done"));
        if counted {
            keys.push(("r", "prompt.key.one_more"));
        }
    }
    if view.question != Some(Question::DidYouFinish) {
        keys.push(if view.paused.is_some() {
            ("enter", "prompt.key.go_on")
        } else {
            ("space", "prompt.key.pause")
        });
    }
    if !follows {
        keys.extend([
            ("s", "prompt.key.skip"),
            ("b", "prompt.key.back"),
            ("+", "prompt.key.longer"),
        ]);
    }
    keys.extend([("h", "prompt.key.hurts"), ("q", "prompt.key.end")]);
    keys
}
