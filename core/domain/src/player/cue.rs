//! What the player says: typed cues with the code of their words, a tone and a haptic twin.
//! Refuses to know of speech engines, and of sentences: the words are in `words`.

use serde::{Deserialize, Serialize};

use super::input::Position;
use super::instant::{At, SessionTime};
use super::plan::{LeadKind, PacedPhase, PlannedHold};
use crate::units::Millis;
use crate::vocabulary::Side;
use crate::words::{Arg, Message};

/// What happens at a cue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cue {
    /// Get into position.
    Prepare,
    /// Change sides.
    SwitchSides,
    /// Rest.
    Rest,
    /// Move to another spot.
    MoveSpot,
    /// The hold begins.
    Go,
    /// Half of it is over.
    HalfWay,
    /// Three seconds are left.
    LastThree,
    /// Still running: shown, not spoken; its confirmation tells that somebody could attend.
    Mark,
    /// A phase of a paced repetition begins.
    Phase,
    /// Is it easing?
    EaseCheck,
    /// It did not ease, three times: lighten or consult.
    NotEased,
    /// Time stands still.
    Paused,
    /// Time goes on.
    Resumed,
    /// The hold was broken off: did you finish?
    DidYouFinish,
    /// Stopped because it hurts.
    StoppedByPain,
    /// Stopped.
    Stopped,
    /// All done.
    Done,
}

/// Which sound. Front ends choose the notes; the names are distinct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// None.
    Silent,
    /// Get ready.
    Ready,
    /// Begin.
    Go,
    /// Half.
    Half,
    /// Last seconds.
    Last,
    /// Change sides.
    Switch,
    /// Rest.
    Rest,
    /// A phase.
    Phase,
    /// A question.
    Ask,
    /// Pause and resume.
    Pause,
    /// The end.
    Done,
}

/// Which touch, the twin of the tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Haptic {
    /// None.
    Still,
    /// One light tap.
    Tap,
    /// Two taps.
    Double,
    /// Three taps.
    Triple,
    /// One long.
    Long,
    /// Two long.
    LongDouble,
}

/// How much a cue matters where room is short (notifications, a busy audio session).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    /// For the screen; needs no sound.
    Quiet,
    /// Good to hear.
    Normal,
    /// The session goes wrong without it.
    High,
}

/// A cue with its time and everything needed to give it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimedCue {
    /// When it is due, on the session's clock. Confirm with it:
    /// [`super::Action::Delivered`].
    pub due: SessionTime,
    /// When that is on the device.
    pub at: At,
    /// The position an answer to it would have seen.
    pub position: Position,
    /// What happens.
    pub cue: Cue,
    /// What is said: a code and its arguments.
    pub text: Message,
    /// The sound.
    pub tone: Tone,
    /// The touch.
    pub haptic: Haptic,
    /// How much it matters.
    pub importance: Importance,
}

impl Cue {
    /// The sound of a cue.
    #[must_use]
    pub const fn tone(self) -> Tone {
        match self {
            Self::Prepare | Self::MoveSpot => Tone::Ready,
            Self::SwitchSides => Tone::Switch,
            Self::Rest => Tone::Rest,
            Self::Go => Tone::Go,
            Self::HalfWay => Tone::Half,
            Self::LastThree => Tone::Last,
            Self::Mark => Tone::Silent,
            Self::Phase => Tone::Phase,
            Self::EaseCheck | Self::DidYouFinish | Self::NotEased => Tone::Ask,
            Self::Paused | Self::Resumed => Tone::Pause,
            Self::StoppedByPain | Self::Stopped | Self::Done => Tone::Done,
        }
    }

    /// The touch of a cue.
    #[must_use]
    pub const fn haptic(self) -> Haptic {
        match self {
            Self::Mark => Haptic::Still,
            Self::Prepare | Self::MoveSpot | Self::HalfWay | Self::Phase => Haptic::Tap,
            Self::Rest | Self::Paused | Self::Resumed => Haptic::Double,
            Self::LastThree => Haptic::Triple,
            Self::Go | Self::EaseCheck | Self::DidYouFinish | Self::NotEased => Haptic::Long,
            Self::SwitchSides | Self::StoppedByPain | Self::Stopped | Self::Done => {
                Haptic::LongDouble
            }
        }
    }

    /// How much a cue matters.
    #[must_use]
    pub const fn importance(self) -> Importance {
        match self {
            Self::Mark => Importance::Quiet,
            Self::Prepare
            | Self::MoveSpot
            | Self::HalfWay
            | Self::LastThree
            | Self::Phase
            | Self::Paused
            | Self::Resumed => Importance::Normal,
            Self::Go
            | Self::SwitchSides
            | Self::Rest
            | Self::EaseCheck
            | Self::DidYouFinish
            | Self::NotEased
            | Self::StoppedByPain
            | Self::Stopped
            | Self::Done => Importance::High,
        }
    }
}

/// A cue as the machine gives it, with what its words are about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Said<'a> {
    Lead(LeadKind, Millis, &'a PlannedHold),
    Go(&'a PlannedHold),
    /// With the time left.
    HalfWay(Millis),
    LastThree,
    /// With the time run.
    Mark(Millis),
    Phase(&'a PacedPhase),
    EaseCheck,
    NotEased,
    Paused,
    Resumed,
    DidYouFinish(&'a PlannedHold),
    StoppedByPain,
    Stopped,
    Done,
}

impl Said<'_> {
    pub(super) const fn cue(self) -> Cue {
        match self {
            Self::Lead(LeadKind::Prepare, ..) => Cue::Prepare,
            Self::Lead(LeadKind::Switch, ..) => Cue::SwitchSides,
            Self::Lead(LeadKind::Rest, ..) => Cue::Rest,
            Self::Lead(LeadKind::Move, ..) => Cue::MoveSpot,
            Self::Go(_) => Cue::Go,
            Self::HalfWay(_) => Cue::HalfWay,
            Self::LastThree => Cue::LastThree,
            Self::Mark(_) => Cue::Mark,
            Self::Phase(_) => Cue::Phase,
            Self::EaseCheck => Cue::EaseCheck,
            Self::NotEased => Cue::NotEased,
            Self::Paused => Cue::Paused,
            Self::Resumed => Cue::Resumed,
            Self::DidYouFinish(_) => Cue::DidYouFinish,
            Self::StoppedByPain => Cue::StoppedByPain,
            Self::Stopped => Cue::Stopped,
            Self::Done => Cue::Done,
        }
    }

    /// The words, as a code and its arguments.
    pub(super) fn message(self) -> Message {
        match self {
            Self::Lead(LeadKind::Prepare, _, hold) => {
                sided(hold, "cue.prepare", "cue.prepare_side")
            }
            Self::Lead(LeadKind::Switch, _, hold) => sided(hold, "cue.switch", "cue.switch_side"),
            Self::Lead(LeadKind::Rest, length, _) => {
                Message::new("cue.rest").with("seconds", length.as_secs())
            }
            Self::Lead(LeadKind::Move, ..) => Message::new("cue.move_spot"),
            Self::Go(hold) => match (hold.work.target_reps(), hold.work.target()) {
                (Some(reps), _) => Message::new("cue.go_reps").with("reps", reps),
                (None, Some(target)) => {
                    Message::new("cue.go_for").with("seconds", target.as_secs())
                }
                (None, None) => Message::new("cue.go"),
            },
            Self::HalfWay(left) => Message::new("cue.half_way").with("seconds", left.as_secs()),
            Self::LastThree => Message::new("cue.last_three"),
            Self::Mark(run) => Message::new("cue.mark").with("seconds", run.as_secs()),
            Self::Phase(phase) => Message::new("cue.phase")
                .with("phase", phase.name.clone())
                .with("seconds", phase.length.as_secs()),
            Self::EaseCheck => Message::new("cue.ease_check"),
            Self::NotEased => Message::new("cue.not_eased"),
            Self::Paused => Message::new("cue.paused"),
            Self::Resumed => Message::new("cue.resumed"),
            Self::DidYouFinish(hold) => {
                Message::new("cue.did_you_finish").with("exercise", hold.name.clone())
            }
            Self::StoppedByPain => Message::new("cue.stopped_by_pain"),
            Self::Stopped => Message::new("cue.stopped"),
            Self::Done => Message::new("cue.done"),
        }
    }
}

fn sided(hold: &PlannedHold, without: &str, with: &str) -> Message {
    let message = match hold.side {
        Side::None => Message::new(without),
        Side::Left => Message::new(with).with("side", Arg::code("cue.side_left")),
        Side::Right => Message::new(with).with("side", Arg::code("cue.side_right")),
    };
    message.with("exercise", hold.name.clone())
}
