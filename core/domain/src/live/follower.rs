//! A device that follows: it replays the leader's inputs and shows the same second. It logs nothing.

use super::leader::Leader;
use super::message::{Beat, Message, Said, Snapshot, Term};
use super::{Instants, shifted};
use crate::ids::DeviceName;
use crate::player::{Action, At, Input, Player, TimedCue, View};

/// A leader that was not heard for so long counts as gone, in milliseconds (ours): three signs of life.
pub const SILENT_AFTER_MS: i64 = 6_000;
/// What is missing is asked for again after so long, in milliseconds (ours).
const ASK_AGAIN_MS: i64 = 1_000;

/// Follows a session.
#[derive(Debug, Clone)]
pub struct Follower {
    me: DeviceName,
    /// The greatest term heard of. Anything of a smaller one is not listened to.
    term: Option<Term>,
    replica: Option<Replica>,
    /// When the leader was heard last, and when something was asked for, in shared milliseconds.
    heard_ms: Option<i64>,
    asked_ms: Option<i64>,
    /// How many inputs this device has asked for.
    asks: u64,
}

/// The leader's session, as far as it was told.
#[derive(Debug, Clone)]
struct Replica {
    player: Player,
    n: u64,
    /// An instant of the session, and the shared millisecond it was.
    at: At,
    shared_ms: i64,
}

impl Replica {
    fn at(&self, shared_ms: i64) -> At {
        shifted(self.at, self.shared_ms, shared_ms)
    }
}

impl Follower {
    /// A device that joins, and what it says first.
    #[must_use]
    pub fn join(me: DeviceName) -> (Self, Message) {
        let hello = Message::Hello { from: me.clone(), have: None };
        let follower =
            Self { me, term: None, replica: None, heard_ms: None, asked_ms: None, asks: 0 };
        (follower, hello)
    }

    /// Numbers what it asks for from above `no` on: a device that begins to follow anew is told apart from what
    /// it asked for before.
    #[must_use]
    pub const fn asking_above(mut self, no: u64) -> Self {
        self.asks = no;
        self
    }

    /// The session as far as it was told.
    #[must_use]
    pub fn player(&self) -> Option<&Player> {
        self.replica.as_ref().map(|replica| &replica.player)
    }

    /// Which term and how many inputs of it are known: for a sign of life.
    #[must_use]
    pub fn hello(&self) -> Message {
        let have = self.replica.as_ref().map(|replica| replica.n);
        Message::Hello { from: self.me.clone(), have: self.term.clone().zip(have) }
    }

    /// A device that led before.
    pub(super) fn after(me: DeviceName, term: Term) -> Self {
        Self { term: Some(term), ..Self::join(me).0 }
    }

    /// Who leads, as far as is known.
    #[must_use]
    pub const fn term(&self) -> Option<&Term> {
        self.term.as_ref()
    }

    /// Hears a message. Gives what to say.
    pub fn hear(&mut self, shared_ms: i64, message: &Message) -> Vec<Message> {
        let term = match message {
            Message::Hello { .. } | Message::Ask { .. } => return Vec::new(),
            Message::Snapshot(Snapshot { term, .. })
            | Message::Said(Said { term, .. })
            | Message::Beat(Beat { term, .. }) => term,
        };
        if self.term.as_ref().is_some_and(|mine| term < mine) || term.leader == self.me {
            return Vec::new();
        }
        if self.term.as_ref() != Some(term) {
            // The new leader goes on from where it was, which need not be where this device is.
            self.replica = None;
            self.asked_ms = None;
            self.term = Some(term.clone());
        }
        self.heard_ms = Some(shared_ms);
        match message {
            Message::Snapshot(snapshot) => self.take(snapshot),
            Message::Said(said) => self.replay(shared_ms, said),
            Message::Beat(beat) => self.set_time(shared_ms, beat),
            Message::Hello { .. } | Message::Ask { .. } => Vec::new(),
        }
    }

    fn take(&mut self, snapshot: &Snapshot) -> Vec<Message> {
        if self.replica.as_ref().is_some_and(|replica| replica.n > snapshot.n) {
            return Vec::new();
        }
        // One that cannot be read is as good as none: it is asked for again.
        if let Ok(player) = Player::from_checkpoint((*snapshot.checkpoint).clone()) {
            let Snapshot { n, at, shared_ms, .. } = *snapshot;
            self.replica = Some(Replica { player, n, at, shared_ms });
            self.asked_ms = None;
        }
        Vec::new()
    }

    fn replay(&mut self, shared_ms: i64, said: &Said) -> Vec<Message> {
        match &mut self.replica {
            Some(replica) if said.n < replica.n => Vec::new(),
            Some(replica) if said.n == replica.n => {
                replica.player.apply(said.at, &said.input);
                replica.n = replica.n.saturating_add(1);
                self.asked_ms = None;
                Vec::new()
            }
            _ => self.missing(shared_ms),
        }
    }

    fn set_time(&mut self, shared_ms: i64, beat: &Beat) -> Vec<Message> {
        match &mut self.replica {
            Some(replica) => {
                (replica.at, replica.shared_ms) = (beat.at, beat.shared_ms);
                if replica.n < beat.n { self.missing(shared_ms) } else { Vec::new() }
            }
            None => self.missing(shared_ms),
        }
    }

    /// Asks for what is missing, not more than once a second.
    fn missing(&mut self, shared_ms: i64) -> Vec<Message> {
        if self
            .asked_ms
            .is_some_and(|asked| (0..ASK_AGAIN_MS).contains(&shared_ms.saturating_sub(asked)))
        {
            return Vec::new();
        }
        self.asked_ms = Some(shared_ms);
        vec![self.hello()]
    }

    /// What is shown now; nothing before the session is known.
    #[must_use]
    pub fn view(&self, shared_ms: i64) -> Option<View> {
        let replica = self.replica.as_ref()?;
        Some(replica.player.view(replica.at(shared_ms)))
    }

    /// The cues to come, with how far each lies from now, in milliseconds.
    #[must_use]
    pub fn timeline(&self, shared_ms: i64) -> Vec<(i64, TimedCue)> {
        let Some(replica) = &self.replica else { return Vec::new() };
        let now = replica.at(shared_ms);
        let from_now = |cue: &TimedCue| cue.at.wall_ms.saturating_sub(now.wall_ms);
        replica.player.timeline(now).into_iter().map(|cue| (from_now(&cue), cue)).collect()
    }

    /// Asks the leader for something: to pause, to go on, to stop, to take an answer. Nothing before the
    /// session is known. Say it again until the view shows it: the same asking counts once.
    pub fn ask(&mut self, shared_ms: i64, action: Action) -> Option<Message> {
        let position = self.view(shared_ms)?.position;
        self.asks += 1;
        let input = Input::seeing(position, action);
        Some(Message::Ask { from: self.me.clone(), no: self.asks, input })
    }

    /// Whether the leader has been silent for too long.
    #[must_use]
    pub fn leader_is_gone(&self, shared_ms: i64) -> bool {
        self.heard_ms.is_some_and(|heard| shared_ms.saturating_sub(heard) > SILENT_AFTER_MS)
    }

    /// Leads from now on, where the leader is gone. `own` is now, on this device.
    ///
    /// # Errors
    /// This follower again, when the leader is there or the session is not known.
    pub fn take_over(self, own: At, shared_ms: i64) -> Result<(Leader, Vec<Message>), Box<Self>> {
        let gone = self.leader_is_gone(shared_ms);
        match (&self.replica, &self.term) {
            (Some(replica), Some(term)) if gone => {
                let session = replica.at(shared_ms);
                let term = Term { number: term.number.saturating_add(1), leader: self.me.clone() };
                let instants = Instants { session, own };
                let leader = Leader::with(term, replica.player.clone(), replica.n, instants);
                let say = vec![leader.snapshot(own, shared_ms)];
                Ok((leader, say))
            }
            _ => Err(Box::new(self)),
        }
    }
}
