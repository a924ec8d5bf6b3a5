//! Days in a row. A day of rest keeps a streak, so does a pause, a date that travel skipped, and a day
//! that is not over; a weekly goal is kept or not by its week. It never says what was lost.

use serde::{Deserialize, Serialize};

use super::asked::{AskedOfDay, Calendar};
use super::days::{ActiveDays, between, is_skipped_by_travel, monday, shifted};
use crate::units::LocalDay;

/// Days in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Streak {
    /// Days on which something was done, with nothing asked for and left undone between them.
    pub days: u32,
    /// Weeks whose goal was reached, in a row; nothing where no week has a goal.
    pub weeks: Option<u32>,
    /// Whether resting today keeps it: nothing is asked of today, or something was done.
    pub rest_ok: bool,
}

/// The streak that stands on a day. `today` is the day that is not over yet.
pub(super) fn streak(
    on: LocalDay,
    today: LocalDay,
    calendar: &impl Calendar,
    active: &impl ActiveDays,
) -> Streak {
    let rest_ok = rest_ok(on, calendar, active);
    let (mut days, mut weeks) = (0_u32, None);
    let Some(first) = active.first() else { return Streak { days, weeks, rest_ok } };
    let mut day = on;
    // The week that a goal was looked at for last.
    let mut week = None;
    while day >= first {
        if week != Some(monday(day)) {
            week = Some(monday(day));
            match week_kept(monday(day), on, calendar, active) {
                Kept::NoGoal => {}
                Kept::Yes => weeks = Some(weeks.unwrap_or(0) + 1),
                Kept::StillOpen => weeks = weeks.or(Some(0)),
                Kept::No => {
                    weeks = weeks.or(Some(0));
                    break;
                }
            }
        }
        if active.is_active(day) {
            days += 1;
        } else {
            let keeps = match calendar.of_day(day) {
                AskedOfDay::Paused => true,
                AskedOfDay::Unplanned => day >= today,
                AskedOfDay::Sessions(asked) => {
                    asked.is_empty() || day >= today || is_skipped_by_travel(day, active)
                }
            };
            if !keeps {
                break;
            }
        }
        let before = shifted(day, -1);
        if before == day {
            break;
        }
        day = before;
    }
    Streak { days, weeks, rest_ok }
}

enum Kept {
    NoGoal,
    Yes,
    StillOpen,
    No,
}

/// Whether a week's goals were reached: by days with something done (ours).
fn week_kept(
    monday: LocalDay,
    on: LocalDay,
    calendar: &impl Calendar,
    active: &impl ActiveDays,
) -> Kept {
    let goals = calendar.of_week(monday);
    if goals.is_empty() {
        return Kept::NoGoal;
    }
    let reached = goals.iter().all(|goal| {
        let room = u32::try_from(between(goal.first, goal.last) + 1).unwrap_or(0);
        let days = (0..7).map(|n| shifted(monday, n));
        let inside = days.filter(|day| goal.first <= *day && *day <= goal.last && *day <= on);
        let done = inside.filter(|day| active.is_active(*day)).count();
        u32::try_from(done).unwrap_or(u32::MAX) >= goal.asked.times.min(room)
    });
    match reached {
        true => Kept::Yes,
        false if on <= shifted(monday, 6) => Kept::StillOpen,
        false => Kept::No,
    }
}

fn rest_ok(on: LocalDay, calendar: &impl Calendar, active: &impl ActiveDays) -> bool {
    if active.is_active(on) {
        return true;
    }
    let monday = monday(on);
    let goals_fit = calendar.of_week(monday).iter().all(|goal| {
        let days = (0..7).map(|n| shifted(monday, n));
        let inside = || days.clone().filter(|day| goal.first <= *day && *day <= goal.last);
        let done = inside().filter(|day| *day <= on && active.is_active(*day)).count();
        let left = inside().filter(|day| *day > on).count();
        let room = inside().count();
        done + left >= (goal.asked.times as usize).min(room)
    });
    goals_fit && !calendar.of_day(on).is_asked()
}
