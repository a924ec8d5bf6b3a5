//! Laws over any order of events: several devices log, sync, lose answers, join and remove each other; once the
//! world heals, those that stay show the same, and nothing acknowledged is gone.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use holdfast::{Budget, DeviceStanding, Engine, SyncOutcome};
use holdfast_tests::near_relay::{NearRelay, config, first_device, log, shown};
use proptest::prelude::*;

const HOUR: u64 = 60 * 60 * 1000;

#[derive(Debug, Clone)]
enum Event {
    Log(usize),
    Sync(usize),
    SyncALittle(usize),
    LoseAnswers(u64),
    Down(bool),
    Join(usize),
    Remove(usize, usize),
    Restart(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let device = 0..4_usize;
    prop_oneof![
        6 => device.clone().prop_map(Event::Log),
        6 => device.clone().prop_map(Event::Sync),
        2 => device.clone().prop_map(Event::SyncALittle),
        2 => (1..4_u64).prop_map(Event::LoseAnswers),
        1 => any::<bool>().prop_map(Event::Down),
        1 => device.clone().prop_map(Event::Join),
        1 => (device.clone(), device.clone()).prop_map(|(a, b)| Event::Remove(a, b)),
        1 => device.prop_map(Event::Restart),
    ]
}

struct World {
    dir: tempfile::TempDir,
    relay: std::sync::Arc<NearRelay>,
    devices: Vec<Engine>,
    homes: Vec<usize>,
    made: usize,
    logged: usize,
    /// Holds that a device was told are on the relay.
    relayed: BTreeSet<String>,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let relay = NearRelay::in_memory();
        let (phone, _) = first_device(&dir.path().join("0"), &relay);
        let mut world = Self {
            dir,
            relay,
            devices: vec![phone],
            homes: vec![0],
            made: 1,
            logged: 0,
            relayed: BTreeSet::new(),
        };
        world.join(0);
        world
    }

    fn home(&self, n: usize) -> std::path::PathBuf {
        self.dir.path().join(n.to_string())
    }

    fn join(&mut self, from: usize) {
        if self.devices.len() >= 4 {
            return;
        }
        let Ok(pairing) = self.devices[from % self.devices.len()].pair(HOUR) else { return };
        let home = self.home(self.made);
        self.made += 1;
        if let Ok(engine) = Engine::join(config(&home, &self.relay), &pairing.link, "device") {
            self.devices.push(engine);
            self.homes.push(self.made - 1);
        }
    }

    fn note_relayed(&mut self, device: usize) {
        let query = holdfast::HistoryQuery { limit: Some(500), ..Default::default() };
        let page = self.devices[device].history(&query).unwrap();
        for hold in page.holds.into_iter().flatten() {
            use holdfast::views::StatusKind;
            if matches!(hold.status, StatusKind::Relayed | StatusKind::Seen) {
                self.relayed.insert(hold.hold_id);
            }
        }
    }

    fn play(&mut self, event: &Event) {
        let count = self.devices.len();
        match *event {
            Event::Log(n) => {
                self.logged += 1;
                log(&self.devices[n % count], &format!("s{}", self.logged % 7), 20);
            }
            Event::Sync(n) => {
                self.devices[n % count].sync_once(&Budget::default()).unwrap();
                self.note_relayed(n % count);
            }
            Event::SyncALittle(n) => {
                let budget = Budget { max_bytes: 3_000, ..Budget::default() };
                self.devices[n % count].sync_once(&budget).unwrap();
                self.note_relayed(n % count);
            }
            Event::LoseAnswers(count) => self.relay.lose_answers(count),
            Event::Down(down) => self.relay.set_down(down),
            Event::Join(n) => self.join(n),
            Event::Remove(by, whom) if by % count != whom % count && whom % count != 0 => {
                let id = self.devices[whom % count].identity().unwrap().device;
                let _ = self.devices[by % count].revoke_device(&id);
            }
            Event::Remove(..) => {}
            Event::Restart(n) => {
                let n = n % count;
                let home = self.home(self.homes[n]);
                self.devices[n] = Engine::open(config(&home, &self.relay)).unwrap();
            }
        }
    }

    fn heal(&mut self) {
        self.relay.set_down(false);
        self.relay.lose_answers(0);
        for _ in 0..4 {
            for device in &self.devices {
                device.sync_once(&Budget::default()).unwrap();
            }
        }
    }
}

/// A couple of dozen as a rule; more where somebody asks for them.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn once_the_world_heals_those_that_stay_show_the_same(
        events in proptest::collection::vec(event(), 1..60)
    ) {
        let mut world = World::new();
        for event in &events {
            world.play(event);
        }
        world.heal();
        let standing = |engine: &Engine| -> Vec<(String, DeviceStanding)> {
            let mut all: Vec<_> = engine
                .devices()
                .unwrap()
                .into_iter()
                .map(|device| (device.device, device.standing))
                .collect();
            all.sort_by(|a, b| a.0.cmp(&b.0));
            all
        };
        // The first device is never removed: what it says of the account holds.
        let account = standing(&world.devices[0]);
        let here = shown(&world.devices[0]);
        for (_, standing) in &account {
            prop_assert_ne!(*standing, DeviceStanding::RemovalPending);
        }
        for device in &world.devices {
            let id = device.identity().unwrap().device;
            let report = device.sync_once(&Budget::default()).unwrap();
            if account.iter().any(|(d, s)| *d == id && *s == DeviceStanding::Active) {
                prop_assert_eq!(report.outcome, SyncOutcome::Done, "{:?}", &report);
                prop_assert!(report.problems.is_empty() && report.queued == 0, "{:?}", &report);
                prop_assert_eq!(report.round_trips, 1, "{:?}", &report);
                prop_assert_eq!(standing(device), account.clone());
                prop_assert_eq!(shown(device), here.clone());
            } else {
                prop_assert_eq!(report.outcome, SyncOutcome::Offline, "{:?}", &report);
            }
            let found = device.doctor(false).unwrap();
            prop_assert!(found.ok, "{:?}", found);
        }
        let ids: BTreeSet<String> = here.into_iter().map(|(id, ..)| id).collect();
        prop_assert!(world.relayed.is_subset(&ids), "something acknowledged is gone");
    }
}
