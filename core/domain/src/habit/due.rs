//! When a habit's plan is due on a local day. Local times become instants by the zone that is handed
//! in: on a night when the clocks change, the times move with the clock and nothing is due twice.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::plan::{ClockTime, HabitPlan, HabitRhythm};
use crate::units::{LocalDay, Moment};

/// What is due. Nothing in it means quiet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Due {
    /// How many are still to do, at no particular time.
    pub left: u32,
    /// Since when one is due. However many were missed, it is one.
    pub since: Option<Moment>,
    /// When one is due next, if nothing is ticked until then; and after that.
    pub next: Vec<Moment>,
}

impl Due {
    /// Whether there is nothing to say any more on this day.
    #[must_use]
    pub const fn is_quiet(&self) -> bool {
        self.left == 0 && self.since.is_none() && self.next.is_empty()
    }
}

/// From when to when, both included, in milliseconds since 1970-01-01T00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When it begins.
    pub from_ms: i64,
    /// When it ends.
    pub to_ms: i64,
}

impl Window {
    /// The window of a local day: from when the clock first reaches `from` until it first reaches
    /// `to`. Nothing where the clock jumps over the whole of it, or the calendar ends.
    #[must_use]
    pub fn of(
        day: LocalDay,
        (from, to): (ClockTime, ClockTime),
        day_start_min: u16,
        zone: &TimeZone,
    ) -> Option<Self> {
        let from_ms = reached(at(day, from, day_start_min)?, zone)?;
        let to_ms = reached(at(day, to, day_start_min)?, zone)?;
        (from_ms < to_ms).then_some(Self { from_ms, to_ms })
    }
}

/// The date and time that a time on the clock is on in a local day: before the start of the day it is
/// on the next date.
fn at(day: LocalDay, time: ClockTime, day_start_min: u16) -> Option<DateTime> {
    let minute = time.minute_of_day();
    let date = if minute < day_start_min { day.0.tomorrow().ok()? } else { day.0 };
    let hour = i8::try_from(minute / 60).ok()?;
    Some(date.to_datetime(Time::new(hour, i8::try_from(minute % 60).ok()?, 0, 0).ok()?))
}

/// The instant when the clock of a zone first shows a time, or first is past it where it jumps over
/// it, in milliseconds since 1970-01-01T00:00Z.
fn reached(time: DateTime, zone: &TimeZone) -> Option<i64> {
    let instant = match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(time).ok()?,
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(time).ok()?,
        AmbiguousOffset::Gap { after, .. } => {
            // By the offset after the jump this is an instant before it.
            let earlier: Timestamp = after.to_timestamp(time).ok()?;
            zone.following(earlier).next()?.timestamp()
        }
    };
    Some(instant.as_millisecond())
}

/// What is due on a local day at `now_ms`, when `done` were done on it and the last of them, in this
/// or another day, was at `last_ms`. Both in milliseconds since 1970-01-01T00:00Z.
///
/// An interval counts from the last tick, else from the beginning of the window; nothing is due when
/// the window is over.
#[must_use]
pub fn due(
    plan: &HabitPlan,
    day: LocalDay,
    day_start_min: u16,
    zone: (&TimeZone, &str),
    (done, last_ms): (u32, Option<i64>),
    now_ms: i64,
) -> Due {
    match plan.rhythm {
        HabitRhythm::PerDay(times) => Due { left: times.saturating_sub(done), ..Due::default() },
        HabitRhythm::Every { minutes, from, to } => {
            let window = Window::of(day, (from, to), day_start_min, zone.0);
            window.map_or_else(Due::default, |window| {
                within(window, i64::from(minutes.max(1)) * 60_000, zone, last_ms, now_ms)
            })
        }
    }
}

/// The same with nothing done yet, at the beginning of the day: everything the plan asks for.
#[must_use]
pub fn due_on(plan: &HabitPlan, day: LocalDay, day_start_min: u16, zone: (&TimeZone, &str)) -> Due {
    due(plan, day, day_start_min, zone, (0, None), i64::MIN)
}

fn within(
    window: Window,
    interval_ms: i64,
    zone: (&TimeZone, &str),
    last_ms: Option<i64>,
    now_ms: i64,
) -> Due {
    let begin = last_ms.map_or(window.from_ms, |last| last.max(window.from_ms));
    let mut at = begin.saturating_add(interval_ms);
    let mut due = Due::default();
    // At most 288 a day: the shortest interval is five minutes.
    while at <= window.to_ms {
        if at > now_ms {
            due.next.push(moment(at, zone));
        } else if due.since.is_none() && now_ms <= window.to_ms {
            due.since = Some(moment(at, zone));
        }
        at = at.saturating_add(interval_ms);
    }
    due
}

fn moment(utc_ms: i64, (zone, name): (&TimeZone, &str)) -> Moment {
    let offset = Timestamp::from_millisecond(utc_ms).map(|at| zone.to_offset(at).seconds());
    Moment { utc_ms, offset_s: offset.unwrap_or(0), zone: name.to_owned() }
}
