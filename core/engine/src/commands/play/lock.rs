//! One session a chart is played at a time, whatever the process. It keeps nobody from logging or
//! syncing: those take the home's own lock, for one transaction at a time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::Inner;
use crate::config::Sharing;
use crate::error::{Error, Result};
use crate::store::lock::{Held, ProcessLock};

/// The file, beside the home's own lock.
const FILE: &str = "play.lock";

/// The right to play, until dropped.
pub(super) struct PlayLock {
    inner: Arc<Inner>,
    /// Between processes. An app that has the directory to itself needs none, and must hold no file
    /// lock while it is in the background.
    _file: Option<Held>,
}

impl PlayLock {
    /// Takes it, without waiting.
    ///
    /// # Errors
    /// [`Error::PlayInUse`] while another session is played.
    pub(super) fn take(inner: &Arc<Inner>) -> Result<Self> {
        if inner.playing.swap(true, Ordering::AcqRel) {
            return Err(Error::PlayInUse { pid: std::process::id() });
        }
        // From here on dropping it gives the flag back, also where the file cannot be had.
        let mut lock = Self { inner: Arc::clone(inner), _file: None };
        if inner.store.sharing() == Sharing::PerTransaction {
            let file = ProcessLock::named(inner.store.directory(), FILE, Duration::ZERO);
            lock._file = Some(file.take("play").map_err(|error| match error {
                Error::HomeInUse { pid, .. } => Error::PlayInUse { pid },
                other => other,
            })?);
        }
        Ok(lock)
    }
}

impl Drop for PlayLock {
    fn drop(&mut self) {
        self.inner.playing.store(false, Ordering::Release);
    }
}
