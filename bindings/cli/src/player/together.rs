//! A session that is done together, as the player at the prompt conducts it: led or followed. What others do to it
//! happens meanwhile; this looks often enough to show it.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use holdfast::domain::player::{Action, At, Effect, Input, Seen, StageView, View};
use holdfast::live::{Live, LivePart, LiveStanding};

use super::pace::PacedClock;
use super::{Conducted, attend};
use crate::failure::Failure;
use crate::output::{Output, words};

/// The longest time between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// The session at the prompt.
pub struct Together {
    /// The session.
    pub live: Live,
    clock: Arc<PacedClock>,
    /// What was shown last: there is always something to show once a session is known.
    shown: RefCell<View>,
    /// How it stood when it was last said.
    told: Option<Told>,
    /// What is to be said and was not yet.
    to_say: RefCell<Option<String>>,
    /// Whether to lead without being asked when the leader has vanished.
    goes_on: bool,
}

/// What of its standing is worth a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    part: LivePart,
    connected: bool,
    gone: bool,
    others: Vec<String>,
    lost: bool,
}

impl Together {
    /// A session whose first view is known.
    pub fn new(live: Live, clock: Arc<PacedClock>, view: View, goes_on: bool) -> Self {
        let shown = RefCell::new(view);
        Self { live, clock, shown, told: None, to_say: RefCell::new(None), goes_on }
    }

    /// Looks who is there, and notes what there is to say about it.
    fn look(&mut self) {
        let standing = self.live.standing();
        if self.goes_on && standing.leader_is_gone && standing.connected {
            let said = self.take_over();
            self.to_say.replace(said);
        }
        let standing = self.live.standing();
        let lost = self.live.lost();
        let now = Told {
            part: standing.part,
            connected: standing.connected,
            gone: standing.leader_is_gone,
            others: standing.others.iter().map(|other| other.name.clone()).collect(),
            lost: lost.is_some(),
        };
        if self.told.as_ref() == Some(&now) {
            return;
        }
        let said = match lost {
            Some(error) => Some(Failure::from(error).message().to_owned()),
            None => self.told.as_ref().and_then(|before| news(before, &standing)),
        };
        if let Some(said) = said {
            self.to_say.replace(Some(said));
        }
        self.told = Some(now);
    }
}

/// What has changed, in a sentence.
fn news(before: &Told, now: &LiveStanding) -> Option<String> {
    let leader = now.leader.clone().unwrap_or_default();
    let leader = [("name", leader.into())];
    if before.part == LivePart::Leads && now.part != LivePart::Leads {
        return Some(words::say("prompt.together.led_by", &leader));
    }
    if before.connected && !now.connected {
        return Some(words::plain(match now.part {
            LivePart::Leads => "prompt.together.alone",
            _ => "prompt.together.not_heard",
        }));
    }
    if !before.gone && now.leader_is_gone {
        return Some(words::plain("prompt.together.silent"));
    }
    let come = now.others.iter().find(|other| !before.others.contains(&other.name));
    if let Some(other) = come.filter(|_| now.part == LivePart::Leads) {
        let name = [("name", other.name.as_str().into())];
        return Some(words::say("prompt.together.is_here", &name));
    }
    None
}

impl Conducted for Together {
    fn now(&self) -> At {
        self.live.at()
    }

    fn until(&self, at: At) -> Duration {
        // Others may change what is shown at any time.
        self.clock.until(at).min(LOOK)
    }

    fn apply(&mut self, at: At, input: &Input) -> Vec<Effect> {
        let applied = self.live.apply_at(at, input);
        self.look();
        if let Some(error) = applied.error {
            let said = Failure::from(error).message().to_owned();
            let said = if applied.saved {
                said
            } else {
                words::say("prompt.player.tried_again", &[("why", said.into())])
            };
            self.to_say.replace(Some(said));
        }
        applied.effects
    }

    fn view(&self, at: At) -> View {
        if let Some(view) = self.live.view_at(at) {
            self.shown.replace(view);
        }
        self.shown.borrow().clone()
    }

    fn next_due(&self, at: At) -> Option<At> {
        self.live.next_due_at(at)
    }

    fn trouble(&self) -> Option<String> {
        self.to_say.take()
    }

    fn follows(&self) -> bool {
        self.live.standing().part != LivePart::Leads
    }

    fn take_over(&mut self) -> Option<String> {
        Some(match self.live.take_over() {
            Ok(()) => words::plain("prompt.together.you_lead"),
            Err(error) => Failure::from(error).message().to_owned(),
        })
    }
}

/// Plays a script and then as long as the session goes on: whoever else takes part moves it too.
pub fn run(
    session: &mut dyn Conducted,
    script: &[(u64, Input)],
    output: &Output,
    stop: &dyn Fn() -> bool,
) {
    let begin = session.now();
    let mut script = script.iter().peekable();
    while !stop() {
        let now = session.now();
        let passed = now.since_boot_ms.saturating_sub(begin.since_boot_ms);
        let tick = Input::unseeing(Action::Tick);
        give(session, now, &tick, output);
        while let Some((_, input)) = script.next_if(|(ms, _)| *ms <= passed) {
            // What is typed is about what is seen.
            let seen = Input::seeing(session.view(now).position, input.action.clone());
            let said = matches!(input.seen, Seen::Position(_));
            give(session, now, if said { input } else { &seen }, output);
        }
        if session.view(now).stage == StageView::Over {
            break;
        }
        std::thread::sleep(session.next_due(now).map_or(LOOK, |due| session.until(due)).min(LOOK));
    }
}

fn give(session: &mut dyn Conducted, now: At, input: &Input, output: &Output) {
    for effect in attend(session, now, input) {
        if let Effect::Ignored { reason, .. } = effect {
            let reason = [("reason", reason.message().into())];
            output.remark(&words::say("prompt.player.not_followed", &reason));
        }
    }
    if let Some(said) = session.trouble() {
        output.remark(&said);
    }
}
