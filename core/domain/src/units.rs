//! Quantities with their units: milliseconds, moments, local days, pain on the 0–10 scale.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::words::{Message, Words};

/// A length of time in milliseconds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Whole seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1000)
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// `self - other`, or nothing where that would be negative.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::ops::Add for Millis {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::ops::AddAssign for Millis {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Millis {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, |a, b| a + b)
    }
}

/// A point on the wall clock, with the offset and zone where it happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Moment {
    /// Milliseconds since 1970-01-01T00:00Z.
    pub utc_ms: i64,
    /// Offset from UTC in seconds, as it was there and then.
    pub offset_s: i32,
    /// IANA zone name, as the device knew it.
    pub zone: String,
}

impl Moment {
    /// The local day this moment belongs to, by the offset that held there and then. A day starts
    /// `day_start_min` minutes after midnight (180, which is 03:00, is our default).
    #[must_use]
    pub fn local_day(&self, day_start_min: u16) -> LocalDay {
        let shift_ms = (i64::from(self.offset_s) - i64::from(day_start_min) * 60) * 1000;
        let local_ms = self.utc_ms.saturating_add(shift_ms);
        let days = i32::try_from(local_ms.div_euclid(86_400_000)).unwrap_or(if local_ms < 0 {
            i32::MIN
        } else {
            i32::MAX
        });
        let epoch = jiff::civil::date(1970, 1, 1);
        let limit = if days < 0 { jiff::civil::Date::MIN } else { jiff::civil::Date::MAX };
        let day = jiff::Span::new().try_days(days).and_then(|span| epoch.checked_add(span));
        LocalDay(day.unwrap_or(limit))
    }
}

/// A local calendar day. Which moments belong to it is decided by `day_start` (03:00 by default, ours).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalDay(pub jiff::civil::Date);

impl LocalDay {
    /// 1970-01-01.
    pub const EPOCH: Self = Self(jiff::civil::date(1970, 1, 1));

    /// So many days later, or earlier where negative. Stops at the ends of the calendar.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        let end = if days < 0 { jiff::civil::Date::MIN } else { jiff::civil::Date::MAX };
        let span = jiff::Span::new().try_days(days);
        Self(span.and_then(|span| self.0.checked_add(span)).unwrap_or(end))
    }

    /// How many days after `other` it is; negative where it is before.
    #[must_use]
    pub fn days_since(self, other: Self) -> i64 {
        self.0.since(other.0).map_or(0, |span| i64::from(span.get_days()))
    }

    /// The Monday of its week.
    #[must_use]
    pub fn monday(self) -> Self {
        self.plus(-i64::from(self.0.weekday().to_monday_zero_offset()))
    }

    /// Every day from this one to `last`, both included; none where `last` is before.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        (0..=last.days_since(self)).map(move |n| self.plus(n))
    }
}

impl fmt::Display for LocalDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for LocalDay {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Pain on the numeric rating scale, 0 (none) to 10 (worst imaginable).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Nrs(u8);

/// A number that is not on the 0–10 pain scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", Words::english().say(&self.message()))]
pub struct NotNrs(pub u8);

impl NotNrs {
    /// What it says, in words.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::new("given.bad_nrs").with("given", self.0)
    }
}

impl TryFrom<u8> for Nrs {
    type Error = NotNrs;
    fn try_from(value: u8) -> Result<Self, NotNrs> {
        if value <= 10 { Ok(Self(value)) } else { Err(NotNrs(value)) }
    }
}

impl From<Nrs> for u8 {
    fn from(value: Nrs) -> Self {
        value.0
    }
}
