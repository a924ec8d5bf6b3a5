//! Where work is done that may wait for a disk or a relay: threads of our own, never the caller's. A call
//! that nobody waits for any more is not begun, and tells what runs that it is not wanted.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use holdfast::{Cancel, HoldfastError};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use crate::engine::lock;

/// Enough for one sync, one watch and a screen's queries; writes take turns anyway.
const MOST_THREADS: usize = 12;

/// How long the end of the process waits for threads of ours.
const ENDING: Duration = Duration::from_secs(2);

/// The threads, from the first call to the end of the process.
enum Threads {
    NotYet,
    Running(Runtime),
    Ended,
}

static THREADS: Mutex<Threads> = Mutex::new(Threads::NotYet);

fn runtime() -> Result<Handle, HoldfastError> {
    let mut threads = lock(&THREADS);
    match &*threads {
        Threads::Running(runtime) => return Ok(runtime.handle().clone()),
        Threads::Ended => return Err(failed(&"the process ends")),
        Threads::NotYet => {}
    }
    // Only its blocking threads are used: the engine blocks, and brings its own for the network.
    let made = Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(MOST_THREADS)
        .thread_name("holdfast")
        .build();
    let runtime = made.map_err(|error| failed(&error))?;
    let handle = runtime.handle().clone();
    *threads = Threads::Running(runtime);
    Ok(handle)
}

/// How many calls of listeners are under way; nothing once there are to be none.
static CALLING: Mutex<Option<usize>> = Mutex::new(Some(0));
static CALLED: Condvar = Condvar::new();

/// Calls a listener, unless the process ends.
pub(crate) fn call_out(call: impl FnOnce()) {
    struct Under;
    impl Drop for Under {
        fn drop(&mut self) {
            if let Some(calling) = &mut *lock(&CALLING) {
                *calling -= 1;
            }
            CALLED.notify_all();
        }
    }
    // The lock is let go before the call.
    let may_call = match &mut *lock(&CALLING) {
        Some(calling) => {
            *calling += 1;
            true
        }
        None => false,
    };
    if may_call {
        let _under = Under;
        call();
    }
}

/// For a language whose end cannot bear a call from another thread, as Python's: waits for what is under way,
/// and lets nothing call out any more. Nothing works after it.
#[uniffi::export]
pub fn end_of_process() {
    let threads = std::mem::replace(&mut *lock(&THREADS), Threads::Ended);
    if let Threads::Running(runtime) = threads {
        runtime.shutdown_timeout(ENDING);
    }
    let idle = CALLED.wait_timeout_while(lock(&CALLING), ENDING, |calling| {
        calling.is_some_and(|calling| calling > 0)
    });
    let (mut calling, _) = idle.unwrap_or_else(std::sync::PoisonError::into_inner);
    *calling = None;
}

fn failed(detail: &impl ToString) -> HoldfastError {
    HoldfastError::Failed { message: detail.to_string().into() }
}

/// Work under way. Dropping it withdraws the wish for it.
struct Underway<T> {
    task: JoinHandle<T>,
    cancel: Cancel,
}

impl<T> Drop for Underway<T> {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.task.abort();
    }
}

/// Does work on a thread of ours and waits for it without holding the caller's thread. Dropped before
/// it was begun it never is; `cancel` is asked for when it is dropped.
pub(crate) async fn done<T: Send + 'static>(
    cancel: Cancel,
    work: impl FnOnce() -> Result<T, HoldfastError> + Send + 'static,
) -> Result<T, HoldfastError> {
    let mut underway = Underway { task: runtime()?.spawn_blocking(work), cancel };
    match (&mut underway.task).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => Err(HoldfastError::RestartNeeded {
            message: "a command met an error of its own".to_owned().into(),
        }),
        Err(error) => Err(failed(&error)),
    }
}

/// Does work on a thread of ours that nobody waits for.
pub(crate) fn aside(work: impl FnOnce() + Send + 'static) -> bool {
    runtime().map(|runtime| runtime.spawn_blocking(work)).is_ok()
}
