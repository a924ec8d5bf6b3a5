//! Erasing a home: first the key, without which the sealed secrets are noise, then the database. Only
//! files that the engine made are removed.

use crate::{Engine, HoldfastError};

impl Engine {
    /// Removes everything this home holds: the key, the database, the locks. What other devices and a relay
    /// hold stays. Afterwards every call on any clone of this engine says that it must be opened again.
    ///
    /// # Errors
    /// When another process keeps the home, or a file cannot be removed. The key goes first: once it is gone,
    /// erasing again finishes the rest.
    pub fn erase(&self) -> std::result::Result<(), HoldfastError> {
        self.guarded(|inner| {
            inner.documents.clear();
            inner.store.erase(|| inner.keys.forget())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::clock::FakeClock;
    use crate::{Config, Engine, HoldfastError, NewAccount};

    #[test]
    fn an_erased_home_leaves_no_file_of_ours_and_no_word_of_what_was_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        let config = || {
            let clock = Arc::new(FakeClock::new(1_772_395_200_000, "Europe/Berlin"));
            Config { clock, ..Config::command_line(&home) }
        };
        let new = || NewAccount { name: "Ana".into(), device_name: "phone".into(), relay: None };
        let (engine, _) = Engine::create(config(), new()).unwrap();
        std::fs::write(home.join("mine.txt"), "not the engine's").unwrap();
        let clone = engine.clone();
        engine.erase().unwrap();
        let left: Vec<_> =
            std::fs::read_dir(&home).unwrap().map(|f| f.unwrap().file_name()).collect();
        assert_eq!(left, ["mine.txt"]);
        assert!(matches!(clone.identity(), Err(HoldfastError::RestartNeeded { .. })));
        assert!(Engine::open(config()).is_err());
        // The place is free again.
        Engine::create(config(), new()).unwrap();
    }
}
