//! How a world comes to rest: the weather clears, nobody dies any more, and everybody syncs until nothing moves.

use holdfast::{SyncOutcome, SyncReport};

use super::world::{Broken, REVOKED, World, one};

impl World {
    /// Lets the world heal and syncs until nothing moves any more.
    ///
    /// # Errors
    /// When it never comes to rest.
    pub fn heal(&mut self) -> Result<(), Broken> {
        /// Rounds until it must be quiet. Every round is some hours, so that nothing waits for a day that
        /// never comes.
        const ROUNDS: u64 = 12;
        self.trace.line("the world heals");
        self.network.begin_step(1 << 32);
        self.network.heal();
        for device in 0..self.devices.len() {
            self.devices[device].die_at(0);
        }
        let mut last = Vec::new();
        for round in 0..ROUNDS {
            self.network.begin_step((1 << 32) + 1 + round);
            self.network.pass(5 * 3_600_000);
            let mut quiet = true;
            last.clear();
            for device in 0..self.devices.len() {
                let report = self.sync_to_the_end(device).map_err(one)?;
                let removed = report.problems.iter().any(|problem| problem.code == REVOKED);
                let still = report.pushed == 0 && report.pulled == 0 && report.queued == 0;
                quiet &= removed || (still && report.outcome == SyncOutcome::Done);
                last.push(report);
            }
            // A day and more: what is said only once a day was said, too.
            if quiet && round >= 5 {
                return Ok(());
            }
        }
        Err(one(format!("after {ROUNDS} rounds of syncing something still moves: {last:?}")))
    }

    fn sync_to_the_end(&mut self, device: usize) -> Result<SyncReport, String> {
        for _ in 0..40 {
            match self.sync(device)? {
                Some(report) if report.outcome == SyncOutcome::More => {}
                Some(report) => return Ok(report),
                None => return Err(format!("device {device} dies in a healed world")),
            }
        }
        Err(format!("device {device} always has more to sync"))
    }
}
