//! Where the relay lives: its process, its disk, its backup. A death leaves exactly the files as they were.

use std::path::{Path, PathBuf};

use holdfast_relay::{Limits, Relay, RelayConfig};

use super::chance::SeededEntropy;
use super::world::RELAY;

/// A relay that can die, and be set back to a backup.
pub struct RelayHouse {
    root: PathBuf,
    seed: u64,
    life: u64,
    relay: Option<Relay>,
    backup: Option<PathBuf>,
}

impl RelayHouse {
    /// A new relay below `root`.
    #[must_use]
    pub fn new(root: &Path, seed: u64) -> Self {
        let mut house = Self { root: root.to_owned(), seed, life: 0, relay: None, backup: None };
        house.open();
        house
    }

    /// Its database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.directory().join("relay.sqlite3")
    }

    fn directory(&self) -> PathBuf {
        self.root.join(format!("relay-{}", self.life))
    }

    fn open(&mut self) {
        let entropy = SeededEntropy::new(self.seed, "relay", &[self.life]);
        let config = RelayConfig::in_directory(self.directory())
            .with_limits(Limits::without_rates())
            .with_public_url(RELAY)
            .with_entropy(Box::new(entropy));
        self.relay = Some(Relay::open(config).expect("the relay opens on its own files"));
    }

    /// The relay.
    #[must_use]
    pub fn relay(&self) -> &Relay {
        self.relay.as_ref().expect("the house is never empty")
    }

    /// Its process dies, and starts again on the files as they were at that instant.
    pub fn die(&mut self) {
        let before = self.directory();
        self.life += 1;
        copy_files(&before, &self.directory());
        self.relay = None;
        remove(&before);
        self.open();
    }

    /// Takes a backup.
    pub fn back_up(&mut self) {
        let to = self.root.join("relay-backup");
        remove(&to);
        copy_files(&self.directory(), &to);
        self.backup = Some(to);
    }

    /// Sets it back to the backup, where there is one, as a new generation. Says whether there was one.
    pub fn restore(&mut self, announced: bool) -> bool {
        let Some(backup) = self.backup.clone() else { return false };
        let before = self.directory();
        self.life += 1;
        copy_files(&backup, &self.directory());
        self.relay = None;
        remove(&before);
        self.open();
        if announced {
            self.relay().mark_restored().expect("a new generation is written");
        }
        true
    }
}

/// Copies the files of a directory as they are, but not SQLite's shared memory, which dies with its process.
pub fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory can be made");
    for file in std::fs::read_dir(from).expect("the directory is there") {
        let file = file.expect("the directory can be listed");
        let name = file.file_name();
        if file.path().is_file() && !name.to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), to.join(&name)).expect("a file can be copied");
        }
    }
}

/// Removes a directory that nobody needs any more.
pub fn remove(directory: &Path) {
    // Left over on some machines while a reader is still closing; the whole world is removed at its end.
    let _ = std::fs::remove_dir_all(directory);
}
