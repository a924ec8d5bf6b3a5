//! Reads times at the prompt: RFC 3339, a local day, a naive local time. Where a day begins and
//! which zone is local is handed in; no clock is read here.

use holdfast::domain::units::LocalDay;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};

use crate::output::words;

/// Minutes after midnight at which a day starts: 03:00 (ours).
pub const DAY_START_MIN: u16 = 180;

/// A time as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// One instant, wherever it was written.
    Instant(Timestamp),
    /// A time on the local clock.
    Local(DateTime),
    /// A local day.
    Day(Date),
    /// So many days before today.
    DaysAgo(i8),
}

/// Where and when a command runs.
#[derive(Debug, Clone)]
pub struct Here {
    /// Now, in the local zone.
    pub now: Zoned,
    /// When a day starts, in minutes after midnight.
    pub day_start_min: u16,
}

/// Reads a time.
pub fn parse(text: &str) -> Result<When, String> {
    let text = text.trim();
    match text {
        "today" => return Ok(When::DaysAgo(0)),
        "yesterday" => return Ok(When::DaysAgo(1)),
        _ => {}
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(When::Instant(instant));
    }
    // A date alone parses as a time too, so it is looked for first.
    if text.len() == 10
        && let Ok(day) = text.parse::<Date>()
    {
        return Ok(When::Day(day));
    }
    text.parse::<DateTime>()
        .map(When::Local)
        .map_err(|_| words::say("prompt.when.time", &[("text", text.into())]))
}

/// Reads a local day.
pub fn parse_day(text: &str) -> Result<When, String> {
    match parse(text) {
        Ok(when @ (When::Day(_) | When::DaysAgo(_))) => Ok(when),
        _ => Err(words::say("prompt.when.day", &[("text", text.into())])),
    }
}

/// Reads the instant that `--now` sets, with the zone of a bracketed suffix if it has one.
pub fn parse_now(text: &str) -> Result<Zoned, String> {
    let zoned = text.trim().parse::<Zoned>().ok();
    let instant = || text.trim().parse::<Timestamp>().ok();
    zoned
        .or_else(|| instant().map(|t| t.to_zoned(TimeZone::system())))
        .ok_or_else(|| words::say("prompt.when.now", &[("text", text.into())]))
}

impl Here {
    /// The local day that it is.
    pub fn today(&self) -> Date {
        self.day_of(&self.now)
    }

    /// The name of its zone.
    pub fn zone(&self) -> String {
        self.now.time_zone().iana_name().unwrap_or("UTC").to_owned()
    }

    /// Where a range begins or ends: a local day, and in it an instant where one was given.
    pub fn bound(&self, when: &When) -> Result<(LocalDay, Option<Timestamp>), String> {
        match when {
            When::Day(_) | When::DaysAgo(_) => Ok((self.local_day(when)?, None)),
            When::Instant(_) | When::Local(_) => {
                let instant = self.instant(when)?;
                let day = self.day_of(&instant.to_zoned(self.now.time_zone().clone()));
                Ok((LocalDay(day), Some(instant)))
            }
        }
    }

    /// The instant of something that happened at `when`. A day alone is refused: it has no hour.
    pub fn instant(&self, when: &When) -> Result<Timestamp, String> {
        match when {
            When::Instant(instant) => Ok(*instant),
            When::Local(local) => {
                let zone = self.now.time_zone().clone();
                local.to_zoned(zone).map(|zoned| zoned.timestamp()).map_err(|_| too_far())
            }
            When::Day(_) | When::DaysAgo(_) => Err(words::plain("prompt.when.no_hour")),
        }
    }

    /// The local day that `when` names.
    pub fn day(&self, when: &When) -> Result<Date, String> {
        match when {
            When::Day(day) => Ok(*day),
            When::DaysAgo(days) => self.today().checked_sub(days.days()).map_err(|_| too_far()),
            When::Local(_) | When::Instant(_) => Err(words::plain("prompt.when.no_day")),
        }
    }

    /// The instant at which something begins that counts from `when` on: a day from its start.
    pub fn start_of(&self, when: &When) -> Result<Timestamp, String> {
        match when {
            When::Instant(_) | When::Local(_) => self.instant(when),
            When::Day(_) | When::DaysAgo(_) => self.beginning(self.day(when)?),
        }
    }

    fn beginning(&self, day: Date) -> Result<Timestamp, String> {
        let start = day.at(0, 0, 0, 0).checked_add(i64::from(self.day_start_min).minutes());
        let zone = self.now.time_zone().clone();
        let start = start.and_then(|start| start.to_zoned(zone)).map_err(|_| too_far())?;
        Ok(start.timestamp())
    }

    /// The instant at which something is over that lasts until `when`: a day counts with its whole length.
    pub fn end_of(&self, when: &When) -> Result<Timestamp, String> {
        match when {
            When::Instant(_) | When::Local(_) => self.instant(when),
            When::Day(_) | When::DaysAgo(_) => {
                let next = self.day(when)?.checked_add(1.days()).map_err(|_| too_far())?;
                self.beginning(next)
            }
        }
    }

    /// The local day that a time belongs to.
    fn day_of(&self, time: &Zoned) -> Date {
        let shift = i64::from(self.day_start_min).minutes();
        time.datetime().checked_sub(shift).map_or(time.date(), DateTime::date)
    }

    /// The same as a day of the record.
    pub fn local_day(&self, when: &When) -> Result<LocalDay, String> {
        self.day(when).map(LocalDay)
    }
}

fn too_far() -> String {
    words::plain("prompt.when.too_far")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(now: &str) -> Here {
        Here { now: parse_now(now).unwrap(), day_start_min: DAY_START_MIN }
    }

    #[test]
    fn a_day_runs_from_three_in_the_morning_to_the_next() {
        let here = here("2026-03-10T02:30:00+01:00[Europe/Berlin]");
        assert_eq!(here.today().to_string(), "2026-03-09");
        let bound = |text| here.bound(&parse(text).unwrap()).unwrap();
        let day = |text: &str| text.parse::<LocalDay>().unwrap();
        assert_eq!(bound("2026-03-01"), (day("2026-03-01"), None));
        assert_eq!(bound("yesterday").0, day("2026-03-08"));
        let (of, at) = bound("2026-03-02T02:59");
        assert_eq!(
            (of, at.unwrap().to_string()),
            (day("2026-03-01"), "2026-03-02T01:59:00Z".into())
        );
    }

    #[test]
    fn a_naive_time_is_local_and_an_offset_is_kept() {
        let here = here("2026-03-10T12:00:00+01:00[Europe/Berlin]");
        let naive = parse("2026-03-01T21:30").unwrap();
        assert_eq!(here.instant(&naive).unwrap().to_string(), "2026-03-01T20:30:00Z");
        let fixed = parse("2026-03-01T21:30:00-05:00").unwrap();
        assert_eq!(here.instant(&fixed).unwrap().to_string(), "2026-03-02T02:30:00Z");
        assert!(here.instant(&parse("yesterday").unwrap()).is_err());
    }

    #[test]
    fn what_lasts_until_a_day_lasts_through_it() {
        let here = here("2026-03-10T12:00:00+01:00[Europe/Berlin]");
        let end = |text| here.end_of(&parse(text).unwrap()).unwrap().to_string();
        assert_eq!(end("2026-03-10"), "2026-03-11T02:00:00Z");
        // The clocks go ahead that night.
        assert_eq!(end("2026-03-28"), "2026-03-29T01:00:00Z");
        assert_eq!(end("2026-03-10T18:00"), "2026-03-10T17:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused_with_an_example() {
        for wrong in ["soon", "2026-13-01", "25:00", ""] {
            assert!(parse(wrong).unwrap_err().contains("2026-03-01"), "{wrong}");
        }
    }
}
