//! A real relay on a port of this machine, and real homes on the disk that reach it by HTTP: what the
//! scenarios play on.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use holdfast::domain::units::{LocalDay, Millis};
use holdfast::{Budget, SyncOutcome, SyncReport};
use holdfast::{Config, Done, Engine, LogRequest, NewAccount};
use holdfast_relay::{Limits, Relay, RelayConfig, RunningRelay};
use tempfile::TempDir;

use crate::simulator::copy_files;

/// How long a pairing link of a scene is good, in milliseconds.
pub const PAIR_MS: u64 = 600_000;

/// A relay and homes, in a folder that goes with them.
pub struct Scene {
    room: TempDir,
    relay: Option<RunningRelay>,
    address: SocketAddr,
    life: u32,
}

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}

fn config(directory: &Path) -> RelayConfig {
    RelayConfig::in_directory(directory).with_limits(Limits::without_rates())
}

impl Scene {
    /// Starts a relay on a free port.
    ///
    /// # Panics
    /// When the machine gives none.
    #[must_use]
    pub fn new() -> Self {
        let room = TempDir::with_prefix("holdfast-scene-").expect("a folder can be made");
        let relay = Relay::spawn(config(&room.path().join("relay-0"))).expect("a relay starts");
        let address = relay.address();
        Self { room, relay: Some(relay), address, life: 0 }
    }

    /// The relay's URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The relay's address.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The relay itself.
    ///
    /// # Panics
    /// While it is stopped.
    #[must_use]
    pub fn relay(&self) -> &Relay {
        self.relay.as_ref().expect("the relay runs").relay()
    }

    /// The relay's folder.
    #[must_use]
    pub fn relay_directory(&self) -> PathBuf {
        self.room.path().join(format!("relay-{}", self.life))
    }

    /// The folder of everything.
    #[must_use]
    pub fn room(&self) -> &Path {
        self.room.path()
    }

    /// A home's folder.
    #[must_use]
    pub fn home(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    /// Stops the relay.
    pub fn stop_relay(&mut self) {
        self.relay = None;
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// When somebody else took its place.
    pub fn start_relay(&mut self) {
        let directory = self.relay_directory();
        // The port may be busy for a moment after the last connection.
        for _ in 0..100 {
            if let Ok(relay) = Relay::spawn_at(config(&directory), self.address) {
                self.relay = Some(relay);
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("the relay comes back at {}", self.address);
    }

    /// Copies the relay's files, while it stands still, to be set back to later.
    #[must_use]
    pub fn back_up_relay(&mut self) -> PathBuf {
        self.stop_relay();
        let to = self.room.path().join(format!("relay-backup-{}", self.life));
        copy_files(&self.relay_directory(), &to);
        self.start_relay();
        to
    }

    /// Sets the relay back to a copy of its files, with or without saying so to the devices.
    ///
    /// # Panics
    /// When the copy does not open.
    pub fn set_relay_back(&mut self, backup: &Path, announced: bool) {
        self.stop_relay();
        self.life += 1;
        copy_files(backup, &self.relay_directory());
        self.start_relay();
        if announced {
            self.relay().mark_restored().expect("a new generation is written");
        }
    }

    /// A new account in a home of its own, with the relay set.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn create(&self, home: &str) -> Engine {
        self.create_at(home, &self.url())
    }

    /// A new account whose relay is at another address: somebody between it and the relay.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn create_at(&self, home: &str, relay: &str) -> Engine {
        let account = NewAccount {
            name: "Ana".to_owned(),
            device_name: home.to_owned(),
            relay: Some(relay.to_owned()),
        };
        let config = Config::command_line(self.home(home));
        Engine::create(config, account).expect("a home is made").0
    }

    /// One more device of the account, in a home of its own.
    ///
    /// # Panics
    /// When it cannot be paired.
    #[must_use]
    pub fn pair(&self, first: &Engine, home: &str) -> Engine {
        let link = first.pair(PAIR_MS).expect("a link is made");
        let config = Config::command_line(self.home(home));
        Engine::join(config, &link.link, home).expect("the device joins")
    }

    /// Two devices of one account that know of each other.
    #[must_use]
    pub fn two_devices(&self) -> (Engine, Engine) {
        let first = self.create("first");
        let second = self.pair(&first, "second");
        settle(&[&first, &second]);
        (first, second)
    }
}

/// Syncs once and expects that all was said and heard.
///
/// # Panics
/// When it was not.
pub fn sync(engine: &Engine) -> SyncReport {
    let report = engine.sync_once(&Budget::default()).expect("sync does not fail");
    assert_eq!(report.outcome, SyncOutcome::Done, "{report:?}");
    report
}

/// Syncs all of them until each has what the others wrote, and knows that the others have it.
pub fn settle(engines: &[&Engine]) {
    for _ in 0..3 {
        for engine in engines {
            sync(engine);
        }
    }
}

/// A hold of an exercise outside of any routine, with a note.
#[must_use]
pub fn held(exercise: &str, seconds: u32, note: &str) -> LogRequest {
    let held = Done::Held(Millis::from_secs(seconds.into()));
    let mut request = LogRequest::new(exercise, held);
    request.note = Some(note.to_owned());
    request
}

/// A local day.
///
/// # Panics
/// When the text is none.
#[must_use]
pub fn day(text: &str) -> LocalDay {
    text.parse().expect("a day")
}

/// The whole history as JSON, as the command line prints it. Of who has a hold too, the devices alone: what people are
/// called differs from account to account.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn history_json(engine: &Engine) -> serde_json::Value {
    let holds = crate::simulator::history(engine).expect("the history is read");
    let mut holds = serde_json::to_value(holds).expect("holds have a JSON form");
    for hold in holds.as_array_mut().into_iter().flatten() {
        let mut devices: Vec<serde_json::Value> = hold["seen_by"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|by| by["device"].clone())
            .collect();
        devices.sort_by_key(ToString::to_string);
        hold["seen_by"] = devices.into();
    }
    holds
}

/// Posts to a relay by HTTP, as [`crate::bare_client::BareClient`] wants it.
///
/// # Panics
/// When the machine gives no threads.
pub fn carry(url: &str) -> impl FnMut(&str, Option<&str>, &[u8]) -> (u16, Vec<u8>) + use<> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    // Whoever comes second finds it set.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A relay that is started again in its place does not know connections of before.
    let client = reqwest::Client::builder().pool_max_idle_per_host(0).build();
    let client = client.expect("a client is made");
    let url = url.to_owned();
    move |path, token, body| {
        runtime.block_on(async {
            let mut request = client
                .post(format!("{url}{path}"))
                .header("content-type", "application/cbor")
                .body(body.to_vec());
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let response = request.send().await.expect("the relay answers");
            let status = response.status().as_u16();
            (status, response.bytes().await.expect("the answer is whole").to_vec())
        })
    }
}
