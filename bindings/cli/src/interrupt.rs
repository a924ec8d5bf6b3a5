//! Hears when the process is asked to end, so that what runs long can stop in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the process was asked to end.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on for Ctrl-C and, where there are signals, for hang-up and termination.
    pub fn listen() -> Self {
        let interrupt = Self::default();
        let heard = interrupt.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // Without a listener the process ends at once, as any other does: nothing is lost by it.
        if let Ok(runtime) = runtime {
            std::thread::spawn(move || {
                runtime.block_on(asked_to_end());
                heard.0.store(true, Ordering::Release);
            });
        }
        interrupt
    }

    /// Whether it was.
    pub fn is_heard(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    );
    if let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = signals {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    } else {
        std::future::pending::<()>().await;
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
