//! What is waiting to be said in a live session, sealed one message after the other. Little waits: who could not be
//! reached asks for what it missed. It has no thread and no network.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use holdfast_domain::live::Message;
use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::ids::{DeviceId, LiveId, SpaceId};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::live::{LiveHeader, LiveMessage};
use holdfast_protocol::secret::Secret32;

use super::clock::SharedClock;
use super::content::Content;
use crate::commands::play::Setting;

/// The most messages that wait (ours); the oldest go first.
const MAX_WAITING: usize = 64;
/// How often a message is sealed anew under a newer key.
const MAX_TRIES: u8 = 3;

/// What the speaking thread and everybody else share.
pub(super) struct Voice {
    inside: Mutex<Inside>,
    more: Condvar,
}

/// Something to say.
pub(super) struct Outgoing {
    pub(super) message: Message,
    pub(super) setting: Option<Box<Setting>>,
}

impl From<Message> for Outgoing {
    fn from(message: Message) -> Self {
        Self { message, setting: None }
    }
}

/// A piece of a message, ready to be sealed.
pub(super) struct Piece {
    bytes: Vec<u8>,
    term: u64,
    session: LiveId,
    tries: u8,
}

/// A sealed piece.
pub(super) struct Sealed {
    pub(super) relay: String,
    pub(super) token: String,
    pub(super) bytes: Vec<u8>,
    pub(super) piece: Piece,
}

pub(super) struct Inside {
    pub(super) clock: SharedClock,
    waiting: VecDeque<Outgoing>,
    pieces: VecDeque<Piece>,
    /// Whether one is on its way.
    busy: bool,
    /// Rises with every message.
    counter: u64,
    /// Tells messages that come in pieces apart.
    number: u32,
    /// The live session; zero until it is known.
    pub(super) session: LiveId,
    /// The term of whoever leads, as far as it is known.
    pub(super) term: u64,
    /// The log's current epoch and key.
    pub(super) key: Option<(u32, Secret32)>,
    /// The relay's address and the token.
    pub(super) relay: Option<(String, Option<String>)>,
}

impl Voice {
    /// `counter` is above whatever this device said before in any session: its wall clock in milliseconds.
    pub(super) fn new(pace: u32, session: LiveId, counter: u64) -> Self {
        let inside = Inside {
            clock: SharedClock::new(pace),
            waiting: VecDeque::new(),
            pieces: VecDeque::new(),
            busy: false,
            counter,
            number: 0,
            session,
            term: 0,
            key: None,
            relay: None,
        };
        Self { inside: Mutex::new(inside), more: Condvar::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says something as soon as it can be.
    pub(super) fn say(&self, all: impl IntoIterator<Item = Outgoing>) {
        let mut inside = self.lock();
        let before = inside.waiting.len();
        inside.waiting.extend(all);
        let grew = inside.waiting.len() > before;
        while inside.waiting.len() > MAX_WAITING {
            inside.waiting.pop_front();
        }
        drop(inside);
        if grew {
            self.more.notify_all();
        }
    }

    /// Whether nothing waits, and nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        let inside = self.lock();
        inside.waiting.is_empty() && inside.pieces.is_empty() && !inside.busy
    }

    /// Lets whoever waits look again.
    pub(super) fn wake(&self) {
        self.more.notify_all();
    }

    /// The next message, sealed; nothing where there is none within `patience`.
    pub(super) fn next(
        &self,
        (chart, keys): (SpaceId, &DeviceKeys),
        since_boot_ms: impl Fn() -> u64,
        entropy: &Mutex<Box<dyn Entropy + Send>>,
        patience: Duration,
    ) -> Option<Sealed> {
        let mut inside = self.lock();
        // Whoever asks for the next one is done with the one before.
        inside.busy = false;
        if !inside.is_ready() {
            inside =
                self.more.wait_timeout(inside, patience).unwrap_or_else(PoisonError::into_inner).0;
        }
        if !inside.is_ready() {
            return None;
        }
        if inside.pieces.is_empty() {
            inside.cut(since_boot_ms());
        }
        let (relay, token) = inside.relay.clone()?;
        let (epoch, key) = inside.key.clone()?;
        let (token, piece) = (token?, inside.pieces.pop_front()?);
        inside.busy = true;
        inside.counter = inside.counter.saturating_add(1);
        let Piece { term, session, .. } = piece;
        let header = LiveHeader {
            chart,
            session,
            term,
            sender: DeviceId::ZERO,
            counter: inside.counter,
            epoch,
        };
        drop(inside);
        let mut entropy = entropy.lock().unwrap_or_else(PoisonError::into_inner);
        let sealed = LiveMessage::seal(header, &key, &piece.bytes, keys, &mut **entropy).ok()?;
        Some(Sealed { relay, token, bytes: sealed.to_bytes(), piece })
    }

    /// Says a piece again, first of all: it was sealed under a key that is no longer the current one.
    pub(super) fn again(&self, mut piece: Piece) {
        piece.tries += 1;
        if piece.tries < MAX_TRIES {
            self.lock().pieces.push_front(piece);
        }
    }

    /// Forgets what waits: it was meant for a session that is not the one any more.
    pub(super) fn forget(&self) {
        let mut inside = self.lock();
        inside.waiting.clear();
        inside.pieces.clear();
    }
}

impl Inside {
    /// Whether something can be said: with a key, a token, and a clock to say when. "I am here" needs no clock: its
    /// answer is how the clock is known.
    fn is_ready(&self) -> bool {
        let reaches = self.key.is_some() && matches!(&self.relay, Some((_, Some(_))));
        let known = self.clock.within_ms().is_some();
        let sayable = |out: &Outgoing| known || matches!(out.message, Message::Hello { .. });
        reaches && (!self.pieces.is_empty() || self.waiting.iter().any(sayable))
    }

    /// Cuts the next message that can be said into pieces.
    fn cut(&mut self, since_boot_ms: u64) {
        let shared = self.clock.shared_ms(since_boot_ms);
        let sayable =
            |out: &Outgoing| shared.is_some() || matches!(out.message, Message::Hello { .. });
        let Some(at) = self.waiting.iter().position(sayable) else { return };
        let Some(Outgoing { message, setting }) = self.waiting.remove(at) else { return };
        let content = Content::new(self.clock.pace(), shared.unwrap_or(0), message, setting);
        self.number = self.number.wrapping_add(1);
        // What is too much to be said is left out: a session of hundreds of holds is not followed.
        let pieces = content.to_pieces(self.number).unwrap_or_default();
        let (term, session) = (self.term, self.session);
        self.pieces.extend(pieces.into_iter().map(|bytes| Piece {
            bytes,
            term,
            session,
            tries: 0,
        }));
    }
}
