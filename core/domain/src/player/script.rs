//! Sessions written down: inputs by the millisecond, as `play --inputs` reads them, and the
//! attentive front end that plays them. Refuses to know of files and clocks.
//!
//! ```text
//! # ms after the beginning, then the input
//! 0       start
//! 36000   eased
//! 60000   pause               # person, partner, call, audio_taken, output_gone
//! 75000   resume
//! 80000   extend 15000        # ms
//! 95000   skip @0.1.1         # only if this position is still there: hold.visit.question
//! ```
//!
//! | input | arguments |
//! |---|---|
//! | `start`, `resume`, `skip`, `back`, `tick` | |
//! | `pause` | reason? |
//! | `extend` | ms |
//! | `stop` | `done`, `other`, or `pain` with NRS 0–10? and site? |
//! | `eased`, `move`, `lighten` | `lighten`: `light`, `moderate` or `firm`? |
//! | `finished` | `yes` or `no` |
//! | `pain` | `before` or `after`, NRS 0–10, site? |
//! | `count` | repetitions, 1 if left out |
//! | `done` | repetitions? |
//! | `delivered` | the cue's due, ms |

use super::{
    Action, At, EaseAnswer, Effect, Input, PainWhen, PauseReason, Player, Position, Seen,
    SessionTime, StopReason,
};
use crate::ids::Site;
use crate::record::{PainRating, Reporter};
use crate::units::{Millis, Nrs};
use crate::vocabulary::Pressure;
use crate::words::{Arg, Message, Words};

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Words::english().say(&self.message()))]
pub struct ScriptError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it, and what would be right.
    pub what: Message,
}

impl ScriptError {
    /// Line and mistake, in words.
    #[must_use]
    pub fn message(&self) -> Message {
        let line = u64::try_from(self.line).unwrap_or(u64::MAX);
        Message::new("script.line").with("line", line).with("what", self.what.clone())
    }
}

/// Reads a script: (ms after the beginning, input), in order.
///
/// # Errors
/// [`ScriptError`] for the first line that is no input, or is earlier than the one before.
pub fn parse(text: &str) -> Result<Vec<(u64, Input)>, ScriptError> {
    let mut script: Vec<(u64, Input)> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.split('#').next().unwrap_or_default();
        let mut words: Vec<&str> = content.split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        let wrong = |what| ScriptError { line, what };
        let ms: u64 = number(words.remove(0), "script.what.time").map_err(wrong)?;
        if script.last().is_some_and(|(before, _)| *before > ms) {
            return Err(wrong(Message::new("script.order").with("ms", ms)));
        }
        let seen = match words.last().and_then(|word| word.strip_prefix('@')) {
            Some(position) => {
                words.pop();
                Seen::Position(self::position(position).map_err(wrong)?)
            }
            None => Seen::Whatever,
        };
        let action = action(&words).map_err(wrong)?;
        script.push((ms, Input { seen, action }));
    }
    Ok(script)
}

fn position(text: &str) -> Result<Position, Message> {
    let parts: Vec<u32> = text.split('.').filter_map(|part| part.parse().ok()).collect();
    match (parts.as_slice(), text.split('.').count()) {
        ([hold, visit, question], 3) => {
            Ok(Position { hold: *hold, visit: *visit, question: *question })
        }
        _ => Err(Message::new("script.position").with("text", text)),
    }
}

fn action(words: &[&str]) -> Result<Action, Message> {
    let ease = |answer| Action::Ease { answer };
    Ok(match words {
        ["start"] => Action::Start,
        ["resume"] => Action::Resume,
        ["skip"] => Action::Skip,
        ["back"] => Action::Back,
        ["tick"] => Action::Tick,
        ["pause"] => Action::Pause { reason: PauseReason::Person },
        ["pause", reason] => Action::Pause { reason: pause_reason(reason)? },
        ["extend", ms] => Action::Extend { ms: number(ms, "script.what.extension")? },
        ["stop", reason @ ..] => Action::Stop { reason: stop_reason(reason)? },
        ["eased"] => ease(EaseAnswer::Eased),
        ["move"] => ease(EaseAnswer::Move),
        ["lighten"] => ease(EaseAnswer::Lighten { to: None }),
        ["lighten", to] => {
            let to: Pressure =
                to.parse().map_err(|_| Message::new("script.pressure").with("text", *to))?;
            ease(EaseAnswer::Lighten { to: Some(to) })
        }
        ["finished", "yes"] => Action::Finished { yes: true },
        ["finished", "no"] => Action::Finished { yes: false },
        ["pain", "before", rating @ ..] => rate(PainWhen::Before, rating)?,
        ["pain", "after", rating @ ..] => rate(PainWhen::After, rating)?,
        ["count"] => Action::Count { reps: 1 },
        ["count", reps] => Action::Count { reps: number(reps, "script.what.reps")? },
        ["done"] => Action::Finish { reps: None },
        ["done", reps] => Action::Finish { reps: Some(number(reps, "script.what.reps")?) },
        ["delivered", due] => {
            Action::Delivered { due: SessionTime(number(due, "script.what.due")?) }
        }
        [] => return Err(Message::new("script.no_input")),
        [first, ..] => {
            return Err(Message::new("script.input")
                .with("text", words.join(" "))
                .with("first", *first));
        }
    })
}

fn pause_reason(text: &str) -> Result<PauseReason, Message> {
    Ok(match text {
        "person" => PauseReason::Person,
        "partner" => PauseReason::Partner,
        "call" => PauseReason::Call,
        "audio_taken" => PauseReason::AudioTaken,
        "output_gone" => PauseReason::OutputGone,
        _ => {
            return Err(Message::new("script.pause").with("text", text));
        }
    })
}

fn stop_reason(words: &[&str]) -> Result<StopReason, Message> {
    Ok(match words {
        [] | ["done"] => StopReason::DoneEarly,
        ["other"] => StopReason::Other,
        ["pain"] => StopReason::Pain { rating: None, site: None },
        ["pain", number_or_site] if !number_or_site.starts_with(|c: char| c.is_ascii_digit()) => {
            StopReason::Pain { rating: None, site: Some(site_named(number_or_site)?) }
        }
        ["pain", given @ ..] => {
            let rating = rating(given)?;
            StopReason::Pain { site: rating.site.clone(), rating: Some(rating) }
        }
        _ => return Err(Message::new("script.stop")),
    })
}

fn rate(when: PainWhen, words: &[&str]) -> Result<Action, Message> {
    Ok(Action::RatePain { when, of: None, rating: rating(words)? })
}

fn rating(words: &[&str]) -> Result<PainRating, Message> {
    let (nrs, site) = match words {
        [nrs] => (nrs, None),
        [nrs, site] => (nrs, Some(site_named(site)?)),
        _ => return Err(Message::new("script.pain")),
    };
    let nrs = Nrs::try_from(number::<u8>(nrs, "script.what.pain")?)
        .map_err(|_| Message::new("script.pain"))?;
    Ok(PainRating { nrs, site, reported_by: Reporter::Subject })
}

fn site_named(text: &str) -> Result<Site, Message> {
    Site::new(text).map_err(|_| Message::new("script.site").with("text", text))
}

fn number<N: std::str::FromStr>(text: &str, what: &str) -> Result<N, Message> {
    let refused = || Message::new("script.number").with("what", Arg::code(what)).with("text", text);
    text.parse().map_err(|_| refused())
}

/// Applies an input as an attentive front end would: up to its instant every cue is given when
/// it falls due, and confirmed. What happened comes with its instant.
pub fn attend(player: &mut Player, from: At, to: At, input: &Input) -> Vec<(At, Effect)> {
    let mut happened = Vec::new();
    let mut now = from;
    while let Some(due) = player.next_due(now).filter(|due| due.since_boot_ms <= to.since_boot_ms) {
        if due.since_boot_ms <= now.since_boot_ms {
            break;
        }
        now = due;
        give(player, now, &Input::unseeing(Action::Tick), &mut happened);
    }
    give(player, to, input, &mut happened);
    happened
}

/// Applies an input and confirms the cues it brings.
fn give(player: &mut Player, at: At, input: &Input, happened: &mut Vec<(At, Effect)>) {
    let effects = player.apply(at, input);
    let latest = effects.iter().filter_map(|effect| match effect {
        Effect::Cue(cue) | Effect::Missed { latest: cue, .. } => Some(cue.due),
        _ => None,
    });
    let confirm = latest.max().map(|due| Input::unseeing(Action::Delivered { due }));
    happened.extend(effects.into_iter().map(|effect| (at, effect)));
    if let Some(confirm) = confirm {
        happened.extend(player.apply(at, &confirm).into_iter().map(|effect| (at, effect)));
    }
}

/// Plays a script from `start` on, and then as long as time alone moves the session.
pub fn play(player: &mut Player, start: At, script: &[(u64, Input)]) -> Vec<(At, Effect)> {
    let mut happened = Vec::new();
    let mut now = start;
    for (ms, input) in script {
        let at = start.plus(*ms);
        happened.extend(attend(player, now, at, input));
        now = at;
    }
    while let Some(due) = player.next_due(now) {
        if due.since_boot_ms.saturating_sub(now.since_boot_ms) > super::MAX_LENGTH.0 {
            break;
        }
        let waits = Input::unseeing(Action::Tick);
        happened.extend(attend(player, now, due, &waits));
        now = due;
        if open_for_longer_than_a_script_waits(player, now) {
            break;
        }
    }
    happened
}

/// A hold that only a person ends goes on marking time; a script that is over will not end it.
fn open_for_longer_than_a_script_waits(player: &Player, now: At) -> bool {
    let view = player.view(now);
    view.stage == super::StageView::Hold && view.remaining.is_none() && view.elapsed > Millis::ZERO
}
