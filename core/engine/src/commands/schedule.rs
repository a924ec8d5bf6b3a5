//! The plan as a calendar: what is due, pauses, the times of slots. What a schedule means is the
//! domain's; this finds out what was done already.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::ids::{RoutineId, Slot};
use holdfast_domain::routine::Schedule;
use holdfast_domain::schedule::{
    Asking, DueAt, DueState, MAX_DAYS_AHEAD, Pause, Pauses, SlotTimes, TimeOfDay, any_slot,
};
use holdfast_domain::units::LocalDay;
use holdfast_domain::words::Message;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde::Serialize;

use super::habits::RecoveryView;
use super::rest_days::RestDays;
use crate::error::{Error, Result};
use crate::projection;
use crate::views::rfc3339;
use crate::{Engine, HoldfastError, Inner};

/// Something due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The routine.
    pub routine: String,
    /// What people call it.
    pub name: String,
    /// The local day; nothing where it may be any of `from` to `to`.
    pub day: Option<LocalDay>,
    /// The slot of the day, where one is named.
    pub slot: Option<String>,
    /// When, RFC 3339 with the offset of there and then; nothing where it has no time of day.
    pub at: Option<String>,
    /// The zone of that time, by its IANA name.
    pub zone: String,
    /// The first day it may be done on.
    pub from: LocalDay,
    /// The last day it may be done on.
    pub to: LocalDay,
    /// How many doings are still asked for here.
    pub times: u32,
    /// Late (of today), upcoming, open to any time, or on a day of recovery.
    pub state: DueState,
}

/// The whole plan's pauses and times of slots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanView {
    /// Whether the plan rests today.
    pub paused: bool,
    /// The pauses, the earliest first.
    pub pauses: Vec<Pause>,
    /// The times of day of the slots: ours, and the chart's own.
    pub slots: BTreeMap<Slot, TimeOfDay>,
}

impl Engine {
    /// What is due from today on for so many days (1 to [`MAX_DAYS_AHEAD`]), today among them, the
    /// soonest first. What was logged for a routine, day and slot is no longer due; what is late is,
    /// until its local day ends. Its cost is that of the plan and of these days, not of the history.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] for a number of days that cannot be.
    pub fn due(&self, days: u16) -> std::result::Result<Vec<Due>, HoldfastError> {
        self.guarded(|inner| {
            if days == 0 || days > MAX_DAYS_AHEAD {
                let message = Message::new("schedule.bad_horizon").with("given", days);
                return Err(Error::bad_value("days", message.with("most", MAX_DAYS_AHEAD)));
            }
            inner.due(days)
        })
    }

    /// The runs after which days from today on for so many days may be days of recovery. What is due
    /// on one that is has the state [`DueState::Recovery`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn recovery_ahead(
        &self,
        days: u16,
    ) -> std::result::Result<Vec<RecoveryView>, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let today = inner.today(conn)?;
                let last = today.plus(i64::from(days.clamp(1, MAX_DAYS_AHEAD)) - 1);
                inner.recovery_views(conn, today, last)
            })
        })
    }

    /// The pauses and the times of slots.
    ///
    /// # Errors
    /// When the plan cannot be read.
    pub fn plan_view(&self) -> std::result::Result<PlanView, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let plan = inner.plan(conn)?;
                inner.plan_view(conn, &plan.pauses, &plan.slot_times)
            })
        })
    }

    /// Pauses the whole plan: its days ask for nothing. A pause that begins on the same day is
    /// replaced.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] where it ends before it begins or meets another pause.
    pub fn pause_plan(
        &self,
        from: LocalDay,
        until: Option<LocalDay>,
    ) -> std::result::Result<PlanView, HoldfastError> {
        self.guarded(|inner| {
            inner.edit_plan("pause the plan", |plan| {
                let pauses = plan.reading().pauses.with(Pause { from, until });
                let pauses = pauses.map_err(|no| Error::bad_value("from", no.message()))?;
                plan.write_pauses(&pauses)?;
                inner.plan_view(plan.conn(), &pauses, &plan.reading().slot_times)
            })
        })
    }

    /// Resumes the plan: the pause that holds today ends with yesterday; where none does, those
    /// planned ahead are taken back.
    ///
    /// # Errors
    /// [`HoldfastError::Forbidden`] where there is none.
    pub fn resume_plan(&self) -> std::result::Result<PlanView, HoldfastError> {
        self.guarded(|inner| {
            inner.edit_plan("resume the plan", |plan| {
                let today = inner.today(plan.conn())?;
                let pauses = plan.reading().pauses.resumed(today);
                let pauses = pauses.map_err(|no| Error::forbidden(no.message()))?;
                plan.write_pauses(&pauses)?;
                inner.plan_view(plan.conn(), &pauses, &plan.reading().slot_times)
            })
        })
    }

    /// Gives a slot of the day a time of the chart's own; nothing takes it away again.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] for a name that is none, or has no time to take away.
    pub fn set_slot_time(
        &self,
        slot: &str,
        time: Option<TimeOfDay>,
    ) -> std::result::Result<PlanView, HoldfastError> {
        self.guarded(|inner| {
            let bad = |code: &'static str| {
                Error::bad_value("slot", Message::new(code).with("slot", slot))
            };
            let name = Slot::new(slot).map_err(|_| bad("schedule.bad_slot"))?;
            inner.edit_plan("set the time of a slot", |plan| {
                let mut times = plan.reading().slot_times.clone();
                match time {
                    Some(time) => drop(times.0.insert(name, time)),
                    None if times.0.remove(&name).is_none() => {
                        return Err(bad("schedule.no_such_slot_time"));
                    }
                    None => {}
                }
                plan.write_slot_times(&times)?;
                inner.plan_view(plan.conn(), &plan.reading().pauses, &times)
            })
        })
    }
}

impl Inner {
    fn plan_view(&self, conn: &Connection, pauses: &Pauses, times: &SlotTimes) -> Result<PlanView> {
        let today = self.today(conn)?;
        let mut slots: BTreeMap<Slot, TimeOfDay> = SlotTimes::named().collect();
        slots.extend(times.0.clone());
        Ok(PlanView { paused: pauses.covers(today), pauses: pauses.iter().collect(), slots })
    }

    /// Refuses a schedule with a slot of a free name that nobody gave a time.
    pub(crate) fn slots_have_times(&self, schedule: Option<&Schedule>) -> Result<()> {
        let Some(schedule) = schedule else { return Ok(()) };
        let plan = self.store.read(|conn| self.plan(conn))?;
        match plan.slot_times.without_time(schedule) {
            None => Ok(()),
            Some(slot) => {
                let message = Message::new("schedule.slot_without_time");
                Err(Error::bad_value("slots", message.with("slot", slot.as_str())))
            }
        }
    }

    fn due(&self, days: u16) -> Result<Vec<Due>> {
        self.store.read(|conn| {
            let (now, day_start_min) = (self.here_and_now(conn)?, self.day_start_min(conn)?);
            let zone = TimeZone::get(&now.zone).unwrap_or(TimeZone::UTC);
            let today = now.local_day(day_start_min);
            let plan = self.plan(conn)?;
            let asking = |routine: &RoutineId| Asking {
                timetable: &plan.routines[routine].timetable,
                pauses: &plan.pauses,
                times: &plan.slot_times,
                day_start_min,
                zone: &zone,
            };
            let since = plan.routines.keys().map(|id| asking(id).looks_back_to(today)).min();
            let done = self.done_since(conn, since.unwrap_or(today))?;
            let (none, rests) = (BTreeSet::new(), RestDays::new(self, conn));
            let mut all: Vec<(DueAt, &RoutineId, &str)> = Vec::new();
            for (id, routine) in &plan.routines {
                let due = asking(id).due(&now, days, done.get(id).unwrap_or(&none));
                let due = due.into_iter().map(|mut due| {
                    if due.day.is_some_and(|day| rests.excuses(day)) {
                        due.state = DueState::Recovery;
                    }
                    (due, id, routine.name.as_str())
                });
                all.extend(due);
            }
            all.sort_by(|(one, _, name), (other, _, other_name)| {
                let key =
                    |due: &DueAt| (due.from, due.at.is_none(), due.at.as_ref().map(|m| m.utc_ms));
                (key(one), name).cmp(&(key(other), other_name))
            });
            let view = |(due, id, name): (DueAt, &RoutineId, &str)| Due {
                routine: id.to_string(),
                name: name.to_owned(),
                day: due.day,
                slot: due.slot.map(|slot| slot.to_string()),
                at: due.at.as_ref().map(rfc3339),
                zone: now.zone.clone(),
                from: due.from,
                to: due.to,
                times: due.times,
                state: due.state,
            };
            rests.finish()?;
            Ok(all.into_iter().map(view).collect())
        })
    }

    /// The days and slots of every routine with something done in them since a day.
    fn done_since(
        &self,
        conn: &Connection,
        since: LocalDay,
    ) -> Result<BTreeMap<RoutineId, BTreeSet<(LocalDay, Slot)>>> {
        let mut done: BTreeMap<RoutineId, BTreeSet<(LocalDay, Slot)>> = BTreeMap::new();
        let Some(chart) = self.log_chart(conn)? else { return Ok(done) };
        for (key, routine, day) in projection::done::since(conn, chart, since)? {
            // A session of its own is one of the day it happened on.
            let slot = key.slot().cloned().unwrap_or_else(any_slot);
            let day = key.day().unwrap_or(day);
            done.entry(routine).or_default().insert((day, slot));
        }
        Ok(done)
    }
}
