//! A relay that lies: a real one, reached by HTTP, whose answers somebody alters on the way. It can do all that a
//! hostile operator can do to one device: it has every byte, and no key.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use holdfast::sync::transport::{Answer, Ask, Cancel, StreamEvent, Transport, TransportError};
use holdfast_protocol::entry::{Entry, Position};
use holdfast_protocol::hash::next_running;
use holdfast_protocol::ids::{RunningHash, SpaceId};
use holdfast_protocol::sync::{Item, SpacePage, SyncResponse};
use holdfast_protocol::wire;

use crate::scene::carry;

type Carry = Box<dyn FnMut(&str, Option<&str>, &[u8]) -> (u16, Vec<u8>) + Send>;
type Lie = Box<dyn FnMut(&mut SyncResponse) + Send>;

/// A lying relay's way to one device.
pub struct Liar {
    carry: Mutex<Carry>,
    lie: Mutex<Option<Lie>>,
}

impl Liar {
    /// Stands before a real relay, and is honest until it is told to lie.
    #[must_use]
    pub fn before(url: &str) -> Arc<Self> {
        Arc::new(Self { carry: Mutex::new(Box::new(carry(url))), lie: Mutex::new(None) })
    }

    fn set(&self, lie: Option<Lie>) {
        *self.lie.lock().unwrap_or_else(PoisonError::into_inner) = lie;
    }

    /// Has its way with every answer to a sync from now on.
    pub fn lie(&self, lie: impl FnMut(&mut SyncResponse) + Send + 'static) {
        self.set(Some(Box::new(lie)));
    }

    /// Shows these entries at the end of a log, as its next ones, with sums that are right.
    pub fn splice(&self, space: SpaceId, at: Position, entries: &[Vec<u8>]) {
        let page = page(space, at, entries);
        self.lie(move |response| {
            response.spaces.retain(|page| page.space != space);
            response.spaces.push(page.clone());
        });
    }

    /// Is honest again.
    pub fn repent(&self) {
        self.set(None);
    }
}

/// A page of a log that goes on from a place with these entries.
///
/// # Panics
/// When one is no entry.
#[must_use]
pub fn page(space: SpaceId, at: Position, entries: &[Vec<u8>]) -> SpacePage {
    let (mut seq, mut running): (u64, RunningHash) = (at.seq, at.running);
    let items = entries.iter().map(|bytes| {
        let hash = Entry::from_trusted_bytes(bytes).expect("an entry").hash();
        (seq, running) = (seq + 1, next_running(running, hash));
        Item::Entry { seq, bytes: bytes.clone() }
    });
    let items = items.collect();
    let head = Position { seq, running };
    SpacePage {
        space,
        starting_at: None,
        checkpoint: None,
        items,
        head,
        more: false,
        noted: Vec::new(),
    }
}

impl Transport for Liar {
    fn exchange(&self, ask: &Ask, _: u64, cancel: &Cancel) -> Result<Answer, TransportError> {
        if cancel.is_cancelled() {
            return Err(TransportError::Cancelled);
        }
        let (status, mut body) = {
            let mut carry = self.carry.lock().unwrap_or_else(PoisonError::into_inner);
            carry(ask.path, ask.token.as_deref(), &ask.body)
        };
        let mut lie = self.lie.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(lie), "/v1/sync", 200) = (&mut *lie, ask.path, status) {
            let mut response: SyncResponse =
                wire::decode("answer", &body).expect("the relay's answer reads");
            lie(&mut response);
            body = wire::encode(&response);
        }
        Ok(Answer { status, body })
    }

    fn follow(
        &self,
        _: &Ask,
        _: &Cancel,
        _: &mut dyn FnMut(StreamEvent) -> ControlFlow<()>,
    ) -> Result<(), TransportError> {
        Err(TransportError::Unreachable("nobody listens at a liar's".to_owned()))
    }
}
