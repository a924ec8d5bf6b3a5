//! Which trimester a due date makes of a day. The sources speak of trimesters and state no boundary:
//! the counting here is the common obstetric one, and ours.

use crate::units::LocalDay;

/// A pregnancy is counted as 280 days (40 weeks) up to the due date (ours).
pub const FULL_TERM_DAYS: i64 = 280;
/// The first day of the second trimester: week 14 is full (ours).
pub const SECOND_TRIMESTER_DAY: i64 = 14 * 7;
/// The first day of the third trimester: week 28 is full (ours).
pub const THIRD_TRIMESTER_DAY: i64 = 28 * 7;
/// A due date farther ahead than 42 weeks is a mistake (ours).
pub const LATEST_DUE_DAYS: i64 = 42 * 7;
/// After the due date, for so many days, a pregnancy may go on; then it is asked anew (ours).
pub(super) const OVERDUE_DAYS: i64 = 14;
/// A trimester said without a due date counts for as long as the longest one is (ours).
pub(super) const LONGEST_TRIMESTER_DAYS: i64 = 14 * 7;

/// Days from one local day to another.
pub(super) fn days_between(from: LocalDay, to: LocalDay) -> i64 {
    from.0.until((jiff::Unit::Day, to.0)).map_or(0, |span| i64::from(span.get_days()))
}

/// How many days of the pregnancy are full on a day: 280 less the days that are left to the due date.
/// Day 203 begins the 30th week.
#[must_use]
pub fn pregnancy_day(due: LocalDay, day: LocalDay) -> i64 {
    FULL_TERM_DAYS - days_between(day, due)
}

/// The trimester on a day: 1 before 14 full weeks, 2 before 28, 3 from then on.
#[must_use]
pub fn trimester_on(due: LocalDay, day: LocalDay) -> u8 {
    match pregnancy_day(due, day) {
        day if day < SECOND_TRIMESTER_DAY => 1,
        day if day < THIRD_TRIMESTER_DAY => 2,
        _ => 3,
    }
}
