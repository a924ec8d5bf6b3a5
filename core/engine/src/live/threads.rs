//! The threads of a live session: one hears the relay's event stream, one says what waits, one keeps rights, keys and
//! token current. Every wait is short and ends when the session does or the engine is suspended; a relay that cannot
//! be reached is tried again ever less often, and at once when the network changes.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::live::{LiveOutcome, LiveResponse};
use holdfast_protocol::wire;

use super::room::Room;
use super::table::{Due, Table};
use super::voice::{Sealed, Voice};
use crate::error::{Error, HoldfastError};
use crate::play::Playing;
use crate::sync::report::Budget;
use crate::sync::transport::{Ask, Cancel, StreamEvent};
use crate::{Engine, Inner};

/// How long the speaking thread waits for something to say before it looks at the clock.
const LOOK: Duration = Duration::from_millis(20);
/// How often rights and keys are read anew though nothing seems to have changed: another process may have.
const REFRESH: Duration = Duration::from_secs(2);
/// The longest that one message may take to the relay, in milliseconds.
const SAY_MS: u64 = 5_000;
/// The first wait after the relay could not be reached, in milliseconds; it doubles up to the longest.
const FIRST_WAIT_MS: u64 = 250;
const LONGEST_WAIT_MS: u64 = 5_000;
/// How long a sync for keys or a token may take, and how long there is at least between two, in milliseconds.
const SYNC_MS: u64 = 20_000;
const SYNC_GAP: Duration = Duration::from_secs(1);

/// Why it does not begin, and the session that was to be led.
pub(super) type NotStarted = Box<(HoldfastError, Option<Playing>)>;

/// What the threads and the handle share.
pub(super) struct Core {
    pub(super) engine: Engine,
    keys: DeviceKeys,
    table: Mutex<Table>,
    pub(super) voice: Voice,
    pub(super) cancel: Cancel,
    /// Whether the event stream is open.
    pub(super) connected: AtomicBool,
    wants: Mutex<Wants>,
    wanted: Condvar,
    on_change: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Wants {
    sync: bool,
    refresh: bool,
}

impl Core {
    pub(super) fn start(
        engine: Engine,
        playing: Option<Playing>,
        room: Room,
        on_change: Box<dyn Fn() + Send + Sync>,
    ) -> std::result::Result<Arc<Self>, NotStarted> {
        let inner = Arc::clone(&engine.inner);
        let keys = match inner.with_site(|site| Ok(site.keys.clone())) {
            Ok(keys) => keys,
            Err(error) => return Err(Box::new((error.into(), playing))),
        };
        let counter = u64::try_from(inner.clock.wall_ms()).unwrap_or(0);
        let token = room.token.is_some();
        let link = (room.relay.clone(), room.token.clone());
        let key = (room.epoch, room.key.clone());
        let table = Table::new(&inner, playing, room);
        let voice = Voice::new(inner.clock.pace().max(1), table.session, counter);
        {
            let mut inside = voice.lock();
            inside.term = table.term().map_or(0, |term| term.number);
            (inside.key, inside.relay) = (Some(key), Some(link));
        }
        let core = Arc::new(Self {
            engine,
            keys,
            table: Mutex::new(table),
            voice,
            cancel: Cancel::new(),
            connected: AtomicBool::new(false),
            wants: Mutex::new(Wants { sync: !token, refresh: false }),
            wanted: Condvar::new(),
            on_change,
        });
        for (name, run) in [
            ("holdfast-hear", Self::hear as fn(&Self)),
            ("holdfast-say", Self::speak as fn(&Self)),
            ("holdfast-keep", Self::keep_current as fn(&Self)),
        ] {
            let of = Arc::clone(&core);
            let spawned =
                std::thread::Builder::new().name(name.to_owned()).spawn(move || of.guard(run));
            if let Err(error) = spawned {
                core.end();
                let why = Error::Unreadable(format!("no thread can be had ({error})"));
                return Err(Box::new((why.into(), core.table().give_back())));
            }
        }
        Ok(core)
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.engine.inner
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every thread within half a second.
    pub(super) fn end(&self) {
        self.cancel.cancel();
        self.voice.wake();
        self.wanted.notify_all();
    }

    /// The shared clock now, in milliseconds.
    pub(super) fn shared_ms(&self, since_boot_ms: u64) -> Option<i64> {
        self.voice.lock().clock.shared_ms(since_boot_ms)
    }

    /// Rights or keys may be others than they were.
    pub(super) fn look_again(&self) {
        self.wants.lock().unwrap_or_else(PoisonError::into_inner).refresh = true;
        self.wanted.notify_all();
    }

    fn want_sync(&self) {
        self.wants.lock().unwrap_or_else(PoisonError::into_inner).sync = true;
        self.wanted.notify_all();
    }

    /// Runs a thread. A mistake of ours ends the session on this device and nothing else: what is logged stays.
    fn guard(&self, run: fn(&Self)) {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(self)));
        if done.is_err() {
            self.end();
        }
        self.connected.store(false, Ordering::Release);
        self.notify();
    }

    /// What the front end does when it is told is its own matter.
    fn notify(&self) {
        let told = || (self.on_change)();
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(told));
    }

    fn act(&self, due: Due) {
        if due.sync {
            self.want_sync();
        }
        if due.changed {
            self.notify();
        }
    }

    /// Waits as long as the engine is suspended. Gives whether to go on.
    fn goes_on(&self) -> bool {
        while self.inner().wakes.is_suspended() && !self.cancel.is_cancelled() {
            self.inner().wakes.wait_a_little();
        }
        !self.cancel.is_cancelled()
    }

    /// Waits so long, or until the network changes, or the session ends.
    fn wait(&self, ms: u64) {
        let wakes = &self.inner().wakes;
        let kicks = wakes.kicks();
        let until = std::time::Instant::now() + Duration::from_millis(ms);
        while std::time::Instant::now() < until
            && wakes.kicks() == kicks
            && !self.cancel.is_cancelled()
        {
            std::thread::sleep(LOOK);
        }
    }

    fn hear(&self) {
        let mut wait_ms = FIRST_WAIT_MS;
        while self.goes_on() {
            let link = self.voice.lock().relay.clone();
            let Some((relay, Some(token))) = link else {
                self.want_sync();
                self.wait(FIRST_WAIT_MS);
                continue;
            };
            let ask = Ask { relay, path: "/v1/watch", token: Some(token), body: Vec::new() };
            let stop = self.inner().wakes.or_suspended(&self.cancel);
            let Ok(transport) = self.inner().transport() else { return };
            let mut opened = false;
            let _ended = transport.follow(&ask, &stop, &mut |event| {
                match event {
                    StreamEvent::Open => {
                        opened = true;
                        self.connected.store(true, Ordering::Release);
                        self.notify();
                    }
                    StreamEvent::Feed(feed) => {
                        let known = self.table().room.as_ref().map_or(0, |room| room.feed);
                        if feed > known {
                            self.want_sync();
                        }
                    }
                    StreamEvent::Live(bytes) => {
                        let notify = || self.notify();
                        let due = self.table().hear(self.inner(), &self.voice, &bytes, &notify);
                        self.act(due);
                    }
                }
                ControlFlow::Continue(())
            });
            self.connected.store(false, Ordering::Release);
            if self.cancel.is_cancelled() {
                return;
            }
            self.notify();
            if !opened {
                // The token may have ended.
                self.want_sync();
            }
            wait_ms = if opened { FIRST_WAIT_MS } else { (wait_ms * 2).min(LONGEST_WAIT_MS) };
            self.wait(wait_ms);
        }
    }

    fn speak(&self) {
        let mut wait_ms = FIRST_WAIT_MS;
        while self.goes_on() {
            let clock = &self.inner().clock;
            let who = (self.inner().who.chart, &self.keys);
            let entropy = &self.inner().entropy;
            let next = self.voice.next(who, || clock.since_boot_ms(), entropy, LOOK);
            let Some(sealed) = next else {
                self.table().pass(self.inner(), &self.voice);
                continue;
            };
            if self.send(sealed) {
                wait_ms = FIRST_WAIT_MS;
            } else {
                self.wait(wait_ms);
                wait_ms = (wait_ms * 2).min(LONGEST_WAIT_MS);
            }
        }
    }

    /// Sends one message. Gives whether the relay is to be reached.
    fn send(&self, sealed: Sealed) -> bool {
        let Sealed { relay, token, bytes, piece } = sealed;
        let ask = Ask { relay, path: "/v1/live", token: Some(token), body: bytes };
        let stop = self.inner().wakes.or_suspended(&self.cancel);
        let Ok(transport) = self.inner().transport() else { return false };
        let sent_ms = self.inner().clock.since_boot_ms();
        let answer = transport.exchange(&ask, SAY_MS, &stop);
        let came_ms = self.inner().clock.since_boot_ms();
        let Ok(answer) = answer else { return false };
        match answer.status {
            200 => {}
            401 | 403 => {
                self.want_sync();
                return false;
            }
            _ => return false,
        }
        let Ok(response) = wire::decode::<LiveResponse>("live answer", &answer.body) else {
            return false;
        };
        self.voice.lock().clock.hear(sent_ms, came_ms, response.now_ms);
        match response.outcome {
            LiveOutcome::Sent => true,
            LiveOutcome::Reseal { .. } => {
                self.voice.again(piece);
                self.want_sync();
                false
            }
            LiveOutcome::Never { .. } => {
                self.want_sync();
                false
            }
        }
    }

    fn keep_current(&self) {
        let mut synced: Option<std::time::Instant> = None;
        while self.goes_on() {
            let asked = {
                let wants = self.wants.lock().unwrap_or_else(PoisonError::into_inner);
                let nothing = |wants: &mut Wants| !wants.sync && !wants.refresh;
                let waited = self.wanted.wait_timeout_while(wants, REFRESH, nothing);
                let mut wants = waited.unwrap_or_else(PoisonError::into_inner).0;
                wants.refresh = false;
                std::mem::take(&mut wants.sync)
            };
            if self.cancel.is_cancelled() {
                return;
            }
            if asked {
                if let Some(last) = synced {
                    let left = SYNC_GAP.saturating_sub(last.elapsed());
                    self.wait(u64::try_from(left.as_millis()).unwrap_or(0));
                }
                synced = Some(std::time::Instant::now());
                let budget =
                    Budget { max_ms: SYNC_MS, cancel: self.cancel.clone(), ..Budget::default() };
                let _report = self.engine.sync_once(&budget);
            }
            self.refresh();
        }
    }

    fn refresh(&self) {
        let read = Room::read(self.inner());
        let mut table = self.table();
        match read {
            Ok(room) => {
                let mut inside = self.voice.lock();
                inside.key = Some((room.epoch, room.key.clone()));
                inside.relay = Some((room.relay.clone(), room.token.clone()));
                drop(inside);
                if room.token.is_none() {
                    self.want_sync();
                }
                table.room = Some(room);
                drop(table);
                self.voice.wake();
            }
            // Not to be here any more: nobody is heard, and nothing is said.
            Err(error @ (Error::Said { .. } | Error::Forbidden { .. })) => {
                self.voice.lock().key = None;
                let news = table.room.take().is_some();
                table.lost = Some(error.into());
                drop(table);
                if news {
                    self.notify();
                }
            }
            // What passes by itself changes nothing: the phone is locked, or the engine suspended.
            Err(_) => {}
        }
    }
}
