//! What sync works on: a store, a clock, a source of randomness, and who this device is. No thread, no
//! network, and nothing that a simulator could not hand in.

use std::sync::{Mutex, PoisonError};

use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::ids::{AccountId, ActorId, DeviceId};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::secret::Secret32;

use crate::clock::Clock;
use crate::store::Store;

/// What sync works on.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) store: &'a Store,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) entropy: &'a Mutex<Box<dyn Entropy + Send>>,
    /// The platform's key, which seals this device's secrets.
    pub(crate) seal: &'a Secret32,
    pub(crate) account: AccountId,
    pub(crate) keys: &'a DeviceKeys,
    /// Which life of the device this is.
    pub(crate) incarnation: u64,
    /// What this life writes changes as.
    pub(crate) actor: ActorId,
}

impl Site<'_> {
    pub(crate) fn me(&self) -> DeviceId {
        self.keys.id()
    }

    /// Hands the source of randomness to `work`.
    pub(crate) fn with_entropy<T>(&self, work: impl FnOnce(&mut dyn Entropy) -> T) -> T {
        let mut entropy = self.entropy.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut **entropy)
    }
}
