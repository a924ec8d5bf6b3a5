//! Looking at pushed entries before anything is locked: encoding, sizes, body hash and signature. It is the
//! dear part of taking an entry, and it needs nobody else's state.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use holdfast_protocol::entry::{BadEntry, Entry};
use holdfast_protocol::ids::EntryHash;
use holdfast_protocol::membership::Refusal;
use holdfast_protocol::sync::{InviteWrap, Push};

/// An entry whose encoding, sizes and signature were looked at, before anything was locked.
pub(crate) struct Pushed {
    pub bytes: Vec<u8>,
    pub entry: Result<Entry, Refusal>,
    /// By what the sender knows it; zero when it is not even an entry.
    pub hash: EntryHash,
    pub wraps: Vec<InviteWrap>,
}

impl Pushed {
    pub fn verify(push: Push) -> Self {
        let (entry, hash) = match Entry::from_bytes(&push.entry) {
            Ok(entry) => {
                let hash = entry.hash();
                (Ok(entry), hash)
            }
            Err(bad) => (Err(Refusal::from(&bad)), name_of(&push.entry, &bad)),
        };
        Self { bytes: push.entry, entry, hash, wraps: push.invite_wraps }
    }

    /// Verifies many, on as many threads as are worth their start.
    pub fn verify_all(pushes: Vec<Push>) -> Vec<Self> {
        /// Checking fewer than this many signatures is quicker than starting a thread.
        const WORTH_A_THREAD: usize = 8;
        let parts = (pushes.len() / WORTH_A_THREAD).clamp(1, 1 + Helpers::free());
        if parts == 1 {
            return pushes.into_iter().map(Self::verify).collect();
        }
        let _helpers = Helpers::take(parts - 1);
        let size = pushes.len().div_ceil(parts);
        let mut chunks = Vec::with_capacity(parts);
        let mut rest = pushes;
        while rest.len() > size {
            let tail = rest.split_off(size);
            chunks.push(std::mem::replace(&mut rest, tail));
        }
        chunks.push(rest);
        std::thread::scope(|scope| {
            let own = chunks.pop().unwrap_or_default();
            let others: Vec<_> = chunks
                .into_iter()
                .map(|chunk| {
                    scope.spawn(|| chunk.into_iter().map(Self::verify).collect::<Vec<_>>())
                })
                .collect();
            let own: Vec<_> = own.into_iter().map(Self::verify).collect();
            let mut all = Vec::new();
            for other in others {
                all.extend(other.join().expect("verifying never panics"));
            }
            all.extend(own);
            all
        })
    }
}

/// Threads that help to verify, over all requests: more than there are cores would only get in each other's way.
struct Helpers(usize);

static HELPING: AtomicUsize = AtomicUsize::new(0);

impl Helpers {
    fn free() -> usize {
        static CORES: OnceLock<usize> = OnceLock::new();
        let cores =
            *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from));
        (cores - 1).saturating_sub(HELPING.load(Ordering::Relaxed))
    }

    /// It may be one more than are free when two requests ask at once; it is a guide, not a lock.
    fn take(count: usize) -> Self {
        HELPING.fetch_add(count, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        HELPING.fetch_sub(self.0, Ordering::Relaxed);
    }
}

fn name_of(bytes: &[u8], bad: &BadEntry) -> EntryHash {
    match bad {
        BadEntry::BadSignature => {
            Entry::from_trusted_bytes(bytes).map_or(EntryHash::ZERO, |entry| entry.hash())
        }
        _ => EntryHash::ZERO,
    }
}
