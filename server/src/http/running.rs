//! A relay that runs on threads of its own in this process: for the demo, for tests, for whoever embeds one.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;

use super::{listen, serve};
use crate::config::RelayConfig;
use crate::relay::{OpenError, Relay};

/// Why a relay does not run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its address cannot be listened on.
    #[error("cannot listen on {address}: {why}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        why: std::io::Error,
    },
    /// The system gives no threads.
    #[error("cannot start the relay's threads: {0}")]
    Threads(std::io::Error),
}

/// A running relay. It stops when this is dropped.
pub struct RunningRelay {
    relay: Option<Arc<Relay>>,
    address: SocketAddr,
    closing: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Runs a relay on a free port of this machine.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn spawn(config: RelayConfig) -> Result<RunningRelay, StartError> {
        Self::spawn_at(config, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// Runs a relay at an address: for one that comes back where it was.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn spawn_at(config: RelayConfig, at: SocketAddr) -> Result<RunningRelay, StartError> {
        let relay = Arc::new(Self::open(config)?);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("relay")
            .enable_all()
            .build()
            .map_err(StartError::Threads)?;
        let refused = |why| StartError::Listen { address: at, why };
        let listener = {
            let _entered = runtime.enter();
            listen(at).map_err(refused)?
        };
        let address = listener.local_addr().map_err(refused)?;
        let closing = CancellationToken::new();
        let thread = {
            let (relay, closing) = (Arc::clone(&relay), closing.clone());
            std::thread::Builder::new().name("relay-shell".into()).spawn(move || {
                let served = runtime.block_on(serve(relay, listener, closing.cancelled_owned()));
                if let Err(error) = served {
                    tracing::error!(%error, "the relay stopped listening");
                }
            })
        };
        let thread = Some(thread.map_err(StartError::Threads)?);
        Ok(RunningRelay { relay: Some(relay), address, closing, thread })
    }
}

impl RunningRelay {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The relay itself.
    ///
    /// # Panics
    /// Never: it is there until this is dropped.
    #[must_use]
    pub fn relay(&self) -> &Relay {
        self.relay.as_deref().expect("a running relay is there until it is dropped")
    }

    /// Lets what is being worked on finish, and stops. Its store is closed when this returns.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for RunningRelay {
    fn drop(&mut self) {
        self.closing.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.relay = None;
    }
}
