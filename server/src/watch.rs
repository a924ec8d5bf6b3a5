//! Waking devices: each account's streams are told its newest feed number, and only the newest; and what is said
//! live is put into a short queue of each stream that hears it. Who is slow loses the oldest; nobody waits.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast_protocol::ids::{AccountId, DeviceId};
use tokio::sync::{Notify, watch};

use crate::answer::Refused;

/// The most live messages that wait for one stream. A session's whole state is one message: after a loss it is
/// asked for again.
const LIVE_QUEUE: usize = 32;

/// What an event stream tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchEvent {
    /// The account's feed, which moved.
    Feed(u64),
    /// A live message, as it was sent.
    Live(Arc<[u8]>),
}

/// The streams of one account.
struct Watched {
    feed: watch::Sender<u64>,
    next: u64,
    streams: BTreeMap<u64, (DeviceId, Arc<LiveQueue>)>,
}

#[derive(Default)]
struct LiveQueue {
    waiting: Mutex<VecDeque<Arc<[u8]>>>,
    more: Notify,
}

impl LiveQueue {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<[u8]>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, message: Arc<[u8]>) {
        let mut waiting = self.lock();
        if waiting.len() >= LIVE_QUEUE {
            waiting.pop_front();
        }
        waiting.push_back(message);
        drop(waiting);
        self.more.notify_one();
    }

    fn pop(&self) -> Option<Arc<[u8]>> {
        self.lock().pop_front()
    }
}

/// Who watches. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Watchers(Arc<Mutex<HashMap<AccountId, Watched>>>);

impl Watchers {
    pub fn open(
        &self,
        account: AccountId,
        device: DeviceId,
        feed: u64,
        limit: usize,
    ) -> Result<Watch, Refused> {
        let mut all = self.lock();
        let watched = all.entry(account).or_insert_with(|| Watched {
            feed: watch::Sender::new(feed),
            next: 0,
            streams: BTreeMap::new(),
        });
        if watched.streams.len() >= limit {
            return Err(Refused::too_many("too many event streams of this account", 60_000));
        }
        let id = watched.next;
        watched.next += 1;
        let live = Arc::<LiveQueue>::default();
        watched.streams.insert(id, (device, Arc::clone(&live)));
        watched.feed.send_if_modified(|newest| raise(newest, feed));
        let feed = watched.feed.subscribe();
        Ok(Watch { account, device, id, feed, live, fed: false, watchers: self.clone() })
    }

    /// Tells an account's streams that its feed moved.
    pub fn tell(&self, account: &AccountId, feed: u64) {
        if let Some(watched) = self.lock().get(account) {
            watched.feed.send_if_modified(|newest| raise(newest, feed));
        }
    }

    /// Whether an account has a stream open.
    pub fn has(&self, account: &AccountId) -> bool {
        self.lock().contains_key(account)
    }

    /// Hands a live message to the streams of an account's devices that hear it.
    pub fn say(&self, account: &AccountId, hears: impl Fn(&DeviceId) -> bool, message: &Arc<[u8]>) {
        let all = self.lock();
        for (device, live) in all.get(account).into_iter().flat_map(|w| w.streams.values()) {
            if hears(device) {
                live.push(Arc::clone(message));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn raise(newest: &mut u64, feed: u64) -> bool {
    let rises = feed > *newest;
    *newest = feed.max(*newest);
    rises
}

/// One event stream. Its place is free again when it is dropped.
pub struct Watch {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    id: u64,
    feed: watch::Receiver<u64>,
    live: Arc<LiveQueue>,
    /// Whether the last event was of the feed: neither kind keeps the other waiting.
    fed: bool,
    watchers: Watchers,
}

impl Watch {
    /// The account's feed as this stream knows it.
    #[must_use]
    pub fn feed(&self) -> u64 {
        *self.feed.borrow()
    }

    /// Waits until there is something to tell.
    pub async fn next(&mut self) -> WatchEvent {
        loop {
            // The sender lives in the map as long as this stream counts in it.
            let moved = self.feed.has_changed().unwrap_or(false);
            if moved && !self.fed {
                return self.moved();
            }
            if let Some(message) = self.take_live() {
                return WatchEvent::Live(message);
            }
            if moved {
                return self.moved();
            }
            tokio::select! {
                _ = self.feed.changed() => return self.moved(),
                () = self.live.more.notified() => {}
            }
        }
    }

    /// The oldest live message that waits, for whoever drives the relay without a runtime.
    #[must_use]
    pub fn take_live(&mut self) -> Option<Arc<[u8]>> {
        let message = self.live.pop();
        self.fed &= message.is_none();
        message
    }

    fn moved(&mut self) -> WatchEvent {
        self.fed = true;
        WatchEvent::Feed(*self.feed.borrow_and_update())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut all = self.watchers.lock();
        if let Some(watched) = all.get_mut(&self.account) {
            watched.streams.remove(&self.id);
            if watched.streams.is_empty() {
                all.remove(&self.account);
            }
        }
    }
}
