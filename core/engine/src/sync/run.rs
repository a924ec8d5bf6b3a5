//! The thin loop between the machine and a transport, and the engine's face of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::machine::{Machine, Step};
use super::report::{Budget, SyncOutcome, SyncReport};
use super::seal;
use super::site::Site;
use super::transport::Transport;
use crate::error::{Error, HoldfastError, Result};
use crate::identity::{address, keys};
use crate::key_provider::KeyError;
use crate::observe::Key;
use crate::protocol_words::key_message;
use crate::store::sync_tables::{relay, sealed};
use crate::store::{Priority, meta, outbox};
use crate::{Engine, Shared};
use holdfast_domain::words::Message;

/// The longest that one request may take, in milliseconds.
const REQUEST_MS: u64 = 60_000;

/// Runs one sync to its end.
pub(crate) fn drive(
    site: &Site<'_>,
    transport: &dyn Transport,
    mut machine: Machine,
    budget: &Budget,
) -> Result<SyncReport> {
    loop {
        match machine.next(site)? {
            Step::Ask(ask) => {
                let timeout = machine.left_ms(site).clamp(1, REQUEST_MS);
                let answer = transport.exchange(&ask, timeout, &budget.cancel);
                machine.answer(site, answer)?;
            }
            // A sync does not sit and wait: the report says when it is worth to try again.
            Step::Wait(_) => machine.stop_waiting(),
            Step::Finished(report) => return Ok(report),
        }
    }
}

impl Shared {
    /// Runs `work` with everything that sync needs.
    pub(crate) fn with_site<T>(&self, work: impl FnOnce(&Site<'_>) -> Result<T>) -> Result<T> {
        let device = self.store.read(|conn| keys::device(conn, &self.key))?;
        let device = device.ok_or_else(|| {
            Error::Unreadable("this device's own key is not in its database".to_owned())
        })?;
        let site = Site {
            store: &self.store,
            clock: &*self.clock,
            entropy: &self.entropy,
            seal: &self.key,
            account: self.me.account,
            keys: &device,
            incarnation: self.me.incarnation,
            actor: self.me.actor,
        };
        work(&site)
    }

    /// One sync after the other.
    pub(crate) fn sync(&self, budget: &Budget) -> Result<SyncReport> {
        let _one: MutexGuard<'_, ()> = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let budget = Budget { cancel: self.wakes.or_suspended(&budget.cancel), ..budget.clone() };
        let done = self.with_site(|site| {
            drive(site, self.transport()?, Machine::new(site, budget.clone()), &budget)
        });
        if let Ok(report) = &done {
            self.tend_graves(report.round_trips > 0)?;
        }
        match done {
            Err(Error::Suspended) => self.locked("suspended", Message::new("error.suspended")),
            Err(Error::Key(error @ (KeyError::LockedRetryLater | KeyError::UserCancelled))) => {
                self.locked("locked", key_message(&error))
            }
            other => other,
        }
    }

    /// Whether something waits that a sync would send. What cannot be sent any more is no reason to try.
    pub(crate) fn has_sendable(&self) -> bool {
        let (account, now) = (self.me.account, self.clock.wall_ms());
        self.store.read(|conn| seal::has_sendable(conn, account, now)).unwrap_or(false)
    }

    fn locked(&self, code: &str, why: Message) -> Result<SyncReport> {
        let mut report = SyncReport::new();
        report.outcome = SyncOutcome::Locked;
        report.queued = self.store.read(outbox::count).unwrap_or_default();
        report.problem(code, Message::new("sync.safe").with("why", why));
        Ok(report)
    }
}

/// The relay as it is set.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RelayStatus {
    /// Its address.
    pub url: String,
    /// Whether this account is known there.
    pub registered: bool,
    /// Changes and statements that wait to be sent.
    pub queued: u64,
}

impl Engine {
    /// Sends what waits and fetches what is new, within a budget. Blocks; one sync at a time.
    ///
    /// # Errors
    /// Only what keeps the engine itself from working: the database, the keys. A relay that cannot be used
    /// is an outcome, with the reason among the problems.
    pub fn sync_once(&self, budget: &Budget) -> std::result::Result<SyncReport, HoldfastError> {
        self.guarded(|inner| inner.sync(budget))
    }

    /// Sets the relay, or leaves it. Nothing is sent until the next sync. Another relay is given everything.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] for an address that cannot be one.
    pub fn set_relay(&self, url: Option<&str>) -> std::result::Result<(), HoldfastError> {
        self.guarded(|inner| {
            let url = url.map(address::parse).transpose()?;
            inner.store.write(Priority::User, "relay", |tx| {
                tx.touch(Key::Account);
                tx.touch(Key::History);
                tx.touch(Key::Days);
                match &url {
                    Some(url) => {
                        meta::put(tx, meta::RELAY, url.as_bytes())?;
                        relay::set(tx, url, false)
                    }
                    None => {
                        meta::remove(tx, meta::RELAY)?;
                        relay::unset(tx)
                    }
                }
            })
        })
    }

    /// The relay; nothing where none is set.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn relay(&self) -> std::result::Result<Option<RelayStatus>, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let Some(relay) = relay::get(conn)?.filter(|relay| !relay.url.is_empty()) else {
                    return Ok(None);
                };
                let queued = outbox::count(conn)? + sealed::count(conn)?;
                Ok(Some(RelayStatus { url: relay.url, registered: relay.registered, queued }))
            })
        })
    }
}

/// Lets one sync run at a time.
pub(crate) type Syncing = Mutex<()>;
