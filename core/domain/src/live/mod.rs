//! A session shared live: one device leads it, the others show the same second. The session is its inputs, so
//! the leader says every input with its instant, and a follower's player replays them.
//! It knows no network: messages go in and come out, lost, late or twice as they may be.
//!
//! # Who leads
//!
//! The higher [`Term`] does. Whoever follows may take over when the leader has been silent for
//! [`SILENT_AFTER_MS`]; the new term is one higher, and a leader that hears of it follows from then on. Of two
//! who take over at once the one with the greater device name leads. Only a leader logs holds; what two logged
//! of the same hold meets in the record as one.
//!
//! # One clock
//!
//! Devices agree on the relay's clock (*shared* milliseconds), each with its own offset to it. A leader never
//! uses it: its session runs on its own boot clock, so that a better offset cannot make a hold jump. It only
//! tells its followers which of its instants was which shared millisecond.

mod follower;
mod leader;
mod message;

pub use follower::{Follower, SILENT_AFTER_MS};
pub use leader::{Deposed, Leader};
pub use message::{Beat, Message, Said, Snapshot, Term};

use serde::{Deserialize, Serialize};

use crate::player::{Action, At};

/// How many inputs a leader keeps to say again. Who lacks more gets the whole state (ours).
pub const MAX_KEPT: usize = 256;

/// Whether somebody who follows may ask for this. Where in the routine it goes on, and how long, is the
/// leader's to say: the leader holds the phone that speaks.
#[must_use]
pub const fn may_be_asked(action: &Action) -> bool {
    matches!(
        action,
        Action::Pause { .. }
            | Action::Resume
            | Action::Stop { .. }
            | Action::Ease { .. }
            | Action::Finished { .. }
            | Action::RatePain { .. }
    )
}

/// How a session's instants lie to those of the device that conducts it: the same for whoever began it, and those
/// of the device before for whoever took over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instants {
    /// An instant of the session …
    pub session: At,
    /// … and the instant of this device that it was.
    pub own: At,
}

impl Instants {
    /// Those of a session that counts as this device does.
    #[must_use]
    pub const fn same(at: At) -> Self {
        Self { session: at, own: at }
    }

    /// The session's instant at an instant of this device.
    #[must_use]
    pub fn session_at(&self, own: At) -> At {
        if self.session == self.own { own } else { carried(self.own, own, self.session) }
    }

    /// This device's instant at an instant of the session, at the earliest the one the session was taken over at.
    #[must_use]
    pub fn own_at(&self, session: At) -> At {
        if self.session == self.own { session } else { carried(self.session, session, self.own) }
    }
}

/// The instant on one clock that is as far from `to` as `now` is from `from` on another.
fn carried(from: At, now: At, to: At) -> At {
    let forward = if from.boot == now.boot {
        now.since_boot_ms.saturating_sub(from.since_boot_ms)
    } else {
        u64::try_from(now.wall_ms.saturating_sub(from.wall_ms)).unwrap_or(0)
    };
    to.plus(forward)
}

/// The instant that lies `to_ms - from_ms` after `at`, or before it.
const fn shifted(at: At, from_ms: i64, to_ms: i64) -> At {
    let by = to_ms.saturating_sub(from_ms);
    if by >= 0 { at.plus(by.unsigned_abs()) } else { at.minus(by.unsigned_abs()) }
}
