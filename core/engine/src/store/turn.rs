//! Whose turn it is to write: one at a time, and a person's command before a sync's chunk.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Who wants to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Priority {
    /// A person's command.
    User,
    /// A chunk of a sync, at most about 10 ms of work. It waits while a person's command does.
    Sync,
}

#[derive(Default)]
struct State {
    busy: bool,
    users_waiting: usize,
}

/// The queue of writers.
#[derive(Default)]
pub(crate) struct Turns {
    state: Mutex<State>,
    free: Condvar,
}

/// The right to write, until dropped.
pub(crate) struct Turn<'a>(&'a Turns);

impl Turns {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn.
    pub(crate) fn take(&self, priority: Priority) -> Turn<'_> {
        let mut state = self.state();
        if priority == Priority::User {
            state.users_waiting += 1;
        }
        while state.busy || (priority == Priority::Sync && state.users_waiting > 0) {
            state = self.free.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.busy = true;
        if priority == Priority::User {
            state.users_waiting -= 1;
        }
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state().busy = false;
        self.0.free.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_person_who_waits_goes_before_a_sync_that_waited_longer() {
        let turns = Turns::default();
        let (send, order) = mpsc::channel();
        std::thread::scope(|scope| {
            let held = turns.take(Priority::Sync);
            for (who, priority) in [("sync", Priority::Sync), ("user", Priority::User)] {
                let (turns, send) = (&turns, send.clone());
                scope.spawn(move || {
                    let _turn = turns.take(priority);
                    send.send(who).unwrap();
                });
                std::thread::sleep(Duration::from_millis(50));
            }
            drop(held);
        });
        drop(send);
        assert_eq!(order.iter().collect::<Vec<_>>(), ["user", "sync"]);
    }
}
