//! What a person does on a device of a world: logging, putting right, removing, planning, ending a device. It
//! knows no fault: those come from the world around it.

use std::sync::{Arc, Mutex, PoisonError};

use holdfast::domain::units::Millis;
use holdfast::routine::{StepPlace, StepRequest};
use holdfast::views::HoldView;
use holdfast::{Done, Engine, HistoryQuery, HoldEdit, HoldfastError, LogRequest, LogSide};

use super::ledger::Sure;
use super::plan::KEYS;
use super::world::World;

impl World {
    pub(super) fn log(
        &mut self,
        n: u32,
        device: usize,
        key: u8,
        held_s: u32,
    ) -> Result<(), String> {
        let note = format!("d{device}-s{n}");
        let done = self.devices[device].engine().log(&request(key, held_s, &note));
        let (_, sure) = self.sure(device, "log", done)?;
        self.ledger.wrote(&note, device, (key, held_s), sure);
        Ok(())
    }

    pub(super) fn binge(&mut self, n: u32, device: usize, sessions: u32) -> Result<(), String> {
        for session in 0..sessions {
            let note = format!("d{device}-s{n}-{session}");
            let mut wish = request(0, 30, &note);
            wish.session = Some(format!("binge-{n}-{session}"));
            let done = self.devices[device].engine().log(&wish);
            let (_, sure) = self.sure(device, "log", done)?;
            self.ledger.wrote(&note, device, (KEYS, 30), sure);
            if sure == Sure::Perhaps {
                break;
            }
        }
        Ok(())
    }

    /// Edits the plan in one of a few ways.
    pub(super) fn plan(&mut self, n: u32, device: usize, pick: u32) -> Result<(), String> {
        let engine = self.devices[device].engine();
        let routines = engine.routines().map_err(|e| format!("routines: {e}"))?;
        let some = routines.get(pick as usize / 5 % routines.len().max(1));
        let Some(routine) = some.filter(|_| !pick.is_multiple_of(5)) else {
            let done = engine.new_routine(&format!("routine {n}"));
            let (made, _) = self.sure(device, "new routine", done)?;
            if let Some(made) = made {
                self.ledger.routines.insert(made.routine.id.to_string(), Sure::Promised);
            }
            return Ok(());
        };
        let id = routine.id.as_str();
        let done = match pick % 5 {
            1 => engine.rename_routine(id, &format!("renamed {n}")).map(|_| ()),
            2 => engine.remove_routine(id).map(|_| ()),
            3 => {
                let view = engine.routine(id).map_err(|e| format!("routine: {e}"))?;
                match view.routine.steps().next() {
                    Some(step) => engine.remove_step(id, step.id.as_str(), &[]).map(|_| ()),
                    None => Ok(()),
                }
            }
            _ => {
                let step =
                    StepRequest { exercise: "childs-pose".to_owned(), ..StepRequest::default() };
                engine.add_step(id, &step, &StepPlace::default(), &[]).map(|_| ())
            }
        };
        if pick % 5 == 2 {
            self.ledger.routines.remove(id);
        }
        self.sure(device, "a plan edit", done).map(|_| ())
    }

    pub(super) fn revoke(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let others: Vec<usize> = (0..self.devices.len()).filter(|d| *d != device).collect();
        let Some(other) = others.get(pick as usize % others.len().max(1)) else { return Ok(()) };
        let identity = self.devices[*other].engine().identity();
        let id = identity.map_err(|e| format!("identity: {e}"))?.device;
        match self.devices[device].engine().revoke_device(&id) {
            // It may not have heard of that device yet.
            Err(HoldfastError::NotFound { .. }) => Ok(()),
            done => self.sure(device, "revoke", done).map(|_| ()),
        }
    }

    pub(super) fn edit(&mut self, device: usize, pick: u32, held_s: u32) -> Result<(), String> {
        let Some(hold) = self.pick(device, pick)? else { return Ok(()) };
        let edit = HoldEdit {
            held: Some(Millis::from_secs(held_s.into())),
            yes: true,
            ..HoldEdit::default()
        };
        let done = self.devices[device].engine().edit_hold(&hold.hold_id, &edit);
        self.sure(device, "edit", done)?;
        self.ledger.edited(&hold);
        Ok(())
    }

    pub(super) fn remove(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let Some(hold) = self.pick(device, pick)? else { return Ok(()) };
        let done = self.devices[device].engine().remove_hold(&hold.hold_id);
        let (_, sure) = self.sure(device, "remove", done)?;
        self.ledger.removed(device, &hold, sure);
        Ok(())
    }

    pub(super) fn pick(&self, device: usize, pick: u32) -> Result<Option<HoldView>, String> {
        let mut holds = self.history(device)?;
        if holds.is_empty() {
            return Ok(None);
        }
        let at = pick as usize % holds.len();
        Ok(Some(holds.swap_remove(at)))
    }

    /// Writes one hold with a note.
    ///
    /// # Errors
    /// What the engine says.
    pub fn write_note(&mut self, device: usize, note: &str) -> Result<(), String> {
        let done = self.devices[device].engine().log(&request(0, 30, note));
        done.map(|_| ()).map_err(|e| format!("log on device {device}: {e}"))
    }

    pub(super) fn sync_and_log(
        &mut self,
        n: u32,
        device: usize,
        key: u8,
        during: u8,
    ) -> Result<(), String> {
        let note = format!("d{device}-s{n}");
        let engine = self.devices[device].engine().clone();
        let logged = Arc::new(Mutex::new(None));
        let (asked, told) = (request(key, 30, &note), Arc::clone(&logged));
        self.network.interject(
            u64::from(during),
            Box::new(move || {
                let done = engine.log(&asked);
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
            }),
        );
        let synced = self.sync(device);
        // The world keeps no second handle: the engine must be able to close.
        self.network.begin_step(u64::from(n));
        let done = logged.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(done) = done {
            let (_, sure) = self.sure(device, "log", done)?;
            self.ledger.wrote(&note, device, (key, 30), sure);
        }
        synced.map(|_| ())
    }
}

/// The whole history of an engine, page by page.
///
/// # Errors
/// What the engine says.
pub fn history(engine: &Engine) -> Result<Vec<HoldView>, String> {
    let mut query = HistoryQuery { limit: Some(500), ..HistoryQuery::default() };
    let mut all = Vec::new();
    loop {
        let page = engine.history(&query).map_err(|e| format!("history: {e}"))?;
        all.extend(page.holds.unwrap_or_default());
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(all),
        }
    }
}

/// A hold under one of the keys that devices meet in.
pub(super) fn request(key: u8, held_s: u32, note: &str) -> LogRequest {
    let held = Done::Held(Millis::from_secs(held_s.into()));
    let (exercise, side) = match key % 3 {
        0 => ("childs-pose", None),
        1 => ("kneeling-hip-flexor", Some(LogSide::Left)),
        _ => ("kneeling-hip-flexor", Some(LogSide::Right)),
    };
    let mut request = LogRequest::new(exercise, held);
    request.side = side;
    request.session = Some(format!("night-{}", key / 3));
    request.set = Some(1);
    request.rep = Some(1);
    request.note = Some(note.to_owned());
    request.yes = true;
    request
}
