//! A session from a script, or with nobody at the keys: time passes from one due cue or input to
//! the next, every cue counts as given. It shows nothing; the summary is the answer.

use holdfast::domain::player::{Action, At, Effect, Input, MAX_LENGTH, StageView};
use holdfast::domain::units::Millis;

use super::{Conducted, attend};
use crate::output::Output;
use crate::output::words;

/// Plays a script and then as long as time alone moves the session. `stop` is asked at every wait.
pub fn run(
    session: &mut dyn Conducted,
    script: &[(u64, Input)],
    output: &Output,
    stop: &dyn Fn() -> bool,
) {
    let begin = session.now();
    let mut player = Scripted { session, now: begin, output, stop };
    for (ms, input) in script {
        let at = begin.plus(*ms);
        if !player.pass_until(at) {
            output.progress("");
            return;
        }
        player.give(at, input);
    }
    while let Some(due) = player.session.next_due(player.now) {
        let far = due.since_boot_ms.saturating_sub(player.now.since_boot_ms) > MAX_LENGTH.0;
        if far || player.waits_for_a_person() || !player.pass_until(due) {
            break;
        }
    }
    output.progress("");
}

struct Scripted<'a> {
    session: &'a mut dyn Conducted,
    now: At,
    output: &'a Output,
    stop: &'a dyn Fn() -> bool,
}

impl Scripted<'_> {
    /// Lets time pass, cue by cue. False where it was broken off.
    fn pass_until(&mut self, to: At) -> bool {
        while let Some(due) = self.session.next_due(self.now) {
            if due.since_boot_ms > to.since_boot_ms || due.since_boot_ms <= self.now.since_boot_ms {
                break;
            }
            if !self.wait(due) {
                return false;
            }
            self.give(due, &Input::unseeing(Action::Tick));
        }
        if !self.wait(to) {
            return false;
        }
        self.now = later(self.now, to);
        true
    }

    fn give(&mut self, at: At, input: &Input) {
        self.now = later(self.now, at);
        for effect in attend(self.session, self.now, input) {
            if let Effect::Ignored { reason, .. } = effect {
                let reason = reason.message();
                self.output.remark(&words::say(
                    "prompt.player.not_followed",
                    &[("reason", reason.into())],
                ));
            }
        }
        let view = self.session.view(self.now);
        let left = view.remaining.unwrap_or(view.elapsed);
        let name = format!("{} {}", super::name(&view.name), words::side(view.side));
        self.output.progress(&words::say(
            "prompt.player.progress",
            &[
                ("exercise", name.trim_end().into()),
                ("n", view.step_no.into()),
                ("of", view.step_count.into()),
                ("left", words::clock(left.0).into()),
            ],
        ));
    }

    fn wait(&self, to: At) -> bool {
        loop {
            if (self.stop)() {
                return false;
            }
            let left = self.session.until(to);
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(std::time::Duration::from_millis(100)));
        }
    }

    /// A hold that only a person ends, and nobody is there: time would only mark itself.
    fn waits_for_a_person(&self) -> bool {
        let view = self.session.view(self.now);
        view.stage == StageView::Hold && view.remaining.is_none() && view.elapsed > Millis::ZERO
    }
}

fn later(a: At, b: At) -> At {
    if b.since_boot_ms > a.since_boot_ms { b } else { a }
}
