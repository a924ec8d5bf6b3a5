//! Days one after the other, and what travel does to them: a date that it repeats counts once, one
//! that it skips is excused. It knows no time zone: only what the clocks said where things happened.

use crate::ids::RoutineId;
use crate::units::{LocalDay, Moment};

/// The least jump of the local clock that is taken for travel and not for summer time, in seconds
/// (three hours, ours).
pub const MIN_TRAVEL_S: i32 = 3 * 3600;

/// A jump of the local clock after which a date between is taken to have gone by in the air, in seconds
/// (twelve hours, ours).
const OVER_THE_DATE_LINE_S: i32 = 12 * 3600;

/// The days on which anything was done.
pub trait ActiveDays {
    /// Whether anything was done on a day.
    fn is_active(&self, day: LocalDay) -> bool;

    /// On how many of these days, which are in order, anything of a routine was done.
    fn days_done(&self, routine: &RoutineId, days: &[LocalDay]) -> usize;

    /// The first day on which anything was done.
    fn first(&self) -> Option<LocalDay>;

    /// The active days next to an idle one, before and after it, where there are both.
    fn neighbours(&self, idle: LocalDay) -> Option<Neighbours>;
}

/// The active days around an idle one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbours {
    /// The one before.
    pub before: LocalDay,
    /// When the last hold of it began.
    pub last: Moment,
    /// The one after.
    pub after: LocalDay,
    /// When the first hold of it began.
    pub first: Moment,
    /// When a day starts, in minutes after local midnight.
    pub day_start_min: u16,
}

/// Whether travel skipped an idle date: between the days around it the local clock jumped ahead, and by
/// the clock of one of the two places the date was not there (ours: where exactly somebody crossed into
/// the next date is in no record). Of a longer gap the dates before the arrival are the ones excused.
#[must_use]
pub fn is_skipped_by_travel(idle: LocalDay, active: &impl ActiveDays) -> bool {
    if active.is_active(idle) {
        return false;
    }
    let Some(around) = active.neighbours(idle) else { return false };
    let jump = around.first.offset_s - around.last.offset_s;
    if jump < MIN_TRAVEL_S {
        return false;
    }
    let at = |moment: &Moment, offset_s| {
        Moment { offset_s, ..moment.clone() }.local_day(around.day_start_min)
    };
    let by_the_old_clock = around.after.days_since(at(&around.first, around.last.offset_s));
    let by_the_new_clock = at(&around.last, around.first.offset_s).days_since(around.before);
    let over_the_line = i64::from(jump >= OVER_THE_DATE_LINE_S);
    let lost = by_the_old_clock.max(by_the_new_clock).max(over_the_line);
    idle < around.after && around.after.days_since(idle) <= lost
}
