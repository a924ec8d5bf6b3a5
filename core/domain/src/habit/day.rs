//! What was kept of one habit on one local day: ticks add up, once-a-night ones count once. Pure, and
//! the same in whatever order the ticks came and from however many devices.

use crate::ids::{DayRecordId, HabitId};
use crate::record::{Amount, DayFact, DayRecord, HabitTick};
use crate::units::LocalDay;

/// What was kept of one habit on one local day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HabitDay {
    /// How many times it counts.
    pub done: u32,
    /// What was told last, in the habit's unit.
    pub value: Option<Amount>,
    /// When the last tick was, in milliseconds since 1970-01-01T00:00Z.
    pub last_ms: Option<i64>,
    /// The ticks it is made of, the earliest first.
    pub ticks: Vec<DayRecordId>,
}

/// What was kept of a habit on a local day, of the records that stand (see [`crate::record::standing`]).
#[must_use]
pub fn habit_day<'a>(
    records: impl IntoIterator<Item = &'a DayRecord>,
    habit: &HabitId,
    day: LocalDay,
) -> HabitDay {
    let mut ticks: Vec<(&DayRecord, &HabitTick)> = Vec::new();
    for record in records {
        if let DayFact::Tick(tick) = &record.what
            && tick.habit == *habit
            && record.local_day == day
        {
            ticks.push((record, tick));
        }
    }
    ticks.sort_by(|(a, _), (b, _)| (a.at.utc_ms, &a.id).cmp(&(b.at.utc_ms, &b.id)));
    let sum = |(done, night): (u32, bool), (_, tick): &(_, &HabitTick)| {
        if tick.nightly { (done, true) } else { (done.saturating_add(tick.count), night) }
    };
    let (done, night) = ticks.iter().fold((0, false), sum);
    HabitDay {
        done: done.saturating_add(u32::from(night)),
        value: ticks.iter().rev().find_map(|(_, tick)| tick.value),
        last_ms: ticks.last().map(|(record, _)| record.at.utc_ms),
        ticks: ticks.iter().map(|(record, _)| record.id.clone()).collect(),
    }
}
