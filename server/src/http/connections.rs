//! The open connections: how many, whose, and what each is waiting for. When there are too many, the one that has
//! kept us waiting longest gives way, so that slow strangers only ever crowd out each other.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::config::Limits;
use crate::rates::Network;

/// For a newcomer when every connection is being worked on.
pub(super) const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n\
content-type: text/plain\r\ncontent-length: 46\r\n\r\nthe relay has too many connections; come later\n";
/// For a connection that did not send a request in time, or had to give way.
const TOO_SLOW: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: text/plain\r\n\
content-length: 42\r\n\r\nthe request did not come in time; ask again\n";

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The head of its first request has not come yet.
    FirstHead,
    /// Between requests.
    Idle,
    /// A body is coming. Its handler sees to the time.
    Body,
    /// The relay works on it.
    Working,
    /// An event stream.
    Streaming,
}

#[derive(Debug)]
struct Open {
    network: Network,
    phase: Phase,
    since: Instant,
    cut: CancellationToken,
    /// Whether it was an event stream when it was cut.
    streams: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    open: BTreeMap<u64, Open>,
    by_network: HashMap<Network, usize>,
}

/// The open connections. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    inner: Arc<Mutex<Inner>>,
    in_all: usize,
    of_one: usize,
    head: Duration,
    idle: Duration,
}

/// The place of one connection. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    id: u64,
    peer: IpAddr,
    cut: CancellationToken,
    streams: Arc<AtomicBool>,
    connections: Connections,
}

impl Connections {
    /// Behind a proxy every connection comes from the proxy, so none is told from another by its address.
    pub fn new(limits: &Limits, behind_proxy: bool) -> Self {
        let in_all = limits.connections.min(files_allowed().saturating_sub(128).max(32));
        Self {
            inner: Arc::default(),
            in_all,
            of_one: if behind_proxy { in_all } else { limits.connections_per_address },
            head: Duration::from_millis(limits.head_ms),
            idle: Duration::from_millis(limits.idle_ms),
        }
    }

    /// A place for a newcomer; `None` when all are being worked on.
    pub fn admit(&self, peer: IpAddr) -> Option<Arc<Slot>> {
        let network = Network::from(peer);
        let mut inner = self.lock();
        while inner.by_network.get(&network).is_some_and(|count| *count >= self.of_one) {
            inner.cut_longest_waiting(Some(network))?;
        }
        while inner.open.len() >= self.in_all {
            inner.cut_longest_waiting(None)?;
        }
        let id = inner.next;
        inner.next += 1;
        let cut = CancellationToken::new();
        let streams = Arc::new(AtomicBool::new(false));
        let open = Open {
            network,
            phase: Phase::FirstHead,
            since: Instant::now(),
            cut: cut.clone(),
            streams: Arc::clone(&streams),
        };
        inner.open.insert(id, open);
        *inner.by_network.entry(network).or_default() += 1;
        drop(inner);
        Some(Arc::new(Slot { id, peer, cut, streams, connections: self.clone() }))
    }

    /// Cuts connections that keep us waiting for a head for too long.
    pub fn cut_overdue(&self) {
        let mut inner = self.lock();
        let now = Instant::now();
        let overdue: Vec<u64> = inner
            .open
            .iter()
            .filter(|(_, open)| {
                let waiting = now.duration_since(open.since);
                match open.phase {
                    Phase::FirstHead => waiting > self.head,
                    Phase::Idle => waiting > self.idle,
                    Phase::Body | Phase::Working | Phase::Streaming => false,
                }
            })
            .map(|(id, _)| *id)
            .collect();
        for id in overdue {
            inner.remove(id);
        }
    }

    /// Cuts the connection that has kept us waiting longest.
    pub fn cut_one(&self) {
        self.lock().cut_longest_waiting(None);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// First those that never sent a whole request, then the idle ones, then event streams, whose devices come back.
    fn cut_longest_waiting(&mut self, of: Option<Network>) -> Option<()> {
        let (id, _) = self
            .open
            .iter()
            .filter(|(_, open)| of.is_none_or(|network| network == open.network))
            .filter(|(_, open)| open.phase != Phase::Working)
            .min_by_key(|(_, open)| {
                let rank = match open.phase {
                    Phase::FirstHead | Phase::Body | Phase::Working => 0,
                    Phase::Idle => 1,
                    Phase::Streaming => 2,
                };
                (rank, open.since)
            })?;
        self.remove(*id);
        Some(())
    }

    fn remove(&mut self, id: u64) {
        let Some(open) = self.open.remove(&id) else { return };
        open.streams.store(open.phase == Phase::Streaming, Ordering::Release);
        open.cut.cancel();
        if let Some(count) = self.by_network.get_mut(&open.network) {
            *count -= 1;
            if *count == 0 {
                self.by_network.remove(&open.network);
            }
        }
    }
}

impl Slot {
    pub const fn peer(&self) -> IpAddr {
        self.peer
    }

    pub fn idle_limit(&self) -> Duration {
        self.connections.idle
    }

    /// Done when the connection has to go.
    pub async fn cut(&self) {
        self.cut.cancelled().await;
    }

    /// What may still be written to a connection that was cut; nothing in the middle of an event stream.
    pub fn reason(&self) -> &'static [u8] {
        if self.streams.load(Ordering::Acquire) { b"" } else { TOO_SLOW }
    }

    pub fn body_is_coming(&self) {
        self.enter(Phase::Body);
    }

    /// Says `false` when the connection was cut in the meantime.
    pub fn is_worked_on(&self) -> bool {
        self.enter(Phase::Working)
    }

    pub fn is_streaming(&self) {
        self.enter(Phase::Streaming);
    }

    pub fn is_answered(&self) {
        self.enter(Phase::Idle);
    }

    fn enter(&self, phase: Phase) -> bool {
        let mut inner = self.connections.lock();
        let Some(open) = inner.open.get_mut(&self.id) else { return false };
        open.phase = phase;
        open.since = Instant::now();
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.lock().remove(self.id);
    }
}

/// How many files this process may have open, as far as the system says.
fn files_allowed() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(1024)
}
