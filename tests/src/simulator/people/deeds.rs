//! What people do in charts beside letting each other in: logging, planning, syncing against each other, and being
//! set back.

use std::collections::BTreeMap;

use holdfast::domain::profile::Change;
use holdfast::domain::units::Millis;
use holdfast::{Budget, Engine, HoldEdit};
use holdfast_protocol::ids::{Class, DeviceId, SpaceId};

use super::circle::{Circle, Late};
use super::logs::Relay;
use super::readers;
use crate::simulator::deeds::{history, request};
use crate::simulator::ledger::{Holders, Sure, notes_of};

const ANSWERS: [(&str, &str); 5] = [
    ("knots", "yes"),
    ("hypermobile", "no"),
    ("hypermobile", "yes"),
    ("forward_side", "left"),
    ("day_start", "04:30"),
];

pub(super) fn nth<T>(all: &[T], pick: u32) -> Option<&T> {
    all.get(pick as usize % all.len().max(1))
}

impl Circle {
    /// A device's view of one of the charts that it knows, and whose that is.
    pub(super) fn view(&self, device: usize, pick: u32) -> Result<Option<(Engine, usize)>, String> {
        let charts = self.devices[device].engine().charts().map_err(|e| format!("charts: {e}"))?;
        let Some(chart) = nth(&charts, pick) else { return Ok(None) };
        self.view_of(device, &chart.id)
    }

    /// A device's view of a chart, where it knows it.
    pub(super) fn view_of(
        &self,
        device: usize,
        chart: &str,
    ) -> Result<Option<(Engine, usize)>, String> {
        let engine = self.devices[device].engine();
        let known = engine.charts().map_err(|e| format!("charts: {e}"))?;
        if !known.iter().any(|one| one.id == chart) {
            return Ok(None);
        }
        let owner = self.charts().get(chart).copied();
        let owner = owner.ok_or_else(|| format!("device {device} knows a chart of nobody's"))?;
        let view = engine.chart(chart).map_err(|e| format!("view: {e}"))?;
        Ok(Some((view, owner)))
    }

    pub(super) fn log(
        &mut self,
        n: u32,
        device: usize,
        chart: u32,
        (key, held_s): (u8, u32),
    ) -> Result<(), String> {
        let Some((view, owner)) = self.view(device, chart)? else { return Ok(()) };
        let note = format!("d{device}-s{n}");
        let may = self.log_ends_before(device, owner)?;
        let done = view.log(&request(key, held_s, &note));
        drop(view);
        let died = self.devices[device].is_dead();
        if self.allowed(device, "log", done)?.is_none() && !died {
            return Ok(());
        }
        let sure = if died { Sure::Perhaps } else { Sure::Promised };
        self.ledgers[owner].wrote(&note, device, (key, held_s), sure);
        if let Some(at) = may {
            self.trace.line(format!("  \"{note}\" is too late"));
            self.late.push(Late { note, chart: owner, device, at });
        }
        Ok(())
    }

    /// Where the chart's log stands, if it says that this device may not write in it any more.
    fn log_ends_before(&self, device: usize, owner: usize) -> Result<Option<u64>, String> {
        let chart = SpaceId::from_hex(&self.people[owner].chart);
        let person = SpaceId::from_hex(&self.people[self.of[device]].account);
        let (Some(chart), Some(person)) = (chart, person) else { return Ok(None) };
        let known = self.network.with_house(|house, _| Relay::state_of(house, chart))?;
        let Some((state, head)) = known else { return Ok(None) };
        let Some(state) = state.as_chart() else { return Ok(None) };
        let identity = self.devices[device].engine().identity();
        let id = identity.map_err(|e| format!("identity: {e}"))?.device;
        let cut = DeviceId::from_hex(&id).is_some_and(|id| state.cuts.contains_key(&id));
        let may = state.may_write(&person, Class::Log) && !state.closed && !cut;
        Ok((!may).then_some(head))
    }

    pub(super) fn put_right(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let owner = self.of[device];
        let engine = self.devices[device].engine();
        let holds = history(engine)?;
        let Some(hold) = nth(&holds, pick / 2) else { return Ok(()) };
        if pick.is_multiple_of(2) {
            let removed = engine.remove_hold(&hold.hold_id);
            let died = self.devices[device].is_dead();
            if self.allowed(device, "remove a hold", removed)?.is_some() || died {
                let sure = if died { Sure::Perhaps } else { Sure::Promised };
                self.ledgers[owner].removed(device, hold, sure);
            }
        } else {
            let edit = HoldEdit {
                held: Some(Millis::from_secs(u64::from(10 + pick / 7 % 60))),
                yes: true,
                ..HoldEdit::default()
            };
            let edited = engine.edit_hold(&hold.hold_id, &edit);
            self.allowed(device, "edit a hold", edited)?;
            self.ledgers[owner].edited(hold);
        }
        Ok(())
    }

    pub(super) fn plan(&mut self, n: u32, device: usize, pick: u32) -> Result<(), String> {
        let Some((view, owner)) = self.view(device, pick / 3)? else { return Ok(()) };
        let routines = view.routines().map_err(|e| format!("routines: {e}"))?;
        match nth(&routines, pick / 7).filter(|_| !pick.is_multiple_of(3)) {
            Some(routine) => {
                let renamed = view.rename_routine(&routine.id, &format!("renamed {n}"));
                drop(view);
                self.allowed(device, "rename", renamed)?;
            }
            None => {
                let made = view.new_routine(&format!("routine {n}"));
                drop(view);
                if let Some(made) = self.allowed(device, "new routine", made)? {
                    let id = made.routine.id.to_string();
                    let writer = self.of[device] == owner;
                    let sure = if writer { Sure::Promised } else { Sure::Perhaps };
                    self.ledgers[owner].routines.insert(id, sure);
                }
            }
        }
        Ok(())
    }

    pub(super) fn profile(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let (key, value) = *nth(&ANSWERS, pick).ok_or("there is no answer")?;
        let change = Change::parse(key, value).map_err(|no| format!("profile: {no:?}"))?;
        let done = self.devices[device].engine().set_profile(&[change]);
        self.allowed(device, "profile", done).map(|_| ())
    }

    pub(super) fn sync_against(
        &mut self,
        n: u32,
        device: usize,
        pick: u32,
        during: u8,
    ) -> Result<(), String> {
        let others: Vec<usize> = (0..self.devices.len()).filter(|d| *d != device).collect();
        let Some(other) = nth(&others, pick).copied() else { return Ok(()) };
        self.trace.line(format!("  against {}'s device {other}", self.name_of(other)));
        let engine = self.devices[other].engine().clone();
        let race = move || {
            // What comes of it shows once everybody has synced again.
            let _ = engine.sync_once(&Budget::default());
        };
        self.network.interject(u64::from(during), Box::new(race));
        let synced = self.sync(device);
        // The world keeps no second handle: the engine must be able to close.
        self.network.begin_step(u64::from(n));
        synced.map(|_| ())
    }

    /// Every note of a chart that some device shows, and who does.
    fn known(&self, owner: usize) -> Result<BTreeMap<String, Holders>, String> {
        let mut known: BTreeMap<String, Holders> = BTreeMap::new();
        for device in 0..self.devices.len() {
            let Some((view, _)) = self.view_of(device, &self.people[owner].chart)? else {
                continue;
            };
            for note in history(&view)?.iter().flat_map(notes_of) {
                known.entry(note).or_default().insert(device);
            }
        }
        Ok(known)
    }

    fn after_setback(&mut self) -> Result<(), String> {
        self.set_back = true;
        for owner in 0..self.people.len() {
            let known = self.known(owner)?;
            self.ledgers[owner].set_back(&known);
        }
        Ok(())
    }

    pub(super) fn restore(&mut self, device: usize) -> Result<(), String> {
        if self.devices[device].restore()? {
            self.after_setback()?;
        }
        Ok(())
    }

    pub(super) fn restore_relay(&mut self) -> Result<(), String> {
        let relay = self.network.with_house(|house, _| Relay::read(house))?;
        let given = readers::given(self, &relay)?;
        self.given.extend(given);
        if self.network.with_house(|house, _| house.restore(true)) {
            self.relay_set_back = true;
            self.after_setback()?;
        }
        Ok(())
    }
}
