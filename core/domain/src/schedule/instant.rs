//! The instant at which the clocks of a zone show a slot's time on a local day. The one place where
//! it is decided what becomes of times that do not exist or come twice.

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::TimeOfDay;
use crate::units::{LocalDay, Moment};

/// When it is this time on a local day in a zone. Times before `day_start_min` (minutes after
/// midnight) are the night that follows the day's date.
///
/// A time that comes twice is the first of the two. One that the clocks jump over is as much later
/// as they jump, or as much earlier where that would belong to another local day. Nothing where the
/// zone has no such day at all: the clocks jumped over the whole of it.
#[must_use]
pub fn instant_of(
    day: LocalDay,
    time: TimeOfDay,
    day_start_min: u16,
    zone: &TimeZone,
) -> Option<Moment> {
    let night = time.minutes() < day_start_min;
    let date = if night { day.plus(1) } else { day };
    let minutes = time.minutes();
    let hour = i8::try_from(minutes / 60).ok()?;
    let clock = Time::new(hour, i8::try_from(minutes % 60).ok()?, 0, 0).ok()?;
    let shown = zone.to_ambiguous_zoned(date.0.to_datetime(clock));
    // "Compatible" is the first of two, and later than a gap.
    let tries = [shown.clone().compatible(), shown.earlier()];
    tries.into_iter().flatten().find_map(|zoned| {
        let moment = Moment {
            utc_ms: zoned.timestamp().as_millisecond(),
            offset_s: zoned.offset().seconds(),
            zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        };
        (moment.local_day(day_start_min) == day).then_some(moment)
    })
}
