//! What an engine is opened with: where, whose key, which clock.

use std::path::PathBuf;
use std::sync::Arc;

use holdfast_protocol::entropy::{Entropy, SystemEntropy};

use crate::clock::{Clock, SystemClock};
use crate::error::Result;
use crate::key_provider::{FileKeyProvider, KeyProvider};
use crate::store::faults::Faults;
use crate::sync::http::Http;
use crate::sync::transport::Transport;

/// Whether other processes use the directory too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// An app: the directory is this process's for the life of the engine, and a second open in it
    /// gives the same engine.
    OneProcess,
    /// The command line: the directory is taken for one transaction at a time.
    PerTransaction,
}

/// Everything an engine needs from outside.
pub struct Config {
    /// The directory of the data. Made where it is not there, when an identity is made.
    pub directory: PathBuf,
    /// Keeps the key that seals this device's secrets.
    pub keys: Arc<dyn KeyProvider>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Whether other processes use the directory too.
    pub sharing: Sharing,
    /// Where randomness comes from.
    pub entropy: Box<dyn Entropy + Send>,
    /// One more root certificate to trust, as PEM: a clinic's own.
    pub extra_root_pem: Option<Vec<u8>>,
    /// What carries requests to the relay; HTTP by default.
    pub transport: Option<Arc<dyn Transport>>,
    /// What goes wrong on purpose. For the simulator; nothing by default.
    pub faults: Faults,
}

impl Config {
    /// For an app: its own process, the machine's clock and randomness.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, keys: Arc<dyn KeyProvider>) -> Self {
        Self {
            directory: directory.into(),
            keys,
            clock: Arc::new(SystemClock),
            sharing: Sharing::OneProcess,
            entropy: Box::new(SystemEntropy),
            extra_root_pem: None,
            transport: None,
            faults: Faults::none(),
        }
    }

    /// For the command line: the key in a file of the directory, one transaction at a time.
    #[must_use]
    pub fn command_line(directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        let keys = Arc::new(FileKeyProvider::in_directory(&directory));
        Self { sharing: Sharing::PerTransaction, ..Self::new(directory, keys) }
    }
}

impl Config {
    /// What carries requests to the relay, made and kept where none was given.
    pub(crate) fn transport(&mut self) -> Result<Arc<dyn Transport>> {
        if let Some(transport) = &self.transport {
            return Ok(Arc::clone(transport));
        }
        let http: Arc<dyn Transport> = Arc::new(Http::new(self.extra_root_pem.as_deref())?);
        self.transport = Some(Arc::clone(&http));
        Ok(http)
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("directory", &self.directory)
            .field("sharing", &self.sharing)
            .finish_non_exhaustive()
    }
}
