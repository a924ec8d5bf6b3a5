//! Dates and slots that a journey may have skipped: between two moments in different offsets, local
//! time jumped, and nobody recorded when. It is asked only of what was not done.

use super::TimeOfDay;
use crate::units::{LocalDay, Moment};

/// Half a day, in minutes: where a day is asked for at no time in particular, its middle stands for it.
const MIDDLE_MIN: i64 = 12 * 60;

/// How far clocks must be set forward to take a date, in seconds (12 h, ours): only the date line does.
const DATE_S: i64 = 12 * 3600;

/// Whether a time of a local day may never have come for somebody who was at `before` and next at
/// `after`, because a journey set the clocks they lived by forward over it in between. Without a time
/// the middle of the day stands for it, and the clocks must be set forward by 12 h or more. Always
/// false in one zone: its own summer time is no journey.
#[must_use]
pub fn may_be_skipped(
    day: LocalDay,
    time: Option<TimeOfDay>,
    day_start_min: u16,
    before: &Moment,
    after: &Moment,
) -> bool {
    let since_midnight = match time {
        Some(time) if time.minutes() < day_start_min => i64::from(time.minutes()) + 24 * 60,
        Some(time) => i64::from(time.minutes()),
        None => i64::from(day_start_min) + MIDDLE_MIN,
    };
    let local_ms = day.days_since(LocalDay::EPOCH) * 86_400_000 + since_midnight * 60_000;
    let by_old = local_ms - i64::from(before.offset_s) * 1000;
    let by_new = local_ms - i64::from(after.offset_s) * 1000;
    let forward = i64::from(after.offset_s) - i64::from(before.offset_s);
    if before.zone == after.zone || (time.is_none() && forward < DATE_S) {
        return false;
    }
    // Set forward at some instant S in (before, after] with by_new < S ≤ by_old: it never came.
    by_new < by_old && by_new < after.utc_ms && by_old > before.utc_ms
}

/// The one local day between two moments that a journey may have skipped. Of several that could be
/// it, the last: one journey takes one date at most (ours).
#[must_use]
pub fn skipped_day(before: &Moment, after: &Moment, day_start_min: u16) -> Option<LocalDay> {
    let last = after.local_day(day_start_min).plus(-1);
    let between = last > before.local_day(day_start_min);
    (between && may_be_skipped(last, None, day_start_min, before, after)).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u16 = 180;

    fn at(text: &str) -> Moment {
        let zoned: jiff::Zoned = text.parse().unwrap();
        Moment {
            utc_ms: zoned.timestamp().as_millisecond(),
            offset_s: zoned.offset().seconds(),
            zone: zoned.time_zone().iana_name().unwrap().to_owned(),
        }
    }

    #[test]
    fn a_flight_over_the_date_line_may_skip_one_date_and_only_that() {
        let before = at("2026-03-03T22:00-08:00[America/Los_Angeles]");
        let after = at("2026-03-05T22:00+09:00[Asia/Tokyo]");
        assert_eq!(skipped_day(&before, &after, START), Some("2026-03-04".parse().unwrap()));
        let late = at("2026-03-20T22:00+09:00[Asia/Tokyo]");
        let skipped = skipped_day(&before, &late, START);
        assert_eq!(skipped, Some("2026-03-19".parse().unwrap()), "one at most");
        let next = at("2026-03-04T23:00+09:00[Asia/Tokyo]");
        assert_eq!(skipped_day(&before, &next, START), None, "nothing lies between");
    }

    #[test]
    fn staying_or_going_the_other_way_skips_nothing() {
        let tokyo = at("2026-03-03T22:00+09:00[Asia/Tokyo]");
        let angeles = at("2026-03-05T22:00-08:00[America/Los_Angeles]");
        assert_eq!(skipped_day(&tokyo, &angeles, START), None);
        let winter = at("2026-03-28T22:00+01:00[Europe/Berlin]");
        let summer = at("2026-03-30T22:00+02:00[Europe/Berlin]");
        assert_eq!(skipped_day(&winter, &summer, START), None, "summer time is no journey");
        let stayed = at("2026-03-05T22:00+09:00[Asia/Tokyo]");
        assert_eq!(skipped_day(&tokyo, &stayed, START), None);
    }

    #[test]
    fn an_evening_is_excused_where_the_clocks_may_have_jumped_over_it() {
        let before = at("2026-06-01T12:00+01:00[Europe/London]");
        let after = at("2026-06-02T09:00+09:00[Asia/Tokyo]");
        let (first, time) = ("2026-06-01".parse().unwrap(), |h| TimeOfDay::new(h, 0));
        assert!(may_be_skipped(first, time(18), START, &before, &after));
        assert!(!may_be_skipped(first, time(8), START, &before, &after), "before leaving");
    }
}
