//! The platform's key store, called from a thread of ours and never under a lock: what opening asks for is
//! fetched before it, and what it wants kept is handed over after it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast::key_provider::{KeyError, KeyProvider};
use holdfast_protocol::secret::Secret32;
use zeroize::Zeroizing;

/// Why a key store gives or takes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum KeyStoreError {
    /// Locked: the phone was not unlocked since it started. Later it works.
    #[error("the key store is locked")]
    LockedRetryLater,
    /// The person refused the prompt.
    #[error("the prompt was refused")]
    UserCancelled,
    /// The key existed and does not any more.
    #[error("the key is lost")]
    Lost,
    /// Anything else, as the platform says it.
    #[error("{reason}")]
    Other {
        /// What the platform says.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for KeyStoreError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Other { reason: error.reason }
    }
}

impl From<KeyStoreError> for KeyError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::LockedRetryLater => Self::LockedRetryLater,
            KeyStoreError::UserCancelled => Self::UserCancelled,
            KeyStoreError::Lost => Self::Lost,
            KeyStoreError::Other { reason } => Self::Other(reason),
        }
    }
}

/// Keeps one key of 32 bytes, and beside it a marker of this installation. Called from a thread of the
/// engine's. A store that prompts is unlocked before the engine is opened, and gives the unlocked bytes.
#[uniffi::export(with_foreign)]
pub trait KeyStore: Send + Sync {
    /// The key; nothing where none was ever made.
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError>;
    /// Keeps a new key durably. Takes the place of an earlier one.
    fn create(&self, key: Vec<u8>) -> Result<(), KeyStoreError>;
    /// The marker beside the key; nothing where none was set.
    fn marker(&self) -> Result<Option<String>, KeyStoreError>;
    /// Sets a new marker. The next `marker` gives a text that contains it.
    fn set_marker(&self, fresh: String) -> Result<(), KeyStoreError>;
    /// Forgets the key and the marker.
    fn forget(&self) -> Result<(), KeyStoreError>;
}

/// A key store as the engine calls it.
pub(crate) struct Keys {
    store: Arc<dyn KeyStore>,
    state: Mutex<State>,
}

enum State {
    /// Calls go through: a home is being made, and nobody else has its locks.
    Through,
    /// Fetched before an opening. `fresh` is the marker that was set since.
    Fetched {
        key: Result<Option<Secret32>, KeyError>,
        marker: Result<Option<String>, KeyError>,
        fresh: Option<String>,
    },
}

impl Keys {
    /// For making a home.
    pub(crate) fn through(store: Arc<dyn KeyStore>) -> Arc<Self> {
        Arc::new(Self { store, state: Mutex::new(State::Through) })
    }

    /// For opening one: asks the store now, while no lock is held.
    pub(crate) fn fetched(store: Arc<dyn KeyStore>) -> Arc<Self> {
        let (key, marker) = (load(&*store), store.marker().map_err(KeyError::from));
        let state = Mutex::new(State::Fetched { key, marker, fresh: None });
        Arc::new(Self { store, state })
    }

    /// Hands over what an opening wanted kept. Left out, or failed, the next opening takes the home
    /// for a copied one and writes on under a new name, which costs nothing but that.
    ///
    /// # Errors
    /// What the store says.
    pub(crate) fn hand_over(&self) -> Result<(), KeyError> {
        let fresh = match &mut *self.state() {
            State::Through => None,
            State::Fetched { fresh, .. } => fresh.take(),
        };
        match fresh {
            Some(fresh) => Ok(self.store.set_marker(fresh)?),
            None => Ok(()),
        }
    }

    /// Forgets the key, and lets an erasing that follows find it done.
    ///
    /// # Errors
    /// What the store says; nothing was erased then.
    pub(crate) fn forget_now(&self) -> Result<(), KeyError> {
        self.store.forget()?;
        *self.state() = State::Fetched { key: Ok(None), marker: Ok(None), fresh: None };
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn goes_through(&self) -> bool {
        matches!(*self.state(), State::Through)
    }
}

fn load(store: &dyn KeyStore) -> Result<Option<Secret32>, KeyError> {
    let Some(bytes) = store.load()?.map(Zeroizing::new) else { return Ok(None) };
    // A key of another length is no key that was ever made: what it sealed cannot be opened.
    let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyError::Lost)?;
    Ok(Some(Secret32::from_bytes(bytes)))
}

impl KeyProvider for Keys {
    fn load(&self) -> Result<Option<Secret32>, KeyError> {
        if self.goes_through() {
            return load(&*self.store);
        }
        match &*self.state() {
            State::Fetched { key: Ok(key), .. } => {
                Ok(key.as_ref().map(|key| Secret32::from_bytes(*key.expose())))
            }
            State::Fetched { key: Err(error), .. } => Err(error.clone()),
            State::Through => Ok(None),
        }
    }

    fn create(&self, key: &Secret32) -> Result<(), KeyError> {
        Ok(self.store.create(key.expose().to_vec())?)
    }

    fn marker(&self) -> Result<Option<String>, KeyError> {
        if self.goes_through() {
            return Ok(self.store.marker()?);
        }
        match &*self.state() {
            State::Fetched { fresh: Some(fresh), .. } => Ok(Some(fresh.clone())),
            State::Fetched { marker, .. } => marker.clone(),
            State::Through => Ok(None),
        }
    }

    fn set_marker(&self, fresh: &str) -> Result<(), KeyError> {
        match &mut *self.state() {
            State::Fetched { fresh: kept, .. } => {
                *kept = Some(fresh.to_owned());
                return Ok(());
            }
            State::Through => {}
        }
        Ok(self.store.set_marker(fresh.to_owned())?)
    }

    fn forget(&self) -> Result<(), KeyError> {
        if self.goes_through() { Ok(self.store.forget()?) } else { Ok(()) }
    }
}
