//! Waking devices: each account's watchers are told its newest feed number, and only the newest.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use holdfast_protocol::ids::{AccountId, DeviceId};
use tokio::sync::watch;

use crate::answer::Refused;

type Channels = HashMap<AccountId, (watch::Sender<u64>, usize)>;

/// Who watches. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Watchers(Arc<Mutex<Channels>>);

impl Watchers {
    pub fn open(
        &self,
        account: AccountId,
        device: DeviceId,
        feed: u64,
        limit: usize,
    ) -> Result<Watch, Refused> {
        let mut channels = self.lock();
        let (sender, count) =
            channels.entry(account).or_insert_with(|| (watch::Sender::new(feed), 0));
        if *count >= limit {
            return Err(Refused::too_many("too many event streams of this account", 60_000));
        }
        *count += 1;
        sender.send_if_modified(|newest| raise(newest, feed));
        let feed = sender.subscribe();
        Ok(Watch { account, device, feed, watchers: self.clone() })
    }

    /// Tells an account's watchers that its feed moved.
    pub fn tell(&self, account: &AccountId, feed: u64) {
        if let Some((sender, _)) = self.lock().get(account) {
            sender.send_if_modified(|newest| raise(newest, feed));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Channels> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn raise(newest: &mut u64, feed: u64) -> bool {
    let rises = feed > *newest;
    *newest = feed.max(*newest);
    rises
}

/// One event stream. Its place is free again when it is dropped.
pub struct Watch {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    feed: watch::Receiver<u64>,
    watchers: Watchers,
}

impl Watch {
    /// The account's feed as this stream knows it.
    #[must_use]
    pub fn feed(&self) -> u64 {
        *self.feed.borrow()
    }

    /// Waits until the feed moves, and gives it.
    pub async fn next(&mut self) -> u64 {
        // The sender lives in the map as long as this stream counts in it.
        let _ = self.feed.changed().await;
        *self.feed.borrow_and_update()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut channels = self.watchers.lock();
        if let Some((_, count)) = channels.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                channels.remove(&self.account);
            }
        }
    }
}
