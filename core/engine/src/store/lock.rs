//! The lock between processes: a file that one of them holds, with its id and what it is doing
//! inside, so that the others can say who they wait for.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// How long a command waits for another process before it gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The lock file of one directory.
pub(crate) struct ProcessLock {
    path: PathBuf,
    home: PathBuf,
    patience: Duration,
}

/// The lock, held until dropped.
pub(crate) struct Held(File);

impl ProcessLock {
    pub(crate) fn new(home: &Path, patience: Duration) -> Self {
        Self::named(home, "lock", patience)
    }

    /// Another lock of the same home, in a file of its own.
    pub(crate) fn named(home: &Path, file: &str, patience: Duration) -> Self {
        Self { path: home.join(file), home: home.to_owned(), patience }
    }

    /// Waits for the lock.
    ///
    /// # Errors
    /// [`Error::HomeInUse`] when another process keeps it too long.
    pub(crate) fn take(&self, command: &str) -> Result<Held> {
        let failed = |source| Error::io("error.io.open_lock", &self.path, source);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&self.path).map_err(failed)?;
        let started = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(failed(source)),
                Err(TryLockError::WouldBlock) if started.elapsed() >= self.patience => {
                    let (pid, command) = holder(&mut file);
                    return Err(Error::HomeInUse { path: self.home.clone(), pid, command });
                }
                Err(TryLockError::WouldBlock) => {
                    std::thread::sleep(pause.min(self.patience.saturating_sub(started.elapsed())));
                    pause = (pause * 2).min(Duration::from_millis(50));
                }
            }
        }
        // Who holds it is for people to read: not being able to say so is no reason to stop.
        let _ = say(&mut file, command);
        Ok(Held(file))
    }
}

fn say(file: &mut File, command: &str) -> std::io::Result<()> {
    let text = format!("{}\n{command}\n", std::process::id());
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

fn holder(file: &mut File) -> (u32, String) {
    let mut text = String::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(256).read_to_string(&mut text));
    let mut lines = text.lines();
    let pid = lines.next().and_then(|line| line.parse().ok()).unwrap_or(0);
    let command = lines.next().filter(|_| read.is_ok()).unwrap_or("unknown").to_owned();
    (pid, command)
}

impl Drop for Held {
    fn drop(&mut self) {
        // Closing the file would release it too, once nobody has inherited it.
        let _ = self.0.unlock();
    }
}
