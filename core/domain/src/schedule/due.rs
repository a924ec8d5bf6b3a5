//! What is due from now on, with the instants. What was done is handed in, and is quiet.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::{ANY_SLOT, Ask, AskSpan, Pauses, SlotTimes, TimeOfDay, Timetable, instant_of};
use crate::ids::Slot;
use crate::units::{LocalDay, Moment};

/// The most days that are looked ahead. Ours: a bound, not a judgement.
pub const MAX_DAYS_AHEAD: u16 = 366;

/// A plan of one routine, where the person is.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The schedules of the routine.
    pub timetable: &'a Timetable,
    /// The pauses of the plan.
    pub pauses: &'a Pauses,
    /// The chart's own times of slots.
    pub times: &'a SlotTimes,
    /// When a day starts, in minutes after midnight.
    pub day_start_min: u16,
    /// The zone the person is in.
    pub zone: &'a TimeZone,
}

/// How something due stands to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DueState {
    /// Its time has come, and its day is not over.
    Late,
    /// Its time is still to come.
    Upcoming,
    /// It has no time: any in its day, or on any of its days.
    Open,
    /// Its day is one of recovery after a run: it may be done, and is not missed.
    Recovery,
}

/// Something due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueAt {
    /// The local day; nothing where it may be any of `from` to `to`.
    pub day: Option<LocalDay>,
    /// The slot; nothing where the schedule names none.
    pub slot: Option<Slot>,
    /// When; nothing where it has no time of day.
    pub at: Option<Moment>,
    /// The first day it may be done on, from today on.
    pub from: LocalDay,
    /// The last day it may be done on.
    pub to: LocalDay,
    /// How many doings are still asked for here.
    pub times: u32,
    /// How it stands to now.
    pub state: DueState,
}

impl Asking<'_> {
    /// What is asked for from today on for so many days (at most [`MAX_DAYS_AHEAD`]), today among
    /// them, and not done yet: each slot of a day once. `done` are the days and slots of the
    /// routine's sessions.
    #[must_use]
    pub fn due(&self, now: &Moment, days: u16, done: &BTreeSet<(LocalDay, Slot)>) -> Vec<DueAt> {
        let today = now.local_day(self.day_start_min);
        let last = today.plus(i64::from(days.clamp(1, MAX_DAYS_AHEAD)) - 1);
        let asks = self.timetable.asked_between(today, last, self.pauses);
        asks.iter().flat_map(|ask| self.of_ask(ask, now, today, done)).collect()
    }

    /// The first day whose sessions [`Self::due`] has to know.
    #[must_use]
    pub fn looks_back_to(&self, today: LocalDay) -> LocalDay {
        let ask = self.timetable.due_on(today, self.pauses);
        ask.map_or(today, |ask| ask.from().min(today))
    }

    /// The time of a slot on a day: the routine's own, else the chart's, else ours.
    #[must_use]
    pub fn time_of(&self, slot: &Slot, day: LocalDay) -> Option<TimeOfDay> {
        let schedule = self.timetable.on(day);
        let own = schedule.and_then(|schedule| schedule.times.get(slot).copied());
        own.or_else(|| self.times.of(slot))
    }

    fn of_ask(
        &self,
        ask: &Ask,
        now: &Moment,
        today: LocalDay,
        done: &BTreeSet<(LocalDay, Slot)>,
    ) -> Vec<DueAt> {
        let sessions = done.range((ask.from(), lowest())..);
        let sessions = sessions.take_while(|(day, _)| *day <= ask.to());
        let left = ask.least - ask.done(sessions.map(|(day, slot)| (*day, slot)));
        let open = ask.days.iter().copied().filter(|day| *day >= today);
        let open: Vec<LocalDay> = open.filter(|day| self.exists(*day)).collect();
        let (Some(from), Some(to)) = (open.first().copied(), open.last().copied()) else {
            return Vec::new();
        };
        if left == 0 {
            return Vec::new();
        }
        if ask.span == AskSpan::Week {
            let slot = ask.slots.first().filter(|_| ask.slots.len() == 1).and_then(named);
            let state = DueState::Open;
            return vec![DueAt { day: None, slot, at: None, from, to, times: left, state }];
        }
        let is_done = |slot: &Slot| ask.days.iter().any(|day| done.contains(&(*day, slot.clone())));
        let slots = ask.slots.iter().filter(|slot| !is_done(slot));
        let mut due: Vec<DueAt> =
            slots.filter_map(|slot| self.of_slot(slot, now, today, from, to)).collect();
        due.sort_by_key(|due| due.at.as_ref().map(|at| at.utc_ms));
        due
    }

    /// One slot of a day. A time that the day has not is not asked for.
    fn of_slot(
        &self,
        slot: &Slot,
        now: &Moment,
        today: LocalDay,
        day: LocalDay,
        to: LocalDay,
    ) -> Option<DueAt> {
        let at = match self.time_of(slot, day) {
            Some(time) => Some(instant_of(day, time, self.day_start_min, self.zone)?),
            None => None,
        };
        let state = match &at {
            None => DueState::Open,
            Some(at) if day == today && at.utc_ms <= now.utc_ms => DueState::Late,
            Some(_) => DueState::Upcoming,
        };
        let slot = named(slot);
        Some(DueAt { day: Some(day), slot, at, from: day, to, times: 1, state })
    }

    /// Whether the zone has a day at all: clocks have jumped over whole ones.
    fn exists(&self, day: LocalDay) -> bool {
        let noon = TimeOfDay::new(12, 0).expect("noon is a time of day");
        instant_of(day, noon, self.day_start_min, self.zone).is_some()
    }
}

fn named(slot: &Slot) -> Option<Slot> {
    (slot.as_str() != ANY_SLOT).then(|| slot.clone())
}

/// No slot sorts before it.
fn lowest() -> Slot {
    Slot::new("-").expect("a dash is an id")
}
