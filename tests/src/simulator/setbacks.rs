//! What being set back means for what was promised: a device or the relay goes on from a copy, and what nobody
//! has any more is lost for good.

use std::collections::BTreeMap;

use holdfast::views::StatusKind;

use super::care;
use super::ledger::{Holders, THE_RELAY, notes_of};
use super::logs;
use super::world::World;

impl World {
    /// Every note that some device has on its disk, and who has it.
    pub(super) fn known(&self) -> Result<BTreeMap<String, Holders>, String> {
        let mut known: BTreeMap<String, Holders> = BTreeMap::new();
        for device in 0..self.devices.len() {
            for note in self.history(device)?.iter().flat_map(notes_of) {
                known.entry(note).or_default().insert(device);
            }
            for note in
                care::days(self.devices[device].engine())?.into_iter().filter_map(|d| d.note)
            {
                known.entry(note).or_default().insert(device);
            }
        }
        Ok(known)
    }

    pub(super) fn restore(&mut self, device: usize) -> Result<(), String> {
        // What the relay has comes back to this device; what was only here is gone.
        let came_far = |status| matches!(status, StatusKind::Relayed | StatusKind::Seen);
        let mut relayed: Vec<String> = self
            .history(device)?
            .iter()
            .filter(|hold| came_far(hold.status))
            .flat_map(notes_of)
            .collect();
        let days = care::days(self.devices[device].engine())?.into_iter();
        relayed.extend(days.filter(|day| came_far(day.status)).filter_map(|day| day.note));
        // Unless the relay was set back since, and this device has not heard of it.
        let here = logs::of_device(&self.devices[device])?;
        let there = self.network.with_house(|house, _| logs::of_relay(house))?;
        let relay_has_it = logs::holds_all_of(&there, &here);
        if !self.devices[device].restore()? {
            return Ok(());
        }
        let mut known = self.known()?;
        for note in relayed.into_iter().filter(|_| relay_has_it) {
            known.entry(note).or_default().insert(THE_RELAY);
        }
        self.ledger.set_back(&known);
        Ok(())
    }

    pub(super) fn restore_relay(&mut self) -> Result<(), String> {
        if self.network.with_house(|house, _| house.restore(true)) {
            let known = self.known()?;
            self.ledger.set_back(&known);
        }
        Ok(())
    }
}
