//! What happens in a world, drawn from its seed before anything runs. A step keeps its number when others
//! are left out, and everything it draws later is drawn from that number: so a failing plan can be cut down.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::care::{CARES, Care};
use super::chance;
use super::trouble::{Trouble, Weather, ZONES};

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A hold is logged under one of a few keys, so that devices often meet in one.
    Log {
        /// Which of the keys.
        key: u8,
        /// How long it was held, in seconds.
        held_s: u32,
    },
    /// One of the holds in the history is corrected.
    Edit {
        /// Which, as a number to be taken modulo what is there.
        pick: u32,
        /// The new length, in seconds.
        held_s: u32,
    },
    /// One of the holds in the history is removed.
    Remove {
        /// Which.
        pick: u32,
    },
    /// The plan is edited.
    Plan {
        /// What and where.
        pick: u32,
    },
    /// Something beside holds.
    Care(Care),
    /// So many sessions of one hold each: enough of them are packed.
    Binge(u32),
    /// One more device joins. It may die of it, and go on with the same link.
    Join {
        /// At which write or commit of each try it dies; 0 for never.
        deaths: [u32; 2],
    },
    /// Another device is removed.
    Revoke {
        /// Which.
        pick: u32,
    },
    /// The device syncs.
    Sync,
    /// The device syncs, and while a request is on its way the person logs.
    SyncAndLog {
        /// Under which key.
        key: u8,
        /// During which request of that sync.
        during: u8,
    },
    /// Something befalls the device, or everybody.
    Trouble(Trouble),
    /// A copy of the device is made.
    Backup,
    /// The device is set back to its copy: what it knew since is gone.
    Restore,
    /// A backup of the relay is made.
    RelayBackup,
    /// The relay is restored from its backup, as a new generation.
    RelayRestore,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number, which it keeps when others are left out.
    pub n: u32,
    /// Whom it happens to, modulo how many devices there are then.
    pub device: usize,
    /// What.
    pub act: Act,
}

/// How many different holds devices log at once in one session.
pub const KEYS: u8 = 6;

/// The most devices of a world.
pub const MOST_DEVICES: usize = 4;

/// Draws a plan.
#[must_use]
pub fn draw(seed: u64, steps: u32) -> Vec<Step> {
    // Worlds differ in temper: some are all about crashes, some about the relay.
    let mut rng = chance::of(seed, "plan", &[]);
    let (mut relay, mut restores) =
        if rng.random() { (rng.random_range(0..=4), 0) } else { (0, 2) };
    // In some both are set back, so that what a device and the relay lost is left on another device alone.
    let mut both = chance::of(seed, "both set back", &[]);
    if both.random_ratio(1, 3) {
        (relay, restores) = (both.random_range(1..=4), 2);
    }
    let mut care = chance::of(seed, "care", &[]);
    let temper = Temper {
        care: [0, 10, 30, 60][care.random_range(0..4)],
        crashes: rng.random_range(0..=12),
        clocks: rng.random_range(0..=6),
        relay,
        restores,
        plans: rng.random_range(0..=10),
        members: u32::from(rng.random_ratio(1, 3)),
        binges: u32::from(rng.random_ratio(1, 6)),
    };
    (0..steps)
        .map(|n| {
            let mut rng = chance::of(seed, "step", &[u64::from(n)]);
            Step { n, device: rng.random_range(0..12), act: temper.act(&mut rng) }
        })
        .collect()
}

struct Temper {
    care: u32,
    crashes: u32,
    clocks: u32,
    relay: u32,
    restores: u32,
    plans: u32,
    members: u32,
    binges: u32,
}

/// Draws one kind of act.
type Draw = fn(&mut ChaCha8Rng) -> Act;

impl Temper {
    fn act(&self, rng: &mut ChaCha8Rng) -> Act {
        let key = rng.random_range(0..KEYS);
        let held_s = rng.random_range(5..80);
        let pick = rng.random();
        let acts: [(u32, Draw); 17] = [
            (self.care, |rng| {
                let care = CARES[rng.random_range(0..CARES.len())];
                Act::Care(care(rng.random()))
            }),
            (self.members * 2, |rng| {
                let mut death = || if rng.random_bool(0.5) { rng.random_range(1..80) } else { 0 };
                Act::Join { deaths: [death(), death()] }
            }),
            (self.binges, |rng| Act::Binge(rng.random_range(20..60))),
            (2, |rng| Act::SyncAndLog {
                key: rng.random_range(0..KEYS),
                during: rng.random_range(0..4),
            }),
            (4, |rng| Act::Trouble(Trouble::Wait(rng.random_range(1_000..4_000_000)))),
            (self.clocks, |rng| {
                Act::Trouble(Trouble::SetClock(rng.random_range(-90_000_000..90_000_000)))
            }),
            (self.clocks.min(2), |rng| {
                Act::Trouble(Trouble::Travel(ZONES[rng.random_range(0..ZONES.len())]))
            }),
            (self.clocks.min(2), |_| Act::Trouble(Trouble::Reboot)),
            (self.crashes, |rng| Act::Trouble(Trouble::CrashAt(rng.random_range(1..60)))),
            (self.crashes / 4 + 1, |_| Act::Trouble(Trouble::Kill)),
            (2, |_| Act::Trouble(Trouble::Suspend)),
            (self.restores, |_| Act::Backup),
            (self.restores, |_| Act::Restore),
            (2, |rng| Act::Trouble(Trouble::Offline(rng.random_bool(0.3)))),
            (4, |rng| {
                let kinds = [Weather::Calm, Weather::Rough, Weather::Rough, Weather::Storm];
                Act::Trouble(Trouble::Weather(kinds[rng.random_range(0..kinds.len())]))
            }),
            (3, |_| Act::Trouble(Trouble::LateArrivals)),
            (1, |_| Act::Trouble(Trouble::Reopen)),
        ];
        let own: [(u32, Act); 9] = [
            (self.members, Act::Revoke { pick }),
            (28, Act::Log { key, held_s }),
            (5, Act::Edit { pick, held_s }),
            (3, Act::Remove { pick }),
            (self.plans, Act::Plan { pick }),
            (26, Act::Sync),
            (self.relay, Act::Trouble(Trouble::RelayRestart)),
            (self.relay.min(1), Act::RelayBackup),
            (self.relay.min(1), Act::RelayRestore),
        ];
        let all: u32 = acts.iter().map(|a| a.0).chain(own.iter().map(|a| a.0)).sum();
        let mut at = rng.random_range(0..all);
        for (weight, act) in own {
            if at < weight {
                return act;
            }
            at -= weight;
        }
        for (weight, act) in acts {
            if at < weight {
                return act(rng);
            }
            at -= weight;
        }
        Act::Sync
    }
}
