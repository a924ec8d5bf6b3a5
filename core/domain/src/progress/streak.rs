//! Days in a row. A day of rest keeps a streak, so does a pause, a date that travel skipped, and a day
//! that is not over; a weekly goal is kept or not by its week. It never says what was lost.

use serde::{Deserialize, Serialize};

use super::asked::{AskedOfDay, Calendar, Goal};
use super::days::{ActiveDays, is_skipped_by_travel};
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
    while day >= first {
        // What was asked of several days is looked at on the last of them.
        for goal in calendar.goals_on(day) {
            let closes = goal.last() == Some(day);
            match (reached(&goal, on, active), closes && day < on) {
                (true, _) if goal.of_week && (closes || day == on) => {
                    weeks = Some(weeks.unwrap_or(0) + 1);
                }
                (false, true) => {
                    return Streak { days, weeks: weeks.or(zero_weeks(&goal)), rest_ok };
                }
                _ => weeks = weeks.or(zero_weeks(&goal)),
            }
        }
        if active.is_active(day) {
            days += 1;
        } else {
            let keeps = match calendar.of_day(day) {
                AskedOfDay::Paused => true,
                AskedOfDay::Unplanned => day >= today,
                AskedOfDay::Sessions(asked) => {
                    asked.is_empty()
                        || day >= today
                        || calendar.is_recovery(day)
                        || is_skipped_by_travel(day, active)
                }
            };
            if !keeps {
                break;
            }
        }
        let before = day.plus(-1);
        if before == day {
            break;
        }
        day = before;
    }
    Streak { days, weeks, rest_ok }
}

fn zero_weeks(goal: &Goal) -> Option<u32> {
    goal.of_week.then_some(0)
}

/// Whether the goal's own routine was done on enough of its days (by days and not by sessions, ours).
fn reached(goal: &Goal, on: LocalDay, active: &impl ActiveDays) -> bool {
    active.days_done(&goal.asked.routine, up_to(goal, on)) >= goal.least_days()
}

fn up_to(goal: &Goal, on: LocalDay) -> &[LocalDay] {
    &goal.days[..goal.days.partition_point(|day| *day <= on)]
}

fn rest_ok(on: LocalDay, calendar: &impl Calendar, active: &impl ActiveDays) -> bool {
    if active.is_active(on) {
        return true;
    }
    let fits = |goal: &Goal| {
        let past = up_to(goal, on);
        let done = active.days_done(&goal.asked.routine, past);
        done + goal.days.len() - past.len() >= goal.least_days()
    };
    calendar.is_recovery(on)
        || (calendar.goals_on(on).iter().all(fits) && !calendar.of_day(on).is_asked())
}
