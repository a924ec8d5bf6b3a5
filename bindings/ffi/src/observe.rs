//! Listeners: what changed, and what a watch of the relay says. Each is called from one thread, one call at a
//! time, never under a lock; what happens while it is busy is put together.

use std::sync::{Arc, Mutex, Weak};

use holdfast::{Key, Keys, Subscription, WatchEvent, Watching};

use crate::engine::{Ends, EngineHandle, lock};
use crate::failure::{Failure, Said};
use crate::sync::SyncReport;
use crate::work;

/// Hears what changed.
#[uniffi::export(with_foreign)]
pub trait ChangeListener: Send + Sync {
    /// `history`, `days`, `routines`, `sync`, `devices`, `play`, `account`, `profile`, `charts`, `prescriptions`, `warnings`: all of
    /// them at once at first, then what changed since it last returned.
    fn changed(&self, keys: Vec<String>);
}

/// Hears what the watch of the relay does.
#[uniffi::export(with_foreign)]
pub trait WatchListener: Send + Sync {
    /// Something happened.
    fn event(&self, event: RelayEvent);
}

/// What happened with the watch of the relay.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct RelayEvent {
    /// `connected`, `synced`, `waiting` or `failed`.
    pub kind: String,
    /// What a sync did.
    pub report: Option<SyncReport>,
    /// When it is tried again, in milliseconds from now.
    pub retry_ms: Option<u64>,
    /// Why it waits or failed.
    pub why: Option<Said>,
}

/// Something that goes on until it is ended, dropped, or its engine closed.
#[derive(uniffi::Object)]
pub struct Listening {
    of: Mutex<Option<Of>>,
}

/// What goes on: dropping it ends it.
enum Of {
    Changes { _of: Subscription },
    Relay { _of: Watching },
}

impl Ends for Listening {
    fn end(&self) {
        let of = lock(&self.of).take();
        drop(of);
    }
}

#[uniffi::export]
impl Listening {
    /// Ends it. A call under way is let finish.
    pub fn stop(&self) {
        self.end();
    }
}

impl Listening {
    fn new(engine: &EngineHandle, of: Of) -> Arc<Self> {
        let listening = Arc::new(Self { of: Mutex::new(Some(of)) });
        let weak: Weak<dyn Ends> = Arc::downgrade(&listening) as Weak<dyn Ends>;
        engine.common().hold(weak);
        listening
    }
}

pub(crate) const fn name(key: Key) -> &'static str {
    match key {
        Key::History => "history",
        Key::Days => "days",
        Key::Routines => "routines",
        Key::Sync => "sync",
        Key::Devices => "devices",
        Key::Play => "play",
        Key::Account => "account",
        Key::Profile => "profile",
        Key::Charts => "charts",
        Key::Prescriptions => "prescriptions",
        Key::Warnings => "warnings",
    }
}

#[uniffi::export]
impl EngineHandle {
    /// Tells a listener what changed: everything at once, and from then on what changed since it last returned.
    pub fn observe(&self, listener: Arc<dyn ChangeListener>) -> Result<Arc<Listening>, Failure> {
        let at_work = self.enter()?;
        let tell = move |keys: Keys| {
            let keys = keys.iter().map(|key| name(key).to_owned()).collect();
            work::call_out(|| listener.changed(keys));
        };
        Ok(Listening::new(self, Of::Changes { _of: at_work.engine.observe(tell) }))
    }

    /// Follows the relay and syncs when something is new there or here, until it is stopped.
    pub async fn watch(&self, listener: Arc<dyn WatchListener>) -> Result<Arc<Listening>, Failure> {
        let words = self.words();
        let tell = move |event: WatchEvent| {
            let nothing =
                RelayEvent { kind: String::new(), report: None, retry_ms: None, why: None };
            let event = match event {
                WatchEvent::Connected => RelayEvent { kind: "connected".to_owned(), ..nothing },
                WatchEvent::Synced(report) => RelayEvent {
                    kind: "synced".to_owned(),
                    report: Some(SyncReport::of(&report, words)),
                    ..nothing
                },
                WatchEvent::Waiting { retry_ms, why } => RelayEvent {
                    kind: "waiting".to_owned(),
                    retry_ms: Some(retry_ms),
                    why: Some(Said::of(&why, words)),
                    ..nothing
                },
                WatchEvent::Failed(error) => RelayEvent {
                    kind: "failed".to_owned(),
                    why: Some(Failure::of(&error, words).said()),
                    ..nothing
                },
            };
            work::call_out(|| listener.event(event));
        };
        let watching = self.run(move |engine| engine.watch(tell)).await?;
        Ok(Listening::new(self, Of::Relay { _of: watching }))
    }

    /// The network changed: what waits for it tries again.
    pub fn network_changed(&self) -> Result<(), Failure> {
        self.enter()?.engine.network_changed();
        Ok(())
    }
}
