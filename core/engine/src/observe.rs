//! Who wants to know that something changed. Listeners get keys, conflated while they are busy, from
//! one thread, never under a lock. It knows nothing of what changed inside.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Something that can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Holds and sessions.
    History,
    /// Self-tests, habits and events.
    Days,
    /// Routines and their schedules.
    Routines,
    /// Where sync stands: what is queued, relayed, seen.
    Sync,
    /// The devices of the account.
    Devices,
    /// The session being played.
    Play,
    /// The account: names, settings, the relay.
    Account,
    /// What the person says of themselves.
    Profile,
    /// The charts this account takes part in, their members, and what it may do there.
    Charts,
    /// What therapists propose, and what became of it.
    Prescriptions,
    /// What was refused or put aside, and what is wrong: `doctor` lists it.
    Warnings,
}

impl Key {
    /// Every key.
    pub const ALL: [Self; 11] = [
        Self::History,
        Self::Days,
        Self::Routines,
        Self::Sync,
        Self::Devices,
        Self::Play,
        Self::Account,
        Self::Profile,
        Self::Charts,
        Self::Prescriptions,
        Self::Warnings,
    ];
}

/// A set of [`Key`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keys(u16);

impl Keys {
    /// None.
    pub const NONE: Self = Self(0);
    /// All of them: the first thing a listener hears.
    pub const ALL: Self = Self((1 << Key::ALL.len()) - 1);

    /// Whether the key is among them.
    #[must_use]
    pub const fn has(self, key: Key) -> bool {
        self.0 & (1 << key as u8) != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// With one more.
    #[must_use]
    pub const fn with(self, key: Key) -> Self {
        Self(self.0 | (1 << key as u8))
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// The keys, one by one.
    pub fn iter(self) -> impl Iterator<Item = Key> {
        Key::ALL.into_iter().filter(move |key| self.has(*key))
    }
}

type Listener = Arc<dyn Fn(Keys) + Send + Sync>;

struct Listening {
    pending: Keys,
    call: Listener,
}

#[derive(Default)]
struct State {
    listeners: BTreeMap<u64, Listening>,
    last_id: u64,
    running: bool,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The listeners of one engine. Dropping it ends their thread.
#[derive(Default)]
pub(crate) struct Observers(Arc<Shared>);

impl Observers {
    /// Adds a listener. It hears [`Keys::ALL`] at once, and from then on what changed since it last
    /// returned.
    pub(crate) fn observe(&self, call: impl Fn(Keys) + Send + Sync + 'static) -> Subscription {
        let mut state = self.0.state();
        state.last_id += 1;
        let id = state.last_id;
        state.listeners.insert(id, Listening { pending: Keys::ALL, call: Arc::new(call) });
        if !state.running {
            let shared = Arc::clone(&self.0);
            let thread = std::thread::Builder::new().name("holdfast-observers".to_owned());
            // A machine that cannot start a thread has no observers, but it still logs.
            state.running = thread.spawn(move || tell(&shared)).is_ok();
        }
        drop(state);
        self.0.wake.notify_all();
        Subscription { shared: Arc::clone(&self.0), id }
    }

    /// Notes that something changed. Never blocks on a listener.
    pub(crate) fn changed(&self, keys: Keys) {
        if keys.is_empty() {
            return;
        }
        let mut state = self.0.state();
        for listening in state.listeners.values_mut() {
            listening.pending = listening.pending.and(keys);
        }
        drop(state);
        self.0.wake.notify_all();
    }
}

impl Drop for Observers {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.closed = true;
        let listeners = std::mem::take(&mut state.listeners);
        drop(state);
        self.0.wake.notify_all();
        // Outside of the lock: what a listener holds may end with it.
        drop(listeners);
    }
}

/// A listener's place. Dropping it ends the listening; a call that is under way is let finish.
#[must_use = "dropping a subscription ends it"]
pub struct Subscription {
    shared: Arc<Shared>,
    id: u64,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Subscription").field(&self.id).finish()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let ended = self.shared.state().listeners.remove(&self.id);
        drop(ended);
    }
}

/// The one thread that calls listeners, in turn.
fn tell(shared: &Shared) {
    let mut after = 0;
    loop {
        let mut state = shared.state();
        let (id, keys, call) = loop {
            if state.closed {
                return;
            }
            // Round the listeners, so that a busy one does not keep the others waiting for ever.
            let is_due = |(_, listening): &(&u64, &mut Listening)| !listening.pending.is_empty();
            let mut next = state.listeners.range_mut(after + 1..).find(is_due);
            if next.is_none() {
                next = state.listeners.range_mut(..=after).find(is_due);
            }
            if let Some((id, listening)) = next {
                let keys = std::mem::take(&mut listening.pending);
                break (*id, keys, Arc::clone(&listening.call));
            }
            state = shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        drop(state);
        after = id;
        if catch_unwind(AssertUnwindSafe(|| call(keys))).is_err() {
            let broken = shared.state().listeners.remove(&id);
            drop(broken);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    #[test]
    fn the_first_value_comes_at_once_and_changes_follow() {
        let observers = Observers::default();
        let (send, heard) = mpsc::channel();
        let _listening = observers.observe(move |keys| send.send(keys).unwrap_or(()));
        assert_eq!(heard.recv_timeout(SOON), Ok(Keys::ALL));
        observers.changed(Keys::NONE.with(Key::History));
        assert_eq!(heard.recv_timeout(SOON), Ok(Keys::NONE.with(Key::History)));
    }

    #[test]
    fn a_slow_listener_gets_one_call_for_many_changes() {
        let observers = Observers::default();
        let (send, heard) = mpsc::channel();
        let (go, gate) = mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        let _listening = observers.observe(move |keys| {
            send.send(keys).unwrap_or(());
            let _ = gate.lock().unwrap().recv_timeout(SOON);
        });
        assert_eq!(heard.recv_timeout(SOON), Ok(Keys::ALL));
        for _ in 0..10_000 {
            observers.changed(Keys::NONE.with(Key::History));
            observers.changed(Keys::NONE.with(Key::Sync));
        }
        go.send(()).unwrap();
        let both = Keys::NONE.with(Key::History).with(Key::Sync);
        assert_eq!(heard.recv_timeout(SOON), Ok(both));
        go.send(()).unwrap();
        assert!(heard.recv_timeout(Duration::from_millis(50)).is_err());
    }

    #[test]
    fn a_dropped_subscription_hears_nothing_more_and_a_listener_may_drop_its_own() {
        let observers = Arc::new(Observers::default());
        let (send, heard) = mpsc::channel();
        let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
        let mine = Arc::clone(&own);
        let keep = own.lock().unwrap();
        let listening = observers.observe(move |keys| {
            drop(mine.lock().unwrap().take());
            send.send(keys).unwrap_or(());
        });
        let mut keep = keep;
        *keep = Some(listening);
        drop(keep);
        assert_eq!(heard.recv_timeout(SOON), Ok(Keys::ALL));
        observers.changed(Keys::ALL);
        assert!(heard.recv_timeout(Duration::from_millis(50)).is_err());
    }

    #[test]
    fn a_listener_that_panics_is_dropped_and_the_others_go_on() {
        let observers = Observers::default();
        let (send, heard) = mpsc::channel();
        let _bad = observers.observe(|_| panic!("a listener's own mistake"));
        let _good = observers.observe(move |keys| send.send(keys).unwrap_or(()));
        assert_eq!(heard.recv_timeout(SOON), Ok(Keys::ALL));
        observers.changed(Keys::NONE.with(Key::Devices));
        assert_eq!(heard.recv_timeout(SOON), Ok(Keys::NONE.with(Key::Devices)));
    }

    #[test]
    fn a_listener_may_call_back_into_the_observers() {
        let observers = Arc::new(Observers::default());
        let (send, heard) = mpsc::channel();
        let inner = Arc::downgrade(&observers);
        let once = std::sync::Once::new();
        let _listening = observers.observe(move |keys| {
            send.send(keys).unwrap_or(());
            once.call_once(|| {
                inner.upgrade().unwrap().changed(Keys::NONE.with(Key::Routines));
            });
        });
        assert_eq!(heard.recv_timeout(SOON), Ok(Keys::ALL));
        assert_eq!(heard.recv_timeout(SOON), Ok(Keys::NONE.with(Key::Routines)));
    }
}
