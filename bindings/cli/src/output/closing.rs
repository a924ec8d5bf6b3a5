//! The last line of a session, as a person would say it. It knows no player and no engine.

use holdfast::domain::vocabulary::Side;
use holdfast::views::StatusKind;

use super::words;

/// What the line is made of.
#[derive(Debug, Clone, Default)]
pub struct Closing {
    /// Where: `hip`, `low back`; nothing where it was all over.
    pub place: Option<String>,
    /// The side, where all of it was on one.
    pub side: Option<Side>,
    /// Pain before and after, NRS 0–10.
    pub pain: (Option<u8>, Option<u8>),
    /// All time held, in milliseconds.
    pub held_ms: u64,
    /// Where a second copy is: how many other devices have it, or whether the relay does.
    pub copies: Copies,
}

/// Where what was written is by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Copies {
    /// Only here, and there is no relay.
    #[default]
    Here,
    /// Only here until the next sync.
    Queued,
    /// At the relay.
    Relayed,
    /// On another device.
    Seen,
}

impl Copies {
    /// By the engine's status.
    pub const fn of(status: StatusKind) -> Self {
        match status {
            StatusKind::Saved => Self::Here,
            StatusKind::Queued => Self::Queued,
            StatusKind::Relayed => Self::Relayed,
            StatusKind::Seen => Self::Seen,
            StatusKind::Refused => Self::Here,
        }
    }
}

impl Closing {
    /// The line.
    pub fn text(&self) -> String {
        let side = self.side.map(words::side).filter(|side| !side.is_empty());
        let about = match (self.place.clone(), side) {
            (Some(place), Some(side)) => words::say(
                "prompt.closing.place",
                &[("place", place.into()), ("side", side.into())],
            ),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => words::plain("prompt.closing.pain"),
        };
        let about = || ("about", capital(&about).into());
        let mut said = Vec::new();
        match self.pain {
            (Some(before), Some(after)) => said.push(words::say(
                "prompt.closing.change",
                &[about(), ("before", before.into()), ("after", after.into())],
            )),
            (Some(only), None) => {
                said.push(words::say("prompt.closing.before", &[about(), ("n", only.into())]));
            }
            (None, Some(only)) => {
                said.push(words::say("prompt.closing.now", &[about(), ("n", only.into())]));
            }
            (None, None) => {}
        }
        said.push(match self.held_ms {
            0 => words::plain("prompt.closing.nothing_held"),
            ms => words::say("prompt.closing.held", &[("length", words::length(ms).into())]),
        });
        said.push(words::plain(match self.copies {
            Copies::Here | Copies::Queued => "prompt.closing.here",
            Copies::Relayed => "prompt.closing.relayed",
            Copies::Seen => "prompt.closing.seen",
        }));
        said.join(" ")
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_session_reads_like_a_person() {
        let closing = Closing {
            place: Some("hip".into()),
            side: Some(Side::Right),
            pain: (Some(6), Some(3)),
            held_ms: 360_000,
            copies: Copies::Queued,
        };
        assert_eq!(closing.text(), "Right hip 6 → 3. 6 min held. Saved here; no second copy yet.");
        let bare = Closing { held_ms: 45_000, copies: Copies::Relayed, ..Closing::default() };
        assert_eq!(bare.text(), "45 s held. Saved here and on the relay.");
    }
}
