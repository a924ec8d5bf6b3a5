//! What happens in a world of people, drawn from its seed before anything runs, step by numbered step.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::simulator::chance;
use crate::simulator::plan::KEYS;
use crate::simulator::trouble::{Trouble, Weather, ZONES};

/// One thing that somebody does, or that befalls them. A `pick` says which, modulo what there is to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// A hold is logged in one of the charts that the device knows.
    Log {
        /// Which chart.
        chart: u32,
        /// Under which of the keys that devices meet in.
        key: u8,
        /// How long it was held, in seconds.
        held_s: u32,
    },
    /// The subject corrects or removes a hold of the own chart.
    PutRight(u32),
    /// A routine is made, or changed, in one of the charts.
    Plan(u32),
    /// A question of the own profile is answered.
    Profile(u32),
    /// Somebody is invited into a chart that the device's account owns.
    Invite {
        /// Which chart, which role, and what more or less than it.
        pick: u32,
        /// Whether whoever comes in is to be compared first.
        confirm_first: bool,
        /// How long the invite is open, in minutes.
        minutes: u32,
    },
    /// The device's person comes in with one of the links that are about, used or not.
    Accept(u32),
    /// An invite is taken back.
    CloseInvite(u32),
    /// Words are compared with a member, and are the same or not.
    Compare {
        /// With whom, in which chart.
        pick: u32,
        /// Whether they are the same.
        same: bool,
    },
    /// A member gets another grant, at times with an end.
    Grant(u32),
    /// A member is removed.
    Remove(u32),
    /// The device's account leaves a chart of somebody else's.
    Leave(u32),
    /// A chart is closed for good.
    Close(u32),
    /// One more device joins the account. At the so-manyth write or commit it dies, 0 for never.
    Join(u32),
    /// Another device of the account is revoked.
    Revoke(u32),
    /// The device syncs.
    Sync,
    /// The device syncs, and while a request of it is on its way, another device syncs.
    SyncAgainst {
        /// Which other.
        pick: u32,
        /// During which request.
        during: u8,
    },
    /// A copy of the device is made.
    Backup,
    /// The device is set back to its copy.
    Restore,
    /// A backup of the relay is made.
    RelayBackup,
    /// The relay is restored from its backup, as a new generation.
    RelayRestore,
    /// Something befalls.
    Trouble(Trouble),
}

/// One step of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeopleStep {
    /// Its number, which it keeps when others are left out.
    pub n: u32,
    /// Whom it happens to, modulo how many devices there are then.
    pub device: usize,
    /// What.
    pub deed: Deed,
}

/// Draws a plan.
#[must_use]
pub fn draw(seed: u64, steps: u32) -> Vec<PeopleStep> {
    let mut rng = chance::of(seed, "people plan", &[]);
    let temper = Temper {
        crashes: [0, 2, 8][rng.random_range(0..3)],
        clocks: [0, 0, 3][rng.random_range(0..3)],
        weather: [0, 2, 5][rng.random_range(0..3)],
        relay: [0, 0, 2][rng.random_range(0..3)],
        restores: [0, 0, 0, 2][rng.random_range(0..4)],
        membership: [4, 8, 14][rng.random_range(0..3)],
        ends: u32::from(rng.random_ratio(1, 4)),
        devices: rng.random_range(0..=2),
    };
    (0..steps)
        .map(|n| {
            let mut rng = chance::of(seed, "people step", &[u64::from(n)]);
            PeopleStep { n, device: rng.random_range(0..60), deed: temper.deed(&mut rng) }
        })
        .collect()
}

struct Temper {
    crashes: u32,
    clocks: u32,
    weather: u32,
    relay: u32,
    restores: u32,
    membership: u32,
    /// How often charts are closed.
    ends: u32,
    devices: u32,
}

/// Draws one kind of deed.
type Draw = fn(&mut ChaCha8Rng) -> Deed;

impl Temper {
    fn deed(&self, rng: &mut ChaCha8Rng) -> Deed {
        let many = self.membership;
        let some = many.div_ceil(2);
        let deeds: [(u32, Draw); 30] = [
            (20, |rng| Deed::Log {
                chart: rng.random(),
                key: rng.random_range(0..KEYS),
                held_s: rng.random_range(5..80),
            }),
            (2, |rng| Deed::PutRight(rng.random())),
            (3, |rng| Deed::Plan(rng.random())),
            (1, |rng| Deed::Profile(rng.random())),
            (many, |rng| Deed::Invite {
                pick: rng.random(),
                confirm_first: rng.random_ratio(1, 4),
                minutes: [20, 300, 1_000][rng.random_range(0..3)],
            }),
            (many, |rng| Deed::Accept(rng.random())),
            (some / 2, |rng| Deed::CloseInvite(rng.random())),
            (some, |rng| Deed::Compare { pick: rng.random(), same: rng.random_ratio(4, 5) }),
            (many, |rng| Deed::Grant(rng.random())),
            (some, |rng| Deed::Remove(rng.random())),
            (some / 2, |rng| Deed::Leave(rng.random())),
            (self.ends, |rng| Deed::Close(rng.random())),
            (self.devices, |rng| {
                Deed::Join(if rng.random() { rng.random_range(1..80) } else { 0 })
            }),
            (self.devices, |rng| Deed::Revoke(rng.random())),
            (26, |_| Deed::Sync),
            (8, |rng| Deed::SyncAgainst { pick: rng.random(), during: rng.random_range(1..4) }),
            (self.restores, |_| Deed::Backup),
            (self.restores, |_| Deed::Restore),
            (self.relay / 2, |_| Deed::RelayBackup),
            (self.relay / 2, |_| Deed::RelayRestore),
            (3, |rng| Deed::Trouble(Trouble::Wait(rng.random_range(1_000..4_000_000)))),
            (self.clocks, |rng| {
                Deed::Trouble(Trouble::SetClock(rng.random_range(-90_000_000..90_000_000)))
            }),
            (self.clocks.min(1), |rng| {
                Deed::Trouble(Trouble::Travel(ZONES[rng.random_range(0..ZONES.len())]))
            }),
            (self.crashes, |rng| Deed::Trouble(Trouble::CrashAt(rng.random_range(1..80)))),
            (self.crashes.div_ceil(4), |_| Deed::Trouble(Trouble::Kill)),
            (2, |rng| Deed::Trouble(Trouble::Offline(rng.random_bool(0.3)))),
            (self.weather, |rng| {
                let kinds = [Weather::Calm, Weather::Rough, Weather::Rough, Weather::Storm];
                Deed::Trouble(Trouble::Weather(kinds[rng.random_range(0..kinds.len())]))
            }),
            (self.weather.min(2), |_| Deed::Trouble(Trouble::LateArrivals)),
            (self.relay, |_| Deed::Trouble(Trouble::RelayRestart)),
            (1, |_| Deed::Trouble(Trouble::Reopen)),
        ];
        let mut at = rng.random_range(0..deeds.iter().map(|deed| deed.0).sum());
        for (weight, draw) in deeds {
            if at < weight {
                return draw(rng);
            }
            at -= weight;
        }
        Deed::Sync
    }
}
