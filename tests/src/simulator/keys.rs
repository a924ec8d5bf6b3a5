//! A platform's key store in memory: it outlives the engine and its files, as a phone's does.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast::key_provider::{KeyError, KeyProvider};
use holdfast_protocol::secret::Secret32;

/// Keeps one key and one marker.
#[derive(Clone, Default)]
pub struct MemoryKeys(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    key: Option<Secret32>,
    marker: Option<String>,
}

impl MemoryKeys {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The device was restored from a backup: the platform hands out the key, and no marker beside it.
    pub fn mark_restored(&self) {
        self.kept().marker = Some("restored".to_owned());
    }
}

impl KeyProvider for MemoryKeys {
    fn load(&self) -> Result<Option<Secret32>, KeyError> {
        Ok(self.kept().key.clone())
    }

    fn create(&self, key: &Secret32) -> Result<(), KeyError> {
        let mut kept = self.kept();
        kept.key = Some(key.clone());
        kept.marker = None;
        Ok(())
    }

    fn marker(&self) -> Result<Option<String>, KeyError> {
        Ok(self.kept().marker.clone())
    }

    fn set_marker(&self, fresh: &str) -> Result<(), KeyError> {
        self.kept().marker = Some(fresh.to_owned());
        Ok(())
    }

    fn forget(&self) -> Result<(), KeyError> {
        *self.kept() = Kept::default();
        Ok(())
    }
}
