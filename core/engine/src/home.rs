//! Opening a home and beginning a new one: the key, the marker that tells a copied directory, and one
//! engine a directory. It makes no identity; that is `identity`'s business.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::secret::Secret32;

use crate::config::{Config, Sharing};
use crate::error::{Error, Result};
use crate::key_provider::{KeyError, KeyProvider};
use crate::store::meta::{self, Me};
use crate::store::{Opening, Priority, Store, Tx};
use crate::{Inner, Shared};

/// The engines of this process that have a directory to themselves.
static OPEN: Mutex<Vec<(PathBuf, Weak<Shared>)>> = Mutex::new(Vec::new());

/// A directory where an identity is about to be made.
pub(crate) struct NewHome {
    /// Its database, still without an identity.
    pub(crate) store: Store,
    /// The key that seals this device's secrets. It is kept by the key provider already.
    pub(crate) key: Secret32,
    /// A fresh incarnation.
    pub(crate) incarnation: u64,
    marker: String,
}

impl NewHome {
    /// Makes the directory, the database and the key.
    ///
    /// # Errors
    /// [`Error::AlreadyAHome`] where an identity was made before, and whatever keeps it from writing.
    pub(crate) fn prepare(config: &mut Config) -> Result<Self> {
        let store = open_store(config, true)?;
        if let Some(me) = store.read(meta::me)? {
            return Err(Error::AlreadyAHome { path: config.directory.clone(), name: me.name });
        }
        // A key without data is that of an earlier install, or of one that was broken off.
        let key = match config.keys.load() {
            Ok(Some(key)) => key,
            Ok(None) | Err(KeyError::Lost) => {
                let key = Secret32::random(&mut *config.entropy);
                config.keys.create(&key)?;
                key
            }
            Err(error) => return Err(error.into()),
        };
        let marker = fresh_marker(&*config.keys, &mut *config.entropy)?;
        let incarnation = fresh_incarnation(&mut *config.entropy);
        Ok(Self { store, key, incarnation, marker })
    }

    /// Notes the identity: with this, and what else the same transaction writes, the home is one.
    pub(crate) fn found(&self, tx: &Tx<'_>, me: &Me) -> Result<()> {
        meta::set_me(tx, me)?;
        meta::put(tx, meta::KEY_CHECK, &self.key.commitment())?;
        meta::put(tx, meta::MARKER, self.marker.as_bytes())
    }
}

/// Opens the home of an identity.
///
/// # Errors
/// A distinct [`Error`] for each thing that stands in the way; no file is changed then.
pub(crate) fn open(config: Config) -> Result<Arc<Inner>> {
    // Held while opening, so that two threads do not open one directory side by side.
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(engine) = already_open(&mut open, &config) {
        return Ok(engine);
    }
    let mut config = config;
    let store = open_store(&config, false)?;
    let Some(mut me) = store.read(meta::me)? else {
        let why = "holds no identity yet: making one was broken off";
        return Err(Error::NotAHome { path: config.directory, why });
    };
    let key = load_key(&store, &*config.keys)?;
    renew_if_copied(&store, &mut config, &mut me)?;
    let own = config.sharing == Sharing::OneProcess;
    let directory = identify(&config.directory);
    let engine = Inner::assemble(config, store, key, &me)?;
    engine.finish_erasing()?;
    if own {
        open.push((directory, Arc::downgrade(engine.shared())));
    }
    Ok(engine)
}

/// Lets [`open`] find an engine that was just made with its identity.
pub(crate) fn register(engine: &Arc<Inner>, sharing: Sharing) {
    if sharing == Sharing::OneProcess {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.push((identify(engine.store.directory()), Arc::downgrade(engine.shared())));
    }
}

fn already_open(open: &mut Vec<(PathBuf, Weak<Shared>)>, config: &Config) -> Option<Arc<Inner>> {
    open.retain(|(_, engine)| engine.strong_count() > 0);
    if config.sharing == Sharing::PerTransaction {
        return None;
    }
    let directory = identify(&config.directory);
    let found = open.iter().find(|(path, _)| *path == directory)?;
    // One that met an error of its own makes room for a fresh one.
    found.1.upgrade().filter(|engine| engine.store.is_usable()).map(Inner::own)
}

fn identify(directory: &Path) -> PathBuf {
    directory.canonicalize().unwrap_or_else(|_| directory.to_owned())
}

fn open_store(config: &Config, make: bool) -> Result<Store> {
    Store::open(Opening {
        directory: config.directory.clone(),
        sharing: config.sharing,
        faults: config.faults.clone(),
        clock: Arc::clone(&config.clock),
        make,
    })
}

fn load_key(store: &Store, keys: &dyn KeyProvider) -> Result<Secret32> {
    let key = match keys.load() {
        Ok(Some(key)) => key,
        Ok(None) | Err(KeyError::Lost) => return Err(Error::RecoveryNeeded("key.gone")),
        Err(error) => return Err(error.into()),
    };
    let check = store.read(|conn| meta::get(conn, meta::KEY_CHECK))?;
    if check.is_some_and(|check| check != key.commitment()) {
        return Err(Error::RecoveryNeeded("key.another"));
    }
    Ok(key)
}

/// A directory that was copied or restored writes on as a new incarnation: two copies of one device
/// must never make two changes under one name.
fn renew_if_copied(store: &Store, config: &mut Config, me: &mut Me) -> Result<()> {
    let here = store.read(|conn| meta::text(conn, meta::MARKER))?;
    let beside_key = config.keys.marker()?;
    if here.is_some() && here == beside_key {
        return Ok(());
    }
    let marker = fresh_marker(&*config.keys, &mut *config.entropy)?;
    me.incarnation = fresh_incarnation(&mut *config.entropy);
    store.write(Priority::User, "open", |tx| {
        meta::set_me(tx, me)?;
        meta::put(tx, meta::MARKER, marker.as_bytes())
    })
}

fn fresh_marker(keys: &dyn KeyProvider, entropy: &mut (dyn Entropy + Send)) -> Result<String> {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    keys.set_marker(&hex::encode(bytes))?;
    keys.marker()?.ok_or(Error::Key(KeyError::Lost))
}

/// Random, not counted: two copies of one directory would count to the same number.
fn fresh_incarnation(entropy: &mut (dyn Entropy + Send)) -> u64 {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    u64::from_le_bytes(bytes).max(1)
}
