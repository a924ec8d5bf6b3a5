//! Keeping in step: a thread that syncs when something was written here, when the relay says that something
//! moved, and now and then. Every wait ends by the time since boot, looked at again and again, so that neither
//! sleep nor a set clock keeps it waiting.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::relays;
use super::report::{Budget, SyncOutcome, SyncReport};
use super::transport::{Ask, Cancel, StreamEvent, TransportError};
use crate::error::{Error, HoldfastError, Result};
use crate::observe::{Key, Subscription};
use crate::protocol_words::transport_message;
use crate::store::sync_tables::relay;
use crate::{Engine, Shared};
use holdfast_domain::words::Message;

/// The first wait after something went wrong, in milliseconds; it doubles up to the longest.
const FIRST_WAIT_MS: u64 = 1_000;
/// The longest wait, in milliseconds.
const LONGEST_WAIT_MS: u64 = 60_000;
/// How long to let writes gather before they are sent, in milliseconds.
const GATHER_MS: u64 = 200;
/// How often a wait looks at the clock.
const LOOK: Duration = Duration::from_millis(100);
/// After how many looks it is asked what other processes wrote.
const OTHERS_EVERY: u32 = 10;
/// How long one sync of the watch may take, in milliseconds.
const SYNC_MS: u64 = 120_000;

/// What the watch has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchEvent {
    /// A sync ended.
    Synced(SyncReport),
    /// The relay tells what moves from now on.
    Connected,
    /// The relay cannot be followed now; it is tried again, at the latest after so many milliseconds.
    Waiting {
        /// How long at most.
        retry_ms: u64,
        /// Why.
        why: Message,
    },
    /// The engine itself failed: the watch has ended.
    Failed(HoldfastError),
}

/// What everyone who waits looks at.
#[derive(Default)]
pub(crate) struct Wakes {
    state: Mutex<WakeState>,
    changed: Condvar,
}

#[derive(Default)]
struct WakeState {
    /// Goes up with each reason to try again at once.
    kicks: u64,
    /// Asked to stop when the engine is suspended.
    suspending: Cancel,
    suspended: bool,
}

impl Wakes {
    fn state(&self) -> MutexGuard<'_, WakeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reason to try again at once.
    pub(crate) fn kick(&self) {
        self.state().kicks += 1;
        self.changed.notify_all();
    }

    /// How many reasons there were so far.
    pub(crate) fn kicks(&self) -> u64 {
        self.state().kicks
    }

    /// Everything that talks to the network is to stop.
    pub(crate) fn suspend(&self) {
        let mut state = self.state();
        state.suspended = true;
        state.suspending.cancel();
        drop(state);
        self.changed.notify_all();
    }

    /// It may go on, and does at once.
    pub(crate) fn resume(&self) {
        let mut state = self.state();
        state.suspended = false;
        state.suspending = Cancel::new();
        state.kicks += 1;
        drop(state);
        self.changed.notify_all();
    }

    /// A wish to stop that is also one when the engine is suspended.
    pub(crate) fn or_suspended(&self, cancel: &Cancel) -> Cancel {
        cancel.or(&self.state().suspending)
    }

    /// Waits until something changes, at most for one look at the clock.
    pub(crate) fn wait_a_little(&self) {
        let state = self.state();
        let _ = self.changed.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner);
    }

    pub(crate) fn is_suspended(&self) -> bool {
        self.state().suspended
    }
}

/// A watch. Dropping it ends it within half a second.
#[must_use = "dropping a watch ends it"]
pub struct Watching {
    cancel: Cancel,
    inner: Weak<Shared>,
    _writes: Subscription,
}

impl std::fmt::Debug for Watching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watching")
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(inner) = self.inner.upgrade() {
            inner.wakes.kick();
        }
    }
}

impl Engine {
    /// Keeps this device in step with its others until the watch is dropped. Events come from one thread.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn watch(
        &self,
        on_event: impl FnMut(WatchEvent) + Send + 'static,
    ) -> std::result::Result<Watching, HoldfastError> {
        let cancel = Cancel::new();
        let weak = Arc::downgrade(self.inner.shared());
        let writes = {
            let weak = weak.clone();
            self.inner.store.observers.observe(move |keys| {
                if keys.has(Key::Sync)
                    && let Some(inner) = weak.upgrade()
                    && inner.has_sendable()
                {
                    inner.wakes.kick();
                }
            })
        };
        let mut watch = Watch {
            inner: weak.clone(),
            cancel: cancel.clone(),
            wait_ms: FIRST_WAIT_MS,
            on_event: Box::new(on_event),
        };
        std::thread::Builder::new()
            .name("holdfast-watch".to_owned())
            .spawn(move || watch.run())
            .map_err(|error| HoldfastError::Failed {
                message: Message::new("sync.no_watch").with("detail", error.to_string()),
            })?;
        Ok(Watching { cancel, inner: weak, _writes: writes })
    }

    /// Tells the engine that the network is another: what waits for a better one tries at once.
    pub fn network_changed(&self) {
        self.inner.wakes.kick();
    }
}

struct Watch {
    inner: Weak<Shared>,
    cancel: Cancel,
    wait_ms: u64,
    on_event: Box<dyn FnMut(WatchEvent) + Send>,
}

impl Watch {
    fn run(&mut self) {
        while !self.cancel.is_cancelled() {
            // Held for one round only, so that a watch does not keep a dropped engine alive for ever.
            let Some(inner) = self.inner.upgrade() else { return };
            let round = catch_unwind(AssertUnwindSafe(|| self.round(&inner)));
            let failed = match round {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.into(),
                Err(panic) => {
                    inner.store.give_up();
                    Error::RestartNeeded(crate::store::panic_text(panic.as_ref())).into()
                }
            };
            self.tell(WatchEvent::Failed(failed));
            return;
        }
    }

    /// What a listener does with an event is its own matter.
    fn tell(&mut self, event: WatchEvent) {
        let _ = catch_unwind(AssertUnwindSafe(|| (self.on_event)(event)));
    }

    /// One sync, then as long as nothing happens.
    fn round(&mut self, inner: &Shared) -> Result<()> {
        while inner.wakes.is_suspended() {
            if self.cancel.is_cancelled() {
                return Ok(());
            }
            inner.wakes.wait_a_little();
        }
        let kicks = inner.wakes.kicks();
        let budget = Budget { max_ms: SYNC_MS, cancel: self.cancel.clone(), ..Budget::default() };
        let report = inner.sync(&budget)?;
        let (outcome, retry) = (report.outcome, report.retry_after_ms);
        let why = report.problems.first().map(|problem| problem.message.clone());
        self.tell(WatchEvent::Synced(report));
        match outcome {
            SyncOutcome::Done => {
                self.wait_ms = FIRST_WAIT_MS;
                self.follow(inner, kicks)
            }
            SyncOutcome::Locked => {
                self.wait(inner, kicks, FIRST_WAIT_MS);
                Ok(())
            }
            SyncOutcome::More | SyncOutcome::Offline => {
                let why = why.unwrap_or_else(|| Message::new("sync.more"));
                self.back_off(inner, kicks, retry, why);
                Ok(())
            }
        }
    }

    fn back_off(&mut self, inner: &Shared, kicks: u64, retry: Option<u64>, why: Message) {
        let retry_ms = retry.unwrap_or(0).max(self.wait_ms).min(LONGEST_WAIT_MS);
        self.wait_ms = (self.wait_ms * 2).min(LONGEST_WAIT_MS);
        self.tell(WatchEvent::Waiting { retry_ms, why });
        self.wait(inner, kicks, retry_ms);
    }

    /// Waits so long by the time since boot, or until there is a reason not to.
    fn wait(&self, inner: &Shared, kicks: u64, ms: u64) {
        let started = inner.clock.since_boot_ms();
        let over = || {
            let now = inner.clock.since_boot_ms();
            // A boot clock that went back is another boot's: nothing can be told from it.
            now < started || now - started >= ms
        };
        while !self.cancel.is_cancelled() && inner.wakes.kicks() == kicks && !over() {
            inner.wakes.wait_a_little();
        }
    }

    /// Listens until the relay or somebody here has something new.
    fn follow(&mut self, inner: &Shared, kicks: u64) -> Result<()> {
        if inner.wakes.kicks() != kicks {
            // Written while the sync ran.
            return Ok(());
        }
        let row = inner.store.read(relay::get)?.filter(|relay| !relay.url.is_empty());
        let Some(row) = row else {
            self.back_off(inner, kicks, None, Message::new("sync.no_relay"));
            return Ok(());
        };
        let token = inner.with_site(|site| Ok(relays::token(site, &row)))?;
        let known = row.feed;
        let ask = Ask { relay: row.url, path: "/v1/watch", token, body: Vec::new() };
        // Ends the stream when something happens here.
        let stop = inner.wakes.or_suspended(&self.cancel);
        let transport = inner.transport()?;
        let ended = std::thread::scope(|scope| {
            let ender = stop.clone();
            let wakes = &inner.wakes;
            scope.spawn(move || {
                let mut looks = 0_u32;
                while !ender.is_cancelled() && wakes.kicks() == kicks {
                    wakes.wait_a_little();
                    looks += 1;
                    // Nobody tells what another process wrote.
                    let due = inner.store.is_shared() && looks.is_multiple_of(OTHERS_EVERY);
                    if due && inner.has_sendable() {
                        break;
                    }
                }
                ender.cancel();
            });
            let ended = transport.follow(&ask, &stop, &mut |event| match event {
                StreamEvent::Open => {
                    self.tell(WatchEvent::Connected);
                    ControlFlow::Continue(())
                }
                StreamEvent::Feed(feed) if feed > known => ControlFlow::Break(()),
                // A live session has a stream of its own.
                StreamEvent::Feed(_) | StreamEvent::Live(_) => ControlFlow::Continue(()),
            });
            stop.cancel();
            ended
        });
        if self.cancel.is_cancelled() {
            return Ok(());
        }
        match ended {
            Ok(()) | Err(TransportError::Cancelled) => {
                self.wait(inner, inner.wakes.kicks(), GATHER_MS);
            }
            Err(error) => self.back_off(inner, kicks, None, transport_message(&error)),
        }
        Ok(())
    }
}
